"""What a process has loaded that is not the harness: plugins and Hydra's launchers, by distribution or by file."""

import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from types import ModuleType

_HYDRA, _OURS = "hydra_plugins", "asr_align_harness"


def plugin_sources(distributions: Iterable[str], modules: Iterable[ModuleType]) -> Mapping[str, str]:
    """Return where all plugins came from: the version of each distribution, file and SHA-256 of each single module.

    ``distributions`` are ``NAME VERSION``, as an entry point tells; ``modules`` are those that ``plugins`` named. What
    Hydra has loaded beside its own and ours, a launcher for example, is added.
    """
    versions = dict(text.rpartition(" ")[::2] if " " in text else (text, "unknown") for text in distributions)
    return {**versions, **{module.__name__: _file(module) for module in modules}, **dict(_of_hydra())}


def unasked(sources: Mapping[str, str], modules: Iterable[str], overrides: Iterable[str]) -> list[str]:
    """Return a line for each module that a file of the configuration named, and not the command line."""
    if any(one.lstrip("+~").partition("=")[0] == "plugins" for one in overrides):
        return []
    return [f"the configuration names plugins=[{name}], which was imported: {sources[name]}" for name in modules]


def _file(module: ModuleType) -> str:
    if not module.__file__:
        return "no file"
    path = Path(module.__file__).resolve()
    try:
        return f"{path} sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    except OSError as error:
        return f"{path} ({error.strerror})"


def _of_hydra() -> Iterator[tuple[str, str]]:
    """Yield Hydra's plugins that are imported: it imports all that are installed."""
    for name in sorted(sys.modules):
        top, _, package = name.partition(".")
        if top == _HYDRA and package and "." not in package and package != _OURS:
            distribution = package.replace("_", "-")
            try:
                yield distribution, metadata.version(distribution)
            except metadata.PackageNotFoundError:
                yield name, _file(sys.modules[name])
