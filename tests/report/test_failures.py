from harness.report import failures as module
from harness.report.failures import Failure, failures, ranges
from tests import stored


def test_failures_that_are_alike() -> None:
    """Trials that ended in the same words stand together, in the order in which each kind came first."""
    trials = [
        stored.trial(0),
        stored.failed(1, message="SIGSEGV"),
        stored.failed(2, message="SIGKILL", log=()),
        *(stored.failed(index, message="SIGSEGV") for index in (3, 4, 5)),
    ]
    assert failures(trials) == [
        Failure("Trials 1, 3-5: crashed: SIGSEGV in load (asr)", ("last words",)),
        Failure("Trial 2: crashed: SIGKILL in load (asr)", ()),
    ]


def test_more_logs_than_a_page_shows() -> None:
    """Every failure is named, and of those beyond the limit only their names stand there."""
    trials = [stored.failed(index, log=(str(index),)) for index in range(module.MOST_LOGS + 1)]
    *shown, last = failures(trials)
    assert [one.log for one in shown] == [(str(index),) for index in range(module.MOST_LOGS)]
    assert last == Failure(f"Trial {module.MOST_LOGS}: crashed: SIGSEGV in load (asr)", (), left_out=True)


def test_ranges() -> None:
    """Neighbours are joined."""
    assert ranges([2]) == "2"
    assert ranges([0, 1, 2, 4, 7, 8]) == "0-2, 4, 7-8"
