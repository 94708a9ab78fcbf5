from dataclasses import replace

from harness.analysis.real_time import RealTime
from harness.analysis.statistics import Spread
from harness.analysis.summary import Summary, summarise
from harness.report.real_time_tables import real_time_lines, real_time_tables
from tests import stored

EACH = Spread(
    n=500, median=0.34, mean=0.4, min=0.2, max=1.7, q1=0.31, q3=0.4, interval=(0.33, 0.35), p90=0.52, p99=None
)
FOUND = RealTime(utterances=500, rtf=0.355, interval=(0.35, 0.36), by_utterance=EACH, slower=2)


def summary(found: RealTime | None) -> Summary:
    """Return a summary with, or without, what an ASR took."""
    return replace(summarise(stored.run(), stored.trials()), real_time={} if found is None else {"asr": found})


def test_one_utterance_has_no_table() -> None:
    """The run's RTF says it already."""
    assert list(real_time_tables(summary(None))) == []
    assert list(real_time_lines(summary(None))) == []


def test_table() -> None:
    """A row a stage, with how many utterances took longer than they last."""
    (table,) = real_time_tables(summary(FOUND))
    assert table.rows == (
        ("ASR", "0.355", "0.350 .. 0.360", "0.340", "0.310 .. 0.400", "0.520", "1.700", "2 (0.4%)", "500"),
    )
    assert len(table.notes) == 1
    (few,) = real_time_tables(summary(replace(FOUND, by_utterance=replace(EACH, p90=None))))
    assert (few.rows[0][5], few.notes[-1]) == ("-", "p90 takes 64 utterances.")


def test_lines() -> None:
    """The same in one line for the screen."""
    assert list(real_time_lines(summary(FOUND))) == [
        "Real time (asr): RTF 0.355 (95 % interval 0.350 .. 0.360) over 500 utterances; the median one 0.340 "
        "(quartiles 0.310 .. 0.400, p90 0.520); 2 (0.4%) took longer than they last"
    ]
    (line,) = real_time_lines(summary(replace(FOUND, slower=0)))
    assert line.endswith("; none took longer than it lasts")
