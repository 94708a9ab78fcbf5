"""``hydra/launcher=ray``: the jobs of a sweep on a Ray cluster, each with as many CPUs as it has threads."""

from collections.abc import Sequence

from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, configure_log, setup_globals
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from harness.errors import ConfigError
from harness.sweeping.requests import requests_of, require

_KEYS = ("init", "max_retries")


class RayJobsLauncher(Launcher):
    """Hands every job of a batch to Ray at once, and collects each by itself; ``ray`` is as the YAML file has it."""

    def __init__(self, ray: DictConfig) -> None:
        self._ray = ray
        self.config: DictConfig | None = None
        self.hydra_context: HydraContext | None = None
        self.task_function: TaskFunction | None = None

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Take what Hydra composed for the sweep. Raises :class:`ConfigError` where Ray is missing, or a key wrong."""
        require("ray", "hydra_plugins.hydra_ray_launcher", "ray")
        for key in self._ray:
            if key not in _KEYS:
                raise ConfigError(f"hydra.launcher.ray.{key}", f"the key '{key}'", "a key of the launcher", _KEYS)
        retries = self._ray.get("max_retries")
        if not isinstance(retries, int) or isinstance(retries, bool) or not 0 <= retries <= 10:
            raise ConfigError("hydra.launcher.ray.max_retries", repr(retries), "a whole number from 0 to 10")
        self.config, self.hydra_context, self.task_function = config, hydra_context, task_function

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run the jobs, and return what became of each in their order."""
        from hydra_plugins.asr_align_harness._ray_jobs import run_on_ray

        assert self.config is not None
        assert self.hydra_context is not None
        assert self.task_function is not None
        setup_globals()
        configure_log(self.config.hydra.hydra_logging, self.config.hydra.verbose)
        requests = requests_of(self.hydra_context.config_loader, self.config, job_overrides, initial_job_idx)
        init = OmegaConf.to_container(self._ray.get("init") or OmegaConf.create({}), resolve=True)
        assert isinstance(init, dict)
        return run_on_ray(
            requests,
            {str(key): value for key, value in init.items()},
            self._ray.max_retries,
            self.hydra_context,
            self.task_function,
            Singleton.get_state(),
        )
