"""What may blur a run's figures, as it was read and measured before the run, and what did disturb it by its end.

Records alone; :mod:`harness.machine.quietness` fills them. None is what this machine does not tell.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSteps:
    """The clock that times a call: what it says of itself, and the smallest step seen between two readings."""

    source: str | None = None
    resolution_ns: float | None = None
    step_ns: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Jitter:
    """How long one fixed piece of work took, ``repeats`` times over, with nothing of ours beside it.

    ``p99_us`` is by nearest rank, which of fewer than 100 repeats is the longest.
    """

    repeats: int
    median_us: float
    p99_us: float
    longest_us: float
    total_ms: float

    @property
    def p99_ratio(self) -> float:
        """The slowest hundredth over the median: 1 on a machine that does nothing else."""
        return self.p99_us / self.median_us if self.median_us else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What else runs. ``others_running`` is the median of several looks, this thread left out."""

    average_1_min: float | None = None
    average_5_min: float | None = None
    others_running: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Processor:
    """How the cores change their clock, and whether two of them are one.

    Frequencies are the lowest and the highest that the kernel may choose on any core. ``physical_cores`` counts cores
    that share nothing; ``throttled`` how often a core or package was slowed for heat since boot. ``turbo_by`` is the
    switch that tells of turbo: ``intel_pstate`` or ``cpufreq``.
    """

    governors: tuple[str, ...] = ()
    lowest_mhz: float | None = None
    highest_mhz: float | None = None
    turbo: bool | None = None
    turbo_by: str | None = None
    smt: bool | None = None
    physical_cores: int | None = None
    hottest_celsius: float | None = None
    critical_celsius: float | None = None
    throttled: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """The CPU time that the control group may use: ``cpus`` of them, None where there is no limit.

    ``version`` is that of the hierarchy, None where no group for CPU time is seen. The counters are of the group that
    sets the limit, since it was made: how many periods it ran in, in how many it was stopped, and for how long, summed
    over CPUs.
    """

    version: int | None = None
    cpus: float | None = None
    periods: int | None = None
    throttled_periods: int | None = None
    throttled_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Memory of the whole machine. ``files_mib`` is the largest stage's files that its options name, where any."""

    total_mib: float | None = None
    available_mib: float | None = None
    swap_total_mib: float | None = None
    swap_used_mib: float | None = None
    swappiness: int | None = None
    huge_pages: str | None = None
    files_mib: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What the machine is: under a hypervisor or not, and in which kind of container. Facts, no warnings."""

    virtual: bool | None = None
    hypervisor: str | None = None
    container: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbance:
    """What happened to the machine between two moments, ``duration_s`` apart.

    ``stolen_share`` is the share of the CPU time of all cores that a hypervisor gave to others; ``throttled_share`` of
    the quota's periods those in which the group was stopped; ``heat_throttled`` counts cores and packages slowed for
    heat; ``swapped_mib`` went to the swap and came from it, of the whole machine.
    """

    duration_s: float
    stolen_share: float | None = None
    throttled_share: float | None = None
    throttled_ms: float | None = None
    heat_throttled: int | None = None
    swapped_mib: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """The noise check: before the run in all but ``during``, which is what disturbed the run itself."""

    clock: ClockSteps = field(default_factory=ClockSteps)
    jitter: Jitter | None = None
    load: Load = field(default_factory=Load)
    processor: Processor = field(default_factory=Processor)
    quota: Quota = field(default_factory=Quota)
    room: Room = field(default_factory=Room)
    host: Host = field(default_factory=Host)
    check: Disturbance | None = None
    during: Disturbance | None = None
