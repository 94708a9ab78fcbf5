from dataclasses import replace

import pytest

from harness.machine.allocation import Allocation
from harness.records import Rescoring
from harness.report.run_facts import _given, run_facts
from tests import stored


def test_facts() -> None:
    """Chain, models with their engines' versions, audio, protocol, machine, and how it was asked for."""
    assert run_facts(stored.run(), stored.environment()) == [
        ("Chain", "asr -> aligner"),
        ("ASR", "madeup-asr.bin (madeup 9.8)"),
        ("Aligner", "madeup-aligner.bin (madeup)"),
        ("Audio", "samples/jfk.wav, 3 trials"),
        ("Protocol", "3 iterations, recreate, one_at_a_time, a worker per run, trim end"),
        ("Machine", "Made Up 9000, 2 of 4 cores usable, 8192 MiB, Linux 6.1"),
        ("Asked for", "threads=2"),
        ("Started", "2026-01-02 03:04:05.000+00:00, by version 0.1.0"),
    ]


def test_threads_where_they_matter() -> None:
    """A stage that uses threads has their number in the protocol."""
    run = stored.run()
    run = replace(run, stages=tuple(replace(stage, uses_threads=True) for stage in run.stages))
    assert ("Protocol", "3 iterations, recreate, one_at_a_time, a worker per run, trim end, 2 threads") in run_facts(
        run, None
    )


def test_without_environment_and_overrides() -> None:
    """A run that was killed early has no machine; one of the defaults says so."""
    facts = dict(run_facts(stored.run(overrides=()), None))
    assert "Machine" not in facts
    assert facts["Asked for"] == "the defaults"


def test_scored_again() -> None:
    """When, by which version, from where, and with what changed."""
    done = Rescoring(source="run", at="2026-02-01T00:00:00.000+00:00", harness_version="0.2.0")
    changed = replace(done, changes=("normalizer=none",))
    for one, what in ((done, "nothing changed"), (changed, "normalizer=none")):
        fact = run_facts(stored.run(rescored=one), None)[-1]
        assert fact == ("Scored again", f"2026-02-01 00:00:00.000+00:00, by version 0.2.0, from run: {what}")


def test_a_corpus_is_said_in_full() -> None:
    """Where it lies and how many trials; then what was chosen of it."""
    run = stored.run(dataset={"form": "librispeech", "root": "dev-clean"}, trials=60, corpus=stored.corpus(bad=2))
    facts = dict(run_facts(run, None))
    assert facts["Audio"] == "librispeech dev-clean, 60 trials"
    assert facts["Corpus"] == (
        "manifest, 20 utterances, 5 min, 3 speakers, selection 0123456789ab; 2 that cannot be used skipped; "
        "left out of 100: 80 by subset"
    )


@pytest.mark.parametrize(
    ("allocation", "text"),
    [
        (None, ""),
        (Allocation(launcher="local"), ""),
        (
            Allocation(launcher="ray", cpus=(0, 1, 4), source="claimed", neighbours=("a", "b")),
            "by ray, pinned to CPUs 0-1,4 (claimed), shared with 2 other jobs",
        ),
        (Allocation(launcher="joblib", source="shared"), "by joblib, not pinned, CPUs shared"),
    ],
)
def test_given_says_cpus_and_neighbours(allocation: Allocation | None, text: str) -> None:
    """A run that had the machine to itself has nothing to say."""
    assert _given(allocation) == text
