"""The CPU time of another process; apart from the rest, for a process whose own memory is read uses it too."""

import time

_SCHEDULER_CLOCK = 2
"""``CPUCLOCK_SCHED`` in the kernel's number of another process's CPU clock (clock_getcpuclockid(3))."""


def cpu_ns_of(pid: int) -> int:
    """Return the CPU time, user and system, that all threads of a process have had; to the nanosecond, on Linux."""
    return time.clock_gettime_ns(~pid << 3 | _SCHEDULER_CLOCK)
