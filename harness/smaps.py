"""What of a process's memory is its own, and what it shares: PSS and USS.

Linux: ``/proc/PID/smaps_rollup`` (proc(5), since Linux 4.14). The kernel walks every page table for it, over 10 ms at
1 GiB, so it is read only where the worker has nothing more to do. Elsewhere psutil gives what the system has.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import psutil

from harness.procfs import content

_LINE = re.compile(rb"^(Pss|SwapPss|Private_Clean|Private_Dirty):\s+(\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Shares:
    """A process's proportional and its own memory at one moment; None where the system does not say.

    ``pss_kib`` counts each resident page divided by the number of processes that map it, ``uss_kib`` the pages that no
    other maps (Private_Clean + Private_Dirty): what ending the process would free. ``swap_pss_kib`` is PSS of swap.
    """

    pss_kib: float | None = None
    uss_kib: float | None = None
    swap_pss_kib: float | None = None


def shares_of(pid: int, proc: Path = Path("/proc")) -> Shares:
    """Read a process's shares now. Raises :class:`ProcessLookupError` where it has gone."""
    try:
        found = dict(_LINE.findall(content(f"{proc}/{pid}/smaps_rollup")))
    except FileNotFoundError:
        return _elsewhere(pid)
    kib = {name.decode(): float(value) for name, value in found.items()}
    private = [kib[name] for name in ("Private_Clean", "Private_Dirty") if name in kib]
    return Shares(kib.get("Pss"), sum(private) if len(private) == 2 else None, kib.get("SwapPss"))


def _elsewhere(pid: int) -> Shares:
    try:
        memory = psutil.Process(pid).memory_full_info()
    except psutil.NoSuchProcess as error:
        raise ProcessLookupError(str(error)) from None
    except psutil.AccessDenied:
        return Shares()
    return Shares(*(_kib(getattr(memory, name, None)) for name in ("pss", "uss")))


def _kib(value: int | None) -> float | None:
    return None if value is None else value / 1024
