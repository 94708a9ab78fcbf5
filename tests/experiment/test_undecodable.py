"""Utterances of which there is no audio after all: they cost their trials, and nothing else."""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import pytest

from harness.corpus.corpus import Corpus
from harness.corpus.entry import Entry
from harness.errors import InputError
from harness.plan import Plan
from harness.records import Utterance
from tests.conftest import MakeSettings, Ran, RunPlan
from tests.experiment.trials import chronicle

DAMAGED = InputError("utterance 'b'", "'b.flac' (lost sync)", "an audio file")


@pytest.fixture
def damaged(utterance: Utterance) -> Callable[..., Callable[[Plan], Plan]]:
    """Return what makes a plan's corpus one in which these of its utterances cannot be decoded."""

    def of(*numbers: int) -> Callable[[Plan], Plan]:
        def decode(entry: Entry) -> Utterance:
            if int(entry.id) in numbers:
                raise DAMAGED
            return replace(utterance, id=entry.id)

        def change(plan: Plan) -> Plan:
            entries = [
                Entry(id=str(one), audio="b.flac", duration_s=2.0, reference="ask") for one in range(len(plan.corpus))
            ]
            return replace(plan, corpus=Corpus(entries, decode))

        return change

    return of


def commands(ran: Ran) -> list[str]:
    """Return each trial's commands, in the order of the trials."""
    return [chronicle(trial) for trial in sorted(ran.trials, key=lambda trial: trial.index)]


def kinds(ran: Ran) -> list[str]:
    """Return each trial's outcome, in the order of the trials."""
    return [trial.outcome.kind for trial in sorted(ran.trials, key=lambda trial: trial.index)]


def test_an_utterance_that_cannot_be_decoded_costs_its_trial(
    settings: MakeSettings, run_plan: RunPlan, damaged: Callable[..., Any]
) -> None:
    """It is written with what is known of it; nothing is asked of an engine, and the others are done."""
    ran = run_plan(settings(iterations=2), utterances=3, change=damaged(1))
    assert ran.ending.outcomes == {"ok": 4, "undecodable": 2}
    assert not ran.ending.ok
    trial = ran.trials[1]
    assert (trial.index, trial.iteration, trial.utterance.id, trial.utterance.canonical) == (1, 0, "1", "")
    assert (trial.utterance.duration_s, trial.utterance.reference, trial.visits) == (2.0, "ask", ())
    assert (trial.outcome.stage, trial.outcome.phase) == (None, "decode")
    assert str(trial.outcome) == ("undecodable: utterance 'b': found 'b.flac' (lost sync), expected an audio file")
    assert kinds(ran) == ["ok", "undecodable", "ok"] * 2
    assert commands(ran)[2] == "Las0 Ras0 Uas0 Lal0 Ral0 Ual0"


@pytest.mark.parametrize(
    ("protocol", "numbers", "expected"),
    [
        (
            {"residency": "phase_batched", "lifecycle": "reuse"},
            (2,),
            ["Pas0 Las0 Ras0 Pal0 Lal0 Ral0", "Ras0 Ral0 Ual0", "Uas0"],
        ),
        (
            {"residency": "all_resident", "lifecycle": "reuse"},
            (2,),
            ["Pas0 Las0 Pal0 Lal0 Ras0 Ral0", "Ras0 Ral0", "Uas0 Ual0"],
        ),
        (
            {"residency": "all_resident"},
            (0, 1),
            ["", "", "Pas0 Las0 Pal0 Lal0 Ras0 Ral0 Uas0 Ual0"],
        ),
        ({"order": ("asr",), "lifecycle": "reuse", "trim": "end"}, (2,), ["Pas0 Las0 Ras0", "Ras0", "Uas0 Tas0"]),
    ],
)
def test_no_model_stays_that_a_task_would_have_taken_away(
    protocol: dict[str, Any],
    numbers: Collection[int],
    expected: list[str],
    settings: MakeSettings,
    run_plan: RunPlan,
    damaged: Callable[..., Any],
) -> None:
    """Where it was the last of a stage or of the run, what comes after it is sent all the same."""
    ran = run_plan(settings(**protocol), utterances=3, change=damaged(*numbers))
    assert commands(ran) == expected


def test_the_cold_trial_is_the_first_that_an_engine_was_asked_for(
    settings: MakeSettings, run_plan: RunPlan, damaged: Callable[..., Any]
) -> None:
    """And the warm-up follows it; else the cold figures would be taken for steady ones."""
    ran = run_plan(settings(order=("asr",), warmup=1), utterances=4, change=damaged(0, 2))
    assert [trial.cold for trial in ran.trials] == [False, True, False, False]
    assert [trial.warmup for trial in ran.trials] == [False, False, True, False]


def test_a_run_that_is_to_stop_stops_there(
    settings: MakeSettings, run_plan: RunPlan, damaged: Callable[..., Any]
) -> None:
    """What was done is kept."""
    ran = run_plan(settings(order=("asr",), on_crash="stop"), utterances=3, change=damaged(1))
    assert kinds(ran) == ["ok", "undecodable"]
