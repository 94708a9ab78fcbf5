import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from harness import store
from harness.analysis.follow_run import FollowedRun
from harness.analysis.summary import summarise
from harness.errors import StoreError
from harness.records import Outcome
from harness.resuming.begun import set_aside
from tests import stored


def appended(folder: Path, content: bytes) -> None:
    """Write on at the end of the trials."""
    with (folder / store.TRIALS).open("ab") as file:
        file.write(content)


def test_a_run_that_has_not_begun(tmp_path: Path) -> None:
    """Without run.json nothing is known, and nothing is finished."""
    followed = FollowedRun(tmp_path)
    followed.poll()
    assert (followed.run, followed.finished, followed.done) == (None, False, 0)


def test_figures_are_those_of_the_summary(tmp_path: Path) -> None:
    """Medians and sums over the steady trials, as the finished run's summary has them."""
    run, trials = stored.run(), [*stored.trials(5), stored.failed(5)]
    followed = FollowedRun(stored.write(tmp_path / "run", run, trials))
    followed.poll()
    summary = summarise(run, trials)
    found = {f"{scope}.{name}": one.value for (scope, name), one in followed.figures.items()}
    assert found == {name: summary.metrics[name].value for name in found}
    assert found["asr.wer"] == 0.2
    assert dict(followed.outcomes) == {"ok": 5, "crashed": 1}


def test_each_poll_reads_what_was_appended(tmp_path: Path) -> None:
    """A torn line waits for its rest; a line is read once."""
    folder = stored.write(tmp_path / "run", stored.run(), stored.trials()[:1])
    followed = FollowedRun(folder)
    followed.poll()
    whole = (folder / store.TRIALS).read_bytes()
    appended(folder, whole[:100])
    followed.poll()
    assert (followed.done, followed.finished) == (1, False)
    appended(folder, whole[100:])
    followed.poll()
    followed.poll()
    assert followed.done == 2
    appended(folder, whole)
    followed.poll()
    assert (followed.done, followed.finished) == (3, True)


def test_a_damaged_line(tmp_path: Path) -> None:
    """What is no trial is one clear line."""
    folder = stored.write(tmp_path / "run", stored.run(), stored.trials()[:1])
    appended(folder, b"rubbish\n")
    with pytest.raises(StoreError, match=r"trials\.jsonl' trial 1 .*expected a trial"):
        FollowedRun(folder).poll()


def test_a_run_that_was_stopped_is_finished(tmp_path: Path) -> None:
    """Its summary is newer than its last trial; the verdict is the stored one."""
    folder = stored.write(tmp_path / "run", stored.run(), stored.trials()[:1])
    verdict = {"memory": {"verdict": "stable", "because": "it is"}}
    (folder / store.SUMMARY).write_text(json.dumps({"verdicts": verdict}))
    os.utime(folder / store.TRIALS, (1, 1))
    followed = FollowedRun(folder)
    followed.poll()
    assert (followed.finished, followed.verdict) == (True, "Verdict (memory): stable: it is")


def test_verdict_so_far(tmp_path: Path) -> None:
    """From four trials on, by the rule of the summary."""
    run = stored.run(trials=100)
    followed = FollowedRun(stored.write(tmp_path / "run", run, stored.trials(5)))
    followed.poll()
    assert followed.verdict.startswith("so far: undecided: 4 steady iterations; at least 10 are needed")


def test_time_left(tmp_path: Path) -> None:
    """At the pace from the first trial's start to the last one's end; nothing before a trial is over."""
    folder = stored.write(tmp_path / "run", stored.run(trials=4), stored.trials()[:1])
    followed = FollowedRun(folder)
    assert followed.left_s(0.0) is None
    followed.poll()
    begun_s = 1767323040.0  # 2026-01-02T03:04:00Z
    for name in (store.RUN, store.TRIALS):
        os.utime(folder / name, (begun_s + 10, begun_s + 10))
    assert followed.left_s(begun_s + 10) == 30.0
    assert followed.left_s(begun_s + 14) == 26.0
    assert followed.left_s(begun_s + 900) == 0.0
    assert followed.silent_s(begun_s + 50) is None
    assert followed.silent_s(begun_s + 110) == 100.0


def test_a_run_that_is_taken_up_again(tmp_path: Path) -> None:
    """Its trials are another file, and read anew, without the one that was cut short; the pace is the new leg's."""
    cut = replace(stored.trial(3), outcome=Outcome("interrupted"))
    folder = stored.write(tmp_path / "run", stored.run(trials=6), [*stored.legged(3, 0), cut])
    stored.curve(folder, (1_000, 0, 1024, 0, 0))
    followed = FollowedRun(folder)
    followed.poll()
    assert (followed.done, len(followed.curve.samples)) == (4, 1)
    assert set_aside(folder) == 1
    store.write_json(folder / store.RUN, stored.run(trials=6, seams=(stored.seam(),)))
    followed.poll()
    assert (followed.done, dict(followed.outcomes), len(followed.curve.samples)) == (3, {"ok": 3}, 0)
    assert followed.left_s(0.0) is None
    log = store.TrialLog(folder)
    log.append(stored.legged(3, 1)[3])
    log.close()
    followed.poll()
    began_s = 1767323043.0  # 2026-01-02T03:04:03Z
    os.utime(folder / store.TRIALS, (began_s + 10, began_s + 10))
    assert (followed.done, followed.left_s(began_s + 10)) == (4, 20.0)
    assert followed.verdict.startswith("so far: undecided: of leg 0, trials 0 to 2: 2 steady iterations")
