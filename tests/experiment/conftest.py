"""Engines that break the contract in ways of their own."""

import importlib
import os
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.plugins import Found, Registry

ODD = """
from harness.stage import Result, Stage
from tests.engine.scripted import ScriptedAsr

class Odd(Stage):
    role, name, Options = "asr", "odd", ScriptedAsr.Options
    def load(self): {load}
    def unload(self): {unload}
    def run(self, request, emit): {run}
"""


@pytest.fixture
def odd(registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Registry]:
    """Return a factory of registries in which ``scripted`` is an ASR with the given bodies."""

    def make(name: str, run: str = "return Result(text='hi')", unload: str = "pass", load: str = "pass") -> Registry:
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(ODD.format(run=run, unload=unload, load=load)))
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ['PYTHONPATH']}")
        cls = importlib.import_module(name).Odd
        return replace(registry, stages={**registry.stages, ("asr", "scripted"): Found(cls, name)})

    return make
