"""Sweeps made by hand over several machines: two of one kind, and one that is another."""

from collections.abc import Sequence
from dataclasses import replace

from harness.analysis.machines import Machine, machine_of
from harness.analysis.sweep import Sweep
from harness.records import Environment
from tests import stored
from tests.made_sweep import cell, near, sweep

ALPHA = stored.environment(hostname="alpha.cluster")
BETA = stored.environment(hostname="beta.cluster")
GAMMA = stored.environment(hostname="gamma.cluster", processor="Other 1", cores=16, memory_mib=65536.0)

ON_ALPHA, ON_BETA, ON_GAMMA = map(machine_of, (ALPHA, BETA, GAMMA))


def over(*places: tuple[int, float, Environment | None]) -> Sweep:
    """Return a sweep over ``threads``: of each cell the value, RTF and place; memory is ten times the RTF."""
    cells = [
        replace(
            cell(job, {"threads": str(threads)}, {"asr.rtf": near(rtf), "memory.peak_mib": near(10 * rtf)}),
            environment=where,
        )
        for job, (threads, rtf, where) in enumerate(places)
    ]
    return sweep(cells)


def pooled(one: Sweep, job: int, more: Machine, rtf: float) -> Sweep:
    """Return the sweep with a cell that was measured on one more machine, with this RTF there, and 1 where it was."""
    made = one.cells[job]
    first = made.machines[0]
    parts = {first: cell(job, {}, {"asr.rtf": near(1.0)}).metrics, more: cell(job, {}, {"asr.rtf": near(rtf)}).metrics}
    return changed(one, job, replace(made, elsewhere=(more,), parts=parts))


def changed(one: Sweep, job: int, made: object) -> Sweep:
    """Return the sweep with another cell in the place of one; the baseline stays the first."""
    cells: Sequence[object] = [made if at == job else other for at, other in enumerate(one.cells)]
    return replace(one, cells=tuple(cells), baseline=cells[0])  # type: ignore[arg-type]
