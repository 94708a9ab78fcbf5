"""What a minute of audio costs each stage, as a table and in words, and the longest clip that fits a budget."""

from collections.abc import Iterator

from harness.analysis.audio_length import AudioLength, AudioSlope, LongestClip
from harness.analysis.summary import Summary
from harness.report.figures import MISSING, figure, heading, interval, listed
from harness.report.tables import Table

_HEADERS = ("Stage", "Figure", "Unit", "For an audio minute", "95 % interval", "Without audio", "Utterances", "Audio s")
# metric -> (name, unit)
_NAMES = {
    "working_memory_mib": ("working memory", "MiB"),
    "run_peak_mib": ("peak memory", "MiB"),
    "latency_ms": ("latency", "s"),
}
_DEFINITION = (
    "Theil-Sen slopes over the utterances of the steady trials, each the median of its trials; memory of the inference "
    "call. Memory that a process keeps from longer audio hides what shorter audio needs: trim=each shows it."
)
_IN_MINUTES_FROM_S = 120.0


def audio_tables(summary: Summary) -> Iterator[Table]:
    """Yield the table, where utterances of different durations were worked on."""
    several = {stage: found for stage, found in summary.audio_length.items() if found.slopes}
    if several:
        rows = tuple(_row(stage, found, one) for stage, found in several.items() for one in found.slopes)
        said = (line for stage, found in several.items() for line in _said(stage, found))
        notes = (*said, *audio_lines(summary), _DEFINITION, *_reasons(summary))
        yield Table("Audio length", _HEADERS, rows, notes)


def audio_lines(summary: Summary) -> Iterator[str]:
    """Say of each stage which the longest clip is that fits the budget, where there is one; or why that is not told."""
    for stage, found in summary.audio_length.items():
        if found.longest_clip is not None:
            yield f"Longest clip ({stage}): {_clip(found.longest_clip, found.longest_s)}"


def _row(stage: str, found: AudioLength, slope: AudioSlope) -> tuple[str, ...]:
    name, unit = _NAMES[slope.metric]
    return (
        heading(stage),
        name,
        unit,
        figure(slope.per_minute, "+z.2f"),
        interval(slope.interval, "+z.2f"),
        figure(slope.at_zero, "z.2f"),
        str(slope.n),
        f"{found.shortest_s:.2f} .. {found.longest_s:.2f}" if slope.n else MISSING,
    )


def _said(stage: str, found: AudioLength) -> Iterator[str]:
    """Say what is shown to grow; an interval that holds 0 shows nothing, and neither does a slope without one."""
    shown = [one for one in found.slopes if one.interval is not None and one.interval[0] > 0]
    flat = [_NAMES[one.metric][0] for one in found.slopes if one.interval is not None and one.interval[0] <= 0]
    grows = [f"{one.per_minute:+.2f} {_NAMES[one.metric][1]} of {_NAMES[one.metric][0]}" for one in shown]
    parts = [f"a minute of audio takes {listed(grows)}"] if grows else []
    parts += [f"no growth of {listed(flat)} with the audio's length is shown"] if flat else []
    if parts:
        yield f"{stage}: {'; '.join(parts)}."


def _clip(clip: LongestClip, measured_s: float) -> str:
    budget = f"{clip.budget_mib:g} MiB"
    if clip.longest_s is None or clip.interval_s is None or clip.times_measured is None:
        return f"not told for {budget}: {clip.reason}"
    low, high = map(_length, clip.interval_s)
    text = f"{_length(clip.longest_s)} in {budget} (95 % interval {low} .. {high})"
    if clip.times_measured <= 1:
        return f"{text}, within what was measured"
    times = f"{clip.times_measured:,.1f} times the longest one measured ({_length(measured_s)})"
    return f"{text}, extrapolated on a straight line to {times}"


def _length(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < _IN_MINUTES_FROM_S else f"{seconds / 60:,.1f} min"


def _reasons(summary: Summary) -> list[str]:
    """Say why slopes are missing, those with the same reason together."""
    grouped: dict[str, list[str]] = {}
    for stage, found in summary.audio_length.items():
        for one in found.slopes:
            if one.reason is not None:
                grouped.setdefault(one.reason, []).append(f"{stage} {_NAMES[one.metric][0]}")
    return [f"no slope of {', '.join(names)}: {why}" for why, names in grouped.items()]
