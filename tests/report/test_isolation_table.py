from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness import store
from harness.analysis.sweep import Sweep, read_sweep
from harness.cli import status_of
from harness.protocol import Protocol
from harness.records import Trial, Visit
from harness.report.isolation_table import isolation_table
from harness.report.sweep_report import publish_sweep, sweep_text
from harness.report.tables import Table
from tests import stored

FAILED = "isolation: found 'x', expected <b>"


def moved(visit: Visit, by_ms: int) -> Visit:
    """Return a visit whose phases happened so much later."""
    by_ns = by_ms * stored.MS
    later = (replace(one, start_ns=one.start_ns + by_ns, end_ns=one.end_ns + by_ns) for one in visit.phases)
    return replace(visit, phases=tuple(later))


def isolated(*, later_ms: int = 0, less_mib: float = 0.0, count: int = 6) -> list[Trial]:
    """Return trials with a worker each, every iteration so much longer and its end so much lower."""
    trials = []
    for index in range(count):
        made = (stored.asr_visit(index, worker=index, fresh=True), stored.aligner_visit(index, worker=index))
        visits = tuple(moved(visit, index * later_ms) for visit in made)
        whole = stored.measured(stored.trial(index, visits=visits))
        lower = tuple(
            replace(one, value=one.value - less_mib) if one.metric == "rss_end_mib" and one.value else one
            for one in whole.measurements
        )
        trials.append(replace(whole, measurements=lower))
    return trials


def job(folder: Path, isolation: str, trials: Sequence[Trial], *overrides: str, **protocol: Any) -> None:
    """Write a job of a sweep over isolation."""
    made = Protocol(order=("asr", "aligner"), iterations=6, isolation=isolation, **protocol)  # type: ignore[arg-type]
    run = stored.run(protocol=made, overrides=(f"isolation={isolation}", *overrides))
    stored.write(folder, run, trials)


def failure(folder: Path, *overrides: str) -> None:
    """Write a job that could not run."""
    folder.mkdir(parents=True)
    store.write_json(folder / store.FAILURE, store.Failure(overrides, FAILED))


@pytest.fixture
def sweep(tmp_path: Path) -> Sweep:
    """Return a sweep of four: a worker for the run, one per iteration, one that died early, one that could not run."""
    folder = tmp_path / "sweep"
    job(folder / "0", "run", stored.trials(6))
    job(folder / "1", "iteration", isolated(later_ms=6_000, less_mib=10.0))
    job(folder / "2", "stage", isolated(count=1))
    failure(folder / "3", "isolation=x")
    return read_sweep(folder)


def table_of(sweep: Sweep) -> Table:
    """Return the table, which has to be there."""
    table = isolation_table(sweep)
    assert table is not None
    return table


def test_rows(sweep: Sweep) -> None:
    """A row for each job in their order, figures or dashes, the outcome last."""
    assert table_of(sweep).rows == (
        ("run", "134.50", "36.50", "0.500", "60.000", "1", "0.000", "+0.00", "+0.000", "+0.000", "ok"),
        (
            *("iteration", "134.50", "26.50", "-", "66.000", "6", "0.140", "-10.00", "+6.000 [+6.000 .. +6.000]"),
            "+0.120 [+0.120 .. +0.120]",
            "ok",
        ),
        ("stage", "132.00", "34.00", "-", "-", "1", "-", "-2.50", "-", "-", "1 ok of 6 trials"),
        ("x", *["-"] * 9, f"failed: {FAILED}"),
    )
    assert len(table_of(sweep).headers) == len(table_of(sweep).rows[0])


def test_a_sentence_says_what_it_means(sweep: Sweep) -> None:
    """First below the table, in words, for each value that can be compared."""
    assert table_of(sweep).notes[0] == (
        "a worker per iteration costs 6.00 s (10 %) an iteration, +0.12 s in CPU time, and ends 10 MiB lower; "
        "a worker per stage has no time to compare and ends 2 MiB lower."
    )


def test_dashes_have_reasons(sweep: Sweep) -> None:
    """Each missing figure of a job that ran is explained, those with one reason together."""
    reasons = [note for note in table_of(sweep).notes if note.startswith("no value for ")]
    assert reasons == [
        "no value for Growth MiB/iteration with isolation=iteration: a slope needs 3 points in one process, there is 1",
        "no value for Growth MiB/iteration with isolation=stage: only the cold first trial has a value",
        "no value for Iteration s with isolation=stage: it takes 3 iterations: the first is cold, the last has no next",
        "no value for Iteration s against run with isolation=stage: one of the two has no figure",
        "no value for CPU time s against run with isolation=stage: one of the two has no figure",
    ]


def test_times_that_do_not_differ_are_called_so(tmp_path: Path) -> None:
    """An interval that holds 0 shows no difference, whatever its middle is; so does as much memory."""
    job(tmp_path / "0", "run", stored.trials(6))
    moves_ms = (0, 0, 20, 0, 0, 0)
    shaken = [
        replace(one, visits=tuple(moved(visit, by_ms) for visit in one.visits))
        for one, by_ms in zip(isolated(), moves_ms, strict=True)
    ]
    job(tmp_path / "1", "iteration", shaken)
    assert table_of(read_sweep(tmp_path)).notes[0] == (
        "a worker per iteration shows no difference in time "
        "(+0.00 s an iteration, 95 % interval -0.02 .. +0.02), +0.12 s in CPU time, and ends with as much memory."
    )


def test_cpu_time_is_told_only_where_it_differs(tmp_path: Path) -> None:
    """Of a difference whose interval holds 0 the sentence says nothing; the table has it."""
    job(tmp_path / "0", "run", stored.trials(6))
    job(tmp_path / "1", "iteration", stored.trials(6))
    table = table_of(read_sweep(tmp_path))
    assert table.rows[1][-2] == "+0.000 [+0.000 .. +0.000]"
    assert "CPU time" not in table.notes[0]


def test_faster_is_a_saving(tmp_path: Path) -> None:
    """The sign is in the word."""
    job(tmp_path / "0", "run", stored.trials(6))
    job(tmp_path / "1", "stage", isolated(later_ms=-6_000, less_mib=-3.0))
    assert table_of(read_sweep(tmp_path)).notes[0] == (
        "a worker per stage saves 6.00 s (10 %) an iteration, +0.12 s in CPU time, and ends 3 MiB higher."
    )


def test_other_keys_label_the_rows(tmp_path: Path) -> None:
    """All swept keys stand in the row, and the comparison is among those that are otherwise the same."""
    for number, (isolation, trim, later_ms) in enumerate(
        [("run", "end", 0), ("run", "each", 0), ("iteration", "end", 3_000), ("iteration", "each", 6_000)]
    ):
        trials = stored.trials(6) if isolation == "run" else isolated(later_ms=later_ms)
        job(tmp_path / str(number), isolation, trials, f"trim={trim}")
    table = table_of(read_sweep(tmp_path))
    assert table.headers[:2] == ("isolation", "trim")
    assert [row[:2] for row in table.rows] == [
        ("run", "end"),
        ("run", "each"),
        ("iteration", "end"),
        ("iteration", "each"),
    ]
    same = "s in CPU time, and ends with as much memory."
    assert table.notes[:2] == (
        f"trim=end: a worker per iteration costs 3.00 s (5 %) an iteration, +0.12 {same}",
        f"trim=each: a worker per iteration costs 6.00 s (10 %) an iteration, +0.12 {same}",
    )


def test_without_the_run_that_others_are_compared_with(tmp_path: Path) -> None:
    """Where it failed, the others stand by themselves, and it is said."""
    failure(tmp_path / "0", "isolation=run")
    job(tmp_path / "1", "iteration", isolated())
    table = table_of(read_sweep(tmp_path))
    assert [row[-4:-1] for row in table.rows] == [("-", "-", "-")] * 2
    assert table.notes[0] == "a worker per iteration has nothing to be compared with."
    why = "with isolation=iteration: no job with isolation=run to compare with"
    assert f"no value for Iteration s against run {why}" in table.notes


def test_several_workers_at_once_are_said(tmp_path: Path) -> None:
    """Where models stay loaded in workers of their own, one worker's memory is not the machine's."""
    job(tmp_path / "0", "run", stored.trials(6), residency="all_resident")
    job(tmp_path / "1", "stage", isolated(), residency="all_resident")
    assert any("of one worker" in note for note in table_of(read_sweep(tmp_path)).notes)


def test_a_sweep_of_something_else_has_no_such_table(tmp_path: Path) -> None:
    """Isolation that is the same in all jobs is not a question."""
    for number in range(2):
        job(tmp_path / str(number), "stage", isolated(count=1), f"seed={number}")
    sweep = read_sweep(tmp_path)
    assert isolation_table(sweep) is None
    assert "Isolation" not in sweep_text(sweep)


def test_it_is_on_the_screen_and_in_the_files(sweep: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    """After the sweep's own table; and again when the report is made again."""
    assert status_of(["report", str(sweep.folder)]) == 0
    printed = capsys.readouterr().out
    sentence = table_of(sweep).notes[0]
    assert printed.index("Outcome") < printed.index("\nIsolation\n") < printed.index(sentence)
    publish_sweep(sweep)
    markdown = (sweep.folder / store.SWEEP_MD).read_text(encoding="utf-8")
    assert markdown.index("## Sweep") < markdown.index("## Isolation") < markdown.index(sentence)
    page = (sweep.folder / store.SWEEP_HTML).read_text(encoding="utf-8")
    assert page.index("<caption>Sweep</caption>") < page.index("<caption>Isolation</caption>") < page.index(sentence)
    assert "<b>" not in page
    record = msgspec.json.decode((sweep.folder / store.SWEEP_JSON).read_bytes())
    assert [row["isolation"] for row in record["isolation"]] == ["run", "iteration", "stage", "x"]
    assert record["isolation"][1]["more_s"] == 6.0
