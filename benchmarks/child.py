"""The processes that benchmarks start: a worker by itself, or any Python program that answers line by line.

Each ends with its ``with`` block, whatever happened in it, and no wait is without a limit.
"""

import os
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from benchmarks.results import Unmeasurable
from benchmarks.setting import ROOT
from harness.clock import SystemClock
from harness.worker.client import Client

ANSWER_TIMEOUT_S = 120.0
"""For one answer: the slowest is one ASR iteration, of about 5 s on one core."""


@contextmanager
def worker(folder: Path, number: int = 0) -> Iterator[Client]:
    """Yield a worker that has said hello and done nothing else."""
    client = Client(number, folder / "engine.log", SystemClock())
    try:
        client.hello()
        yield client
    finally:
        client.kill()


class Child:
    """A Python program that is asked by lines and answers by lines. ``arguments`` follow the interpreter's name."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._name = " ".join(arguments)
        self._received = b""
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=ROOT,
            process_group=0,
        )
        self.pid = self._process.pid

    def __enter__(self) -> "Child":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def ask(self, line: bytes) -> bytes:
        """Send a line, and sleep until one has come back. Raises :class:`Unmeasurable` where none does."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + b"\n")
        except BrokenPipeError:
            raise Unmeasurable(f"{self._name}: it ended too early") from None
        return self.line()

    def line(self) -> bytes:
        """Sleep until a line has come. Raises :class:`Unmeasurable` where none does."""
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN | select.POLLHUP)
        while b"\n" not in self._received:
            if not poll.poll(ANSWER_TIMEOUT_S * 1e3):
                raise Unmeasurable(f"{self._name}: silent for {ANSWER_TIMEOUT_S:g} s")
            piece = os.read(descriptor, 1 << 16)
            if not piece:
                raise Unmeasurable(f"{self._name}: it ended too early")
            self._received += piece
        line, _, self._received = self._received.partition(b"\n")
        return line
