from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import store
from harness.analysis.comparison.comparability import Difference, Side, differences, read_side, refuse_unlike
from harness.analysis.summary import summarise
from harness.errors import StoreError
from harness.metrics import sample
from harness.protocol import Fit, Protocol
from harness.records import Outcome
from tests import stored
from tests.analysis import made
from tests.analysis.comparison.pairs import heard

HASH = "0123456789abcdef" * 4
OTHER = "f" * 64


def side(name: str = "a", **changes: Any) -> Side:
    """Return a run of three trials."""
    return Side(name, stored.run(**changes), stored.environment(), stored.trials(), {})


def with_protocol(**changes: Any) -> Side:
    """Return a run called b with another protocol."""
    protocol = Protocol(order=("asr", "aligner"), iterations=3, threads=2)
    return side("b", protocol=replace(protocol, **changes))


def with_utterance(**changes: Any) -> Side:
    """Return a run called b of another utterance."""
    trials = tuple(replace(trial, utterance=stored.utterance(**changes)) for trial in stored.trials())
    return replace(side("b"), trials=trials)


def with_asr(**changes: Any) -> Side:
    """Return a run called b with another ASR."""
    first, second = stored.run().stages
    return side("b", stages=(replace(first, **changes), second))


def with_environment(**changes: Any) -> Side:
    """Return a run called b on another machine."""
    return replace(side("b"), environment=stored.environment(**changes))


@pytest.mark.parametrize(
    ("b", "found", "expected"),
    [
        (with_protocol(order=("asr",)), "order=[asr,aligner] in 'a' and order=[asr] in 'b'", "protocol"),
        (with_protocol(lifecycle="reuse"), "lifecycle=recreate in 'a' and lifecycle=reuse in 'b'", "protocol"),
        (with_protocol(residency="all_resident"), "residency=one_at_a_time in 'a'", "protocol"),
        (with_protocol(isolation="stage"), "isolation=run in 'a' and isolation=stage in 'b'", "protocol"),
        (with_protocol(trim="each"), "trim=end in 'a' and trim=each in 'b'", "protocol"),
        (with_protocol(warmup=1), "warmup=0 in 'a' and warmup=1 in 'b'", "protocol"),
        (with_protocol(page_cache="cold"), "page_cache=as_is in 'a' and page_cache=cold in 'b'", "protocol"),
        (with_asr(role="aligner"), "asr's role=asr in 'a' and asr's role=aligner in 'b'", "protocol"),
        (
            side("b", dataset={"chunk": "fixed"}),
            "dataset.chunk=whole in 'a' and dataset.chunk=fixed in 'b'",
            "protocol",
        ),
        (with_utterance(id="x"), "the utterance 'jfk' in 'a' and not in 'b'", "utterances"),
        (with_utterance(duration_s=9.5), "the utterance 'jfk' of 10 s and of 9.5 s", "audio"),
        (with_utterance(offset_s=2.0), "the utterance 'jfk' from 0 s on and from 2 s on", "audio"),
        (with_utterance(reference=None), "the utterance 'jfk' with the reference 'And so, my fellow Americans'", "ref"),
        (with_utterance(reference="x" * 90), f"and with the reference '{'x' * 57}...'", "reference"),
        (replace(side("b"), trials=()), "no completed trial in 'b' (none done)", "a trial that is ok"),
        (replace(side("b"), trials=(stored.failed(0),)), "no completed trial in 'b' (1 crashed)", "a trial that is ok"),
    ],
)
def test_refused(b: Side, found: str, expected: str) -> None:
    """What is not the same protocol, input and references is no comparison; the line names the first difference."""
    with pytest.raises(StoreError, match=r"^comparison: found ") as refused:
        refuse_unlike(side(), b)
    assert found in refused.value.found
    assert expected in refused.value.expected


def test_the_length_of_chunks_counts_where_there_are_chunks() -> None:
    """Of whole recordings it says nothing."""
    a, b = ({"chunk": "whole", "chunk_s": seconds} for seconds in (10.0, 30.0))
    refuse_unlike(side(dataset=a), side("b", dataset=b))
    a, b = ({"chunk": "fixed", "chunk_s": seconds} for seconds in (10.0, 30.0))
    with pytest.raises(StoreError, match=r"dataset.chunk_s=10.0 in 'a' and dataset.chunk_s=30.0 in 'b'"):
        refuse_unlike(side(dataset=a), side("b", dataset=b))


def test_an_utterance_of_b_alone_is_refused_too() -> None:
    """The runs' utterances have to be the same in both directions."""
    more = replace(stored.trials()[2], utterance=stored.utterance(id="more"))
    with pytest.raises(StoreError, match="the utterance 'more' in 'b' and not in 'a'"):
        refuse_unlike(side(), replace(side("b"), trials=(*stored.trials(), more)))


def test_converted_audio_is_compared_by_content() -> None:
    """A file of the cache is named by its content; one that lies where the user put it, by its name alone."""
    a = replace(with_utterance(canonical=f"/here/{HASH}.wav"), name="a")
    refuse_unlike(a, with_utterance(canonical=f"/there/{HASH}.wav"))
    refuse_unlike(a, with_utterance(canonical="/there/jfk.wav"))
    with pytest.raises(StoreError, match="with the content 0123456789ab and ffffffffffff"):
        refuse_unlike(a, with_utterance(canonical=f"/here/{OTHER}.wav"))
    chunk = replace(with_utterance(canonical=f"/here/{HASH}-0-16000.wav"), name="a")
    with pytest.raises(StoreError, match="the same audio"):
        refuse_unlike(chunk, with_utterance(canonical=f"/here/{OTHER}-0-16000.wav"))


@pytest.mark.parametrize(
    ("b", "expected"),
    [
        (side("b"), []),
        (with_protocol(threads=4), [("threads", "2", "4")]),
        (with_protocol(context_length=512), [("context_length", "4096", "512")]),
        (with_protocol(iterations=9), [("iterations", "3", "9")]),
        (with_protocol(sample_hz=0.0), [("sample_hz", "100.0", "0.0")]),
        (with_asr(name="better"), [("asr", "madeup", "better")]),
        (with_asr(label="q4.bin"), [("asr model", "madeup-asr.bin", "q4.bin")]),
        (
            with_asr(options={"piece_ms": 50, "beam": 3}),
            [("asr.beam", "-", "3"), ("asr.piece_ms", "100", "50")],
        ),
        (side("b", harness_version="0.2.0"), [("harness", "0.1.0", "0.2.0")]),
        (side("b", fit=Fit(limit_mib=200.0)), [("memory limit (MiB)", "-", "200.0")]),
        (with_environment(hostname="elsewhere"), [("hostname", "nowhere", "elsewhere")]),
        (with_environment(processor="Other"), [("processor", "Made Up 9000", "Other")]),
        (with_environment(usable_cores=1), [("usable_cores", "2", "1")]),
        (with_environment(system="Linux 6.9"), [("system", "Linux 6.1", "Linux 6.9")]),
        (with_environment(memory_mib=8192.4), []),
        (with_environment(memory_mib=4096.0), [("memory (MiB)", "8192", "4096")]),
        (with_environment(versions={"numpy": "2.1.0"}), [("version of numpy", "2.0.0", "2.1.0")]),
        (with_environment(limits={}), [("limit cpu.max", "max 100000", "-")]),
        (with_environment(git={"commit": "9", "changed": "no"}), [("harness's git commit", "0123abc", "9")]),
        (with_environment(engines={"asr": {"version": "9.9"}}), [("asr engine's version", "9.8", "9.9")]),
        (with_environment(warnings=()), [("warnings", "the machine is busy", "-")]),
        (replace(side("b"), environment=None), [("environment", "recorded", "not recorded")]),
    ],
)
def test_labelled_differences(b: Side, expected: list[tuple[str, str, str]]) -> None:
    """Machine, versions, engine, options, threads and context length may differ, and are said."""
    refuse_unlike(side(), b)
    assert differences(side(), b) == tuple(Difference(*row) for row in expected)


def test_models_are_compared_by_content() -> None:
    """Where a file lies is of no importance, what is in it is; of many only the first are named."""
    a = replace(side(), environment=stored.environment(files={"/x/q4.bin": {"sha256": HASH}}))
    same = with_environment(files={"/elsewhere/q4.bin": {"sha256": HASH}})
    other = with_environment(files={"/x/q4.bin": {"sha256": OTHER}})
    assert differences(a, same) == ()
    assert differences(a, other) == (Difference("file q4.bin", HASH[:12], OTHER[:12]),)
    many = with_environment(files={f"/x/{number}.bin": {"error": "No such file"} for number in range(5)})
    found = differences(a, many)
    assert found[:1] == (Difference("file 0.bin", "-", "No such file"),)
    assert found[-1] == Difference("3 more files", "one content", "another")


def test_trials_that_failed_are_said() -> None:
    """Failed trials are in no figure, so how many there are stands above the figures."""
    failed = replace(stored.trials()[2], outcome=Outcome("timeout"))
    b = replace(side("b"), trials=(*stored.trials()[:2], failed))
    assert differences(side(), b) == (Difference("trials", "3 ok", "2 ok, 1 timeout"),)


def test_a_side_is_read_from_its_folder(tmp_path: Path) -> None:
    """Run, environment, trials and metrics come from disk; several folders are the blocks of one cell."""
    folders = [
        stored.write(tmp_path / name, stored.run(), stored.trials(), stored.environment()) for name in ("0", "1")
    ]
    found = store.read_run(folders[0])
    store.write_json(folders[0] / store.SUMMARY, summarise(found.run, found.trials, found.notes, found.stamp))
    one, both = read_side("x", folders[0]), read_side("x", *folders)
    assert (one.name, one.run, one.blocks, len(one.trials)) == ("x", stored.run(), 1, 3)
    assert one.metrics["asr.latency_ms"].value == 2000.0
    assert (both.blocks, len(both.trials), both.metrics) == (2, 6, {})
    (folders[0] / "trials.jsonl").write_bytes((folders[0] / "trials.jsonl").read_bytes()[:-9])
    torn = read_side("x", folders[0])
    assert torn.metrics == {}
    assert torn.notes == ("trials.jsonl: the last line is torn and was dropped (line 3)",)


def test_stages_are_matched_by_key() -> None:
    """Stages in another order in the record are the same stages."""
    assert differences(side(), side("b", stages=stored.run().stages[::-1])) == ()


def test_measurements_are_those_of_completed_trials() -> None:
    """A failed trial's values are in no figure, and so in no comparison."""
    speeds = [
        heard(0, sample("asr", "speed_ms", 1.0)),
        heard(1, sample("asr", "speed_ms", 2.0), outcome=Outcome("oom")),
    ]
    one = Side("a", stored.run(), None, tuple(speeds), {})
    assert [found.value for _, found in one.measured.of(made.SPEED, "asr")] == [1.0]


def test_another_selection_is_refused_by_its_hash() -> None:
    """Before any utterance is looked at; a run without one has its utterances alone."""
    corpus = stored.corpus()
    ours = side(corpus=corpus)
    theirs = side("b", corpus=stored.corpus(sha256="f" * 64, utterances=1_000))
    with pytest.raises(StoreError) as refused:
        refuse_unlike(ours, theirs)
    assert str(refused.value) == (
        "comparison: found the selection 0123456789ab of 20 utterances in 'a' and the selection ffffffffffff of 1,000 "
        "utterances in 'b', expected the same selection in both runs"
    )
    refuse_unlike(ours, side("b"))
    refuse_unlike(ours, side("b", corpus=corpus))


def test_what_one_run_did_not_come_to_is_no_other_selection() -> None:
    """It was interrupted, or could not decode one utterance; the rest of the same selection is compared."""
    ours, theirs = side(corpus=stored.corpus()), side("b", corpus=stored.corpus())
    more = replace(stored.trials()[2], utterance=stored.utterance(id="more"))
    damaged = replace(more, utterance=stored.utterance(id="more", canonical="", duration_s=0.0))
    refuse_unlike(replace(ours, trials=(*ours.trials, more)), theirs)
    refuse_unlike(replace(ours, trials=(*ours.trials, more)), replace(theirs, trials=(*theirs.trials, damaged)))
    other = replace(more, utterance=stored.utterance(id="more", duration_s=1.0))
    with pytest.raises(StoreError, match="the utterance 'more' of 10 s and of 1 s"):
        refuse_unlike(replace(ours, trials=(*ours.trials, more)), replace(theirs, trials=(*theirs.trials, other)))


def test_seams_are_said_and_refuse_nothing(tmp_path: Path) -> None:
    """As a labelled difference, and a note with what was forced."""
    resumed = stored.run(seams=(stored.seam(forced=("threads: 2 -> 4",)),))
    a = read_side("a", stored.write(tmp_path / "a", stored.run(), stored.trials()))
    b = read_side("b", stored.write(tmp_path / "b", resumed, stored.trials()))
    refuse_unlike(a, b)
    assert Difference("stopped and taken up again", "-", "1") in differences(a, b)
    assert (a.notes, b.notes) == (
        (),
        (
            "stopped and taken up again (after 2 of 3 trials): its figures are of all its legs, its growth is of one "
            "of them",
            "forced at leg 1: threads: 2 -> 4",
        ),
    )
