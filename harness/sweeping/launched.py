"""What a launcher made of the jobs that it was handed: each one's status, or one line for each way to lose a job."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hydra._internal.core_plugins.basic_launcher import BasicLauncher
from hydra.core.utils import JobReturn, JobStatus
from hydra.errors import HydraException
from hydra.plugins.launcher import Launcher
from omegaconf.errors import OmegaConfBaseException

from harness.errors import UserError
from harness.printable import printable
from harness.sweeping.requests import JobLost

INTERRUPTED = 130
_CLUSTERS = frozenset({"concurrent", "joblib", "loky", "ray", "submitit"})
"""The packages whose exceptions speak of processes, hosts and schedulers, and not of a job's own work."""
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Launched:
    """What became of a sweep's jobs.

    ``interrupted``: one of them was asked to stop. ``lost`` has a line for each cause for which the launcher lost jobs,
    and ``gone`` says that it could not go on. ``returned`` is what it gave back, batch by batch.
    """

    interrupted: bool = False
    lost: tuple[str, ...] = ()
    gone: bool = False
    returned: tuple[Sequence[JobReturn], ...] = field(default=(), compare=False)


class Swept(list[Sequence[JobReturn]]):
    """What Hydra expects of a sweeper, the jobs' returns batch by batch; ``became`` says what became of the jobs."""

    def __init__(self, became: Launched) -> None:
        super().__init__(became.returned)
        self.became = became


def launched(launcher: Launcher, jobs: Sequence[Sequence[str]], first: int) -> Launched:
    """Hand a batch of jobs to a launcher, and return what became of them.

    Its own exceptions are causes, as are those that it returns for a job. What a job raises otherwise is raised again:
    it is a defect of ours. So are KeyboardInterrupt, the user's errors, and Hydra's.
    """
    try:
        results = launcher.launch(jobs, initial_job_idx=first)
    except (UserError, HydraException, OmegaConfBaseException):
        raise
    except Exception as error:
        if isinstance(launcher, BasicLauncher) and not _is_lost(error):
            raise
        return Launched(lost=(_line(error),), gone=True)
    interrupted, lost = False, []
    for result in results:
        raised = result._return_value
        if result.status is JobStatus.FAILED and isinstance(raised, Exception) and _is_lost(raised):
            lost.append(_line(raised))
        else:
            interrupted |= result.return_value == INTERRUPTED
    return Launched(interrupted, tuple(lost), returned=(results,))


def joined(batches: Sequence[Launched]) -> Launched:
    """Return several batches as one; the same cause is said once, with how many jobs it cost."""
    causes: dict[str, int] = {}
    for line in (line for batch in batches for line in batch.lost):
        causes[line] = causes.get(line, 0) + 1
    return Launched(
        any(batch.interrupted for batch in batches),
        tuple(f"{line} ({count} jobs)" if count > 1 else line for line, count in causes.items()),
        any(batch.gone for batch in batches),
        tuple(results for batch in batches for results in batch.returned),
    )


def _is_lost(error: BaseException) -> bool:
    """Tell an exception of a launcher's own."""
    return isinstance(error, JobLost) or any(
        kind.__module__.partition(".")[0] in _CLUSTERS for kind in type(error).__mro__
    )


def _line(error: BaseException) -> str:
    first = next((line.strip() for line in str(error).splitlines() if line.strip()), "")[:_LONGEST]
    named = first if isinstance(error, JobLost) else f"{type(error).__name__}: {first}"
    return printable(named if first else type(error).__name__)
