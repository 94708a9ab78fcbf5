"""Latency against the length of the audio, an utterance a point, with the line through them, as Vega-Lite."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.analysis.audio_length import AudioSlope
from harness.analysis.real_time import MIN_UTTERANCES, utterance_times
from harness.analysis.summary import Summary
from harness.records import Run, Trial
from harness.report.chart_style import HUES, INK, data, field, linear, styled, title
from harness.report.drawn import Sketch
from harness.report.figures import figure
from harness.report.thinning import extremes

Chart = dict[str, Any]
"""A Vega-Lite specification."""

MOST_POINTS = 1_000
"""Utterances in a panel; of more, the fastest and the slowest of each stretch of lengths."""
_WIDE, _HIGH = 340, 200


@dataclass(frozen=True, slots=True)
class Lengths:
    """One stage: seconds of audio and of latency of each utterance, and the slope through them where there is one."""

    name: str
    hue: str
    points: Sequence[tuple[float, float]]
    slope: AudioSlope | None = None


def length_sketches(run: Run, trials: Sequence[Trial], summary: Summary, names: Mapping[str, str]) -> Sequence[Sketch]:
    """Return the chart, where there are utterances of three lengths or more; ``names`` are the stages' in a legend."""
    panels = []
    times = utterance_times(trials)
    for index, stage in enumerate(run.stages):
        points = sorted((one.audio_s, one.median_s) for one in times.get(stage.key, {}).values())
        if len({audio_s for audio_s, _ in points}) >= MIN_UTTERANCES:
            found = summary.audio_length.get(stage.key)
            slope = next((one for one in found.slopes if one.metric == "latency_ms"), None) if found else None
            panels.append(Lengths(names[stage.key], HUES[index % len(HUES)], points, slope))
    if not panels:
        return []
    said = "; ".join(f"{panel.name}: {_said(panel)}" for panel in panels)
    text = f"Latency of each utterance against its length. {said}."
    return [Sketch("length", "Latency against length", text, lambda: length_chart(panels))]


def length_chart(panels: Sequence[Lengths]) -> Chart:
    """Draw a panel a stage, each on its own axes. Raises ValueError where there is nothing to draw."""
    if not panels:
        raise ValueError("no utterances of different lengths")
    drawn = [_panel(panel, last=panel is panels[-1]) for panel in panels]
    said = ("point: an utterance, the median of its trials", "line: Theil-Sen; dashed: as long as the audio lasts")
    return styled({"vconcat": drawn, "spacing": 14}, "Latency against length", said)


def _panel(panel: Lengths, *, last: bool) -> Chart:
    shown = extremes(panel.points, MOST_POINTS)
    low, high = panel.points[0][0], panel.points[-1][0]
    edge = 0.03 * (high - low)
    most = 1.06 * max(took_s for _, took_s in panel.points)
    x = {**field("audio", linear(max(0.0, low - edge), high + edge)), "title": "seconds of audio" if last else None}
    y = {**field("took", linear(0, most)), "title": "seconds", "axis": {"tickCount": 5}}
    x["axis"] = {"grid": False, "tickCount": 6}
    many = len(shown) > 200
    point = {"type": "point", "filled": True, "color": panel.hue}
    point |= {"size": 16 if many else 48, "opacity": 0.45 if many else 0.9}
    layers = [_layer(shown, point, x, y)]
    if low < most:
        dash = {"type": "line", "color": INK, "strokeDash": [4, 4], "strokeWidth": 1.2}
        layers.append(_layer([(low, low), (min(high, most), min(high, most))], dash, x, y))
    if panel.slope is not None and panel.slope.per_minute is not None and panel.slope.at_zero is not None:
        at_zero, rate = panel.slope.at_zero, panel.slope.per_minute / 60
        ends = [(at, at_zero + rate * at) for at in (low, high)]
        layers.append(_layer(ends, {"type": "line", "color": INK, "strokeWidth": 2.2, "clip": True}, x, y))
    thinned = "" if len(shown) == len(panel.points) else f", {len(panel.points):,} utterances: fastest and slowest"
    return {"width": _WIDE, "height": _HIGH, "title": title(panel.name + thinned, 14), "layer": layers}


def _layer(points: Sequence[tuple[float, float]], mark: Chart, x: Chart, y: Chart) -> Chart:
    rows = [{"audio": round(audio_s, 3), "took": round(took_s, 4)} for audio_s, took_s in points]
    return {"data": data(rows), "mark": mark, "encoding": {"x": x, "y": y}}


def _said(panel: Lengths) -> str:
    if panel.slope is None or panel.slope.per_minute is None:
        return f"{len(panel.points):,} utterances"
    return f"{len(panel.points):,} utterances, {figure(panel.slope.per_minute)} s for a minute of audio"
