"""Jobs of a sweep in processes of joblib's; imported only where they are launched, and no plugin that Hydra scans."""

import ctypes
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psutil
from hydra.core.utils import JobReturn, JobStatus
from hydra.types import HydraContext, TaskFunction
from hydra_plugins.hydra_joblib_launcher._core import execute_job
from joblib import Parallel, delayed
from joblib.externals.loky.process_executor import BrokenProcessPool
from omegaconf import DictConfig

from harness import store
from harness.sweeping.passed_on import PassedOn
from harness.sweeping.requests import Request, lost, thread_variables

_PR_SET_PDEATHSIG = 1
"""prctl(2)."""
_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Jobs:
    """What a process is given to run any job of a sweep; ``head`` is the process of the sweep."""

    config: DictConfig
    context: HydraContext
    task: TaskFunction
    singletons: Any
    head: int


def run_side_by_side(
    requests: Sequence[Request], at_a_time: int, jobs: Jobs, options: Mapping[str, Any]
) -> list[JobReturn]:
    """Run jobs, so many at a time, and return what became of each. A signal is passed on to those that run.

    joblib ends all its processes when one of them dies: those jobs are lost, and the others are begun anew. Raises
    KeyboardInterrupt where a signal came.
    """
    done: dict[int, JobReturn] = {}
    with PassedOn(_tell_children) as stop:
        left = list(requests)
        while left and stop.by is None:
            _round(left, at_a_time, jobs, options, stop, done)
            left = [request for request in left if request.number not in done]
    if stop.by is not None:
        raise KeyboardInterrupt
    return [done[request.number] for request in requests]


def _round(
    left: Sequence[Request],
    at_a_time: int,
    jobs: Jobs,
    options: Mapping[str, Any],
    stop: PassedOn,
    done: dict[int, JobReturn],
) -> None:
    """Run what is left until it is done or a process dies."""
    handed: list[Request] = []
    variables = thread_variables(os.environ)

    def wanted() -> Iterator[Any]:
        for request in left:
            if stop.by is not None:
                return
            handed.append(request)
            yield delayed(_in_process)(request.number, request.overrides, jobs, variables)

    settings = {**options, "n_jobs": at_a_time, "backend": "loky", "batch_size": 1, "pre_dispatch": at_a_time}
    try:
        for number, returned in Parallel(**settings, return_as="generator_unordered")(wanted()):
            done[number] = returned  # noqa: PERF403, what came before a process died is kept
    except BrokenProcessPool:
        gone = [request for request in handed if request.number not in done]
        begun = [request for request in gone if (request.folder / store.RUN).exists()] or gone
        done.update({one.number: lost(one, "its process, or one beside it, was killed") for one in begun})


def _in_process(
    number: int, overrides: Sequence[str], jobs: Jobs, variables: Mapping[str, str | None]
) -> tuple[int, JobReturn]:
    if os.getpid() != jobs.head:  # joblib runs one job at a time where it was called
        _settle(jobs.head)
        restore(variables)
    try:
        context, config = jobs.context, jobs.config
        returned = execute_job(number, list(overrides), context, config, jobs.task, jobs.singletons)
    except KeyboardInterrupt:
        returned = JobReturn(overrides=list(overrides), status=JobStatus.COMPLETED)
        returned.return_value = _INTERRUPTED
    return number, returned


def restore(variables: Mapping[str, str | None]) -> None:
    """Let an engine inherit of threads what it inherits where the sweep was begun."""
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _settle(head: int) -> None:
    """Hear of signals from the sweep alone, not from the terminal as well: the second one ends a run at once.

    And end the trial in hand, as for any signal, where the sweep itself was killed.
    """
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # between two jobs; a job hears it
        if sys.platform.startswith("linux"):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM.value)
    if os.getppid() != head:
        sys.exit("the sweep has gone")


def _tell_children() -> None:
    for child in psutil.Process().children():
        try:
            child.send_signal(signal.SIGINT)
        except psutil.Error:
            continue  # it has ended
