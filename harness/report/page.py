"""One self-contained HTML page: no reference to another file, every text escaped, and no request that may be made."""

import base64
import hashlib
import re
from collections.abc import Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from harness.printable import printable
from harness.report.figures import MISSING
from harness.report.tables import Table

_NUMBER = re.compile(r"[-+\u2212]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?(?=$|[\s%x\u00d7\[])", re.IGNORECASE)
"""A cell that begins with one is a number, with or without its unit or its interval; page.js sorts by the same rule."""

_MOSTLY = 0.75
"""Share of numbers that makes a column one of numbers; page.js has it too."""


def render(template: str, report: object) -> str:
    """Render a template of this package, which finds what it shows in ``report``."""
    return printable(_templates().get_template(template).render(report=report))


def number_columns(table: Table) -> list[bool]:
    """Tell for each column of a table whether its cells are numbers, but for dashes and a word here and there."""
    return [_is_numeric([row[index] for row in table.rows]) for index in range(len(table.headers))]


def _is_numeric(cells: Sequence[str]) -> bool:
    there = [cell for cell in cells if cell not in ("", MISSING)]
    return bool(cells) and sum(bool(_NUMBER.match(cell)) for cell in there) >= _MOSTLY * len(there)


@cache
def _templates() -> Environment:
    """Return the templates, with style, script and the policy that allows this one script and nothing else."""
    loader = PackageLoader("harness.report")
    templates = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style, script = (loader.get_source(templates, f"page.{kind}")[0] for kind in ("css", "js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    templates.globals |= {
        "style": Markup(style),  # noqa: S704 - our own files
        "script": Markup(script),  # noqa: S704
        "policy": (
            f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data:; "
            "base-uri 'none'; form-action 'none'"
        ),
        "number_columns": number_columns,
    }
    return templates
