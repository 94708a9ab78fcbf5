"""Cells that take turns, from the command line to the folders that are left."""

from pathlib import Path
from typing import Any

import pytest

from tests.whole.command import SCRIPTED, Ran, called, harness, json_of, lines_of, settle

Capture = pytest.CaptureFixture[str]
NULL = ("asr=null", "aligner=null", "order=[asr]", "quiet=true")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    return settle(tmp_path, monkeypatch)


def turns(sweep: Path) -> list[tuple[int, int, int, int]]:
    """Return threads, block, blocks and trials of each run of a sweep, in the order in which they began."""
    records = [(json_of(path), path.parent) for path in sweep.glob("*/run.json")]
    records.sort(key=lambda one: str(one[0]["started_at"]))
    assert [path.name for _, path in records] == [str(number) for number in range(len(records))]
    return [
        (run["protocol"]["threads"], run["block"], run["blocks"], len(lines_of(path / "trials.jsonl")))
        for run, path in records
    ]


def test_cells_take_turns(capsys: Capture) -> None:
    """Every second round backwards; the shares of the iterations sum to all, and the plan says what each job was."""
    ran = called(capsys, ["-m", *NULL, "threads=1,2", "iterations=5", "sweep.interleave=3", "sweep.baseline=threads=2"])
    assert ran.status == 0
    assert turns(ran.folder) == [(1, 0, 3, 2), (2, 0, 3, 2), (2, 1, 3, 2), (1, 1, 3, 2), (2, 2, 3, 1), (1, 2, 3, 1)]
    plan = json_of(ran.folder / "plan.json")
    assert (plan["swept"], plan["blocks"], plan["baseline"]) == (["threads"], 3, "threads=2")
    assert [(job["job"], job["cell"], job["block"]) for job in plan["jobs"]] == [
        *(("0", 0, 0), ("1", 1, 0)),
        *(("2", 1, 1), ("3", 0, 1)),
        *(("4", 1, 2), ("5", 0, 2)),
    ]
    for job in plan["jobs"]:
        assert json_of(ran.folder / job["job"] / "run.json")["overrides"] == job["overrides"]
    note = "sweep.interleave=3 leaves blocks of one trial, which is cold; iterations=6 has a steady one in each"
    assert json_of(ran.folder / "4" / "run.json")["notes"][-1:] == [note]
    assert note not in json_of(ran.folder / "3" / "run.json")["notes"]


def test_a_sweep_without_turns_has_a_plan_too(capsys: Capture) -> None:
    """A job a cell, in batches, with the overrides that it has always had; folders are named as they will be."""
    own = ["hydra.sweeper.max_batch_size=2", "hydra.sweep.subdir=t${threads}-${hydra.job.num}"]
    ran = called(capsys, ["-m", *NULL, "threads=range(1,4)", "iterations=1", *own])
    plan = json_of(ran.folder / "plan.json")
    assert [(job["job"], job["cell"], job["block"]) for job in plan["jobs"]] == [
        ("t1-0", 0, 0),
        ("t2-1", 1, 0),
        ("t3-2", 2, 0),
    ]
    assert not [one for job in plan["jobs"] for one in job["overrides"] if one.startswith("sweep.")]
    for job in plan["jobs"]:
        assert json_of(ran.folder / job["job"] / "run.json")["overrides"] == job["overrides"]


def test_an_experiment_may_take_turns(folder: Path, capsys: Capture) -> None:
    """What it sweeps and how often is in one file."""
    experiment = folder / "conf" / "experiment" / "turns.yaml"
    experiment.parent.mkdir(parents=True)
    experiment.write_text(
        "# @package _global_\niterations: 2\nsweep: {interleave: 2, baseline: 1}\n"
        "hydra: {mode: MULTIRUN, sweeper: {params: {threads: '1,2'}}}\n",
        encoding="utf-8",
    )
    ran = called(capsys, [*NULL, "experiment=turns"])
    assert turns(ran.folder) == [(1, 0, 2, 1), (2, 0, 2, 1), (2, 1, 2, 1), (1, 1, 2, 1)]
    assert json_of(ran.folder / "plan.json")["baseline"] == "1"


def test_one_block_can_be_run_again_alone(capsys: Capture) -> None:
    """By its own overrides, as the record has them."""
    ran = called(capsys, [*NULL, "iterations=5", "sweep.interleave=3", "sweep.block=2"])
    record = json_of(ran.folder / "run.json")
    assert (ran.status, record["block"], record["blocks"], record["trials"], len(ran.trials)) == (0, 2, 3, 1, 1)


def test_an_interrupted_sweep_knows_what_it_did_not_come_to(folder: Path) -> None:
    """The plan has every job; those that were not begun have no folder."""
    ran: Ran = harness(
        "-m",
        *SCRIPTED,
        *("threads=1,2", "iterations=3", "sweep.interleave=3", "quiet=true"),
        "asr.fail=stop@run@0",
        cwd=folder,
    )
    assert ran.status == 130
    assert "Traceback" not in ran.err
    assert len(json_of(ran.folder / "plan.json")["jobs"]) == 6
    assert [path.parent.name for path in ran.folder.glob("*/run.json")] == ["0"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["sweep.interleave=0"], "sweep.interleave: found 0, expected a whole number of at least 1"),
        (["sweep.interleave=-1"], "sweep.interleave: found -1, expected a whole number of at least 1"),
        (["sweep.interleave=1.5"], "sweep.interleave: found 1.5, expected a whole number of at least 1"),
        (["sweep.interleave=yes"], "sweep.interleave: found 'yes', expected a whole number of at least 1"),
        (["sweep.skip_done=1"], "sweep.skip_done: found 1, expected true or false"),
        (["sweep.skip_done=true,false"], "sweep.skip_done: found several values, expected one for the whole sweep"),
        (["sweep.interleave=1,2"], "sweep.interleave: found several values, expected one for the whole sweep"),
        (
            ["sweep.interleave=6"],
            "sweep.interleave: found 6, expected at most iterations=5: a block has at least one iteration",
        ),
        (
            ["sweep.interleave=2", "fit.search=true"],
            "fit.search: found true in a sweep, expected one search at a time; -m fit.limit_mib=200,400 sweeps limits",
        ),
        (
            ["sweep.interleave=2", "sweep.block=0"],
            "sweep.block: found 0, expected none in a sweep, which counts the blocks itself",
        ),
        (
            ["sweep.interleave=2", "hydra/sweeper=basic"],
            "hydra/sweeper: found another sweeper with keys of sweep, expected hydra/sweeper=interleaved",
        ),
        (
            ["sweep.baseline=threads=3"],
            "sweep.baseline: found 'threads=3', which is no cell, "
            "expected key=value[,key=value] of one cell, or a job's number; "
            "choose from: threads=1, threads=2",
        ),
        (
            ["seed=0,1", "sweep.baseline=threads=1"],
            "sweep.baseline: found 'threads=1', which is 2 cells, "
            "expected key=value[,key=value] of one cell, or a job's number; "
            "choose from: threads=1,seed=0, threads=1,seed=1",
        ),
        (
            ["sweep.baseline=2"],
            "sweep.baseline: found '2', which is no cell, "
            "expected key=value[,key=value] of one cell, or a job's number; choose from: threads=1, threads=2",
        ),
        (
            ["hydra.sweeper.max_batch_size=0"],
            "hydra.sweeper.max_batch_size: found 0, expected a whole number of at least 1, or null",
        ),
        (
            ["hydra.sweep.subdir=a"],
            "hydra.sweep.subdir: found 'a' for the jobs 0 and 1, expected a folder for each job, "
            "for instance ${hydra.job.num}",
        ),
        (["seed=range(1,1)"], "command line: found a choice between nothing, expected at least one value for each "),
    ],
)
def test_a_sweep_that_cannot_be_is_one_line(arguments: list[str], line: str, folder: Path, capsys: Capture) -> None:
    """Before anything is made."""
    ran = called(capsys, ["-m", *NULL, "threads=1,2", *arguments])
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith(f"harness: {line}")
    assert ran.err.count("\n") == 1
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["sweep.interleave=2"],
            "sweep.interleave: found 2 for a single run, expected 1; with -m the cells of a sweep take turns",
        ),
        (
            ["sweep.interleave=2", "fit.search=true"],
            "sweep.interleave: found 2 for a single run, expected 1; with -m the cells of a sweep take turns",
        ),
        (
            ["sweep.baseline=threads=1"],
            "sweep.baseline: found 'threads=1' for a single run, expected null; -m sweeps over several values",
        ),
        (
            ["sweep.skip_done=true"],
            "sweep.skip_done: found true for a single run, expected false; -m sweeps over several values",
        ),
        (["sweep.block=0"], "sweep.block: found 0, expected none, for sweep.interleave is 1"),
    ],
)
def test_a_single_run_has_no_turns(arguments: list[str], line: str, capsys: Capture) -> None:
    """One line, and no folder of a run."""
    ran = called(capsys, [*NULL, *arguments])
    assert (ran.status, ran.err) == (2, f"harness: {line}\n")


def test_warming_up_is_each_blocks_own(capsys: Capture) -> None:
    """Where a block is too short for it, its job says so."""
    ran = called(capsys, ["-m", *NULL, "threads=1,2", "iterations=4", "warmup=1", "sweep.interleave=2"])
    assert ran.status == 1
    failure: Any = json_of(ran.folder / "0" / "failure.json")
    assert failure["message"] == (
        "warmup: found 1 of the 2 trials of a block (sweep.interleave=2), expected at most 0: "
        "one is cold, and one must be left to measure"
    )


def test_a_sweep_is_not_run_into_another(capsys: Capture) -> None:
    """What is there stays as it is."""
    first = called(capsys, ["-m", *NULL, "threads=1,2", "iterations=1"])
    before = {path: path.read_bytes() for path in first.folder.rglob("*") if path.is_file()}
    again = called(capsys, ["-m", *NULL, "threads=1,2", "iterations=1", f"hydra.sweep.dir={first.folder}"])
    assert (again.status, again.out) == (2, "")
    assert again.err.startswith("harness: output folder: found ")
    assert {path: path.read_bytes() for path in first.folder.rglob("*") if path.is_file()} == before
