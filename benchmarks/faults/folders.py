"""Damaged folders of runs, fed to what reads them: report, compare, and resume up to its first worker."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NoReturn
from unittest import mock

from omegaconf import DictConfig

import harness.job
from benchmarks.faults import supervisor
from benchmarks.faults.bounded import commanded
from benchmarks.faults.damage import damaged
from benchmarks.faults.verdict import Row
from harness import cli, store

_NAMES = (
    store.RUN, store.TRIALS, store.TRIALS, store.ENVIRONMENT, store.CONFIG, store.CURVE, store.SUMMARY, store.DIFFERS,
    store.ENGINE_LOG,
)  # fmt: skip
_RAN = 130


def folders(count: int, seed: int, config: DictConfig, folder: Path) -> list[Row]:
    """Damage so many copies of a run that was stopped, and give each to all three commands."""
    rows = {name: Row(f"damaged folders: {name}") for name in ("report", "compare", "resume")}
    whole = folder / "whole"
    _stopped_run(config, whole, folder / "making")
    for number in range(count):
        hurt = folder / f"folder-{number}"
        for name, row in rows.items():
            if name == "resume" and name not in cli.COMMANDS:
                row.skipped = "there is no such command"
                continue
            shutil.copytree(whole, hurt)
            _hurt(Random(f"{seed} folder {number}"), hurt, whole)  # the same damage for each
            row.tried += 1
            _command(row, f"seed {seed} folder {number}", name, hurt, whole)
            _remove(hurt)
    return list(rows.values())


def _stopped_run(config: DictConfig, whole: Path, making: Path) -> None:
    """Make a run of which half is done."""
    child = supervisor.run(config, whole, making, iterations=8, on_crash="stop", asr__fail="raise@run@4")
    child.ended(Row("making"), "the run that is damaged")
    lines = (whole / store.TRIALS).read_bytes().splitlines(keepends=True)
    (whole / store.TRIALS).write_bytes(b"".join(lines[:4]))


def _command(row: Row, case: str, name: str, hurt: Path, whole: Path) -> None:
    def stopped(*_arguments: object, **_more: object) -> NoReturn:
        raise KeyboardInterrupt

    argv = [name, str(hurt), *([str(whole)] if name == "compare" else [])]
    with mock.patch.object(harness.job, "Experiment", stopped):
        status = commanded(row, case, argv)
    if status is not None and status not in ((0, 1, 2, _RAN) if name == "resume" else (0, 2)):
        row.wrong("other", case, f"{name} ended with {status}")


def _hurt(dice: Random, hurt: Path, whole: Path) -> None:
    """Damage one to three of its files."""
    for _ in range(dice.randint(1, 3)):
        dice.choice((_content, _content, _missing, _swapped, _linked, _another_type, _one_value))(dice, hurt, whole)


def _content(dice: Random, hurt: Path, whole: Path) -> None:
    path, other = hurt / dice.choice(_NAMES), whole / dice.choice(_NAMES)
    _remove(path)
    path.write_bytes(damaged((whole / path.name).read_bytes(), dice, other.read_bytes()))


def _missing(dice: Random, hurt: Path, whole: Path) -> None:
    _remove(hurt / dice.choice(_NAMES))


def _swapped(dice: Random, hurt: Path, whole: Path) -> None:
    path = hurt / dice.choice(_NAMES)
    _remove(path)
    shutil.copyfile(whole / dice.choice(_NAMES), path)


def _linked(dice: Random, hurt: Path, whole: Path) -> None:
    """Put a link in a file's place: to nowhere, to itself, to the folder, to a device, to another run's file."""
    path = hurt / dice.choice(_NAMES)
    _remove(path)
    path.symlink_to(dice.choice((hurt / "nowhere", path, hurt, Path(os.devnull), whole / path.name)))


def _another_type(dice: Random, hurt: Path, whole: Path) -> None:
    """Put a folder or a socket's kin in a file's place; no pipe, for opening one waits for whoever writes."""
    path = hurt / dice.choice(_NAMES)
    _remove(path)
    path.mkdir()


def _one_value(dice: Random, hurt: Path, whole: Path) -> None:
    """Replace a number or a word in JSON by another: what can be read, and is not true."""
    path = hurt / dice.choice((store.RUN, store.TRIALS, store.ENVIRONMENT, store.SUMMARY))
    if not path.is_file() or path.is_symlink():
        return
    pieces = path.read_bytes().split(b",")
    at = dice.randrange(len(pieces))
    head, colon, _ = pieces[at].rpartition(b":")
    change: Callable[[bytes], bytes] = dice.choice(
        (lambda _: b"-1", lambda _: b"1e308", lambda _: b"null", lambda _: b'"\\u001b[31m"', lambda old: old * 2)
    )
    pieces[at] = head + colon + change(pieces[at].rpartition(b":")[2])
    path.write_bytes(b",".join(pieces))


def _remove(path: Path) -> None:
    """Take something away, whatever it is by now."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
