"""CPUs that jobs on one machine have claimed from each other: a locked file for each, freed with its owner's process.

A scheduler that counts CPUs (Ray, joblib) names none; without claims the kernel would move two jobs over each other.
"""

import contextlib
import os
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from harness.machine.private_folder import alone, locked, open_private
from harness.machine.topology import chosen, cores_of


class CpuClaims:
    """The CPUs that one job has claimed; :meth:`release` gives them back."""

    def __init__(self, folder: Path, cores: Callable[[Collection[int]], Sequence[Collection[int]]] = cores_of) -> None:
        """Claim in a folder that is the user's alone, of CPUs that share ``cores``."""
        self.cpus: tuple[int, ...] = ()
        self._folder = folder
        self._cores = cores
        self._held: dict[int, int] = {}

    def claim(self, candidates: Collection[int], wanted: int) -> tuple[int, ...]:
        """Claim ``wanted`` CPUs that no other job has, none where too few are free. Raises OSError."""
        with alone(self._folder):
            free: dict[int, int] = {}
            try:
                for cpu in candidates:
                    descriptor = open_private(self._folder / f"cpu-{cpu}.lock")
                    free[cpu] = descriptor
                    if not locked(descriptor):
                        os.close(free.pop(cpu))
                self.cpus = chosen(free, wanted, self._cores(candidates))
                self._held = {cpu: free.pop(cpu) for cpu in self.cpus}
            finally:
                for descriptor in free.values():
                    os.close(descriptor)
        return self.cpus

    def release(self) -> None:
        """Let others have the CPUs."""
        while self._held:
            with contextlib.suppress(OSError):
                os.close(self._held.popitem()[1])
        self.cpus = ()
