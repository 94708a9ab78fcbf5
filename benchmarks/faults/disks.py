"""Full disks: small ones of random size, which are full at some moment of a run, and larger ones afterwards."""

import subprocess
from pathlib import Path
from random import Random

from omegaconf import DictConfig

from benchmarks.faults import supervisor
from benchmarks.faults.verdict import Row

_LEAST_KIB, _MOST_KIB, _ROOM = 16, 700, "64m"


def disks(count: int, seed: int, config: DictConfig, folder: Path) -> list[Row]:
    """Fill so many disks, make room, and resume."""
    row = Row("full disks")
    place = folder / "disk"
    place.mkdir()
    for number in range(count):
        dice = Random(f"{seed} disk {number}")
        if not _mount(place, f"size={dice.randint(_LEAST_KIB, _MOST_KIB)}k"):
            row.skipped = "no file system may be mounted here"
            break
        try:
            _fill(row, f"seed {seed} disk {number}", config, place, folder / f"disk-{number}")
        finally:
            subprocess.run(["umount", "-l", str(place)], check=True)
    return [row]


def _mount(place: Path, options: str) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", options, "none", str(place)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _fill(row: Row, case: str, config: DictConfig, place: Path, folder: Path) -> None:
    row.tried += 1
    child = supervisor.run(config, place / "run", folder)
    status = child.ended(row, case)
    lines = [line for line in child.said.splitlines() if line.startswith("harness: ")]
    told = any(" is full: " in line or "No space left on device" in line for line in lines)
    if status != 0 and (status != 1 or not told or len(lines) > 2):
        row.wrong("other", case, f"status {status}: {child.said.strip()[-200:]}")
    if status == 0 and lines:
        row.wrong("other", case, f"status 0, and {lines[0]}")
    _mount(place, f"remount,size={_ROOM}")
    supervisor.finish(row, case, place / "run", folder, child.finished)
    supervisor.forget(folder)
