from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, RunMode, TaskFunction
from omegaconf import DictConfig, OmegaConf

from harness.errors import ConfigError
from harness.hydra_app import search_path
from harness.records import SweepPlan
from harness.sweeping.sweeper import Interleaving, check_sweeper, refuse_alone


class Heard(Launcher):
    """Runs nothing, and remembers what it was handed and what was on disk then."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.batches: list[tuple[int, list[str]]] = []
        self.there: list[list[str]] = []

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Need nothing."""

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Return that all went well."""
        self.batches.append((initial_job_idx, [" ".join(one[-2:]) for one in job_overrides]))
        self.there.append(sorted(path.name for path in self.folder.iterdir()))
        return [JobReturn(status=JobStatus.COMPLETED) for _ in job_overrides]


def sweeper(folder: Path, arguments: list[str], **options: Any) -> tuple[Interleaving, Heard]:
    """Return a sweeper of our configuration, with a launcher that listens."""
    loader = ConfigLoaderImpl(config_search_path=search_path())
    fixed = [one for one in arguments if "," not in one]
    config = loader.load_configuration("config", [*fixed, f"hydra.sweep.dir={folder}"], RunMode.MULTIRUN)
    made, heard = Interleaving(**options), Heard(folder)
    made.hydra_context, made.config, made.launcher = HydraContext(loader, None), config, heard  # type: ignore[arg-type]
    return made, heard


def test_jobs_are_handed_over_in_their_order_and_in_batches(tmp_path: Path) -> None:
    """Numbered on from batch to batch, when the plan is on disk already."""
    arguments = ["threads=1,2", "sweep.interleave=2"]
    made, heard = sweeper(tmp_path / "sweep", arguments, max_batch_size=3)
    made.sweep(arguments)
    own = "sweep.interleave=2 sweep.block="
    assert heard.batches == [(0, [f"{own}0", f"{own}0", f"{own}1"]), (3, [f"{own}1"])]
    assert heard.there == [["multirun.yaml", "plan.json"]] * 2
    plan = msgspec.json.decode((tmp_path / "sweep" / "plan.json").read_bytes(), type=SweepPlan)
    assert [(job.job, job.cell, job.block) for job in plan.jobs] == [("0", 0, 0), ("1", 1, 0), ("2", 1, 1), ("3", 0, 1)]


def test_keys_of_the_sweepers_own_configuration_are_swept(tmp_path: Path) -> None:
    """As those of the command line, and before them."""
    made, heard = sweeper(tmp_path / "sweep", [], params={"threads": "1,2"})
    made.sweep(["seed=3,4"])
    assert heard.batches == [
        (0, ["threads=1 seed=3", "threads=1 seed=4", "threads=2 seed=3", "threads=2 seed=4"]),
    ]


def test_nothing_is_made_of_a_sweep_that_cannot_be(tmp_path: Path) -> None:
    """Neither a folder nor a job."""
    made, heard = sweeper(tmp_path / "sweep", ["sweep.interleave=6"])
    with pytest.raises(ConfigError, match=r"sweep\.interleave: found 6, expected at most iterations=5"):
        made.sweep(["threads=1,2", "sweep.interleave=6"])
    assert (heard.batches, list(tmp_path.iterdir())) == ([], [])


def test_a_single_run_has_no_cell_to_compare_with() -> None:
    """A configuration without keys of a sweep is one without a baseline."""
    refuse_alone(OmegaConf.create({}))
    refuse_alone(OmegaConf.create({"sweep": {"baseline": None}}))
    with pytest.raises(ConfigError, match=r"sweep\.baseline: found 'threads=1' for a single run, expected null; -m "):
        refuse_alone(OmegaConf.create({"sweep": {"baseline": "threads=1"}}))


def test_another_sweeper_takes_no_turns() -> None:
    """It may run a sweep that asks for none."""
    basic = {"sweeper": {"_target_": "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"}}
    check_sweeper(OmegaConf.create({"hydra": basic, "sweep": {"interleave": 1}}))
    with pytest.raises(ConfigError, match="hydra/sweeper: found another sweeper with keys of sweep"):
        check_sweeper(OmegaConf.create({"hydra": basic, "sweep": {"interleave": 2}}))
