"""Corrected references for a run that is scored again: one text, or JSON lines of an utterance's name and its text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from harness import store
from harness.errors import InputError
from harness.records import Utterance

_EXPECTED = 'JSON lines with "id" and "text"; or, for a run of one utterance, a text'


@dataclass
class References:
    """The text of each utterance by its name; None stands for the only one. It keeps count of what it was asked for."""

    texts: Mapping[str | None, str]
    seen: set[str | None] = field(default_factory=set)
    lacking: set[str] = field(default_factory=set)
    untimed: set[str] = field(default_factory=set)

    def corrected(self, utterance: Utterance) -> Utterance:
        """Return an utterance with its new reference, as it was where there is none for it.

        The times of the words of another reference are not those of this one, and are left out.
        """
        name = None if None in self.texts else utterance.id
        if name not in self.texts:
            self.lacking.add(utterance.id)
            return utterance
        self.seen.add(name)
        text = self.texts[name]
        if text == utterance.reference:
            return utterance
        if utterance.reference_words:
            self.untimed.add(utterance.id)
        return replace(utterance, reference=text, no_reference=None, reference_words=())

    @property
    def notes(self) -> Iterator[str]:
        """Say which utterances have no new reference, which references no utterance, and which times were lost."""
        unknown = [name for name in self.texts if name is not None and name not in self.seen]
        yield from _listed("no new reference, the old one was kept", sorted(self.lacking))
        yield from _listed("a reference of no utterance of the run", sorted(unknown))
        yield from _listed("other words, so that their reference times were left out", sorted(self.untimed))


def read_references(path: Path, folder: Path) -> References:
    """Read corrected references for the run, or the sweep, in ``folder``.

    A file of which the first line is a JSON object has one a line; any other is the text of the one utterance that
    there is. Raises :class:`InputError`.
    """
    try:
        content = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError("references", f"'{path}' ({error.strerror})", "a file that can be read") from None
    except UnicodeDecodeError:
        raise InputError("references", f"'{path}', which is not UTF-8", _EXPECTED) from None
    if not content.strip():
        raise InputError("references", f"'{path}' with nothing in it", _EXPECTED)
    if content.lstrip().startswith("{"):
        return References(_lines(path, content))
    names = _utterances(folder)
    if len(names) != 1:
        raise InputError("references", f"'{path}', one text for {len(names)} utterances", _EXPECTED)
    return References({None: " ".join(content.split())})


def _lines(path: Path, content: str) -> dict[str | None, str]:
    texts: dict[str | None, str] = {}
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        place = f"'{path}' line {number}"
        try:
            row: Any = msgspec.json.decode(line)
        except msgspec.DecodeError as error:
            raise InputError("references", f"{place} ({error})", _EXPECTED) from None
        name, text = (row.get(key) if isinstance(row, dict) else None for key in ("id", "text"))
        if not isinstance(name, str) or not isinstance(text, str):
            raise InputError("references", f"{place} without them", _EXPECTED)
        if name in texts:
            raise InputError("references", f"{place} with '{name}' a second time", "each utterance once")
        texts[name] = text
    return texts


def _utterances(folder: Path) -> set[str]:
    """Return the names of the utterances of a run, or of all runs of a sweep."""
    runs = [folder] if (folder / store.RUN).exists() else [path.parent for path in folder.glob(f"*/{store.RUN}")]
    return {trial.utterance.id for run in runs for trial in store.each_trial(run, [])}


def _listed(what: str, names: list[str]) -> Iterator[str]:
    if names:
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        yield f"{what}: {', '.join(names[:3])}{more}"
