import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from harness import store
from harness.analysis.rescored import Rescored
from harness.analysis.stored_summary import read_summary
from harness.analysis.sweep import is_sweep, read_sweep
from harness.clock import FakeClock
from harness.errors import ConfigError, StoreError
from harness.report.publish import publish
from harness.rescoring.changes import changes
from harness.rescoring.results import Results, rescore
from tests import stored, stored_sweep

AT = FakeClock().wall().isoformat(timespec="milliseconds")


def again(folder: Path, *words: str) -> Results:
    """Score a folder again."""
    wanted = changes(words)
    return rescore(folder, wanted, wanted.label, FakeClock())


def digests(folder: Path) -> dict[str, str]:
    """Return what lies in a folder, but for what was scored again."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and store.RESCORED not in path.relative_to(folder).parts
    }


@pytest.fixture(autouse=True)
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw no charts, which takes longer than all the rest and is the report's business."""
    monkeypatch.setattr("harness.report.publish.run_charts", lambda *_: ())


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a run in the working directory."""
    monkeypatch.chdir(tmp_path)
    stored.write(Path("run"), stored.run(), stored.trials(), stored.environment(), "a log")
    return Path("run")


def test_a_run_is_scored_into_a_folder_beside_it(run: Path) -> None:
    """A run of its own, which says what it is of; the old one is untouched, byte for byte."""
    stored.curve(run, (0, 0, 4242, 100, 0))
    publish(run)
    before = digests(run)
    results = again(run, "normalizer=none")
    assert digests(run) == before
    assert (results.folder, results.replaced) == (run / "rescored" / "none", False)
    assert results.notes == ("probe.wer.normalizer: None -> none", "probe.wer.normalizer_version: None -> 1")
    assert results.rows[:2] == (
        Rescored("", "asr.wer", ".2%", 0.2, 0.8, True),
        Rescored("", "asr.cer", ".2%", 1 / 26, 4 / 27),
    )
    assert {row.name for row in results.rows} == {f"asr.{name}" for name in RATES}
    made = store.read_run(results.folder)
    assert made.run.rescored is not None
    assert (made.run.rescored.source, made.run.rescored.changes) == ("run", ("normalizer=none",))
    assert made.run.rescored.at == AT
    assert made.run.notes == (f"scored again at {AT} by version {made.run.rescored.harness_version}: normalizer=none",)
    whole = replace(made.run, rescored=None, notes=(), probes=())
    assert whole == replace(stored.run(), probes=())
    assert made.environment == stored.environment()
    assert sorted(path.name for path in results.folder.iterdir()) == sorted({*before} - {store.ENGINE_LOG})
    assert "from run: normalizer=none" in (results.folder / store.REPORT_HTML).read_text()


RATES = ("wer", "cer", "substitutions", "hits", "char_substitutions", "char_deletions", "char_hits")
"""Those of which something is not what it was: a comma and capitals count now."""


def test_the_same_definitions_give_the_same_trials(run: Path) -> None:
    """Nothing changed: every trial comes back with the measurements that it has; and once more from there."""
    first = again(run)
    assert store.read_run(first.folder).trials == stored.trials()
    assert {row.difference for row in first.rows} == {0.0}
    second = again(first.folder, "normalizer=none")
    assert second.folder == run / "rescored" / "again" / "rescored" / "none"
    assert read_summary(second.folder).summary.metrics["asr.wer"].value == 0.8


def test_results_of_that_name_are_replaced(run: Path) -> None:
    """They can be made again; nothing else stays in the folder."""
    (again(run, "normalizer=none").folder / "mine").touch()
    results = again(run, "normalizer=none")
    assert results.replaced
    assert not (results.folder / "mine").exists()
    assert [path.name for path in (run / "rescored").iterdir()] == ["none"]


def test_a_killed_run(run: Path) -> None:
    """What there is is scored; what was torn, and what was not done, is said."""
    with (run / store.TRIALS).open("ab") as file:
        file.write(b'{"index": 3')
    results = again(run, "normalizer=none")
    summary = read_summary(results.folder).summary
    torn = "trials.jsonl: the last line is torn and was dropped (line 4)"
    assert torn in summary.notes
    assert results.notes[-1] == torn
    assert (summary.trials, summary.metrics["asr.wer"].value) == (3, 0.8)


def test_corrected_references(run: Path) -> None:
    """The new reference is in the trials, and the figures are of it."""
    Path("new.txt").write_text("and so my yellow americans")
    results = again(run, "references=new.txt")
    assert {trial.utterance.reference for trial in store.read_run(results.folder).trials} == {stored.TRANSCRIPT}
    assert results.rows[0] == Rescored("", "asr.wer", ".2%", 0.2, 0.0, True)


@pytest.mark.parametrize(
    ("word", "error"), [("normalizer=basik", ConfigError), ("+probe=nosuch", ConfigError), ("plugins=x.y", Exception)]
)
def test_what_cannot_be_used_leaves_nothing(run: Path, word: str, error: type[Exception]) -> None:
    """Not even a folder of that name."""
    before = digests(run)
    with pytest.raises(error):
        again(run, word)
    assert digests(run) == before
    assert [path.name for path in run.glob("rescored/*")] == []


def test_folders_that_hold_no_run(run: Path, tmp_path: Path) -> None:
    """Nothing, a run of a newer version, one that goes on, a search for a limit: one line each."""
    with pytest.raises(StoreError, match=r"^run folder: found 'nosuch', expected the folder of a run"):
        again(Path("nosuch"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(StoreError, match=r"^run folder: found 'empty' without run.json, expected the folder of a run"):
        again(Path("empty"))
    assert list(Path("empty").iterdir()) == []
    stored.write(Path("newer"), replace(stored.run(), schema=99), stored.trials())
    with pytest.raises(StoreError, match=r"^run folder: found 'newer' of schema 99, expected schema 1 to "):
        again(Path("newer"))
    log = store.TrialLog(run)
    with pytest.raises(StoreError, match=r"^run folder: found 'run', which is being measured, expected a run that has"):
        again(run)
    log.close()
    stored.write(Path("search/attempts/1"), stored.run(), stored.trials())
    with pytest.raises(
        StoreError, match=r"^run folder: found 'search', a search for a memory limit, expected the folder"
    ):
        again(Path("search"))


def test_a_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each job again, failed ones as they are, unreadable ones named, and the sweep's own reports and plan."""
    monkeypatch.chdir(tmp_path)
    sweep = Path("sweep")
    stored_sweep.plan(
        sweep, ("1", 0, 0), ("2", 1, 0), ("3", 2, 0), ("4", 3, 0), baseline="threads=2", swept=["threads"]
    )
    for number in (0, 1):
        stored_sweep.job(sweep / str(number), f"threads={number + 1}", "iterations=3")
    stored_sweep.failure(sweep / "2", "no such engine", "threads=3", "iterations=3")
    stored_sweep.job(sweep / "3", "threads=4", "iterations=3")
    (sweep / "3" / store.TRIALS).write_text("rubbish\n")
    before = digests(sweep)
    results = again(sweep, "normalizer=none")
    assert digests(sweep) == before
    assert is_sweep(results.folder)
    made = read_sweep(results.folder)
    assert made.baseline is not None
    assert made.baseline.overrides["threads"] == "2"
    assert [cell.metrics["asr.wer"].value if cell.metrics else None for cell in made.cells] == [0.8, 0.8, None, None]
    assert made.cells[2].outcome == "failed: no such engine"
    assert made.cells[3].outcome.startswith(
        "failed: not scored again: run folder: found 'sweep/3/trials.jsonl' line 1 "
    )
    assert made.cells[3].overrides["threads"] == "4"
    assert {(row.job, row.name): row.new for row in results.rows if row.main} == {
        ("0", "asr.wer"): 0.8,
        ("1", "asr.wer"): 0.8,
    }
    runs = [store.read_description(results.folder / job)[0] for job in ("0", "1")]
    assert [run.rescored.source for run in runs if run.rescored] == ["sweep/0", "sweep/1"]
    assert runs[0].notes == runs[1].notes  # which the sweep's table says once
    assert any(note.startswith("job 3 was not scored again: ") for note in results.notes)
    assert {store.SWEEP_JSON, store.SWEEP_CSV, store.SWEEP_MD, store.SWEEP_HTML} <= {
        path.name for path in results.folder.iterdir()
    }


def test_legs_stay(run: Path) -> None:
    """With their seams, curves and environments."""
    store.write_json(run / store.RUN, stored.run(seams=(stored.seam(),)))
    store.write_json(run / store.environment_name(0), stored.environment(hostname="first"))
    stored.curve(run, (0, 0, 1, 1, 0), leg=1)
    found = again(run, "normalizer=none").folder
    assert store.read_run(found).run.seams == (stored.seam(),)
    for name in (store.environment_name(0), store.curve_name(1)):
        assert (found / name).read_bytes() == (run / name).read_bytes()
