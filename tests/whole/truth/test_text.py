"""What was said and when, against an engine whose words are known."""

import pytest

from tests.engine.build import Value
from tests.whole.truth.conftest import Run
from tests.whole.truth.facts import NEEDS, PRINTED, REFERENCE, WORDS, values

pytestmark = NEEDS


def test_chunks_and_text_are_exact(alone: Run) -> None:
    """What was said is in the record, a delivery a word; the header is no speech, and no word is wrong."""
    (trial,) = alone("iterations=1").trials
    (visit,) = trial["visits"]
    first, *rest = REFERENCE.split()
    assert [one["text"] for one in visit["deliveries"]] == [first, *(f" {word}" for word in rest)]
    assert visit["text"] == REFERENCE
    (wer,) = [row for row in trial["measurements"] if row["metric"] == "wer"]
    assert (wer["numerator"], wer["denominator"]) == (0, len(WORDS))


def test_words_are_exact(chain: Run) -> None:
    """The aligner's answer is in the record and on the screen, to the millisecond, and has no TTFT."""
    ran = chain("iterations=1")
    assert ran.status == 0
    _, visit = ran.trials[0]["visits"]
    words = [(word["text"], word["start_ms"], word["end_ms"]) for word in visit["words"]]
    assert words == list(WORDS)
    assert PRINTED in ran.out.splitlines()
    assert values(ran, "ttft_ms", "aligner") == [None]


def test_a_text_that_changes_is_said_with_the_first_difference(alone: Run) -> None:
    """The engine says something else from its fourth run on."""
    ran = alone("iterations=5", text_after=f"3:{REFERENCE.replace('Americans', 'Canadians')}")
    assert ran.outcomes == ["ok"] * 5
    (said,) = [row["text"] for row in ran.summary["metrics"].values() if row["kind"] == "constancy" and row["text"]]
    assert "3" in said
    assert "Canadians" in said


def test_a_character_cut_short_is_replaced(alone: Run) -> None:
    """Two bytes of three end the text with the sign for it."""
    ran = alone(broken_utf8=1)
    assert ran.outcomes == ["ok"] * 3
    assert {trial["visits"][0]["text"] for trial in ran.trials} == {f"{REFERENCE}\ufffd"}


@pytest.mark.parametrize("costs", [{"split_utf8": 1}, {"chunk_bytes": 1}, {"after_end_tail": 1}, {"tag": 0}])
def test_text_is_whole_however_it_is_cut(costs: dict[str, Value], alone: Run) -> None:
    """Split characters and tags, chunks of a byte, and a chunk after the end callback lose nothing."""
    ran = alone("iterations=1", text="Grüße, 世界 \U0001f30d", **costs)
    assert [trial["visits"][0]["text"] for trial in ran.trials] == ["Grüße, 世界 \U0001f30d"]


def test_what_the_engine_prints_breaks_nothing(chain: Run) -> None:
    """Its standard output is the log's, also where it looks like a message of ours."""
    noise = {"print_stdout": '{"seq": 3, "ok": true}'}
    ran = chain("iterations=2", asr=noise, aligner=noise)
    assert (ran.status, ran.outcomes) == (0, ["ok", "ok"])
    assert noise["print_stdout"] in (ran.folder / "engine.log").read_text(encoding="utf-8")
    assert noise["print_stdout"] not in ran.out
