import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

import harness
from harness.config import Settings, StageSettings, builtin_folder, settings_of
from harness.errors import ConfigError
from harness.protocol import Budgets, Fit, Protocol
from harness.sweeping.rounds import SweepSettings

MINIMAL: dict[str, Any] = {
    "order": ["asr", "aligner"],
    "asr": {"role": "asr", "stage": "whisper", "beam": 5},
    "aligner": {"role": "aligner", "stage": "ctc"},
    "dataset": {"audio": "jfk.wav"},
}


def checked(**changes: Any) -> Settings:
    """Return the settings of a small configuration with changes."""
    return settings_of(OmegaConf.create({**MINIMAL, **changes}))


def refused(**changes: Any) -> str:
    """Return the line with which a configuration is refused."""
    with pytest.raises(ConfigError) as caught:
        checked(**changes)
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_what_is_not_said_has_its_default() -> None:
    """Those of the protocol; no probe, no plugin, not quiet."""
    settings = checked()
    assert settings.protocol == Protocol(order=("asr", "aligner"))
    assert settings.stages == (
        StageSettings("asr", "asr", "whisper", {"beam": 5}),
        StageSettings("aligner", "aligner", "ctc", {}),
    )
    assert (settings.probes, settings.dataset, settings.plugins) == ({}, {"audio": "jfk.wav"}, ())
    assert (settings.quiet, settings.verbose, settings.outputs) == (False, False, "outputs")
    assert settings.budgets == Budgets(leak_kib=64.0, memory_mib=None, residual_mib=None, strict=False)


def test_every_key_of_the_protocol_is_read() -> None:
    """Whole numbers are taken for seconds; order decides which stages there are."""
    values = {
        "order": ["aligner"],
        "iterations": 100,
        "warmup": 3,
        "lifecycle": "reuse",
        "residency": "all_resident",
        "isolation": "stage",
        "trim": "each",
        "timeout_s": 30,
        "on_crash": "stop",
        "seed": 1,
        "threads": 2,
        "context_length": 2048,
        "sample_hz": 10,
    }
    settings = checked(**values)
    numbers = {"timeout_s": 30.0, "sample_hz": 10.0}
    assert settings.protocol == Protocol(**{**values, "order": ("aligner",), **numbers})  # type: ignore[arg-type]
    assert [stage.key for stage in settings.stages] == ["aligner"]


def test_budgets_are_read() -> None:
    """Whole numbers are taken for MiB and KiB; no budget is none."""
    values = {"leak_kib": 16, "memory_budget_mib": 2000, "residual_budget_mib": 0.5, "strict": True}
    assert checked(**values).budgets == Budgets(leak_kib=16.0, memory_mib=2000.0, residual_mib=0.5, strict=True)
    assert checked(memory_budget_mib=None, residual_budget_mib=None).budgets == Budgets()


def test_probes_are_named_by_their_keys() -> None:
    """An empty file is a probe without options."""
    assert checked(probe={"rss": None, "wer": {"normalizer": "none"}}).probes == {
        "rss": {},
        "wer": {"normalizer": "none"},
    }


def test_values_are_resolved() -> None:
    """An interpolation is its value, for the plugins and for what is stored."""
    settings = checked(threads=3, asr={"role": "asr", "stage": "whisper", "threads": "${threads}"})
    assert settings.stages[0].options == {"threads": 3}
    assert settings.raw["asr"] == {"role": "asr", "stage": "whisper", "threads": 3}


@pytest.mark.parametrize("key", ["iterations", "threads", "context_length"])
@pytest.mark.parametrize(
    ("value", "found"),
    [(0, "0"), (-1, "-1"), (True, "True"), (1.5, "1.5"), ("two", "'two'"), (None, "None"), ([1], "[1]")],
)
def test_a_count_is_a_whole_number_of_at_least_1(key: str, value: object, found: str) -> None:
    """A boolean is no number, and a text is not read as one."""
    assert refused(**{key: value}) == f"{key}: found {found}, expected a whole number of at least 1"


@pytest.mark.parametrize("key", ["warmup", "seed"])
@pytest.mark.parametrize(("value", "found"), [(-1, "-1"), (False, "False"), (0.0, "0.0"), ("", "''")])
def test_some_counts_may_be_0(key: str, value: object, found: str) -> None:
    """But no less, and no other type."""
    assert refused(**{key: value}) == f"{key}: found {found}, expected a whole number of at least 0"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (0, "0"),
        (-0.5, "-0.5"),
        (True, "True"),
        ("1m", "'1m'"),
        (None, "None"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
    ],
)
def test_a_time_limit_is_above_0(value: object, found: str) -> None:
    """And an end in sight."""
    assert refused(timeout_s=value) == f"timeout_s: found {found}, expected a number above 0"


@pytest.mark.parametrize("value", [0, 0.1, 12.5, 100, 1000])
def test_a_rate_of_samples_is_a_number_up_to_1000(value: float) -> None:
    """Fractions too; 0 turns sampling off."""
    assert checked(sample_hz=value).protocol.sample_hz == value


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (-1, "-1"),
        (-0.01, "-0.01"),
        (1000.5, "1000.5"),
        (10**9, "1000000000"),
        (True, "True"),
        ("fast", "'fast'"),
        (None, "None"),
        ([100], "[100]"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_another_rate_of_samples_is_refused(value: object, found: str) -> None:
    """In one line that says which there may be."""
    line = f"sample_hz: found {found}, expected samples a second, at most 1000, or 0 for none"
    assert refused(sample_hz=value) == line


@pytest.mark.parametrize("key", ["leak_kib", "memory_budget_mib", "residual_budget_mib"])
@pytest.mark.parametrize(
    ("value", "found"),
    [
        (0, "0"),
        (-64, "-64"),
        (False, "False"),
        ("64 KiB", "'64 KiB'"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
        ([64], "[64]"),
    ],
)
def test_a_budget_is_above_0(key: str, value: object, found: str) -> None:
    """A boolean is no number, and a text is not read as one."""
    assert refused(**{key: value}) == f"{key}: found {found}, expected a number above 0"


def test_there_is_always_a_growth_to_be_told() -> None:
    """Budgets may be none, but without a rate that matters there would be no verdict."""
    assert refused(leak_kib=None) == "leak_kib: found None, expected a number above 0"


@pytest.mark.parametrize(("value", "found"), [("yes", "'yes'"), (1, "1"), (0.0, "0.0"), (None, "None")])
def test_strict_is_true_or_false(value: object, found: str) -> None:
    """And nothing else."""
    assert refused(strict=value) == f"strict: found {found}, expected true or false"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"lifecycle": "restrt"},
            "lifecycle: found 'restrt', expected one of its values; choose from: restart, reuse, recreate",
        ),
        (
            {"residency": "all"},
            "residency: found 'all', expected one of its values; "
            "choose from: all_resident, one_at_a_time, phase_batched",
        ),
        ({"isolation": 1}, "isolation: found 1, expected one of its values; choose from: iteration, run, stage"),
        ({"trim": None}, "trim: found None, expected one of its values; choose from: never, end, each"),
        ({"on_crash": ["stop"]}, "on_crash: found ['stop'], expected one of its values; choose from: stop, continue"),
    ],
)
def test_a_choice_is_one_of_its_values(changes: dict[str, Any], line: str) -> None:
    """The nearest first."""
    assert refused(**changes) == line


@pytest.mark.parametrize(
    ("order", "line"),
    [
        ([], "found [], expected a list of stages, for instance [asr,aligner]"),
        (None, "found None, expected a list of stages, for instance [asr,aligner]"),
        ("asr", "found 'asr', expected a list of stages, for instance [asr,aligner]"),
        (["asr", "asr2"], "found 'asr2', expected a stage of the configuration"),
        (["dataset"], "found 'dataset', expected a stage of the configuration"),
        (["asr", "aligner", "asr"], "found 'asr' 2 times, expected each stage once"),
    ],
)
def test_an_order_is_a_list_of_stages(order: object, line: str) -> None:
    """Not empty, each of them known and named once; the choices are the stages there are."""
    assert refused(order=order).startswith(f"order: {line}; choose from: a")
    assert set(refused(order=order).rpartition(": ")[2].split(", ")) == {"asr", "aligner"}


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"asr": {"role": "tts", "stage": "x"}},
            "asr.role: found 'tts', expected a role; choose from: asr, aligner",
        ),
        ({"asr": {"stage": "x"}}, "asr.role: found None, expected a role; choose from: aligner, asr"),
        (
            {"asr": {"role": "asr", "stage": None}},
            "asr.stage: found None, expected the name of a stage with the role asr",
        ),
        ({"dataset": "jfk"}, "dataset: found 'jfk', expected a mapping of keys to values"),
        ({"probe": ["rss"]}, "probe: found ['rss'], expected a mapping of keys to values"),
        ({"probe": {"rss": "on"}}, "probe.rss: found 'on', expected a mapping of keys to values"),
        ({"probe": {"rss": False}}, "probe.rss: found False, expected a mapping of keys to values"),
        ({"plugins": "mine"}, "plugins: found 'mine', expected a list of names"),
        ({"plugins": [1]}, "plugins: found [1], expected a list of names"),
        ({"charts": "svg"}, "charts: found 'svg', expected a list of names"),
        ({"charts": [True]}, "charts: found [True], expected a list of names"),
        ({"charts": ["svg", "pdf"]}, "charts: found 'pdf', expected a format for charts; choose from: png, svg"),
        ({"quiet": "yes"}, "quiet: found 'yes', expected true or false"),
        ({"verbose": 1}, "verbose: found 1, expected true or false"),
        (
            {"asr": {"role": "asr", "stage": "x", "model": "???"}},
            "asr.model: found '???', expected a value that can be resolved",
        ),
        (
            {"threads": "${thread}"},
            "threads: found '${thread}', expected a value that can be resolved",
        ),
    ],
)
def test_a_value_of_another_shape_is_refused(changes: dict[str, Any], line: str) -> None:
    """One line that names key and value, and says what would be right."""
    assert refused(**changes) == line


@pytest.mark.parametrize("lifecycle", ["restart", "reuse"])
def test_a_model_that_stays_is_in_the_way_of_the_next(lifecycle: str) -> None:
    """One model at a time and two stages: only recreate can do that."""
    assert refused(lifecycle=lifecycle) == (
        f"lifecycle: found '{lifecycle}' with residency=one_at_a_time and 2 stages in order, expected recreate, "
        "for each model has to leave before the next one comes; or residency=phase_batched or all_resident, or one "
        "stage in order"
    )
    assert checked(lifecycle=lifecycle, order=["asr"]).protocol.lifecycle == lifecycle
    assert checked(lifecycle=lifecycle, residency="phase_batched").protocol.lifecycle == lifecycle


# --- the configuration that travels along -----------------------------------------------------------------------


@pytest.fixture
def no_hydra() -> Iterator[None]:
    """Leave no composed configuration behind."""
    yield
    GlobalHydra.instance().clear()


def composed(*overrides: str) -> Settings:
    """Return the settings of our own configuration with overrides."""
    with initialize_config_dir(str(builtin_folder("conf")), version_base=None):
        return settings_of(compose("config", list(overrides)))


@pytest.mark.usefixtures("no_hydra")
def test_the_shipped_configuration_holds_the_records_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """What conf/config.yaml says and what the protocol says are one."""
    monkeypatch.delenv("INFERENCE_THREADS", raising=False)
    monkeypatch.delenv("CONTEXT_LENGTH", raising=False)
    settings = composed()
    assert (settings.protocol, settings.budgets) == (Protocol(order=("asr", "aligner")), Budgets())
    assert sorted(settings.probes) == ["drift", "handles", "rss", "rtf", "ttft", "wer"]
    assert [(stage.role, stage.stage) for stage in settings.stages] == [
        ("asr", "pocketsphinx"),
        ("aligner", "pocketsphinx"),
    ]


@pytest.mark.usefixtures("no_hydra")
@pytest.mark.parametrize(("variable", "key"), [("INFERENCE_THREADS", "threads"), ("CONTEXT_LENGTH", "context_length")])
def test_an_environment_variable_sets_a_default(variable: str, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A number in it is one, and the command line goes before it."""
    monkeypatch.setenv(variable, "12")
    assert getattr(composed().protocol, key) == 12
    assert getattr(composed(f"{key}=3").protocol, key) == 3


@pytest.mark.usefixtures("no_hydra")
@pytest.mark.parametrize(
    ("variable", "key", "value", "found"),
    [
        ("INFERENCE_THREADS", "threads", "abc", "'abc'"),
        ("INFERENCE_THREADS", "threads", "0", "0"),
        ("INFERENCE_THREADS", "threads", "true", "True"),
        ("INFERENCE_THREADS", "threads", "2 4", "'2 4'"),
        ("CONTEXT_LENGTH", "context_length", "1.5", "1.5"),
    ],
)
def test_rubbish_in_an_environment_variable_is_one_line(
    variable: str, key: str, value: str, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for any other value of the key."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError) as caught:
        composed()
    assert str(caught.value) == f"{key}: found {found}, expected a whole number of at least 1"


@pytest.mark.usefixtures("no_hydra")
@pytest.mark.parametrize("value", ["", " ", "[1"])
def test_an_environment_variable_that_cannot_be_read_is_one_line(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no grammar reads, or nothing at all, names its key too."""
    monkeypatch.setenv("INFERENCE_THREADS", value)
    with pytest.raises(ConfigError) as caught:
        composed()
    line = str(caught.value)
    assert line.startswith("threads: found ")
    assert "\n" not in line
    assert "Error" not in line, "a parser's own words are no help"


def test_what_travels_along_is_found_in_a_checkout_and_in_a_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the package, or inside it where there is such a folder."""
    package = tmp_path / "harness"
    package.mkdir()
    monkeypatch.setattr(harness, "__file__", str(package / "__init__.py"))
    assert builtin_folder("conf") == tmp_path / "conf"
    (package / "conf").mkdir()
    assert builtin_folder("conf") == package / "conf"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, Fit()),
        ({}, Fit()),
        ({"limit_mib": 200, "search": False, "tolerance_mib": 4}, Fit(limit_mib=200.0, tolerance_mib=4.0)),
        ({"limit_mib": 16}, Fit(limit_mib=16.0)),
        ({"limit_mib": None, "search": True}, Fit(search=True)),
    ],
)
def test_a_memory_limit(value: object, expected: Fit) -> None:
    """Whole numbers are taken for MiB; what enforces it is not a matter of configuration."""
    assert checked(fit=value).fit == expected


def test_cold_loads_need_a_system_that_can_drop(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line where the page cache cannot be asked to forget a file."""
    monkeypatch.delattr(os, "posix_fadvise", raising=False)
    assert refused(page_cache="cold") == (
        "page_cache: found 'cold' on a system without posix_fadvise, expected as_is or warm"
    )
    assert checked(page_cache="warm").protocol.page_cache == "warm"


def test_a_block_of_a_sweep_has_its_share_of_the_iterations() -> None:
    """And knows which it is; without the keys all is one."""
    assert (checked().sweep, checked(iterations=7).protocol.iterations) == (SweepSettings(), 7)
    settings = checked(iterations=7, sweep={"interleave": 3, "baseline": 0, "block": 0})
    assert settings.sweep == SweepSettings(interleave=3, baseline="0", block=0)
    assert (settings.protocol.iterations, settings.raw["iterations"]) == (3, 7)
    assert refused(iterations=7, sweep={"interleave": 8, "block": 0}) == (
        "sweep.interleave: found 8, expected at most iterations=7: a block has at least one iteration"
    )
    assert refused(sweep={"interleave": 2}) == (
        "sweep.interleave: found 2 for a single run, expected 1; with -m the cells of a sweep take turns"
    )
