"""Malformed configurations and overrides: each is refused in one line, or is valid and comes to its first worker."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NoReturn
from unittest import mock

import hypothesis
from hypothesis import HealthCheck
from hypothesis import strategies as st

import harness.job
from benchmarks.faults.bounded import commanded
from benchmarks.faults.damage import damaged
from benchmarks.faults.supervisor import SCRIPTED
from benchmarks.faults.verdict import Row
from benchmarks.setting import ROOT
from harness import cli

_KEYS = (
    "order", "iterations", "warmup", "lifecycle", "residency", "isolation", "trim", "leak_kib", "memory_budget_mib",
    "residual_budget_mib", "strict", "timeout_s", "on_crash", "seed", "sample_hz", "page_cache", "fit", "fit.limit_mib",
    "fit.search", "fit.tolerance_mib", "sweep", "sweep.interleave", "sweep.baseline", "sweep.block", "threads",
    "context_length", "subtitles", "charts", "plugins", "quiet", "verbose", "asr", "aligner", "dataset", "probe",
    "exporter", "experiment", "asr.text", "asr.keep_mib", "asr.fail", "asr.name", "asr.role", "dataset.audio",
    "dataset.transcript", "dataset.form", "dataset.chunk_s", "probe.wer.normalizer", "probe.rss", "hydra.verbose",
    "hydra/launcher", "hydra/sweeper", "normalizer",
)  # fmt: skip
_WORDS = (
    "null", "true", "-1", "0", "1e400", "nan", "inf", "[]", "{}", "[asr]", "[asr,asr]", "{a: 1}", "${oc.env:NONE}",
    "${iterations}", "${nothing}", "reuse", "all_resident", "iteration", "1,2", "range(1,3)", "glob(*)", "'", '"', "[",
    "=", "", " ", "scripted", "pocketsphinx", "none", "recreate", "0x10", "1_000", "9" * 30, "\x1b[31m", "\u202e", "\0",
)  # fmt: skip
_RAN = 130
"""The status of a command that was stopped at its first worker, as if by Ctrl-C."""


def configs(count: int, seed: int, folder: Path) -> list[Row]:
    """Try so many, a quarter of them files of YAML that are damaged."""
    row = Row("malformed configs and overrides")
    files = [path for path in sorted((ROOT / "conf").rglob("*.yaml")) if path.parent.name != "experiment"]

    @hypothesis.seed(seed)
    @hypothesis.settings(max_examples=count, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @hypothesis.given(_commands(len(files)))
    def try_one(drawn: tuple[list[str], int, int, bool]) -> None:
        if row.tried < count:
            _try(row, f"seed {seed} config {row.tried}", drawn, files)

    with _at_the_first_worker(folder / "configs"):
        for _ in range(9):  # an example that hypothesis has tried before it does not try again
            if row.tried < count:
                try_one()
    return [row]


def _commands(files: int) -> st.SearchStrategy[tuple[list[str], int, int, bool]]:
    """Draw overrides, a file to be damaged (or none) with the seed of its damage, and whether it is only composed."""
    text = st.text(st.characters(codec="utf-8"), max_size=12)
    numbers = st.one_of(st.integers(), st.floats()).map(str)
    value = st.one_of(st.sampled_from(_WORDS), numbers, text)
    key = st.one_of(st.sampled_from(_KEYS), st.sampled_from(_KEYS), st.sampled_from(_KEYS), text)
    sign = st.sampled_from(("", "", "", "+", "++", "~"))
    override = st.one_of(st.tuples(sign, key, value).map(lambda drawn: f"{drawn[0]}{drawn[1]}={drawn[2]}"), text)
    chosen = st.one_of(st.just(-1), st.just(-1), st.just(-1), st.integers(0, files - 1))
    return st.tuples(st.lists(override, min_size=1, max_size=3), chosen, st.integers(0, 2**32), st.booleans())


def _try(row: Row, case: str, drawn: tuple[list[str], int, int, bool], files: list[Path]) -> None:
    overrides, chosen, damage, composed = drawn
    if not all(map(_is_harmless, overrides)):
        overrides = ["iterations=none"]
    row.tried += 1
    argv = [*SCRIPTED]
    own = Path("conf")
    if chosen >= 0:
        target = own / files[chosen].relative_to(ROOT / "conf")
        target.parent.mkdir(parents=True)
        target.write_bytes(damaged(files[chosen].read_bytes(), Random(damage), files[0].read_bytes()))
        group = target.parent.name
        argv += [f"{group}={target.stem}"] if group not in ("conf", "probe", "exporter") else []
    else:
        argv += overrides
    status = commanded(row, case, [*argv, "--cfg", "job"] if composed else argv)
    if status is not None and status not in ((0, cli.BAD_INPUT) if composed else (_RAN, cli.BAD_INPUT)):
        row.wrong("other", case, f"status {status} for {argv[len(SCRIPTED) :]}")
    if own.is_dir():
        shutil.rmtree(own)


def _is_harmless(override: str) -> bool:
    """Tell whether an override may be tried here: no option of the command, and no folder outside the campaign's."""
    return not override.startswith("-") and not any(name in override for name in ("outputs", "hydra.run", "hydra.job"))


@contextlib.contextmanager
def _at_the_first_worker(folder: Path) -> Iterator[None]:
    """Let a run end where its first worker would begin."""

    def stopped(*_arguments: object, **_more: object) -> NoReturn:
        raise KeyboardInterrupt

    folder.mkdir()
    before = Path.cwd()
    os.chdir(folder)
    try:
        with mock.patch.object(harness.job, "Experiment", stopped):
            yield
    finally:
        os.chdir(before)
