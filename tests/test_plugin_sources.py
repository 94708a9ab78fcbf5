import hashlib
from importlib import import_module, metadata
from pathlib import Path

import tests.engine.scripted as scripted
from harness.plugin_sources import plugin_sources, unasked
from harness.plugins import discover


def test_a_distribution_has_its_version_and_a_module_its_hash() -> None:
    """Whether or not any of it is used in the run."""
    path = Path(scripted.__file__)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    found = dict(discover(["tests.engine.scripted"]).sources)
    assert found["asr-align-harness"] == metadata.version("asr-align-harness")
    assert found["tests.engine.scripted"] == f"{path} sha256:{digest}"


def test_launchers_that_hydra_has_loaded_are_among_them() -> None:
    """Hydra imports all of its plugins that are installed; ours is in the version of the harness."""
    import_module("hydra_plugins.hydra_joblib_launcher")

    found = plugin_sources(["theirs 2.0"], [])
    assert found["theirs"] == "2.0"
    assert found["hydra-joblib-launcher"] == metadata.version("hydra-joblib-launcher")
    assert "asr-align-harness" not in found


def test_a_module_that_a_file_of_the_configuration_names_is_told() -> None:
    """The user has not typed its name; on the command line there is nothing to tell."""
    sources = {"my_stage": "/x/my_stage.py sha256:0"}
    line = "the configuration names plugins=[my_stage], which was imported: /x/my_stage.py sha256:0"
    assert unasked(sources, ["my_stage"], ["threads=2"]) == [line]
    assert unasked(sources, ["my_stage"], ["plugins=[my_stage]"]) == []
