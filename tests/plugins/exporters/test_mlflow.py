import importlib.util
import os
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.records import Trial
from harness.stage import Unusable
from plugins.exporters.mlflow import Mlflow
from tests import stored

URI = "MLFLOW_TRACKING_URI"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Work in an empty folder, without a server that a developer's shell may name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(URI, raising=False)


@pytest.fixture
def quiet() -> Iterator[None]:
    """Let the reading side of these tests warn as it likes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def logged(tmp_path: Path, trials: tuple[Trial, ...], **options: Any) -> tuple[Any, Any]:
    """Export a run, and return a client of the store with the run as that reads it."""
    from mlflow.tracking import MlflowClient

    run = stored.run()
    folder = stored.write(tmp_path / "outputs" / "run", run, trials, stored.environment())
    Mlflow(Mlflow.Options(**options)).run_finished(run, folder)
    client = MlflowClient(tracking_uri=f"sqlite:///{tmp_path}/outputs/mlflow.db")
    experiment = client.get_experiment_by_name(options.get("experiment_name", "asr-align-harness"))
    assert experiment is not None
    found, *_ = client.search_runs([experiment.experiment_id])
    return client, found


@pytest.mark.usefixtures("quiet")
def test_a_whole_run(tmp_path: Path) -> None:
    """Parameters, figures, each trial's values as steps, and tags stand in a SQLite store beside the runs.

    No thread of MLflow's stays while the next run of a sweep is measured, and the environment is as it was.
    """
    before = dict(os.environ)
    client, found = logged(tmp_path, stored.trials(), artifacts=True)
    assert (found.info.status, found.info.run_name) == ("FINISHED", "03-04-05")
    params = found.data.params
    assert (params["threads"], params["order"], params["asr.piece_ms"]) == ("2", "asr,aligner", "100")
    assert (params["asr.model"], params["dataset.audio"]) == ("madeup-asr.bin", "samples/jfk.wav")
    assert (found.data.metrics["asr.ttft_ms"], found.data.metrics["asr.wer"]) == (400.0, 0.2)
    history = client.get_metric_history(found.info.run_id, "trial/asr.load_overhead_mib")
    assert [one.step for one in history] == [0, 1, 2]
    assert history[0].value == 96.0
    tags = found.data.tags
    assert (tags["harness.run_id"], tags["harness.hostname"], tags["git.commit"]) == ("03-04-05", "nowhere", "0123abc")
    names = {one.path for one in client.list_artifacts(found.info.run_id)}
    assert names == {"run.json", "config.yaml", "environment.json", "trials.jsonl"}
    assert (tmp_path / "outputs" / "mlartifacts").is_dir()
    assert not (tmp_path / "mlruns").exists()
    assert threading.enumerate() == [threading.main_thread()]
    assert dict(os.environ) == before


@pytest.mark.usefixtures("quiet")
def test_a_run_with_a_failed_trial(tmp_path: Path) -> None:
    """It is shown as failed, with the values of the trials that did not; the experiment has the name asked for."""
    _, found = logged(tmp_path, (stored.trials()[0], stored.failed(1)), experiment_name="mine")
    assert found.info.status == "FAILED"
    assert found.data.metrics["trial/asr.ttft_ms"] == 400.0


@pytest.mark.usefixtures("quiet")
def test_a_store_that_cannot_be_opened(tmp_path: Path) -> None:
    """What MLflow raises reaches the run, which names the exporter in a warning."""
    run = stored.run()
    folder = stored.write(tmp_path / "run", run, stored.trials())
    with pytest.raises(OSError, match="No such file"):
        Mlflow(Mlflow.Options(tracking_uri="sqlite:////proc/none/mlflow.db")).run_finished(run, folder)


def test_the_environment_names_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """The option comes before MLflow's own variable, and that before the local file."""
    monkeypatch.setenv(URI, "http://there")
    assert Mlflow(Mlflow.Options())._uri() == "http://there"
    assert Mlflow(Mlflow.Options(tracking_uri="http://here"))._uri() == "http://here"


@pytest.mark.parametrize("missing", ["mlflow", "sqlalchemy"])
def test_without_the_extra(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line says what to install."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else object())
    with pytest.raises(Unusable) as refused:
        Mlflow(Mlflow.Options()).preflight()
    assert f"no package {missing}" in refused.value.found
    assert refused.value.expected == "pip install 'asr-align-harness[mlflow]'"


def test_an_experiment_without_a_name() -> None:
    """It is refused before anything runs."""
    with pytest.raises(Unusable, match="a name without a character"):
        Mlflow(Mlflow.Options(experiment_name=" ")).preflight()
