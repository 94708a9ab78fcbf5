import signal
import threading

import pytest

from harness.stopping import Stop, heed_outside_a_run

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_is_a_wish(number: signal.Signals, capfd: pytest.CaptureFixture[str]) -> None:
    """It is kept by its name, and whoever sent it is told what happens now, and what a second one does."""
    with Stop() as stop:
        assert stop.by is None
        signal.raise_signal(number)
    assert stop.by == number.name
    said = f"\n{number.name}: the trial in hand is finished first; once more (Ctrl-C) stops at once\n"
    assert capfd.readouterr() == ("", said)


@pytest.mark.parametrize("second", SIGNALS)
def test_the_second_signal_ends_at_once(second: signal.Signals, capfd: pytest.CaptureFixture[str]) -> None:
    """Whichever it is; it says nothing more."""
    with Stop() as stop:
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(second)
    assert stop.by == "SIGTERM"
    assert capfd.readouterr().err.count("\n") == 2


def test_afterwards_signals_do_what_they_did_before() -> None:
    """Handlers are put back as they were, also when what was done in between raised."""
    before = [signal.getsignal(number) for number in SIGNALS]
    inside: list[object] = []

    def work() -> None:
        with Stop():
            inside.extend(signal.getsignal(number) for number in SIGNALS)
            raise ValueError("told")

    with pytest.raises(ValueError, match=r"^told$"):
        work()
    assert not set(inside) & set(before)
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_a_thread_hears_nothing_and_fails_at_nothing() -> None:
    """Only the main thread may hear signals; a run in another one goes on as if there were none."""
    before = signal.getsignal(signal.SIGUSR1)
    inside: list[object] = []

    def work() -> None:
        with Stop() as stop:
            inside.extend((signal.getsignal(signal.SIGUSR1), stop.by))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert inside == [before, None]


def test_what_is_ignored_stays_ignored(capfd: pytest.CaptureFixture[str]) -> None:
    """``nohup`` lets a run go on when its terminal is closed."""
    before = {one: signal.getsignal(one) for one in SIGNALS}
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Stop() as stop:
            signal.raise_signal(signal.SIGHUP)
        heed_outside_a_run()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    assert (stop.by, capfd.readouterr().err) == (None, "")


@pytest.mark.parametrize("number", SIGNALS[1:])
def test_outside_a_run_a_signal_ends_with_a_word(number: signal.Signals, capfd: pytest.CaptureFixture[str]) -> None:
    """Before the first trial and while reports are written; by default some would kill without any."""
    before = {one: signal.getsignal(one) for one in SIGNALS}
    try:
        heed_outside_a_run()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    assert capfd.readouterr().err == f"\n{number.name}: stopped\n"
