"""Which CPUs a job had, who gave them, and who else was on the machine meanwhile."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """The CPUs of one job.

    ``launcher`` is its name in ``conf/hydra/launcher`` (``local``, ``joblib``, ``ray``, ``slurm``, ``slurm_local``),
    ``job`` what the scheduler calls the job and ``node`` the machine it gave; empty where there is none. ``asked`` is
    how many CPUs were asked for, None where nobody asked. ``cpus`` are the numbers of those that the workers are
    pinned to, empty where they are not pinned, and ``source`` says who named them. ``exclusive`` tells whether the
    scheduler keeps others off the machine, None where that is not known. ``neighbours`` has a line for each other job
    that was seen on the machine while this one ran.
    """

    launcher: str = ""
    job: str = ""
    node: str = ""
    asked: int | None = None
    cpus: tuple[int, ...] = ()
    source: str = ""
    exclusive: bool | None = None
    neighbours: tuple[str, ...] = ()
