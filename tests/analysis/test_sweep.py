from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness import store
from harness.analysis.summary import summarise
from harness.analysis.sweep import is_sweep, read_sweep
from harness.errors import ConfigError, StoreError
from harness.protocol import Budgets
from harness.records import Trial
from tests import stored
from tests.over_machines import ALPHA, BETA, ON_ALPHA, ON_BETA, ON_GAMMA
from tests.stored_sweep import failure, faster, plan
from tests.stored_sweep import job as block_job


def job(folder: Path, *overrides: str, trials: Sequence[Trial] | None = None) -> Path:
    """Write a job of a sweep: a run of three iterations with these overrides."""
    return stored.write(folder, stored.run(overrides=overrides), stored.trials() if trials is None else trials)


def test_swept_and_constant(tmp_path: Path) -> None:
    """Keys that differ are swept, the others are the same in all jobs."""
    for number, threads in enumerate(("1", "2")):
        job(tmp_path / str(number), f"threads={threads}", "iterations=3", "+asr.topn=4")
    found = read_sweep(tmp_path)
    assert (found.swept, found.constant) == (("threads",), {"iterations": "3", "asr.topn": "4"})
    assert [cell.overrides["threads"] for cell in found.cells] == ["1", "2"]
    assert [(cell.job, cell.outcome, cell.ok) for cell in found.cells] == [("0", "ok", True), ("1", "ok", True)]
    assert found.ok


def test_key_that_only_some_jobs_have(tmp_path: Path) -> None:
    """A key that one job was given and another was not differs between them."""
    job(tmp_path / "0", "threads=1", "seed=1")
    job(tmp_path / "1", "threads=1")
    found = read_sweep(tmp_path)
    assert (found.swept, found.constant) == (("seed",), {"threads": "1"})


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("order=[asr,aligner]", "order", "[asr,aligner]"),
        ("+asr.extra=a=b", "asr.extra", "a=b"),
        ("++seed=3", "seed", "3"),
        ("dataset.audio=", "dataset.audio", ""),
    ],
)
def test_override(tmp_path: Path, override: str, key: str, value: str) -> None:
    """An override is a key and what stands behind the first equals sign."""
    job(tmp_path / "0", override)
    assert read_sweep(tmp_path).constant == {key: value}


def test_jobs_in_their_order(tmp_path: Path) -> None:
    """Jobs are in the order of their numbers, not of their names; those with a name come last."""
    (tmp_path / "multirun.yaml").touch()
    for name in ("10", "extra", "2", "1"):
        job(tmp_path / name)
    assert [cell.job for cell in read_sweep(tmp_path).cells] == ["1", "2", "10", "extra"]


def test_runs_that_lie_side_by_side_are_no_sweep(tmp_path: Path) -> None:
    """Neither numbered nor marked by Hydra, they have nothing to do with each other, and nothing is written there."""
    job(tmp_path / "mine")
    assert is_sweep(tmp_path) is False
    with pytest.raises(StoreError):
        read_sweep(tmp_path)


def test_what_is_no_job_is_left_alone(tmp_path: Path) -> None:
    """Files, and folders with neither a run nor a failure, are no jobs."""
    job(tmp_path / "0")
    (tmp_path / "1").mkdir()
    (tmp_path / "multirun.yaml").write_text("x")
    assert [cell.job for cell in read_sweep(tmp_path).cells] == ["0"]


def test_failed_job(tmp_path: Path) -> None:
    """A job that could not run is a cell with its overrides, its line and no metric."""
    job(tmp_path / "0", "asr=a")
    failure(tmp_path / "1", "asr: found 'b', expected c", "asr=b")
    found = read_sweep(tmp_path)
    cell = found.cells[1]
    assert (cell.outcome, cell.ok, cell.metrics) == ("failed: asr: found 'b', expected c", False, {})
    assert (found.swept, dict(cell.overrides), found.ok) == (("asr",), {"asr": "b"}, False)


@pytest.mark.parametrize(
    ("trials", "outcome"),
    [
        (stored.trials()[:2], "2 ok of 3 trials"),
        ((), "none done of 3 trials"),
        ((*stored.trials()[:2], stored.failed(2)), "2 ok, 1 crashed of 3 trials"),
        ((stored.failed(0), stored.failed(1), stored.failed(2)), "3 crashed of 3 trials"),
    ],
    ids=["killed", "nothing", "one crashed", "all crashed"],
)
def test_unfinished_job(tmp_path: Path, trials: Sequence[Trial], outcome: str) -> None:
    """A job that did not do everything says how much it did, and keeps what it measured."""
    job(tmp_path / "0", trials=trials)
    found = read_sweep(tmp_path)
    assert (found.cells[0].outcome, found.cells[0].ok, found.ok) == (outcome, False, False)
    assert "asr.wer" in found.cells[0].metrics


@pytest.mark.parametrize(
    ("strict", "outcome"),
    [
        (True, "ok; asr held 24.00 MiB after an unload, 1 may be; aligner held 6.00 MiB after an unload, 1 may be"),
        (False, "ok"),
    ],
)
def test_strict_job(tmp_path: Path, strict: bool, outcome: str) -> None:
    """A job that broke a promise is not ok where it is held to it, and says which."""
    made = stored.run(budgets=Budgets(residual_mib=1.0, strict=strict))
    stored.write(tmp_path / "0", made, stored.trials())
    found = read_sweep(tmp_path).cells[0]
    assert (found.ok, found.outcome) == (not strict, outcome)


def test_strict_job_that_kept_its_promises(tmp_path: Path) -> None:
    """It is as ok as any."""
    stored.write(tmp_path / "0", stored.run(budgets=Budgets(residual_mib=24.0, strict=True)), stored.trials())
    assert (read_sweep(tmp_path).cells[0].ok, read_sweep(tmp_path).cells[0].outcome) == (True, "ok")


def test_killed_before_its_first_trial(tmp_path: Path) -> None:
    """A job that had only said what it would do is an unfinished one."""
    (job(tmp_path / "0", trials=()) / store.TRIALS).unlink()
    assert read_sweep(tmp_path).cells[0].outcome == "none done of 3 trials"


def test_torn_trial(tmp_path: Path) -> None:
    """A trial that was cut off while it was written is dropped, with a note."""
    folder = job(tmp_path / "0")
    with (folder / store.TRIALS).open("ab") as file:
        file.write(b'{"index": 3, "iter')
    cell = read_sweep(tmp_path).cells[0]
    assert cell.notes == ("trials.jsonl: the last line is torn and was dropped (line 4)",)


def test_main_metrics(tmp_path: Path) -> None:
    """The main metrics of any job, each once, in the order of the probes."""
    failure(tmp_path / "0", "no")
    job(tmp_path / "1")
    found = list(read_sweep(tmp_path).main_metrics)
    assert found[:4] == [
        "asr.load_overhead_mib",
        "aligner.load_overhead_mib",
        "asr.net_overhead_mib",
        "aligner.net_overhead_mib",
    ]
    assert {"asr.ttft_ms", "asr.wer", "memory.growth_mib_per_iteration"} <= set(found)
    assert "asr.cer" not in found
    assert len(found) == len(set(found))


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch, lambda path: None], ids=["empty", "file", "missing"])
def test_folder_without_jobs(tmp_path: Path, make: object) -> None:
    """A folder that holds no job, a file, and nothing at all are no sweep: one line says so."""
    folder = tmp_path / "sweep"
    assert callable(make)
    make(folder)
    with pytest.raises(StoreError) as caught:
        read_sweep(folder)
    assert str(caught.value) == f"sweep folder: found '{folder}' without a job in it, expected the folder of a sweep"
    assert not is_sweep(folder)


def test_is_sweep(tmp_path: Path) -> None:
    """A folder of jobs is a sweep, and a run's own folder is none."""
    run = job(tmp_path / "sweep" / "0")
    assert is_sweep(tmp_path / "sweep")
    assert not is_sweep(run)


def test_metrics_are_those_of_the_run(tmp_path: Path) -> None:
    """A cell's figures are its own run's."""
    job(tmp_path / "0", "x=1")
    faster = [
        replace(
            one, measurements=tuple(replace(m, value=1.0) if m.name == "asr.ttft_ms" else m for m in one.measurements)
        )
        for one in stored.trials()
    ]
    job(tmp_path / "1", "x=2", trials=faster)
    assert [cell.metrics["asr.ttft_ms"].value for cell in read_sweep(tmp_path).cells] == [400.0, 1.0]


def test_what_a_sweep_did_not_come_to(tmp_path: Path) -> None:
    """Planned jobs without a folder are rows, and so are those whose folder is still empty."""
    plan(tmp_path, ("1", 0, 0), ("2", 1, 0), ("3", 2, 0))
    job(tmp_path / "0", "threads=1", "iterations=3")
    (tmp_path / "1").mkdir()
    found = read_sweep(tmp_path)
    assert [(cell.job, cell.outcome, cell.overrides["threads"]) for cell in found.cells] == [
        ("0", "ok", "1"),
        ("1", "not run", "2"),
        ("2", "not run", "3"),
    ]
    assert (found.swept, found.constant, found.ok) == (("threads",), {"iterations": "3"}, False)


def test_a_sweep_of_which_nothing_was_run(tmp_path: Path) -> None:
    """The plan alone is a sweep."""
    plan(tmp_path, ("1", 0, 0), ("2", 1, 0))
    assert is_sweep(tmp_path)
    assert [cell.outcome for cell in read_sweep(tmp_path).cells] == ["not run", "not run"]


def test_jobs_of_no_plan(tmp_path: Path) -> None:
    """What lies in the folder and is not planned is a cell behind the others."""
    plan(tmp_path, ("1", 0, 0))
    for name in ("0", "1", "mine"):
        job(tmp_path / name, "threads=1", "iterations=3")
    assert [cell.job for cell in read_sweep(tmp_path).cells] == ["0", "1", "mine"]


def test_what_is_planned_to_vary_is_swept(tmp_path: Path) -> None:
    """Also where only one of its values is there."""
    plan(tmp_path, ("1", 0, 0), swept=("threads",))
    job(tmp_path / "0", "threads=1", "iterations=3")
    found = read_sweep(tmp_path)
    assert (found.swept, found.constant) == (("threads",), {"iterations": "3"})


def test_blocks_as_planned(tmp_path: Path) -> None:
    """Jobs of one cell are one, in the order of the cells, with their blocks in order, however they were run."""
    plan(tmp_path, ("2", 1, 0), ("1", 0, 1), ("1", 0, 0), ("2", 1, 1))
    for number, (threads, block) in enumerate(((2, 0), (1, 1), (1, 0), (2, 1))):
        overrides = (f"threads={threads}", "iterations=3", f"+sweep.block={block}")
        block_job(tmp_path / str(number), *overrides, block=block, blocks=2)
    found = read_sweep(tmp_path)
    assert [(cell.jobs, cell.trials, cell.overrides["threads"]) for cell in found.cells] == [
        (("2", "1"), 6, "1"),
        (("0", "3"), 6, "2"),
    ]
    assert (found.swept, found.constant, found.ok) == (("threads",), {"iterations": "3"}, True)


def test_blocks_without_a_plan(tmp_path: Path) -> None:
    """Copied together, blocks with the same overrides are one cell's; a block that failed belongs to them."""
    for number, (threads, block) in enumerate(((1, 0), (2, 0), (1, 1))):
        block_job(tmp_path / str(number), f"threads={threads}", f"sweep.block={block}", block=block, blocks=2)
    failure(tmp_path / "3", "no", "threads=2", "sweep.block=1")
    found = read_sweep(tmp_path)
    assert [(cell.jobs, cell.outcome) for cell in found.cells] == [
        (("0", "2"), "ok"),
        (("1", "3"), "block 1: failed: no"),
    ]


def test_runs_of_the_same_configuration_are_no_blocks(tmp_path: Path) -> None:
    """Two jobs that were not told to be blocks are two cells."""
    for number in range(2):
        job(tmp_path / str(number), "threads=1")
    assert len(read_sweep(tmp_path).cells) == 2


def test_a_job_that_cannot_be_read_hides_no_constant(tmp_path: Path) -> None:
    """It is a row; that its overrides are unknown makes nothing swept, and the plan knows them."""
    for number in range(2):
        job(tmp_path / str(number), f"threads={number + 1}", "iterations=3")
    (tmp_path / "1" / store.RUN).write_text("{", encoding="utf-8")
    found = read_sweep(tmp_path)
    assert (found.swept, found.constant) == ((), {"threads": "1", "iterations": "3"})
    plan(tmp_path, ("1", 0, 0), ("2", 1, 0))
    found = read_sweep(tmp_path)
    assert (found.swept, found.constant) == (("threads",), {"iterations": "3"})
    assert [cell.outcome.partition(":")[0] for cell in found.cells] == ["ok", "unreadable"]


def test_runs_of_different_schemas(tmp_path: Path) -> None:
    """Those that can be read are fine together, the others are rows."""
    for number in range(3):
        job(tmp_path / str(number), f"threads={number}")
    for number, schema in ((0, 1), (2, 99)):
        path = tmp_path / str(number) / store.RUN
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace('"schema": 3', f'"schema": {schema}'), encoding="utf-8")
    assert [cell.ok for cell in read_sweep(tmp_path).cells] == [True, True, False]


def test_a_summary_whose_trials_are_gone(tmp_path: Path) -> None:
    """It is a row that says so, and no run in which nothing was done."""
    folder = job(tmp_path / "0", "threads=1")
    store.write_json(folder / store.SUMMARY, {"outcomes": {"ok": 3}})
    (folder / store.TRIALS).unlink()
    outcome = read_sweep(tmp_path).cells[0].outcome
    assert outcome.startswith("unreadable: run folder: found ")
    assert "with summary.json and without the trials that it was made from" in outcome


def test_baseline(tmp_path: Path) -> None:
    """The first cell, the one that the plan names, or the one that is asked for now; none where there is one cell."""
    for number in range(3):
        job(tmp_path / str(number), f"threads={number + 1}", "iterations=3")
    first = read_sweep(tmp_path)
    assert first.baseline is first.cells[0]
    plan(tmp_path, ("1", 0, 0), ("2", 1, 0), ("3", 2, 0), baseline="threads=2")
    planned, asked = read_sweep(tmp_path), read_sweep(tmp_path, "2")
    assert planned.baseline is planned.cells[1]
    assert asked.baseline is asked.cells[2]
    with pytest.raises(ConfigError, match="--baseline: found 'threads=9', which is no cell"):
        read_sweep(tmp_path, "threads=9")
    plan(tmp_path, ("1", 0, 0), ("2", 1, 0), ("3", 2, 0), baseline="threads=9")
    with pytest.raises(ConfigError, match=r"^sweep\.baseline: found 'threads=9', which is no cell"):
        read_sweep(tmp_path)


def test_one_cell_has_no_baseline(tmp_path: Path) -> None:
    """There is nothing to compare."""
    job(tmp_path / "0", "threads=1")
    assert read_sweep(tmp_path).baseline is None


def test_where_and_when(tmp_path: Path) -> None:
    """A cell has the machine that it was run on, and when its first job began."""
    stored.write(tmp_path / "0", stored.run(), stored.trials(), stored.environment())
    cell = read_sweep(tmp_path).cells[0]
    assert (cell.hostname, cell.started_at) == ("nowhere", "2026-01-02T03:04:05.000+00:00")


def test_stored_summaries_are_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No trial of a cell of one job is read: a sweep may have thousands of them."""
    for number in range(2):
        folder = job(tmp_path / str(number), f"threads={number}")
        found = store.read_run(folder)
        store.write_json(folder / store.SUMMARY, summarise(found.run, found.trials, found.notes, found.stamp))

    def refuse(folder: Path) -> None:
        raise AssertionError(f"the trials of {folder} were read")

    monkeypatch.setattr(store, "read_run", refuse)
    assert read_sweep(tmp_path).ok


def test_one_value_in_two_ways_is_constant(tmp_path: Path) -> None:
    """Quotes and a capital letter are the launcher's, not a difference."""
    job(tmp_path / "0", "asr='null'", "quiet=True", "threads=1")
    job(tmp_path / "1", "asr=null", "quiet=true", "threads=2")
    found = read_sweep(tmp_path)
    assert (found.swept, found.constant) == (("threads",), {"asr": "'null'", "quiet": "True"})


def test_jobs_of_several_machines_in_one_folder(tmp_path: Path) -> None:
    """Under any names, without a plan; those of one machine stand together, and the same time on it is found."""
    four = stored.trials(4)
    for name, threads, where in (("a-0", 1, ALPHA), ("b-0", 1, BETA), ("a-1", 2, ALPHA)):
        run = stored.run(overrides=(f"threads={threads}",), swept=("threads",), trials=4)
        stored.write(tmp_path / name, run, four, where)
    assert is_sweep(tmp_path)
    found = read_sweep(tmp_path, "a-0")
    assert [cell.job for cell in found.cells] == ["a-0", "a-1", "b-0"]
    assert found.machines == (ON_ALPHA, ON_BETA)
    assert [(one.one, one.other, one.machine) for one in found.overlaps] == [("a-0", "a-1", ON_ALPHA)]


def test_blocks_on_several_machines(tmp_path: Path) -> None:
    """Pooled as one cell, with each machine's part by itself."""
    four = stored.trials(4)
    for block, (where, ms) in enumerate(((ALPHA, 400.0), (BETA, 100.0), (ALPHA, 400.0))):
        run = stored.run(overrides=("threads=1", f"+sweep.block={block}"), block=block, blocks=3, trials=4)
        stored.write(tmp_path / str(block), run, faster(four, ms), where)
    (cell,) = read_sweep(tmp_path).cells
    assert cell.machines == (ON_ALPHA, ON_BETA)
    assert {one: part["asr.ttft_ms"].value for one, part in cell.parts.items()} == {ON_ALPHA: 400.0, ON_BETA: 100.0}
    assert cell.metrics_on(ON_ALPHA)["asr.ttft_ms"].n == 6
    assert not cell.metrics_on(ON_GAMMA)
