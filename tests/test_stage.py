import inspect
import os
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pluggy
import pytest

from harness import stage as module
from harness.plugins import Registry, discover
from harness.stage import Refused, Request, Result, Stage, Unusable, hookimpl
from tests.conftest import MakeSettings, RunPlan


def example() -> str:
    """Return the plugin in the module's docstring, as somebody would copy it."""
    _, _, rest = inspect.getdoc(module).partition("::\n")  # type: ignore[union-attr]
    return textwrap.dedent(rest).strip() + "\n"


@pytest.fixture
def parrot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """Return the registry with the docstring's plugin in it, from a file of its own."""
    (tmp_path / "parrot_plugin.py").write_text(example())
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ['PYTHONPATH']}")
    yield discover(["tests.engine.scripted", "parrot_plugin"])
    sys.modules.pop("parrot_plugin")


def test_the_example_in_the_docstring_runs(parrot: Registry, settings: MakeSettings, run_plan: RunPlan) -> None:
    """Found as a plugin, made with an option, run in a worker, twice."""
    made = settings(order=("asr",), iterations=2)
    chosen = replace(made.stages[0], stage="parrot", options={"line": "polly wants a cracker"})
    ran = run_plan(replace(made, stages=(chosen,)), registry=parrot)
    for trial in ran.trials:
        (visit,) = trial.visits
        assert (str(trial.outcome), trial.problems) == ("ok", ())
        assert (visit.text, visit.streams) == ("polly wants a cracker", "pieces")
        assert [delivery.text for delivery in visit.deliveries] == ["polly ", "wants ", "a ", "cracker "]
    assert parrot.stages["asr", "parrot"].summary == "Says its line, word by word."
    assert parrot.stages["asr", "parrot"].cls.Options().line == "hello world"


def test_the_example_documents_everything_it_defines() -> None:
    """It is what people copy."""
    names: dict[str, object] = {"__name__": "parrot"}
    exec(compile(example(), "parrot.py", "exec"), names)
    parrot, hook = names["Parrot"], names["harness_stages"]
    assert isinstance(parrot, type)
    assert issubclass(parrot, Stage)
    documented = [names, parrot, vars(parrot)["Options"], parrot.load, parrot.run, parrot.unload, hook]
    assert all(one.get("__doc__") if isinstance(one, dict) else inspect.getdoc(one) for one in documented)


def test_our_marker_is_pluggys() -> None:
    """It sets what ``pluggy.HookimplMarker`` sets."""

    def ours() -> None:
        """Be marked by us."""

    def theirs() -> None:
        """Be marked by pluggy."""

    marked = pluggy.HookimplMarker("harness")(theirs)
    assert hookimpl(ours) is ours
    assert ours.harness_impl == marked.harness_impl  # type: ignore[attr-defined]


def test_a_stage_that_says_nothing_has_the_modest_capabilities() -> None:
    """It does not stream, uses threads, shares its process, takes a file."""
    assert (Stage.streams, Stage.uses_threads, Stage.one_per_process, Stage.takes_pcm) == (
        "nothing",
        True,
        False,
        False,
    )


def test_a_bare_stage_is_one_in_name_only() -> None:
    """What has a default does nothing, what has none says so."""

    class Bare(Stage):
        role = "asr"
        name = "bare"

    bare = Bare(Bare.Options())
    assert (bare.label(), bare.prepare()) == ("bare", None)
    bare.preflight()
    assert bare.lacks() == ()
    bare.restart()
    for call in (bare.load, bare.unload, lambda: bare.run(Request("", 0.0), print)):
        with pytest.raises(NotImplementedError):
            call()


def test_unusable_carries_what_the_user_reads() -> None:
    """As data, and as a message."""
    error = Unusable("no file 'a.bin'", "a model", "model", ("b.bin",))
    assert (error.found, error.expected, error.key, error.choices) == (
        "no file 'a.bin'",
        "a model",
        "model",
        ("b.bin",),
    )
    assert str(error) == "found no file 'a.bin', expected a model"


def test_what_a_stage_lacks_is_what_its_preflight_meets() -> None:
    """Unless it says more; a command that mends it goes along."""
    lacking = Unusable("no engine", "one", fix="pip install engine")

    class Lacking(Stage):
        role = "asr"
        name = "lacking"

        def preflight(self) -> None:
            raise lacking

    assert Lacking(Lacking.Options()).lacks() == (lacking,)
    assert (lacking.fix, Unusable("a", "b").fix) == ("pip install engine", "")


def test_a_result_may_hold_nothing() -> None:
    """An engine that heard silence."""
    assert (Result().text, Result().words, Result().facts) == ("", (), {})
    assert str(Refused("too short")) == "too short"
