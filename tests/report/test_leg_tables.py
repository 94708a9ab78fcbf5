from harness.analysis.summary import summarise
from harness.report.leg_tables import leg_tables, machine_findings
from tests import stored


def test_a_row_a_leg() -> None:
    """With its trials, workers, and the word on its memory; a run without a seam has no such table."""
    run = stored.run(seams=(stored.seam(),))
    (table,) = leg_tables(summarise(run, stored.legged()).legs)
    assert table.rows == (
        ("0", "2026-01-02 03:04:05", "-", "3", "0", "2", "0", "0", "undecided"),
        ("1", "2026-01-03 10:00:00", "elsewhere", "3", "3", "5", "1", "1", "undecided"),
    )
    assert list(leg_tables(())) == []


def test_a_warning_where_machines_differ() -> None:
    """The first leg's is in its environment."""
    run = stored.run(seams=(stored.seam(),))
    (found,) = machine_findings(run, (stored.environment(), stored.environment(hostname="elsewhere")))
    assert (found.status, found.line[:50]) == ("bad", "Warning: the legs ran on 2 machines (leg 0 on nowh")
    assert list(machine_findings(stored.run(), (stored.environment(),))) == []
