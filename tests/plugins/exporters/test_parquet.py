import importlib.util
import json
from pathlib import Path

import pytest
from pyarrow import parquet

from harness.stage import Unusable
from plugins.exporters.parquet import Parquet
from tests import stored


def test_typed_rows_and_their_origin(tmp_path: Path) -> None:
    """The file is read back: the columns with their types, nulls for what is missing, and whose trials they are."""
    run = stored.run()
    folder = stored.write(tmp_path / "run", run, [*stored.trials()[:1], stored.failed(1)], stored.environment())
    Parquet(Parquet.Options()).run_finished(run, folder)
    table = parquet.read_table(folder / "trials.parquet")
    types = {name: str(table.schema.field(name).type) for name in ("run", "trial", "cold", "asr.wer", "message")}
    assert types == {"run": "string", "trial": "int64", "cold": "bool", "asr.wer": "double", "message": "string"}
    assert table["trial"].to_pylist() == [0, 1]
    assert table["cold"].to_pylist() == [True, False]
    assert table["asr.ttft_ms"].to_pylist() == [400.0, None]
    assert table["message"].to_pylist() == [None, "crashed: SIGSEGV in load (asr)"]
    metadata = table.schema.metadata
    assert (metadata[b"harness.run_id"], metadata[b"harness.version"]) == (b"03-04-05", b"0.1.0")
    assert json.loads(metadata[b"harness.environment"])["processor"] == "Made Up 9000"
    assert json.loads(metadata[b"harness.run"])["protocol"]["threads"] == 2


def test_a_run_without_trials(tmp_path: Path) -> None:
    """The columns and their types are those of any other run."""
    run = stored.run()
    folder = stored.write(tmp_path / "run", run, [])
    place = tmp_path / "there" / "t.parquet"
    Parquet(Parquet.Options(path=str(place))).run_finished(run, folder)
    table = parquet.read_table(place)
    assert table.num_rows == 0
    assert str(table.schema.field("asr.wer").type) == "double"
    assert not (folder / "trials.parquet").exists()


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line says what to install."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Unusable) as refused:
        Parquet(Parquet.Options()).preflight()
    assert (refused.value.found, refused.value.expected) == (
        "no package pyarrow",
        "pip install 'asr-align-harness[parquet]'",
    )


def test_a_path_that_is_taken(tmp_path: Path) -> None:
    """No file of the user's is overwritten."""
    with pytest.raises(Unusable, match="that exists"):
        Parquet(Parquet.Options(path=str(tmp_path))).preflight()
