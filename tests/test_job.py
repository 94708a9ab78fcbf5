import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf

from harness import job as module
from harness import store
from harness.clock import Clock, FakeClock
from harness.config import builtin_folder
from harness.errors import ConfigError, InputError, StoreError
from harness.job import Job, point_latest, run_job
from harness.machine.noise import Disturbance, Load, Noise
from harness.machine.quietness import BRIEF, WHOLE, Counters
from harness.records import Utterance
from harness.resuming.ownership import own
from tests.test_audio import write_wav

STAGES: dict[str, Any] = {
    "asr": {"role": "asr", "stage": "scripted", "keep_mib": 1, "work_mib": 1},
    "aligner": {"role": "aligner", "stage": "scripted", "keep_mib": 1, "work_mib": 1},
    "plugins": ["tests.engine.scripted"],
}


@pytest.fixture
def config(utterance: Utterance, tmp_path: Path) -> Iterator[DictConfig]:
    """Return the shipped configuration with the scripted stages in it."""
    with initialize_config_dir(str(builtin_folder("conf")), version_base=None):
        composed = compose("config", ["iterations=2", "timeout_s=30", "threads=1"])
    OmegaConf.set_struct(composed, False)
    composed.outputs = str(tmp_path / "outputs")  # in the checkout's, latest would point to a folder of the test
    for key, value in {**STAGES, "dataset": {"audio": utterance.audio, "transcript": None}}.items():
        composed[key] = value
    yield composed
    GlobalHydra.instance().clear()


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing blur a run, whatever the machine of the test does."""
    monkeypatch.setattr(module, "checked", lambda *_given: (Noise(), Counters(at_ns=0)))
    monkeypatch.setattr(module, "counters", lambda clock: Counters(at_ns=10**9))
    monkeypatch.setattr(module, "usable_cores", lambda: 2)


def test_a_job_fills_its_folder(config: DictConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was asked for before anything runs, every trial, what the engines said of themselves after the last."""
    folder = tmp_path / "outputs" / "12-00-00"
    done = run_job(config, Job(folder, ("iterations=2",), ("threads",)), FakeClock())
    assert (done.ending.outcomes, done.ending.problems) == ({"ok": 2}, [])
    assert sorted(path.name for path in folder.iterdir()) == [
        "config.yaml",
        "differs.json",
        "engine.log",
        "environment.json",
        "identity.json",
        "memory.curve",
        "owner-0000.json",
        "run.json",
        "trials.jsonl",
    ]
    stored = store.read_run(folder)
    assert (stored.run.id, stored.run.started_at) == ("12-00-00", "2026-01-01T00:00:00.000+00:00")
    assert (stored.run.overrides, stored.run.swept) == (("iterations=2",), ("threads",))
    assert [probe.name for probe in stored.run.probes] == ["rss", "handles", "ttft", "rtf", "wer", "drift"]
    assert [trial.started_at for trial in stored.trials] == ["2026-01-01T00:00:00.000+00:00"] * 2
    assert stored.environment is not None
    assert stored.environment.engines == {"asr": {"version": "1"}, "aligner": {"version": "1"}}
    assert OmegaConf.load(folder / "config.yaml") == OmegaConf.create(OmegaConf.to_container(config, resolve=True))
    assert "and so my fellow americans" in capsys.readouterr().out


def test_a_quiet_job_says_nothing(config: DictConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On standard output; warnings go where they belong."""
    config.quiet = True
    run_job(config, Job(tmp_path / "run"), FakeClock())
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("key", "value", "kind", "line"),
    [
        ("threads", 0, ConfigError, "threads: found 0, expected a whole number of at least 1"),
        ("dataset.audio", "no.wav", InputError, "dataset.audio: found no file 'no.wav', expected an audio file: "),
        ("asr.keep", 1, ConfigError, "asr.keep: found the key 'keep', expected an option of scripted; choose from: "),
        ("probe", {"rs": {}}, ConfigError, "probe: found 'rs', expected the name of a probe; choose from: rss, "),
    ],
)
def test_what_cannot_be_used_leaves_no_folder(
    key: str, value: object, kind: type[Exception], line: str, config: DictConfig, tmp_path: Path
) -> None:
    """Nothing has run, and nothing is written."""
    if key == "probe":
        config.probe = value
    else:
        OmegaConf.update(config, key, value)
    with pytest.raises(kind) as caught:
        run_job(config, Job(tmp_path / "run"), FakeClock())
    assert str(caught.value).startswith(line)
    assert not (tmp_path / "run").exists()


def test_a_folder_that_holds_a_run_is_left_alone(config: DictConfig, tmp_path: Path) -> None:
    """Its trials stay as they are."""
    (tmp_path / store.TRIALS).write_text("old\n")
    with pytest.raises(StoreError, match="with a run in it"):
        run_job(config, Job(tmp_path), FakeClock())
    assert (tmp_path / store.TRIALS).read_text() == "old\n"
    assert not (tmp_path / store.RUN).exists()


def test_a_folder_that_another_process_has_is_left_alone(config: DictConfig, tmp_path: Path) -> None:
    """Two launchers may be given the same job; one does it."""
    with own(tmp_path / "run"), pytest.raises(StoreError, match="which is being run by "):
        run_job(config, Job(tmp_path / "run"), FakeClock())
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["owner-0000.json"]


def test_files_that_an_engine_names_are_hashed_after_the_last_trial(
    config: DictConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading a model before would warm the cache that its load time depends on."""
    (tmp_path / "model_plugin.py").write_text(
        "from tests.engine.scripted import ScriptedAsr, hookimpl\n"
        "class Named(ScriptedAsr):\n"
        "    name = 'named'\n"
        "    def prepare(self):\n"
        "        return {**super().prepare(), 'files': [__file__], 'libraries': [__file__ + '.so']}\n"
        "@hookimpl\n"
        "def harness_stages():\n"
        "    return [Named]\n"
    )
    (tmp_path / "model_plugin.py.so").write_bytes(b"ELF")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ['PYTHONPATH']}")
    config.plugins, config.order, config.asr.stage = ["model_plugin"], ["asr"], "named"
    run_job(config, Job(tmp_path / "run"), FakeClock())
    environment = msgspec.json.decode((tmp_path / "run" / store.ENVIRONMENT).read_bytes())
    path = str(tmp_path / "model_plugin.py")
    assert environment["engines"]["asr"] == {"version": "1", "files": [path], "libraries": [f"{path}.so"]}
    assert environment["files"][path]["size_bytes"] == (tmp_path / "model_plugin.py").stat().st_size
    assert environment["files"][f"{path}.so"]["size_bytes"] == 3
    identity = msgspec.json.decode((tmp_path / "run" / store.IDENTITY).read_bytes())
    assert identity["files"][path]["sha256"] == environment["files"][path]["sha256"]


# --- what blurs the figures -------------------------------------------------------------------------------------


def busy(clock: Clock, repeats: int, files_mib: float | None) -> tuple[Noise, Counters]:
    """Find a machine on which as many other threads run as the work was to be repeated."""
    return Noise(load=Load(others_running=float(repeats))), Counters(at_ns=0, periods=(0, 100))


def test_what_blurs_is_told_once_in_a_series(
    config: DictConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later job is checked briefly; what was told stays in its record, and what is its own is told."""
    monkeypatch.setattr(module, "checked", busy)
    monkeypatch.setattr(module, "_threads", lambda plan: plan.protocol.threads)
    told: set[str] = set()
    lines = []
    for number, threads in enumerate((1, 1, 6)):
        config.threads = threads
        run_job(config, Job(tmp_path / str(number), again=number > 0, told=told), FakeClock())
        lines.append(capsys.readouterr().err.splitlines())
    start = "the machine is busy: {} other threads are running on 2 usable cores"
    threads_line = "threads=6 on 2 usable cores: the threads will wait for each other"
    assert lines[0].pop().startswith("warning: the configuration names plugins=[tests.engine.scripted], ")
    assert lines == [[f"warning: {start.format(WHOLE)}"], [], [f"warning: {threads_line}"]]
    stored = store.read_run(tmp_path / "2").environment
    assert stored is not None
    assert stored.warnings == (threads_line, start.format(BRIEF))


def test_a_run_that_was_disturbed_says_so(config: DictConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a problem of the run, and in its record."""
    monkeypatch.setattr(module, "checked", lambda *_given: (Noise(), Counters(at_ns=0, periods=(0, 100))))
    monkeypatch.setattr(module, "counters", lambda clock: Counters(at_ns=10**9, periods=(40, 200)))
    done = run_job(config, Job(tmp_path / "run"), FakeClock())
    line = "the run was throttled: its CPU quota stopped it in 40% of the periods"
    assert done.ending.problems == [line]
    stored = store.read_run(tmp_path / "run").environment
    assert stored is not None
    assert stored.noise == Noise(during=Disturbance(duration_s=1.0, throttled_share=0.4))
    assert stored.warnings == (line,)


# --- what differs from the defaults -----------------------------------------------------------------------------


def test_what_differs_from_the_defaults_is_written(config: DictConfig, tmp_path: Path) -> None:
    """By key, with both values."""
    run_job(config, Job(tmp_path / "run"), FakeClock())
    differs = msgspec.json.decode((tmp_path / "run" / store.DIFFERS).read_bytes())
    assert differs["iterations"] == {"default": 5, "used": 2}
    assert differs["asr.stage"] == {"default": "pocketsphinx", "used": "scripted"}
    assert differs["asr.keep_mib"] == {"default": None, "used": 1, "added": True}
    assert differs["asr.topn"] == {"default": 2, "used": None, "removed": True}
    assert "seed" not in differs


def test_defaults_that_cannot_be_composed_lose_no_run(
    config: DictConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are a problem of it."""

    def fail() -> None:
        raise ConfigError("defaults", "rubbish", "YAML")

    monkeypatch.setattr(module, "defaults", fail)
    done = run_job(config, Job(tmp_path / "run"), FakeClock())
    assert done.ending.outcomes == {"ok": 2}
    expected = "what differs from the defaults is not known (defaults: found rubbish, expected YAML)"
    assert done.ending.problems == [expected]
    assert not (tmp_path / "run" / store.DIFFERS).exists()


# --- outputs/latest ---------------------------------------------------------------------------------------------


def test_latest_points_to_the_newest_run(tmp_path: Path) -> None:
    """By a relative link, which is replaced by the next one."""
    outputs = tmp_path / "outputs"
    for name in ("one", "two"):
        (outputs / "runs" / name).mkdir(parents=True)
        point_latest(outputs, outputs / "runs" / name)
        assert (outputs / "latest").readlink() == Path("runs") / name
    assert sorted(path.name for path in outputs.iterdir()) == ["latest", "runs"]


def test_latest_points_to_a_run_elsewhere(tmp_path: Path) -> None:
    """By an absolute link; also in place of one whose run was deleted."""
    outputs, elsewhere = tmp_path / "outputs", tmp_path / "elsewhere"
    outputs.mkdir()
    elsewhere.mkdir()
    (outputs / "latest").symlink_to("gone")
    point_latest(outputs, elsewhere)
    assert (outputs / "latest").readlink() == elsewhere.resolve()


def test_latest_spoils_nothing(tmp_path: Path) -> None:
    """No folder of outputs, or somebody's own folder of that name."""
    point_latest(tmp_path / "outputs", tmp_path)
    assert not (tmp_path / "outputs").exists()
    (tmp_path / "latest").mkdir()
    (tmp_path / "latest" / "mine").write_text("mine")
    point_latest(tmp_path, tmp_path / "run")
    assert (tmp_path / "latest" / "mine").read_text() == "mine"


def test_a_file_system_without_links_costs_the_link_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line says what was not set, and nothing is left behind."""

    def refuse(*_arguments: object, **_more: object) -> None:
        raise OSError(1, "Operation not permitted")

    (tmp_path / "run").mkdir()
    monkeypatch.setattr(Path, "symlink_to", refuse)
    latest = tmp_path / "latest"
    assert point_latest(tmp_path, tmp_path / "run") == (f"'{latest}' was not set (Operation not permitted)",)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize(("verbose", "blocks"), [(False, 0), (True, 4)])
def test_a_run_over_a_corpus_says_lines(
    verbose: bool, blocks: int, config: DictConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where there are several utterances, their blocks are shown only in verbose mode."""
    write_wav(tmp_path / "long.wav", frames=3 * 16_000)
    config.dataset = {"audio": str(tmp_path / "long.wav"), "chunk": "fixed", "chunk_s": 1, "subset": 2}
    config.verbose = verbose
    run_job(config, Job(tmp_path / "run"), FakeClock())
    out = capsys.readouterr().out
    assert "Corpus: recording, 2 utterances, 2 s, selection " in out
    assert out.count("[ASR] Transcribing...") == blocks
    assert ("\ntrial 4/4 " in out) is not verbose
    record = store.read_run(tmp_path / "run").run.corpus
    assert record is not None
    assert (record.utterances, record.left_out) == (2, {"subset": 1})
