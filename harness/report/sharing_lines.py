"""What is said of figures that were taken while other jobs were on the machine: which stay valid, and which do not."""

from collections.abc import Iterable, Iterator, Mapping

from harness.analysis.machines import labels
from harness.analysis.sweep import Sweep
from harness.metrics import OF_MACHINE, Quantity
from harness.records import Environment, Run
from harness.report.figures import listed
from harness.report.machine_lines import main_entries

_NAMED = 3
_VALID: tuple[Quantity, ...] = ("memory", "accuracy", "count")
"""Quantities that another job on the machine leaves as they are, in the order in which they are told."""


def run_sharing(run: Run, environment: Environment | None) -> list[str]:
    """Return what a run's report says first where other jobs were seen on its machine: who, and what that spoils."""
    seen = neighbours(environment)
    if not seen:
        return []
    metrics: dict[str, Quantity] = {}
    for probe in run.probes:
        for metric in probe.metrics:
            scopes = [stage.key for stage in run.stages] if metric.scope == "stage" else [metric.scope]
            metrics.update((f"{scope}.{metric.name}", metric.quantity) for scope in scopes if metric.main)
    count = "another job was" if len(seen) == 1 else f"{len(seen)} other jobs were"
    return [f"Shared machine: {count} on it during the run ({_few(seen)})", *_validity(metrics, "")]


def sweep_sharing(sweep: Sweep) -> list[str]:
    """Return what is said of a sweep whose jobs were on one machine at the same time, or saw others there."""
    jobs: dict[str, None] = {}
    why = []
    names = labels(sweep.machines)
    for one in sweep.overlaps:
        jobs.update(dict.fromkeys((one.one, one.other)))
        why.append(f"jobs {one.one} and {one.other} together on {names[one.machine]} for {one.duration_s:.0f} s")
    for cell in sweep.cells:
        if cell.neighbours:
            jobs.update(dict.fromkeys(cell.jobs or (cell.job,)))
            why.append(f"beside job {cell.job}: {_few(cell.neighbours)}")
    if not jobs:
        return []
    where = f" in {'job' if len(jobs) == 1 else 'jobs'} {_some(jobs)}" if len(jobs) < _jobs(sweep) else ""
    metrics = {name: entry.quantity for name, entry in main_entries(sweep).items()}
    return [f"Shared machine: {_few(why)}", *_validity(metrics, where)]


def neighbours(environment: Environment | None) -> tuple[str, ...]:
    """Return a line for each other job that was seen on the machine while a run was made."""
    if environment is None or environment.allocation is None:
        return ()
    return environment.allocation.neighbours


def _validity(metrics: Mapping[str, Quantity], where: str) -> Iterator[str]:
    """Yield one line: the figures that the others may have changed, and those that they have not."""
    spoiled = [name for name, quantity in metrics.items() if quantity in OF_MACHINE]
    if not spoiled:
        return
    valid = [f"{kind} ({', '.join(own)})" for kind in _VALID if (own := [n for n, q in metrics.items() if q == kind])]
    still = f"; valid all the same: {listed(valid)}" if valid else ""
    yield f"Of a shared machine{where}, and not valid as this machine's own: {', '.join(spoiled)}{still}"


def _few(lines: Iterable[str]) -> str:
    there = list(lines)
    more = f"; and {len(there) - _NAMED} more" if len(there) > _NAMED else ""
    return "; ".join(there[:_NAMED]) + more


def _some(jobs: Iterable[str]) -> str:
    there = list(jobs)
    return listed(there) if len(there) <= 2 * _NAMED else f"{', '.join(there[: 2 * _NAMED])} and {len(there) - 6} more"


def _jobs(sweep: Sweep) -> int:
    return sum(len(cell.jobs or (cell.job,)) for cell in sweep.cells)
