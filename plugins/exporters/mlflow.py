"""A run handed on to MLflow: parameters, figures, every trial's values as steps, and tags."""

import contextlib
import importlib.util
import logging
import os
import re
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import store
from harness.analysis.trial_table import trial_table
from harness.hookspecs import Exporter, hookimpl
from harness.records import Run
from harness.stage import Unusable
from harness.store import StoredRun

if TYPE_CHECKING:
    from harness.analysis.summary import Summary

_EXTRA = "pip install 'asr-align-harness[mlflow]'"
_URI = "MLFLOW_TRACKING_URI"
_TELEMETRY = "MLFLOW_DISABLE_TELEMETRY"
_BATCH = 100
"""MLflow takes so many parameters or tags at one time, and more metrics."""
_LONGEST = 5000
"""A parameter may have 6000 characters, and a tag at least so many."""
_UNFIT = re.compile(r"[^\w\-. /]", re.ASCII)
_ARTIFACTS = (store.RUN, store.CONFIG, store.ENVIRONMENT, store.TRIALS)
_GIVEN = ("run", "trial", "iteration", "block", "leg", "audio_s")
"""Numbers of a trial that are no measurement."""


class Mlflow(Exporter):
    """Logs the run to MLflow, by default to a SQLite store beside the runs; needs the extra mlflow."""

    name = "mlflow"

    @dataclass(frozen=True)
    class Options:
        """Where to: ``tracking_uri``, else the environment's MLFLOW_TRACKING_URI, else a SQLite file ``local``.

        ``experiment_name`` is made where it does not exist; ``artifacts`` adds the run's records as files.
        """

        tracking_uri: str | None = None
        local: str = "outputs/mlflow.db"
        experiment_name: str = "asr-align-harness"
        artifacts: bool = False

    def preflight(self) -> None:
        """Look for the packages."""
        if importlib.util.find_spec("mlflow") is None:
            raise Unusable("no package mlflow", _EXTRA)
        if self._uri().startswith("sqlite:") and importlib.util.find_spec("sqlalchemy") is None:
            raise Unusable("no package sqlalchemy, which a SQLite store needs", _EXTRA)
        if not self.options.experiment_name.strip():
            raise Unusable("a name without a character", "the name of an experiment", "experiment_name")

    @hookimpl
    def run_finished(self, run: Run, folder: Path) -> None:
        """Log everything; what raises leaves a run that MLflow shows as failed."""
        from harness.analysis.summary import summarise  # with NumPy, which would delay a run's start

        stored = store.read_run(folder)
        summary = summarise(run, stored.trials)
        with _quiet():
            from mlflow.tracking import MlflowClient

            client = MlflowClient(tracking_uri=self._uri())
            names = {"mlflow.runName": run.id, **_tags(run, stored)}
            made = client.create_run(self._experiment(client), _milliseconds(run.started_at), names)
            status = "FAILED"
            try:
                self._log(client, made.info.run_id, stored, summary)
                status = _status(run, summary)
            finally:
                client.set_terminated(made.info.run_id, status)

    def _uri(self) -> str:
        return self.options.tracking_uri or os.environ.get(_URI) or f"sqlite:///{Path(self.options.local).resolve()}"

    def _experiment(self, client: Any) -> str:
        """Return the experiment's id; make it where there is none, with its artifacts beside a SQLite file."""
        found = client.get_experiment_by_name(self.options.experiment_name)
        if found is not None:
            return str(found.experiment_id)
        beside = None
        if self._uri().startswith("sqlite:///"):
            beside = (Path(self._uri().removeprefix("sqlite:///")).resolve().parent / "mlartifacts").as_uri()
        return str(client.create_experiment(self.options.experiment_name, artifact_location=beside))

    def _log(self, client: Any, run_id: str, stored: StoredRun, summary: "Summary") -> None:
        from mlflow.entities import Metric, Param

        now_ms = int(time.time() * 1000)
        params = [Param(name, value) for name, value in _params(stored.run).items()]
        metrics = [
            Metric(_key(name), entry.value, now_ms, 0)
            for name, entry in summary.metrics.items()
            if entry.value is not None
        ]
        for name, value, at_ms, trial in _steps(stored):
            metrics.append(Metric(_key(f"trial/{name}"), value, at_ms, trial))
        for some in _pieces(params):
            client.log_batch(run_id, params=some)
        for some in _pieces(metrics):
            client.log_batch(run_id, metrics=some)
        if self.options.artifacts:
            for path in (stored.folder / name for name in _ARTIFACTS):
                if path.exists():
                    client.log_artifact(run_id, str(path))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Let MLflow send nothing of its own anywhere, and print nothing but errors on the screen of a run."""
    before = os.environ.get(_TELEMETRY)
    os.environ.setdefault(_TELEMETRY, "true")
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
        if before is None:
            os.environ.pop(_TELEMETRY, None)


def _pieces(whole: Sequence[Any]) -> Iterator[list[Any]]:
    rest = iter(whole)
    while some := list(islice(rest, _BATCH)):
        yield some


def _params(run: Run) -> dict[str, str]:
    """Return what was asked for, flat: the protocol, each stage with its options, the dataset, the overrides."""
    whole: dict[str, Any] = {
        **asdict(run.protocol),
        **{stage.key: {"stage": stage.name, "model": stage.label, **stage.options} for stage in run.stages},
        "dataset": run.dataset,
        "experiment": run.experiment,
        "overrides": " ".join(run.overrides),
    }
    flat = dict(_flat(whole))
    return {_key(name): text[:_LONGEST] for name, text in flat.items()}


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        elif isinstance(value, list | tuple):
            yield f"{above}{name}", ",".join(map(str, value))
        else:
            yield f"{above}{name}", str(value)


def _steps(stored: StoredRun) -> Iterator[tuple[str, float, int, int]]:
    """Yield (metric, value, milliseconds, trial) for every number of every trial."""
    table = trial_table(stored.run, stored.trials)
    for trial, row in zip(stored.trials, table.rows, strict=True):
        at_ms = _milliseconds(trial.started_at)
        for column, value in zip(table.columns, row, strict=True):
            if column.type == "number" and column.name not in _GIVEN and isinstance(value, float | int):
                yield column.name, float(value), at_ms, trial.index


def _tags(run: Run, stored: StoredRun) -> dict[str, str]:
    where = stored.environment
    tags = {
        "harness.run_id": run.id,
        "harness.version": run.harness_version,
        "harness.folder": str(stored.folder),
        "harness.block": f"{run.block + 1} of {run.blocks}",
    }
    if run.seams:
        tags["harness.legs"] = str(len(run.seams) + 1)
    if where is not None:
        tags |= {
            f"harness.{name}": str(getattr(where, name)) for name in ("hostname", "system", "machine", "processor")
        }
        tags |= {f"git.{name}": value for name, value in where.git.items()}
    if where is not None and "commit" in where.git:
        tags["mlflow.source.git.commit"] = where.git["commit"]
    return {_key(name): value[:_LONGEST] for name, value in tags.items()}


def _status(run: Run, summary: "Summary") -> str:
    if "interrupted" in summary.outcomes:
        return "KILLED"
    return "FINISHED" if summary.outcomes == {"ok": run.trials} else "FAILED"


def _key(name: str) -> str:
    """Return a name of which every character is one that MLflow takes."""
    return _UNFIT.sub("_", name)[:250]


def _milliseconds(stamp: str) -> int:
    return int(datetime.fromisoformat(stamp).timestamp() * 1000)


@hookimpl
def harness_exporters() -> Sequence[type[Exporter]]:
    """Say which exporters this file holds."""
    return [Mlflow]
