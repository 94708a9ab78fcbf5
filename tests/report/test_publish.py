import re
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from harness import store
from harness.analysis.original import original_results
from harness.analysis.summary import Summary, summarise
from harness.errors import StoreError
from harness.protocol import Budgets
from harness.records import Trial
from harness.report.publish import ending, publish, read
from tests import stored

BEFORE = {store.RUN, store.CONFIG, store.DIFFERS, store.ENVIRONMENT, store.TRIALS, store.CURVE, store.ENGINE_LOG}
SAMPLING = "Sampling: 12034 samples at 100 Hz, 0.31 % of one core, 2 missed"
CHARTS = ("memory", "growth", "ledger", "ttft", "latency", "waveform")
PUBLISHED = {store.SUMMARY, store.ORIGINAL, store.REPORT_MD, store.REPORT_HTML}


def run_folder(tmp_path: Path) -> Path:
    """Write the hand-made run."""
    folder = stored.write(tmp_path / "run", stored.run(), stored.trials(), stored.environment(), "hello\n")
    stored.curve(folder, (0, 0, 1000, 100, 0))
    return folder


def files(folder: Path) -> dict[str, bytes]:
    """Return everything in a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def documented() -> set[str]:
    """Return the names that the store's docstring gives to the files of a run."""
    names: list[str] = []
    for name in re.findall(r"``([\w.]+)``", store.__doc__ or ""):
        names.append(names[-1].rpartition(".")[0] + name if name.startswith(".") else name)
    elsewhere = ("sweep.", "plan.", "multirun.", "failure.", "fit.", "trials.csv", "utterances.csv")
    resumed = ("interrupted.", "identity.")
    return {name for name in names if not name.startswith(elsewhere + resumed)}


def test_files(tmp_path: Path) -> None:
    """A run's folder holds exactly what the store says it does."""
    folder = run_folder(tmp_path)
    assert set(files(folder)) == BEFORE
    publish(folder)
    assert set(files(folder)) == BEFORE | PUBLISHED == documented()


def test_only_adds(tmp_path: Path) -> None:
    """What the run wrote is left as it is."""
    folder = run_folder(tmp_path)
    before = files(folder)
    publish(folder)
    assert {name: content for name, content in files(folder).items() if name in BEFORE} == before


def test_repeatable(tmp_path: Path) -> None:
    """A second time gives the same bytes."""
    folder = run_folder(tmp_path)
    publish(folder)
    first = files(folder)
    publish(folder)
    assert files(folder) == first


def test_summary_and_results(tmp_path: Path) -> None:
    """The files hold what analysis makes of the trials."""
    folder = run_folder(tmp_path)
    published = publish(folder)
    summary = summarise(stored.run(), stored.trials(), made_from=store.trials_stamp(folder))
    assert published.summary == summary
    assert msgspec.json.decode((folder / store.SUMMARY).read_bytes(), type=Summary) == summary
    results = msgspec.json.decode((folder / store.ORIGINAL).read_bytes())
    assert results == msgspec.json.decode(msgspec.json.encode(original_results(stored.run(), stored.trials())))


def test_reports_are_the_report(tmp_path: Path) -> None:
    """Both renderings are of the one report."""
    folder = run_folder(tmp_path)
    published = publish(folder)
    assert (folder / store.REPORT_MD).read_text(encoding="utf-8") == published.report.markdown()
    assert (folder / store.REPORT_HTML).read_text(encoding="utf-8") == published.report.html()


def test_read_writes_nothing(tmp_path: Path) -> None:
    """Reading a run leaves its folder as it is."""
    folder = run_folder(tmp_path)
    before = files(folder)
    assert read(folder).summary == summarise(stored.run(), stored.trials(), made_from=store.trials_stamp(folder))
    assert files(folder) == before


def test_notes_of_reading(tmp_path: Path) -> None:
    """What was dropped while reading is in the summary and in the report."""
    folder = run_folder(tmp_path)
    with (folder / store.TRIALS).open("ab") as file:
        file.write(b'{"torn')
    published = publish(folder)
    note = "trials.jsonl: the last line is torn and was dropped (line 4)"
    assert published.summary.notes == (note,)
    assert f"- Note: {note}" in published.report.markdown()


def test_folder_without_a_run(tmp_path: Path) -> None:
    """A folder that holds no run is refused, and nothing is written to it."""
    with pytest.raises(StoreError):
        publish(tmp_path)
    assert files(tmp_path) == {}


@pytest.mark.parametrize("count", [0, 1])
def test_run_of_few_trials(tmp_path: Path, count: int) -> None:
    """A run that was stopped early is published too."""
    folder = stored.write(tmp_path / "run", stored.run(), stored.trials(count))
    publish(folder)
    assert set(files(folder)) == (BEFORE | PUBLISHED) - {store.ENVIRONMENT, store.CURVE}


def test_ending(tmp_path: Path) -> None:
    """After a run: the original's tables, ours with the main metrics, the verdicts."""
    published = read(run_folder(tmp_path))
    lines = "\n".join(ending(published, verbose=False)).splitlines()
    titles = [lines[number + 1] for number, line in enumerate(lines[:-2]) if line == lines[number + 2] == "=" * 70]
    assert titles == ["Summary (3 iterations)", "Overall Memory", "Medians and 95 % intervals"]
    assert lines[lines.index("Summary (3 iterations)") + 3 :][:4] == [
        "Phase      Load Overhead    Net Overhead",
        "-------  ---------------  --------------",
        "ASR                96.00           10.00",
        "Aligner            32.00            4.00",
    ]
    assert lines[-2:] == ["Trials: 3 ok", SAMPLING]
    assert f"- {SAMPLING}\n" in published.report.markdown()
    assert f"<span>{SAMPLING}</span></li>" in published.report.html()
    assert "asr.cer" not in "\n".join(lines)


def longer(count: int = 6) -> list[Trial]:
    """Return a trial each of utterances of ever more seconds; each 10 s of the ASR's take a MiB more, above 100."""
    made = []
    for one in stored.trials(count):
        needs = {"asr.working_memory_mib": 0.0 + one.index, "asr.run_peak_mib": 100.0 + one.index}
        measurements = tuple(replace(m, value=needs.get(m.name, m.value)) for m in one.measurements)
        utterance = stored.utterance(id=f"clip-{one.index}", duration_s=10.0 * max(1, one.index))
        made.append(replace(one, utterance=utterance, measurements=measurements))
    return made


def test_audio_of_different_lengths(tmp_path: Path) -> None:
    """Its table is in the reports and in verbose mode, the longest clip wherever a budget asks for it."""
    run = stored.run(budgets=Budgets(memory_mib=400.0), trials=6)
    folder = stored.write(tmp_path / "run", run, longer())
    published = publish(folder)
    line = (
        "Longest clip (asr): 50.0 min in 400 MiB (95 % interval 50.0 min .. 50.0 min), "
        "extrapolated on a straight line to 60.0 times the longest one measured (50.0 s)"
    )
    assert published.summary.audio_length["asr"].longest_s == 50.0
    assert msgspec.json.decode((folder / store.SUMMARY).read_bytes(), type=Summary) == published.summary
    assert "## Audio length\n" in published.report.markdown()
    assert f"- {line}\n" in published.report.markdown()
    for verbose in (False, True):
        lines = "\n".join(ending(published, verbose=verbose)).splitlines()
        assert lines.count(line) == 1
        assert ("Audio length" in lines) == verbose


def test_audio_of_one_length(tmp_path: Path) -> None:
    """There is nothing to say of it, with a budget either."""
    run = stored.run(budgets=Budgets(memory_mib=400.0))
    published = read(stored.write(tmp_path / "run", run, stored.trials()))
    assert "Audio length" not in published.report.markdown()
    assert "Longest clip" not in "\n".join(ending(published, verbose=True))


def test_charts_as_files(tmp_path: Path) -> None:
    """Each chart in each format that the run asks for; the SVG is the one in the page."""
    run = stored.run(charts=("svg", "png"))
    folder = stored.write(tmp_path / "run", run, stored.trials(), stored.environment())
    published = publish(folder)
    names = {f"{name}.{form}" for name in CHARTS for form in ("svg", "png")}
    assert {path.name for path in (folder / store.CHARTS).iterdir()} == names
    for drawn in published.report.charts:
        assert (folder / store.CHARTS / f"{drawn.name}.svg").read_text(encoding="utf-8") == drawn.svg
        assert (folder / store.CHARTS / f"{drawn.name}.png").read_bytes() == drawn.png


def test_chart_that_cannot_be_drawn_is_no_file(tmp_path: Path) -> None:
    """One iteration has no series; the other charts are there."""
    folder = stored.write(tmp_path / "run", stored.run(charts=("svg",)), stored.trials(1))
    publish(folder)
    assert {path.name for path in (folder / store.CHARTS).iterdir()} == {
        f"{name}.svg" for name in CHARTS if name != "growth"
    }


def test_ending_says_what_the_chain_needs(tmp_path: Path) -> None:
    """The sentence is always there; the tables of phases only in verbose mode, where it stands below them."""
    published = read(run_folder(tmp_path))
    for verbose in (False, True):
        lines = "\n".join(ending(published, verbose=verbose)).splitlines()
        assert sum(line.startswith("Chain: one model at a time needs 132.8 MiB (measured)") for line in lines) == 1
        assert ("Phases of ASR" in lines) == verbose


def test_ending_in_verbose_mode(tmp_path: Path) -> None:
    """In verbose mode our table has every metric."""
    lines = "\n".join(ending(read(run_folder(tmp_path)), verbose=True))
    assert all(name in lines for name in ("asr.cer", "asr.rss_loaded_mib", "aligner.restart_ms"))
