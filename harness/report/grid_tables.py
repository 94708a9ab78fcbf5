"""Two swept keys crosswise: a grid for each main metric, with the first key down and the second across."""

from harness.analysis.sweep import Cell, Sweep
from harness.report.figures import MISSING
from harness.report.sweep_table import SweepFigures
from harness.report.tables import Table
from harness.sweeping.baseline import plain


def grid_tables(sweep: Sweep, shown: SweepFigures) -> list[Table]:
    """Return the grids; none where other than two keys were swept, or two cells have the same place."""
    if len(sweep.swept) != 2:
        return []
    first, second = sweep.swept
    places = {(cell.overrides.get(first, MISSING), cell.overrides.get(second, MISSING)): cell for cell in sweep.cells}
    if len(places) < len(sweep.cells):
        return []
    texts = {place: {name: _text(shown, cell, name) for name in shown.names} for place, cell in places.items()}
    down, across = (list(dict.fromkeys(place[axis] for place in places)) for axis in (0, 1))
    return [
        Table(
            f"{name}, {shown.unit(name)}",
            (first, *(f"{second}={plain(value)}" for value in across)),
            tuple(
                (plain(row), *(texts.get((row, column), {}).get(name, MISSING) for column in across)) for row in down
            ),
        )
        for name in shown.names
    ]


def _text(shown: SweepFigures, cell: Cell, name: str) -> str:
    """Return a cell's figure; of a time, where it was measured, if that is not the same everywhere."""
    text = shown.first_line(cell, name)
    timed = cell.job in shown.places and shown.entries[name].of_machine and text != MISSING
    return f"{text} @{shown.places[cell.job]}" if timed else text
