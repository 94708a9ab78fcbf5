import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness import cli, hydra_app
from harness.commands import plugins
from harness.errors import ConfigError
from tests.whole.command import SCRIPTED, Ran, called, from_summary_on, python, settle, surroundings

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    return settle(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def catalogue() -> str:
    """Return what ``python -m harness plugins`` prints."""
    ran = python("-m", "harness", "plugins", cwd=Path("/"))
    assert (ran.status, ran.err) == (0, "")
    return ran.out


def test_main_exits_with_the_status(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """The process ends with the status of its command line."""
    monkeypatch.setattr(sys, "argv", ["harness", "threads=0"])
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)  # this process keeps its own
    with pytest.raises(SystemExit) as leaving:
        cli.main()
    assert leaving.value.code == 2
    assert capsys.readouterr().err == "harness: threads: found 0, expected a whole number of at least 1\n"


def test_a_users_error_is_one_line_on_standard_error(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """Whoever raises it, it is caught here, and the status is 2."""

    def refuse(argv: Sequence[str]) -> int:
        raise ConfigError("threads", "'two\nlines'", "a number", ["one"])

    monkeypatch.setattr(hydra_app, "run", refuse)
    line = "harness: threads: found 'two lines', expected a number; choose from: one\n"
    assert called(capsys, []) == Ran(2, "", line)


def test_an_interrupt_is_130(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """Ctrl-C where nothing has begun prints nothing."""

    def interrupt(argv: Sequence[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(hydra_app, "run", interrupt)
    assert called(capsys, []) == Ran(130, "", "")


def test_an_interrupted_command_is_130(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """Typer would make an error of its own of it, with a traceback."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(plugins, "plugins", interrupt)
    ran = called(capsys, ["plugins"])
    assert (ran.status, ran.out, ran.err.strip()) == (130, "", "")


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not the user's error is not dressed up as one."""

    def fail(argv: Sequence[str]) -> int:
        raise RuntimeError("a bug")

    monkeypatch.setattr(hydra_app, "run", fail)
    with pytest.raises(RuntimeError, match="a bug"):
        cli.status_of([])


@pytest.mark.parametrize(
    "argv",
    [
        *([command, "--help"] for command in cli.COMMANDS),
        ["--help"],
        ["--hydra-help"],
    ],
)
def test_help_is_given(argv: Sequence[str], capsys: Capture) -> None:
    """Asking for help is no error."""
    ran = called(capsys, argv)
    assert (ran.status, ran.err) == (0, "")
    assert len(ran.out.splitlines()) > 5


def test_help_shows_the_configuration(capsys: Capture) -> None:
    """The help lists the groups and every key with its default."""
    out = called(capsys, ["--help"]).out
    for line in ("asr: ", "iterations: 5", "lifecycle: recreate", "residency: one_at_a_time", "normalizer: basic"):
        assert line in out


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        (["report"], "FOLDER"),
        (["report", "a", "b"], "b"),
        (["report", "--nosuch"], "--nosuch"),
        (["plugins", "asr"], "asr"),
    ],
)
def test_a_wrong_use_of_a_command_is_one_line(argv: Sequence[str], named: str, capsys: Capture) -> None:
    """Too few arguments, too many, or an option that does not exist: the line names it."""
    ran = called(capsys, argv)
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert re.fullmatch(rf"harness: .*{named}.*\n", ran.err)


def test_the_command_line_imports_nothing_that_it_may_not_need() -> None:
    """Starting is quick because each command imports its own; Hydra, rich and NumPy are not the command line's."""
    heavy = ("hydra", "omegaconf", "pluggy", "rich", "typer", "numpy", "scipy", "jinja2", "tabulate", "psutil")
    code = f"import sys, harness.cli; print([name for name in {heavy} if name in sys.modules])"
    assert python("-c", code, cwd=Path("/")) == Ran(0, "[]\n", "")


def test_what_is_for_the_end_of_a_run_is_not_imported_at_its_start() -> None:
    """Configuration and plugins come without statistics, charts, templates and decoders."""
    late = ("numpy", "scipy", "jinja2", "soundfile", "soxr", "rich", "altair", "typer", "pocketsphinx")
    code = (
        "import sys, harness.hydra_app; from harness.plugins import discover; discover();"
        f"print([name for name in {late} if name in sys.modules])"
    )
    assert python("-c", code, cwd=Path("/")) == Ran(0, "[]\n", "")


@pytest.mark.parametrize(
    "pattern",
    [
        r"^Stages$",
        r"^Probes$",
        r"^ +asr=pocketsphinx +\S.+\[asr-align-harness \d.*\]$",
        r"^ +aligner=pocketsphinx +\S.+\[asr-align-harness \d.*\]$",
        r"^ +streams: hypotheses; uses_threads: no$",
        r"^ +option piece_ms: int = 100$",
        r"^ +option fwdflat: bool = False$",
        r"^ +rss +\S.+\[asr-align-harness \d.*\]$",
        r"^ +wer +\S.+\[asr-align-harness \d.*\]$",
        r"^ +option normalizer: str = 'basic'$",
        r"^ +stage\.load_overhead_mib \[MiB\] sample, lower is better, main: \S.+$",
        r"^ +stage\.wer \[edits/word\] ratio, lower is better, main: \S.+$",
        r"^ +stage\.chars_per_s \[1/s\] sample, higher is better: \S.+$",
        r"^ +memory\.growth_mib_per_iteration \[MiB/iteration\] trend, lower is better, main: \S.+$",
    ],
)
def test_plugins_are_listed_with_all_that_can_be_set_and_read(pattern: str, catalogue: str) -> None:
    """Stages and probes come with options, types, defaults, metrics, units and where they are from."""
    assert re.search(pattern, catalogue, re.MULTILINE)


def test_stages_are_listed_before_probes_and_each_once(catalogue: str) -> None:
    """The list is sorted, and has no plugin twice."""
    plugins, _, rest = catalogue.partition("\nExporters\n")
    exporters, _, normalizers = rest.partition("\nNormalizers\n")
    names = re.findall(r"^  (\S+)   ", plugins, re.MULTILINE)
    stages, probes = ([name for name in names if ("=" in name) is is_stage] for is_stage in (True, False))
    assert names == sorted(set(stages)) + sorted(set(probes))
    assert re.findall(r"^  (\S+)   ", exporters, re.MULTILINE) == ["csv", "mlflow", "openmetrics", "parquet"]
    assert re.findall(r"^  (\S+)   ", normalizers, re.MULTILINE)[:2] == ["none", "basic"]


def test_a_bar_with_the_time_left_is_drawn_on_a_terminal(folder: Path) -> None:
    """On a terminal the lines stay, and a bar below them counts the trials; the end takes it away."""
    shown = seen_on_a_terminal([*SCRIPTED, "iterations=3"], folder)
    assert re.search(r"\d/3.*left", shown)
    assert "Iteration 3/3" in shown
    assert "Overall Memory" in from_summary_on(shown.replace("\r\n", "\n"))


def test_quiet_draws_nothing_on_a_terminal(folder: Path) -> None:
    """With ``quiet`` only warnings come, and where the results are."""
    lines = seen_on_a_terminal([*SCRIPTED, "iterations=1", "quiet=true"], folder).split("\r\n")
    assert [line for line in lines if line and not line.startswith(("Results: ", "warning: "))] == []


def seen_on_a_terminal(arguments: Sequence[str], folder: Path) -> str:
    """Run a command line with a terminal as output, and return everything that was written to it."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "harness", *arguments]
    env = surroundings({"TERM": "xterm"})
    process = subprocess.Popen(command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while select.select([ours], [], [], 60)[0]:
            piece = os.read(ours, 1 << 16)
            shown += piece
            if not piece:
                break
    except OSError:  # how Linux says that nobody holds the other end any more
        pass
    finally:
        process.kill() if process.poll() is None and not shown else None
        os.close(ours)
    assert process.wait(60) == 0
    return shown.decode()
