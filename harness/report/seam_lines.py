"""What is said of a run that was stopped and taken up again: its seams, what was forced, and what is pooled."""

from collections.abc import Iterator, Sequence

from harness.analysis.legs import Leg
from harness.analysis.sweep import Sweep

POOLED = (
    "figures are of the trials of all legs, cold is the median of their first ones; growth, drift and handles are told "
    "within a leg, never across a seam"
)
"""What a reader of any figure of such a run has to know."""
RESUMED = "resumed"
"""The mark of a sweep's cell that was taken up again: a word, as the mark of the baseline is."""


def seam_texts(legs: Sequence[Leg]) -> Iterator[str]:
    """Yield where and when each further leg began, and how many trials the one before had not done to their end."""
    last: int | None = None
    for leg in legs:
        if leg.leg:
            stopped = "before the first trial was done" if last is None else f"after trial {last}"
            aside = f", {_cut_short(leg.set_aside)}" if leg.set_aside else ""
            at = leg.started_at[:19].replace("T", " ")
            yield f"stopped {stopped}, taken up again at {at} on {leg.hostname} (leg {leg.leg}{aside})"
        if leg.last_trial is not None:
            last = max(leg.last_trial, -1 if last is None else last)


def forced_texts(legs: Sequence[Leg]) -> Iterator[str]:
    """Yield what had changed when a leg began, and what that does to the figures."""
    for leg in legs:
        for line in leg.forced:
            yield f"forced before leg {leg.leg}: {line}: figures of before and after it are pooled all the same"


def machine_texts(hostnames: Sequence[str]) -> Iterator[str]:
    """Yield a line where the legs of a run were not all on one machine; ``hostnames`` are by leg, empty if unknown."""
    hosts = list(dict.fromkeys(host for host in hostnames if host))
    if len(hosts) > 1:
        where = ", ".join(f"leg {leg} on {host or 'an unknown one'}" for leg, host in enumerate(hostnames))
        yield f"the legs ran on {len(hosts)} machines ({where}): times and drift are pooled over them, and of none"


def sweep_seam_notes(sweep: Sweep) -> Iterator[str]:
    """Yield what the mark of resumed cells means, and what was forced in which job."""
    resumed = [cell for cell in sweep.cells if cell.seams]
    if not resumed:
        return
    cells = "1 cell" if len(resumed) == 1 else f"{len(resumed)} cells"
    yield f"{RESUMED}: {cells} stopped and taken up again; {POOLED}"
    for cell in resumed:
        hosts = list(dict.fromkeys(seam.hostname for _, seam in cell.seams))
        if len(hosts) > 1 or (cell.hostname and cell.hostname not in hosts):
            yield f"job {cell.job}: its legs ran on different machines ({', '.join(hosts)})"
        yield from (
            f"job {job}: forced before leg {seam.leg}: {line}" for job, seam in cell.seams for line in seam.forced
        )


def _cut_short(count: int) -> str:
    return "1 trial was cut short and done again" if count == 1 else f"{count} trials were cut short and done again"
