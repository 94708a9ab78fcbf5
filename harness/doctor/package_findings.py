"""The packages of the harness's own distribution: those that it needs, and those of its extras."""

import json
from collections.abc import Iterable, Iterator
from importlib import metadata
from shlex import quote
from urllib.parse import unquote, urlsplit

from packaging.requirements import Requirement

from harness.doctor.finding import Finding, Mark

GROUP = "Packages"
DISTRIBUTION = "asr-align-harness"


def package_findings(distribution: str = DISTRIBUTION) -> Iterator[Finding]:
    """Yield one finding for what is needed, and one for each extra."""
    try:
        every = [Requirement(text) for text in metadata.requires(distribution) or ()]
        extras = metadata.metadata(distribution).get_all("Provides-Extra") or []
    except metadata.PackageNotFoundError:
        yield Finding(GROUP, "needed", "unknown", f"{distribution} is not installed as a distribution")
        return
    source = _source(distribution)
    yield _finding("needed", source, _unmet(every, ""))
    for extra in extras:
        yield _finding(f"extra {extra}", f"{source}'[{extra}]'", _unmet(every, extra))


def _finding(item: str, wanted: str, unmet: tuple[str, ...]) -> Finding:
    if not unmet:
        return Finding(GROUP, item, "ok", "installed")
    needed = item == "needed"
    mark: Mark = "missing" if needed else "absent"
    return Finding(GROUP, item, mark, ", ".join(unmet), f"pip install {wanted}", needed)


def _source(distribution: str) -> str:
    """Return what pip installs it from: its name, or for one that is edited in place its folder (PEP 610)."""
    text = metadata.distribution(distribution).read_text("direct_url.json")
    origin = json.loads(text) if text else {}
    if origin.get("dir_info", {}).get("editable"):
        return f"--editable {quote(unquote(urlsplit(origin['url']).path))}"
    return distribution


def _unmet(every: Iterable[Requirement], extra: str) -> tuple[str, ...]:
    """Return what an extra adds, or for ``""`` what is always needed, and is not there or of a wrong version."""
    return tuple(
        lacking
        for requirement in every
        if _wanted(requirement, extra) and (lacking := _lacking(requirement)) is not None
    )


def _wanted(requirement: Requirement, extra: str) -> bool:
    marker = requirement.marker
    if marker is None:
        return not extra
    always = marker.evaluate({"extra": ""})
    return always if not extra else marker.evaluate({"extra": extra}) and not always


def _lacking(requirement: Requirement) -> str | None:
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return f"{requirement.name} is not installed"
    if requirement.specifier.contains(version, prereleases=True):
        return None
    return f"{requirement.name} {version} is not {requirement.specifier}"
