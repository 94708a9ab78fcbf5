"""Which charts a sweep has, what each says in words, and what is left out of them."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from harness.analysis.findings import Against, Finding
from harness.analysis.pareto import front
from harness.analysis.sweep import Sweep
from harness.report.cell_marks import Mark, Panel, label_of, numbers
from harness.report.drawn import Sketch
from harness.report.finding_lines import Words
from harness.report.machine_panels import by_machine, split
from harness.report.pareto_chart import Axis, Choice, pareto_chart
from harness.report.sweep_grids import MOST_COLUMNS, grid_chart
from harness.report.sweep_lines import MOST_SERIES, Chart, line_chart, thinned
from harness.report.sweep_rows import MOST_ROWS, groups_chart, rows_chart

_MOST_METRICS, _MOST_WITH_GRIDS = 12, 9
"""Metrics that are drawn: each chart costs a tenth of a second at the end of a sweep, and space in the page."""
_ERRORS, _PEAK = ("wer", "cer"), "memory.peak_mib"
_COSTS = ("rtf", "latency_ms")
"""What an error rate is drawn against: the first of these that its stage has."""
_NAMED = 6
_UNSAFE = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True)
class SweepCharts:
    """The charts of a sweep before they are drawn: errors against costs, then metric by metric.

    ``notes`` say which figures have no chart, and why.
    """

    trades: tuple[Sketch, ...]
    sketches: tuple[Sketch, ...]
    notes: tuple[str, ...]


def sweep_charts(sweep: Sweep, found: Sequence[Finding], panels: Mapping[str, Panel], words: Words) -> SweepCharts:
    """Choose the charts of a sweep: of the metrics that differ between cells, and of error against cost."""
    by_metric = {one.name: one for one in found}
    drawn = split(sweep, panels)
    chosen, notes = _metrics(sweep, drawn, by_metric)
    sketches: list[Sketch] = []
    for name in chosen:
        said = words.said(by_metric[name]) if name in by_metric else ""
        sketches += _of_metric(drawn[name], said)
    trades, trade_notes = _trades(sweep, panels)
    return SweepCharts(tuple(trades), tuple(sketches), (*notes, *trade_notes))


def _metrics(sweep: Sweep, panels: Mapping[str, Panel], found: Mapping[str, Finding]) -> tuple[list[str], list[str]]:
    """Return the metrics to be drawn, those first in which cells can be told apart, and what is said of the others."""
    if not sweep.swept:
        return [], ["Nothing was swept, so there is nothing to draw."]
    directed = [name for name, one in panels.items() if one.better != "neither" and len(one.drawn) > 1]
    varying = [name for name in directed if not _is_same(panels[name])]
    same = [name for name in directed if name not in varying]
    most = _MOST_WITH_GRIDS if len(sweep.swept) == 2 else _MOST_METRICS
    ranked = sorted(varying, key=lambda name: (not _is_told(found.get(name)), -_spread(panels[name])))
    chosen = [name for name in varying if name in ranked[:most]]
    notes = [f"Not drawn, the same in all cells: {', '.join(same)}."] if same else []
    if len(varying) > most:
        left = [name for name in varying if name not in chosen]
        notes.append(f"Not drawn, to keep the page short: {', '.join(left)}; their figures stand in the table.")
    return chosen, notes


def _is_told(one: Finding | None) -> bool:
    """Tell whether a metric tells any cell from the best one."""
    return one is not None and one.against is not Against.SAME and len(one.level) < one.cells - 1


def _is_same(one: Panel) -> bool:
    """Tell whether all cells print the same figure."""
    return len({one.text(mark.value) for mark in one.drawn}) == 1


def _spread(one: Panel) -> float:
    """Return how far the figures lie apart, as a share of the largest."""
    values = [mark.value for mark in one.drawn if mark.value is not None]
    return (max(values) - min(values)) / (max(map(abs, values)) or 1.0)


def _of_metric(one: Panel, said: str) -> list[Sketch]:
    """Return the charts of one metric: by the number of swept keys, and by what their values are."""
    kinds = [numbers([mark.keys[index] for mark in one.marks]) is not None for index in range(len(one.keys))]
    counts = [len({mark.keys[index] for mark in one.marks}) for index in range(len(one.keys))]
    if len(kinds) == 1 and kinds[0]:
        return [_sketch(one, said, partial(line_chart, one, 0), more=_thinned(one))]
    if len(kinds) == 1 and counts[0] <= MOST_ROWS:
        names = [mark.keys[0] for mark in one.marks]
        return [_sketch(one, said, partial(rows_chart, one, names, ranked=False))]
    if len(kinds) == 2:
        pair = _of_two(one, said, kinds, counts)
        if pair:
            return pair
    names = [label_of(one.keys, mark.keys) for mark in one.marks]
    return [_sketch(one, said, partial(rows_chart, one, names, ranked=True), more=_left_out(one))]


def _of_two(one: Panel, said: str, kinds: Sequence[bool], counts: Sequence[int]) -> list[Sketch]:
    """Return lines, or groups of points where no key is a number, and the grid; fewer where there is too much."""
    along = _along(kinds, counts)
    other = 1 - along
    found = []
    if counts[other] <= MOST_SERIES and (kinds[along] or counts[along] <= MOST_ROWS):
        shape = line_chart if kinds[along] else groups_chart
        found.append(_sketch(one, said, partial(shape, one, along, other), more=_thinned(one) if kinds[along] else ""))
    across = along if counts[along] <= MOST_COLUMNS else other
    try:
        grid_chart(one, 1 - across, across)  # cheap, for nothing is drawn yet
    except ValueError:
        return found
    draw = partial(grid_chart, one, 1 - across, across)
    words = f"{one.metric} over {one.keys[1 - across]} and {one.keys[across]}, each figure in its cell."
    starred = " *: not all trials were done." if any(mark.state == "unfinished" for mark in one.drawn) else ""
    grid = Sketch(f"{_file(one)}.grid", f"{one.metric}, grid", f"{words} {said}", draw, caption=f"{words}{starred}")
    return [*found, grid]


def _along(kinds: Sequence[bool], counts: Sequence[int]) -> int:
    """Return the key that the axis shows: a number rather than a text, and the one with more values."""
    return max((0, 1), key=lambda index: (kinds[index], counts[index], -index))


def _sketch(one: Panel, said: str, draw: Callable[[], Chart], more: str = "") -> Sketch:
    caption = " ".join(part for part in (said, more, *_marks_said(one)) if part)
    values = [mark.value for mark in one.drawn if mark.value is not None]
    spread = f"from {one.text(min(values))} to {one.text(max(values))}"
    keys = " and ".join(one.keys)
    return Sketch(_file(one), one.metric, f"{one.metric} over {keys}, {spread}. {caption}", draw, caption=caption)


def _marks_said(one: Panel) -> list[str]:
    """Say what is hollow, and which cells have no mark at all."""
    states = {mark.state for mark in one.drawn}
    lines = []
    if states == {"cold"}:
        lines.append("Hollow: the first trial alone, which is cold; there is no other.")
    elif "cold" in states:
        lines.append("Hollow: the cold first trial alone.")
    unfinished = [mark for mark in one.drawn if mark.state == "unfinished"]
    if unfinished:
        lines.append(f"Hollow, for not all trials were done: {_named(one, unfinished)}.")
    failed = [mark for mark in one.marks if mark.state == "none"]
    if failed:
        lines.append(f"Failed, without a figure: {_named(one, failed)}.")
    silent = [mark for mark in one.marks if mark.value is None and mark.state != "none"]
    if silent:
        lines.append(f"Without this figure: {_named(one, silent)}.")
    return lines


def _named(one: Panel, marks: Sequence[Mark]) -> str:
    names = [label_of(one.keys, mark.keys) for mark in marks[:_NAMED]]
    return ", ".join(names) + (f" and {len(marks) - _NAMED} more" if len(marks) > _NAMED else "")


def _thinned(one: Panel) -> str:
    shown, there = len(thinned(one)), len(one.drawn)
    return "" if shown == there else f"{shown} of {there:,} cells are drawn, evenly chosen, and the best."


def _left_out(one: Panel) -> str:
    left = len(one.marks) - MOST_ROWS
    return f"The best {MOST_ROWS} of {len(one.marks):,} cells are drawn." if left > 0 else ""


def _trades(sweep: Sweep, panels: Mapping[str, Panel]) -> tuple[list[Sketch], list[str]]:
    """Return the charts of error against time and memory, for every stage that has an error rate."""
    sketches, notes = [], []
    for name, error in panels.items():
        scope, _, metric = name.rpartition(".")
        if metric not in _ERRORS or len(error.drawn) < 2:
            continue
        costs = [f"{scope}.{cost}" for cost in _COSTS if f"{scope}.{cost}" in panels][:1]
        costs += [_PEAK] if _PEAK in panels else []
        if _is_same(error):
            said = error.text(error.drawn[0].value)
            notes.append(f"{name} is the same in all cells ({said}): there is no error to trade for time or memory.")
            continue
        pairs = [(one[1], one[0]) for cost in costs for one in by_machine(sweep, cost, panels[cost], error)]
        sketches += [sketch for pair in pairs if (sketch := _trade(*pair)) is not None]
    return sketches, notes


def _trade(error: Panel, cost: Panel) -> Sketch | None:
    """Return one trade over the cells that did everything and have both figures; None for fewer than two."""
    both = [
        (Choice(_label(error, one), other.value, one.value, cold="cold" in (one.state, other.state)), one)
        for one, other in zip(error.marks, cost.marks, strict=True)
        if one.value is not None and other.value is not None and "unfinished" not in (one.state, other.state)
    ]
    if len(both) < 2:
        return None
    choices = [choice for choice, _ in both]
    left = len(error.marks) - len(choices)
    ahead = [choices[index] for index in front([(choice.x, choice.y) for choice in choices])]
    best = "; ".join(f"{one.label} ({error.text(one.y)}, {cost.text(one.x)})" for one in ahead[:_NAMED])
    more = f" and {len(ahead) - _NAMED} more" if len(ahead) > _NAMED else ""
    caption = f"No other cell beats in both: {best}{more}."
    of_all = f"{left} of {len(error.marks):,} cells"
    caption += f" Left out, for they lack a figure or did not do everything: {of_all}." if left else ""
    caption += " Hollow: a figure of the cold first trial alone." if any(one.cold for one in choices) else ""
    axes = (_axis(cost), _axis(error))
    title = f"{error.metric} against {cost.metric}"
    draw = partial(pareto_chart, choices, *axes)
    return Sketch(f"{_file(error)}-{_file(cost)}", title, f"{title}. {caption}", draw, caption=caption)


def _file(one: Panel) -> str:
    """Return what a chart's file is called: a machine's name may hold what a file's may not."""
    return _UNSAFE.sub("-", one.metric)


def _label(one: Panel, mark: Mark) -> str:
    return label_of(one.keys, mark.keys) if len(mark.keys) == 1 else ", ".join(mark.keys)


def _axis(one: Panel) -> Axis:
    return Axis(one.metric, "%" if one.form.endswith("%") else one.unit, one.axis())
