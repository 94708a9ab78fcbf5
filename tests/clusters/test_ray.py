"""A sweep on a real Ray cluster: two nodes as two processes on this machine, with jobs and a node that are killed."""

import contextlib
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.whole.command import SCRIPTED, Ran, harness, surroundings

pytestmark = pytest.mark.xdist_group("ray")
_START_S, _SWEEP_S, _END_S = 90.0, 150.0, 20.0
"""For what hangs; nothing is judged by them."""
_SURROUNDINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_memory_monitor_refresh_ms": "0",
    "RAY_COLOR_PREFIX": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # else Ray takes this machine's outer address for 127.0.0.1
}


@dataclass(frozen=True)
class Cluster:
    """Two nodes of a CPU each: the program that holds them, and the process of the second one that starts workers."""

    program: subprocess.Popen[str]
    address: str
    raylet: int

    def kill_second(self) -> None:
        """End all processes of the second node at once, as a loss of power does."""
        assert self.program.stdin is not None
        self.program.stdin.write("kill\n")
        self.program.stdin.flush()


def _until(holds: Callable[[], object], what: str, limit_s: float) -> None:
    until = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < until, f"{what} within {limit_s:g} s"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Start both nodes, and end whatever is left of them."""
    program = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("two_nodes.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=surroundings(_SURROUNDINGS),
    )
    limit = threading.Timer(_START_S, program.kill)  # a read that waits cannot be bounded otherwise
    limit.start()
    assert program.stdin is not None
    assert program.stdout is not None
    try:
        said = next((line.split() for line in program.stdout if line.startswith("ready ")), [])
        limit.cancel()
        assert said, f"the cluster is up within {_START_S:g} s"
        yield Cluster(program, said[1], int(said[2]))
    finally:
        limit.cancel()
        processes = psutil.Process(program.pid).children(recursive=True)
        program.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(_END_S)
        program.kill()
        program.stdout.close()
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        program.wait(_END_S)


def _swept(cluster: Cluster, folder: Path, *overrides: str) -> Ran:
    launcher = ("hydra/launcher=ray", f"hydra.launcher.ray.init.address={cluster.address}", "outputs=out")
    arguments = ("-m", *SCRIPTED, "order=[asr]", "threads=1", "sample_hz=0", *launcher, *overrides)
    return harness(*arguments, cwd=folder, env=_SURROUNDINGS, timeout_s=_SWEEP_S)


def _supervisor_of(job: str, folder: Path) -> psutil.Process | None:
    """Return the process of Ray's that runs the worker of a job, once the worker is there."""
    for process in psutil.process_iter(["cmdline"]):
        if process.info["cmdline"] and process.info["cmdline"][-1] == "harness.worker":
            with contextlib.suppress(psutil.Error, OSError):
                log = Path(f"/proc/{process.pid}/fd/2").readlink()
                if log.is_relative_to(folder) and log.parent.name == job:
                    return process.parent()
    return None


def test_crash_lost_supervisor_and_lost_node(cluster: Cluster, tmp_path: Path) -> None:
    """A crash is an outcome, a killed supervisor and node cost at most their own jobs, and nothing hangs."""
    ended: list[str] = []

    def strike() -> None:
        """Kill the supervisor of the first hanging job, then the node of the second job that is seen on it."""
        _until(lambda: _supervisor_of("1", tmp_path), "job 1 runs", _SWEEP_S)
        victim = _supervisor_of("1", tmp_path)
        assert victim is not None
        victim.send_signal(signal.SIGKILL)
        ended.append("supervisor")
        _until(lambda: _on_second_node(cluster, tmp_path), "a job runs on the second node", _SWEEP_S)
        cluster.kill_second()
        ended.append("node")

    striker = threading.Thread(target=strike, daemon=True)
    striker.start()
    choices = "asr.fail=segv@run@1,'',refuse@run@2"
    ran = _swept(cluster, tmp_path, choices, "asr.ttft_ms=1500", "iterations=3", "hydra.launcher.ray.max_retries=1")
    striker.join(_END_S)

    assert ended == ["supervisor", "node"]
    assert "Traceback" not in ran.err
    assert (ran.folder / "sweep.md").exists()
    assert {path.name for path in ran.folder.iterdir() if path.is_dir()} >= {"0", "1", "2"}
    assert ran.status == 1
    for job in ("0", "1", "2"):
        assert re.search(rf"^{job}\b", ran.out, re.MULTILINE), f"job {job} has no row in:\n{ran.out}"


def _on_second_node(cluster: Cluster, folder: Path) -> bool:
    below = {one.pid for one in psutil.Process(cluster.raylet).children(recursive=True)}
    supervisors = [_supervisor_of(job, folder) for job in ("0", "1", "2")]
    return any(one is not None and one.pid in below for one in supervisors)
