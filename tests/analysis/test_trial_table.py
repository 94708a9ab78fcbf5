from dataclasses import replace

from harness.analysis.trial_table import Column, trial_table
from harness.metrics import Kind, Metric, constant
from harness.records import ProbeRecord
from tests import stored

OWN = (
    Column("run", "text"),
    Column("block", "whole"),
    Column("leg", "whole"),
    Column("trial", "whole"),
    Column("iteration", "whole"),
    Column("started_at", "text"),
    Column("utterance", "text"),
    Column("audio_s", "number"),
    Column("cold", "flag"),
    Column("warmup", "flag"),
    Column("outcome", "text"),
    Column("message", "text"),
)


def test_what_names_a_trial_comes_first() -> None:
    """Run, block, trial, iteration, time, utterance, cold or warm-up, and how it ended."""
    table = trial_table(stored.run(block=2, blocks=3), [stored.trials()[0], stored.failed(1)])
    assert table.columns[:12] == OWN
    assert [row[:12] for row in table.rows] == [
        ("03-04-05", 2, 0, 0, 0, "2026-01-02T03:04:00.000+00:00", "jfk", 10.0, True, False, "ok", None),
        (
            *("03-04-05", 2, 0, 1, 1, "2026-01-02T03:04:01.000+00:00", "jfk", 10.0, False, False, "crashed"),
            "crashed: SIGSEGV in load (asr)",
        ),
    ]


def test_each_measurement_has_a_column() -> None:
    """A sample its value; a ratio the quotient, then its two parts; what a failed trial lacks is missing."""
    table = trial_table(stored.run(), [stored.trials()[0], stored.failed(1)])
    at = {column.name: number for number, column in enumerate(table.columns)}
    names = ("asr.load_overhead_mib", "asr.ttft_ms", "asr.wer", "asr.wer.numerator", "asr.wer.denominator")
    assert [table.rows[0][at[name]] for name in names] == [96.0, 400.0, 0.2, 1.0, 5.0]
    assert [table.rows[1][at[name]] for name in names] == [None] * 5
    assert {table.columns[at[name]].type for name in names} == {"number"}


def test_columns_depend_on_the_run_alone() -> None:
    """A run without a trial, and one whose trials all failed, have the columns of any other."""
    run = stored.run()
    assert trial_table(run, []).columns == trial_table(run, stored.trials()).columns
    assert trial_table(run, []).rows == ()


def test_swept_keys_are_columns() -> None:
    """The tables of a sweep's jobs can be laid under each other and told apart."""
    table = trial_table(stored.run(swept=("threads", "asr"), overrides=("+threads=2", "seed=1")), stored.trials(1))
    assert table.columns[12] == Column("swept.threads", "text")
    assert table.rows[0][12] == "2"
    assert "swept.asr" not in [column.name for column in table.columns]


def test_a_text_that_should_not_change_is_a_text() -> None:
    """A metric of kind constancy has texts for values."""
    metric = Metric(name="said", unit="text", kind=Kind.CONSTANCY)
    run = stored.run(probes=(ProbeRecord(name="p", origin="here", options={}, metrics=(metric,)),))
    trial = replace(stored.trial(), measurements=(constant("asr", "said", "=1+1"),))
    table = trial_table(run, [trial])
    assert table.columns[12:] == (Column("asr.said", "text"), Column("aligner.said", "text"))
    assert table.rows[0][12:] == ("=1+1", None)
