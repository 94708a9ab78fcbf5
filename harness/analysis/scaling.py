"""What a sweep over ``threads`` or ``context_length`` shows of each stage: gains, costs, and what may be mere noise.

Speed-up is the time with the fewest threads by the time with more, efficiency the speed-up by how many times more
threads they are (Eager, Zahorjan and Lazowska, 1989, IEEE Trans. Comput. 38, 408-423; with one thread as the fewest, as
Amdahl, 1967, AFIPS Conf. Proc. 30, 483-485, has it). Times are real-time factors, sums over sums. Cells are compared
with those whose other swept keys are the same, and their times within one machine. A difference is *shown* where the 95
% intervals of both figures do not overlap, which is stricter than a test at 5 %; nothing else is called one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from harness.analysis.line import line
from harness.analysis.machines import labels
from harness.analysis.metric_summary import MetricSummary
from harness.analysis.setting import StageSetting
from harness.analysis.statistics import Interval
from harness.analysis.sweep import Cell, Sweep

_RTF, _CPU, _CORES, _SEEN = "rtf", "cpu_rtf", "cores_used", "run_threads"
_PEAKS = ("load_peak_mib", "run_peak_mib")
_OVERHEAD = "load_overhead_mib"
MACHINE = "machine"
"""Stands among the keys of a group, and is none that is swept."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of one cell with its interval; ``cold`` where no cell has more than its first trial."""

    value: float
    interval: Interval | None = None
    cold: bool = False

    def differs(self, other: "Figure") -> bool:
        """Tell whether a difference is shown: both have intervals, and these do not overlap."""
        if self.interval is None or other.interval is None:
            return False
        return self.interval[1] < other.interval[0] or other.interval[1] < self.interval[0]


@dataclass(frozen=True, slots=True)
class Growth:
    """How memory rises, in MiB for one more: the Theil-Sen slope over the figures from ``first`` to ``last``.

    ``shown`` tells whether the figures of those two differ; None where one of them has no interval.
    """

    mib: float
    first: int
    last: int
    shown: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadRow:
    """One cell of a stage. ``seen`` is the most threads of its process around a run; ``lacking`` has reasons by figure.

    ``speed_up`` and ``efficiency`` are against the row with the fewest threads that has a time. ``peak_mib`` is the
    larger one of load and run.
    """

    threads: int
    outcome: str
    seen: int | None = None
    rtf: Figure | None = None
    speed_up: float | None = None
    efficiency: float | None = None
    cpu_rtf: float | None = None
    cores_used: float | None = None
    peak_mib: Figure | None = None
    lacking: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadScaling:
    """One stage at several thread counts, the other swept keys (``keys``) being the same; rows by threads.

    ``fastest`` has the lowest time, ``equal`` are the thread counts that are not shown to be slower than it, itself
    included, ``slower`` those that are. ``fewest`` is what speed-ups are against. ``beyond`` are more than
    ``usable_cores``. ``peak`` is what each added thread takes.
    """

    stage: str
    keys: Mapping[str, str]
    rows: tuple[ThreadRow, ...]
    fewest: int | None = None
    fastest: ThreadRow | None = None
    equal: tuple[int, ...] = ()
    slower: tuple[int, ...] = ()
    usable_cores: float | None = None
    beyond: tuple[int, ...] = ()
    peak: Growth | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextRow:
    """One cell of a stage; ``lacking`` has reasons by figure."""

    context_length: int
    outcome: str
    load_overhead_mib: Figure | None = None
    peak_mib: Figure | None = None
    lacking: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextScaling:
    """One stage at several context lengths, the other swept keys (``keys``) being the same; rows by length.

    ``load`` and ``peak`` are what a token takes; None below two lengths with a figure.
    """

    stage: str
    keys: Mapping[str, str]
    rows: tuple[ContextRow, ...]
    load: Growth | None = None
    peak: Growth | None = None


@dataclass(frozen=True, slots=True)
class _Member:
    """One cell in which a stage has a value of the swept key."""

    cell: Cell
    value: int


def thread_scaling(sweep: Sweep) -> list[ThreadScaling]:
    """Return a sheet for each stage that uses threads and each group of cells; none where they are not swept."""
    return [
        _threads(stage, keys, members)
        for stage, keys, members in _groups(
            sweep, "threads", lambda one: one.threads if one.uses_threads else None, apart=True
        )
    ]


def context_scaling(sweep: Sweep) -> list[ContextScaling]:
    """Return a sheet for each stage with a context length and each group of cells; none where it is not swept."""
    return [
        _contexts(stage, keys, members)
        for stage, keys, members in _groups(sweep, "context_length", lambda one: one.context_length)
    ]


def _groups(
    sweep: Sweep, key: str, value_of: Callable[[StageSetting], int | None], *, apart: bool = False
) -> Iterator[tuple[str, Mapping[str, str], list[_Member]]]:
    """Yield each stage with each group of cells that differ in nothing but the key, which has several values there.

    The key may be swept for all stages, or for one as its option. Where ``apart``, the cells of each machine of several
    are a group, which :data:`MACHINE` names; those of several machines, or of unknown ones, are in none.
    """
    names = labels(sweep.machines) if apart and len(sweep.machines) > 1 else {}
    for stage in dict.fromkeys(stage.key for cell in sweep.cells if cell.setting for stage in cell.setting.stages):
        axes = [name for name in (f"{stage}.{key}", key) if name in sweep.swept]
        others = [name for name in sweep.swept if name not in axes]
        groups: dict[tuple[tuple[str, str], ...], list[_Member]] = {}
        for cell in sweep.cells if axes else ():
            value = _value(cell, stage, axes, value_of)
            if value is not None and (not names or len(cell.machines) == 1):
                where = ((MACHINE, names[cell.machines[0]]),) if names else ()
                keys = where + tuple((name, cell.overrides[name]) for name in others if name in cell.overrides)
                groups.setdefault(keys, []).append(_Member(cell, value))
        for keys, members in groups.items():
            if len({member.value for member in members}) > 1 and any(member.cell.setting for member in members):
                yield stage, dict(keys), sorted(members, key=lambda member: member.value)


def _value(cell: Cell, stage: str, axes: Sequence[str], value_of: Callable[[StageSetting], int | None]) -> int | None:
    """Return what a stage was given; of a cell that has no record, what was asked for."""
    if cell.setting is not None:
        found = cell.setting.stage(stage)
        return None if found is None else value_of(found)
    asked = next((cell.overrides[name] for name in axes if name in cell.overrides), "")
    return int(asked) if asked.isdigit() else None


def _threads(stage: str, keys: Mapping[str, str], members: Sequence[_Member]) -> ThreadScaling:
    rows = _thread_rows(stage, members)
    timed = [(row, row.rtf) for row in rows if row.rtf is not None]
    cores = {member.cell.setting.usable_cores for member in members if member.cell.setting is not None}
    fastest, time = min(timed, key=lambda one: one[1].value, default=(None, None))
    equal = {row.threads for row, rtf in timed if time is not None and not rtf.differs(time)}
    return ThreadScaling(
        stage=stage,
        keys=keys,
        rows=rows,
        fewest=min((row.threads for row, _ in timed), default=None),
        fastest=fastest,
        equal=tuple(sorted(equal)),
        slower=tuple(sorted({row.threads for row, _ in timed} - equal)),
        usable_cores=cores.pop() if len(cores) == 1 else None,
        beyond=tuple(sorted({member.value for member in members if _is_beyond(member)})),
        peak=_growth([(row.threads, row.peak_mib) for row in rows]),
    )


def _thread_rows(stage: str, members: Sequence[_Member]) -> tuple[ThreadRow, ...]:
    times, peaks = _figures(stage, members, (_RTF,)), _figures(stage, members, _PEAKS)
    cpus, cores = _figures(stage, members, (_CPU,)), _figures(stage, members, (_CORES,))
    base = next(((member.value, time) for member, time in zip(members, times, strict=True) if time), None)
    rows = []
    for member, time, cpu, used, peak in zip(members, times, cpus, cores, peaks, strict=True):
        speed_up = base[1].value / time.value if base and time and time.value else None
        rows.append(
            ThreadRow(
                threads=member.value,
                outcome=member.cell.outcome,
                seen=_most(member.cell.metrics.get(f"{stage}.{_SEEN}")),
                rtf=time,
                speed_up=speed_up,
                efficiency=speed_up / (member.value / base[0]) if base and speed_up is not None else None,
                cpu_rtf=cpu.value if cpu else None,
                cores_used=used.value if used else None,
                peak_mib=peak,
                lacking=_lacking(stage, member.cell, {_RTF: time, _PEAKS[-1]: peak}),
            )
        )
    return tuple(rows)


def _contexts(stage: str, keys: Mapping[str, str], members: Sequence[_Member]) -> ContextScaling:
    loads, peaks = _figures(stage, members, (_OVERHEAD,)), _figures(stage, members, _PEAKS)
    rows = tuple(
        ContextRow(
            context_length=member.value,
            outcome=member.cell.outcome,
            load_overhead_mib=load,
            peak_mib=peak,
            lacking=_lacking(stage, member.cell, {_OVERHEAD: load, _PEAKS[-1]: peak}),
        )
        for member, load, peak in zip(members, loads, peaks, strict=True)
    )
    return ContextScaling(
        stage=stage,
        keys=keys,
        rows=rows,
        load=_growth([(row.context_length, row.load_overhead_mib) for row in rows]),
        peak=_growth([(row.context_length, row.peak_mib) for row in rows]),
    )


def _figures(stage: str, members: Sequence[_Member], metrics: Sequence[str]) -> list[Figure | None]:
    """Return each cell's figure, the larger one of several metrics; the cold trials' where no cell has another."""
    found = [[member.cell.metrics.get(f"{stage}.{metric}") for metric in metrics] for member in members]
    steady = any(entry is not None and entry.value is not None for entries in found for entry in entries)
    figures = [[figure for entry in entries if (figure := _figure(entry, steady=steady))] for entries in found]
    return [max(several, key=lambda figure: figure.value, default=None) for several in figures]


def _figure(entry: MetricSummary | None, *, steady: bool) -> Figure | None:
    if entry is None:
        return None
    if steady:
        return None if entry.value is None else Figure(entry.value, entry.interval)
    return None if entry.cold is None else Figure(entry.cold, cold=True)


def _most(entry: MetricSummary | None) -> int | None:
    """Return the most that any trial saw."""
    counts = [count for count in (entry.max, entry.cold) if count is not None] if entry else []
    return round(max(counts)) if counts else None


def _growth(points: Iterable[tuple[int, Figure | None]]) -> Growth | None:
    """Return the slope of figures, which are by x; None below two values of x."""
    there = [(x, figure) for x, figure in points if figure is not None]
    found = line([x for x, _ in there], [figure.value for _, figure in there])
    if found is None:
        return None
    (first, low), (last, high) = there[0], there[-1]
    shown = None if low.interval is None or high.interval is None else low.differs(high)
    return Growth(found.slope, first, last, shown)


def _lacking(stage: str, cell: Cell, figures: Mapping[str, Figure | None]) -> dict[str, str]:
    """Return the reasons that a cell with metrics has for the figures that it lacks."""
    reasons = {}
    for name, figure in figures.items():
        if figure is None and cell.metrics:
            entry = cell.metrics.get(f"{stage}.{name}")
            reasons[name] = (entry.null_reason if entry else None) or "no probe of this run reports it"
    return reasons


def _is_beyond(member: _Member) -> bool:
    cores = member.cell.setting.usable_cores if member.cell.setting else None
    return cores is not None and member.value > cores
