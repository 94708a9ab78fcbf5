from typing import Any

import pytest

from harness.report.latency_charts import MOST_POINTS, Times, times_chart
from tests.report.test_charts import marks, rows, valid

HUE = "#0072b2"


def strips(chart: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the panels of a chart."""
    found: list[dict[str, Any]] = chart["vconcat"]
    return found


def test_every_trial_is_a_point() -> None:
    """Each value is drawn at its place, apart from its neighbours, and the same way each time."""
    times = Times("ASR", HUE, [10.0, 12.0, 11.0], 13.0, 11.0, (10.0, 12.0))
    chart = valid(times_chart([times], "Latency"))
    points, cold = marks(chart, "point")
    assert [row["ms"] for row in rows(points)] == [10.0, 12.0, 11.0]
    assert [row["at"] for row in rows(points)] == [0.44, 0.214, 0.58]
    assert [(row["ms"], row["said"]) for row in rows(cold)] == [(13.0, "cold")]
    assert chart == times_chart([times], "Latency")


def test_median_and_interval() -> None:
    """A line and a band, as the summary has them; without an interval no band."""
    chart = valid(times_chart([Times("ASR", HUE, [1.0, 2.0], None, 1.5, (1.25, 2.0))], "Latency"))
    (line,), (band,) = marks(chart, "rule"), marks(chart, "rect")
    assert rows(line)[0]["ms"] == 1.5
    assert (rows(band)[0]["ms"], rows(band)[0]["end"]) == (1.25, 2.0)
    without = valid(times_chart([Times("ASR", HUE, [1.0, 2.0], None, 1.5)], "Latency"))
    assert list(marks(without, "rect")) == []


def test_a_cold_trial_far_away() -> None:
    """It stands at the axis' end with its value, and does not squeeze the others."""
    chart = valid(times_chart([Times("ASR", HUE, [10.0, 20.0], 900.0, 15.0)], "Latency"))
    points, cold = marks(chart, "point")
    assert (cold["mark"]["shape"], rows(cold)[0]["said"]) == ("triangle-right", "cold: 900")
    assert points["encoding"]["x"]["scale"]["domain"] == [9.5, 20.5]


def test_each_stage_has_its_own_axis() -> None:
    """A strip a stage that has times; a second of an ASR does not hide a millisecond of an aligner."""
    chart = valid(
        times_chart([Times("a", HUE, [1000.0, 2000.0]), Times("b", HUE, []), Times("c", HUE, [1.0, 2.0])], "Latency")
    )
    assert [strip["title"]["text"] for strip in strips(chart)] == ["a", "c"]
    domains = [points["encoding"]["x"]["scale"]["domain"] for points in marks(chart, "point")]
    assert domains == [[950.0, 2050.0], [0.95, 2.05]]


def test_equal_times() -> None:
    """Times that do not move stand in the middle of an axis of 2 % and a margin."""
    (points,) = marks(valid(times_chart([Times("a", HUE, [100.0, 100.0])], "Latency")), "point")
    assert points["encoding"]["x"]["scale"]["domain"] == [pytest.approx(98.9), pytest.approx(101.1)]


def test_counts_of_many_trials() -> None:
    """Above so many points bars stand for them, the most frequent highest, and the title says so."""
    values = [10.0] * MOST_POINTS + [20.0]
    chart = valid(times_chart([Times("ASR", HUE, values, None, 10.0)], "Latency"))
    assert list(marks(chart, "point")) == []
    first, last = (row["high"] - row["low"] for row in rows(next(marks(chart, "rect"))))
    assert first == pytest.approx(2 * 0.47 * 0.74, abs=0.002)
    assert last == pytest.approx(2 * 0.02 * 0.74, abs=0.002)
    assert chart["title"]["subtitle"][0] == "height: number of trials; hollow: the cold trial"
    assert strips(chart)[0]["title"]["text"] == "ASR: 2,001 trials"


def test_as_many_as_can_be_shown() -> None:
    """At the limit each is a point still."""
    (points,) = marks(times_chart([Times("ASR", HUE, [1.0] * MOST_POINTS)], "Latency"), "point")
    assert len(rows(points)) == MOST_POINTS


def test_nothing() -> None:
    """A run in which nothing streams has no such time."""
    with pytest.raises(ValueError, match="no trial has such a time"):
        times_chart([Times("ASR", HUE, [])], "Time to first token")
