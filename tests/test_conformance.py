"""What every stage, probe and exporter has to keep to, those of other distributions too."""

import ast
import importlib.util
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, get_args
from urllib.parse import unquote, urlparse

import msgspec
import pytest
from omegaconf import OmegaConf

from harness.config import builtin_folder
from harness.hookspecs import POINTS, Exporter, Probe
from harness.hydra_app import search_path
from harness.metrics import Better, Kind, Measurement, Metric, Quantity
from harness.normalizer import names, normalizer
from harness.plugins import Found, Listeners, discover, options_of
from harness.records import Outcome, Phase, Role, Streams, Trial, Visit
from harness.stage import Stage
from tests import stored

REGISTRY = discover()
ALL = {
    **{f"{role}/{name}": found for (role, name), found in REGISTRY.stages.items()},
    **{f"probe/{name}": found for name, found in REGISTRY.probes.items()},
    **{f"exporter/{name}": found for name, found in REGISTRY.exporters.items()},
}
BASES: Mapping[str, type[Any]] = {"probe": Probe, "exporter": Exporter}
each = pytest.mark.parametrize("group", sorted(ALL))
each_stage = pytest.mark.parametrize("group", sorted(group for group in ALL if group.partition("/")[0] not in BASES))
each_probe = pytest.mark.parametrize("name", sorted(REGISTRY.probes))
each_exporter = pytest.mark.parametrize("name", sorted(REGISTRY.exporters))


# --- stages and probes ------------------------------------------------------------------------------------------


def test_something_is_found() -> None:
    """The plugins that ship are found by their entry points."""
    assert {"asr/pocketsphinx", "aligner/pocketsphinx", "probe/rss", "probe/ttft", "probe/rtf", "probe/wer"} <= set(ALL)


@each
def test_documented(group: str) -> None:
    """A plugin's module, its class, its options and what it overrides have docstrings of their own."""
    cls = ALL[group].cls
    assert inspect.getdoc(sys.modules[cls.__module__])
    assert cls.__doc__
    assert cls.Options.__doc__
    undocumented = [
        name
        for name, member in vars(cls).items()
        if inspect.isfunction(member) and not name.startswith("_") and not inspect.getdoc(member)
    ]
    assert undocumented == []


@each
def test_name(group: str) -> None:
    """A name can be typed: it is what YAML and the command line call the plugin."""
    cls = ALL[group].cls
    kind = next((kind for kind, base in BASES.items() if issubclass(cls, base)), None) or cls.role
    assert group == f"{kind}/{cls.name}"
    assert re.fullmatch(r"[a-z][a-z0-9_]*", cls.name)


@each
def test_options_are_frozen(group: str) -> None:
    """Options are a frozen dataclass."""
    options = ALL[group].cls.Options
    assert is_dataclass(options)
    assert vars(options)["__dataclass_params__"].frozen


@cache
def yaml_file(group: str) -> Path:
    """Return the YAML file of a stage or probe, in the first folder of the search path that has it."""
    for element in search_path().get_path():
        if element.path is not None:
            place = urlparse(element.path)
            if place.scheme in ("", "file") and (Path(unquote(place.path)) / f"{group}.yaml").is_file():
                return Path(unquote(place.path)) / f"{group}.yaml"
    raise AssertionError(f"no {group}.yaml in any folder of the configuration")


@cache
def yaml_values(group: str) -> Mapping[str, Any]:
    """Return the option values that a plugin's YAML gives it within the shipped configuration."""
    whole = OmegaConf.load(builtin_folder("conf") / "config.yaml")
    key = group.partition("/")[0]
    merged = OmegaConf.merge(whole, {key: OmegaConf.load(yaml_file(group))})
    found = OmegaConf.to_container(OmegaConf.select(merged, key), resolve=True)
    assert isinstance(found, dict)
    if key in BASES:
        assert list(found) == [ALL[group].cls.name]
        found = found[ALL[group].cls.name] or {}
    return {str(name): value for name, value in found.items()}


@each
def test_yaml_has_exactly_the_options(group: str) -> None:
    """The YAML file has every option and nothing else; a stage's says its role and its name besides."""
    cls = ALL[group].cls
    values = dict(yaml_values(group))
    if issubclass(cls, Stage):
        assert (values.pop("role"), values.pop("stage")) == (cls.role, cls.name)
    assert sorted(values) == sorted(field.name for field in fields(cls.Options))


def configured(group: str) -> Any:
    """Return the options that the shipped configuration makes."""
    values = {name: value for name, value in yaml_values(group).items() if name not in ("role", "stage")}
    return options_of(ALL[group], group, values)


@each
def test_yaml_is_accepted(group: str) -> None:
    """The values of the YAML file are of the options' types."""
    assert isinstance(configured(group), ALL[group].cls.Options)


@each
def test_defaults_are_accepted(group: str) -> None:
    """Each default is of its option's own type, and survives the way through the configuration."""
    cls = ALL[group].cls
    made = configured(group)
    defaults = {
        field.name: field.default if field.default_factory is MISSING else field.default_factory()
        for field in fields(cls.Options)
        if field.default is not MISSING or field.default_factory is not MISSING
    }
    whole = {**{field.name: getattr(made, field.name) for field in fields(cls.Options)}, **defaults}
    found = options_of(ALL[group], group, msgspec.to_builtins(whole))
    assert {name: getattr(found, name) for name in defaults} == defaults


# --- stages -----------------------------------------------------------------------------------------------------


@each_stage
def test_role_and_streams(group: str) -> None:
    """Role and way of streaming are among those that exist; capabilities are yes or no."""
    cls: type[Stage] = ALL[group].cls
    assert cls.role in get_args(Role)
    assert cls.streams in get_args(Streams)
    assert {type(value) for value in (cls.uses_threads, cls.one_per_process, cls.takes_pcm)} == {bool}


@each_stage
def test_thread_count_can_be_given(group: str) -> None:
    """A stage that uses threads lets their number be chosen."""
    cls: type[Stage] = ALL[group].cls
    if cls.uses_threads:
        assert "threads" in [field.name for field in fields(cls.Options)]


@each_stage
def test_whole_life(group: str) -> None:
    """A stage says how to load, to run and to unload; nothing of it happens when it is made."""
    cls: type[Stage] = ALL[group].cls
    assert all(getattr(cls, name) is not getattr(Stage, name) for name in ("load", "run", "unload"))
    stage = cls(configured(group))
    assert stage.label()


def top_imports(tree: ast.Module) -> Iterator[str]:
    """Yield the modules that a file imports when it is imported; what is only for a type checker is not."""
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        statement = waiting.pop()
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            yield "." * statement.level + (statement.module or "")
        elif isinstance(statement, ast.If):
            checking = "TYPE_CHECKING" in ast.unparse(statement.test)
            waiting += statement.orelse if checking else [*statement.body, *statement.orelse]
        elif isinstance(statement, ast.Try):
            waiting += [*statement.body, *statement.orelse, *statement.finalbody]
            waiting += [inner for handler in statement.handlers for inner in handler.body]
        elif isinstance(statement, ast.With | ast.ClassDef):
            waiting += statement.body


def unfit_imports(module: str) -> set[str]:
    """Return what a stage's module, and those of its own package that it needs, import and must not."""
    package = module.rpartition(".")[0]
    unfit, seen, waiting = set(), {module}, [module]
    while waiting:
        spec = importlib.util.find_spec(waiting.pop())
        assert spec is not None
        assert spec.origin is not None
        for name in top_imports(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))):
            if package and name.startswith(f"{package}.") and name not in seen:
                seen.add(name)
                waiting.append(name)
            elif name not in seen and name != "harness.stage" and name.partition(".")[0] not in sys.stdlib_module_names:
                unfit.add(name)
    return unfit


@each_stage
def test_imports_at_the_top(group: str) -> None:
    """At its top a stage imports the standard library, the contract, and modules of its own beside it."""
    assert unfit_imports(ALL[group].cls.__module__) == set()


LOADED = """
import sys
before = set(sys.modules)
import {module}
import json
print(json.dumps(sorted(set(sys.modules) - before)))
"""


@each_stage
def test_light_in_a_fresh_process(group: str) -> None:
    """Importing a stage pulls in no engine and no other package: that is left for ``prepare``, where it is measured."""
    module = ALL[group].cls.__module__
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(module=module)], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    own = {"harness", module.partition(".")[0]}
    assert loaded - own - set(sys.stdlib_module_names) == set()
    assert not {"numpy", "pluggy", "msgspec", "psutil", "hydra"} & loaded


# --- probes -----------------------------------------------------------------------------------------------------

LAST = stored.trial(2, trimmed=True)
STORED: Mapping[str, Trial] = {
    "first": stored.trial(),
    "last": LAST,
    "failed": stored.failed(1),
    "no reference": stored.trial(1, utterance=stored.utterance(reference=None, no_reference="the transcript is empty")),
    "no visit": stored.trial(1, visits=(), outcome=Outcome("crashed", "asr", "prepare", "SIGKILL")),
    "empty visits": stored.trial(
        1,
        visits=(Visit("asr", "asr", "pieces"), Visit("aligner", "aligner", text_from="reference")),
        outcome=Outcome("interrupted"),
    ),
    "nothing observed": replace(LAST, visits=tuple(replace(visit, observations=()) for visit in LAST.visits)),
    "no audio": stored.trial(1, utterance=stored.utterance(duration_s=0.0)),
    "no counters": replace(
        LAST,
        visits=tuple(
            replace(
                visit,
                observations=tuple(replace(one, values=dict.fromkeys(one.values)) for one in visit.observations),
            )
            for visit in LAST.visits
        ),
    ),
}
each_trial = pytest.mark.parametrize("trial", STORED)


def probe(name: str) -> Probe:
    """Return a probe with the options of the shipped configuration."""
    made: Probe = REGISTRY.probes[name].cls(configured(f"probe/{name}"))
    return made


def measure(name: str, trial: Trial) -> list[Measurement]:
    """Return a probe's answer on a trial as it is read from its file."""
    decoded = msgspec.json.decode(msgspec.json.encode(trial), type=Trial)
    assert decoded == trial
    hook = getattr(probe(name), "measure", None)
    return [] if hook is None else list(hook(trial=decoded))


@each_probe
def test_metrics(name: str) -> None:
    """Each metric says its unit, its meaning in a sentence, its kind, and a format that works."""
    cls: type[Probe] = REGISTRY.probes[name].cls
    assert cls.metrics
    for metric in cls.metrics:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", metric.name)
        assert metric.unit
        assert metric.description
        assert metric.kind in set(Kind)
        assert metric.better in get_args(Better)
        assert format(1.5, metric.format)
        assert metric.quantity in set(get_args(Quantity)) - {""}


def test_metric_names_are_unique() -> None:
    """No two metrics of one scope have a name, whichever probes they are of."""
    names = [(metric.scope, metric.name) for found in REGISTRY.probes.values() for metric in found.cls.metrics]
    assert sorted(names) == sorted(set(names))


@each_probe
def test_observes_or_measures(name: str) -> None:
    """A probe has one of the hooks that make it a probe."""
    assert {"observe", "measure"} & set(dir(REGISTRY.probes[name].cls))


def fits(measurement: Measurement, metric: Metric) -> bool:
    """Tell whether a measurement is of its metric's kind, or absent with a reason; exactly one of them."""
    value = measurement.value is not None
    both = measurement.numerator is not None and measurement.denominator not in (None, 0)
    text = measurement.text is not None
    right = {Kind.SAMPLE: value, Kind.TREND: value, Kind.RATIO: both, Kind.CONSTANCY: text}[metric.kind]
    return sum((value, both, text, bool(measurement.reason))) == 1 and (right or bool(measurement.reason))


@each_probe
@each_trial
def test_measurements_are_declared(name: str, trial: str) -> None:
    """What is measured was declared: the metric, its scope, its kind; and each only once."""
    declared = {metric.name: metric for metric in REGISTRY.probes[name].cls.metrics}
    found = measure(name, STORED[trial])
    stages = {visit.stage for visit in STORED[trial].visits}
    for measurement in found:
        metric = declared[measurement.metric]
        assert measurement.scope in (stages if metric.scope == "stage" else {metric.scope})
        assert fits(measurement, metric), measurement
    names = [measurement.name for measurement in found]
    assert len(names) == len(set(names))


@each_probe
@each_trial
def test_measure_is_pure(name: str, trial: str) -> None:
    """The same trial gives the same values, whether by the same object or by another."""
    assert measure(name, STORED[trial]) == measure(name, STORED[trial])
    hook = getattr(probe(name), "measure", None)
    if hook is not None:
        assert list(hook(trial=STORED[trial])) == list(hook(trial=STORED[trial]))


@each_probe
@pytest.mark.parametrize("trial", ["no visit", "empty visits"])
def test_nothing_is_made_of_nothing(name: str, trial: str) -> None:
    """Of a trial in which nothing was done there is no value, least of all 0: each metric says why."""
    assert [one for one in measure(name, STORED[trial]) if not one.reason] == []


@each_probe
@pytest.mark.parametrize("points", [POINTS[:length] for length in range(len(POINTS) + 1)], ids=len)
def test_trial_that_was_cut_short(name: str, points: tuple[str, ...]) -> None:
    """Wherever a trial was cut short, measuring it raises nothing, and a value that it has is that of the whole."""
    whole = stored.asr_visit()
    done = {"loaded": "load", "ran": "run", "unloaded": "unload", "prepared": "prepare"}
    phases: tuple[Phase, ...] = tuple(
        phase for phase in whole.phases if phase.name in {done[point] for point in points if point in done}
    )
    ran = "ran" in points
    visit = replace(
        whole,
        phases=phases,
        observations=tuple(one for one in whole.observations if one.point in points),
        deliveries=whole.deliveries if ran else (),
        text=whole.text if ran else None,
    )
    trial = stored.trial(visits=(visit,), outcome=Outcome("crashed", "asr", "run", "SIGSEGV"))
    expected = {one.name: one for one in measure(name, stored.trial(visits=(whole,))) if one.scope == "asr"}
    for one in measure(name, trial):
        if one.scope == "asr" and not one.reason:
            assert one == expected[one.name]


def test_the_found_are_classes() -> None:
    """What is registered is a class of its kind, with the distribution that it came from."""
    for group, found in ALL.items():
        assert isinstance(found, Found)
        assert issubclass(found.cls, BASES.get(group.partition("/")[0], Stage))
        assert found.origin


# --- exporters --------------------------------------------------------------------------------------------------

RUNS: Mapping[str, tuple[Trial, ...]] = {
    "whole": stored.trials(),
    "failed": (stored.trials()[0], stored.failed(1), stored.trials()[2]),
    "none": (),
}


def exporter(name: str) -> Exporter:
    """Return an exporter with the options of the shipped configuration."""
    made: Exporter = REGISTRY.exporters[name].cls(configured(f"exporter/{name}"))
    return made


@each_exporter
@pytest.mark.parametrize(("trials", "where"), [("whole", True), ("failed", False), ("none", True)])
def test_every_run_can_be_exported(
    name: str, trials: str, where: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a run came to, an exporter hands it on; of what the run left it changes nothing, and prints nothing."""
    monkeypatch.chdir(tmp_path)
    folder = stored.write(
        tmp_path / "outputs" / "run", stored.run(), RUNS[trials], stored.environment() if where else None
    )
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    made = exporter(name)
    made.preflight()
    listeners = Listeners()
    listeners.add(made, name)
    assert listeners.tell("run_finished", run=stored.run(), folder=folder) == []
    assert {path: (folder / path).read_bytes() for path in before} == before


@each_exporter
def test_an_exporter_hears_of_the_end(name: str) -> None:
    """The hook that makes it an exporter is there, and nothing but news of a run is listened to."""
    hooks = {
        hook
        for hook in dir(REGISTRY.exporters[name].cls)
        if hasattr(getattr(REGISTRY.exporters[name].cls, hook), "harness_impl")
    }
    assert "run_finished" in hooks
    assert not {"observe", "measure"} & hooks


@each_exporter
def test_an_exporter_is_light_until_it_is_needed(name: str) -> None:
    """Finding it imports none of the packages that its extra brings."""
    module = REGISTRY.exporters[name].cls.__module__
    heavy = ("pyarrow", "mlflow", "sqlalchemy", "numpy", "scipy")
    code = f"import sys, {module}; print([one for one in {heavy} if one in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"


# --- normalisers ------------------------------------------------------------------------------------------------

TEXTS = (
    "And so, my fellow Americans:  ask not!",
    "",
    " \t",
    "...",
    "<b>it's</b> 21% \x1b[31m\x00",
    "\u05e9\u05dc\u05d5\u05dd, \u05e2\u05d5\u05dc\u05dd!",
    "\u4f60\u597d\uff0c\u4e16\u754c\u3002",
    "\ud800 half a pair",
)


@pytest.mark.parametrize("name", names())
def test_a_normaliser_makes_a_text_of_any_text(name: str) -> None:
    """The same each time, with one space between words and none at the ends; its name can be typed."""
    one = normalizer(name)
    assert re.fullmatch(r"[a-z][a-z0-9_]*", one.name)
    assert one.version
    assert inspect.getdoc(one.normalize)
    made = [one.normalize(text) for text in TEXTS]
    assert made == [one.normalize(text) for text in TEXTS]
    assert made == [" ".join(text.split()) for text in made]
