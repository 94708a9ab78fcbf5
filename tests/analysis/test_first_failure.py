from harness.analysis.first_failure import FailedTrial, first_failure
from tests import stored


def test_first_failure() -> None:
    """It is the first of several, with its number and its log's last lines."""
    found = first_failure([*stored.trials()[:1], stored.failed(1), stored.failed(2, message="SIGKILL")])
    assert found == FailedTrial(1, stored.failed(1).outcome)
    assert found.outcome.log_tail == ("last words",)


def test_no_failure() -> None:
    """Where everything was done there is none."""
    assert first_failure(stored.trials()) is None
