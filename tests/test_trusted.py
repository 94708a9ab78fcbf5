import re
import subprocess
import sys
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from harness.errors import ConfigError
from harness.hydra_app import run
from harness.trusted import LAUNCHERS, refuse_code
from tests.whole.command import settle, surroundings

CODE = "import pathlib; pathlib.Path('PWNED').touch()\nclass Evil: pass\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work beside a module that leaves a trace when it is imported."""
    empty = settle(tmp_path, monkeypatch)
    (empty / "strange_module.py").write_text(CODE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(empty))
    return empty


NO_KEY = "expected no such key: configuration imports no code"
PLAIN = "expected plain handlers of logging; configuration imports no code"
OUTSIDE = "expected it in the environment of the command: configuration imports no code"
EVIL = "found 'strange_module.Evil'"
RAY = "hydra.launcher.ray.init.runtime_env"


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("hydra.callbacks.x._target_", "strange_module.Evil", f"hydra.callbacks.x._target_: {EVIL}, {NO_KEY}"),
        ("hydra.callbacks", "${x}", "hydra.callbacks: found '${x}', expected none: configuration imports no code"),
        ("hydra.launcher.x._target_", "strange_module.Evil", f"hydra.launcher.x._target_: {EVIL}, {NO_KEY}"),
        (
            "hydra.launcher.x",
            "${oc.decode:'{_target_: strange_module.Evil}'}",
            f"hydra.launcher.x: {EVIL}, {NO_KEY}",
        ),
        (
            "hydra.launcher.name",
            "a\nrm b",
            "hydra.launcher.name: found 'a\\nrm b', expected one line: a batch script is made of it",
        ),
        ("asr.model._target_", "strange_module.Evil", f"asr.model._target_: {EVIL}, {NO_KEY}"),
        (
            "hydra.job_logging.handlers.x.class",
            "strange_module.Evil",
            f"hydra.job_logging.handlers.x.class: {EVIL}, {PLAIN}",
        ),
        (
            "hydra.hydra_logging.filters.x.()",
            "strange_module.Evil",
            f"hydra.hydra_logging.filters.x.(): {EVIL}, {PLAIN}",
        ),
        (
            "hydra.job_logging.handlers.x.stream",
            "ext://strange_module.Evil",
            f"hydra.job_logging.handlers.x.stream: found 'ext://strange_module.Evil', {PLAIN}",
        ),
        ("hydra.job_logging", "${x}", f"hydra.job_logging: found '${{x}}', {PLAIN}"),
        ("hydra.job.env_set.LD_PRELOAD", "x.so", f"hydra.job.env_set: found 'LD_PRELOAD', {OUTSIDE}"),
        ("hydra.job.env_set.PYTHONPATH", "x", f"hydra.job.env_set: found 'PYTHONPATH', {OUTSIDE}"),
        ("hydra.job.env_set.OMP_TOOL_LIBRARIES", "x", f"hydra.job.env_set: found 'OMP_TOOL_LIBRARIES', {OUTSIDE}"),
        (f"{RAY}.pip", ["x"], f"{RAY}: found 'pip', expected env_vars alone: configuration imports no code"),
        (f"{RAY}.env_vars.PYTHONPATH", "x", f"{RAY}.env_vars: found 'PYTHONPATH', {OUTSIDE}"),
    ],
)
def test_what_would_import_code_is_refused(key: str, value: object, line: str) -> None:
    """Each in one line that names the key."""
    config = OmegaConf.create({"hydra": {"launcher": {"_target_": LAUNCHERS[0]}}})
    OmegaConf.update(config, key, value, force_add=True)
    with pytest.raises(ConfigError) as caught:
        refuse_code(config)
    assert str(caught.value) == line


@pytest.mark.parametrize(
    ("key", "target"),
    [
        ("launcher", "strange_module.Evil"),
        ("launcher", "hydra_plugins.another.Launcher"),
        ("launcher", "${oc.env:HOME}"),
        ("sweeper", "strange_module.Evil"),
    ],
)
def test_launchers_and_sweepers_are_from_a_list(key: str, target: str) -> None:
    """Whatever is installed, or is said to be below Hydra's package of plugins; the line says which there are."""
    expected = f"^hydra.{key}: found '{re.escape(target)}', expected a {key} that is known; choose from: .*Basic"
    with pytest.raises(ConfigError, match=expected):
        refuse_code(OmegaConf.create({"hydra": {key: {"_target_": target}}}))


@pytest.mark.parametrize("more", [[], ["-m"], ["--help"], ["--info", "all"]])
def test_nothing_is_imported_before_it_is_refused(folder: Path, more: list[str]) -> None:
    """Whatever of Hydra's is asked for; nor is a folder made."""
    expected = r"^hydra\.hydra_logging\.handlers\.x\.class: found 'strange_module\.Evil', expected plain handlers"
    with pytest.raises(ConfigError, match=expected):
        run([*more, "+hydra.hydra_logging.handlers.x.class=strange_module.Evil"])
    assert "strange_module" not in sys.modules
    assert sorted(path.name for path in folder.iterdir()) == ["strange_module.py"]


def test_the_configuration_of_a_user_is_taken() -> None:
    """Known launchers and sweepers, handlers of the standard library, variables that count threads."""
    handlers = {
        "console": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"},
        "file": {"class": "logging.FileHandler", "filename": "${hydra.job.name}.log"},
    }
    for launcher in LAUNCHERS:
        hydra = {
            "launcher": {"_target_": launcher, "setup": ["module load x"]},
            "sweeper": {"_target_": "hydra_plugins.asr_align_harness.interleaved.InterleavedSweeper"},
            "job": {"env_set": {"OMP_NUM_THREADS": "2", "MALLOC_ARENA_MAX": "1"}},
            "job_logging": {"version": 1, "handlers": handlers},
        }
        refuse_code(OmegaConf.create({"hydra": hydra}))


def test_a_strangers_folder_is_refused_as_the_command_line_is(folder: Path) -> None:
    """Whether a file of ``conf/`` is a launcher, says where to look further, or sets variables for a job alone."""
    conf = folder / "conf"
    (conf / "hydra" / "launcher").mkdir(parents=True)
    (conf / "hydra" / "launcher" / "evil.yaml").write_text("_target_: strange_module.Evil\n")
    with pytest.raises(ConfigError, match=r"^hydra\.launcher: found 'strange_module\.Evil', expected a launcher that"):
        run(["hydra/launcher=evil"])
    (conf / "experiment").mkdir()
    (conf / "experiment" / "a.yaml").write_text("# @package _global_\nhydra: {job: {env_set: {LD_PRELOAD: x.so}}}\n")
    with pytest.raises(ConfigError, match=r"^hydra\.job\.env_set: found 'LD_PRELOAD', expected"):
        run(["-m", "experiment=soak,a"])
    (conf / "mine.yaml").write_text("defaults: [config]\nhydra: {searchpath: ['pkg://strange_module']}\n")
    with pytest.raises(ConfigError, match=r"^hydra\.searchpath: found 'pkg://strange_module', expected"):
        run(["--config-name", "mine"])
    (conf / "dataset").mkdir()
    (conf / "dataset" / "tagged.yaml").write_text("form: !!python/object/apply:strange_module.Evil []\n")
    with pytest.raises(ConfigError, match="could not determine a constructor for the tag"):
        run(["dataset=tagged"])
    assert "strange_module" not in sys.modules


def test_a_folder_cannot_put_its_modules_before_others(folder: Path) -> None:
    """Neither the standard library's nor Hydra's plugins are taken from where the command is given."""
    for name in ("random.py", "numpy.py", "wave.py", "hydra_plugins/evil/__init__.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("raise SystemExit('taken from the working directory')\n", encoding="utf-8")
    command = [sys.executable, "-m", "harness", "order=[aligner]", "aligner=null", "iterations=1", "quiet=true"]
    done = subprocess.run(
        command, cwd=folder, env=surroundings(), capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, "taken from" in done.stdout + done.stderr) == (0, False), done.stderr
    assert (folder / "outputs" / "latest").exists()
