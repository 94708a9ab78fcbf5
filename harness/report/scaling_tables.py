"""The sheets of a sweep over ``threads`` or ``context_length``: what more of it gains and costs, and a sentence."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from harness.analysis.scaling import (
    MACHINE,
    ContextScaling,
    Figure,
    Growth,
    ThreadRow,
    ThreadScaling,
    context_scaling,
    thread_scaling,
)
from harness.analysis.sweep import Sweep
from harness.report.figures import MISSING, figure, interval, listed
from harness.report.tables import Table

_THREADS = (
    "Threads",
    "Seen",
    "RTF",
    "Speed-up",
    "Efficiency",
    "CPU s /\naudio s",
    "Cores\nused",
    "Peak MiB",
    "Outcome",
)
_CONTEXT = ("Context\nlength", "Load overhead MiB", "Peak MiB", "Outcome")
_OF_THREADS = (
    "Speed-up: RTF with the fewest threads / RTF; efficiency: speed-up / (threads / fewest threads). Seen: the most "
    "threads of the process just before and after a run. Peak: the larger one of load and run."
)
_SUPERLINEAR = (
    "More than 100 % efficient is no gain of threads alone: a cell had the machine less to itself than another (its "
    "cores used tell), or caches hold more."
)
_OF_CONTEXT = "Peak: the larger one of load and run."
_TOKENS = 1_024
"""Context is told in so many tokens."""
_UNSURE = "an interval takes 3 steady trials"
_NAMES = {"rtf": "RTF", "run_peak_mib": "Peak MiB", "load_overhead_mib": "Load overhead MiB"}


def scaling_tables(sweep: Sweep) -> tuple[Table, ...]:
    """Return the sheets of the keys that are swept, of those stages for which they mean something."""
    return (*_thread_table(sweep), *_context_table(sweep))


def _thread_table(sweep: Sweep) -> Iterator[Table]:
    sheets = thread_scaling(sweep)
    if sheets:
        keys = _keys(sweep, [sheet.keys for sheet in sheets])
        rows = tuple(
            (sheet.stage, *_values(sheet.keys, keys), *_thread_cells(row)) for sheet in sheets for row in sheet.rows
        )
        lacking = [(sheet.stage, f"threads={row.threads}", row.lacking) for sheet in sheets for row in sheet.rows]
        superlinear = any(_is_superlinear(row) for sheet in sheets for row in sheet.rows)
        notes = (
            *map(_said_of_threads, sheets),
            _OF_THREADS,
            *((_SUPERLINEAR,) if superlinear else ()),
            *_reasons(lacking),
        )
        yield Table("Threads", ("Stage", *keys, *_THREADS), rows, notes)


def _context_table(sweep: Sweep) -> Iterator[Table]:
    sheets = context_scaling(sweep)
    if sheets:
        keys = _keys(sweep, [sheet.keys for sheet in sheets])
        rows = tuple(
            (
                sheet.stage,
                *_values(sheet.keys, keys),
                str(row.context_length),
                _figure(row.load_overhead_mib),
                _figure(row.peak_mib),
                row.outcome,
            )
            for sheet in sheets
            for row in sheet.rows
        )
        lacking = [
            (sheet.stage, f"context_length={row.context_length}", row.lacking) for sheet in sheets for row in sheet.rows
        ]
        notes = (*map(_said_of_context, sheets), _OF_CONTEXT, *_reasons(lacking))
        yield Table("Context length", ("Stage", *keys, *_CONTEXT), rows, notes)


def _keys(sweep: Sweep, groups: Iterable[Mapping[str, str]]) -> list[str]:
    """Return the other swept keys, which tell the groups apart."""
    there = {name for keys in groups for name in keys}
    return [name for name in (MACHINE, *sweep.swept) if name in there]


def _values(keys: Mapping[str, str], names: Iterable[str]) -> tuple[str, ...]:
    return tuple(keys.get(name, MISSING) for name in names)


def _thread_cells(row: ThreadRow) -> tuple[str, ...]:
    return (
        str(row.threads),
        figure(row.seen, "d"),
        _figure(row.rtf, ".3f"),
        MISSING if row.speed_up is None else f"{row.speed_up:.2f}x",
        MISSING if row.efficiency is None else _percent(row.efficiency),
        figure(row.cpu_rtf, ".3f"),
        figure(row.cores_used),
        _figure(row.peak_mib),
        row.outcome,
    )


def _figure(found: Figure | None, form: str = ".2f") -> str:
    if found is None:
        return MISSING
    text = figure(found.value, form)
    if found.cold:
        return f"{text} (cold)"
    return text if found.interval is None else f"{text} [{interval(found.interval, form)}]"


def _is_superlinear(row: ThreadRow) -> bool:
    """Tell whether the efficiency is printed as more than 100 %."""
    return row.efficiency is not None and round(row.efficiency * 100) > 100


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _said_of_threads(sheet: ThreadScaling) -> str:
    """Say which count is best, where the intervals show it, what is beyond the cores, and what threads cost."""
    parts = [_best(sheet)]
    if sheet.beyond:
        verb = "oversubscribes" if len(sheet.beyond) == 1 else "oversubscribe"
        parts.append(f"{listed(sheet.beyond)} {verb} {_cores(sheet.usable_cores)}")
    if sheet.peak is not None:
        parts.append(_growth(sheet.peak, "peak memory", "threads", "each added thread"))
    return f"{_label(sheet.stage, sheet.keys)}: {'; '.join(parts)}."


def _best(sheet: ThreadScaling) -> str:
    if sheet.fastest is None:
        return "no thread count has a time"
    best, timed = sheet.fastest.threads, (*sheet.equal, *sheet.slower)
    if len(timed) == 1:
        return f"only threads={best} has a time, so there is nothing to compare"
    unsure = any(row.rtf is not None and row.rtf.interval is None for row in sheet.rows)
    if not sheet.slower:
        why = f" ({_UNSURE})" if unsure else ""
        return f"no difference shown between {listed(sheet.equal)} threads{why}"
    if len(sheet.equal) == 1:
        return f"best at {best} {'thread' if best == 1 else 'threads'}{_gain(sheet, sheet.fastest)}"
    faster = f"{best} is faster than {listed(sheet.slower)}{_gain(sheet, sheet.fastest)}"
    return f"no difference shown between {listed(sheet.equal)} threads; {faster}"


def _gain(sheet: ThreadScaling, row: ThreadRow) -> str:
    """Say what the fastest gains over the fewest; nothing where it is the fewest, or is not shown to be faster."""
    if row.speed_up is None or row.efficiency is None or sheet.fewest not in sheet.slower:
        return ""
    return f" ({row.speed_up:.2f}x against {sheet.fewest}, {_percent(row.efficiency)} efficient)"


def _cores(usable: float | None) -> str:
    if usable is None:
        return "the usable cores of their machine"
    return f"{usable:g} usable {'core' if usable == 1 else 'cores'}"


def _said_of_context(sheet: ContextScaling) -> str:
    said = []
    for what, growth in (("load overhead", sheet.load), ("peak memory", sheet.peak)):
        if growth is None:
            said.append(f"no two context lengths have {what}")
        else:
            said.append(_growth(replace(growth, mib=growth.mib * _TOKENS), what, "tokens", f"{_TOKENS:,} tokens"))
    return f"{_label(sheet.stage, sheet.keys)}: {'; '.join(said)}."


def _growth(growth: Growth, what: str, unit: str, one_more: str) -> str:
    """Say what one more takes; figures whose intervals overlap show nothing, and without intervals it is not sure."""
    if growth.shown is False:
        return f"no difference in {what} shown between {growth.first:,} and {growth.last:,} {unit}"
    unsure = f" ({_UNSURE})" if growth.shown is None else ""
    return f"{growth.mib:+.2f} MiB of {what} for {one_more}{unsure}"


def _label(stage: str, keys: Mapping[str, str]) -> str:
    return stage + "".join(f", {key}={value}" for key, value in keys.items())


def _reasons(found: Iterable[tuple[str, str, Mapping[str, str]]]) -> list[str]:
    """Say why figures are missing, those with the same reason together."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for stage, cell, lacking in found:
        for name, reason in lacking.items():
            grouped.setdefault((_NAMES[name], reason), []).append(f"{stage} {cell}")
    return [f"no value for {name} with {', '.join(cells)}: {why}" for (name, why), cells in grouped.items()]
