import importlib.metadata
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.catalogue import catalogue
from harness.errors import ConfigError, PluginError
from harness.hookspecs import hookimpl
from harness.metrics import Metric
from harness.normalizer import _KNOWN
from harness.plugins import Found, Listeners, Registry, Source, conf_folders, discover, options_of, survey
from harness.records import Trial, Utterance

WritePlugin = Callable[[str, str], str]

STAGE = """
from dataclasses import dataclass
from harness.stage import Stage, hookimpl

class Parrot(Stage):
    '''Says the same again.

    Always.
    '''
    role, name = "asr", "{name}"

    @dataclass(frozen=True)
    class Options:
        line: str
        times: int = 1
        speed: float = 1.0
        loud: bool = False
        tags: tuple[str, ...] = ()
        extra: dict[str, int] | None = None

@hookimpl
def harness_stages():
    return [Parrot]
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WritePlugin]:
    """Return a function that writes a plugin's module and returns its name."""
    monkeypatch.syspath_prepend(str(tmp_path))
    written: list[str] = []

    def write(name: str, code: str) -> str:
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(code))
        written.append(name)
        return name

    yield write
    for name in written:
        sys.modules.pop(name, None)


def refused(*names: str) -> str:
    """Return the line with which ``discover`` refuses modules."""
    with pytest.raises(PluginError) as caught:
        discover(names)
    line = str(caught.value)
    assert "\n" not in line
    return line


@pytest.fixture
def parrot(plugin: WritePlugin) -> Found:
    """Return a stage with an option of each kind."""
    return discover([plugin("a_parrot", STAGE.format(name="parrot"))]).stages["asr", "parrot"]


# --- finding ----------------------------------------------------------------------------------------------------


def test_our_own_plugins_are_found_by_their_entry_points() -> None:
    """Stages by role and name, probes by name; the origin is the distribution with its version."""
    found = discover()
    origin = f"asr-align-harness {importlib.metadata.version('asr-align-harness')}"
    assert {("asr", "pocketsphinx"), ("aligner", "pocketsphinx")} <= set(found.stages)
    assert {"rss", "rtf", "ttft", "wer"} <= set(found.probes)
    assert found.stages["asr", "pocketsphinx"].origin == found.probes["rss"].origin == origin


def test_a_survey_finds_what_discover_finds() -> None:
    """And says which entry point brought what."""
    registry, sources = survey()
    assert registry == discover()
    origin = f"asr-align-harness {importlib.metadata.version('asr-align-harness')}"
    assert Source("null", origin, ("asr=null", "aligner=null")) in sources
    assert Source("rss", origin, ("probe rss",)) in sources


def test_a_survey_goes_on_behind_a_plugin_that_fails(
    plugin: WritePlugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that cannot be imported, one with a name that is taken; the others are there."""
    plugin("a_broken", "1 / 0")
    plugin("b_second", STAGE.format(name="null"))
    plugin("c_parrot", STAGE.format(name="parrot"))
    info = tmp_path / "acme-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.4\nName: acme\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(
        "[harness]\nz_broken = a_broken\nz_second = b_second\nz_parrot = c_parrot\nzz_again = c_parrot\n"
    )
    registry, sources = survey()
    assert ("asr", "parrot") in registry.stages
    assert {"rss", "wer"} <= set(registry.probes)
    ours = {one.name: (one.brought, str(one.error)) for one in sources if one.origin == "acme 1.2"}
    assert ours == {
        "z_broken": (
            (),
            "plugin a_broken (acme 1.2): found ZeroDivisionError: division by zero, expected a module that can be "
            "imported",
        ),
        "z_parrot": (("asr=parrot",), "None"),
        "z_second": ((), "plugin z_second: found a second asr=null, expected a name that is free"),
    }


def test_a_module_is_found_by_its_name(parrot: Found) -> None:
    """The origin is the module, the summary the first line of the class's docstring."""
    assert (parrot.origin, parrot.cls.name, parrot.summary) == ("a_parrot", "parrot", "Says the same again.")


def test_a_module_named_twice_is_one() -> None:
    """A name in the configuration may be an entry point as well."""
    once = discover(["tests.engine.scripted"])
    assert discover(["tests.engine.scripted", "tests.engine.scripted", "plugins.probes.rss"]) == once


def test_a_module_that_is_not_there_is_named() -> None:
    """With the error that Python has for it."""
    assert refused("no_such_plugin") == (
        "plugin no_such_plugin (no_such_plugin): found ModuleNotFoundError: No module named 'no_such_plugin', "
        "expected a module that can be imported"
    )


def test_a_module_that_fails_while_it_is_imported_is_named(plugin: WritePlugin) -> None:
    """Whatever it raises, an exit included in what users see as one line."""
    assert refused(plugin("a_broken", "1 / 0")) == (
        "plugin a_broken (a_broken): found ZeroDivisionError: division by zero, expected a module that can be imported"
    )
    assert refused(plugin("a_torn", "def (:")) == (
        "plugin a_torn (a_torn): found SyntaxError: invalid syntax (a_torn.py, line 1), "
        "expected a module that can be imported"
    )


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [("harness_stage", "harness_stages"), ("harness_prob", "harness_probes"), ("run_start", "run_started")],
)
def test_a_misspelt_hook_is_refused_with_the_nearest_first(misspelt: str, meant: str, plugin: WritePlugin) -> None:
    """The line names hook and module, and what the hook may have been meant to be."""
    name = plugin(f"a_{misspelt}", f"from harness.stage import hookimpl\n@hookimpl\ndef {misspelt}(): return []")
    line = refused(name)
    assert line.startswith(f"plugin: found unknown hook '{misspelt}' in plugin <module '{name}' from ")
    assert f"expected a hook that exists; choose from: {meant}, " in line


def test_a_wrong_argument_is_refused(plugin: WritePlugin) -> None:
    """The line names hook and argument."""
    code = "from harness.stage import hookimpl\n@hookimpl\ndef harness_stages(config): return []"
    line = refused(plugin("a_wrong_argument", code))
    assert line.startswith("plugin a_wrong_argument: found Plugin 'a_wrong_argument' for hook 'harness_stages' ")
    assert "{'config'}" in line
    assert line.endswith("expected hooks as in harness/hookspecs.py")


def test_a_name_that_is_taken_is_refused(plugin: WritePlugin) -> None:
    """A second stage of role and name, a second probe of a name."""
    first = plugin("b_parrot", STAGE.format(name="parrot"))
    second = plugin("c_parrot", STAGE.format(name="parrot"))
    assert refused(first, second) == "plugin c_parrot: found a second stage asr/parrot, expected a name that is free"
    code = """
        from harness.hookspecs import Probe, hookimpl
        class Mine(Probe):
            name = "rss"
        @hookimpl
        def harness_probes():
            return [Mine]
        """
    assert refused(plugin("d_rss", code)) == "plugin d_rss: found a second probe rss, expected a name that is free"


def test_what_is_not_derived_from_our_classes_is_refused(plugin: WritePlugin) -> None:
    """A class of another kind, an object in place of a class, a stage where probes are asked for."""
    code = "from harness.stage import hookimpl\n@hookimpl\ndef {hook}(): return [{what}]"
    assert refused(plugin("e_class", code.format(hook="harness_stages", what="dict"))) == (
        "plugin e_class: found <class 'dict'> from harness_stages, expected classes derived from Stage"
    )
    assert refused(plugin("e_object", code.format(hook="harness_probes", what="5"))) == (
        "plugin e_object: found 5 from harness_probes, expected classes derived from Probe"
    )
    assert refused(
        plugin("e_other", "from harness.stage import Stage\n" + code.format(hook="harness_probes", what="Stage"))
    ) == (
        "plugin e_other: found <class 'harness.stage.Stage'> from harness_probes, expected classes derived from Probe"
    )


@pytest.mark.parametrize(
    ("name", "body", "found"),
    [
        ("f_nameless", "role = 'asr'", "name"),
        ("f_roleless", "name = 'mine'", "role"),
        ("f_strange", "role, name = 'tts', 'mine'", "tts"),
    ],
)
def test_a_stage_without_name_or_role_is_refused(name: str, body: str, found: str, plugin: WritePlugin) -> None:
    """One line that names the plugin and what is wrong with its class."""
    code = f"""
        from harness.stage import Stage, hookimpl
        class Mine(Stage):
            {body}
        @hookimpl
        def harness_stages():
            return [Mine]
        """
    line = refused(plugin(name, code))
    assert line.startswith(f"plugin {name}: ")
    assert found in line


@pytest.mark.parametrize(("name", "body"), [("g_raises", "raise OSError('no')"), ("g_none", "return None")])
def test_a_hook_that_cannot_say_what_it_holds_is_refused(name: str, body: str, plugin: WritePlugin) -> None:
    """One line that names the plugin."""
    code = f"from harness.stage import hookimpl\n@hookimpl\ndef harness_stages(): {body}"
    assert refused(plugin(name, code)).startswith(f"plugin {name}: ")


NORMALIZER = """
from harness.hookspecs import hookimpl
from harness.normalizer import Normalizer

def vowels(text):
    '''Keep vowels alone.'''
    return "".join(letter for letter in text.lower() if letter in "aeiou ")

@hookimpl
def harness_normalizers():
    return [Normalizer({arguments})]
"""


@pytest.fixture
def own_normalizers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what is registered in a test be gone after it."""
    monkeypatch.setattr("harness.normalizer._KNOWN", dict(_KNOWN))


@pytest.mark.usefixtures("own_normalizers")
def test_a_normaliser_comes_with_a_module(plugin: WritePlugin) -> None:
    """The probe finds it by its name, the record names its version, and it is listed with where it is from."""
    name = plugin("n_vowels", NORMALIZER.format(arguments="'vowels', vowels, '2.1'"))
    registry = discover([name])
    assert registry.normalizers == {"vowels": "n_vowels"}
    assert "  vowels   Keep vowels alone.   [n_vowels, version 2.1]" in list(catalogue(registry))
    probe = options_of(registry.probes["wer"], "probe.wer", {"normalizer": "vowels"})
    made = registry.probes["wer"].cls(probe)
    assert made.recorded() == {"normalizer": "vowels", "normalizer_version": "2.1"}
    assert discover([name]).normalizers == {"vowels": "n_vowels"}  # looked for twice, it is the same one


@pytest.mark.usefixtures("own_normalizers")
@pytest.mark.parametrize(
    ("name", "arguments", "found"),
    [
        ("n_taken", "'basic', vowels, '1'", "found a second normaliser basic, expected a name that is free"),
        ("n_whisper", "'whisper', vowels, '1'", "found a second normaliser whisper, expected a name that is free"),
        ("n_short", "'vowels'", "from harness_normalizers, expected a list of normalisers"),
    ],
)
def test_a_normaliser_that_cannot_be_is_refused(name: str, arguments: str, found: str, plugin: WritePlugin) -> None:
    """One whose name is taken, and a hook that fails."""
    line = refused(plugin(name, NORMALIZER.format(arguments=arguments)))
    assert line.startswith(f"plugin {name}: ")
    assert found in line


@pytest.mark.usefixtures("own_normalizers")
def test_what_is_no_normaliser_is_refused(plugin: WritePlugin) -> None:
    """A bare function has neither a name nor a version."""
    code = "from harness.stage import hookimpl\n@hookimpl\ndef harness_normalizers(): return [str.lower]"
    assert refused(plugin("n_bare", code)).endswith("expected objects of the class Normalizer")


def test_conf_folders_come_with_distributions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder ``conf`` beside a package that an entry point names, found without importing it."""
    (tmp_path / "others_plugin" / "conf").mkdir(parents=True)
    (tmp_path / "others_plugin" / "__init__.py").write_text("raise RuntimeError('imported')")
    (tmp_path / "bare_plugin").mkdir()
    (tmp_path / "bare_plugin" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    points = [
        importlib.metadata.EntryPoint(name, value, "harness")
        for name, value in (("a", "others_plugin.probe"), ("b", "bare_plugin"), ("c", "gone_plugin.probe"))
    ]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: points)
    assert list(conf_folders()) == [tmp_path / "others_plugin" / "conf"]


# --- looking up ---------------------------------------------------------------------------------------------------


def test_an_unknown_stage_is_refused_with_those_of_its_role() -> None:
    """The nearest first."""
    found = Found(object, "tests")
    registry = Registry({("asr", "whisper"): found, ("asr", "chatllm"): found, ("aligner", "other"): found}, {})
    assert registry.stage("asr2", "asr", "whisper") is found
    with pytest.raises(ConfigError) as caught:
        registry.stage("asr2", "asr", "chatlm")
    assert str(caught.value) == (
        "asr2.stage: found 'chatlm', expected the name of a stage with the role asr; choose from: chatllm, whisper"
    )


def test_an_unknown_probe_is_refused_with_those_there_are() -> None:
    """The nearest first."""
    found = Found(object, "tests")
    registry = Registry({}, {"rss": found, "wer": found, "ttft": found})
    assert registry.probe("wer") is found
    with pytest.raises(ConfigError) as caught:
        registry.probe("tftt")
    assert str(caught.value) == "probe: found 'tftt', expected the name of a probe; choose from: ttft, rss, wer"


# --- options ------------------------------------------------------------------------------------------------------


def test_options_are_made_of_plain_values(parrot: Found) -> None:
    """Lists become tuples, whole numbers floats; what is not said has its default."""
    values = {"line": "hello", "speed": 2, "tags": ["a", "b"], "extra": {"k": 1}}
    assert options_of(parrot, "asr", values) == parrot.cls.Options(
        line="hello", speed=2.0, tags=("a", "b"), extra={"k": 1}
    )


@pytest.mark.parametrize(
    ("values", "line"),
    [
        (
            {"line": "x", "tmes": 2},
            "asr.tmes: found the key 'tmes', expected an option of parrot; "
            "choose from: times, tags, speed, line, extra, loud",
        ),
        ({"line": 5}, "asr.line: found 5, expected a text"),
        ({"line": None}, "asr.line: found None, expected a text"),
        ({"line": "x", "times": "3"}, "asr.times: found '3', expected a whole number"),
        ({"line": "x", "times": True}, "asr.times: found True, expected a whole number"),
        ({"line": "x", "times": 1.5}, "asr.times: found 1.5, expected a whole number"),
        ({"line": "x", "loud": 1}, "asr.loud: found 1, expected true or false"),
        ({"line": "x", "tags": ["a", 1]}, "asr.tags: found ['a', 1], expected a text"),
        ({"line": "x", "extra": {"k": "v"}}, "asr.extra: found {'k': 'v'}, expected a whole number"),
    ],
)
def test_an_option_that_cannot_be_is_refused(parrot: Found, values: dict[str, object], line: str) -> None:
    """One line that names the option, the value, and the type it should have."""
    with pytest.raises(ConfigError) as caught:
        options_of(parrot, "asr", values)
    assert str(caught.value) == line


def test_an_option_that_is_missing_is_named(parrot: Found) -> None:
    """As the subject of the line, with nothing found."""
    with pytest.raises(ConfigError) as caught:
        options_of(parrot, "asr", {"times": 1})
    assert caught.value.subject == "asr.line"
    assert "None" not in str(caught.value)


# --- listeners ----------------------------------------------------------------------------------------------------

TRIAL = Trial(3, 3, Utterance("a", "a.wav", "/a.wav", 1.0), "2026-01-01")


class Good:
    """Hears of trials, and answers."""

    def __init__(self) -> None:
        self.heard: list[int] = []

    @hookimpl
    def trial_finished(self, trial: Trial) -> None:
        """Note the trial."""
        self.heard.append(trial.index)

    @hookimpl
    def measure(self) -> list[Metric]:
        """Answer without an argument."""
        return []


class Bad:
    """Raises."""

    @hookimpl
    def trial_finished(self) -> None:
        """Fail."""
        raise LookupError("gone")

    @hookimpl
    def measure(self, trial: Trial) -> None:
        """Fail."""
        raise ValueError(trial.index)


def test_news_reach_everybody_whoever_fails() -> None:
    """Each listener is given the arguments that it asks for; a failure is a line with its name."""
    listeners, good, later = Listeners(), Good(), Good()
    for name, listener in (("good", good), ("bad", Bad()), ("later", later)):
        listeners.add(listener, name)
    assert listeners.tell("trial_finished", trial=TRIAL) == ["bad failed in trial_finished: LookupError: gone"]
    assert (good.heard, later.heard) == ([3], [3])


def test_answers_come_with_names_or_with_what_was_raised() -> None:
    """In the order in which listeners were added."""
    listeners = Listeners()
    for name, listener in (("good", Good()), ("bad", Bad()), ("later", Good())):
        listeners.add(listener, name)
    answers = [(name, answer, repr(error)) for name, answer, error in listeners.each("measure", trial=TRIAL)]
    assert answers == [("good", [], "None"), ("bad", None, "ValueError(3)"), ("later", [], "None")]


def test_a_listener_with_a_misspelt_hook_is_refused() -> None:
    """Not heard of for a whole run would be worse."""

    class Misspelt:
        @hookimpl
        def trial_finishd(self, trial: Trial) -> None:
            """Never be called."""

    with pytest.raises(PluginError) as caught:
        Listeners().add(Misspelt(), "misspelt")
    assert str(caught.value).startswith("plugin: found unknown hook 'trial_finishd' in plugin ")
    assert caught.value.choices[0] == "trial_finished"


def test_a_listener_with_a_wrong_argument_is_refused() -> None:
    """The line names it."""

    class Wrong:
        @hookimpl
        def trial_finished(self, trail: Trial) -> None:
            """Never be called."""

    with pytest.raises(PluginError) as caught:
        Listeners().add(Wrong(), "wrong")
    assert str(caught.value).startswith("plugin wrong: found Plugin 'wrong' for hook 'trial_finished' ")
    assert "{'trail'}" in str(caught.value)


def test_a_listeners_name_is_its_own() -> None:
    """Two of one name could not be told apart in a problem's line."""
    listeners = Listeners()
    listeners.add(Good(), "good")
    with pytest.raises(PluginError, match=r"^plugin good: found "):
        listeners.add(Good(), "good")
