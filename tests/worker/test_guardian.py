import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.whole.command import carrying, surroundings

STARTER = """
import sys
from pathlib import Path
from harness.clock import SystemClock
from harness.worker.client import Client
clients = [Client(number, Path("engine.log"), SystemClock()) for number in range(2)]
for client in clients:
    client.hello()
clients[1].kill()
print("ready", flush=True)
prepare = {"do": "prepare", "stage": "asr", "module": "tests.worker.test_guardian", "class": "Starting", "options": {}}
clients[0].ask(prepare, 600)
"""
BOUND_S = 30.0


class Starting:
    """An engine that starts a program of its own and never comes back from a call into native code."""

    class Options:
        """None."""

    def __init__(self, options: object) -> None:
        """Take none."""

    def prepare(self) -> None:
        """Start a child, and wait for a lock that nobody gives back, with the interpreter held."""
        import ctypes

        subprocess.Popen(["/bin/sleep", "600"])
        Path("started").touch()
        ctypes.PyDLL(None).pause()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are found in /proc")
def test_a_killed_supervisor_leaves_neither_its_worker_nor_what_that_has_started(tmp_path: Path) -> None:
    """With SIGKILL, while the worker is inside a native call that does not return and holds the interpreter."""
    marker = f"GUARDED={tmp_path}"
    name, _, value = marker.partition("=")
    command = [sys.executable, "-c", STARTER]
    supervisor = subprocess.Popen(command, cwd=tmp_path, env=surroundings({name: value}))
    try:
        end = time.monotonic() + BOUND_S
        while not (tmp_path / "started").exists() and time.monotonic() < end:
            time.sleep(0.02)
        assert len(carrying(marker)) == 3  # supervisor, worker, the engine's own child
    finally:
        os.kill(supervisor.pid, signal.SIGKILL)
        supervisor.wait()
    end = time.monotonic() + BOUND_S
    while carrying(marker) and time.monotonic() < end:
        time.sleep(0.02)
    left = carrying(marker)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert left == []
