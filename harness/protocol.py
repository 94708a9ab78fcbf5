"""What a run is told to do, and what it is held to: the values of the keys, checked and frozen."""

from dataclasses import dataclass
from typing import Literal

Lifecycle = Literal["recreate", "restart", "reuse"]
Residency = Literal["one_at_a_time", "phase_batched", "all_resident"]
Isolation = Literal["run", "iteration", "stage"]
Trim = Literal["never", "end", "each"]
OnCrash = Literal["continue", "stop"]
PageCache = Literal["as_is", "cold", "warm"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """Everything that decides what is done, in which order, and for how long; each field is a swept key."""

    order: tuple[str, ...]
    iterations: int = 5
    warmup: int = 0
    lifecycle: Lifecycle = "recreate"
    residency: Residency = "one_at_a_time"
    isolation: Isolation = "run"
    trim: Trim = "end"
    timeout_s: float = 600.0
    on_crash: OnCrash = "continue"
    seed: int = 0
    threads: int = 6
    context_length: int = 4096
    sample_hz: float = 100.0
    page_cache: PageCache = "as_is"


ADDRESS_SPACE = "RLIMIT_AS"
"""The one mechanism of a memory limit that counts no memory in use; taken where no control group can be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """The memory limit of each worker, or the search for the smallest one.

    ``mechanism`` is what enforced it (``cgroup v2``, ``cgroup v1``, ``RLIMIT_AS``), None where nothing was limited;
    ``why`` says why a better one could not be had.
    """

    limit_mib: float | None = None
    search: bool = False
    tolerance_mib: float = 8.0
    mechanism: str | None = None
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """What a run is held to; None where it is held to nothing.

    ``leak_kib`` is the growth an iteration that the verdict has to tell from none. ``memory_mib`` is what a process may
    reach: a leak is told by when it does. ``residual_mib`` is what an unloaded model may still hold. ``strict`` lets
    the exit status say that a leak was found or a guard failed.
    """

    leak_kib: float = 64.0
    memory_mib: float | None = None
    residual_mib: float | None = None
    strict: bool = False
