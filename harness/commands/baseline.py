"""``python -m harness baseline``: keep a run under a name, or list what is kept."""

from pathlib import Path
from typing import Annotated

import typer

from harness.errors import ConfigError
from harness.printable import printable


def baseline(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="the name; without it, list the stored ones")
    ] = None,
    folder: Annotated[Path | None, typer.Argument(metavar="FOLDER", help="the run to keep")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="take the place of the stored one")] = False,
    outputs: Annotated[Path, typer.Option(help="the folder of outputs, with the baselines")] = Path("outputs"),
) -> None:
    """Keep a copy of a run under a name that compare understands, or list the stored ones."""
    from harness import baselines

    if name is None:
        print(printable(_listed(outputs)))
    elif folder is None:
        raise ConfigError("baseline", f"the name '{name}' alone", "a name and the folder of a run")
    else:
        print(printable(f"Baseline: {baselines.keep(name, folder, outputs, replace=replace)}"))


def _listed(outputs: Path) -> str:
    """Return a table of the stored baselines."""
    from harness import baselines
    from harness.report.tables import Table

    rows = []
    for one in baselines.stored(outputs):
        if one.run is None:
            rows.append((one.name, "-", "-", one.problem))
        else:
            stages = ", ".join(f"{stage.key} {stage.label}" for stage in one.run.stages)
            rows.append((one.name, one.run.started_at, str(one.run.trials), stages))
    if not rows:
        return f"No baseline in '{outputs / baselines.FOLDER}'; python -m harness baseline NAME FOLDER stores one"
    return Table("Baselines", ("Name", "Started", "Trials", "Stages"), tuple(rows)).text()
