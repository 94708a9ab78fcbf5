"""How a figure is written; light enough to be imported before a run."""

from collections.abc import Sequence

MISSING = "-"


def figure(value: float | None, form: str = ".2f") -> str:
    """Write a number, ``-`` where there is none."""
    return MISSING if value is None or value != value else format(value, form)


def interval(value: tuple[float, float] | None, form: str = ".2f") -> str:
    """Write an interval, ``-`` where there is none."""
    if value is None or value[0] != value[0]:
        return MISSING
    return f"{figure(value[0], form)} .. {figure(value[1], form)}"


def signed(form: str) -> str:
    """Return a figure's format with a sign, for a difference; it may have one already."""
    return f"+{form.removeprefix('+')}"


def listed(parts: Sequence[object]) -> str:
    """Write at least one thing as a list in a sentence: ``1, 2 and 6``."""
    *first, last = map(str, parts)
    return f"{', '.join(first)} and {last}" if first else last


def heading(key: str) -> str:
    """Write a stage's key as the original experiment does: ``ASR``, ``Aligner``."""
    return "ASR" + key.removeprefix("asr") if key.startswith("asr") else key.capitalize()
