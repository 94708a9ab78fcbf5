"""One self-contained HTML page: no reference to another file, every text escaped."""

from jinja2 import Environment, PackageLoader, StrictUndefined


def render(template: str, report: object) -> str:
    """Render a template of this package, which finds what it shows in ``report``."""
    templates = Environment(loader=PackageLoader("harness.report"), autoescape=True, undefined=StrictUndefined)
    return templates.get_template(template).render(report=report)
