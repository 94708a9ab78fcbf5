"""The phase ledger and what the chain needs, as tables, and as one sentence."""

from collections.abc import Iterator

from harness.analysis.ledger import LedgerRow, StageLedger
from harness.analysis.residency import Chain
from harness.analysis.summary import Summary
from harness.report.figures import figure, heading
from harness.report.tables import Table

_HEADERS = ("Phase", "n", "Wall ms", "CPU ms", "RSS", "Anon", "File", "Peak", "Change of anon")


def ledger_tables(summary: Summary) -> Iterator[Table]:
    """Yield a table for each stage that did anything, and the one of the chain where there is a choice."""
    yield from (_stage_table(stage) for stage in summary.ledger.values() if stage.rows)
    if summary.chain is not None and summary.chain.stages:
        yield _chain_table(summary.chain)


def chain_lines(chain: Chain | None) -> Iterator[str]:
    """Say in one sentence what the chain needs one model at a time, and all resident; nothing for a single stage."""
    if chain is None:
        return
    if chain.null_reason is not None:
        yield f"Chain: one at a time against all resident has no figure: {chain.null_reason}"
        return
    together = chain.residency == "all_resident"
    one = _side(chain, chain.one_at_a_time_mib, measured=not together)
    everything = _side(chain, chain.all_resident_mib, measured=together)
    saves = "" if chain.saved_mib is None else f"saves {figure(chain.saved_mib, '.1f')} MiB and "
    yield (
        f"Chain: one model at a time needs {one}, all resident {everything}; one at a time {saves}pays "
        f"{figure(chain.paid_s)} s an iteration for loading and unloading"
    )


def _side(chain: Chain, needed_mib: float | None, *, measured: bool) -> str:
    needed = f"{figure(needed_mib, '.1f')} MiB"
    if measured:
        return f"{needed} (measured)"
    if not chain.at_least:
        return f"{needed} (inferred)"
    stages = " and ".join(chain.at_least)
    return f"at least {needed} (inferred; {stages} loaded into memory that the process had kept: trim=each shows all)"


def _stage_table(stage: StageLedger) -> Table:
    note = "MiB at the phase's end, medians; Peak is the exact one inside the phase, the largest of all trials"
    return Table(
        f"Phases of {heading(stage.stage)}",
        _HEADERS,
        tuple(_row(row) for row in stage.rows),
        (note, *stage.reasons),
    )


def _row(row: LedgerRow) -> tuple[str, ...]:
    levels = (row.rss_mib, row.anon_mib, row.file_mib, row.peak_mib)
    return (
        row.phase,
        str(row.n),
        figure(row.wall_ms),
        figure(row.cpu_ms),
        *(figure(level) for level in levels),
        figure(row.anon_change_mib, "+.2f"),
    )


def _chain_table(chain: Chain) -> Table:
    """Return a row for each stage: its process without a model, what it adds, what it needs above that."""
    rows = [
        (
            heading(key),
            figure(need.base_mib),
            figure(need.holds_mib),
            figure(need.need_mib),
            figure(need.reload_s),
            "exact" if need.clean else "at least",
        )
        for key, need in chain.stages.items()
    ]
    headers = ("Stage", "Base MiB", "Holds MiB", "Needs MiB", "Load + unload s", "Which is")
    return Table("What the chain needs", headers, tuple(rows), tuple(chain_lines(chain)))
