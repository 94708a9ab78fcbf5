from pathlib import Path
from typing import Any

import pytest

from harness.clusters.asking import alike, asked
from harness.errors import ConfigError
from tests.whole.command import called, settle

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("exclusive", "yes", "hydra.launcher.exclusive: found 'yes', expected true or false"),
        ("requeue", 1, "hydra.launcher.requeue: found 1, expected true or false"),
        ("stderr_to_stdout", None, "hydra.launcher.stderr_to_stdout: found None, expected true or false"),
        ("timeout_min", 0, "hydra.launcher.timeout_min: found 0, expected a whole number of at least 1"),
        (
            "cpus_per_task",
            0.5,
            "hydra.launcher.cpus_per_task: found 0.5, expected a whole number of at least 1, or null",
        ),
        ("mem_gb", True, "hydra.launcher.mem_gb: found True, expected a whole number of at least 1, or null"),
        ("array_parallelism", -1, "hydra.launcher.array_parallelism: found -1, expected a whole number of at least 1"),
        ("signal_delay_s", "1", "hydra.launcher.signal_delay_s: found '1', expected a whole number of seconds"),
        (
            "signal_delay_s",
            3600,
            "hydra.launcher.signal_delay_s: found 3600, "
            "expected less than the time limit of 3600 s (hydra.launcher.timeout_min)",
        ),
        (
            "partition",
            "a\n#SBATCH --uid=0",
            "hydra.launcher.partition: found 'a\\n#SBATCH --uid=0', expected a text of one line, or null",
        ),
        ("name", None, "hydra.launcher.name: found None, expected a text of one line"),
        ("submitit_folder", "", "hydra.launcher.submitit_folder: found '', expected the path of a folder"),
        ("setup", "module load", "hydra.launcher.setup: found 'module load', expected a list of shell commands"),
        (
            "additional_parameters",
            ["a"],
            "hydra.launcher.additional_parameters: found ['a'], expected options of sbatch, as {mail-type: END}",
        ),
    ],
)
def test_a_key_that_cannot_be_is_one_line(key: str, value: Any, expected: str) -> None:
    """What was found, and what it should be."""
    with pytest.raises(ConfigError) as caught:
        asked({"submitit_folder": "x", key: value})
    assert str(caught.value) == expected


def test_numbers_may_name_partitions_and_accounts() -> None:
    """YAML makes a number of a name that is one."""
    made = asked({"submitit_folder": "x", "partition": 7, "account": "speech", "setup": ["module load python"]})
    assert (made.partition, made.account, made.setup) == ("7", "speech", ("module load python",))


def test_jobs_that_ask_alike_are_one_array() -> None:
    """In the order of the first of each."""
    assert alike([2, 6, 2]) == {2: [0, 2], 6: [1]}


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["hydra/launcher=slurm"],
            "hydra/launcher: found 'slurm', expected SLURM's programs; no sbatch on PATH; "
            "slurm_local runs without SLURM",
        ),
        (
            ["hydra/launcher=slurm_local", "hydra.launcher.timeout_min=0"],
            "hydra.launcher.timeout_min: found 0, expected a whole number of at least 1",
        ),
    ],
)
def test_what_is_missing_or_wrong_is_said_before_there_is_a_folder(
    arguments: list[str], line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """One line, status 2, and nothing was made."""
    empty = settle(tmp_path, monkeypatch)
    monkeypatch.setenv("PATH", str(empty))
    ran = called(capsys, ["-m", "asr=null", "aligner=null", "threads=1,2", *arguments])
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.strip().endswith(line)
    assert list(empty.iterdir()) == []
