"""The table of a search for the smallest memory limit: on the screen, in ``fit.md`` and ``fit.json``."""

from pathlib import Path

from harness import store
from harness.analysis.fit import Attempt, Search
from harness.protocol import ADDRESS_SPACE
from harness.report.figures import MISSING, figure
from harness.report.tables import Table

_CAVEAT = "RLIMIT_AS counts reserved address space, not memory in use: a machine may need less"


def publish_search(search: Search, folder: Path) -> None:
    """Write ``fit.json`` and ``fit.md`` into the search's folder."""
    store.write_json(folder / store.FIT_JSON, search)
    text = f"# {sentence(search)}\n\n{search_table(search).markdown()}\n"
    store.write_text(folder / store.FIT_MD, text)


def search_table(search: Search) -> Table:
    """Return a row for each attempt: limit, outcome, peak, times, and their price against the run without a limit."""
    return Table(
        "Does it fit?",
        ("Attempt", "Limit MiB", "Outcome", "Peak MiB", "Load ms", "x", "Latency ms", "x"),
        tuple(_row(attempt) for attempt in search.attempts),
        tuple(_notes(search)),
    )


def sentence(search: Search) -> str:
    """Say the answer."""
    found, unit = search.found, "MiB of address space" if search.mechanism == ADDRESS_SPACE else "MiB"
    first = search.attempts[0]
    if first.limit_mib is None and not (first.ok or first.interrupted):
        return f"does not run without a limit either: {first.outcome}"
    failing = f"fails at {found.fails_mib} {unit}" if found.fails_mib is not None else "no smaller limit failed"
    if found.fits_mib is None:
        answer = f"no limit was found under which it fits: {failing}"
    else:
        answer = f"fits in {found.fits_mib} {unit} ({failing})"
    if not search.finished:
        done = sum(not attempt.interrupted for attempt in search.attempts)
        return f"interrupted after {done} attempt{'' if done == 1 else 's'}; so far: {answer}"
    return answer if found.fits_mib is None or found.confirmed else f"{answer}; not tried a second time"


def attempt_line(attempt: Attempt) -> str:
    """Say how an attempt ended, while the search goes on."""
    limit = "no limit" if attempt.limit_mib is None else f"{attempt.limit_mib:g} MiB"
    times = f"peak {figure(attempt.peak_mib, '.1f')} MiB, load {figure(attempt.load_ms)} ms"
    return f"Attempt {attempt.name.partition('-')[0]}: {limit}: {attempt.outcome} ({times})"


def _row(attempt: Attempt) -> tuple[str, ...]:
    return (
        attempt.name,
        MISSING if attempt.limit_mib is None else f"{attempt.limit_mib:g}",
        attempt.outcome,
        figure(attempt.peak_mib, ".1f"),
        figure(attempt.load_ms, ".1f"),
        figure(attempt.load_ratio),
        figure(attempt.latency_ms, ".1f"),
        figure(attempt.latency_ratio),
    )


def _notes(search: Search) -> list[str]:
    bare = "" if search.bare_mib is None else f"; a worker without an engine holds {search.bare_mib:.1f} MiB"
    notes = [
        f"By {search.mechanism}, to within {search.tolerance_mib:g} MiB{bare}.",
        "x is the time against the run without a limit.",
    ]
    if search.mechanism == ADDRESS_SPACE:
        notes.append(f"{_CAVEAT}.")
    if search.found.odd_mib:
        smaller = ", ".join(f"{limit} MiB" for limit in search.found.odd_mib)
        notes.append(f"Not monotone: it fitted in {smaller} too, and failed above; the answer is the safe one.")
    return notes
