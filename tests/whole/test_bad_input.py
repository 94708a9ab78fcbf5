import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
import soundfile

from harness.experiment import Experiment
from tests.whole.command import (
    ROOT,
    SCRIPTED,
    Ran,
    assert_in_order,
    called,
    from_summary_on,
    harness,
    json_of,
    lines_of,
    python,
    settle,
)

Capture = pytest.CaptureFixture[str]
AUDIO = "an audio file"
WHOLE = "a whole number of at least 1"
FOLDER = "a folder that can be written"
LIMIT = "expected null, or a number of MiB of at least 16, which a worker needs without any engine"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with every kind of file that is no input."""
    place = settle(tmp_path, monkeypatch)
    (place / "folder").mkdir()
    (place / "empty.wav").touch()
    (place / "text.wav").write_text("this is no audio\n" * 9, encoding="utf-8")
    (place / "nothing.wav").write_bytes((ROOT / "samples" / "jfk.wav").read_bytes()[:12])
    soundfile.write(place / "silent.wav", [], 16_000)
    soundfile.write(place / "stereo.wav", [[0.0, 0.0]] * 160, 44_100)
    (place / "empty.txt").write_text("\n", encoding="utf-8")
    (place / "bytes.txt").write_bytes(b"\xff\xfe\x00\xd8")
    return place


@pytest.fixture
def unrun(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where a run would begin: what is refused is refused before."""

    def begin(experiment: Experiment) -> None:
        raise AssertionError("a run was begun")

    monkeypatch.setattr(Experiment, "run", begin)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Return a stored run, of which tests damage copies."""
    arguments = [*SCRIPTED, "iterations=3", "verbose=true", "asr.keep_mib=1", "aligner.keep_mib=1"]
    return harness(*arguments, cwd=tmp_path_factory.mktemp("stored"))


def own(folder: Path, name: str, text: str) -> None:
    """Write a YAML file of the user's into ``conf`` in the working directory."""
    path = folder / "conf" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def refused(ran: Ran) -> str:
    """Check that a command was refused with exactly one line, and return it."""
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.endswith("\n")
    (line,) = ran.err.splitlines()
    assert line.startswith("harness: ")
    return line.removeprefix("harness: ")


@pytest.mark.usefixtures("unrun")
@pytest.mark.parametrize(
    ("override", "line", "nearest"),
    [
        ("asr=pocketsphynx", "asr: found 'pocketsphynx', expected ", "pocketsphinx"),
        ("asr.stage=pocketsphynx", "asr.stage: found 'pocketsphynx', expected the name of a stage", "pocketsphinx"),
        ("probe=tftt", "probe: found 'tftt', expected ", "ttft"),
        ("probe=[rss,tftt]", "probe: found 'tftt', expected ", "ttft"),
        ("experiment=soke", "experiment: found 'soke', expected ", "soak"),
        ("hydra/launcher=lokal", "hydra/launcher: found 'lokal', expected ", "local"),
        ("iteration=3", "iteration: found the key 'iteration', expected a key of the configuration", "iterations"),
        ("asr.topm=3", "asr.topm: found the key 'topm', expected ", "topn"),
        ("+asr.topm=3", "asr.topm: found the key 'topm', expected an option of pocketsphinx", "topn"),
        ("dataset.adio=x", "dataset.adio: found the key 'adio', expected ", "audio"),
        ("+dataset.adio=x", "dataset.adio: found the key 'adio', expected a key of the dataset", "audio"),
        ("probe.wer.normaliser=none", "probe.wer.normaliser: found the key 'normaliser', expected ", "normalizer"),
        ("+iteration=3", "iteration: found the key 'iteration', expected a key of the configuration", "iterations"),
        ("probe.wer.normalizer=basik", "probe.wer.normalizer: found 'basik', expected a normaliser", "basic"),
        ("order=[asr,asr2]", "order: found 'asr2', expected a stage of the configuration", "asr"),
        ("order=[algner]", "order: found 'algner', expected a stage of the configuration", "aligner"),
        ("leak_kb=64", "leak_kb: found the key 'leak_kb', expected ", "leak_kib"),
        ("memory_budget=2000", "memory_budget: found the key 'memory_budget', expected ", "memory_budget_mib"),
        ("lifecycle=recreat", "lifecycle: found 'recreat', expected one of its values", "recreate"),
        ("residency=all", "residency: found 'all', expected one of its values", "all_resident"),
    ],
)
def test_a_name_that_does_not_exist_is_answered_with_those_that_do(
    override: str, line: str, nearest: str, capsys: Capture
) -> None:
    """The line names what was written and offers what there is, the nearest first."""
    found = refused(called(capsys, [override]))
    assert found.startswith(line)
    assert found.partition("; choose from: ")[2].split(", ")[0] == nearest


@pytest.mark.usefixtures("unrun")
@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["fit.search=true", "fit.limit_mib=200"], "fit.limit_mib: found 200 with fit.search=true, expected null, "),
        (
            ["-m", "fit.search=true", "threads=1,2"],
            "fit.search: found true in a sweep, expected one search at a time; ",
        ),
        (["-m", "fit.search=true"], "fit.search: found true in a sweep, expected one search at a time; "),
        (["fit.search=true,false"], "fit.search: found several values, expected one; "),
        (["fit.search=true", "asr.topn=0"], "asr.topn: found 0, expected a whole number of at least 1"),
    ],
)
def test_a_search_that_cannot_be_made_is_refused(arguments: list[str], line: str, capsys: Capture) -> None:
    """Before anything is tried, in one line."""
    assert refused(called(capsys, arguments)).startswith(line)


@pytest.mark.usefixtures("unrun")
@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("threads=0", f"threads: found 0, expected {WHOLE}"),
        ("threads=two", f"threads: found 'two', expected {WHOLE}"),
        ("threads=null", f"threads: found None, expected {WHOLE}"),
        ("iterations=0", f"iterations: found 0, expected {WHOLE}"),
        ("context_length=0", f"context_length: found 0, expected {WHOLE}"),
        ("warmup=5", "warmup: found 5 of 5 "),
        ("warmup=4", "warmup: found 4 of 5 trials, expected at most 3"),
        ("seed=x", "seed: found 'x', expected a whole number of at least 0"),
        ("timeout_s=0", "timeout_s: found 0, expected a number above 0"),
        ("timeout_s=nan", "timeout_s: found nan, expected a number above 0"),
        ("page_cache=hot", "page_cache: found 'hot', expected one of its values; choose from: "),
        ("page_cache=null", "page_cache: found None, expected one of its values; choose from: "),
        ("fit.limit_mib=much", f"fit.limit_mib: found 'much', {LIMIT}"),
        ("fit.limit_mib=0", f"fit.limit_mib: found 0, {LIMIT}"),
        ("fit.limit_mib=-200", f"fit.limit_mib: found -200, {LIMIT}"),
        ("fit.limit_mib=8", f"fit.limit_mib: found 8, {LIMIT}"),
        ("fit.limit_mib=nan", f"fit.limit_mib: found nan, {LIMIT}"),
        ("fit.limit_mib=inf", f"fit.limit_mib: found inf, {LIMIT}"),
        (
            "fit.limit_mib=1e300",
            "fit.limit_mib: found 1e+300, expected null, or a number of MiB of at most 1099511627776",
        ),
        ("fit.limit_mib=true", f"fit.limit_mib: found True, {LIMIT}"),
        ("fit.limit_mib=[200]", f"fit.limit_mib: found [200], {LIMIT}"),
        ("fit.search=maybe", "fit.search: found 'maybe', expected true or false"),
        ("fit.search=1", "fit.search: found 1, expected true or false"),
        ("fit.tolerance_mib=0", "fit.tolerance_mib: found 0, expected a number of MiB of at least 1"),
        ("fit.tolerance_mib=nan", "fit.tolerance_mib: found nan, expected a number of MiB of at least 1"),
        ("fit.tolerance_mib=near", "fit.tolerance_mib: found 'near', expected a number of MiB of at least 1"),
        ("fit=true", "fit: found True, expected a mapping of keys to values"),
        (
            "fit.limit=200",
            "fit.limit: found the key 'limit', expected a key of the configuration; choose from: limit_mib",
        ),
        (
            "+fit.limit=200",
            "fit.limit: found the key 'limit', expected a key of the memory limit; choose from: limit_mib",
        ),
        ("quiet=maybe", "quiet: found 'maybe', expected true or false"),
        ("leak_kib=much", "leak_kib: found 'much', expected a number above 0"),
        ("leak_kib=-1", "leak_kib: found -1, expected a number above 0"),
        ("leak_kib=0", "leak_kib: found 0, expected a number above 0"),
        ("leak_kib=nan", "leak_kib: found nan, expected a number above 0"),
        ("leak_kib=true", "leak_kib: found True, expected a number above 0"),
        ("leak_kib=null", "leak_kib: found None, expected a number above 0"),
        ("memory_budget_mib=much", "memory_budget_mib: found 'much', expected a number above 0"),
        ("memory_budget_mib=-1", "memory_budget_mib: found -1, expected a number above 0"),
        ("memory_budget_mib=0", "memory_budget_mib: found 0, expected a number above 0"),
        ("memory_budget_mib=nan", "memory_budget_mib: found nan, expected a number above 0"),
        ("memory_budget_mib=true", "memory_budget_mib: found True, expected a number above 0"),
        ("residual_budget_mib=much", "residual_budget_mib: found 'much', expected a number above 0"),
        ("residual_budget_mib=-1", "residual_budget_mib: found -1, expected a number above 0"),
        ("residual_budget_mib=0", "residual_budget_mib: found 0, expected a number above 0"),
        ("residual_budget_mib=nan", "residual_budget_mib: found nan, expected a number above 0"),
        ("residual_budget_mib=true", "residual_budget_mib: found True, expected a number above 0"),
        ("strict=maybe", "strict: found 'maybe', expected true or false"),
        ("strict=-1", "strict: found -1, expected true or false"),
        ("strict=0", "strict: found 0, expected true or false"),
        ("strict=nan", "strict: found nan, expected true or false"),
        ("strict=null", "strict: found None, expected true or false"),
        ("order=[]", "order: found [], expected a list of stages, for instance [asr,aligner]"),
        ("order=asr", "order: found 'asr', expected a list of stages"),
        ("order=[asr,asr]", "order: found 'asr' 2 times, expected each stage once"),
        ("lifecycle=reuse", "lifecycle: found 'reuse' with residency=one_at_a_time and 2 stages in order, expected "),
        ("asr.topn=abc", "asr.topn: found 'abc', expected "),
        ("outputs=null", "outputs: found None, expected "),
        ("outputs=[a]", "outputs: found ['a'], expected "),
        ("plugins=[no.such]", "plugin no.such (no.such): found ModuleNotFoundError: No module named 'no', expected "),
        ("plugins=some", "plugins: found 'some', expected a list of names"),
        ("dataset.audio=no.wav", f"dataset.audio: found no file 'no.wav', expected {AUDIO}"),
        ("dataset.audio=empty.wav", f"dataset.audio: found 'empty.wav', which is empty, expected {AUDIO}"),
        ("dataset.audio=text.wav", f"dataset.audio: found 'text.wav' (Format not recognised.), expected {AUDIO}"),
        ("dataset.audio=silent.wav", f"dataset.audio: found 'silent.wav', which holds no sample, expected {AUDIO}"),
        ("dataset.audio=nothing.wav", "dataset.audio: found 'nothing.wav' ("),
        ("dataset.audio=folder", f"dataset.audio: found 'folder', which is a folder, expected {AUDIO}"),
        ("dataset.audio=/dev/null", f"dataset.audio: found '/dev/null', expected {AUDIO}"),
        ("dataset.audio=null", "dataset.audio: found None, expected the path of an audio file"),
        ("dataset.transcript=folder", "dataset.transcript: found 'folder', which is a folder, expected a text file"),
        ("dataset.transcript=bytes.txt", "dataset.transcript: found 'bytes.txt' ("),
        ("outputs=empty.txt/below", "output folder: found 'empty.txt/below/runs/"),
        ("outputs=empty.txt", "output folder: found 'empty.txt/runs/"),
        ("outputs=/proc", f"output folder: found '/proc/runs' (No such file or directory), expected {FOLDER}"),
        ("hydra.run.dir=empty.txt/run", f"output folder: found 'empty.txt/run' (Not a directory), expected {FOLDER}"),
        ("order=[asr,aligner", "command line: found 'order=[asr,aligner', expected "),
        ("order=[asr]]", "command line: found 'order=[asr]]', expected "),
        ("threads", "command line: found 'threads', expected key=value"),
        ("=5", "command line: found '=5', expected key=value"),
        ("threads=1,2", "threads: found several values, expected one; -m sweeps over several"),
        ("threads=${nothing}", "threads: found "),
        ("dataset=null", "dataset: found "),
        ("probe=null", "probe: found "),
        ("-x", "command line: found unrecognized arguments: -x, expected "),
        ("reports", "command line: found 'reports', expected "),
    ],
)
def test_a_value_that_cannot_be_used_is_named(override: str, line: str, capsys: Capture) -> None:
    """One line says what was found and what would be right, and nothing is run."""
    found = refused(called(capsys, [override]))
    assert found.startswith(line)
    assert found.partition(", expected ")[2]


@pytest.mark.usefixtures("unrun")
@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["--config-dir", "nowhere"], "--config-dir: found 'nowhere', expected a folder"),
        (["--config-dir", "empty.txt"], "--config-dir: found 'empty.txt', expected a folder"),
        (["--config-name", "nosuch"], "configuration: found 'nosuch', expected the name of a file in conf"),
        (["report", "nowhere"], "run folder: found 'nowhere', expected the folder of a run"),
        (["report", "folder"], "run folder: found 'folder' without run.json, expected the folder of a run"),
        (["report", "empty.txt"], "run folder: found 'empty.txt', expected the folder of a run"),
        (["-m", "threads=1,2", "outputs=empty.txt"], "output folder: found 'empty.txt/sweeps/"),
        (["-m", "asr=pocketsphynx,pocketsphinx"], "asr: found 'pocketsphynx', expected the name of a file in conf"),
        (["hydra/launcher=2.5", "--cfg", "job"], "hydra/launcher: found 2.5, expected the name of a file in conf"),
        (["~asr=5"], "asr: found 5, expected the name of a file in conf; choose from: chatllm, "),
        (["asr={a:1}"], "asr: found {a:1}, expected the name of a file in conf; choose from: chatllm, "),
        (["-m", "thread=1,2"], "thread: found the key 'thread', expected a key of the configuration"),
        (["-m", "order=[asr,aligner"], "command line: found 'order=[asr,aligner', expected "),
        (["asr=null", "asr.hold_mib=-1"], "asr.hold_mib: found -1, expected a whole number of at least 0"),
        (["aligner=null", "aligner.hold_mib=much"], "aligner.hold_mib: found 'much', expected a whole number"),
        (["order=[aligner]", "dataset.transcript=no.txt"], "order: found 'aligner' with no ASR before it, and "),
        (["order=[aligner,asr]", "dataset.transcript=null"], "order: found 'aligner' with no ASR before it, and "),
    ],
)
def test_a_command_that_cannot_be_carried_out_is_one_line(argv: Sequence[str], line: str, capsys: Capture) -> None:
    """The same holds for Hydra's options, sweeps, and reports of what is no run."""
    found = refused(called(capsys, argv))
    assert found.startswith(line)
    assert found.partition(", expected ")[2]


@pytest.mark.usefixtures("unrun")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("INFERENCE_THREADS", value) for value in ("abc", "0", "2.5", "", "[", "a=b")),
        *(("CONTEXT_LENGTH", value) for value in ("4k", "-1")),
    ],
)
def test_garbage_in_the_environment_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """A variable that sets a default is checked like the key, and its value is in the line, in words."""
    monkeypatch.setenv(name, value)
    key = {"INFERENCE_THREADS": "threads", "CONTEXT_LENGTH": "context_length"}[name]
    found = refused(called(capsys, []))
    assert found.startswith(f"{key}: found ")
    assert value in found.partition(", expected ")[0]
    assert found.endswith(f", expected {WHOLE}")


@pytest.mark.usefixtures("unrun")
@pytest.mark.parametrize(
    ("name", "text", "override", "line"),
    [
        ("experiment/mine.yaml", "a: [1\nb: }\n", "experiment=mine", "experiment/mine"),
        ("experiment/mine.yaml", "# @package _global_\niteration: 3\n", "experiment=mine", "iteration: found the key "),
        ("experiment/mine.yaml", "# @package _global_\niterations: 0\n", "experiment=mine", "iterations: found 0, "),
        ("asr/mine.yaml", "role: asr\nstage: pocketsphinx\ntopm: 2\n", "asr=mine", "asr.topm: found the key 'topm', "),
        ("asr/mine.yaml", "role: asr\nstage: pocketsphinx\ntopn: many\n", "asr=mine", "asr.topn: found 'many', "),
        ("asr/mine.yaml", "role: asr\nstage: 3\n", "asr=mine", "asr.stage: found 3, "),
        ("asr/mine.yaml", "role: asr\n", "asr=mine", "asr"),
        ("asr/mine.yaml", "- a\n- b\n", "asr=mine", "asr"),
        ("probe/mine.yaml", "nosuch: {}\n", "probe=mine", "probe: found 'nosuch', expected the name of a probe"),
        ("dataset/mine.yaml", "audio: no.wav\n", "dataset=mine", "dataset.audio: found no file 'no.wav', "),
    ],
)
def test_a_file_of_the_users_that_cannot_be_used_is_one_line(
    name: str, text: str, override: str, line: str, folder: Path, capsys: Capture
) -> None:
    """YAML in ``./conf`` that is no YAML, or holds a wrong key, is answered like a command line."""
    own(folder, name, text)
    found = refused(called(capsys, [override]))
    assert line in found
    assert found.partition(", expected ")[2]


@pytest.mark.usefixtures("unrun")
def test_a_refused_run_leaves_no_folder(folder: Path, capsys: Capture) -> None:
    """Where nothing was run, nothing lies below ``outputs`` that looks like a run."""
    refused(called(capsys, ["threads=0"]))
    assert [path for path in (folder / "outputs").glob("runs/*/*") if path.is_dir()] == []


def test_the_line_comes_from_the_process_too(folder: Path) -> None:
    """As a command, the same: status 2, one line, nothing on standard output."""
    expected = "threads: found 0, expected a whole number of at least 1"
    assert refused(harness("threads=0", cwd=folder)) == expected


def test_an_audio_cache_that_cannot_be_written_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """Converted audio needs a folder, and the line says how to name another."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "empty.txt"))
    found = refused(called(capsys, ["dataset.audio=stereo.wav"]))
    assert found.startswith(f"audio cache: found '{folder}/empty.txt/asr-align-harness/audio' (Not a directory), ")
    assert "XDG_CACHE_HOME" in found


@pytest.mark.parametrize(
    ("name", "rate_hz", "channels", "options"),
    [
        ("other.wav", 8_000, 1, {"subtype": "PCM_16"}),
        ("other.wav", 44_100, 2, {"subtype": "PCM_24"}),
        ("other.mp3", 48_000, 2, {}),
    ],
    ids=["8 kHz", "44.1 kHz stereo of 24 bit", "MP3"],
)
def test_audio_of_another_form_is_converted(
    name: str, rate_hz: int, channels: int, options: dict[str, str], folder: Path, capsys: Capture
) -> None:
    """Another rate, more channels or another coding is no error: the engine is given 16 kHz mono."""
    soundfile.write(folder / name, [[0.1] * channels] * rate_hz, rate_hz, **options)
    ran = called(capsys, [*SCRIPTED, "order=[asr]", "iterations=1", f"dataset.audio={name}"])
    assert (ran.status, ran.outcomes) == (0, ["ok"])
    utterance = ran.trials[0]["utterance"]
    info = soundfile.info(utterance["canonical"])
    assert (info.samplerate, info.channels, info.subtype) == (16_000, 1, "PCM_16")
    assert utterance["duration_s"] == pytest.approx(1.0, abs=0.1)  # MP3 pads to whole frames


@pytest.mark.parametrize(
    ("transcript", "reason"),
    [
        ("no.txt", "the transcript 'no.txt' does not exist"),
        ("empty.txt", "the transcript 'empty.txt' is empty"),
        ("null", "no transcript was named"),
    ],
)
def test_without_a_transcript_there_is_no_word_error_rate(transcript: str, reason: str, capsys: Capture) -> None:
    """The run goes on, and WER is null with the reason, in the summary and on the screen."""
    ran = called(capsys, [*SCRIPTED, "iterations=2", f"dataset.transcript={transcript}"])
    assert (ran.status, ran.outcomes) == (0, ["ok", "ok"])
    wer = ran.summary["metrics"]["asr.wer"]
    assert (wer["value"], wer["n"], reason in wer["null_reason"]) == (None, 0, True)
    assert json_of(ran.folder / "asr_align_results.json")["summary"]["asr"]["avg_wer_percent"] is None
    assert_in_order(ran.out, ["Ground Truth: -", r".*WER: -", r"Avg WER \(%\) +- +-", f".*{reason}"])


def test_the_environment_sets_the_defaults(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """``INFERENCE_THREADS`` and ``CONTEXT_LENGTH`` stand behind their keys, and the command line above both."""
    monkeypatch.setenv("INFERENCE_THREADS", "3")
    monkeypatch.setenv("CONTEXT_LENGTH", "2048")
    ran = called(capsys, [*SCRIPTED, "order=[asr]", "iterations=1", "context_length=1024"])
    protocol = json_of(ran.folder / "run.json")["protocol"]
    assert (protocol["threads"], protocol["context_length"]) == (3, 1024)


def copy(stored: Ran, folder: Path) -> Path:
    """Return a copy of the stored run that may be damaged."""
    return Path(shutil.copytree(stored.folder, folder / "copy"))


def test_a_report_needs_no_engine_no_plugin_and_no_hydra(stored: Ran, folder: Path) -> None:
    """A stored run is summarised as it was, by a process in which none of them can be imported."""
    place = copy(stored, folder)
    results = ("summary.json", "asr_align_results.json", "report.md", "report.html")
    before = [(place / name).read_bytes() for name in results]
    for name in results:
        (place / name).unlink()
    code = """
import sys
class Gone:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("tests", "plugins", "pocketsphinx", "hydra", "omegaconf", "pluggy", "psutil"):
            raise ImportError(f"{name} is not installed here")
sys.meta_path.insert(0, Gone())
from harness.cli import status_of
sys.exit(status_of(["report", sys.argv[1]]))
"""
    ran = python("-c", code, str(place), cwd=folder)
    assert (ran.status, ran.err) == (0, "")
    expected = from_summary_on(stored.out).replace(f"Results: {stored.folder}", f"Results: {place}")
    assert from_summary_on("\n" + ran.out) == expected
    assert [(place / name).read_bytes() for name in results] == before


def test_a_torn_last_line_is_dropped_with_a_note(stored: Ran, folder: Path, capsys: Capture) -> None:
    """What a killed writer leaves can be reported: two whole trials, and a note about the third."""
    place = copy(stored, folder)
    os.truncate(place / "trials.jsonl", (place / "trials.jsonl").stat().st_size - 9)
    ran = called(capsys, ["report", str(place)])
    assert ran.status == 0
    assert "Trials: 2 ok" in ran.out.splitlines()
    assert "the last line is torn and was dropped (line 3)" in ran.out
    assert json_of(place / "summary.json")["outcomes"] == {"ok": 2}


def damaged_line(place: Path) -> None:
    """Break the first trial."""
    lines = (place / "trials.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (place / "trials.jsonl").write_text("{\n" + "".join(lines[1:]), encoding="utf-8")


def other_schema(place: Path) -> None:
    """Make it a run of a version to come."""
    text = (place / "run.json").read_text(encoding="utf-8")
    (place / "run.json").write_text(text.replace('"schema": 3', '"schema": 99'), encoding="utf-8")


def no_json(place: Path) -> None:
    """Write something else into ``run.json``."""
    (place / "run.json").write_text("something else", encoding="utf-8")


def no_place(place: Path) -> None:
    """Put a folder where the summary has to be written."""
    (place / "summary.json").unlink()
    (place / "summary.json").mkdir()


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (damaged_line, "trials.jsonl' line 1 ("),
        (other_schema, "of schema 99, expected schema 1 to 3; a newer asr-align-harness wrote it, and reads it"),
        (no_json, "run.json' ("),
        (no_place, "output file: found "),
    ],
)
def test_a_damaged_run_is_refused_in_one_line(
    damage: object, line: str, stored: Ran, folder: Path, capsys: Capture
) -> None:
    """What cannot be read, or written again, is named; nothing is guessed."""
    place = copy(stored, folder)
    assert callable(damage)
    damage(place)
    assert line in refused(called(capsys, ["report", str(place)]))
    assert len(lines_of(stored.folder / "trials.jsonl")) == 3
