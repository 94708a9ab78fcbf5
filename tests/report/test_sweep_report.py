import csv
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness import store
from harness.analysis.sweep import Sweep, read_sweep
from harness.records import Trial
from harness.report.sweep_report import publish_sweep, sweep_record, sweep_table
from tests import stored

FAILED = 'asr.stage: found "x,y", expected <b>a name</b>'


def faster(trials: Sequence[Trial], ttft_ms: float) -> list[Trial]:
    """Return trials with another TTFT."""
    return [
        replace(
            one,
            measurements=tuple(replace(m, value=ttft_ms) if m.name == "asr.ttft_ms" else m for m in one.measurements),
        )
        for one in trials
    ]


def make(folder: Path) -> Sweep:
    """Write a sweep of four jobs: one whole, one faster, one that was killed, one that could not run."""
    four = stored.trials(4)
    made = (four, faster(four, 100.0), four[:1])
    for number, trials in enumerate(made):
        run = stored.run(overrides=(f"threads={number + 1}", "iterations=4", "+order=[asr,aligner]"), trials=4)
        stored.write(folder / str(number), run, trials)
    (folder / "3").mkdir()
    overrides = ("threads=4", "iterations=4", "+order=[asr,aligner]")
    store.write_json(folder / "3" / store.FAILURE, store.Failure(overrides, FAILED))
    return read_sweep(folder)


@pytest.fixture
def sweep(tmp_path: Path) -> Sweep:
    """Return the sweep."""
    return make(tmp_path / "sweep")


def rows(sweep: Sweep) -> list[dict[str, str]]:
    """Return the table's rows by its headers in one line."""
    table = sweep_table(sweep)
    names = [name.replace("\n", ".", 1) for name in table.headers]
    return [dict(zip(names, row, strict=True)) for row in table.rows]


def test_columns(sweep: Sweep) -> None:
    """The job, what was swept, the main metrics that any job has a figure for, the outcome."""
    headers = sweep_table(sweep).headers
    assert headers[:3] == ("Job", "threads", "asr\nload_overhead_mib")
    assert headers[-1] == "Outcome"
    assert "asr\nwer" in headers
    assert "aligner\nwer" not in headers
    assert "asr\ncer" not in headers


def test_rows(sweep: Sweep) -> None:
    """A row a job, failed and unfinished ones included."""
    found = rows(sweep)
    assert [row["Job"] for row in found] == ["0", "1", "2", "3"]
    assert [row["threads"] for row in found] == ["1", "2", "3", "4"]
    assert [row["Outcome"] for row in found] == ["ok", "ok", "1 ok of 4 trials", f"failed: {FAILED}"]


def test_figures(sweep: Sweep) -> None:
    """A figure with its interval; the cold trial's where there is no other, and marked; a dash for none."""
    found = [row["asr.ttft_ms"] for row in rows(sweep)]
    assert found == ["400.00 [400.00 .. 400.00]", "100.00 [100.00 .. 100.00]", "400.00 (cold)", "-"]
    assert [row["asr.wer"] for row in rows(sweep)] == ["20.00% [20.00% .. 20.00%]"] * 2 + ["20.00%", "-"]


def test_growth(sweep: Sweep) -> None:
    """Below five points a rate has no interval; a job of one trial has no rate at all."""
    found = [row["memory.growth_mib_per_iteration"] for row in rows(sweep)]
    assert found == ["0.500", "0.500", "-", "-"]


def test_notes(sweep: Sweep) -> None:
    """What is the same in all jobs is said once, and each reason once."""
    notes = sweep_table(sweep).notes
    assert notes[0] == "The same in all jobs: iterations=4, order=[asr,aligner]"
    reasons = [note for note in notes if note.startswith("no value for ")]
    assert "no value for aligner.wer: the role aligner writes no transcript" in reasons
    assert len(reasons) == len(set(reasons))


def test_notes_of_jobs_are_said_once(tmp_path: Path) -> None:
    """A note that every job has stands below the table once."""
    for number in range(2):
        run = stored.run(overrides=(f"threads={number}",), notes=("threads changes nothing",))
        stored.write(tmp_path / str(number), run, stored.trials())
    assert list(sweep_table(read_sweep(tmp_path)).notes).count("threads changes nothing") == 1


def test_files(sweep: Sweep) -> None:
    """Four files beside the jobs, and a second time the same bytes."""
    publish_sweep(sweep)
    names = {store.SWEEP_JSON, store.SWEEP_CSV, store.SWEEP_MD, store.SWEEP_HTML}
    first = {path.name: path.read_bytes() for path in sweep.folder.iterdir() if path.is_file()}
    assert set(first) == names
    again = read_sweep(sweep.folder)
    publish_sweep(again)
    assert {path.name: path.read_bytes() for path in sweep.folder.iterdir() if path.is_file()} == first


def read_csv(sweep: Sweep) -> list[dict[str, str]]:
    """Return the rows of a published CSV."""
    publish_sweep(sweep)
    with (sweep.folder / store.SWEEP_CSV).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, strict=True))


def test_csv(sweep: Sweep) -> None:
    """Raw numbers by name, with ends of interval, cold value and count; nothing where there is nothing."""
    found = read_csv(sweep)
    assert [row["job"] for row in found] == ["0", "1", "2", "3"]
    assert [row["threads"] for row in found] == ["1", "2", "3", "4"]
    assert [row["outcome"] for row in found] == ["ok", "ok", "1 ok of 4 trials", f"failed: {FAILED}"]
    names = [f"asr.ttft_ms{part}" for part in ("", ".low", ".high", ".cold", ".n")]
    assert [[row[name] for name in names] for row in found] == [
        ["400.0", "400.0", "400.0", "400.0", "3"],
        ["100.0", "100.0", "100.0", "100.0", "3"],
        ["", "", "", "400.0", "0"],
        ["", "", "", "", ""],
    ]
    assert [float(row["asr.wer"]) for row in found[:3]] == [0.2, 0.2, 0.2]
    assert [row["aligner.ttft_ms"] for row in found] == [""] * 4


def test_csv_is_rectangular(sweep: Sweep) -> None:
    """Every row has a cell for each column, and no column comes twice."""
    publish_sweep(sweep)
    with (sweep.folder / store.SWEEP_CSV).open(newline="", encoding="utf-8") as file:
        header, *lines = csv.reader(file)
    assert len(header) == len(set(header))
    assert {len(line) for line in lines} == {len(header)}


def test_csv_of_an_override_with_commas(tmp_path: Path) -> None:
    """A swept list comes back as it was written."""
    for number, order in enumerate(("[asr,aligner]", "[aligner,asr]")):
        stored.write(tmp_path / str(number), stored.run(overrides=(f"order={order}",)), stored.trials())
    assert [row["order"] for row in read_csv(read_sweep(tmp_path))] == ["[asr,aligner]", "[aligner,asr]"]


def test_csv_growth_has_no_cold_value(sweep: Sweep) -> None:
    """A slope's column holds slopes alone."""
    name = "memory.growth_mib_per_iteration"
    found = [[row[f"{name}{part}"] for part in ("", ".cold")] for row in read_csv(sweep)]
    assert found == [["0.5", ""], ["0.5", ""], ["", ""], ["", ""]]


def test_json(sweep: Sweep) -> None:
    """Schema, what was swept, and each job with all its metrics."""
    publish_sweep(sweep)
    found: dict[str, Any] = msgspec.json.decode((sweep.folder / store.SWEEP_JSON).read_bytes())
    assert set(found) == {"schema", "swept", "constant", "jobs"}
    assert (found["schema"], found["swept"]) == (2, ["threads"])
    assert found["constant"] == {"iterations": "4", "order": "[asr,aligner]"}
    keys = {"job", "folder", "overrides", "outcome", "ok", "verdict", "metrics"}
    assert [set(job) for job in found["jobs"]] == [keys] * 4
    assert [job["verdict"] for job in found["jobs"]] == ["undecided", "undecided", "undecided", ""]
    assert [(job["job"], job["folder"], job["ok"]) for job in found["jobs"]] == [
        ("0", "0", True),
        ("1", "1", True),
        ("2", "2", False),
        ("3", "3", False),
    ]
    assert found["jobs"][0]["metrics"]["asr.cer"]["numerator"] == 4
    assert found["jobs"][3]["metrics"] == {}
    assert found == msgspec.json.decode(msgspec.json.encode(sweep_record(sweep)))


def test_verdicts_have_a_column_where_any_job_is_judged(sweep: Sweep) -> None:
    """Short runs are all undecided, and need none; a leak is named with its stages."""
    assert "Memory" not in sweep_table(sweep).headers
    first, *others = sweep.cells
    judged = replace(sweep, cells=(replace(first, verdict="leak (asr)"), *others))
    table = sweep_table(judged)
    assert table.headers[-2:] == ("Memory", "Outcome")
    assert [row[-2] for row in table.rows] == ["leak (asr)", "undecided", "undecided", "-"]


def test_markdown(sweep: Sweep) -> None:
    """A title that says what was swept, and the table."""
    publish_sweep(sweep)
    lines = (sweep.folder / store.SWEEP_MD).read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# Sweep of threads: 4 jobs"
    assert sum(line.startswith("| ") for line in lines) == 1 + 4


def test_html(sweep: Sweep) -> None:
    """One page, its table with a caption, every text escaped, pointing nowhere."""
    publish_sweep(sweep)
    text = (sweep.folder / store.SWEEP_HTML).read_text(encoding="utf-8")
    assert "<caption>Sweep</caption>" in text
    assert text.count("<table>") == text.count("<caption>") == 1
    assert "<b>" not in text
    assert "&lt;b&gt;a name&lt;/b&gt;" in text
    assert text.count("<script") == 1
    assert not re.search(r"https?://|\bsrc=|\bhref=\"[^#]|url\(", text)


def test_one_job(tmp_path: Path) -> None:
    """A sweep of one job has swept nothing, and still its table."""
    stored.write(tmp_path / "0", stored.run(), stored.trials())
    sweep = read_sweep(tmp_path)
    publish_sweep(sweep)
    assert (tmp_path / store.SWEEP_MD).read_text(encoding="utf-8").startswith("# Sweep of nothing: 1 jobs\n")
    assert [row["Outcome"] for row in rows(sweep)] == ["ok"]


def test_failed_jobs_alone(tmp_path: Path) -> None:
    """A sweep in which every job failed has a row for each, and no metric's column."""
    for number in range(2):
        (tmp_path / str(number)).mkdir()
        failure = store.Failure((f"threads={-number}",), "threads: found 0")
        store.write_json(tmp_path / str(number) / store.FAILURE, failure)
    sweep = read_sweep(tmp_path)
    publish_sweep(sweep)
    assert sweep_table(sweep).headers == ("Job", "threads", "Outcome")
    assert [row["outcome"] for row in read_csv(sweep)] == ["failed: threads: found 0"] * 2
