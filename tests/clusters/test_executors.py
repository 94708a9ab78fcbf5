from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from submitit.core.utils import FailedJobError, JobPaths

from harness.clusters import executors
from harness.clusters.asking import asked
from harness.clusters.executors import LocalProcesses
from harness.clusters.remote_job import scheduler_id
from harness.errors import ConfigError


def local(
    folder: Path, monkeypatch: pytest.MonkeyPatch, cpus: list[int], **keys: Any
) -> tuple[LocalProcesses, list[Any]]:
    """Return local jobs that ask for so many of four CPUs, and submitit's jobs in the order in which they began."""
    begun: list[Any] = []

    def begin(self: LocalProcesses, call: executors.Call) -> Any:
        begun.append(SimpleNamespace(job_id=f"pid{call[1]}", state="RUNNING", paths=JobPaths(folder, f"pid{call[1]}")))
        return begun[-1]

    monkeypatch.setattr(LocalProcesses, "_begun", begin)
    monkeypatch.setattr(executors, "usable_cores", lambda: 4)
    calls: list[executors.Call] = [([], number, None) for number in range(len(cpus))]
    made = asked({"submitit_folder": str(folder), **keys})
    return LocalProcesses(made, folder, None, calls, cpus, lambda line: None), begun  # type: ignore[arg-type]


def ids(begun: list[Any]) -> list[str]:
    """Return what began, in its order."""
    return [job.job_id for job in begun]


def test_one_job_at_a_time_has_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next begins when the process of the one before it is gone."""
    jobs, begun = local(tmp_path, monkeypatch, [1, 1])
    jobs.turn()
    assert ids(begun) == ["pid0"]
    begun[0].state = "FINISHED"
    jobs.turn()
    assert ids(begun) == ["pid0", "pid1"]
    assert [jobs.places(["0", "1"])[one].state for one in ("0", "1")] == ["ENDED", "RUNNING"]


def test_jobs_side_by_side_keep_their_order_and_the_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of two CPUs fill four; a job that asks for eight waits until it is alone, and those behind it wait too."""
    jobs, begun = local(tmp_path, monkeypatch, [2, 2, 8, 1], exclusive=False)
    assert ids(begun) == ["pid0", "pid1"]
    begun[0].state = "INTERRUPTED"
    jobs.turn()
    assert ids(begun) == ["pid0", "pid1"]
    begun[1].state = "FINISHED"
    jobs.turn()
    assert ids(begun) == ["pid0", "pid1", "pid2"]
    assert {one: place.state for one, place in jobs.places(["0", "1", "2", "3"]).items()} == {
        "0": "KILLED",
        "1": "ENDED",
        "2": "RUNNING",
        "3": "PENDING",
    }


def test_after_ctrl_c_no_other_job_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for room is over."""
    jobs, begun = local(tmp_path, monkeypatch, [1, 1])
    jobs.wished(jobs.jobs, 1)
    begun[0].state = "FINISHED"
    jobs.turn()
    assert ids(begun) == ["pid0"]
    assert jobs.places(["1"])["1"].state == "CANCELLED"


def test_the_last_group_that_is_refused_takes_back_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a sweep in the queue is of no use; the line has what sbatch said."""

    class Refusing:
        """An executor that takes jobs of one CPU only."""

        def __init__(self, cpus: int) -> None:
            self.cpus = cpus

        def map_array(self, task: object, *columns: object) -> list[Any]:
            """Submit, or say what sbatch says."""
            if self.cpus > 1:
                raise FailedJobError("sbatch: error: CPU count\nsbatch: error: Batch job submission failed: too many")
            return [SimpleNamespace(job_id="7_0"), SimpleNamespace(job_id="7_1")]

    ended: list[str] = []
    monkeypatch.setattr(executors, "_slurm_executor", lambda keys, cpus: Refusing(cpus))
    monkeypatch.setattr("harness.clusters.slurm_queue.cancel", ended.extend)
    calls: list[executors.Call] = [([], number, None) for number in range(3)]
    made = asked({"submitit_folder": str(tmp_path)})
    with pytest.raises(ConfigError) as caught:
        executors.SlurmArrays(made, tmp_path, None, calls, [1, 2, 1], ended.append)  # type: ignore[arg-type]
    assert ended == ["7"]
    assert str(caught.value) == (
        "hydra/launcher: found a job that sbatch refuses (Batch job submission failed: too many), "
        "expected one that this cluster takes"
    )


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({"SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "0", "SLURM_JOB_ID": "8"}, "7_0"),
        ({"SLURM_JOB_ID": "8"}, "8"),
        ({"SUBMITIT_LOCAL_JOB_ID": "4711"}, "4711"),
    ],
)
def test_a_job_is_called_what_its_scheduler_calls_it(
    environment: dict[str, str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An element of an array by its array's number."""
    for variable in ("SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_JOB_ID", "SUBMITIT_LOCAL_JOB_ID"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    assert scheduler_id() == name
