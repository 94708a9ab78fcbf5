from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.timeline import (
    Curve,
    Span,
    Window,
    inside,
    sampled_curves,
    seams,
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


# --- legs ---------------------------------------------------------------------------------------------------------


def test_legs_stand_one_after_another() -> None:
    """Though the second one's stamps are the smaller ones; a small gap is between them, whatever time lay there."""
    trials = stored.legged()
    found = spans(trials)
    assert [span.start_s for span in found] == sorted(span.start_s for span in found)
    alone = spans(trials[3:])
    lasts = spans(trials[:3])[-1].end_s, alone[-1].end_s
    gap_s = 0.03 * sum(lasts)
    (seam,) = seams(trials)
    assert seam.leg == 1
    assert seam.at_s == pytest.approx(lasts[0] + gap_s / 2)
    assert found[len(spans(trials[:3]))].start_s == pytest.approx(lasts[0] + gap_s)
    assert found[-1].end_s == pytest.approx(sum(lasts) + gap_s)
    assert seams(stored.trials()) == []


def test_no_level_holds_across_a_seam() -> None:
    """Each leg has curves of its own, also of a worker of the same number, within its own place."""
    trials = stored.legged(worker=0)
    first, second = stepped_curves(trials)
    (seam,) = seams(trials)
    (whole,) = windows(trials, 6)
    assert [(one.worker, one.leg) for one in (first, second)] == [(0, 0), (0, 1)]
    assert max(inside(first, whole, 1000).at_s) < seam.at_s < min(inside(second, whole, 1000).at_s)
    assert inside(first, Window("", seam.at_s, whole.end_s), 1000).at_s == []


def test_what_was_sampled_of_trials_that_were_set_aside_is_left_out(tmp_path: Path) -> None:
    """A leg's samples beyond its last phase are of no trial; those of the later leg stand behind the seam."""
    trials = stored.legged(worker=0)
    ends = {leg: [p.end_ns for t in trials if t.leg == leg for v in t.visits for p in v.phases] for leg in (0, 1)}
    for leg in (0, 1):
        last_ns = max(ends[leg])
        stored.curve(tmp_path, (last_ns - 10**9, 0, 4096, 1024, 0), (last_ns + 10**9, 0, 9999, 0, 0), leg=leg)
    first, second = sampled_curves(read_curves(tmp_path), trials, windows(trials, 6))
    assert (first.rss_mib, second.rss_mib) == ([4.0], [4.0])
    assert first.at_s[0] < seams(trials)[0].at_s < second.at_s[0]


def test_the_seam_is_shown_in_the_middle() -> None:
    """Of many iterations the last one before it and the first one after it, or the one that it goes through."""
    found = windows(stored.legged(4, 4), 6)
    assert [window.title for window in found] == [
        "iteration 1, the first",
        "iterations 4 and 5, at the seam",
        "iteration 8, the last",
    ]
    split = [replace(one, iteration=one.index - (one.index > 3)) for one in stored.legged(4, 5)]
    assert windows(split, 6)[1].title == "iteration 4, at the seam"
