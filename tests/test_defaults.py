import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from harness import defaults as module
from harness.config import builtin_folder
from harness.defaults import defaults, plain, shipped_path
from harness.errors import ConfigError


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    """Compose for each test: the defaults are kept for as long as the process lives."""
    defaults.cache_clear()
    yield
    defaults.cache_clear()


def test_nothing_is_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither by the environment nor by a conf in the working directory; Hydra's own part is no configuration."""
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "config.yaml").write_text("iterations: 77\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INFERENCE_THREADS", "3")
    found = defaults()
    assert (found["threads"], found["iterations"], found["asr"]["stage"]) == (6, 5, "pocketsphinx")
    assert list(found["probe"]) == ["rss", "handles", "ttft", "rtf", "wer", "drift"]
    assert "hydra" not in found
    assert os.environ["INFERENCE_THREADS"] == "3"


def test_they_are_composed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep pays for its first job."""
    first = defaults()
    monkeypatch.delattr(module, "ConfigLoaderImpl")
    assert defaults() is first


def test_a_variable_without_a_default_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it there would be no value at all."""
    monkeypatch.setenv("ONE", "1")
    monkeypatch.setenv("TWO", "2")
    composed = OmegaConf.create({"one": "${oc.env:ONE}", "two": "${oc.env:TWO,none}"})
    assert plain(composed) == {"one": "1", "two": "none"}
    assert (os.environ["ONE"], os.environ["TWO"]) == ("1", "2")


def test_the_shipped_folder_is_searched_first() -> None:
    """Before any plugin's."""
    providers = [one.provider for one in shipped_path().get_path()]
    assert providers[:2] == ["hydra", "main"]
    assert shipped_path().get_path()[1].path == str(builtin_folder("conf"))


def test_defaults_that_cannot_be_composed_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is wrong with them."""
    (tmp_path / "config.yaml").write_text("a: [1\n")
    monkeypatch.setattr(module, "builtin_folder", lambda name: tmp_path)
    with pytest.raises(ConfigError, match=r"^defaults: found .*, expected the configuration that the harness ships$"):
        defaults()
