import pytest

from harness.records import Word
from tests.conftest import MakeSettings, RunPlan
from tests.experiment.trials import visit_of


@pytest.mark.parametrize(
    ("order", "text_from", "words"),
    [
        (("asr", "aligner"), "asr", ("and", "so", "my", "fellow", "americans")),
        (("aligner", "asr"), "reference", ("ask", "not", "what")),
    ],
)
def test_the_record_says_where_the_aligners_text_is_from(
    order: tuple[str, ...], text_from: str, words: tuple[str, ...], settings: MakeSettings, run_plan: RunPlan
) -> None:
    """After an ASR its transcript is aligned, before one the reference."""
    ran = run_plan(settings(order=order))
    trial = ran.trials[0]
    assert tuple(visit.stage for visit in trial.visits) == order
    asr, aligner = visit_of(trial, "asr"), visit_of(trial, "aligner")
    assert (asr.text_from, asr.text) == (None, "and so my fellow americans")
    assert aligner.text_from == text_from
    assert aligner.words == tuple(Word(word, 100.0 * at, 100.0 * at + 100.0) for at, word in enumerate(words))


def test_deliveries_lie_inside_the_inference_call(settings: MakeSettings, run_plan: RunPlan) -> None:
    """Each piece has a stamp of the same clock as the call's, and together they are the transcript."""
    ran = run_plan(settings(order=("asr",)))
    visit = ran.trials[0].visits[0]
    run = visit.phase("run")
    assert run is not None
    stamps = [run.start_ns, *(delivery.at_ns for delivery in visit.deliveries), run.end_ns]
    assert stamps == sorted(stamps)
    assert "".join(delivery.text for delivery in visit.deliveries) == visit.text == "and so my fellow americans"
    assert visit.streams == "pieces"
