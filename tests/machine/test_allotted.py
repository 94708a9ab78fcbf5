"""Which CPUs a job is given, by what it finds."""

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.machine.allocation import Allocation
from harness.machine.allotted import Allotted, Machine
from harness.machine.slurm_job import SlurmJob

_WIDE = Machine((0, 1, 2, 3), 4)


def _allotted(tmp_path: Path, launcher: str, threads: int, machine: Machine = _WIDE) -> Allotted:
    return Allotted(launcher, threads, tmp_path / "run", lambda: machine, lambda: tmp_path)


def test_a_single_run_is_not_pinned(tmp_path: Path) -> None:
    """It may run everywhere, and only its launcher is written down."""
    with _allotted(tmp_path, "local", 2) as found:
        assert found.allocation == Allocation(launcher="local")


def test_a_process_that_is_confined_is_given_what_it_has(tmp_path: Path) -> None:
    """By taskset, or by a container's set."""
    with _allotted(tmp_path, "local", 2, Machine((1, 3), 4)) as found:
        assert found.allocation == Allocation(launcher="local", cpus=(1, 3), source="affinity")


def test_jobs_side_by_side_claim_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second has others than the first, the third finds too few and says so; all see each other."""
    monkeypatch.setattr("harness.machine.allotted.socket.gethostname", lambda: "here")
    with _allotted(tmp_path, "joblib", 3) as first, _allotted(tmp_path, "joblib", 1) as second:
        with _allotted(tmp_path, "joblib", 9) as third:
            assert (first.allocation.cpus, first.allocation.source) == ((0, 1, 2), "claimed")
            assert (second.allocation.cpus, second.allocation.asked) == ((3,), 1)
            assert (third.allocation.cpus, third.allocation.source) == ((), "shared")
            assert third.allocation.asked == 4
            assert third.problems == ["too few CPUs are free for 4: the worker is not pinned, and shares them"]
        assert len(first.look().neighbours) == 2
        assert first.allocation.node == "here"


@pytest.mark.parametrize(
    ("machine", "cpus", "source"),
    [
        (lambda job: Machine((2, 3), 4, job), (2, 3), "SLURM (bound)"),
        (lambda job: Machine((0, 1, 2, 3), 4, job), (1,), "SLURM (CPU_IDs)"),
        (lambda job: Machine((0,), 1, job), (), ""),
    ],
)
def test_slurm_names_the_cpus(
    tmp_path: Path, machine: Callable[[SlurmJob], Machine], cpus: tuple[int, ...], source: str
) -> None:
    """Those it bound the job to, else those it lists; a list for another machine names none."""
    job = SlurmJob("7", "", 1, (1,), exclusive=True, others=("SLURM job 8 of you (2 CPUs)",))
    with _allotted(tmp_path, "slurm", 1, machine(job)) as found:
        assert (found.allocation.cpus, found.allocation.source) == (cpus, source)
        assert (found.allocation.job, found.allocation.exclusive) == ("7", True)
        assert found.allocation.neighbours == ("SLURM job 8 of you (2 CPUs)",)


def test_a_folder_that_cannot_be_used_costs_no_run(tmp_path: Path) -> None:
    """The job runs, is not pinned, and says why it sees nobody."""

    def refused() -> Path:
        raise PermissionError("not yours")

    with Allotted("ray", 1, tmp_path, lambda: _WIDE, refused) as found:
        assert found.problems == ["other jobs on this machine are not seen (not yours)"]
        assert found.allocation.source == "shared"
