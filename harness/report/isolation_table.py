"""The table of a sweep over ``isolation``: what a worker per iteration or per stage costs, and gives back."""

from collections.abc import Iterator, Sequence

from harness.analysis.isolation import BASE, BASE_KEY, IsolationRow, Job, compared, group_of
from harness.analysis.machines import labels
from harness.analysis.scaling import MACHINE
from harness.analysis.statistics import Interval
from harness.analysis.sweep import Sweep
from harness.report.figures import MISSING, figure, interval
from harness.report.tables import Table

# (field, header, format)
_FIGURES = (
    ("peak_mib", "Peak\nMiB", ".2f"),
    ("end_mib", "RSS at end\nMiB", ".2f"),
    ("growth_mib_per_iteration", "Growth\nMiB/iteration", ".3f"),
    ("iteration_s", "Iteration\ns", ".3f"),
    ("starts", "Worker starts\nin the run", "d"),
    ("starting_s", "Start + import\ns/iteration", ".3f"),
    ("more_mib", f"RSS at end\nMiB against {BASE}", "+.2f"),
    ("more_s", f"Iteration\ns against {BASE}", "+.3f"),
    ("more_cpu_s", f"CPU time\ns against {BASE}", "+.3f"),
)
_DEFINITION = (
    "Iteration: median, from the first stamp of an iteration (a worker's start included) to that of the next; "
    "the first, which is cold, left out. RSS at end: at the last reading before a trim."
)
_IN_TURN = (
    "The jobs ran one after another: a machine that was busier during one of them shows in its seconds, and far less "
    "in its CPU time."
)
_TOGETHER = (
    "Peak and RSS at end are of one worker; with residency=all_resident and a worker per stage several live at once."
)


def is_about_isolation(sweep: Sweep) -> bool:
    """Tell whether a sweep varies how long a measured process lives."""
    return BASE_KEY in sweep.swept


def isolation_rows(sweep: Sweep) -> list[IsolationRow]:
    """Return a row for each job, failed ones included."""
    jobs = []
    names = labels(sweep.machines)
    for cell in sweep.cells:
        keys = {key: cell.overrides[key] for key in sweep.swept if key in cell.overrides}
        if len(names) > 1:
            keys = {MACHINE: " and ".join(names[one] for one in cell.machines) or MISSING, **keys}
        jobs.append(Job(keys=keys, outcome=cell.outcome, cost=cell.isolation))
    return compared(jobs)


def isolation_table(sweep: Sweep) -> Table | None:
    """Return the table, with a sentence for each group of jobs that can be compared; None where nothing is asked."""
    if not is_about_isolation(sweep):
        return None
    rows = isolation_rows(sweep)
    columns = (MACHINE, *sweep.swept) if len(sweep.machines) > 1 else sweep.swept
    apart = any(row.all_resident and row.isolation == "stage" for row in rows)
    return Table(
        "Isolation",
        (*columns, *(header for _, header, _ in _FIGURES), "Outcome"),
        tuple(_cells(row, columns) for row in rows),
        (*_sentences(rows), _DEFINITION, _IN_TURN, *((_TOGETHER,) if apart else ()), *_reasons(rows)),
    )


def _cells(row: IsolationRow, swept: Sequence[str]) -> tuple[str, ...]:
    figures = [_figure(row, name, form) for name, _, form in _FIGURES]
    return (*(row.keys.get(key, MISSING) for key in swept), *figures, row.outcome)


def _figure(row: IsolationRow, name: str, form: str) -> str:
    text = figure(getattr(row, name), form)
    bounds = getattr(row, f"{name}_interval", None)
    return text if bounds is None else f"{text} [{interval(bounds, form)}]"


def _sentences(rows: Sequence[IsolationRow]) -> Iterator[str]:
    """Say in words what each group shows; the keys that it has in common stand before it where there are any."""
    groups: dict[tuple[tuple[str, str], ...], list[IsolationRow]] = {}
    for row in rows:
        groups.setdefault(group_of(row.keys), []).append(row)
    for keys, members in groups.items():
        said = [_said(row) for row in members if row.isolation != BASE and row.starts is not None]
        if said:
            label = " ".join(f"{key}={value}" for key, value in keys)
            yield (f"{label}: " if label else "") + "; ".join(said) + "."


def _said(row: IsolationRow) -> str:
    subject = f"a worker per {row.isolation}"
    if row.more_s is None and row.more_mib is None:
        return f"{subject} has nothing to be compared with"
    differs = row.more_cpu_s is not None and not _holds_zero(row.more_cpu_s_interval)
    cpu = f", {row.more_cpu_s:+.2f} s in CPU time," if differs else ""
    return f"{subject} {_time(row)}{cpu} and {_memory(row)}"


def _holds_zero(bounds: Interval | None) -> bool:
    return bounds is not None and bounds[0] <= 0 <= bounds[1]


def _time(row: IsolationRow) -> str:
    if row.more_s is None or row.more_share is None:
        return "has no time to compare"
    if _holds_zero(row.more_s_interval):
        spread = interval(row.more_s_interval, "+.2f")
        return f"shows no difference in time ({row.more_s:+.2f} s an iteration, 95 % interval {spread})"
    verb = "costs" if row.more_s >= 0 else "saves"
    return f"{verb} {abs(row.more_s):.2f} s ({abs(row.more_share):.0%}) an iteration".replace("%)", " %)")


def _memory(row: IsolationRow) -> str:
    if row.more_mib is None:
        return "has no memory to compare"
    if round(abs(row.more_mib)) == 0:
        return "ends with as much memory"
    return f"ends {abs(row.more_mib):.0f} MiB {'lower' if row.more_mib < 0 else 'higher'}"


def _reasons(rows: Sequence[IsolationRow]) -> list[str]:
    """Say why figures are missing, those with the same reason together."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for name, header, _ in _FIGURES:
            if name in row.lacking:
                label = " ".join(f"{key}={value}" for key, value in row.keys.items())
                found.setdefault((header.replace("\n", " "), row.lacking[name]), []).append(label)
    return [f"no value for {header} with {', '.join(labels)}: {why}" for (header, why), labels in found.items()]
