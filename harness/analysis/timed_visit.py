"""What of a visit is about word times: whether there are any, of which text they are, and how well they fit."""

from harness.records import Visit


def gives_times(visit: Visit) -> bool:
    """Tell whether a stage gave words with times: an aligner that was run, also where it found none."""
    return bool(visit.words) or (visit.role == "aligner" and visit.text is not None)


def source(visit: Visit) -> str:
    """Return where the text of a visit's words is from: a stage's key, or ``reference``."""
    return visit.text_from or visit.stage


def qualities(visit: Visit) -> list[float]:
    """Return what the stage says of how well its words fit, of those of which it says it."""
    return [word.quality for word in visit.words if word.quality is not None]
