import csv
import re
from pathlib import Path
from typing import Any

import pytest

from harness.clock import Clock
from harness.machine.noise import Load, Noise
from harness.machine.quietness import BRIEF, WHOLE, Counters
from tests.whole.command import ROOT, SCRIPTED, Ran, called, harness, json_of, lines_of, settle

Capture = pytest.CaptureFixture[str]
SMALL = ("asr.keep_mib=1", "aligner.keep_mib=1", "asr.work_mib=1", "aligner.work_mib=1")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    return settle(tmp_path, monkeypatch)


def swept(capsys: Capture, *arguments: str) -> Ran:
    """Sweep the scripted stages."""
    return called(capsys, ["-m", *SCRIPTED, *SMALL, *arguments])


def jobs(ran: Ran) -> list[Any]:
    """Return the cells of a sweep, one a job, as ``sweep.json`` has them."""
    return list(json_of(ran.folder / "sweep.json")["cells"])


def table(ran: Ran) -> list[str]:
    """Return the first line of each row of the table that has the outcomes; with a single part that is the whole."""
    lines = ran.out.splitlines()
    head = max(number for number, line in enumerate(lines) if line.startswith("Job ") and line.endswith("Outcome"))
    start = next(number for number in range(head, len(lines)) if lines[number].startswith("----"))
    end = next((number for number in range(start, len(lines)) if lines[number].startswith("x: ")), len(lines))
    return [line for line in lines[start + 1 : end] if line[:1].isdigit()]


def own(folder: Path, name: str, text: str) -> None:
    """Write a YAML file of the user's into ``conf`` in the working directory."""
    path = folder / "conf" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def threads(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Sweep the number of threads, as the README does, in a process of its own."""
    arguments = ["-m", *SCRIPTED, *SMALL, "threads=1,2", "iterations=3"]
    return harness(*arguments, cwd=tmp_path_factory.mktemp("threads"))


@pytest.fixture(scope="module")
def partly(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Sweep over a value that cannot be used, between two that can."""
    arguments = ["-m", *SCRIPTED, *SMALL, "threads=1,0,2", "order=[asr]", "iterations=2"]
    return harness(*arguments, cwd=tmp_path_factory.mktemp("partly"))


def test_a_sweep_runs_every_job_and_ends_with_one_table(threads: Ran) -> None:
    """Each value is a run with a folder of its own, and a row on the screen and in each file."""
    assert threads.status == 0
    assert [row.split()[:2] for row in table(threads)] == [["0", "1"], ["1", "2"]]
    rows = [(job["job"], job["overrides"]["threads"], job["ok"]) for job in jobs(threads)]
    assert rows == [("0", "1", True), ("1", "2", True)]
    for job in ("0", "1"):
        assert len(lines_of(threads.folder / job / "trials.jsonl")) == 3
        assert (threads.folder / job / "report.html").exists()
    assert (threads.cwd / "outputs" / "latest").resolve() == threads.folder.resolve()


def test_what_blurs_is_told_before_the_first_job_alone(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """The later jobs are checked briefly, and say nothing again."""
    repeats: list[int] = []

    def busy(clock: Clock, asked: int, files_mib: float | None) -> tuple[Noise, Counters]:
        repeats.append(asked)
        return Noise(load=Load(others_running=999.0 + len(repeats))), Counters(at_ns=0)

    monkeypatch.setattr("harness.job.checked", busy)
    ran = swept(capsys, "seed=1,2,3", "order=[aligner]", "iterations=1", "quiet=true")
    told = [line for line in ran.err.splitlines() if "the machine is busy" in line]
    assert repeats == [WHOLE, BRIEF, BRIEF]
    assert len(told) == 1
    assert told[0].startswith("warning: the machine is busy: 1000 other threads are running on ")


def test_a_sweep_says_what_threads_do_not_change(threads: Ran) -> None:
    """Where threads are swept over stages that use one, screen and reports say that nothing changes."""
    note = "threads is swept, and changes nothing for asr (scripted), aligner (scripted): uses_threads is false"
    assert f"Note: {note}" in threads.out.splitlines()
    assert note in threads.out[threads.out.rindex("Outcome") :].splitlines()
    for name in ("sweep.md", "sweep.html", "0/report.md", "1/report.html"):
        assert note in (threads.folder / name).read_text(encoding="utf-8")


def test_the_table_can_be_read_by_a_program(threads: Ran) -> None:
    """``sweep.csv`` has a line for each job, with the swept key, plain numbers and the outcome."""
    with (threads.folder / "sweep.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["threads"] for row in rows] == ["1", "2"]
    for row, job in zip(rows, jobs(threads), strict=True):
        wer = next(value for name, value in row.items() if name.startswith("asr.wer"))
        assert float(wer) == pytest.approx(job["metrics"]["asr.wer"]["value"])
        assert "ok" in row.values()


def test_a_job_that_cannot_run_is_a_row(partly: Ran) -> None:
    """The others run, the row says why, and the status is 1."""
    assert partly.status == 1
    why = "threads: found 0, expected a whole number of at least 1"
    outcomes = [(job["outcome"], job["ok"]) for job in jobs(partly)]
    assert outcomes == [("ok", True), (f"failed: {why}", False), ("ok", True)]
    assert table(partly)[1].split()[:2] == ["1", "0"]
    assert table(partly)[1].endswith("failed: threads: found 0, expected a")  # and goes on below
    assert "Traceback" not in partly.out + partly.err
    assert not (partly.folder / "1" / "trials.jsonl").exists()
    for name in ("sweep.md", "sweep.csv", "sweep.html"):
        assert why in (partly.folder / name).read_text(encoding="utf-8")


def test_a_sweep_is_reported_again(partly: Ran, capsys: Capture) -> None:
    """From the stored jobs alone, also without their summaries, come the same table and the same files."""
    files = ("sweep.json", "sweep.csv", "sweep.md", "sweep.html")
    before = [(partly.folder / name).read_bytes() for name in files]
    for name in (*files, "0/summary.json", "0/report.md", "0/asr_align_results.json"):
        (partly.folder / name).unlink()
    again = called(capsys, ["report", str(partly.folder)])
    assert (again.status, again.err) == (0, "")
    assert table(again) == table(partly)
    assert [(partly.folder / name).read_bytes() for name in files] == before


def test_a_job_whose_trials_fail_is_a_row(capsys: Capture) -> None:
    """A crash in one job is its outcome, counted, with the figures of the trials that were done."""
    ran = swept(capsys, "asr.fail='',segv@run@1", "iterations=2", "order=[asr]")
    assert ran.status == 1
    assert [job["outcome"] for job in jobs(ran)] == ["ok", "1 ok, 1 crashed of 2 trials"]
    assert [job["metrics"]["asr.wer"]["n"] for job in jobs(ran)] == [2, 1]


def test_the_order_is_swept(capsys: Capture) -> None:
    """A list is a value: both orders run, and the aligner's text is from where the order says."""
    ran = swept(capsys, "order=[asr,aligner],[aligner,asr]", "iterations=1")
    assert ran.status == 0
    assert [job["overrides"]["order"] for job in jobs(ran)] == ["[asr,aligner]", "[aligner,asr]"]
    protocols = [json_of(ran.folder / job / "run.json")["protocol"]["order"] for job in ("0", "1")]
    assert protocols == [["asr", "aligner"], ["aligner", "asr"]]
    texts = [(ran.folder / job / "trials.jsonl").read_text(encoding="utf-8") for job in ("0", "1")]
    assert ['"text_from":"reference"' in text for text in texts] == [False, True]


def test_two_keys_are_swept_crosswise(capsys: Capture) -> None:
    """Every pair is a job that is told its values; the table has both columns, and what is constant below."""
    ran = swept(capsys, "context_length=2048,4096", "lifecycle=recreate,restart", "order=[asr]", "iterations=1")
    pairs = [("2048", "recreate"), ("2048", "restart"), ("4096", "recreate"), ("4096", "restart")]
    assert [tuple(row.split()[1:3]) for row in table(ran)] == pairs
    assert json_of(ran.folder / "sweep.json")["swept"] == ["context_length", "lifecycle"]
    protocols = [json_of(ran.folder / str(job) / "run.json")["protocol"] for job in range(4)]
    assert [(str(protocol["context_length"]), protocol["lifecycle"]) for protocol in protocols] == pairs
    constant = next(line for line in ran.out.splitlines() if line.startswith("The same in all jobs: "))
    assert "iterations=1" in constant


def test_own_files_are_found_in_the_working_directory(folder: Path, capsys: Capture) -> None:
    """A stage's YAML and an experiment of the user's own are chosen by name, in a sweep too."""
    text = (ROOT / "tests/engine/conf/asr/scripted.yaml").read_text(encoding="utf-8")
    own(folder, "asr/mine.yaml", text.replace("and so my fellow americans", "what else"))
    own(folder, "experiment/short.yaml", "# @package _global_\norder: [asr]\niterations: 1\n")
    ran = swept(capsys, "asr=scripted,mine", "experiment=short")
    assert ran.status == 0
    heard = [(ran.folder / job / "trials.jsonl").read_text(encoding="utf-8") for job in ("0", "1")]
    assert ['"text":"what else"' in text for text in heard] == [False, True]
    assert [job["overrides"]["asr"] for job in jobs(ran)] == ["scripted", "mine"]


def test_the_working_directory_is_searched_before_what_is_built_in(folder: Path, capsys: Capture) -> None:
    """A file of the same name replaces ours."""
    own(folder, "probe/wer.yaml", "wer:\n  normalizer: none\n")
    own(folder, "dataset/jfk.yaml", "audio: samples/jfk.wav\ntranscript: mine.txt\n")
    (folder / "mine.txt").write_text("And so my fellow Americans\n", encoding="utf-8")
    ran = called(capsys, [*SCRIPTED, "order=[asr]", "iterations=1"])
    wer = ran.summary["metrics"]["asr.wer"]
    assert (ran.status, wer["numerator"], wer["denominator"]) == (0, 2, 5)


def test_an_experiment_states_only_what_differs(folder: Path, capsys: Capture) -> None:
    """Its keys are taken, the command line stands above it, and the record has its name."""
    own(folder, "experiment/mine.yaml", "# @package _global_\norder: [asr]\niterations: 3\nlifecycle: restart\n")
    ran = called(capsys, [*SCRIPTED, "experiment=mine", "iterations=2"])
    record = json_of(ran.folder / "run.json")
    assert (ran.status, ran.outcomes, record["protocol"]["lifecycle"]) == (0, ["ok", "ok"], "restart")
    assert record["experiment"] == "mine"


def test_the_experiment_isolation_compares_three_lives(capsys: Capture) -> None:
    """One worker, one for each iteration, one for each stage of each: started so often, and compared in one table."""
    ran = called(capsys, [*SCRIPTED, *SMALL, "experiment=isolation", "iterations=3", "quiet=true"])
    assert ran.status == 0
    rows = json_of(ran.folder / "sweep.json")["isolation"]
    assert [(row["isolation"], row["starts"], row["iterations"]) for row in rows] == [
        ("run", 1, 1),
        ("iteration", 3, 1),
        ("stage", 6, 1),
    ]
    assert rows[0]["starting_s"] == 0 < rows[1]["starting_s"]
    markdown = (ran.folder / "sweep.md").read_text(encoding="utf-8")
    assert "\nIsolation\n" in ran.out
    assert "## Isolation\n" in markdown
    again = called(capsys, ["report", str(ran.folder)])
    assert again.out[again.out.index("\nIsolation\n") :].startswith(ran.out[ran.out.index("\nIsolation\n") :][:400])
    assert (ran.folder / "sweep.md").read_text(encoding="utf-8") == markdown


def test_threads_that_work_have_a_sheet(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a real pool shows whatever the clock says: its threads, its buffers, and what is beyond the cores."""
    monkeypatch.setenv("COLUMNS", "120")
    arguments = ("plugins=[tests.engine.spinning]", "asr=spinning", "order=[asr]", "threads=1,3", "iterations=4")
    ran = called(capsys, ["-m", *SCRIPTED[:2], *arguments, "asr.buffer_mib=8", "quiet=true"])
    assert ran.status == 0
    sheet = ran.out[ran.out.index("\nThreads\n") :].splitlines()
    start = next(number for number, line in enumerate(sheet) if line.startswith("-----"))
    rows = [line.split() for line in sheet[start + 1 : start + 3]]
    assert [row[:3] for row in rows] == [["asr", "1", "2"], ["asr", "3", "4"]]
    assert "1.00x" in rows[0]
    said = next(line for line in sheet if " MiB of peak memory for each added thread" in line)
    mib = re.search(r"; ([+][0-9.]+) MiB of peak memory for each added thread", said)
    assert mib is not None
    assert float(mib[1]) == pytest.approx(8.0, abs=0.5)
    markdown = (ran.folder / "sweep.md").read_text(encoding="utf-8")
    assert "## Threads\n" in markdown
    assert said in markdown
    assert called(capsys, ["report", str(ran.folder)]).out.count(said) == 1
