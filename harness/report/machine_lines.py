"""What is said of a sweep over several machines: which they are, and which figures are not compared across them."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from harness.analysis.counterpart import counterpart
from harness.analysis.machines import Kind, Machine, by_kind, labels
from harness.analysis.metric_summary import MetricSummary
from harness.analysis.sweep import Cell, Sweep
from harness.report.figures import MISSING, listed

ALONE, POOLED, KIND = "#", "&", "^"
"""Marks of a time: with nothing to compare it with, of several machines, of a ratio to another machine of one kind."""
SEVERAL = "several"
_NAMED = 6
"""Machines that a line names; of more it gives the number."""


def is_apart(sweep: Sweep) -> bool:
    """Tell whether the cells of a sweep were measured on more than one machine."""
    return len(sweep.machines) > 1


def places(sweep: Sweep) -> Mapping[str, str]:
    """Return the short name of each cell's machine, by its job; nothing where there is only one machine."""
    if not is_apart(sweep):
        return MappingProxyType({})
    names = labels(sweep.machines)
    return {cell.job: _place(cell, names) for cell in sweep.cells}


def marks(sweep: Sweep) -> Mapping[str, str]:
    """Return the mark that each cell's times have, by its job; nothing where there is only one machine."""
    if not is_apart(sweep):
        return MappingProxyType({})
    found = {}
    for cell in sweep.cells:
        if len(cell.machines) > 1:
            found[cell.job] = POOLED
        elif sweep.baseline is not None and counterpart(sweep, cell) is None:
            found[cell.job] = ALONE
    return found


def machine_lines(sweep: Sweep) -> list[str]:
    """Return a line that names the machines and one that says what is not compared across them; none for one machine.

    They stand above everything else, and end without a full stop.
    """
    if not is_apart(sweep):
        return []
    return [_which(sweep.machines), *_compared(sweep)]


def mark_notes(sweep: Sweep) -> Iterator[str]:
    """Yield what each mark means that stands in the table, and which figures stand for the baseline on a machine."""
    given, names = set(marks(sweep).values()), labels(sweep.machines)
    if not is_apart(sweep) or sweep.baseline is None:
        return
    if ALONE in given:
        yield f"{ALONE}: a time without a ratio, for the sweep has nothing of the baseline on that machine"
    if POOLED in given:
        cells = [cell for cell in sweep.cells if len(cell.machines) > 1]
        where = [f"job {cell.job}: {listed([names[one] for one in cell.machines])}" for cell in cells[:_NAMED]]
        more = f"; and {len(cells) - _NAMED} more" if len(cells) > _NAMED else ""
        yield f"{POOLED}: a time pooled over several machines, and compared with none ({'; '.join(where)}{more})"
    stand_ins, of_kind = _stand_ins(sweep)
    for machine, job in stand_ins.items():
        yield f"x of a time on {names[machine]}: of what job {job} measured there with the baseline's values"
    if of_kind:
        yield (
            f"{KIND}: a ratio to the baseline's time on another machine of the same kind, which may itself be faster "
            "or slower; no cell is called best by it"
        )
    yield "best of a time: among the cells of one machine"


def _which(machines: Iterable[Machine]) -> str:
    names = labels(tuple(machines))
    kinds = by_kind(names)
    if len(kinds) == 1:
        return f"{len(names)} machines of one kind ({kinds[0][0]}): {_named(names.values())}"
    groups = [_group(kind, [names[one] for one in members]) for kind, members in kinds]
    return f"{len(names)} machines: {'; '.join(groups)}"


def _group(kind: Kind | None, names: list[str]) -> str:
    alike = " of one kind" if len(names) > 1 else ""
    return f"{_named(names)}{alike} ({'not known' if kind is None else kind})"


def _compared(sweep: Sweep) -> Iterator[str]:
    entries = main_entries(sweep)
    apart = [name for name, entry in entries.items() if entry.of_machine]
    if apart:
        yield f"Not compared across machines: {', '.join(apart)}"
    memory = [name for name, entry in entries.items() if entry.quantity == "memory"]
    if memory:
        unlike = len({machine.architecture for machine in sweep.machines if machine.kind}) > 1
        more = ", and so does the architecture, which is not the same" if unlike else ""
        yield f"Compared all the same: outputs, and memory, which page size and C library change a little{more}"


def main_entries(sweep: Sweep) -> dict[str, MetricSummary]:
    """Return the main metrics of a sweep that any cell has a figure of, by name, as the first such cell has them."""
    found: dict[str, MetricSummary] = {}
    for cell in sweep.cells:
        for name, entry in cell.metrics.items():
            if entry.main and name not in found and (entry.value is not None or entry.cold is not None):
                found[name] = entry
    return found


def _stand_ins(sweep: Sweep) -> tuple[dict[Machine, str], bool]:
    """Return by machine which other job stands for the baseline, and whether any ratio is across one kind."""
    found: dict[Machine, str] = {}
    of_kind = False
    base = sweep.baseline
    for cell in sweep.cells:
        other = counterpart(sweep, cell)
        if base is None or other is None:
            continue
        of_kind = of_kind or other.other_machine
        if other.job != base.job or (len(base.machines) > 1 and not other.other_machine):
            found.setdefault(cell.machines[0], other.job)
    return found, of_kind


def _place(cell: Cell, names: Mapping[Machine, str]) -> str:
    if len(cell.machines) > 1:
        return SEVERAL
    return names[cell.machines[0]] if cell.machines else MISSING


def _named(names: Iterable[str]) -> str:
    there = list(names)
    if len(there) <= _NAMED:
        return listed(there)
    return f"{', '.join(there[:_NAMED])} and {len(there) - _NAMED} more"
