"""A page with tables alone, on the template from which every page is made."""

from harness.report import page

_TABLES = """{% extends "page.html" %}
{% from "tables.html" import show %}
{% block contents %}<li><a href="#tables">Tables</a></li>{% endblock %}
{% block body %}
<h2 id="tables">Tables</h2>
{% for table in report.tables %}{{ show(table) }}{% endfor %}
{% endblock %}
"""


def rendered(report: object) -> str:
    """Return the page of something that has a ``title`` and ``tables``."""
    return page._templates().from_string(_TABLES).render(report=report)
