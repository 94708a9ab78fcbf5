"""What SLURM says of a job, on answers as it prints them."""

from collections.abc import Sequence

from harness.machine.slurm_job import SlurmJob, slurm_job

_SHOWN = """JobId=17 JobName=sweep
   UserId=me(1000) GroupId=me(1000) MCS_label=N/A
   NumNodes=1 NumCPUs=4 NumTasks=1 CPUs/Task=4 ReqB:S:C:T=0:0:*:*
   JOB_GRES=(null)
     Nodes=node3 CPU_IDs=0-1,6-7 Mem=0 GRES=
   OverSubscribe={sharing} Contiguous=0 Licenses=(null) Network=(null)
"""
_INSIDE = {"SLURM_JOB_ID": "17", "SLURMD_NODENAME": "node3", "SLURM_CPUS_PER_TASK": "4"}


def _answers(sharing: str) -> dict[str, str]:
    return {"scontrol": _SHOWN.format(sharing=sharing), "squeue": "17 me 4\n18 you 2\n"}


def test_a_job_has_its_cpus_and_its_neighbours() -> None:
    """CPU_IDs are read from the details, and squeue's other jobs are the neighbours."""
    asked: list[str] = []

    def ask(command: Sequence[str]) -> str:
        asked.append(" ".join(command))
        return _answers("OK")[command[0]]

    assert slurm_job(_INSIDE, ask) == SlurmJob(
        "17", "node3", 4, (0, 1, 6, 7), exclusive=False, others=("SLURM job 18 of you (2 CPUs)",)
    )
    assert asked == [
        "scontrol --details show job 17",
        "squeue --noheader --states=running --nodelist=node3 --format=%A %u %C",
    ]


def test_a_node_of_its_own_is_exclusive() -> None:
    """SLURM writes OverSubscribe=NO for a job that was given whole nodes."""
    found = slurm_job(_INSIDE, lambda command: _answers("NO")[command[0]])

    assert found is not None
    assert found.exclusive is True


def test_silence_is_no_allocation() -> None:
    """Where the commands say nothing, the job is known by its number alone; outside SLURM there is none."""
    assert slurm_job({"SLURM_JOB_ID": "17"}, lambda command: "") == SlurmJob("17", "", None)
    assert slurm_job({}, lambda command: "") is None
