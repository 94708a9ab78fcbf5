"""The table of a sweep: a row a cell, with each main metric's figure, interval, ratio to the baseline, and the best."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from harness.analysis.metric_summary import MetricSummary
from harness.analysis.standing import Ratio, best, ratios
from harness.analysis.sweep import Cell, Sweep
from harness.report.caution_notes import cell_notes
from harness.report.constancy_lines import sweep_constancy_notes
from harness.report.drift_lines import drift_notes
from harness.report.figures import MISSING, figure, interval
from harness.report.machine_lines import KIND, is_apart, machine_lines, mark_notes, marks, places
from harness.report.reused_lines import REUSED, sweep_reused_notes
from harness.report.seam_lines import RESUMED, sweep_seam_notes
from harness.report.sharing_lines import sweep_sharing
from harness.report.tables import Table
from harness.sweeping.baseline import label, plain

BEST = "best"
"""The mark of a best figure: a word, for a colour or an asterisk would not be read by everybody everywhere."""
_UNTOLD = "~"
_FEWEST_JOBS = 3
_MOST_NOTES = 30
_MOST_ROWS = 40
"""Cells that are shown on a screen; the files have all."""


@dataclass(frozen=True, slots=True)
class SweepFigures:
    """What the tables of a sweep show: metrics by name (as one cell has them), ratios by job, the jobs that are best.

    Of a sweep over several machines ``places`` names each job's, and ``marks`` has what stands behind its times.
    """

    entries: Mapping[str, MetricSummary]
    ratios: Mapping[str, Mapping[str, Ratio]]
    best: Mapping[str, Sequence[str]]
    places: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> Sequence[str]:
        """The metrics' names, in the order of the columns."""
        return list(self.entries)

    def unit(self, name: str) -> str:
        """Return the unit of a metric as it is printed."""
        entry = self.entries[name]
        return "%" if entry.format.endswith("%") else entry.unit

    def header(self, name: str) -> str:
        """Write a metric's name and unit over three lines, for tables are wide enough without it."""
        return f"{name.replace('.', chr(10), 1)}\n{self.unit(name)}"

    def first_line(self, cell: Cell, name: str) -> str:
        """Return figure, ratio and mark of one cell; ``-`` where there is no figure."""
        entry = cell.metrics.get(name)
        if entry is None:
            return MISSING
        if entry.text is not None:
            return entry.text
        if entry.value is None:
            return MISSING if entry.cold is None else f"{figure(entry.cold, entry.format)} (cold)"
        ratio = self.ratios.get(cell.job, {}).get(name)
        words = [figure(entry.value, entry.format)]
        words += [ratio_text(ratio)] if ratio else []
        words += [self.marks[cell.job]] if entry.of_machine and cell.job in self.marks else []
        words += [BEST] if cell.job in self.best.get(name, ()) else []
        return " ".join(words)


def sweep_figures(sweep: Sweep) -> SweepFigures:
    """Return the main metrics that any cell has a figure for, stage by stage, and how the cells stand in them."""
    have: dict[str, MetricSummary] = {}
    for cell in sweep.cells:
        for name, entry in cell.metrics.items():
            if entry.main and name not in have and _is_there(entry):
                have[name] = entry
    scopes = list(dict.fromkeys(entry.scope for entry in have.values()))
    names = sorted(have, key=lambda name: scopes.index(have[name].scope))
    return SweepFigures(
        {name: have[name] for name in names},
        ratios(sweep, names),
        best(sweep.cells, names),
        places(sweep),
        marks(sweep),
    )


def sweep_table(sweep: Sweep, shown: SweepFigures) -> Table:
    """Return a row for each cell: what was swept, the main metrics with their intervals, the outcome."""
    judged = _is_judged(sweep)
    return Table(
        "Sweep",
        (
            "Job",
            *(("Machine",) if shown.places else ()),
            *sweep.swept,
            *(shown.header(name) for name in shown.names),
            *(("Memory",) if judged else ()),
            "Outcome",
        ),
        tuple(_row(sweep, cell, shown, judged=judged) for cell in sweep.cells),
        tuple(_notes(sweep, shown)),
    )


def shortened(sweep: Sweep, shown: SweepFigures) -> Sweep:
    """Return a sweep with few enough cells for a screen: the best, the baseline, then the first ones."""
    if len(sweep.cells) <= _MOST_ROWS:
        return sweep
    kept = {*(job for jobs in shown.best.values() for job in jobs), *([sweep.baseline.job] if sweep.baseline else [])}
    first = (cell.job for cell in sweep.cells if cell.job not in kept)
    kept.update(islice(first, max(0, _MOST_ROWS - len(kept))))
    return replace(sweep, cells=tuple(cell for cell in sweep.cells if cell.job in kept))


def stub_of(sweep: Sweep) -> int:
    """Return how many columns say which cell a row is of."""
    return 1 + is_apart(sweep) + len(sweep.swept)


def constant_line(sweep: Sweep) -> str | None:
    """Return the line that names what is the same in all jobs."""
    constant = ", ".join(f"{key}={value}" for key, value in sweep.constant.items())
    return f"The same in all jobs: {constant}" if constant else None


def lines_above(sweep: Sweep) -> list[str]:
    """Return what stands above the table: what is the same in all jobs, several machines, and what was shared."""
    same = constant_line(sweep)
    return [*((same,) if same else ()), *machine_lines(sweep), *sweep_sharing(sweep)]


def ratio_text(ratio: Ratio) -> str:
    """Write a ratio: ``x0.52``, with ``~`` where it is not told from 1."""
    value = ratio.value
    digits = ".2f" if 0.1 <= value < 10 else ".1f" if 10 <= value < 100 else ".0f" if value >= 100 else ".2g"
    return f"x{value:{digits}}{'' if ratio.told_from_one else _UNTOLD}{KIND if ratio.other_machine else ''}"


def _row(sweep: Sweep, cell: Cell, shown: SweepFigures, *, judged: bool) -> tuple[str, ...]:
    keys = (plain(cell.overrides[key]) if key in cell.overrides else MISSING for key in sweep.swept)
    verdict = (cell.verdict or MISSING,) if judged else ()
    place = (shown.places[cell.job],) if shown.places else ()
    return (
        _jobs(sweep, cell),
        *place,
        *keys,
        *(_figure(shown, cell, name) for name in shown.names),
        *verdict,
        cell.outcome,
    )


def _jobs(sweep: Sweep, cell: Cell) -> str:
    jobs = cell.jobs or (cell.job,)
    text = " ".join(jobs) if len(jobs) <= _FEWEST_JOBS else f"{jobs[0]} .. {jobs[-1]} ({len(jobs)})"
    marks = [*(("baseline",) if cell is sweep.baseline else ()), *((RESUMED,) if cell.seams else ())]
    marks += [REUSED] if cell.reused else []
    return "\n".join([text, *marks])


def _figure(shown: SweepFigures, cell: Cell, name: str) -> str:
    first = shown.first_line(cell, name)
    entry = cell.metrics.get(name)
    if entry is None or entry.value is None or entry.interval is None:
        return first
    return f"{first}\n[{interval(entry.interval, entry.format)}]"


def _is_judged(sweep: Sweep) -> bool:
    """Tell whether the memory of any job could be judged; short runs are all undecided."""
    return any(cell.verdict not in ("", "undecided") for cell in sweep.cells)


def _is_there(entry: MetricSummary) -> bool:
    """Tell whether there is a figure for a metric; a column of dashes would only be wide."""
    return entry.value is not None or entry.cold is not None or entry.text is not None


def _notes(sweep: Sweep, shown: SweepFigures) -> Iterator[str]:
    yield from _about_baseline(sweep, shown)
    yield from _about_best(sweep, shown)
    yield from mark_notes(sweep)
    yield from sweep_seam_notes(sweep)
    yield from sweep_reused_notes(sweep)
    yield from sweep_constancy_notes(sweep)
    found = list(dict.fromkeys([*drift_notes(sweep), *cell_notes(sweep)]))
    yield from found[:_MOST_NOTES]
    if len(found) > _MOST_NOTES:
        yield f"{len(found) - _MOST_NOTES} more notes are in the jobs' own reports"
    yield from _reasons(sweep)


def _about_baseline(sweep: Sweep, shown: SweepFigures) -> Iterator[str]:
    base = sweep.baseline
    if base is None:
        return
    name = label(base, sweep.swept)
    which = f"the baseline, {name} (job {base.job})," if name != base.job else f"the baseline, job {base.job},"
    if not base.ok:
        yield f"{which} is not ok ({base.outcome}): no ratios; report --baseline names another cell"
    elif any(shown.ratios.values()):
        yield (
            f"x: a figure as a multiple of that of {which[:-1]}; {_UNTOLD}: not told from 1, for its 95 % interval "
            "holds 1 or there is none"
        )


def _about_best(sweep: Sweep, shown: SweepFigures) -> Iterator[str]:
    if shown.best:
        higher = [name for name in shown.best if shown.entries[name].better == "higher"]
        but = f", the highest of {', '.join(higher)}" if higher else ""
        yield (
            f"{BEST}: the lowest figure of a metric{but}, among the cells that are ok, told from the others or not; "
            "equal figures have none"
        )


def _reasons(sweep: Sweep) -> list[str]:
    """Say once why figures are missing, whichever jobs they are missing in."""
    found: dict[str, dict[str, None]] = {}
    for cell in sweep.cells:
        for name, entry in cell.metrics.items():
            if entry.main and entry.null_reason is not None and entry.cold is None:
                found.setdefault(entry.null_reason, {})[name] = None
    return [f"no value for {', '.join(metrics)}: {reason}" for reason, metrics in found.items()]
