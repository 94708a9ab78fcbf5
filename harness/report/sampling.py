"""What is said of a run's sampling: one line a leg, with what it cost."""

from collections.abc import Iterator
from pathlib import Path

from harness.errors import StoreError
from harness.sampling.curve import Curve, Sampling, read_curves, read_sampling, sampled_legs


def sampling_lines(folder: Path) -> Iterator[str]:
    """Say how a run was sampled; nothing where it was not. A curve that cannot be read is no loss to the rest."""
    legs = sampled_legs(folder)
    for leg in legs:
        name = "Sampling" if legs[-1] == 0 else f"Sampling (leg {leg})"
        try:
            sampling = read_sampling(folder, leg)
        except StoreError as error:
            yield f"{name}: {error}"
            continue
        if sampling is not None:
            yield _line(name, sampling)
            yield from (f"Note: {note}" for note in sampling.notes)


def readable_curves(folder: Path) -> tuple[Curve, ...]:
    """Return the memory curves of a run's legs; none where one cannot be drawn: :func:`sampling_lines` has the reason.

    Of a leg without a curve the readings between commands would have to stand beside the samples of the others.
    """
    try:
        curves = read_curves(folder)
    except StoreError:
        return ()
    return curves if all(map(len, curves)) else ()


def _line(name: str, sampling: Sampling) -> str:
    cost = sampling.cost
    if cost is None:
        return f"{name}: at {sampling.hz:g} Hz; what it cost is not known, for the curve has no end"
    share = f"{100 * cost.core_share:.2f} % of one core"
    return f"{name}: {cost.samples} samples at {sampling.hz:g} Hz, {share}, {cost.missed} missed"
