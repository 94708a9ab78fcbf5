"""Jobs of a sweep as tasks of Ray's; imported only where they are launched, and no plugin that Hydra scans."""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

_SURROUNDINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_COLOR_PREFIX": "0",
    "RAY_raylet_start_wait_time_s": "120",  # of the raylet alone: Ray 2.60's Python side waits 30 s whatever is set
    "RAY_DEDUP_LOGS": "0",  # two jobs may well print the same line
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # it would hide the GPUs from a task that asks for none
    "RAY_memory_monitor_refresh_ms": "0",  # it would kill a job for the memory that the job is there to measure
}
"""Ray reads them when it is imported and when it starts a cluster; what the user has set stays."""
for _name, _value in _SURROUNDINGS.items():
    os.environ.setdefault(_name, _value)

import ray  # noqa: E402, behind what it reads
from hydra.core.utils import JobReturn, JobStatus  # noqa: E402
from hydra.types import HydraContext, TaskFunction  # noqa: E402
from hydra_plugins.hydra_ray_launcher._launcher_util import _run_job  # noqa: E402

from harness.errors import ConfigError  # noqa: E402
from harness.stopping import Stop  # noqa: E402
from harness.sweeping.requests import Request, lost, shared_line, thread_variables  # noqa: E402

_LOCAL = {
    "include_dashboard": False,
    "_node_ip_address": "127.0.0.1",
    "object_store_memory": 80 * 2**20,  # a job's answer is a few KiB
}
"""What a cluster of our own is started with: nothing of it can be reached from another machine."""
_LOOK_S = 0.5
"""How often a signal is looked for while jobs run."""
_INTERRUPTED = 130


def run_on_ray(
    requests: Sequence[Request],
    init: Mapping[str, Any],
    max_retries: int,
    context: HydraContext,
    task: TaskFunction,
    singletons: Any,
) -> list[JobReturn]:
    """Run jobs and return what became of each: one whose worker and node are gone has failed, and the others have not.

    Raises KeyboardInterrupt where a signal came, after the jobs have ended their trials in hand, and
    :class:`harness.errors.ConfigError` where there is no cluster.
    """
    started = _connected(init)
    try:
        with Stop() as stop:
            counts = cpus_of_nodes()
            for line in _warnings(requests, counts):
                print(line, flush=True)
            remote = ray.remote(_on_node)
            most = max(counts, default=1)
            variables, directory = thread_variables(os.environ), str(Path.cwd())
            waiting = {
                remote.options(
                    num_cpus=min(request.cpus, most), max_retries=max_retries, name=f"job {request.folder.name}"
                ).remote(directory, variables, context, request.config, task, singletons): request
                for request in requests
            }
            done = _collected(waiting, stop)
        if stop.by is not None:
            raise KeyboardInterrupt
        return [done[request.number] for request in requests]
    finally:
        if started:
            ray.shutdown()


def _connected(init: Mapping[str, Any]) -> bool:
    """Start or join a cluster, and return whether it was done here."""
    if ray.is_initialized():
        return False
    address = init.get("address")
    defaults: Mapping[str, Any] = _LOCAL if address in ("local", None) else {}
    settings = {"logging_level": "WARNING", **defaults, **init, "address": address or "local"}
    try:
        ray.init(**settings)
    except Exception as error:  # Ray raises a bare one for a node that does not come up
        ray.shutdown()
        why = str(error).strip().partition("\n")[0]
        raise ConfigError(
            "hydra.launcher.ray.init", f"{dict(init)} ({why})", "what ray.init takes; address=HOST:PORT of a cluster"
        ) from None
    return True


def cpus_of_nodes() -> list[int]:
    """Return how many CPUs each living node of the cluster has."""
    nodes: Any = ray.nodes  # it has no types
    return [int(node["Resources"].get("CPU", 0)) for node in nodes() if node["Alive"]]


def _warnings(requests: Sequence[Request], counts: Sequence[int]) -> list[str]:
    """Say what is asked that no node has, and how many jobs will share one."""
    most = max(counts, default=1)
    lines = [
        f"warning: threads={threads}: no node has more than {most} CPUs, so {most} are asked for"
        for threads in sorted({request.cpus for request in requests})
        if threads > most
    ]
    least = min(min(request.cpus, most) for request in requests)
    beside = min(len(requests), max(1, most // max(1, least)))
    where = "this machine" if len(counts) < 2 else "a node"
    shared = shared_line(beside, where)
    return [*lines, f"{shared[:6]}up to {shared[6:]}"] if shared else lines


def _collected(waiting: dict[Any, Request], stop: Stop) -> dict[int, JobReturn]:
    """Wait for each job; a first signal asks those that run to end, a second one ends them."""
    done: dict[int, JobReturn] = {}
    asked = False
    try:
        while waiting:
            ready, _ = ray.wait(list(waiting), num_returns=1, timeout=_LOOK_S)
            for reference in ready:
                request = waiting.pop(reference)
                done[request.number] = _result(reference, request)
            if stop.by is not None and not asked:
                asked = True
                _cancel(waiting, force=False)
    except KeyboardInterrupt:
        _cancel(waiting, force=True)
        raise
    return done


def _result(reference: Any, request: Request) -> JobReturn:
    try:
        returned: JobReturn = ray.get(reference)
    except (ray.exceptions.TaskCancelledError, KeyboardInterrupt):
        returned = JobReturn(overrides=list(request.overrides), status=JobStatus.COMPLETED)
        returned.return_value = _INTERRUPTED
    except ray.exceptions.RayError as error:
        return lost(request, _why(error))
    return returned


def _why(error: Exception) -> str:
    """Return the first sentence of what Ray says, which goes on for many lines."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text.partition('. ')[0]}"[:300]


def _cancel(waiting: Mapping[Any, Request], *, force: bool) -> None:
    for reference in waiting:
        with suppress(ray.exceptions.RayError, ValueError):  # it has ended meanwhile
            ray.cancel(reference, force=force)


def _on_node(
    directory: str,
    variables: Mapping[str, str | None],
    context: HydraContext,
    config: Any,
    task: TaskFunction,
    singletons: Any,
) -> JobReturn:
    """Run a job where Ray has put it, in the sweep's working directory: its paths count from there."""
    os.chdir(directory)
    if directory not in sys.path:
        sys.path.insert(0, directory)
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    return _run_job(context, config, task, singletons)
