"""A sweep as JSON: everything that its tables are made of, for programs."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from harness.analysis.machines import Machine, labels
from harness.analysis.metric_summary import MetricSummary
from harness.analysis.standing import Ratio
from harness.analysis.sweep import Cell, Sweep
from harness.records import SCHEMA
from harness.report.isolation_table import is_about_isolation, isolation_rows
from harness.report.sharing_lines import sweep_sharing
from harness.report.sweep_table import SweepFigures

_DECLARED = ("scope", "metric", "kind", "unit", "better", "format", "main", "description", "quantity")
"""What is the same of a metric in all cells, and stands once."""
_MEASURED = tuple(field.name for field in fields(MetricSummary) if field.name not in _DECLARED)


def sweep_record(sweep: Sweep, shown: SweepFigures) -> dict[str, Any]:
    """Return what ``sweep.json`` holds: swept keys, baseline, the metrics, and each cell with its jobs and figures.

    The metrics are the main ones; all others stand in each job's own summary. Of a cell's figures those that are None
    are left out.
    """
    best: dict[str, list[str]] = {}
    for name, jobs in shown.best.items():
        for job in jobs:
            best.setdefault(job, []).append(name)
    declared: dict[str, MetricSummary] = {}
    for cell in sweep.cells:
        declared.update((name, entry) for name, entry in cell.metrics.items() if entry.main and name not in declared)
    names = labels(sweep.machines) if len(sweep.machines) > 1 else {}
    return {
        "schema": SCHEMA,
        "swept": sweep.swept,
        "constant": sweep.constant,
        "baseline": sweep.baseline.job if sweep.baseline else None,
        "metrics": {name: {part: getattr(entry, part) for part in _DECLARED} for name, entry in declared.items()},
        "cells": [
            {
                **_cell(cell),
                **_place(cell, names),
                "best": best.get(cell.job, []),
                "ratios": {name: _ratio(one, names) for name, one in shown.ratios.get(cell.job, {}).items()},
            }
            for cell in sweep.cells
        ],
        **({"machines": [_machine(machine, name) for machine, name in names.items()]} if names else {}),
        **({"shared": sweep_sharing(sweep), "overlaps": _overlaps(sweep)} if sweep_sharing(sweep) else {}),
        **({"isolation": isolation_rows(sweep)} if is_about_isolation(sweep) else {}),
    }


def _machine(machine: Machine, name: str) -> dict[str, Any]:
    return {"name": name, **{part.name: getattr(machine, part.name) for part in fields(Machine)}}


def _ratio(ratio: Ratio, names: Mapping[Machine, str]) -> dict[str, Any]:
    """Return a ratio; what it is a multiple of goes without saying where there is one machine."""
    of = {"of": ratio.of, "other_machine": ratio.other_machine} if names else {}
    return {"value": ratio.value, "interval": ratio.interval, **of}


def _place(cell: Cell, names: Mapping[Machine, str]) -> dict[str, Any]:
    return {"machines": [names[machine] for machine in cell.machines]} if names else {}


def _overlaps(sweep: Sweep) -> list[dict[str, Any]]:
    return [
        {"jobs": [one.one, one.other], "hostname": one.machine.hostname, "duration_s": one.duration_s}
        for one in sweep.overlaps
    ]


def _cell(cell: Cell) -> dict[str, Any]:
    jobs = zip(cell.jobs, cell.folders, cell.outcomes, strict=True)
    return {
        "job": cell.job,
        "jobs": [{"job": name, "folder": folder.name, "outcome": outcome} for name, folder, outcome in jobs],
        "overrides": cell.overrides,
        "outcome": cell.outcome,
        "ok": cell.ok,
        "verdict": cell.verdict,
        "trials": cell.trials,
        "started_at": cell.started_at,
        "hostname": cell.hostname,
        "notes": cell.notes,
        **({"reused": cell.reused} if cell.reused else {}),
        "metrics": {name: _measured(entry) for name, entry in cell.metrics.items() if entry.main},
    }


def _measured(entry: MetricSummary) -> dict[str, Any]:
    values = ((name, getattr(entry, name)) for name in _MEASURED)
    return {name: value for name, value in values if value is not None}
