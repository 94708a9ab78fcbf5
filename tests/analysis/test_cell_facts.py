from harness.analysis.cell_facts import CellFacts, FailedTrial, cell_facts, first_failure
from tests import stored


def test_first_failure() -> None:
    """It is the first of several, with its number and its log's last lines."""
    found = first_failure([*stored.trials()[:1], stored.failed(1), stored.failed(2, message="SIGKILL")])
    assert found == FailedTrial(1, stored.failed(1).outcome)
    assert found.outcome.log_tail == ("last words",)


def test_no_failure() -> None:
    """Where everything was done there is none."""
    assert first_failure(stored.trials()) is None


def test_facts() -> None:
    """When it began, on which machine in one line, and the formats of charts."""
    found = cell_facts(stored.run(charts=("svg",)), stored.environment(), None)
    machine = "nowhere (Made Up 9000, 2 of 4 cores usable, 8192 MiB, Linux 6.1)"
    assert found == CellFacts("2026-01-02T03:04:05.000+00:00", machine, ("svg",), None)


def test_facts_of_a_job_without_an_environment() -> None:
    """A job that was killed early has no machine."""
    assert cell_facts(stored.run(), None, None).machine == ""
