"""What is said of a run's sampling: one line, with what it cost."""

from collections.abc import Iterator
from pathlib import Path

from harness.errors import StoreError
from harness.sampling.curve import Curve, Sampling, read_curve, read_sampling


def sampling_lines(folder: Path) -> Iterator[str]:
    """Say how a run was sampled; nothing where it was not. A curve that cannot be read is no loss to the rest."""
    try:
        sampling = read_sampling(folder)
    except StoreError as error:
        yield f"Sampling: {error}"
        return
    if sampling is not None:
        yield _line(sampling)
        yield from (f"Note: {note}" for note in sampling.notes)


def readable_curve(folder: Path) -> Curve | None:
    """Return a run's memory curve; None where there is none to draw: :func:`sampling_lines` has the reason."""
    try:
        curve = read_curve(folder)
    except StoreError:
        return None
    return curve if curve is not None and len(curve) else None


def _line(sampling: Sampling) -> str:
    cost = sampling.cost
    if cost is None:
        return f"Sampling: at {sampling.hz:g} Hz; what it cost is not known, for the curve has no end"
    share = f"{100 * cost.core_share:.2f} % of one core"
    return f"Sampling: {cost.samples} samples at {sampling.hz:g} Hz, {share}, {cost.missed} missed"
