import wave
from pathlib import Path

import pytest

from benchmarks import corpus as module
from benchmarks.corpus import Pair, Turns, corpus
from benchmarks.results import Unmeasurable
from benchmarks.setting import Setting

MS = 1_000_000


def pair(harness_ms: int, bare_ms: int, engine_ms: int) -> Pair:
    """Return a pair of which half of the harness's own time is the sync."""
    own_ns = (harness_ms - engine_ms) * MS
    parts = {"fsync": own_ns // 2, "observe": own_ns // 2}
    return Pair(2.0, harness_ms * MS, bare_ms * MS, engine_ms * MS, bare_ms * MS, 3 * MS, parts)


def figures(*pairs: Pair, unlike: tuple[str, ...] = ()) -> module.Figures:
    """Return the figures of these pairs."""
    turns = Turns(None, None, (), list(pairs), list(unlike))  # type: ignore[arg-type]
    return module.Figures(Setting(False, Path()), turns, 0.4)


def test_utterances_are_cut_out_of_the_sample(tmp_path: Path) -> None:
    """The same ones each time, from one second to the longest, as canonical files of just that length."""
    made = corpus(tmp_path, 20, 4.0)
    assert [one.id for one in made] == [f"{number:04}" for number in range(20)]
    assert all(1.0 <= one.duration_s <= 4.0 for one in made)
    for one in made:
        with wave.open(one.canonical) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
            assert file.getnframes() / 16_000 == one.duration_s
    (tmp_path / "again").mkdir()
    assert [one.duration_s for one in corpus(tmp_path / "again", 20, 4.0)] == [one.duration_s for one in made]


def test_shares_are_sums() -> None:
    """What was added and the own time of all utterances, by what the bare loop took for all."""
    found = figures(pair(110, 100, 106), pair(303, 300, 301), pair(190, 200, 186))
    added, own = found.verdicts()
    assert [added.value, own.value] == pytest.approx([100 * 3 / 600, 100 * 10 / 600])
    assert (added.met, own.met) == (True, False)
    assert own.interval is not None
    assert own.interval[0] <= own.value <= own.interval[1]


def test_tables() -> None:
    """Means of an utterance, what the reports take, where the two heard different things, and the parts."""
    found = figures(pair(110, 100, 106), pair(310, 300, 306), unlike=("0001",))
    table = found.table()
    rows = {row[0]: row[1] for row in table.rows}
    assert rows["bare loop, ms an utterance"] == "200.00"
    assert rows["the harness's own time, ms"] == "4.00"
    assert (rows["the reports, once, s"], rows["the reports, % of the bare corpus"]) == ("0.40", "100.00")
    assert table.notes == [
        "4 s of audio; the bare loop's RTF is 0.100",
        "in 1 utterances the two heard different things, first in 0001",
    ]
    parts = {row[0]: row[1:] for row in found.breakdown().rows}
    assert parts["fsync"] == ("2.000", "2.000", "1.000")


def test_too_few_utterances(tmp_path: Path) -> None:
    """Without the first and the last, two have to be left."""
    with pytest.raises(Unmeasurable, match="a corpus of 3 utterances; 4 have a first, a last and two others"):
        module.run(Setting(False, tmp_path, utterances=3))
