"""What longer audio costs: how a stage's memory and time rise with an utterance's duration, and the longest that fits.

Each utterance of the steady trials is one point, the median of its trials: what was said twice is not told twice. The
line through them is that of :mod:`harness.analysis.line`; it stands for costs that are in proportion to length, and a
figure far beyond what was measured is only as good as that.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from harness.analysis.ledger import steady
from harness.analysis.line import Line, at_zero, line
from harness.analysis.statistics import Interval
from harness.records import Run, Trial

MIN_DURATIONS = 3
"""Through two durations there is always a line, and nothing tells whether it is one."""
WORKING, PEAK = "working_memory_mib", "run_peak_mib"
_LOAD_PEAK = "load_peak_mib"
_FIGURES = {WORKING: 1.0, PEAK: 1.0, "latency_ms": 1e-3}
"""The metrics that are held against duration, and what makes MiB or seconds of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioSlope:
    """How a metric rises: MiB, or seconds of latency, for a minute of audio, over ``n`` utterances.

    ``at_zero`` is where the line meets no audio at all. ``reason`` says why there is no slope; ``interval`` is None
    where so few utterances cannot show one.
    """

    metric: str
    n: int
    per_minute: float | None = None
    interval: Interval | None = None
    at_zero: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LongestClip:
    """The longest utterance whose peak stays within a budget, by the line of working memory; or the reason for none.

    ``times_measured`` is that by the longest one measured: above 1 it is extrapolated. The ends of ``interval_s`` are
    those of the slope.
    """

    budget_mib: float
    longest_s: float | None = None
    interval_s: Interval | None = None
    times_measured: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioLength:
    """The durations of the utterances that a stage worked on in steady trials, and what they show.

    Where all have the same duration there are no slopes; ``longest_clip`` is None then, and without a budget.
    """

    utterances: int
    durations: int
    shortest_s: float
    longest_s: float
    slopes: tuple[AudioSlope, ...] = ()
    longest_clip: LongestClip | None = None


@dataclass(frozen=True, slots=True)
class _Points:
    """Names, durations in seconds and medians of a metric, an utterance each."""

    names: Sequence[str]
    duration_s: Sequence[float]
    values: Sequence[float]


def audio_length(run: Run, trials: Sequence[Trial]) -> Mapping[str, AudioLength]:
    """Return what the steady trials of a run show of each stage; nothing where there are none."""
    counted = steady(trials)
    durations = {trial.utterance.id: trial.utterance.duration_s for trial in counted}
    if not durations:
        return {}
    several = len(set(durations.values())) > 1
    points = _points(counted, durations) if several else {}
    found = {}
    for stage in run.protocol.order:
        lines = {name: _line(points.get((stage, name))) for name in _FIGURES} if several else {}
        found[stage] = AudioLength(
            utterances=len(durations),
            durations=len(set(durations.values())),
            shortest_s=min(durations.values()),
            longest_s=max(durations.values()),
            slopes=tuple(_slope(name, one, points.get((stage, name))) for name, one in lines.items()),
            longest_clip=_longest_clip(run, stage, trials, lines[WORKING], points) if lines else None,
        )
    return found


def _points(trials: Iterable[Trial], durations: Mapping[str, float]) -> dict[tuple[str, str], _Points]:
    values: dict[tuple[str, str], dict[str, list[float]]] = {}
    for trial in trials:
        for one in trial.measurements:
            if one.metric in _FIGURES and one.value is not None:
                by_utterance = values.setdefault((one.scope, one.metric), {})
                by_utterance.setdefault(trial.utterance.id, []).append(one.value * _FIGURES[one.metric])
    return {
        key: _Points(list(found), [durations[name] for name in found], [median(several) for several in found.values()])
        for key, found in values.items()
    }


def _line(points: _Points | None) -> Line | None:
    """Return the line over seconds; None where it takes more durations."""
    if points is None or len(set(points.duration_s)) < MIN_DURATIONS:
        return None
    return line(points.duration_s, points.values)


def _slope(metric: str, found: Line | None, points: _Points | None) -> AudioSlope:
    if points is None:
        return AudioSlope(metric=metric, n=0, reason="nothing was measured")
    n = len(points.values)
    if found is None:
        there = len(set(points.duration_s))
        reason = f"it takes {MIN_DURATIONS} different durations, the steady trials have {there}"
        return AudioSlope(metric=metric, n=n, reason=reason)
    interval = None if found.interval is None else (found.interval[0] * 60, found.interval[1] * 60)
    return AudioSlope(metric=metric, n=n, per_minute=found.slope * 60, interval=interval, at_zero=found.at_zero)


def _longest_clip(
    run: Run, stage: str, trials: Iterable[Trial], found: Line | None, points: Mapping[tuple[str, str], _Points]
) -> LongestClip | None:
    """Return where the working memory, on top of the highest level that a call began with, meets the budget.

    The level is that of the process with its model; it is not the utterance's, and differs by more than one needs.
    """
    budget_mib = run.budgets.memory_mib
    if budget_mib is None:
        return None
    working, peaks = points.get((stage, WORKING)), points.get((stage, PEAK))
    if found is None or working is None or peaks is None:
        return LongestClip(budget_mib=budget_mib, reason=_slope(WORKING, found, peaks and working).reason)
    load_mib = _most(stage, trials)
    if load_mib is not None and load_mib > budget_mib:
        return LongestClip(budget_mib=budget_mib, reason=f"the load alone reaches {load_mib:.1f} MiB")
    if found.interval is None:
        reason = f"the slope of {found.n} utterances has no interval; 5 of different durations have one"
        return LongestClip(budget_mib=budget_mib, reason=reason)
    if found.interval[0] <= 0:
        reason = "the working memory is not shown to grow with the audio's length"
        return LongestClip(budget_mib=budget_mib, reason=reason)
    needs = dict(zip(working.names, working.values, strict=True))
    highest = dict(zip(peaks.names, peaks.values, strict=True))
    levels = (highest[name] - need for name, need in needs.items() if name in highest)
    level_mib = max(levels, default=max(peaks.values))
    room_mib = budget_mib - level_mib
    longest_s = (room_mib - found.at_zero) / found.slope
    if longest_s <= 0:
        reason = f"without any audio the peak is {level_mib + found.at_zero:.1f} MiB"
        return LongestClip(budget_mib=budget_mib, reason=reason)
    ends = [
        max(0.0, (room_mib - at_zero(working.duration_s, working.values, slope)) / slope) for slope in found.interval
    ]
    return LongestClip(
        budget_mib=budget_mib,
        longest_s=longest_s,
        interval_s=(min(longest_s, *ends), max(longest_s, *ends)),
        times_measured=longest_s / max(working.duration_s),
    )


def _most(stage: str, trials: Iterable[Trial]) -> float | None:
    """Return the highest peak of any load that was done."""
    wanted = (stage, _LOAD_PEAK)
    done = (trial for trial in trials if trial.outcome.ok)
    peaks = (one.value for trial in done for one in trial.measurements if (one.scope, one.metric) == wanted)
    return max((peak for peak in peaks if peak is not None), default=None)
