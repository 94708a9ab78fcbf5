"""The search for the smallest memory limit: ordinary runs below one folder, each under the next limit."""

import math
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import psutil
from omegaconf import DictConfig, OmegaConf, open_dict

from harness import store
from harness.analysis.fit import Attempt, gathered, tried
from harness.clock import Clock
from harness.config import LEAST_MIB, settings_of
from harness.console.screen import Write, print_at_once
from harness.errors import ConfigError, StoreError
from harness.fit import Bounds, next_limit
from harness.job import Job, point_latest, run_job

FAILED, INTERRUPTED = 1, 130


def is_search(config: DictConfig) -> bool:
    """Tell whether a configuration asks for a search. Raises :class:`ConfigError` for one that cannot be."""
    return settings_of(config).fit.search


def refuse_in_sweep(config: DictConfig) -> None:
    """Raise :class:`ConfigError` where a job of a sweep would be a search: its table has no column for one."""
    if OmegaConf.is_dict(config.get("fit")) and config.fit.get("search") is True:
        raise ConfigError(
            "fit.search", "true in a sweep", "one search at a time; -m fit.limit_mib=200,400 sweeps limits"
        )


def search(config: DictConfig, job: Job, clock: Clock) -> int:
    """Find the smallest limit, show and write what was found, and return the exit status.

    Ctrl-C ends the search: finished attempts stay, and the answer so far is given.
    """
    from harness.report.fit_report import publish_search, search_table, sentence

    settings = settings_of(config)
    walk = _Walk(config, job, clock, _silent if settings.quiet else print_at_once)
    interrupted = False
    try:
        walk.walk(settings.fit.tolerance_mib)
    except KeyboardInterrupt:
        interrupted = True
    try:
        result = gathered(job.folder, bare_mib=walk.bare_mib, finished=not interrupted)
    except StoreError:
        if interrupted:  # before the first attempt
            return INTERRUPTED
        raise
    publish_search(result, job.folder)
    point_latest(Path(settings.outputs), job.folder)
    for line in ("", search_table(result).text(), "", f"Fit: {sentence(result)}"):
        walk.show(line)
    print_at_once(f"Results: {job.folder}")
    if interrupted:
        return INTERRUPTED
    return 0 if result.ok else FAILED


class _Walk:
    """The attempts of one search, in their order."""

    def __init__(self, config: DictConfig, job: Job, clock: Clock, show: Write) -> None:
        self.show = show
        self.bare_mib: float | None = None
        self._config = config
        self._job = job
        self._clock = clock
        self._count = 0

    def walk(self, tolerance_mib: float) -> None:
        """Try without a limit, then one limit after another. Raises KeyboardInterrupt."""
        below = self._job.folder / store.ATTEMPTS
        if below.exists():
            raise StoreError("output folder", f"'{self._job.folder}' with a search in it", "a folder without one")
        unlimited = self._attempt(None)
        if not unlimited.ok:
            return
        floor_mib = max(LEAST_MIB, math.ceil(self.bare_mib or 0))
        first_mib = math.ceil(unlimited.peak_mib or 4 * floor_mib)
        most_mib = max(first_mib, psutil.virtual_memory().total // 2**20)
        bounds = Bounds(floor_mib, first_mib, most_mib, tolerance_mib)
        attempts: list[Attempt] = []
        while (limit_mib := next_limit(tried(attempts), bounds)) is not None:
            attempts.append(self._attempt(limit_mib))

    def _attempt(self, limit_mib: int | None) -> Attempt:
        """Run once under a limit, write its reports, and say how it went."""
        from harness.report.fit_report import attempt_line
        from harness.report.publish import publish

        name = f"{self._count:04d}-{'unlimited' if limit_mib is None else f'{limit_mib}MiB'}"
        self._count += 1
        own = [f"fit.limit_mib={limit_mib}"] if limit_mib is not None else ["fit.search=true"]
        asked = [one for one in self._job.overrides if not one.lstrip("+").startswith("fit.search")]
        job = replace(
            self._job,
            folder=self._job.folder / store.ATTEMPTS / name,
            overrides=(*asked, *own, "on_crash=stop"),
            again=limit_mib is not None,
        )
        done = run_job(_under(self._config, limit_mib), job, self._clock)
        if done.ending.disk:
            raise done.ending.disk
        publish(job.folder)
        done.screen.warn(done.ending.problems)
        if self.bare_mib is None:
            self.bare_mib = done.ending.bare_mib
        attempt = gathered(self._job.folder, bare_mib=None, finished=False).attempts[-1]
        self.show(attempt_line(attempt))
        if done.ending.interrupted or done.ending.stopped_by:
            raise KeyboardInterrupt
        return attempt


def _under(config: DictConfig, limit_mib: int | None) -> DictConfig:
    """Return the configuration of one attempt: it ends with its first failed trial, for one is enough."""
    own = deepcopy(config)
    with open_dict(own):
        own.fit.limit_mib = limit_mib
        own.fit.search = limit_mib is None
        own.on_crash = "stop"
        own.quiet = not own.get("verbose", False)
    return own


def _silent(line: str) -> None:
    """Print nothing."""
