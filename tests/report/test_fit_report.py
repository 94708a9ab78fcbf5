from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.fit import Attempt, LimitSummary, Search
from harness.analysis.summary import summarise
from harness.fit import Found
from harness.report.fit_report import attempt_line, publish_search, search_table, sentence
from harness.report.verdict_lines import verdict_lines
from tests import stored

FIRST = Attempt(
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
FAILED = Attempt(name="0001-144MiB", limit_mib=144.0, outcome="oom at 144 MiB in load (asr)", ok=False, peak_mib=144.0)
ENOUGH = replace(FIRST, name="0002-152MiB", limit_mib=152.0, load_ms=1260.0, load_ratio=3.0)
SEARCH = Search(
    mechanism="cgroup v1",
    tolerance_mib=8.0,
    bare_mib=7.25,
    finished=True,
    found=Found(fits_mib=152, fails_mib=144, confirmed=True),
    attempts=(FIRST, FAILED, ENOUGH, ENOUGH),
)


def found(**changes: object) -> Search:
    """Return the search with another result."""
    return replace(SEARCH, found=replace(SEARCH.found, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("search", "line"),
    [
        (SEARCH, "fits in 152 MiB (fails at 144 MiB)"),
        (found(fails_mib=None), "fits in 152 MiB (no smaller limit failed)"),
        (found(confirmed=False), "fits in 152 MiB (fails at 144 MiB); not tried a second time"),
        (
            found(fits_mib=None, confirmed=False),
            "no limit was found under which it fits: fails at 144 MiB",
        ),
        (
            replace(SEARCH, mechanism="RLIMIT_AS"),
            "fits in 152 MiB of address space (fails at 144 MiB of address space)",
        ),
        (
            replace(SEARCH, finished=False, attempts=(*SEARCH.attempts, replace(FIRST, ok=False, interrupted=True))),
            "interrupted after 4 attempts; so far: fits in 152 MiB (fails at 144 MiB)",
        ),
        (
            replace(found(fits_mib=None, fails_mib=None), finished=False, attempts=(FIRST,)),
            "interrupted after 1 attempt; so far: no limit was found under which it fits: no smaller limit failed",
        ),
        (
            replace(SEARCH, attempts=(replace(FIRST, ok=False, outcome="crashed: SIGSEGV in load (asr)"),)),
            "does not run without a limit either: crashed: SIGSEGV in load (asr)",
        ),
        (replace(SEARCH, attempts=(FAILED, ENOUGH, ENOUGH)), "fits in 152 MiB (fails at 144 MiB)"),
    ],
)
def test_the_answer_is_a_sentence(search: Search, line: str) -> None:
    """What fits, what does not, and what keeps it from being sure."""
    assert sentence(search) == line


def test_a_row_for_each_attempt() -> None:
    """Limit, outcome, peak, times and their price; what was not measured is a dash."""
    assert search_table(SEARCH).rows[:3] == (
        ("0000-unlimited", "-", "ok", "151.0", "420.0", "1.00", "2160.0", "1.00"),
        ("0001-144MiB", "144", "oom at 144 MiB in load (asr)", "144.0", "-", "-", "-", "-"),
        ("0002-152MiB", "152", "ok", "151.0", "1260.0", "3.00", "2160.0", "1.00"),
    )


def test_notes_say_what_it_was_measured_by() -> None:
    """The mechanism and its caveat, the worker's own memory, and what was not monotone."""
    assert search_table(SEARCH).notes == (
        "By cgroup v1, to within 8 MiB; a worker without an engine holds 7.2 MiB.",
        "x is the time against the run without a limit.",
    )
    odd = replace(found(odd_mib=(100, 120)), mechanism="RLIMIT_AS", bare_mib=None)
    assert search_table(odd).notes == (
        "By RLIMIT_AS, to within 8 MiB.",
        "x is the time against the run without a limit.",
        "RLIMIT_AS counts reserved address space, not memory in use: a machine may need less.",
        "Not monotone: it fitted in 100 MiB, 120 MiB too, and failed above; the answer is the safe one.",
    )


@pytest.mark.parametrize(
    ("attempt", "line"),
    [
        (FIRST, "Attempt 0000: no limit: ok (peak 151.0 MiB, load 420.00 ms)"),
        (FAILED, "Attempt 0001: 144 MiB: oom at 144 MiB in load (asr) (peak 144.0 MiB, load - ms)"),
    ],
)
def test_the_line_of_an_attempt(attempt: Attempt, line: str) -> None:
    """While the search goes on."""
    assert attempt_line(attempt) == line


def test_published(tmp_path: Path) -> None:
    """The answer is the heading of what is to be read."""
    publish_search(SEARCH, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fit.json", "fit.md"]
    text = (tmp_path / "fit.md").read_text(encoding="utf-8")
    assert text.startswith("# fits in 152 MiB (fails at 144 MiB)\n\n## Does it fit?\n\n| Attempt ")
    assert "| 0001-144MiB    |         144 | oom at 144 MiB in load (asr) |" in text


@pytest.mark.parametrize(
    ("limit", "line"),
    [
        (
            LimitSummary(limit_mib=200.0, mechanism="cgroup v1", peak_mib=187.34),
            "Limit: 200 MiB by cgroup v1, peak of the group 187.3 MiB",
        ),
        (
            LimitSummary(limit_mib=None, mechanism="cgroup v2", peak_mib=None),
            "Limit: none, watched by cgroup v2, peak of the group not known",
        ),
        (
            LimitSummary(limit_mib=200.5, mechanism="RLIMIT_AS", peak_mib=150.0),
            "Limit: 200.5 MiB by RLIMIT_AS, peak of the address space 150.0 MiB",
        ),
    ],
)
def test_the_line_of_a_limit(limit: LimitSummary, line: str) -> None:
    """With the verdicts, once."""
    summary = replace(summarise(stored.run(), stored.trials()), limit=limit)
    assert verdict_lines(summary).count(line) == 1
