"""What a run was told and had at hand that scales: threads and context length of each stage, cores that may be used."""

from dataclasses import dataclass
from typing import Any

from harness.records import Environment, Run, StageRecord

_QUOTA = "cpu.max"
"""The limit of a control group (version 2): ``max PERIOD``, or ``QUOTA PERIOD`` in microseconds."""


@dataclass(frozen=True, slots=True)
class StageSetting:
    """A stage as its run's record has it. ``context_length`` is None where it has no such option."""

    key: str
    name: str
    uses_threads: bool
    threads: int
    context_length: int | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """The stages of a run, and how many cores it could use: fewer than whole ones under a quota, None where unknown."""

    stages: tuple[StageSetting, ...] = ()
    usable_cores: float | None = None

    def stage(self, key: str) -> StageSetting | None:
        """Return the stage with that key, or None."""
        return next((stage for stage in self.stages if stage.key == key), None)


def setting_of(run: Run, environment: Environment | None) -> Setting:
    """Return the setting of a run; ``environment`` is None where the run was killed before it was written."""
    return Setting(
        tuple(_stage(stage, run) for stage in run.stages), None if environment is None else _cores(environment)
    )


def _stage(stage: StageRecord, run: Run) -> StageSetting:
    """Return the setting of a stage; what it was given for itself stands in its options."""
    asked = _whole(stage.options.get("threads"))
    return StageSetting(
        key=stage.key,
        name=stage.name,
        uses_threads=stage.uses_threads,
        threads=run.protocol.threads if asked is None else asked,
        context_length=_whole(stage.options.get("context_length")),
    )


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _cores(environment: Environment) -> float:
    """Return the cores that the run might be put on, or the share of them that its control group grants."""
    quota, _, period = environment.limits.get(_QUOTA, "").partition(" ")
    if not (quota.isdigit() and period.isdigit() and int(period)):
        return environment.usable_cores
    return min(float(environment.usable_cores), int(quota) / int(period))
