from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from harness import store
from harness.analysis import outputs as module
from harness.analysis.outputs import OutputCheck, Unlike
from harness.analysis.summary import summarise
from harness.analysis.sweep import read_sweep
from harness.records import Trial
from tests import stored
from tests.stored_sweep import job

ASR_TEXT, ASR_TIMES, ALIGNED = ("asr", "transcript"), ("asr", "word_times"), ("aligner", "word_times")
HEARD = {"asr.transcript": "and so my fellow americans"}
MOVED = {"aligner.word_times": "320 560 and\n560 790 so\n800 960.5 my\n960.5 1200 yellow\n1200 1900 americans"}


def trials(texts: Mapping[str, str] | None = None) -> tuple[Trial, ...]:
    """Return three trials, with other outputs where there are any."""
    return tuple(
        replace(
            trial,
            measurements=tuple(replace(one, text=(texts or {}).get(one.name, one.text)) for one in trial.measurements),
        )
        for trial in stored.trials()
    )


def checks(folder: Path) -> dict[tuple[str, str], OutputCheck]:
    """Return what is found of each output of a sweep."""
    return {(check.stage, check.metric): check for check in read_sweep(folder).outputs}


def test_digests_of_a_run() -> None:
    """By the first text of each utterance, whatever the number of trials; what put out nothing is not there."""
    first = summarise(stored.run(), trials()).outputs
    assert {stage: (sorted(one.digests), one.utterances, one.text_from) for stage, one in first.items()} == {
        "asr": (["transcript"], 1, None),
        "aligner": (["word_times"], 1, "asr"),
    }
    assert summarise(stored.run(), trials()[:1]).outputs == first
    assert summarise(stored.run(), trials(HEARD)).outputs["asr"] != first["asr"]
    assert summarise(stored.run(), [stored.failed(0)]).outputs == {}


def test_cells_that_agree_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The summaries are enough: the same in threads and lifecycle."""
    for number, overrides in enumerate((("threads=1",), ("threads=2",), ("threads=2", "lifecycle=reuse"))):
        read = store.read_run(job(tmp_path / str(number), *overrides))
        summary = summarise(read.run, read.trials, read.notes, read.stamp)
        store.write_json(read.folder / store.SUMMARY, summary)
    monkeypatch.setattr(store, "read_run", None)
    assert checks(tmp_path) == {
        ASR_TEXT: OutputCheck(stage="asr", metric="transcript", cells=3, groups=1),
        ALIGNED: OutputCheck(stage="aligner", metric="word_times", cells=3, groups=1),
    }


def test_the_first_difference(tmp_path: Path) -> None:
    """From the baseline's cell to the first that differs, in words; how many others differ is counted."""
    for number, texts in enumerate(({}, {}, HEARD, {**HEARD, **MOVED})):
        job(tmp_path / str(number), f"threads={number}", trials=trials(texts))
    unlike = Unlike(base="0", other="2", utterance="jfk", difference="word 4 'yellow' -> 'fellow'")
    moved = "word 2 'so' ends 10 ms earlier"
    assert checks(tmp_path) == {
        ASR_TEXT: OutputCheck(stage="asr", metric="transcript", cells=4, groups=1, other=2, first=unlike),
        ALIGNED: OutputCheck(
            stage="aligner",
            metric="word_times",
            cells=4,
            groups=1,
            other=1,
            first=Unlike(base="0", other="3", utterance="jfk", difference=moved),
        ),
    }
    against = {(check.stage, check.metric): check for check in read_sweep(tmp_path, "2").outputs}[ASR_TEXT]
    assert (against.other, against.first) == (
        2,
        Unlike(base="2", other="0", utterance="jfk", difference="word 4 'fellow' -> 'yellow'"),
    )


@pytest.mark.parametrize(
    ("key", "asr", "aligner"),
    [
        ("threads={}", True, True),
        ("residency={}", True, True),
        ("fit.limit_mib={}", True, True),
        ("asr.threads={}", True, True),
        ("aligner.beam={}", True, False),
        ("aligner={}", True, False),
        ("asr.beam={}", False, False),
        ("asr={}", False, False),
        ("dataset.audio={}", False, False),
        ("seed={}", False, False),
        ("context_length={}", False, False),
        ("whatever={}", False, False),
    ],
)
def test_which_cells_have_to_agree(key: str, asr: bool, aligner: bool, tmp_path: Path) -> None:
    """Those that differ in how the work is done; an ASR does not depend on what comes after it, an aligner does."""
    for number in range(2):
        job(tmp_path / str(number), key.format(number))
    found = checks(tmp_path)
    assert (ASR_TEXT in found, ALIGNED in found) == (asr, aligner)


def test_each_group_by_itself(tmp_path: Path) -> None:
    """Two engines put out two texts, each the same with one thread as with two."""
    for number in range(4):
        texts = HEARD if number % 2 else {}
        job(tmp_path / str(number), f"asr={number % 2}", f"threads={number // 2}", trials=trials(texts))
    assert checks(tmp_path)[ASR_TEXT] == OutputCheck(stage="asr", metric="transcript", cells=4, groups=2)


def test_another_order_gives_an_aligner_another_text(tmp_path: Path) -> None:
    """Whose text it was given is part of the question; the ASR has to agree."""
    alone = tuple(
        replace(one, visits=(one.visits[0], replace(one.visits[1], text_from="reference"))) for one in trials(MOVED)
    )
    job(tmp_path / "0", "order=[asr,aligner]")
    job(tmp_path / "1", "order=[aligner,asr]", trials=alone)
    assert set(checks(tmp_path)) == {ASR_TEXT}


def test_an_utterance_that_one_cell_lacks(tmp_path: Path) -> None:
    """Its trial failed: the digests differ, and what both heard does not."""
    more = replace(trials()[1], utterance=stored.utterance(id="more"))
    job(tmp_path / "0", "threads=1", trials=(trials()[0], more))
    job(tmp_path / "1", "threads=2", trials=(trials()[0], stored.failed(1)))
    found = checks(tmp_path)[ASR_TEXT]
    assert (found.cells, found.other, found.first) == (2, 0, None)


def test_few_pairs_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many that all differ the others are counted."""
    monkeypatch.setattr(module, "_MOST_READ", 1)
    for number in range(4):
        job(tmp_path / str(number), f"threads={number}", trials=trials({"asr.transcript": f"heard {number}"}))
    found = checks(tmp_path)[ASR_TEXT]
    assert (found.other, found.unread) == (3, 2)
    assert found.first == Unlike(base="0", other="1", utterance="jfk", difference="word 2 '0' -> '1'")
