"""The sources that a plugin's module is made of, and the packages that they import: known without running them."""

import ast
import hashlib
import re
import sys
from collections.abc import Iterable
from functools import lru_cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

_OURS = "harness"
_IMPORT = re.compile(
    r"^[ \t]*((?:from[ \t]+[\w.]+[ \t]+import[ \t]+(?:\([^)]*\)|[^\n(]+))|import[ \t]+[^\n]+)", re.MULTILINE
)
"""One statement each; to parse the whole source would take twenty times as long."""


def source_sha256(files: Iterable[Path]) -> str:
    """Return the SHA-256 of some sources: of each one's own, in their order; what is gone counts as empty."""
    whole = hashlib.sha256()
    for file in files:
        whole.update(hashlib.sha256(_content(file)).digest())
    return whole.hexdigest()


def package_sources(folder: Path) -> list[Path]:
    """Return every source below a package's folder, sorted by path."""
    return sorted(folder.rglob("*.py"))


def sources_of(module: str) -> dict[str, Path]:
    """Return the sources of a module and of all that it imports from its own top-level package, by module's name.

    Imports inside of functions count too, for an engine is imported when it is prepared. A module without a source, or
    one that is not found, has none.
    """
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        file = _file(name)
        if file is None:
            continue
        found[name] = file
        top = name.partition(".")[0]
        waiting.extend(one for one in _imports(file, name) if one.partition(".")[0] == top != _OURS)
    return dict(sorted(found.items()))


def packages_of(modules: Iterable[str]) -> dict[str, str]:
    """Return the versions of the installed packages that the sources of some modules import, by package.

    A package whose distribution has another name than itself is not found.
    """
    names = set()
    for module in modules:
        for name, file in sources_of(module).items():
            names |= {one.partition(".")[0] for one in _imports(file, name)}
    return versions_of(names - sys.stdlib_module_names - {_OURS})


def versions_of(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of those of some packages that are installed, by name."""
    versions = {}
    for name in sorted(packages):
        try:
            versions[name.replace("_", "-")] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue  # a module of the user's, or of another name than its distribution
    return versions


def _file(module: str) -> Path | None:
    loaded = sys.modules.get(module)
    file = getattr(loaded, "__file__", None)
    if loaded is None:
        try:
            spec = find_spec(module)
        except (ImportError, ValueError, AttributeError):  # a name in a module, not a module
            return None
        file = spec.origin if spec else None
    return Path(file) if file and file.endswith(".py") else None


@lru_cache
def _imports(file: Path, module: str) -> tuple[str, ...]:
    """Return the modules that a source names in its imports, and what it takes from them, which may be modules too."""
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    found: list[str] = []
    for statement in _IMPORT.findall(_content(file).decode(errors="replace")):
        try:
            (node,) = ast.parse(statement.strip()).body
        except (SyntaxError, ValueError):
            continue  # a sentence of a docstring
        if isinstance(node, ast.Import):
            found.extend(one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found.extend([base, *(f"{base}.{one.name}" for one in node.names)])
    return tuple(found)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""
