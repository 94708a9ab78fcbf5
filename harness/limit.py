"""A memory limit for each worker: by a control group where one can be made, else by ``RLIMIT_AS``.

A group limits what the worker allocates, the kernel's memory for it, and the files that it is the first to read; the
kernel gives such file pages up before it kills. ``RLIMIT_AS`` (setrlimit(2)) limits *address space*, not resident
memory: mapped files, thread stacks and reserved arenas count in full, whether they are touched or not. A limit found
by it says what the process may reserve, and is no figure for what a machine needs.

The worker is inside before it begins: the child enters between fork and exec, so that nothing is added to the
measured process. The memory of its interpreter counts.
"""

import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from harness.errors import ConfigError
from harness.memory_group import PROC, MemoryGroup, Place, places, remove_stale, why_not
from harness.protocol import ADDRESS_SPACE, Fit

_MIB = 2**20
_TRIED_MIB = 64
"""The limit under which a bare Python tries whether a group can be entered."""
_NO_MEMORY = re.compile(
    r"bad_alloc|Cannot allocate memory|MemoryError|[Oo]ut of memory|failed to allocate|alloc\(.*failed"
)
_VM_PEAK = re.compile(r"^VmPeak:\s+(\d+) kB", re.MULTILINE)


class Limit:
    """What limits and watches one worker. ``limit_mib`` None only watches."""

    def __init__(self, limit_mib: float | None) -> None:
        self.limit_mib = limit_mib

    def enter(self) -> None:
        """Come under the limit; called in the child, between fork and exec."""

    def started(self, pid: int) -> None:
        """Hear which process is under it."""

    def peak_mib(self) -> float | None:
        """Return the most that the worker has held, as the mechanism counts; None where that is not known."""
        return None

    def out_of_memory(self, ending: str, log: Sequence[str]) -> str | None:
        """Say at which limit the worker ran out of memory, or None where it failed by something else.

        ``ending`` is a signal, an exit status or an engine's error, ``log`` the last lines that it printed.
        """
        return None

    def remove(self) -> bool:
        """Take the limit away when the worker has ended; return whether nothing is left."""
        return True


class GroupLimit(Limit):
    """A control group of the worker's own."""

    def __init__(self, limit_mib: float | None, place: Place) -> None:
        super().__init__(limit_mib)
        self._group = MemoryGroup(place)
        try:
            if limit_mib is not None:
                self._group.limit(round(limit_mib * _MIB))
        except OSError:
            self._group.remove()
            raise

    def enter(self) -> None:
        """Move the child into the group."""
        self._group.enter()

    def peak_mib(self) -> float | None:
        """Return the group's own high-water mark, over the worker's life."""
        try:
            peak = self._group.peak_bytes()
        except OSError:
            return None
        return None if peak is None else peak / _MIB

    def out_of_memory(self, ending: str, log: Sequence[str]) -> str | None:
        """Go by the group's count of out-of-memory kills: a SIGKILL from elsewhere does not raise it."""
        if ending != "SIGKILL" or self.limit_mib is None:
            return None
        try:
            return f"at {self.limit_mib:g} MiB" if self._group.kills() else None
        except OSError:
            return None

    def remove(self) -> bool:
        """Remove the group."""
        return self._group.remove()


class AddressLimit(Limit):
    """A limit of the worker's address space. The kernel counts no refusals, so the cause of a death is a guess."""

    def __init__(self, limit_mib: float | None, proc: Path = PROC) -> None:
        super().__init__(limit_mib)
        self._proc = proc
        self._pid: int | None = None
        self._peak_mib: float | None = None

    def enter(self) -> None:
        """Set soft and hard limit of the child."""
        import resource  # not on every system; nobody comes here where it is not

        if self.limit_mib is not None:
            limit = round(self.limit_mib * _MIB)
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    def started(self, pid: int) -> None:
        """Keep whom to ask."""
        self._pid = pid

    def peak_mib(self) -> float | None:
        """Return ``VmPeak``, the most address space; of a process that has ended, what was read last."""
        try:
            found = _VM_PEAK.search((self._proc / str(self._pid) / "status").read_text())
        except OSError:
            found = None
        if found:
            self._peak_mib = int(found[1]) / 1024
        return self._peak_mib

    def out_of_memory(self, ending: str, log: Sequence[str]) -> str | None:
        """Go by a MemoryError that was answered, else by what the log's end says."""
        if self.limit_mib is None:
            return None
        at = f"at {self.limit_mib:g} MiB of address space"
        if ending.startswith("MemoryError"):
            return at
        told = any(_NO_MEMORY.search(line) for line in (ending, *log))
        return f"{at} (a guess from the log)" if told else None


class Limits:
    """Makes a limit for each worker of a run.

    ``mechanism`` is what enforces it: ``cgroup v2``, ``cgroup v1`` or ``RLIMIT_AS``; ``why`` says in one line each why
    what would have been better cannot be had.
    """

    def __init__(self, mechanism: str, make: Callable[[], Limit], why: Sequence[str] = ()) -> None:
        self.mechanism = mechanism
        self.why = tuple(why)
        self._make = make
        self._made: list[Limit] = []

    def new(self) -> Limit:
        """Make the limit of one worker. Raises OSError."""
        self._made.append(self._make())
        return self._made[-1]

    def close(self) -> bool:
        """Remove whatever the workers' ends have not removed; return whether nothing is left."""
        left = [limit for limit in self._made if not limit.remove()]
        self._made.clear()
        return not left


def limits_for(fit: Fit, proc: Path = PROC) -> tuple[Fit, Limits | None]:
    """Find what can limit a worker here, by trying it, and return the record with the mechanism in it.

    None where nothing is to be limited. Raises :class:`ConfigError` where nothing can be.
    """
    if fit.limit_mib is None and not fit.search:
        return fit, None
    limits = _by_group(fit, proc)
    return replace(fit, mechanism=limits.mechanism, why=limits.why), limits


def _by_group(fit: Fit, proc: Path) -> Limits:
    why: list[str] = []
    for place in places(proc):
        remove_stale(place, proc)
        reason = why_not(place) or _refused(partial(GroupLimit, _TRIED_MIB, place))
        if reason is None:
            return Limits(f"cgroup v{place.version}", partial(GroupLimit, fit.limit_mib, place), why)
        why.append(f"no cgroup v{place.version} in '{place.folder}': {reason}")
    return _by_address(fit, why or ["no memory control group is mounted"])


def _by_address(fit: Fit, why: Sequence[str]) -> Limits:
    reason = _refused(partial(AddressLimit, fit.limit_mib)) if sys.platform == "linux" else "it is Linux's alone"
    if reason:
        found = f"no way to limit memory here ({'; '.join(why)}; no {ADDRESS_SPACE}: {reason})"
        raise ConfigError("fit", found, "Linux with memory control groups; or fit.limit_mib=null fit.search=false")
    return Limits(ADDRESS_SPACE, partial(AddressLimit, fit.limit_mib), why)


def _refused(make: Callable[[], Limit]) -> str | None:
    """Say why a process cannot be put under a limit, having tried with a bare Python; None where it can."""
    try:
        limit = make()
    except OSError as error:
        return f"{error.strerror}"
    try:
        subprocess.run(
            [sys.executable, "-I", "-S", "-c", ""],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=limit.enter,
            check=False,
        )
    except subprocess.SubprocessError:  # whatever preexec_fn raised
        return "a process cannot be moved there"
    finally:
        limit.remove()
    return None
