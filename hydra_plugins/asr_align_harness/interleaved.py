"""``hydra/sweeper=interleaved``: :mod:`harness.sweeping.sweeper` under the name by which Hydra chooses it."""

from dataclasses import dataclass

from hydra._internal.core_plugins import basic_sweeper
from hydra.core.config_store import ConfigStore

from harness.sweeping import sweeper


@dataclass
class InterleavedConf(basic_sweeper.BasicSweeperConf):
    """The keys of ``hydra.sweeper``: those of Hydra's basic one."""

    _target_: str = "hydra_plugins.asr_align_harness.interleaved.InterleavedSweeper"


class InterleavedSweeper(sweeper.Interleaving):
    """A sweep with a plan, whose cells can take turns."""


ConfigStore.instance().store(
    group="hydra/sweeper", name="interleaved", node=InterleavedConf, provider="asr-align-harness"
)
