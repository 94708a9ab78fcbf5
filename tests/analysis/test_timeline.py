from pathlib import Path

import pytest

from harness.analysis.timeline import (
    Curve,
    Span,
    Window,
    inside,
    sampled_curves,
    spans,
    stepped_curves,
    windows,
)
from harness.sampling.curve import read_curves
from tests import stored


def test_spans_of_a_trial() -> None:
    """Every phase with its peak, in seconds from the first; an import has its stage's time and no peak here."""
    assert spans([stored.trial(0)])[:5] == [
        Span("asr", "start", 0.0, 0.09, None),
        Span("asr", "prepare", 0.1, 0.15, None),
        Span("asr", "load", 0.151, 0.451, 120.0),
        Span("asr", "run", 0.452, 2.452, 132.0),
        Span("asr", "unload", 2.453, 2.473, 125.0),
    ]


def test_spans_go_on_through_the_trials() -> None:
    """The second trial begins a minute later."""
    found = spans(stored.trials(2))
    assert [(span.stage, span.phase) for span in found[8:10]] == [("asr", "load"), ("asr", "run")]
    assert (found[8].start_s, found[8].peak_mib) == (60.1, 120.5)


def test_stepped_curve() -> None:
    """A curve a worker, a point a reading."""
    (curve,) = stepped_curves([stored.trial(1)])
    assert (curve.worker, curve.stepped) == (0, True)
    assert curve.at_s[:3] == [0.0, 0.001, 0.002]
    assert curve.rss_mib[:3] == [20.5, 116.5, 116.5]
    assert curve.anon_mib[:3] == [8.5, 72.5, 72.5]


def test_a_curve_for_each_worker() -> None:
    """Processes are not joined by a line."""
    trials = [stored.trial(0), stored.trial(1, visits=(stored.asr_visit(1, worker=1, fresh=False),))]
    assert [curve.worker for curve in stepped_curves(trials)] == [0, 1]


def test_nothing_was_read() -> None:
    """Without a trial there is no curve, no span and no window."""
    assert (stepped_curves([]), spans([]), windows([], 5)) == ([], [], [])


def test_few_iterations_are_one_window() -> None:
    """The whole run is shown as one."""
    assert windows(stored.trials(3), 3) == [Window("", 0.0, 129.39)]


def test_many_iterations_are_three_windows() -> None:
    """The first, the middle and the last, each from its first phase to its last."""
    found = windows(stored.trials(5), 3)
    assert [window.title for window in found] == [
        "iteration 1, the first",
        "iteration 3, in the middle",
        "iteration 5, the last",
    ]
    assert [window.start_s for window in found] == [0.0, 120.1, 240.1]


CURVE = Curve(0, [0.0, 1.0, 2.0, 3.0], [10.0, 20.0, 30.0, 40.0], [1.0, 2.0, 3.0, 4.0])


def test_a_sampled_curve_is_cut() -> None:
    """Only samples inside the window stay."""
    assert inside(CURVE, Window("", 0.5, 2.5), 100) == Curve(0, [1.0, 2.0], [20.0, 30.0], [2.0, 3.0])


def test_a_stepped_curve_reaches_the_edges() -> None:
    """A level holds from before the window, and to its end."""
    stepped = Curve(0, CURVE.at_s, CURVE.rss_mib, CURVE.anon_mib, stepped=True)
    found = inside(stepped, Window("", 0.5, 2.5), 100)
    assert (found.at_s, found.rss_mib) == ([0.5, 1.0, 2.0, 2.5], [10.0, 20.0, 30.0, 30.0])


def test_curve_outside() -> None:
    """A window before the first sample shows nothing."""
    assert inside(CURVE, Window("", -2.0, -1.0), 100).at_s == []


@pytest.mark.parametrize("spike_at", [0, 4_321, 9_999])
def test_thinning_keeps_a_spike(spike_at: int) -> None:
    """Of ten thousand samples a tenth stays, with a spike of one sample among them."""
    rss = [100.0] * 10_000
    rss[spike_at] = 500.0
    at_s = [number / 100 for number in range(10_000)]
    found = inside(Curve(0, at_s, rss, rss), Window("", 0.0, 100.0), 1_000)
    assert len(found.at_s) <= 1_000
    assert max(found.rss_mib) == 500.0
    assert found.at_s == sorted(found.at_s)


# --- what was sampled ---------------------------------------------------------------------------------------------


def test_samples_in_the_windows_become_curves(tmp_path: Path) -> None:
    """A curve a worker, seconds from the run's first phase; RSS stands for anon where the machine does not tell."""
    trials = [stored.trial(0)]
    zero_ns = min(phase.start_ns for visit in trials[0].visits for phase in visit.phases)
    rows = [
        (zero_ns + s * 1000 * stored.MS, worker, 4096, shared, 0) for s, worker, shared in ((1, 0, 1024), (2, 1, -1))
    ]
    stored.curve(tmp_path, *rows, (zero_ns + 99_000 * stored.MS, 0, 9999, 0, 0))
    samples = read_curves(tmp_path)
    assert sampled_curves(samples, trials, [Window("", 0.0, 10.0)]) == [
        Curve(0, [1.0], [4.0], [3.0]),
        Curve(1, [2.0], [4.0], [4.0]),
    ]
