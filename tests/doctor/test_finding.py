import json

import pytest

from harness.doctor.finding import Examination, Finding, lines, written
from harness.machine.noise import Noise

OK = Finding("Machine", "load", "ok", "0 other threads running")
LONG = Finding("Machine", "frequency", "blur", "the processor's clock will move: turbo on", "echo 1 > /no_turbo")
MISSING = Finding("Engines", "asr=chatllm", "missing", "no ffmpeg", needed=True)


def test_lines_are_as_wide_as_the_terminal() -> None:
    """Grouped, a line each; what is too long goes on below its beginning, and a command stays whole."""
    assert list(lines(Examination("1.2", (OK, LONG, MISSING)), 50)) == [
        "asr-align-harness 1.2",
        "",
        "Machine",
        "  ok       load       0 other threads running",
        "  blur     frequency  the processor's clock will",
        "                      move: turbo on",
        "           fix: echo 1 > /no_turbo",
        "",
        "Engines",
        "  missing  asr=chatllm  no ffmpeg",
        "",
        "A run by the defaults cannot be done: asr=chatllm.",
        "One of the machine's lines will blur its figures.",
    ]


@pytest.mark.parametrize(
    ("findings", "ok", "ending"),
    [
        ((OK,), True, "A run by the defaults can be done."),
        ((LONG, LONG), True, "A run by the defaults can be done. 2 of the machine's lines will blur its figures."),
        ((MISSING, MISSING), False, "A run by the defaults cannot be done: asr=chatllm."),
        ((Finding("Engines", "asr=b", "missing", "no b"),), True, "A run by the defaults can be done."),
    ],
)
def test_only_what_the_defaults_need_is_fatal(findings: tuple[Finding, ...], ok: bool, ending: str) -> None:
    """The last line says whether a run can be done."""
    examination = Examination("1.2", findings)
    assert (examination.ok, list(lines(examination, 200))[-1]) == (ok, ending)


def test_json_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every finding with all its fields, and the values behind them."""
    told = json.loads(written(Examination("1.2", (LONG,), Noise()), as_json=True))
    assert (told["version"], told["ok"], told["noise"]["load"]["others_running"]) == ("1.2", True, None)
    assert told["findings"] == [
        {
            "group": "Machine",
            "item": "frequency",
            "mark": "blur",
            "text": "the processor's clock will move: turbo on",
            "fix": "echo 1 > /no_turbo",
            "needed": False,
        }
    ]
    monkeypatch.setenv("COLUMNS", "60")
    assert written(Examination("1.2", (LONG,)), as_json=False).splitlines()[3:5] == [
        "  blur     frequency  the processor's clock will move: turbo",
        "                      on",
    ]
