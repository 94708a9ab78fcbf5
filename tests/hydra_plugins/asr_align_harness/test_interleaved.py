"""Hydra's own tests of sweepers and launchers, over our sweeper with Hydra's basic launcher."""

from typing import Any

import pytest
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.test_utils.launcher_common_tests import (
    BatchedSweeperTestSuite,
    IntegrationTestSuite,
    LauncherTestSuite,
)

OURS = "hydra/sweeper=interleaved"
pytestmark = pytest.mark.filterwarnings("ignore:(?s).*working directory at job runtime:UserWarning")
"""Hydra's tests run their programs as an older Hydra would, which it warns of."""


def test_hydra_finds_it() -> None:
    """Without being told where: it is in the package that Hydra searches."""
    found = [f"{one.__module__}.{one.__name__}" for one in Plugins.instance().discover(Sweeper)]
    assert "hydra_plugins.asr_align_harness.interleaved.InterleavedSweeper" in found
    assert not [name for name in found if name.startswith("harness.")]


@pytest.mark.parametrize(("launcher_name", "overrides"), [("basic", [OURS])])
class TestJobs(LauncherTestSuite):
    """What a sweep hands to a launcher, and what comes back."""


@pytest.mark.parametrize(("launcher_name", "overrides"), [("basic", [OURS, "hydra.sweeper.max_batch_size=2"])])
class TestBatches(BatchedSweeperTestSuite):
    """Six jobs, two at a time."""


@pytest.mark.parametrize(("task_launcher_cfg", "extra_flags"), [({}, ["-m", OURS])])
class TestApplications(IntegrationTestSuite):
    """Programs of their own, which know nothing of this harness: names, folders and paths of a job."""


def test_configurations_of_others_need_no_keys_of_ours(hydra_sweep_runner: Any, tmp_path: Any) -> None:
    """A program whose configuration has no ``sweep`` is swept as by Hydra's basic sweeper, ranges and globs too."""
    sweep = hydra_sweep_runner(
        calling_file=None,
        calling_module="hydra.test_utils.a_module",
        task_function=None,
        config_path="configs",
        config_name="compose.yaml",
        overrides=[OURS, "group1=glob(file*)", "bar=range(1,3)"],
        temp_dir=tmp_path,
    )
    with sweep:
        (jobs,) = sweep.returns
    assert [job.overrides for job in jobs] == [
        [f"group1={group}", f"bar={bar}"] for group in ("file1", "file2") for bar in (1, 2)
    ]
