"""Sweeps on a real SLURM: ``.ci/slurm`` starts one on this machine and runs these."""

import csv
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.whole.command import SCRIPTED, Ran, harness, json_of, lines_of, surroundings

NULL = ("asr=null", "aligner=null", "order=[asr]", "iterations=2", "threads=1,2")
SLURM = ("hydra/launcher=slurm", "hydra.launcher.timeout_min=5")
SIDE_BY_SIDE = (*SLURM, "hydra.launcher.exclusive=false")
ENDLESS = ("iterations=1000000", "order=[asr]", "threads=1", "asr.chunk_ms=20")
TRIALS = 40
BRIEF = (f"iterations={TRIALS}", "order=[asr]", "threads=1", "asr.chunk_ms=20")
WAIT_S = 60.0
"""For what does not come; no test is judged by it."""

pytestmark = pytest.mark.skipif(
    os.environ.get("SLURM_TESTS") != "required", reason="needs a SLURM of its own: .ci/slurm starts one"
)


def told(*command: str) -> str:
    """Return what a command of SLURM's prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=WAIT_S).stdout


def job_facts(job: str) -> dict[str, str]:
    """Return what SLURM knows of a job, by its own names."""
    shown = told("scontrol", "--oneliner", "--details", "show", "job", job)
    return dict(word.split("=", 1) for word in shown.split() if "=" in word)


def until(there: Callable[[], Any], what: str) -> Any:
    """Wait until something is there, and return it."""
    deadline = time.monotonic() + WAIT_S
    while not (found := there()):
        assert time.monotonic() < deadline, f"no {what}"
        time.sleep(0.1)
    return found


@contextmanager
def sweeping(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Start a sweep, and end the command whatever happens; its jobs are ended by who ends SLURM."""
    folder.mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "-m", *arguments],
        cwd=folder,
        env=surroundings({"PYTHONUNBUFFERED": "1"}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def ended(process: subprocess.Popen[str], folder: Path) -> Ran:
    """Return how a sweep ended."""
    out, _ = process.communicate(timeout=2 * WAIT_S)
    return Ran(process.returncode, out, "", folder)


def arrays(sweep: Path) -> list[str]:
    """Return the numbers of a sweep's arrays, once all were submitted."""
    return sorted({path.name for path in sweep.glob(".submitit/*") if re.fullmatch(r"[0-9]+", path.name)}, key=int)


def sweep_of(folder: Path) -> Path:
    """Return the folder of the only sweep below a working directory, once there is one."""
    found = until(lambda: list(folder.glob("outputs/sweeps/*/*/plan.json")), "sweep")
    return Path(found[0]).parent


def trials(sweep: Path, job: str) -> int:
    """Return how many trials of a job are on the disk."""
    path = sweep / job / "trials.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def once(sweep: Path, job: str) -> list[int]:
    """Return the iterations of a job's trials, as often as they are there."""
    return sorted(trial["iteration"] for trial in lines_of(sweep / job / "trials.jsonl"))


def rows(sweep: Path) -> list[tuple[str, ...]]:
    """Return what of a sweep's table does not depend on who ran it."""
    with (sweep / "sweep.csv").open(encoding="utf-8", newline="") as table:
        return [(row["threads"], row["outcome"], row["asr.wer"], row["asr.wer.n"]) for row in csv.DictReader(table)]


@pytest.fixture(scope="module")
def null_sweep(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Run a sweep over threads on the cluster as it is by default: each job alone on the node."""
    return harness("-m", *SLURM, *NULL, cwd=tmp_path_factory.mktemp("null"))


def test_a_sweep_on_slurm_has_the_table_that_it_has_here(null_sweep: Ran, tmp_path: Path) -> None:
    """The same rows in the same order, and a line for each job as it ends; slurm_local needs no SLURM for that."""
    assert null_sweep.status == 0, null_sweep.out + null_sweep.err
    here = harness(
        "-m", "hydra/launcher=slurm_local", *NULL, cwd=tmp_path, env={"PATH": str(Path(sys.executable).parent)}
    )
    assert here.status == 0, here.out + here.err
    assert rows(null_sweep.folder) == rows(here.folder) == [("1", "ok", "0.0", "2"), ("2", "ok", "0.0", "2")]
    assert sorted(re.findall(r"^job \d: .*$", null_sweep.out, re.MULTILINE)) == ["job 0: ended", "job 1: ended"]
    first, second = (json_of(here.folder / job / "run.json")["started_at"] for job in ("0", "1"))
    assert first < second


def test_each_job_asks_for_its_own_threads_and_the_node_for_itself(null_sweep: Ran) -> None:
    """An array for each number of CPUs; one task each, though the node has room for more."""
    facts = [job_facts(array) for array in arrays(null_sweep.folder)]
    assert [one["CPUs/Task"] for one in facts] == ["1", "2"]
    assert [one["NumTasks"] for one in facts] == ["1", "1"]
    assert {one["OverSubscribe"] for one in facts} == {"NO"}
    assert {one["TimeLimit"] for one in facts} == {"00:05:00"}
    assert [trials(null_sweep.folder, job) for job in ("0", "1")] == [2, 2]


def test_the_record_says_what_the_job_was_given(null_sweep: Ran) -> None:
    """Launcher, job, node, CPUs asked for and had, and that nobody else was let on the node."""
    for number, array in enumerate(arrays(null_sweep.folder)):
        allocation = json_of(null_sweep.folder / str(number) / "environment.json")["allocation"]
        assert (allocation["launcher"], allocation["job"], allocation["node"]) == ("slurm", array, "localhost")
        assert (allocation["asked"], allocation["exclusive"]) == (number + 1, True)
        assert len(allocation["cpus"]) >= number + 1  # of an exclusive node the job has all


def test_a_crashed_a_stopped_and_a_cancelled_job_cost_no_other_its_result(tmp_path: Path) -> None:
    """A crash is an outcome, a warned job ends after the trial in hand, and one that SLURM killed has a line."""
    fails = ["asr.fail='',segv@run@0,hang@run@1", "on_crash=stop", "timeout_s=120"]
    with sweeping(tmp_path, *SIDE_BY_SIDE, *SCRIPTED, *ENDLESS, *fails) as one:
        sweep = sweep_of(tmp_path)
        until(lambda: trials(sweep, "2") == 1, "trial of the job that hangs")
        (array,) = arrays(sweep)
        told("scancel", f"{array}_2")
        until(lambda: trials(sweep, "0") > 1, "trials of the job that is warned")
        told("scancel", "--signal=USR2", f"{array}_0")
        ran = ended(one, tmp_path)
    assert ran.status == 130, ran.out
    assert "Traceback" not in ran.out
    assert re.search(
        rf"^harness: launcher: job 2 was lost: slurm job {array}_2: CANCELLED on localhost; what it printed: ",
        ran.out,
        re.MULTILINE,
    )
    assert json_of(sweep / "0" / "summary.json")["outcomes"] == {"ok": trials(sweep, "0")}
    assert json_of(sweep / "1" / "summary.json")["outcomes"] == {"crashed": 1}
    assert trials(sweep, "2") == 1


@pytest.fixture
def other() -> Iterator[str]:
    """Return the number of a job that is nobody's of ours, and holds a CPU."""
    job = told("sbatch", "--parsable", "--output=/dev/null", "--wrap", "sleep 300").strip()
    yield job
    told("scancel", job)
    until(lambda: job_facts(job)["JobState"] == "CANCELLED", "end of the other job")


def test_the_second_ctrl_c_ends_this_sweep_alone_and_it_can_be_resumed(tmp_path: Path, other: str) -> None:
    """The first says how to go on without the command, and changes nothing; resume does what the second left."""
    with sweeping(tmp_path, *SIDE_BY_SIDE, *SCRIPTED, *BRIEF, "seed=0,1") as one:
        sweep = sweep_of(tmp_path)
        until(lambda: trials(sweep, "0") > 1, "trial")
        (array,) = arrays(sweep)
        one.send_signal(signal.SIGINT)
        before = trials(sweep, "0")
        until(lambda: trials(sweep, "0") > before + 5, "trial after the first Ctrl-C")
        one.send_signal(signal.SIGINT)
        ran = ended(one, tmp_path)
    assert ran.status == 130, ran.out
    assert f"  scancel {array}\n" in ran.out
    assert f"scancel {array}_0 {array}_1\n" in ran.out
    until(
        lambda: {job_facts(f"{array}_{one}")["JobState"] for one in (0, 1)} == {"CANCELLED"}, "end of the sweep's jobs"
    )
    assert {trial["outcome"]["kind"] for trial in lines_of(sweep / "0" / "trials.jsonl")} == {"ok"}
    assert job_facts(other)["JobState"] == "RUNNING"
    told("scancel", other)

    resumed = harness("resume", str(sweep), cwd=tmp_path)
    assert resumed.status == 0, resumed.out + resumed.err
    assert "0 of 2 jobs are done; goes on: 0; begins: 1\n" in resumed.out
    assert "SLURM has 2 jobs, not exclusive: " in resumed.out
    assert [cell["ok"] for cell in json_of(sweep / "sweep.json")["cells"]] == [True, True]
    assert [once(sweep, job) for job in ("0", "1")] == [list(range(TRIALS))] * 2
    assert [len(json_of(sweep / job / "run.json")["seams"]) for job in ("0", "1")] == [1, 0]


def kill_node() -> None:
    """End the node as power would: its daemon, the steps, and every process of theirs."""
    (daemon,) = (one for one in psutil.process_iter(["name", "cmdline"]) if _is_node(one.info))
    steps = [one for one in psutil.process_iter(["name", "environ"]) if _is_step(one.info)]
    doomed = [daemon, *(child for step in steps for child in [step, *step.children(recursive=True)])]
    for process in doomed:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


def _is_node(info: dict[str, Any]) -> bool:
    return bool(info["name"] == "slurmd" and os.environ["SLURM_CONF"] in info["cmdline"])


def _is_step(info: dict[str, Any]) -> bool:
    ours = (info["environ"] or {}).get("SLURM_CONF") == os.environ["SLURM_CONF"]
    return ours and bool(info["name"].startswith("slurmstepd"))


def test_the_job_of_a_node_that_dies_goes_on(tmp_path: Path) -> None:
    """It goes back into the queue, and on at its next trial: the dead process's hold on the folder is seen through."""
    with sweeping(tmp_path, *SIDE_BY_SIDE, *SCRIPTED, *BRIEF, "seed=0") as one:
        sweep = sweep_of(tmp_path)
        until(lambda: trials(sweep, "0") > 1, "trials")
        kill_node()
        told("scontrol", "update", "NodeName=localhost", "State=DOWN", "Reason=killed")
        subprocess.run(["slurmd", "-N", "localhost"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: "IDLE" in told("scontrol", "show", "node", "localhost"), "node")
        ran = ended(one, tmp_path)
    (job,) = arrays(sweep)
    assert job_facts(job)["Restarts"] == "1"
    assert (ran.status, "job 0: ended\n" in ran.out, "Traceback" in ran.out) == (0, True, False), ran.out
    assert once(sweep, "0") == list(range(TRIALS))
    (seam,) = json_of(sweep / "0" / "run.json")["seams"]
    legs = [trial.get("leg", 0) for trial in lines_of(sweep / "0" / "trials.jsonl")]
    assert (seam["leg"], legs) == (1, [0] * seam["kept"] + [1] * (TRIALS - seam["kept"]))


def test_a_job_that_the_cluster_refuses_is_one_line(tmp_path: Path) -> None:
    """What sbatch says stands in it, and nothing was run."""
    ran = harness("-m", *SLURM, *NULL, "hydra.launcher.partition=nowhere", cwd=tmp_path)
    assert ran.status == 2
    assert ran.err.splitlines()[-1] == (
        "harness: hydra/launcher: found a job that sbatch refuses (Batch job submission failed: Invalid partition name "
        "specified), expected one that this cluster takes"
    )
