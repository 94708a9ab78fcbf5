"""What a launcher asks of a scheduler for each job of a sweep, and what it hands back for one that was lost.

Hydra's launchers take their resources once for a whole sweep; ours ask for each job by its own configuration.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from hydra.core.config_loader import ConfigLoader
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from harness.errors import ConfigError, HarnessError

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
"""What Ray and loky set in their processes, and an engine would inherit: half the threads that it has elsewhere."""
NO_TIMES = "times, TTFT and RTF are those of a shared machine; memory and WER stay valid"


class JobLost(HarnessError):
    """A job's process or node is gone, and with it the answer; what its folder holds is kept. The message names it."""


@dataclass(frozen=True, slots=True)
class Request:
    """One job as it is handed to a scheduler.

    ``number`` counts the jobs of the sweep from 0. ``config`` is composed, Hydra's own part and the job's number
    included. ``cpus`` is how many CPUs are asked for: its ``threads``, 1 where that is no whole number, of which the
    job itself will say what is wrong. ``folder`` is where its run will be.
    """

    number: int
    overrides: tuple[str, ...]
    config: DictConfig
    cpus: int
    folder: Path


def requests_of(
    loader: ConfigLoader, config: DictConfig, jobs: Sequence[Sequence[str]], first_number: int
) -> list[Request]:
    """Compose the jobs of a batch, the first of which is the ``first_number``-th of its sweep."""
    return [_request(loader, config, job, number) for number, job in enumerate(jobs, first_number)]


def _request(loader: ConfigLoader, config: DictConfig, overrides: Sequence[str], number: int) -> Request:
    composed = loader.load_sweep_config(config, list(overrides))
    with open_dict(composed):
        composed.hydra.job.id = composed.hydra.job.num = number
    sweep = composed.hydra.sweep
    folder = Path(str(sweep.dir)) / str(sweep.subdir)
    return Request(number, tuple(overrides), composed, threads_of(composed), folder)


def threads_of(config: DictConfig) -> int:
    """Return the ``threads`` of a composed configuration; 1 where that is not a whole number of at least 1."""
    try:
        threads = OmegaConf.select(config, "threads")
    except OmegaConfBaseException:
        return 1
    whole = isinstance(threads, int) and not isinstance(threads, bool)
    return threads if whole and threads >= 1 else 1


def launcher_of_job() -> str:
    """Return the name of the launcher of the sweep whose job runs in this process; ``local`` for a single run."""
    if not HydraConfig.initialized():
        return "local"
    hydra = HydraConfig.get()
    if OmegaConf.is_missing(hydra.job, "num"):
        return "local"
    return str(hydra.runtime.choices.get("hydra/launcher") or "local")


def require(launcher: str, module: str, extra: str) -> None:
    """Raise :class:`ConfigError` where the package behind a launcher is not installed."""
    if find_spec(module) is None:
        raise ConfigError(
            "hydra/launcher", f"'{launcher}' without its packages", f"pip install 'asr-align-harness[{extra}]'"
        )


def lost(request: Request, why: str) -> JobReturn:
    """Return what a launcher hands back for a job that ended without an answer: it failed, and its name says which."""
    return lost_job(request.overrides, request.folder.name, why)


def lost_job(overrides: Sequence[str], name: str, why: str) -> JobReturn:
    """Return a job that failed, of that name, whose value raises :class:`JobLost` where it is asked for."""
    job = JobReturn(overrides=list(overrides), status=JobStatus.FAILED)
    job.return_value = JobLost(f"job {name} was lost: {why}")
    return job


def shared_line(jobs_at_a_time: int, where: str = "this machine") -> str:
    """Return what a parallel launch does to the figures, which is said before it begins; empty for one at a time."""
    return "" if jobs_at_a_time < 2 else f"note: {jobs_at_a_time} jobs at a time on {where}: {NO_TIMES}"


def thread_variables(environment: Mapping[str, str]) -> dict[str, str | None]:
    """Return what an environment sets of threads, None for what it does not: a job gets the same, wherever it runs."""
    return {name: environment.get(name) for name in THREAD_VARIABLES}
