from typing import Any

import pytest

from harness.metrics import sample
from harness.records import Delivery, Observation, Outcome, Phase, Role, StageRecord, Trial, Utterance, Visit, Word
from harness.schedule import Action, Task
from harness.trial import OpenTrial

UTTERANCE = Utterance("a", "a.wav", "/a.wav", 1.0, reference="the reference")


def record(key: str, role: Role) -> StageRecord:
    """Return a stage's record of which only key and role matter."""
    return StageRecord(
        key=key,
        role=role,
        name="x",
        origin="tests",
        options={},
        streams="pieces",
        uses_threads=False,
        one_per_process=False,
        label="x",
    )


STAGES = {
    "asr": record("asr", "asr"),
    "asr2": record("asr2", "asr"),
    "aligner": record("aligner", "aligner"),
}


def opened(index: int = 0, warmup: int = 0, utterance: Utterance = UTTERANCE) -> OpenTrial:
    """Return a trial at its beginning."""
    return OpenTrial(Task(index, index, 0, "asr"), utterance, STAGES, warmup, "2026-01-01")


def answer(**more: Any) -> dict[str, Any]:
    """Return a worker's answer."""
    return {"start_ns": 10, "end_ns": 30, "cpu_ns": 15, "loaded": ["asr"], **more}


def heard(text: str) -> dict[str, Any]:
    """Return a worker's answer to a run."""
    return answer(text=text, words=[["hi", 0.0, 1.5]], deliveries=[[12, "h"], [14, "i"]], facts={"tokens": 2})


def test_an_empty_trial_is_a_record() -> None:
    """Nothing has happened yet, and that is fine."""
    assert opened().closed() == Trial(0, 0, UTTERANCE, "2026-01-01", cold=True)


def test_what_the_kernel_counted_is_in_the_phase() -> None:
    """Each count by its name; None where the worker's platform has none."""
    usage = {
        "minor_faults": 5,
        "major_faults": 4,
        "voluntary_switches": 3,
        "involuntary_switches": 2,
        "block_reads": 1,
    }
    counted = opened().visit("asr").took(Action.LOAD, answer(usage=usage), 0, 1)
    assert {name: getattr(counted, name) for name in usage} == usage
    for nothing in ({}, {"usage": None}):
        without = opened().visit("asr").took(Action.LOAD, answer(**nothing), 0, 1)
        assert {getattr(without, name) for name in usage} == {None}


def test_answers_become_phases_and_results() -> None:
    """Stamps, worker and facts of each command; text, words and deliveries of the run."""
    trial = opened(3)
    visit = trial.visit("asr")
    load = visit.took(Action.LOAD, answer(facts={"size": 1}), 2, 42)
    visit.took(Action.RUN, heard("hi"), 2, 42)
    visit.took(Action.UNLOAD, answer(loaded=[]), 2, 42)
    visit.observations.append(Observation("ran", 40, "rss", 2, {"rss_kib": 1.0}))
    assert load == Phase("load", 10, 30, 15, 2, 42, ("asr",), {"size": 1})
    assert trial.closed().visits == (
        Visit(
            "asr",
            "asr",
            "pieces",
            phases=(
                load,
                Phase("run", 10, 30, 15, 2, 42, ("asr",), {"tokens": 2}),
                Phase("unload", 10, 30, 15, 2, 42),
            ),
            observations=(Observation("ran", 40, "rss", 2, {"rss_kib": 1.0}),),
            deliveries=(Delivery(12, "h"), Delivery(14, "i")),
            text="hi",
            words=(Word("hi", 0.0, 1.5),),
        ),
    )


def test_visits_are_in_the_order_in_which_they_began() -> None:
    """A stage that is asked for again has one visit."""
    trial = opened()
    assert trial.visit("aligner") is trial.visit("aligner")
    trial.visit("asr")
    trial.visit("aligner")
    assert [visit.stage for visit in trial.closed().visits] == ["aligner", "asr"]


def test_most_loaded_is_the_largest_number_at_one_time() -> None:
    """Over all commands of all visits."""
    trial = opened()
    trial.visit("asr").took(Action.LOAD, answer(loaded=["asr"]), 0, 1)
    trial.visit("aligner").took(Action.LOAD, answer(loaded=["asr", "aligner"]), 0, 1)
    trial.visit("aligner").took(Action.UNLOAD, answer(loaded=["asr"]), 0, 1)
    assert trial.closed().most_loaded == 2


@pytest.mark.parametrize(
    ("index", "warmup", "expected"),
    [
        (0, 0, (True, False)),
        (1, 0, (False, False)),
        (0, 2, (True, False)),
        (1, 2, (False, True)),
        (2, 2, (False, True)),
        (3, 2, (False, False)),
    ],
)
def test_the_first_trial_is_cold_and_the_next_may_be_warm_up(
    index: int, warmup: int, expected: tuple[bool, bool]
) -> None:
    """One utterance: what was asked to be left out follows the cold one."""
    closed = opened(index, warmup).closed()
    assert (closed.cold, closed.warmup) == expected


def test_an_asr_is_given_no_text() -> None:
    """Nor a source of one."""
    assert opened().text_for("asr") == ("", None)


def test_an_aligner_is_given_the_last_transcript() -> None:
    """Of the ASR that ran last; an empty one is a transcript too."""
    trial = opened()
    trial.visit("asr").took(Action.RUN, heard("first"), 0, 1)
    assert trial.text_for("aligner") == ("first", "asr")
    trial.visit("asr2").took(Action.RUN, heard("second"), 0, 1)
    assert trial.text_for("aligner") == ("second", "asr2")
    trial.visit("asr2").took(Action.RUN, heard(""), 0, 1)
    assert trial.text_for("aligner") == ("", "asr2")


def test_an_aligner_is_given_the_reference_where_nothing_was_heard() -> None:
    """An ASR that has only been loaded has heard nothing; the words of another aligner are no transcript."""
    trial = opened()
    trial.visit("asr").took(Action.LOAD, answer(), 0, 1)
    trial.visit("aligner").took(Action.RUN, heard("words"), 0, 1)
    assert trial.text_for("aligner") == ("the reference", "reference")
    nothing = Utterance("a", "a.wav", "/a.wav", 1.0)
    assert opened(utterance=nothing).text_for("aligner") == ("", "reference")


def test_what_an_aligner_is_given_is_cleaned() -> None:
    """The record has the text that was given only where it is not letter for letter the transcript."""
    trial = opened()
    trial.visit("asr").took(Action.RUN, heard("don\N{RIGHT SINGLE QUOTATION MARK}t <b>ask</b>"), 0, 1)
    assert trial.give_text("aligner") == "don't ask"
    plain = opened()
    assert plain.give_text("aligner") == "the reference"
    (_, cleaned), (same,) = trial.closed().visits, plain.closed().visits
    assert (cleaned.text_from, cleaned.text_given) == ("asr", "don't ask")
    assert (same.text_from, same.text_given) == ("reference", None)


def test_outcome_measurements_and_problems_are_kept() -> None:
    """As they were when the trial was closed."""
    trial = opened()
    trial.outcome = Outcome("crashed", "asr", "run", "SIGSEGV")
    trial.problems.append("rss failed")
    closed = trial.closed([sample("asr", "ttft_ms", 1.0)])
    trial.problems.append("later")
    assert closed.outcome == Outcome("crashed", "asr", "run", "SIGSEGV")
    assert closed.measurements == (sample("asr", "ttft_ms", 1.0),)
    assert closed.problems == ("rss failed",)


def test_how_hot_it_was_is_kept() -> None:
    """As it was read when the trial began."""
    trial = OpenTrial(Task(0, 0, 0, "asr"), UTTERANCE, STAGES, 0, "2026-01-01", 61.5)
    assert (trial.closed().temperature_c, opened().closed().temperature_c) == (61.5, None)
