"""Files and threads that leak, a line each."""

from collections.abc import Iterator

from harness.analysis.summary import Summary


def handle_lines(summary: Summary) -> Iterator[str]:
    """Say what leaks, how fast, and what that rests on."""
    for one in summary.leaking_handles:
        yield (
            f"Leak ({one.kind}): {one.per_iteration:.3g} {one.name} an iteration "
            f"({one.first:g} -> {one.last:g} over {one.n} iterations)"
        )
