from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.standing import Ratio
from harness.analysis.sweep import Sweep, read_sweep
from harness.report.sweep_table import constant_line, ratio_text, shortened, sweep_figures, sweep_table
from harness.report.tables import Table
from tests import made_sweep, stored
from tests.stored_sweep import FAILED, failure, faster, four_jobs, job

FIRST_NOTES = (
    "x: a figure as a multiple of that of the baseline, threads=1 (job 0); ~: not told from 1, for its 95 % interval "
    "holds 1 or there is none",
    "best: the lowest figure of a metric, among the cells that are ok, told from the others or not; equal "
    "figures have none",
)


@pytest.fixture
def sweep(tmp_path: Path) -> Sweep:
    """Return the sweep of four."""
    return four_jobs(tmp_path / "sweep")


def table_of(sweep: Sweep) -> Table:
    """Return the table of all cells."""
    return sweep_table(sweep, sweep_figures(sweep))


def rows(sweep: Sweep) -> list[dict[str, str]]:
    """Return the table's rows by the names of its columns."""
    table = table_of(sweep)
    names = [name.replace("\n", ".", 1).partition("\n")[0] for name in table.headers]
    return [dict(zip(names, row, strict=True)) for row in table.rows]


def column(sweep: Sweep, name: str) -> list[str]:
    """Return one column."""
    return [row[name] for row in rows(sweep)]


def test_columns(sweep: Sweep) -> None:
    """The job, what was swept, the main metrics that any job has a figure for with their units, the outcome."""
    headers = table_of(sweep).headers
    assert headers[:3] == ("Job", "threads", "asr\nload_overhead_mib\nMiB")
    assert headers[-1] == "Outcome"
    assert "asr\nwer\n%" in headers
    assert not any(header.startswith(("aligner\nwer", "asr\ncer")) for header in headers)


def test_columns_stand_stage_by_stage(sweep: Sweep) -> None:
    """All of the ASR, all of the aligner, what is of the whole chain."""
    scopes = [header.partition("\n")[0] for header in table_of(sweep).headers[2:-1]]
    assert list(dict.fromkeys(scopes)) == ["asr", "aligner", "memory"]
    assert scopes == sorted(scopes, key=["asr", "aligner", "memory"].index)


def test_rows(sweep: Sweep) -> None:
    """A row a job, failed and unfinished ones included; the baseline says that it is one."""
    assert column(sweep, "Job") == ["0\nbaseline", "1", "2", "3"]
    assert column(sweep, "threads") == ["1", "2", "3", "4"]
    assert column(sweep, "Outcome") == ["ok", "ok", "1 ok of 4 trials", f"failed: {FAILED}"]


def test_figures(sweep: Sweep) -> None:
    """A figure with ratio, mark and interval; the cold trial's where there is no other, and marked; a dash for none."""
    assert column(sweep, "asr.ttft_ms") == [
        "400.00\n[400.00 .. 400.00]",
        "100.00 x0.25 best\n[100.00 .. 100.00]",
        "400.00 (cold)",
        "-",
    ]
    assert column(sweep, "asr.wer") == [
        "20.00%",
        "20.00% x1.00~",
        "20.00% x1.00~",
        "-",
    ]


def test_growth(sweep: Sweep) -> None:
    """Below five points a rate has no interval; a job of one trial has no rate at all."""
    assert column(sweep, "memory.growth_mib_per_iteration") == ["0.500", "0.500 x1.00~", "-", "-"]


@pytest.mark.parametrize(
    ("value", "interval", "text"),
    [
        (0.5214, (0.4, 0.6), "x0.52"),
        (1.0, (1.0, 1.0), "x1.00~"),
        (0.98, (0.9, 1.2), "x0.98~"),
        (1.5, None, "x1.50~"),
        (12.34, (12.0, 13.0), "x12.3"),
        (1234.5, (12.0, 13000.0), "x1234"),
        (0.0521, (0.05, 0.06), "x0.052"),
    ],
)
def test_ratio(value: float, interval: tuple[float, float] | None, text: str) -> None:
    """Three figures are enough; what is not told from 1 says so."""
    assert ratio_text(Ratio(value, interval)) == text


def test_what_is_the_same_is_said_once(sweep: Sweep, tmp_path: Path) -> None:
    """In a line of its own, which is not there where nothing is the same."""
    assert constant_line(sweep) == "The same in all jobs: iterations=4, order=[asr,aligner]"
    for number in range(2):
        job(tmp_path / "other" / str(number), f"threads={number}")
    assert constant_line(read_sweep(tmp_path / "other")) is None


def test_notes(sweep: Sweep) -> None:
    """What the marks mean comes first, and each reason for a missing figure stands there once."""
    notes = table_of(sweep).notes
    assert notes[:2] == FIRST_NOTES
    reasons = [note for note in notes if note.startswith("no value for ")]
    assert "no value for aligner.wer: the role aligner writes no transcript" in reasons
    assert len(reasons) == len(set(reasons))


def test_notes_of_jobs_are_said_once(tmp_path: Path) -> None:
    """A note that every job has stands below the table once."""
    for number in range(2):
        run = stored.run(overrides=(f"threads={number}",), notes=("threads changes nothing",))
        stored.write(tmp_path / str(number), run, stored.trials())
    assert list(table_of(read_sweep(tmp_path)).notes).count("threads changes nothing") == 1


def test_many_notes_are_counted(sweep: Sweep) -> None:
    """Thousands of jobs may each have a note of their own; a page of them is enough."""
    noted = tuple(replace(sweep.cells[0], job=str(number), notes=(f"note {number}",)) for number in range(100))
    notes = table_of(replace(sweep, cells=noted)).notes
    assert sum(note.startswith("note ") for note in notes) == 30
    assert "70 more notes are in the jobs' own reports" in notes


def test_a_metric_whose_highest_is_best(tmp_path: Path) -> None:
    """The note names it."""
    for number, ttft_ms in enumerate((400.0, 100.0)):
        job(tmp_path / str(number), f"threads={number}", trials=faster(stored.trials(4), ttft_ms))
    sweep = read_sweep(tmp_path)
    cells = tuple(
        replace(cell, metrics={"asr.ttft_ms": replace(cell.metrics["asr.ttft_ms"], better="higher")})
        for cell in sweep.cells
    )
    turned = replace(sweep, cells=cells, baseline=cells[0])
    assert [text.partition("\n")[0] for text in column(turned, "asr.ttft_ms")] == ["400.00 best", "100.00 x0.25"]
    note = "best: the lowest figure of a metric, the highest of asr.ttft_ms, among the cells that are ok, told "
    assert any(line.startswith(note) for line in table_of(turned).notes)


def test_a_baseline_that_failed(tmp_path: Path) -> None:
    """The table says so, and has no ratios; the best are still marked."""
    failure(tmp_path / "0", "threads: found 0", "threads=0")
    for number, ttft_ms in enumerate((400.0, 100.0), start=1):
        job(tmp_path / str(number), f"threads={number}", trials=faster(stored.trials(), ttft_ms))
    sweep = read_sweep(tmp_path)
    assert column(sweep, "asr.ttft_ms") == ["-", "400.00", "100.00 best"]
    assert table_of(sweep).notes[0] == (
        "the baseline, threads=0 (job 0), is not ok (failed: threads: found 0): no ratios; "
        "report --baseline names another cell"
    )


def test_one_cell_is_compared_with_nothing(tmp_path: Path) -> None:
    """Neither baseline nor best."""
    job(tmp_path / "0", "threads=1")
    sweep = read_sweep(tmp_path)
    assert column(sweep, "Job") == ["0"]
    assert (sweep_figures(sweep).ratios, sweep_figures(sweep).best) == ({}, {})
    assert not any(note.startswith(("x:", "best:", "the baseline")) for note in table_of(sweep).notes)


@pytest.mark.parametrize(
    ("jobs", "text"), [(("0", "3"), "0 3"), (("0", "3", "6"), "0 3 6"), (tuple("0123"), "0 .. 3 (4)")]
)
def test_blocks(jobs: Sequence[str], text: str, sweep: Sweep) -> None:
    """A cell of several jobs names them, or how many."""
    cells = (sweep.cells[0], replace(sweep.cells[1], jobs=tuple(jobs)))
    assert column(replace(sweep, cells=cells), "Job")[1] == text


def test_verdicts_have_a_column_where_any_job_is_judged(sweep: Sweep) -> None:
    """Short runs are all undecided, and need none; a leak is named with its stages."""
    assert "Memory" not in table_of(sweep).headers
    first, *others = sweep.cells
    judged = replace(sweep, cells=(replace(first, verdict="leak (asr)"), *others))
    table = table_of(judged)
    assert table.headers[-2:] == ("Memory", "Outcome")
    assert [row[-2] for row in table.rows] == ["leak (asr)", "undecided", "undecided", "-"]


def test_failed_jobs_alone(tmp_path: Path) -> None:
    """A sweep in which every job failed has a row for each, and no metric's column."""
    for number in range(2):
        failure(tmp_path / str(number), "threads: found 0", f"threads={-number}")
    assert table_of(read_sweep(tmp_path)).headers == ("Job", "threads", "Outcome")


def test_a_large_sweep_is_shortened(sweep: Sweep) -> None:
    """To forty cells: those that are best in something, the baseline, and the first of the others, in their order."""
    cells = tuple(replace(sweep.cells[0], job=str(number)) for number in range(100))
    large = replace(sweep, cells=cells, baseline=cells[99])
    shown = replace(sweep_figures(sweep), best={"asr.ttft_ms": ("70",)})
    assert [cell.job for cell in shortened(large, shown).cells] == [*map(str, range(38)), "70", "99"]
    assert shortened(sweep, shown) is sweep


def test_quotes_of_a_command_line_are_none_of_a_value() -> None:
    """The name of the stage that does nothing has to be quoted where it is asked for, and nowhere else."""
    cells = [
        made_sweep.cell(0, {"asr": "pocketsphinx"}, {"asr.rtf": 1.0}),
        made_sweep.cell(1, {"asr": "'null'"}, {"asr.rtf": 2.0}),
    ]
    one = made_sweep.sweep(cells)
    assert [row[1] for row in sweep_table(one, sweep_figures(one)).rows] == ["pocketsphinx", "null"]
