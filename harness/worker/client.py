"""The supervisor's handle of one measured process: start it, send a command, wait asleep, end it."""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from harness.clock import Clock
from harness.errors import (
    StageFailed,
    StageRefused,
    WorkerCrashed,
    WorkerError,
    WorkerOutOfMemory,
    WorkerRubbish,
    WorkerTimeout,
)
from harness.limit import Limit
from harness.records import Phase
from harness.worker.protocol import VERSION, Message, as_text, decode, encode

_HELLO_TIMEOUT_S = 60.0
"""A bare interpreter answers in 0.1 s; a minute allows for a machine that swaps."""
_LEAVE_TIMEOUT_S = 5.0
"""How long an idle worker may take to leave before it is killed; its destructors are not measured."""
_LONGEST_POLL_MS = 86_400_000
"""poll(2) takes milliseconds as a C int; a wait of more than a day is cut into days."""
_PR_SET_PDEATHSIG = 1
"""prctl(2)."""
_TAIL_LINES = 20
_TAIL_BYTES = 8192


def _die_with_parent() -> Callable[[], object] | None:
    """Return what makes the kernel kill a child when its parent is gone, also inside an engine call; Linux only.

    Done between fork and exec, with the C library opened beforehand: the worker would pay half a MiB for ctypes.
    """
    if not sys.platform.startswith("linux"):
        return None
    return partial(ctypes.CDLL(None).prctl, _PR_SET_PDEATHSIG, signal.SIGKILL.value)


_DIE_WITH_PARENT = _die_with_parent()


def _before_exec(limit: Limit | None, cpus: Collection[int] = ()) -> Callable[[], object] | None:
    """Return what a child does before it becomes the worker: also to come under its limit, and onto its CPUs."""
    pin = partial(os.sched_setaffinity, 0, frozenset(cpus)) if cpus and hasattr(os, "sched_setaffinity") else None
    steps = [step for step in (_DIE_WITH_PARENT, pin, limit and limit.enter) if step]
    return (lambda: [step() for step in steps]) if steps else None


class Client:
    """One worker process, in a process group of its own so that Ctrl-C reaches the supervisor alone.

    ``number`` counts the workers of a run from 0; ``log`` is the file that takes what worker and engine print.
    ``limit`` is the worker's own, and is removed when the worker has ended. It runs on ``cpus`` alone, where there are
    any; what it starts does too.
    """

    def __init__(
        self, number: int, log: Path, clock: Clock, limit: Limit | None = None, cpus: Collection[int] = ()
    ) -> None:
        self.number = number
        self._limit = limit
        self._clock = clock
        self._log = log
        self._seq = 0
        self._received = b""
        self._group_lives = True
        with log.open("ab") as sink:
            self._log_start = sink.tell()
            self._spawned_ns = clock.now_ns()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "harness.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=sink,
                bufsize=0,
                process_group=0,
                preexec_fn=_before_exec(limit, cpus),
            )
        self.pid = self._process.pid
        if limit is not None:
            limit.started(self.pid)

    def hello(self) -> Phase:
        """Wait until the interpreter is up, and return the phase ``start``, which ended when it began to listen.

        However late it is asked. Raises :class:`WorkerRubbish` for another version of the messages.
        """
        answer = self.ask({"do": "hello"}, _HELLO_TIMEOUT_S)
        if answer.get("version") != VERSION:
            raise WorkerRubbish(f"messages of version {answer.get('version')}, expected {VERSION}")
        return Phase("start", self._spawned_ns, answer["ready_ns"], answer["cpu_ns"], self.number, self.pid)

    def ask(self, command: Mapping[str, Any], timeout_s: float) -> Message:
        """Send a command and sleep until its answer is here.

        Raises a :class:`harness.errors.WorkerError` for every other end: the worker died, was silent for
        ``timeout_s`` seconds, answered rubbish, or the engine raised or refused.
        """
        self._seq += 1
        try:
            self._stream("stdin").write(encode({"seq": self._seq, **command}))
        except BrokenPipeError:
            raise self._death() from None
        line = self._line(self._clock.now_ns() + round(timeout_s * 1e9), timeout_s)
        answer = self._checked(line)
        if answer["ok"]:
            return answer
        if answer.get("refused") is not None:
            raise StageRefused(str(answer["refused"]))
        error = str(answer.get("error"))
        raise self._out_of_memory(error) or StageFailed(error)

    def leave(self) -> None:
        """Let an idle worker end by itself; kill it where it does not."""
        with contextlib.suppress(BrokenPipeError, subprocess.TimeoutExpired):  # whatever it still does is ended below
            self._stream("stdin").write(encode({"seq": self._seq + 1, "do": "leave"}))
            self._process.wait(_LEAVE_TIMEOUT_S)
        self.kill()

    def kill(self) -> None:
        """End the worker and what it started, at once, and wait for its end."""
        self._end_group()
        self._process.wait()
        for name in ("stdin", "stdout"):
            self._stream(name).close()
        if self._limit is not None:
            self._limit.remove()

    def limit_peak_mib(self) -> float | None:
        """Return the most that the worker has held, as its limit counts; None where nothing counts."""
        return self._limit.peak_mib() if self._limit else None

    def log_tail(self) -> tuple[str, ...]:
        """Return the last lines that this worker and its engine printed."""
        with self._log.open("rb") as log:
            end = log.seek(0, os.SEEK_END)
            log.seek(max(self._log_start, end - _TAIL_BYTES))
            lines = log.read().decode("utf-8", "replace").splitlines()
        return tuple(lines[-_TAIL_LINES:])

    def _end_group(self) -> None:
        """Kill whatever is left of the worker's process group; once, for later its number may be another's."""
        if self._group_lives:
            self._group_lives = False
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def _stream(self, name: str) -> Any:
        return getattr(self._process, name)

    def _line(self, deadline_ns: int, timeout_s: float) -> bytes:
        descriptor = self._stream("stdout").fileno()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN | select.POLLHUP)
        while b"\n" not in self._received:
            left_ms = (deadline_ns - self._clock.now_ns()) / 1e6
            if left_ms <= 0:
                raise WorkerTimeout(f"after {timeout_s:g} s")
            if not poll.poll(min(left_ms, _LONGEST_POLL_MS)):
                continue
            piece = os.read(descriptor, 1 << 16)
            if not piece:
                raise self._death()
            self._received += piece
        line, _, self._received = self._received.partition(b"\n")
        return line

    def _checked(self, line: bytes) -> Message:
        try:
            answer = decode(line)
            if b"\\ud" in line:
                answer = as_text(answer)
        except ValueError:
            raise WorkerRubbish(f"found {line[:80]!r}, expected a message") from None
        if answer.get("seq") != self._seq or not isinstance(answer.get("ok"), bool):
            raise WorkerRubbish(f"found {line[:80]!r}, expected the answer to command {self._seq}")
        return answer

    def _death(self) -> WorkerError:
        how = self._how_it_ended()
        return self._out_of_memory(how) or WorkerCrashed(how)

    def _out_of_memory(self, ending: str) -> WorkerOutOfMemory | None:
        """Tell a worker that ran out of memory from one that failed by itself."""
        message = self._limit.out_of_memory(ending, self.log_tail()) if self._limit else None
        return WorkerOutOfMemory(message) if message else None

    def _how_it_ended(self) -> str:
        """Say how the process ended; one that closed its pipe and lives is killed first."""
        try:
            status = self._process.wait(_LEAVE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            return "closed its pipe and went on"
        self._end_group()
        if status < 0:
            names = {one.value: one.name for one in signal.Signals}
            return names.get(-status, f"signal {-status}")
        return f"exit status {status}"
