import pytest

from harness.analysis.findings import Against, Finding, findings
from tests.made_sweep import Given, cell, entry, near, sweep

RTF = "asr.rtf"


def one(*figures: Given, baseline: int = 0, cold: bool = False) -> Finding:
    """Return the finding on a metric of cells with these figures."""
    made = [cell(job, {"threads": str(job)}, {RTF: given}, cold=cold) for job, given in enumerate(figures)]
    (found,) = findings(sweep(made, baseline=baseline))
    return found


def test_better_than_the_baseline() -> None:
    """Where the ratio's interval leaves out 1, the best cell is better, by that ratio; the others are told from it."""
    found = one(near(4.0), near(2.0), near(3.0))
    assert (found.metric, found.best.job, found.worst.job, found.against) == (RTF, "1", "0", Against.BETTER)
    assert (found.ratio, found.level, found.cells) == (0.5, (), 3)
    assert (found.best.value, found.best.interval) == (2.0, (1.96, 2.04))


def test_no_difference_shown() -> None:
    """Where it holds 1, nothing is shown, whatever the figures are."""
    found = one(near(4.0, 0.1), near(3.9, 0.1))
    assert (found.best.job, found.against, found.level) == ("1", Against.NOT_SHOWN, ("0",))


def test_cells_level_with_the_best() -> None:
    """Others that cannot be told from the best are named, the baseline told from it is not."""
    found = one(near(4.0), near(2.0), near(2.01), near(9.0))
    assert (found.against, found.level) == (Against.BETTER, ("2",))


def test_baseline_is_best() -> None:
    """Whichever cell is the baseline."""
    found = one(near(4.0), near(2.0), baseline=1)
    assert (found.best.job, found.against, found.ratio) == ("1", Against.BASELINE, 1.0)


@pytest.mark.parametrize("figures", [(4.0, 2.0), (near(4.0), 2.0), (4.0, near(2.0))])
def test_without_an_interval_nothing_is_told(figures: tuple[Given, ...]) -> None:
    """Fewer than three trials in one of the two have no interval."""
    found = one(*figures)
    assert (found.best.job, found.against, found.ratio, found.level) == ("1", Against.UNTOLD, 0.5, ("0",))


def test_the_same_everywhere() -> None:
    """Figures that print alike are the same, with all their digits or not."""
    assert one(near(0.1001), near(0.1002)).against is Against.SAME


def test_figures_that_have_no_ratio() -> None:
    """Not above zero, they are told apart by their own intervals."""
    found = one((1.0, 0.5, 1.5), (-2.0, -3.0, -1.0), (0.0, -1.5, 0.6))
    assert (found.best.job, found.ratio, found.against, found.level) == ("1", None, Against.BETTER, ("2",))


def test_cold_figures_where_there_are_no_others() -> None:
    """One trial a cell is compared, and says that it is cold."""
    found = one(4.0, 2.0, cold=True)
    assert (found.best.value, found.best.cold, found.against) == (2.0, True, Against.UNTOLD)


def test_steady_figures_count_alone() -> None:
    """A cell with a cold figure only is not compared with steady ones."""
    cells = [cell(0, {"a": "1"}, {RTF: near(4.0)}), cell(1, {"a": "2"}, {RTF: 1.0}, cold=True)]
    assert findings(sweep(cells)) == []
    cells.append(cell(2, {"a": "3"}, {RTF: near(5.0)}))
    assert [found.best.job for found in findings(sweep(cells))] == ["0"]


def test_failed_cells_are_not_compared() -> None:
    """A baseline that failed is none, and the best of the others is named."""
    cells = [cell(0, {"a": "1"}, {}), cell(1, {"a": "2"}, {RTF: near(4.0)}), cell(2, {"a": "3"}, {RTF: near(2.0)})]
    (found,) = findings(sweep(cells))
    assert (found.best.job, found.against, found.baseline, found.ratio) == ("2", Against.NO_BASELINE, None, None)


def test_direction() -> None:
    """Where higher is better the highest is best; a metric without a direction has no finding."""
    cells = [cell(job, {"a": str(job)}, {RTF: near(1.0)}) for job in range(2)]
    for name, better in (("asr.up", "higher"), ("asr.none", "neither")):
        for job, value in enumerate((1.0, 2.0)):
            cells[job].metrics[name] = entry(name, near(value), better=better)  # type: ignore[index, arg-type]
    assert [(found.metric, found.best.job) for found in findings(sweep(cells))] == [(RTF, "0"), ("asr.up", "1")]


def test_one_cell() -> None:
    """There is nothing to compare it with."""
    assert findings(sweep([cell(0, {"a": "1"}, {RTF: near(4.0)})])) == []
