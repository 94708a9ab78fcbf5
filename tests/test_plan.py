from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from harness.corpus.corpus import decoded
from harness.errors import ConfigError, UserError
from harness.hookspecs import Probe
from harness.metrics import Metric
from harness.plan import JobFacts, Plan, make_plan
from harness.plugins import Found, Registry
from harness.protocol import Budgets, Fit
from harness.records import ProbeRecord, StageRecord, Utterance
from harness.stage import Stage, Unusable
from harness.sweeping.rounds import SweepSettings
from tests.conftest import FACTS, MakeSettings


class Picky(Stage):
    """Cannot run with an option of 0, and stands no second model."""

    role = "asr"
    name = "picky"
    streams = "hypotheses"
    one_per_process = True

    @dataclass(frozen=True)
    class Options:
        """A size, and a model."""

        size: int = 1
        model: str = "models/large.bin"

    def preflight(self) -> None:
        """Check the size, or the machine."""
        if self.options.size == 0:
            raise Unusable("0", "a size", "size", ("1", "2"))
        if self.options.size == 9:
            raise Unusable("no library", "pip install it")

    def label(self) -> str:
        """Return the model."""
        return str(self.options.model)


class Watch(Probe):
    """Has a metric and an option."""

    name = "watch"
    metrics: ClassVar[tuple[Metric, ...]] = (Metric(name="seen", unit="1"),)

    @dataclass(frozen=True)
    class Options:
        """How close."""

        closely: bool = False


@pytest.fixture
def known(registry: Registry) -> Registry:
    """Return the registry with the two above in it."""
    return Registry(
        {**registry.stages, ("asr", "picky"): Found(Picky, "tests 1.0")},
        {**registry.probes, "watch": Found(Watch, "tests 1.0")},
    )


def planned(
    settings: MakeSettings, known: Registry, utterance: Utterance, asr: Mapping[str, Any] | None = None, **more: Any
) -> Plan:
    """Return the plan for the picky ASR alone, or for what ``more`` says of the protocol."""
    made = settings(order=("asr",), **more)
    stage = replace(made.stages[0], stage="picky", options=asr or {})
    return make_plan(replace(made, stages=(stage,)), known, decoded([utterance]), FACTS)


def test_budgets_travel_into_the_record(settings: MakeSettings, known: Registry, utterance: Utterance) -> None:
    """A stored run knows what it was held to."""
    budgets = Budgets(leak_kib=16.0, memory_mib=2000.0, residual_mib=1.0, strict=True)
    made = replace(settings(), budgets=budgets)
    assert make_plan(made, known, decoded([utterance]), FACTS).run.budgets == budgets


def test_a_stages_record_says_what_will_run(settings: MakeSettings, known: Registry, utterance: Utterance) -> None:
    """Name, origin, every option with its default, capabilities and label; the worker is told the class by name."""
    plan = planned(settings, known, utterance, {"size": 2})
    assert plan.run.stages == (
        StageRecord(
            key="asr",
            role="asr",
            name="picky",
            origin="tests 1.0",
            options={"size": 2, "model": "models/large.bin"},
            streams="hypotheses",
            uses_threads=True,
            one_per_process=True,
            label="models/large.bin",
        ),
    )
    assert (plan.stages["asr"].module, plan.stages["asr"].class_name) == (__name__, "Picky")
    assert plan.one_per_process == frozenset({"asr"})


def test_a_run_says_how_it_was_asked_for(settings: MakeSettings, registry: Registry, utterance: Utterance) -> None:
    """The job's facts are kept; trials are iterations times utterances."""
    facts = JobFacts("12-00-00", "2026-01-01T12:00:00", "0.1.0", ("iterations=3",), ("iterations",), "exp5")
    made = replace(settings(iterations=3), dataset={"audio": "a.wav"})
    run = make_plan(made, registry, decoded([utterance] * 2), facts).run
    assert (run.id, run.started_at, run.harness_version) == ("12-00-00", "2026-01-01T12:00:00", "0.1.0")
    assert (run.overrides, run.swept, run.experiment) == (("iterations=3",), ("iterations",), "exp5")
    assert (run.trials, run.dataset, run.protocol) == (6, {"audio": "a.wav"}, made.protocol)


def test_probes_are_made_and_recorded(settings: MakeSettings, known: Registry, utterance: Utterance) -> None:
    """With options, origin and everything that they can report."""
    made = replace(settings(), probes={"watch": {"closely": True}})
    plan = make_plan(made, known, decoded([utterance]), FACTS)
    assert [probe.options for probe in plan.probes] == [Watch.Options(closely=True)]
    assert plan.run.probes == (
        ProbeRecord(name="watch", origin="tests 1.0", options={"closely": True}, metrics=tuple(Watch.metrics)),
    )


@pytest.mark.parametrize(
    ("size", "line"),
    [
        (0, "asr.size: found 0, expected a size; choose from: 1, 2"),
        (9, "asr: found no library, expected pip install it"),
        ("big", "asr.size: found 'big', expected a whole number"),
    ],
)
def test_a_stage_that_cannot_run_here_is_refused(
    size: object, line: str, settings: MakeSettings, known: Registry, utterance: Utterance
) -> None:
    """Before the first worker, with the option at fault where it is one."""
    with pytest.raises(ConfigError) as caught:
        planned(settings, known, utterance, {"size": size})
    assert str(caught.value) == line


def test_a_run_that_goes_on_may_have_exported_already(
    settings: MakeSettings, registry: Registry, utterance: Utterance, tmp_path: Path
) -> None:
    """A path that is taken is refused before a new run alone; whose file it is shows when it is written."""
    place = tmp_path / "mine.csv"
    place.write_text("")
    made = replace(settings(), exporters={"csv": {"path": str(place)}})
    with pytest.raises(ConfigError, match=r"exporter\.csv\.path: found .* that exists"):
        make_plan(made, registry, decoded([utterance]), FACTS)
    assert len(make_plan(made, registry, decoded([utterance]), replace(FACTS, resumed=True)).exporters) == 1


def test_names_that_nobody_registered_are_refused(
    settings: MakeSettings, known: Registry, utterance: Utterance
) -> None:
    """Stage, probe, and a probe's option."""
    made = settings()
    unknown = replace(made, stages=(replace(made.stages[0], stage="pickle"), made.stages[1]))
    lines = []
    for wrong in (unknown, replace(made, probes={"wach": {}}), replace(made, probes={"watch": {"close": True}})):
        with pytest.raises(ConfigError) as caught:
            make_plan(wrong, known, decoded([utterance]), FACTS)
        lines.append(str(caught.value))
    assert lines[0].startswith(
        "asr.stage: found 'pickle', expected the name of a stage with the role asr; choose from: picky, "
    )
    assert lines[1].startswith("probe: found 'wach', expected the name of a probe; choose from: watch, ")
    assert lines[2] == "probe.watch.close: found the key 'close', expected an option of watch; choose from: closely"


@pytest.mark.parametrize(
    ("iterations", "warmup", "line"),
    [
        (2, 0, None),
        (1, 0, None),
        (3, 1, None),
        (2, 1, "warmup: found 1 of 2 trials, expected at most 0: one is cold, and one must be left to measure"),
        (5, 4, "warmup: found 4 of 5 trials, expected at most 3: one is cold, and one must be left to measure"),
    ],
)
def test_warm_up_leaves_one_to_measure(
    iterations: int, warmup: int, line: str | None, settings: MakeSettings, registry: Registry, utterance: Utterance
) -> None:
    """Beside the cold first one."""
    made = settings(iterations=iterations, warmup=warmup)
    if line is None:
        assert make_plan(made, registry, decoded([utterance]), FACTS).run.trials == iterations
    else:
        with pytest.raises(ConfigError) as caught:
            make_plan(made, registry, decoded([utterance]), FACTS)
        assert str(caught.value) == line


@pytest.mark.parametrize("order", [("aligner",), ("aligner", "asr")])
def test_an_aligner_without_a_text_is_refused(
    order: tuple[str, ...], settings: MakeSettings, registry: Registry, utterance: Utterance
) -> None:
    """Neither a transcript before it nor a reference: the line names the utterance and both ways out."""
    silent = replace(utterance, reference=None, no_reference="no transcript was named")
    with pytest.raises(UserError) as caught:
        make_plan(settings(order=order), registry, decoded([utterance, silent]), FACTS)
    assert str(caught.value) == (
        "order: found 'aligner' with no ASR before it, and for silence no transcript was named, "
        "expected an ASR before the aligner, or dataset.transcript"
    )
    assert make_plan(settings(order=order), registry, decoded([utterance]), FACTS).run.trials == 1
    assert make_plan(settings(order=("asr", "aligner")), registry, decoded([silent]), FACTS).run.trials == 1


def test_notes_say_what_changes_nothing(settings: MakeSettings, registry: Registry, utterance: Utterance) -> None:
    """Threads that are swept over engines without any, and a batch of one."""
    swept = replace(FACTS, swept=("threads",))
    made = settings(residency="phase_batched")
    assert make_plan(made, registry, decoded([utterance]), swept).run.notes == (
        "threads is swept, and changes nothing for asr (scripted), aligner (scripted): uses_threads is false",
        "residency=phase_batched with one utterance does what one_at_a_time does",
    )
    assert make_plan(made, registry, decoded([utterance] * 2), FACTS).run.notes == ()
    swept = replace(FACTS, swept=("context_length",))
    assert make_plan(settings(), registry, decoded([utterance]), swept).run.notes == (
        "context_length is swept, and there is no option of that name for asr (scripted), aligner (scripted)",
    )


@pytest.mark.parametrize(
    ("fit", "page_cache", "notes"),
    [
        (Fit(), "as_is", ()),
        (
            Fit(limit_mib=200.0, mechanism="cgroup v1", why=("no cgroup v2",)),
            "as_is",
            ("the limit counts no file that was cached before its worker read it; page_cache=cold lets it",),
        ),
        (Fit(limit_mib=200.0, mechanism="cgroup v2"), "cold", ()),
        (
            Fit(limit_mib=200.0, mechanism="RLIMIT_AS", why=("no cgroup v2", "no cgroup v1")),
            "cold",
            ("the limit is of address space, of which a process touches only a part (no cgroup v2; no cgroup v1)",),
        ),
    ],
)
def test_notes_say_what_a_limit_does_not_count(
    fit: Fit, page_cache: str, notes: tuple[str, ...], settings: MakeSettings, registry: Registry, utterance: Utterance
) -> None:
    """The limit is in the record with its mechanism, and what it means is in the notes."""
    made = replace(settings(page_cache=page_cache), fit=fit)
    run = make_plan(made, registry, decoded([utterance]), FACTS).run
    assert (run.fit, run.notes) == (fit, notes)


def test_a_block_of_a_cell_is_in_the_record(settings: MakeSettings, registry: Registry, utterance: Utterance) -> None:
    """Which of how many, with the trials of its share; one trial is cold, and that is noted."""
    whole = make_plan(settings(iterations=2), registry, decoded([utterance]), FACTS).run
    assert (whole.block, whole.blocks, whole.trials) == (0, 1, 2)
    block = replace(settings(iterations=2), sweep=SweepSettings(interleave=3, block=2))
    run = make_plan(block, registry, decoded([utterance]), FACTS).run
    assert (run.block, run.blocks, run.trials, run.notes) == (2, 3, 2, ())
    short = replace(settings(iterations=1), sweep=SweepSettings(interleave=3, block=2))
    assert make_plan(short, registry, decoded([utterance]), FACTS).run.notes == (
        "sweep.interleave=3 leaves blocks of one trial, which is cold; iterations=6 has a steady one in each",
    )
    assert make_plan(short, registry, decoded([utterance] * 2), FACTS).run.notes == ()


def test_warming_up_leaves_nothing_of_a_short_block(
    settings: MakeSettings, registry: Registry, utterance: Utterance
) -> None:
    """It is asked of each block, and the line says so."""
    block = replace(settings(iterations=2, warmup=1), sweep=SweepSettings(interleave=3, block=2))
    with pytest.raises(ConfigError) as caught:
        make_plan(block, registry, decoded([utterance]), FACTS)
    assert str(caught.value).startswith(
        "warmup: found 1 of the 2 trials of a block (sweep.interleave=3), expected at most"
    )
