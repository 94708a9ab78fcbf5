"""What the engine of known truth says, when it can be asked, and how its truth is compared with what was measured."""

from pathlib import Path
from typing import Any

import pytest

from tests.engine.build import why_not
from tests.whole.command import ROOT, Ran

NEEDS = [
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "there is a compiler"),
    pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="no /proc/PID/clear_refs: no exact peaks"),
]
REFERENCE = (ROOT / "samples" / "jfk.txt").read_text(encoding="utf-8").strip()
WORDS = tuple((word, 400 * i + 80, 400 * i + 320) for i, word in enumerate(REFERENCE.split()))
PRINTED = "[" + ",".join(f'{{"start":{start},"end":{end},"text":"{text}"}}' for text, start, end in WORDS) + "]"


def values(ran: Ran, metric: str, scope: str = "asr") -> list[float]:
    """Return a metric's value in every trial, the cold one included."""
    rows = [row for trial in ran.trials for row in trial["measurements"]]
    found = [row["value"] for row in rows if (row["scope"], row["metric"]) == (scope, metric)]
    assert len(found) == len(ran.trials)
    return found


def near(truth_mib: float) -> Any:
    """Compare with a truth in MiB: within 1 MiB or 1 %."""
    return pytest.approx(truth_mib, abs=1.0, rel=0.01)


def shown(ran: Ran) -> list[str]:
    """Return the outcomes that the screen shows."""
    return [line.removeprefix("[Outcome] ") for line in ran.out.splitlines() if line.startswith("[Outcome] ")]
