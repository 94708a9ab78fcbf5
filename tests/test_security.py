import ast
import re
from pathlib import Path

from tests.conftest import ROOT

SOURCES = [path for folder in ("harness", "plugins", "hydra_plugins") for path in (ROOT / folder).rglob("*.py")]
SHELLS = {("harness", "worker", "guardian.py")}
"""What starts a shell: with a script of its own that is told numbers."""


def calls(path: Path) -> list[tuple[str, ast.Call]]:
    """Return every call in a file, with the name of what is called."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [(ast.unparse(node.func), node) for node in ast.walk(tree) if isinstance(node, ast.Call)]


def test_nothing_is_run_through_a_shell() -> None:
    """No call asks for one, and none that always has one is used; programs are given as lists."""
    wrong = []
    for path in SOURCES:
        for name, call in calls(path):
            asks = any(one.arg == "shell" for one in call.keywords)
            starts = name.startswith("subprocess.") and name.rpartition(".")[2] in (
                "run",
                "Popen",
                "call",
                "check_output",
            )
            text = starts and call.args and isinstance(call.args[0], ast.Constant | ast.JoinedStr)
            shell = '"/bin/sh"' in ast.unparse(call).replace("'", '"') and path.relative_to(ROOT).parts not in SHELLS
            if asks or text or (shell and starts) or re.fullmatch(r"os\.(system|popen|spawn\w+|exec\w+)", name):
                wrong.append(f"{path.relative_to(ROOT)}:{call.lineno} {name}")
    assert wrong == []


def test_nothing_reads_what_can_hold_code() -> None:
    """Neither pickles nor YAML by another loader than the safe one, nor are classes made of a configuration."""
    forbidden = re.compile(
        r"(pickle|marshal|shelve)\.\w+|yaml\.(load|unsafe_load|full_load)(_all)?|(hydra\.utils\.)?instantiate|eval|exec"
    )
    wrong = [
        f"{path.relative_to(ROOT)} {name}" for path in SOURCES for name, _ in calls(path) if forbidden.fullmatch(name)
    ]
    assert wrong == []


def test_each_promise_names_a_test_that_there_is() -> None:
    """In the table of SECURITY.md."""
    rows = [line for line in (ROOT / "SECURITY.md").read_text(encoding="utf-8").splitlines() if line.startswith("| ")][
        1:
    ]
    named = [re.findall(r"`(tests/[\w/.]+)`", row.rpartition(" | ")[2] or row) for row in rows]
    assert len(rows) == 11
    assert all(named)
    assert [name for names in named for name in names if not (ROOT / name).exists()] == []
