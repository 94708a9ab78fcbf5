"""What of the container can be tested without a container engine."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "Dockerfile"
SUBMODULE = "chatllm.cpp"
"""The one source of a COPY that a clone need not have: `git submodule update --init` brings it."""


@dataclass(frozen=True)
class Instruction:
    """An instruction of a Dockerfile: its name, its arguments on one line, and the stage that it stands in."""

    name: str
    text: str
    stage: str

    @property
    def words(self) -> list[str]:
        """The arguments without options (``--from=...``), whether they are written as words or as JSON."""
        if self.text.startswith("["):
            return [str(word) for word in json.loads(self.text)]
        return [word for word in self.text.split() if not word.startswith("--")]

    @property
    def pairs(self) -> dict[str, str]:
        """What ENV or ARG sets."""
        found = re.findall(r'(\w+)(?:=("[^"]*"|\S*))?', self.text)
        return {name: value.strip('"') for name, value in found}


def instructions(path: Path = DOCKERFILE) -> Iterator[Instruction]:
    """Yield a Dockerfile's instructions; the last stage's name is empty."""
    text = re.sub(r"^\s*#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    stage = ""
    for line in text.replace("\\\n", " ").splitlines():
        name, _, rest = line.strip().partition(" ")
        if not name:
            continue
        if name == "FROM":
            stage = rest.partition(" AS ")[2]
        yield Instruction(name, " ".join(rest.split()), stage)


def only(name: str, *, containing: str = "", stage: str | None = None) -> Instruction:
    """Return the one instruction of a name, whose text contains something, in a stage."""
    (found,) = (
        one for one in instructions() if one.name == name and containing in one.text and stage in (None, one.stage)
    )
    return found
