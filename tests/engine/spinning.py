"""A stage that really works on as many threads as it is told, with a buffer of known size for each.

Loaded by ``plugins=[tests.engine.spinning]`` with ``--config-dir tests/engine/conf``, as ``asr=spinning``. Hashing a
large buffer lets go of the interpreter's lock, so that two threads on two cores take about half of the time of one.
"""

import hashlib
import mmap
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from queue import SimpleQueue

from harness.stage import Emit, Request, Result, Stage, hookimpl

_BLOCKS = 120
"""Divides evenly among 1, 2, 3, 4, 5, 6, 8, 10 and 12 threads."""


class Spinning(Stage):
    """Hashes ``hash_mib`` of zeros, the blocks spread over a pool that lives from load to unload."""

    role = "asr"
    name = "spinning"
    streams = "nothing"

    @dataclass(frozen=True)
    class Options:
        """``buffer_mib`` is what each thread holds."""

        threads: int = 1
        hash_mib: float = 12.0
        buffer_mib: float = 4.0
        text: str = "and so my fellow americans"

    def load(self) -> None:
        """Start the pool; every thread fills its buffer before the load is over."""
        self._orders: SimpleQueue[int] = SimpleQueue()
        self._done: SimpleQueue[str] = SimpleQueue()
        self._pool = [threading.Thread(target=self._work) for _ in range(self.options.threads)]
        for thread in self._pool:
            thread.start()
        for _ in self._pool:
            self._done.get()

    def run(self, request: Request, emit: Emit) -> Result:
        """Hand out the blocks and wait for all of them."""
        for _ in range(_BLOCKS):
            self._orders.put(round(self.options.hash_mib * 2**20 / _BLOCKS))
        for _ in range(_BLOCKS):
            self._done.get()
        return Result(text=self.options.text)

    def unload(self) -> None:
        """Send every thread home."""
        for _ in self._pool:
            self._orders.put(0)
        for thread in self._pool:
            thread.join()

    def _work(self) -> None:
        with mmap.mmap(
            -1, round(self.options.buffer_mib * 2**20)
        ) as buffer:  # not of the heap, which keeps what it likes
            for offset in range(0, len(buffer), mmap.PAGESIZE):
                buffer[offset] = 1
            self._done.put("ready")
            while size := self._orders.get():
                with memoryview(buffer) as whole, whole[:size] as part:
                    self._done.put(hashlib.sha256(part).hexdigest())


@hookimpl
def harness_stages() -> Sequence[type[Stage]]:
    """Say which stages this file holds."""
    return [Spinning]
