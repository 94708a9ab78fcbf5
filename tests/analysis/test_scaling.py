from dataclasses import replace

import pytest

from harness.analysis.scaling import (
    Figure,
    Growth,
    ThreadRow,
    ThreadScaling,
    context_scaling,
    thread_scaling,
)
from harness.analysis.sweep import Cell
from tests.analysis.cells import Spread, cell, entry, of_context, setting, sweep, threaded


def sheet(*cells: Cell) -> ThreadScaling:
    """Return the one sheet of a sweep over threads."""
    (found,) = thread_scaling(sweep(("threads",), *cells))
    return found


# --- threads ----------------------------------------------------------------------------------------------------


def test_rows() -> None:
    """Speed-up is a ratio of times, efficiency a share of the ideal one; a stage without threads has no sheet."""
    found = sheet(threaded(0, 1, (0.7, 0.72, 0.75)), threaded(1, 2, (0.39, 0.4, 0.41), (102.0, 103.0, 104.0)))
    assert found.stage == "asr"
    assert found.rows == (
        ThreadRow(
            threads=1,
            outcome="ok",
            seen=2,
            rtf=Figure(0.72, (0.7, 0.75)),
            speed_up=1.0,
            efficiency=1.0,
            cpu_rtf=0.5,
            cores_used=0.5 / 0.72,
            peak_mib=Figure(100.0, (100.0, 100.0)),
        ),
        ThreadRow(
            threads=2,
            outcome="ok",
            seen=3,
            rtf=Figure(0.4, (0.39, 0.41)),
            speed_up=pytest.approx(1.8),  # type: ignore[arg-type]
            efficiency=pytest.approx(0.9),  # type: ignore[arg-type]
            cpu_rtf=0.5,
            cores_used=1.25,
            peak_mib=Figure(103.0, (102.0, 104.0)),
        ),
    )


def test_rows_are_by_threads_and_the_fewest_is_the_base() -> None:
    """In whatever order they ran; without one thread the fewest stands for it."""
    found = sheet(threaded(0, 8, 0.25), threaded(1, 2, 0.6), threaded(2, 4, 0.3))
    assert found.fewest == 2
    assert [(row.threads, row.speed_up, row.efficiency) for row in found.rows] == [
        (2, 1.0, 1.0),
        (4, 2.0, 1.0),
        (8, pytest.approx(2.4), pytest.approx(0.6)),
    ]


@pytest.mark.parametrize(
    ("one", "two", "four", "fastest", "equal", "slower"),
    [
        ((0.7, 0.8, 0.9), (0.39, 0.4, 0.41), (0.5, 0.5, 0.5), 2, (2,), (1, 4)),
        ((0.7, 0.8, 0.9), (0.39, 0.4, 0.41), (0.40, 0.5, 0.5), 2, (2, 4), (1,)),
        ((0.4, 0.8, 0.9), (0.39, 0.4, 0.41), (0.40, 0.5, 0.5), 2, (1, 2, 4), ()),
        ((0.1, 0.1, 0.1), (0.3, 0.3, 0.3), (0.4, 0.4, 0.4), 1, (1,), (2, 4)),
        ((0.4, 0.4, 0.4), (0.4, 0.4, 0.4), (0.4, 0.4, 0.4), 1, (1, 2, 4), ()),
        (0.8, 0.4, 0.2, 4, (1, 2, 4), ()),
        ((0.7, 0.8, 0.9), 0.4, (0.4, 0.5, 0.6), 2, (1, 2, 4), ()),
    ],
    ids=["best", "two alike", "all alike", "fewest", "equal", "no interval", "fastest without one"],
)
def test_fastest(
    one: Spread | float,
    two: Spread | float,
    four: Spread | float,
    fastest: int,
    equal: tuple[int, ...],
    slower: tuple[int, ...],
) -> None:
    """Slower is only what has an interval above that of the fastest; all else is not told from it."""
    found = sheet(threaded(0, 1, one), threaded(1, 2, two), threaded(2, 4, four))
    assert found.fastest is not None
    assert (found.fastest.threads, found.equal, found.slower) == (fastest, equal, slower)


@pytest.mark.parametrize(("cores", "beyond"), [(2, (4, 12)), (1.5, (2, 4, 12)), (16, ()), (None, ())])
def test_beyond_the_cores(cores: float | None, beyond: tuple[int, ...]) -> None:
    """More threads than the run could use cores; where the machine is not known, nothing is said."""
    found = sheet(*(threaded(job, count, 0.5, usable_cores=cores) for job, count in enumerate((1, 2, 4, 12))))
    assert (found.beyond, found.usable_cores) == (beyond, cores)


def test_machines_that_differ() -> None:
    """Each cell is held against its own machine, and no number is called the cores of all."""
    found = sheet(threaded(0, 2, 0.5, usable_cores=1), threaded(1, 4, 0.5, usable_cores=8))
    assert (found.beyond, found.usable_cores) == ((2,), None)


def test_memory_of_a_thread() -> None:
    """The median of the slopes between peaks; one peak far off does not turn it."""
    peaks = [(1, 100.0), (2, 104.0), (3, 108.0), (4, 300.0), (5, 116.0)]
    cells = [threaded(job, count, 0.5, (peak, peak, peak)) for job, (count, peak) in enumerate(peaks)]
    assert sheet(*cells).peak == Growth(4.0, 1, 5, True)


def test_memory_that_is_not_shown_to_grow() -> None:
    """The peaks with the fewest and the most threads have intervals that overlap."""
    found = sheet(threaded(0, 1, 0.5, (99.0, 100.0, 103.0)), threaded(1, 3, 0.5, (101.0, 102.0, 103.0)))
    assert found.peak == Growth(1.0, 1, 3, False)


def test_the_larger_peak_counts() -> None:
    """Where the load needs more than the run, its peak is the stage's."""
    found = sheet(threaded(0, 1, 0.5, (30.0, 30.0, 30.0)), threaded(1, 2, 0.5))
    assert [row.peak_mib for row in found.rows] == [Figure(50.0, (40.0, 60.0)), Figure(100.0, (100.0, 100.0))]


def test_groups() -> None:
    """Only cells whose other swept keys are the same are compared; a group of one has no sheet."""
    found = thread_scaling(
        sweep(
            ("threads", "asr.beam"),
            threaded(0, 1, 0.8, more={"asr.beam": "a"}),
            threaded(1, 2, 0.4, more={"asr.beam": "a"}),
            threaded(2, 1, 0.6, more={"asr.beam": "b"}),
            threaded(3, 2, 0.6, more={"asr.beam": "b"}),
            threaded(4, 2, 0.6, more={"asr.beam": "c"}),
        )
    )
    assert [(one.keys, [row.speed_up for row in one.rows]) for one in found] == [
        ({"asr.beam": "a"}, [1.0, 2.0]),
        ({"asr.beam": "b"}, [1.0, 1.0]),
    ]


def test_a_stages_own_threads() -> None:
    """They may be swept for one stage alone."""
    cells = [
        replace(threaded(job, count, 0.5), overrides={"asr.threads": str(count)}) for job, count in ((0, 1), (1, 2))
    ]
    (found,) = thread_scaling(sweep(("asr.threads",), *cells))
    assert (found.keys, [row.threads for row in found.rows]) == ({}, [1, 2])


def test_a_cell_that_could_not_run_is_a_row() -> None:
    """With what was asked for and without figures; it is nobody's base."""
    found = sheet(cell(0, {"threads": "1"}, None), threaded(1, 2, 0.6), threaded(2, 4, 0.3))
    assert found.rows[0] == ThreadRow(threads=1, outcome="failed: no")
    assert (found.fewest, [row.speed_up for row in found.rows]) == (2, [None, 1.0, 2.0])


def test_a_value_that_is_no_number_is_no_row() -> None:
    """What could not run because of it stands in the table of all jobs."""
    found = sheet(cell(0, {"threads": "many"}, None), threaded(1, 2, 0.6), threaded(2, 4, 0.3))
    assert [row.threads for row in found.rows] == [2, 4]


def test_cells_without_figures() -> None:
    """A group of which nothing was measured has rows with reasons, and no fastest."""
    empty = [cell(job, {"threads": str(job)}, setting(job), entry("asr.rtf", None)) for job in (1, 2)]
    found = sheet(*empty)
    assert (found.fewest, found.fastest, found.equal, found.slower, found.peak) == (None, None, (), (), None)
    assert found.rows[0].lacking == {
        "rtf": "only the cold first trial has a value",
        "run_peak_mib": "no probe of this run reports it",
    }


def test_cold_figures_alone() -> None:
    """Where no cell has more than its first trial, that is compared, without intervals."""
    cells = [
        cell(job, {"threads": str(count)}, setting(count), entry("asr.rtf", None, cold=cold))
        for job, (count, cold) in enumerate([(1, 0.8), (2, 0.5)])
    ]
    found = sheet(*cells)
    assert [row.rtf for row in found.rows] == [Figure(0.8, cold=True), Figure(0.5, cold=True)]
    assert (found.rows[1].speed_up, found.equal) == (1.6, (1, 2))


def test_cold_figures_are_not_compared_with_steady_ones() -> None:
    """A cell that has only its first trial has no time beside those that have more."""
    cold = cell(0, {"threads": "1"}, setting(1), entry("asr.rtf", None, cold=0.8))
    found = sheet(cold, threaded(1, 2, 0.6), threaded(2, 4, 0.3))
    assert [row.rtf for row in found.rows] == [None, Figure(0.6), Figure(0.3)]


def test_other_sweeps_have_no_sheet() -> None:
    """Where neither key is swept there is nothing to say."""
    cells = (threaded(0, 1, 0.5), threaded(1, 1, 0.5))
    assert thread_scaling(sweep(("seed",), *cells)) == []
    assert context_scaling(sweep(("seed",), *cells)) == []


# --- context length ---------------------------------------------------------------------------------------------


def test_context() -> None:
    """Slopes over the context length; growth is told by intervals that do not overlap."""
    cells = [of_context(0, 4096, (79.0, 80.0, 81.0), (180.0, 190.0, 200.0)), of_context(1, 2048, 40.0, 150.0)]
    cells.append(of_context(2, 1024, (19.0, 20.0, 21.0), (120.0, 130.0, 180.0)))
    (found,) = context_scaling(sweep(("context_length",), *cells))
    assert [(row.context_length, row.load_overhead_mib) for row in found.rows] == [
        (1024, Figure(20.0, (19.0, 21.0))),
        (2048, Figure(40.0)),
        (4096, Figure(80.0, (79.0, 81.0))),
    ]
    assert (found.stage, found.load) == ("asr", Growth(20 / 1024, 1024, 4096, True))
    assert found.peak == Growth(20 / 1024, 1024, 4096, False)


def test_context_of_one_figure() -> None:
    """One cell with a figure has no slope; the other says why it has none."""
    cells = [of_context(0, 1024, 20.0, 120.0), of_context(1, 2048, None, 150.0)]
    (found,) = context_scaling(sweep(("context_length",), *cells))
    assert (found.load, found.peak) == (None, Growth(30 / 1024, 1024, 2048, None))
    assert [row.lacking for row in found.rows] == [{}, {"load_overhead_mib": "only the cold first trial has a value"}]
