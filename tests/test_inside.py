import os
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import store
from harness.clock import FakeClock
from harness.errors import StoreError
from harness.inside import opened, refuse_link_out, subfolder
from harness.sampling.curve import CurveWriter
from harness.store import TrialLog
from harness.worker.client import Client


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("trials.jsonl", lambda folder: TrialLog(folder)),
        ("trials.jsonl", lambda folder: store.write_trials(folder, [])),
        ("memory.curve", lambda folder: CurveWriter(folder, 100.0)),
        ("engine.log", lambda folder: Client(0, folder / store.ENGINE_LOG, FakeClock())),
        (".summary.json.PID", lambda folder: store.write_text(folder / store.SUMMARY, "x")),
    ],
)
def test_what_is_written_in_place_is_never_written_through_a_link(
    tmp_path: Path, name: str, write: Callable[[Path], object]
) -> None:
    """It is refused in one line, and the file elsewhere is as it was."""
    name = name.replace("PID", str(os.getpid()))
    victim, folder = tmp_path / "victim", tmp_path / "run"
    victim.write_text("mine", encoding="utf-8")
    folder.mkdir()
    (folder / name).symlink_to(victim)
    with pytest.raises(StoreError) as caught:
        write(folder)
    assert str(caught.value) == f"output file: found '{folder / name}', which is a link, expected a file of its own"
    assert victim.read_text(encoding="utf-8") == "mine"


def test_what_is_replaced_takes_the_place_of_a_link(tmp_path: Path) -> None:
    """The link is gone, and the file that it led to is as it was."""
    victim = tmp_path / "victim"
    victim.write_text("mine", encoding="utf-8")
    (tmp_path / "summary.json").symlink_to(victim)
    store.write_text(tmp_path / "summary.json", "new")
    assert (victim.read_text(), (tmp_path / "summary.json").read_text()) == ("mine", "new")
    assert not (tmp_path / "summary.json").is_symlink()


def test_files_and_folders_are_made_with_the_users_umask(tmp_path: Path) -> None:
    """Neither wider nor narrower than what the user set."""
    before = os.umask(0o027)
    try:
        store.claim(tmp_path / "runs" / "1")
        opened(tmp_path / "runs" / "1" / "engine.log", "ab").close()
        store.write_text(tmp_path / "runs" / "1" / "report.md", "x")
        subfolder(tmp_path / "runs" / "1" / "charts")
    finally:
        os.umask(before)
    made = {path.name: oct(path.stat().st_mode & 0o777) for path in sorted((tmp_path / "runs").rglob("*"))}
    assert made == {"1": "0o750", "charts": "0o750", "engine.log": "0o640", "report.md": "0o640"}


def test_a_folder_below_the_outputs_is_not_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link below the outputs is refused; the outputs themselves, and a folder that the user names, may be one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / "runs").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "linked").symlink_to(tmp_path / "outputs")
    with pytest.raises(StoreError) as caught:
        refuse_link_out(Path("outputs/runs/1"), Path("outputs"))
    found = f"'outputs/runs/1', which a link leads to '{tmp_path / 'elsewhere' / '1'}'"
    assert str(caught.value) == f"output folder: found {found}, expected a folder in 'outputs'"
    refuse_link_out(Path("linked/sweeps/1"), Path("linked"))
    refuse_link_out(tmp_path / "elsewhere" / "1", Path("outputs"))
    with pytest.raises(StoreError, match=r"^output folder: found '.*/runs', which is a link, expected a folder of its"):
        subfolder(tmp_path / "outputs" / "runs")
