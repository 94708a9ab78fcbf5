import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import store
from harness.analysis.fit import Attempt, LimitSummary, gathered, is_search, limit_summary, read_search
from harness.errors import StoreError
from harness.fit import Found
from harness.protocol import Fit
from harness.records import Outcome, Trial
from harness.report.fit_report import publish_search
from tests import stored

OK = Outcome()
OOM = Outcome("oom", "asr", "load", "at 100 MiB")
WATCHED = Fit(search=True, mechanism="cgroup v1", tolerance_mib=50)


def trial(index: int, outcome: Outcome = OK, peak_mib: float | None = 150.0, slower: int = 1) -> Trial:
    """Return a trial whose phases last so many times as long."""
    made = stored.trial(index)
    visits = tuple(
        replace(
            visit,
            phases=tuple(
                replace(phase, end_ns=phase.start_ns + slower * (phase.end_ns - phase.start_ns))
                for phase in visit.phases
            ),
        )
        for visit in made.visits
    )
    return replace(made, visits=visits, outcome=outcome, limit_peak_mib=peak_mib)


def attempt(folder: Path, name: str, fit: Fit, *trials: Trial) -> None:
    """Store one run of a search, of two trials."""
    run = replace(stored.run(), fit=fit, trials=2)
    (folder / "attempts").mkdir(exist_ok=True, parents=True)
    stored.write(folder / "attempts" / name, run, trials, stored.environment(), "")


@pytest.fixture
def searched(tmp_path: Path) -> Path:
    """Return a search's folder: unlimited, too little, enough, and enough once more."""
    limits: Mapping[str, Any] = {"mechanism": "cgroup v1", "tolerance_mib": 50}
    attempt(tmp_path, "0000-unlimited", WATCHED, trial(0), trial(1, peak_mib=151.0))
    attempt(tmp_path, "0001-100MiB", Fit(limit_mib=100.0, **limits), trial(0, OOM, 100.0))
    attempt(tmp_path, "0002-152MiB", Fit(limit_mib=152.0, **limits), trial(0, slower=3), trial(1, slower=3))
    attempt(tmp_path, "0003-152MiB", Fit(limit_mib=152.0, **limits), trial(0, slower=2), trial(1, slower=2))
    return tmp_path


def test_times_are_compared_with_no_limit_alone(searched: Path) -> None:
    """Where the run without a limit is gone, nothing stands in for it."""
    shutil.rmtree(searched / "attempts" / "0000-unlimited")
    assert {one.load_ratio for one in gathered(searched, bare_mib=7.0, finished=True).attempts} == {None}


def test_a_search_is_its_attempts(searched: Path) -> None:
    """Peaks are the largest, times the medians over trials of the sums over stages, ratios against no limit."""
    search = gathered(searched, bare_mib=7.0, finished=True)
    assert (search.mechanism, search.tolerance_mib, search.bare_mib) == ("cgroup v1", 50, 7.0)
    assert search.found == Found(fits_mib=152, fails_mib=100, confirmed=True)
    assert search.ok
    first, failed, enough, again = search.attempts
    assert first == Attempt(
        name="0000-unlimited",
        limit_mib=None,
        outcome="ok",
        ok=True,
        peak_mib=151.0,
        load_ms=420.0,
        latency_ms=2160.0,
        load_ratio=1.0,
        latency_ratio=1.0,
    )
    assert failed == Attempt(
        name="0001-100MiB", limit_mib=100.0, outcome="oom at 100 MiB in load (asr)", ok=False, peak_mib=100.0
    )
    assert (enough.load_ms, enough.load_ratio, enough.latency_ratio) == (1260.0, 3.0, 3.0)
    assert again.load_ratio == 2.0


def test_an_interrupted_attempt_says_nothing_of_its_limit(searched: Path) -> None:
    """Neither that it fits nor that it does not."""
    fit = Fit(limit_mib=120.0, mechanism="cgroup v1")
    attempt(searched, "0004-120MiB", fit, trial(0), trial(1, Outcome("interrupted")))
    attempt(searched, "0005-130MiB", fit, trial(0))
    search = gathered(searched, bare_mib=None, finished=False)
    assert [(one.ok, one.interrupted) for one in search.attempts[4:]] == [(False, True), (False, True)]
    assert [one.outcome for one in search.attempts[4:]] == ["interrupted", "1 of 2 trials done"]
    assert search.found == Found(fits_mib=152, fails_mib=100, confirmed=True)
    assert not search.ok


def test_a_search_is_read_again(searched: Path) -> None:
    """Attempts from their folders, what the supervisor alone knew from ``fit.json``; without it, as interrupted."""
    search = gathered(searched, bare_mib=7.0, finished=True)
    assert read_search(searched) == replace(search, bare_mib=None, finished=False)
    publish_search(search, searched)
    assert read_search(searched) == search


def test_what_is_a_search(searched: Path, tmp_path: Path) -> None:
    """Neither a run nor a folder of anything else."""
    assert is_search(searched)
    assert not is_search(searched / "attempts" / "0000-unlimited")
    assert not is_search(searched / "attempts")
    assert not is_search(tmp_path / "nowhere")
    with pytest.raises(StoreError, match="without an attempt in it"):
        gathered(tmp_path / "nowhere", bare_mib=None, finished=True)


def test_the_limit_of_a_run() -> None:
    """What it was, by what, and the most that a worker held; nothing where nothing was limited."""
    run = replace(stored.run(), fit=Fit(limit_mib=200.0, mechanism="cgroup v2"))
    trials = [trial(0, peak_mib=None), trial(1, peak_mib=187.25), trial(2, peak_mib=150.0)]
    assert limit_summary(run, trials) == LimitSummary(limit_mib=200.0, mechanism="cgroup v2", peak_mib=187.25)
    assert limit_summary(run, trials[:1]) == LimitSummary(limit_mib=200.0, mechanism="cgroup v2", peak_mib=None)
    assert limit_summary(stored.run(), trials) is None
    assert store.FIT_JSON == "fit.json"
