from dataclasses import dataclass

from harness.records import Environment
from harness.report.machine_tables import machine_tables
from tests import stored


@dataclass(frozen=True)
class Checked:
    """An environment in which the machine's noise was checked; all that the tables look at."""

    files: dict[str, dict[str, object]]
    noise: dict[str, object]
    allocation: None = None


def test_files() -> None:
    """Each file with its size and its hash; one that could not be read with the reason."""
    files = {"/m.bin": {"sha256": "abc", "size_bytes": 3 * 2**19}, "/gone.bin": {"error": "No such file"}}
    (table,) = machine_tables(stored.environment(files=files))
    assert (table.title, table.section) == ("Models and libraries", "machine")
    assert table.rows == (("/m.bin", "1.50", "abc"), ("/gone.bin", "-", "No such file"))


def test_noise() -> None:
    """Whatever was checked stands there by its dotted name."""
    checked: Environment = Checked({}, {"load": 0.5, "loop": {"jitter": 0.0123456789}, "seen": ["a", 1], "swap": None})  # type: ignore[assignment]
    (table,) = machine_tables(checked)
    assert table.rows == (("load", "0.5"), ("loop.jitter", "0.0123457"), ("seen", "a, 1"), ("swap", "-"))


def test_nothing_known() -> None:
    """Without an environment, or without files in it, there is no table."""
    assert list(machine_tables(None)) == []
    assert list(machine_tables(stored.environment())) == []
