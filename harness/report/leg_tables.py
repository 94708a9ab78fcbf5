"""The legs of a run as a table, and what their machines mean for its figures."""

from collections.abc import Iterator, Sequence

from harness.analysis.leg_environments import hostnames
from harness.analysis.legs import Leg
from harness.records import Environment, Run
from harness.report.failures import ranges
from harness.report.figures import MISSING
from harness.report.seam_lines import machine_texts
from harness.report.tables import Table
from harness.report.verdict_lines import Finding


def leg_tables(legs: Sequence[Leg]) -> Iterator[Table]:
    """Yield the table of a run's legs: which trials each did, in which processes, and what its memory came to."""
    if legs:
        headers = ("Leg", "Began", "On", "Trials", "From", "To", "Workers", "Cut short before", "Memory")
        yield Table("Legs", headers, tuple(map(_row, legs)))


def machine_findings(run: Run, environments: Sequence[Environment | None]) -> Iterator[Finding]:
    """Yield a warning where the legs of a run were done on different machines, for its times are then of none."""
    if len(environments) > 1:
        yield from (Finding(f"Warning: {text}", "bad") for text in machine_texts(hostnames(run, environments)))


def _row(leg: Leg) -> tuple[str, ...]:
    return (
        str(leg.leg),
        leg.started_at[:19].replace("T", " "),
        leg.hostname or MISSING,
        str(leg.trials),
        MISSING if leg.first_trial is None else str(leg.first_trial),
        MISSING if leg.last_trial is None else str(leg.last_trial),
        ranges(leg.workers) or MISSING,
        str(leg.set_aside),
        leg.verdict or MISSING,
    )
