from collections.abc import Sequence
from dataclasses import replace
from math import exp, log, sqrt
from pathlib import Path

import pytest

from harness.analysis.cell import Cell
from harness.analysis.metric_summary import MetricSummary
from harness.analysis.standing import Ratio, best, ratio, ratios
from harness.analysis.sweep import Sweep
from harness.metrics import Better, Kind


def entry(
    value: float | None, interval: tuple[float, float] | None = None, better: Better = "lower", form: str = ".2f"
) -> MetricSummary:
    """Return what a run says of a metric."""
    return MetricSummary(
        scope="asr",
        metric="m",
        kind=Kind.SAMPLE,
        unit="ms",
        better=better,
        format=form,
        main=True,
        description="",
        value=value,
        interval=interval,
    )


def cells(*entries: MetricSummary | None, ok: Sequence[bool] = ()) -> tuple[Cell, ...]:
    """Return a cell for each entry."""
    whole = [*ok, *[True] * (len(entries) - len(ok))]
    return tuple(
        Cell(str(number), Path(str(number)), {}, "", whole[number], {} if one is None else {"asr.m": one})
        for number, one in enumerate(entries)
    )


def test_ratio_with_its_interval() -> None:
    """On logarithms the distances to the ends add up as squares."""
    found = ratio(entry(8.0, (6.0, 12.0)), entry(4.0, (3.0, 5.0)))
    assert found is not None
    assert found.value == 2.0
    assert found.interval == pytest.approx(
        (
            exp(log(2) - sqrt(log(8 / 6) ** 2 + log(5 / 4) ** 2)),
            exp(log(2) + sqrt(log(12 / 8) ** 2 + log(4 / 3) ** 2)),
        )
    )
    assert found.told_from_one


def test_a_ratio_and_its_inverse_agree() -> None:
    """Which of two cells is the baseline does not change what is told."""
    one, other = entry(8.0, (6.0, 12.0)), entry(4.0, (3.0, 5.0))
    there, back = ratio(one, other), ratio(other, one)
    assert there is not None
    assert back is not None
    assert there.interval is not None
    assert back.interval == pytest.approx((1 / there.interval[1], 1 / there.interval[0]))


@pytest.mark.parametrize(
    ("interval", "told"), [((0.4, 0.6), True), ((1.2, 1.4), True), ((0.9, 1.1), False), ((1.0, 2.0), False)]
)
def test_told_from_one(interval: tuple[float, float], told: bool) -> None:
    """Where the interval leaves out 1; without one nothing is told."""
    assert Ratio(0.5, interval).told_from_one is told
    assert Ratio(0.5).told_from_one is False


@pytest.mark.parametrize("bounds", [None, (0.0, 9.0), (-1.0, 9.0), (float("nan"), float("nan"))])
def test_no_interval_of_a_ratio(bounds: tuple[float, float] | None) -> None:
    """Where one of the two has none above 0."""
    for pair in ((entry(8.0, bounds), entry(4.0, (3.0, 5.0))), (entry(4.0, (3.0, 5.0)), entry(8.0, bounds))):
        found = ratio(*pair)
        assert found is not None
        assert found.interval is None


@pytest.mark.parametrize(
    ("value", "base"), [(None, 1.0), (1.0, None), (0.0, 1.0), (1.0, 0.0), (-1.0, 1.0), (1.0, -1.0)]
)
def test_no_ratio(value: float | None, base: float | None) -> None:
    """What was given back, or not measured, is no multiple of anything."""
    assert ratio(entry(value), entry(base)) is None
    assert ratio(entry(1.0), None) is None
    assert ratio(None, entry(1.0)) is None


def test_ratios_of_a_sweep() -> None:
    """Of every cell but the baseline, of the metrics that both have."""
    made = cells(entry(4.0), entry(8.0), None, ok=(True, False))
    sweep = Sweep(Path(), made, ("threads",), {}, made[0])
    assert ratios(sweep, ["asr.m", "asr.other"]) == {"1": {"asr.m": Ratio(2.0, of="0")}, "2": {}}
    assert ratios(replace(sweep, baseline=made[1]), ["asr.m"]) == {}  # it failed
    assert ratios(replace(sweep, baseline=None), ["asr.m"]) == {}


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([entry(2.0), entry(1.0), entry(3.0)], "1"),
        ([entry(2.0, better="higher"), entry(1.0, better="higher"), entry(3.0, better="higher")], "2"),
        ([entry(2.0, better="neither"), entry(1.0, better="neither")], None),
        ([entry(1.001), entry(1.002), entry(3.0)], None),
        ([entry(1.001, form=".3f"), entry(1.002, form=".3f")], "0"),
        ([entry(-0.001), entry(0.001)], None),
        ([entry(-1.0), entry(1.0)], "0"),
        ([entry(1.0)], None),
        ([entry(1.0), entry(None)], None),
        ([entry(1.0), None, entry(2.0)], "0"),
    ],
    ids=["lowest", "highest", "neither", "tie", "no tie", "zeros", "negative", "alone", "none beside", "one lacks it"],
)
def test_best(entries: Sequence[MetricSummary | None], expected: str | None) -> None:
    """By the direction of the metric; of figures that print alike, and of one alone, there is none."""
    assert best(cells(*entries), ["asr.m"]) == ({} if expected is None else {"asr.m": (expected,)})


def test_only_cells_that_are_ok_are_best() -> None:
    """A cell that died early may have fast trials."""
    made = cells(entry(1.0), entry(2.0), entry(3.0), ok=(False,))
    assert best(made, ["asr.m"]) == {"asr.m": ("1",)}
    assert best(made[:2], ["asr.m"]) == {}
