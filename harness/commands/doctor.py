"""``python -m harness doctor``: what is wrong with this machine, and what mends it."""

from typing import Annotated

import typer

from harness.printable import printable


def doctor(json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False) -> int:
    """Say what of this machine blurs figures, which engines can run, and what mends the rest.

    Exit status 1 where a run by the defaults cannot be done.
    """
    from harness.doctor.examination import examine
    from harness.doctor.finding import written

    examination = examine()
    text = written(examination, as_json=json)
    print(text if json else printable(text))
    return 0 if examination.ok else 1
