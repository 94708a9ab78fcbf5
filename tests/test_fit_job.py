from pathlib import Path

import pytest
from omegaconf import DictConfig, OmegaConf

from harness.clock import FakeClock
from harness.errors import ConfigError, StoreError
from harness.fit_job import is_search, refuse_in_sweep, search
from harness.job import Job

STAGES = {"asr": {"role": "asr", "stage": "scripted", "keep_mib": 1, "work_mib": 1}, "order": ["asr"]}


def config(**fit: object) -> DictConfig:
    """Return a configuration with one stage."""
    return OmegaConf.create({**STAGES, "plugins": ["tests.engine.scripted"], "fit": fit})


@pytest.mark.parametrize(("fit", "expected"), [({"search": True}, True), ({"limit_mib": 200}, False), ({}, False)])
def test_what_is_a_search(fit: dict[str, object], expected: bool) -> None:
    """Only what asks for one."""
    assert is_search(config(**fit)) is expected


def test_a_search_is_no_job_of_a_sweep() -> None:
    """The line says what can be swept instead; whatever else stands there is for the configuration to judge."""
    with pytest.raises(ConfigError) as caught:
        refuse_in_sweep(config(search=True))
    assert str(caught.value) == (
        "fit.search: found true in a sweep, expected one search at a time; -m fit.limit_mib=200,400 sweeps limits"
    )
    refuse_in_sweep(config(search=False))
    refuse_in_sweep(OmegaConf.create({"fit": "search"}))
    refuse_in_sweep(OmegaConf.create({}))


def test_a_search_is_not_made_over_another(tmp_path: Path) -> None:
    """Attempts of two searches in one folder would be read as one."""
    (tmp_path / "attempts").mkdir()
    with pytest.raises(StoreError, match="with a search in it, expected a folder without one"):
        search(config(search=True), Job(tmp_path), FakeClock())
