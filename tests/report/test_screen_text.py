from dataclasses import replace

import pytest

from harness.protocol import Protocol
from harness.records import Outcome, Word
from harness.report.screen_text import banner, trial_block, trouble_lines, words_line
from tests import stored

THICK = "=" * 70


def test_banner() -> None:
    """The original's banner, and the protocol in one line."""
    assert list(banner(stored.run(), stored.REFERENCE)) == [
        THICK,
        "ASR + Forced Aligner: memory, speed and accuracy",
        THICK,
        "ASR Model: madeup-asr.bin",
        "Aligner Model: madeup-aligner.bin",
        "Audio: samples/jfk.wav",
        "Ground Truth: And so, my fellow Americans",
        "Iterations: 3",
        "Protocol: asr -> aligner, recreate, one_at_a_time, a worker per run, trim end, threads 2, context 4096",
    ]


def test_banner_with_little_to_say() -> None:
    """What is not there is a dash; the run's notes end the banner."""
    run = stored.run(dataset={}, notes=("threads is swept",))
    lines = list(banner(replace(run, stages=run.stages[1:]), None))
    assert lines[1] == "Forced Aligner: memory, speed and accuracy"
    assert "Audio: -" in lines
    assert "Ground Truth: -" in lines
    assert lines[-1] == "Note: threads is swept"


def test_banner_of_a_corpus() -> None:
    """What was chosen of it; the transcripts are too many to show."""
    run = stored.run(dataset={"form": "manifest", "manifest": "dev.jsonl", "subset": 20}, corpus=stored.corpus())
    lines = list(banner(run, stored.REFERENCE))
    assert lines[5:8] == [
        "Audio: manifest dev.jsonl",
        "Corpus: manifest, 20 utterances, 5 min, 3 speakers, selection 0123456789ab; left out of 100: 80 by subset",
        "Iterations: 3",
    ]


def test_trouble_lines() -> None:
    """A trial in which nothing went wrong has none."""
    assert list(trouble_lines(stored.trial())) == []
    trial = replace(stored.failed(1), problems=("rss failed",))
    assert list(trouble_lines(trial)) == ["[Outcome] jfk: crashed: SIGSEGV in load (asr)", "[Problem] jfk: rss failed"]


def test_trial_block() -> None:
    """The block of the original's sample output, line by line, with the aligner's own figures added."""
    assert list(trial_block(stored.run(), stored.trials()[0])) == [
        "",
        THICK,
        "Iteration 1/3",
        THICK,
        "",
        "[ASR] Loading model...",
        "[ASR] Transcribing...",
        "and so my yellow americans",
        "[ASR] Transcript: and so my yellow americans",
        "[ASR] TTFT: 400.00ms, Speed: 19.17 chars/sec, WER: 20.00%",
        "",
        "[Aligner] Loading model...",
        "[Aligner] Aligning transcript with audio...",
        '[{"start":320,"end":560,"text":"and"},{"start":560,"end":800,"text":"so"},{"start":800,"end":960.5,"text":"my"},'
        '{"start":960.5,"end":1200,"text":"yellow"},{"start":1200,"end":1900,"text":"americans"}]',
        "[Aligner] Words: 5, Latency: 160.00ms",
        "[Summary] Memory: 20.0 \N{RIGHTWARDS ARROW} 34.0 MB (delta: +14.0 MB)",
    ]


def test_block_of_a_later_trial() -> None:
    """Iterations count from 1, and memory is this trial's own."""
    lines = list(trial_block(stored.run(), stored.trials()[2]))
    assert lines[2] == "Iteration 3/3"
    assert lines[-1] == "[Summary] Memory: 21.0 \N{RIGHTWARDS ARROW} 35.0 MB (delta: +14.0 MB)"


def test_memory_that_is_given_back() -> None:
    """A trial that ends with less than it began with has a negative delta."""
    trial = stored.trials(1)[0]
    low = tuple(replace(m, value=12.5) if m.name == "memory.rss_end_mib" else m for m in trial.measurements)
    lines = list(trial_block(stored.run(), replace(trial, measurements=low)))
    assert lines[-1] == "[Summary] Memory: 20.0 \N{RIGHTWARDS ARROW} 12.5 MB (delta: -7.5 MB)"


def test_block_without_measurements() -> None:
    """What no probe reported is a dash without a unit, never a zero."""
    lines = list(trial_block(stored.run(), stored.trial()))
    assert "[ASR] TTFT: -, Speed: -, WER: -" in lines
    assert "[Aligner] Words: 5, Latency: -" in lines
    assert lines[-1] == "[Summary] Memory: -"


def test_block_of_a_model_that_stays_loaded() -> None:
    """Where nothing is loaded in a trial, nothing says so."""
    visits = tuple(
        replace(visit, phases=tuple(phase for phase in visit.phases if phase.name == "run"))
        for visit in stored.trial(1).visits
    )
    lines = list(trial_block(stored.run(), stored.trial(1, visits=visits)))
    assert not any("Loading" in line for line in lines)
    assert "[ASR] Transcribing..." in lines


def test_aligner_on_the_reference() -> None:
    """An aligner that was given the reference text says so."""
    trial = stored.trial(visits=(replace(stored.aligner_visit(), text_from="reference"),))
    lines = list(trial_block(stored.run(), trial))
    at = lines.index("[Aligner] Aligning transcript with audio...")
    assert lines[at + 1] == "[Aligner] Text: the reference"


def test_empty_transcript() -> None:
    """An ASR that heard nothing prints an empty line, and a dash where its transcript would be."""
    visit = replace(stored.asr_visit(), text="")
    lines = list(trial_block(stored.run(), stored.trial(visits=(visit,))))
    at = lines.index("[ASR] Transcribing...")
    assert lines[at + 1 : at + 3] == ["", "[ASR] Transcript: -"]


def test_failed_trial() -> None:
    """A trial that failed ends with its outcome, and says nothing of what it did not do."""
    lines = list(trial_block(stored.run(), stored.failed(1)))
    assert lines[-2:] == ["[Summary] Memory: -", "[Outcome] crashed: SIGSEGV in load (asr)"]
    assert not any("Transcript" in line or "TTFT" in line for line in lines)


def test_problems() -> None:
    """What a probe got wrong stands at the end of the block."""
    trial = replace(stored.trial(), problems=("rss failed in measure: KeyError: 'x'",))
    assert list(trial_block(stored.run(), trial))[-1] == "[Problem] rss failed in measure: KeyError: 'x'"


def test_timeout() -> None:
    """A time-out says in which phase and after how long."""
    outcome = Outcome("timeout", "asr", "run", "after 30 s")
    lines = list(trial_block(stored.run(), stored.trial(outcome=outcome)))
    assert lines[-1] == "[Outcome] timeout in run after 30 s (asr)"


@pytest.mark.parametrize("index", [0, 1, 2, 3])
def test_several_utterances(index: int) -> None:
    """Where an iteration is a pass over several utterances, every block names its own, the first one's too."""
    run = stored.run(protocol=Protocol(order=("asr", "aligner"), iterations=2), trials=4)
    name = ("one", "two")[index % 2]
    trial = stored.trial(index, iteration=index // 2, utterance=stored.utterance(id=name))
    assert list(trial_block(run, trial))[2] == f"Iteration {index // 2 + 1}/2, {name}"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), "[]"),
        ((Word("a", 0.0, 10.0),), '[{"start":0,"end":10,"text":"a"}]'),
        ((Word("a", 0.25, 10.5),), '[{"start":0.25,"end":10.5,"text":"a"}]'),
        ((Word('"\u00e9\u4f60"', 0.0, 80.0),), '[{"start":0,"end":80,"text":"\\"\u00e9\u4f60\\""}]'),
    ],
)
def test_words_line(words: tuple[Word, ...], expected: str) -> None:
    """Words as the original's aligner prints them: JSON, whole milliseconds without a point, letters as they are."""
    assert words_line(replace(stored.aligner_visit(), words=words)) == expected
