"""One line of an examination, and how all of them are written: for a terminal, and as JSON."""

import shutil
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

import msgspec

from harness.machine.noise import Noise

Mark = Literal["ok", "blur", "unknown", "missing", "absent"]
"""``blur``: figures suffer; ``unknown``: not told here; ``missing``: it cannot run; ``absent``: optional, not there."""
_WIDEST_ITEM = 20
_BELOW_MARK = " " * 11


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one thing.

    ``fix`` is a command to copy; ``needed`` marks what a run by the defaults cannot do without.
    """

    group: str
    item: str
    mark: Mark
    text: str
    fix: str = ""
    needed: bool = False

    @property
    def fatal(self) -> bool:
        """Whether a run by the defaults will be refused for it."""
        return self.needed and self.mark == "missing"


@dataclass(frozen=True, slots=True)
class Examination:
    """All findings, with the version of the harness and the noise check that they come from."""

    version: str
    findings: tuple[Finding, ...]
    noise: Noise | None = None

    @property
    def ok(self) -> bool:
        """Whether a run by the defaults can be done."""
        return not any(finding.fatal for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        return {"version": self.version, "ok": self.ok, "findings": self.findings, "noise": self.noise}


def lines(examination: Examination, columns: int) -> Iterator[str]:
    """Yield the lines for a terminal of that width; what is too long goes on below its own beginning."""
    yield f"asr-align-harness {examination.version}"
    for group, findings in groupby(examination.findings, key=lambda finding: finding.group):
        yield ""
        yield group
        yield from _group(list(findings), columns)
    yield ""
    yield from textwrap.wrap(_ending(examination.findings), columns)


def _group(findings: list[Finding], columns: int) -> Iterator[str]:
    widest = min(_WIDEST_ITEM, max(len(finding.item) for finding in findings))
    for finding in findings:
        start = f"  {finding.mark:<7}  {finding.item:<{widest}}  "
        below = f"{_BELOW_MARK}{'':<{widest}}  "
        yield from textwrap.wrap(
            start + finding.text,
            columns,
            subsequent_indent=below,
            break_long_words=False,
            break_on_hyphens=False,
            drop_whitespace=True,
        )
        if finding.fix:
            yield f"{_BELOW_MARK}fix: {finding.fix}"  # not wrapped, so that it can be copied


def _ending(findings: Iterable[Finding]) -> str:
    every = list(findings)
    fatal = [finding.item for finding in every if finding.fatal]
    blurs = sum(finding.mark == "blur" for finding in every)
    blurred = f" {blurs} of the machine's lines will blur its figures." if blurs > 1 else ""
    if blurs == 1:
        blurred = " One of the machine's lines will blur its figures."
    if fatal:
        return f"A run by the defaults cannot be done: {', '.join(dict.fromkeys(fatal))}.{blurred}"
    return f"A run by the defaults can be done.{blurred}"


def written(examination: Examination, *, as_json: bool) -> str:
    """Return what the command prints: lines as wide as the terminal, or JSON."""
    if as_json:
        return msgspec.json.format(msgspec.json.encode(examination.as_json()), indent=2).decode()
    return "\n".join(lines(examination, shutil.get_terminal_size((100, 24)).columns))
