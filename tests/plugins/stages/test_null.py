from pathlib import Path

import pytest

from harness.config import builtin_folder
from harness.stage import Request, Unusable, Word
from plugins.stages.null import NullAligner, NullAsr

AUDIO = Request(audio="", duration_s=4.0, text="and so my fellow")


def asr(text: str = "one two", hold_mib: int = 0) -> NullAsr:
    """Return a loaded ASR."""
    stage = NullAsr(NullAsr.Options(text=text, hold_mib=hold_mib))
    stage.preflight()
    stage.load()
    return stage


def anon_mib() -> float:
    """Return the anonymous memory of this process."""
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Anonymous:"))


def test_the_asr_says_its_text_in_one_piece() -> None:
    """One delivery, so that there is a time to it, and the same text as the result."""
    heard: list[str] = []
    result = asr().run(AUDIO, heard.append)
    assert (heard, result.text, result.words) == (["one two"], "one two", ())


def test_by_default_it_says_what_is_said_in_the_sample() -> None:
    """Word by word, so that the error rate of a run on the sample is 0."""
    assert NullAsr.Options().text == (builtin_folder("samples") / "jfk.txt").read_text(encoding="utf-8").strip()


def test_the_aligner_spreads_the_words_evenly() -> None:
    """Each word of four has a second of four."""
    words = NullAligner(NullAligner.Options()).run(AUDIO, print).words
    assert words == (
        Word("and", 0.0, 1000.0),
        Word("so", 1000.0, 2000.0),
        Word("my", 2000.0, 3000.0),
        Word("fellow", 3000.0, 4000.0),
    )


def test_a_text_without_words_has_no_timings() -> None:
    """Nothing is divided by nothing."""
    assert NullAligner(NullAligner.Options()).run(Request("", 4.0), print).words == ()


def test_what_is_held_is_resident_until_it_is_given_back() -> None:
    """Every page of 64 MiB counts between load and unload, and none after it; a second life is like the first."""
    before_mib = anon_mib()
    stage = asr(hold_mib=64)
    assert anon_mib() - before_mib == pytest.approx(64, abs=2)
    stage.unload()
    assert anon_mib() - before_mib == pytest.approx(0, abs=2)
    stage.load()
    assert anon_mib() - before_mib == pytest.approx(64, abs=2)
    stage.unload()


@pytest.mark.parametrize("stage", [NullAsr, NullAligner])
def test_less_than_nothing_cannot_be_held(stage: type[NullAsr] | type[NullAligner]) -> None:
    """The complaint names the option."""
    with pytest.raises(Unusable) as caught:
        stage(stage.Options(hold_mib=-1)).preflight()
    assert (caught.value.key, caught.value.found, caught.value.expected) == (
        "hold_mib",
        "-1",
        "a whole number of at least 0",
    )
