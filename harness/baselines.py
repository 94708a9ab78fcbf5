"""Runs that were kept under a name, to compare later ones with: copies in ``baselines/`` in the folder of outputs.

A copy holds what a comparison and a report need, and neither curve nor log. It is whole or not there: it is copied
under another name first, and renamed.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness import store
from harness.errors import StoreError
from harness.records import Run
from harness.whole_folder import whole_folder

FOLDER = "baselines"
_KEPT = (store.RUN, store.ENVIRONMENT, store.CONFIG, store.TRIALS, store.SUMMARY)
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Baseline:
    """A stored baseline; ``run`` is None, with ``problem``, where the folder holds none that can be read."""

    name: str
    folder: Path
    run: Run | None
    problem: str = ""


def keep(name: str, folder: Path, outputs: Path, *, replace: bool = False) -> Path:
    """Store a copy of a run as a baseline, and return its folder.

    Raises :class:`StoreError` for a name that is none, one that is taken unless ``replace``, a folder that is no run or
    in which no trial was completed, and where nothing can be written. The stored one stays as it is then.
    """
    _check(name)
    if not folder.is_dir():
        raise StoreError("baseline", f"no folder '{folder}'", "the folder of a run")
    if not (folder / store.RUN).exists():
        jobs = [str(path.parent) for path in sorted(folder.glob(f"*/{store.RUN}"))]
        raise StoreError("baseline", f"'{folder}' without {store.RUN}", "the folder of one run", jobs)
    if not any(trial.outcome.ok for trial in store.read_run(folder).trials):
        raise StoreError("baseline", f"no completed trial in '{folder}'", "a run with a trial that is ok")
    target = outputs / FOLDER / name
    if target.exists() and not replace:
        raise StoreError("baseline", f"'{name}', which is stored already", "a new name, or --replace")
    try:
        _copy(folder, target)
    except OSError as error:
        found = f"'{target}' ({error.strerror})"
        raise StoreError("baseline", found, "a folder that can be written; --outputs names another") from None
    return target


def stored(outputs: Path) -> tuple[Baseline, ...]:
    """Return the stored baselines by name."""
    return tuple(_read(folder) for folder in _folders(outputs))


def resolve(named: str, outputs: Path) -> tuple[Path, tuple[str, ...]]:
    """Return the folder that a name on the command line stands for, with notes: a folder, else a stored baseline.

    Raises :class:`StoreError` with the stored names where it is neither.
    """
    folder, kept = Path(named), outputs / FOLDER / named
    is_name = bool(_NAME.fullmatch(named)) and kept.is_dir()
    if folder.exists():
        if is_name and kept.resolve() != folder.resolve():
            return folder, (f"'{named}' is taken for the folder of that name, not for the stored baseline",)
        return folder, ()
    if is_name:
        return kept, ()
    names = [folder.name for folder in _folders(outputs)]
    expected = "the folder of a run, or the name of a stored baseline"
    raise StoreError("comparison", f"'{named}'", expected if names else f"{expected} (there is none)", names)


def _check(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise StoreError(
            "baseline", repr(name), "a name of at most 100 letters, digits and . _ -, not beginning with ."
        )


def _folders(outputs: Path) -> Iterator[Path]:
    folder = outputs / FOLDER
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if path.is_dir() and _NAME.fullmatch(path.name))


def _read(folder: Path) -> Baseline:
    try:
        return Baseline(folder.name, folder, store.read_description(folder)[0])
    except StoreError as error:
        return Baseline(folder.name, folder, None, str(error))


def _copy(folder: Path, target: Path) -> None:
    with whole_folder(target) as fresh:
        legs = (path.name for path in sorted(folder.glob("environment-*.json")))
        for name in (*_KEPT, *legs):
            with suppress(FileNotFoundError):  # a killed run has no summary
                shutil.copyfile(folder / name, fresh / name)
