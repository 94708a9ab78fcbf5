import wave
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from benchmarks.setting import ROOT
from harness.analysis.summary import Summary, summarise
from harness.clock import SystemClock
from harness.config import Settings, StageSettings
from harness.corpus.corpus import decoded
from harness.experiment import Experiment
from harness.hookspecs import hookimpl
from harness.metrics import Measurement, absent, constant
from harness.plan import JobFacts, make_plan
from harness.plugins import Listeners, discover
from harness.protocol import Lifecycle, Protocol
from harness.records import Role, Trial, Utterance, Visit, Word
from plugins.probes.drift import Drift
from tests import stored

ALONE = "one trial of an utterance shows no change"
SHORT = (("ask-not", 3.2, 4.6, "ask not"), ("what", 5.3, 7.8, "what your country can do for you"))
"""Stretches of the sample in seconds, and what is said in them."""
OPENING = (("opening", 0.0, 1.5, "and so my"),)


def measure(*visits: Visit) -> list[Measurement]:
    """Return the probe's answer on a trial of these visits."""
    return list(Drift(None).measure(stored.trial(visits=visits)))


def test_output_of_an_asr() -> None:
    """The text as it was written, and the words with their times where it tells them."""
    visit = Visit("asr", "asr", text=" And so. ", words=(Word("And", 80.0, 290.0), Word("so.", 290.0, 500.5)))
    assert measure(visit) == [
        constant("asr", "transcript", " And so. "),
        constant("asr", "word_times", "80 290 And\n290 500.5 so."),
        absent("asr", "changed", ALONE),
    ]
    assert measure(replace(visit, words=()))[1] == absent("asr", "word_times", "the stage told no times of words")


def test_output_of_an_aligner() -> None:
    """Its words and their times, also where it found none."""
    visit = Visit("aligner", "aligner", text="", words=(Word("and", 80.0, 290.0),))
    assert measure(visit)[:2] == [
        absent("aligner", "transcript", "the role aligner writes no transcript"),
        constant("aligner", "word_times", "80 290 and"),
    ]
    assert measure(replace(visit, words=()))[1] == constant("aligner", "word_times", "")


@pytest.mark.parametrize("role", ["asr", "aligner"])
def test_stage_that_was_not_run(role: Role) -> None:
    """What did not get to its end put out nothing; an empty transcript is an output."""
    assert {one.reason for one in measure(Visit(role, role))} == {"nothing was run to its end"}
    assert measure(Visit("asr", "asr", text=""))[0] == constant("asr", "transcript", "")


def cut(folder: Path, name: str, start_s: float, end_s: float, text: str) -> Utterance:
    """Write a stretch of the sample as an utterance."""
    with wave.open(str(ROOT / "samples" / "jfk.wav")) as sample:
        rate = sample.getframerate()
        sample.setpos(round(start_s * rate))
        frames = sample.readframes(round((end_s - start_s) * rate))
    path = folder / f"{name}.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(frames)
    return Utterance(name, str(path), str(path), end_s - start_s, text)


@dataclass
class Trials:
    """A listener that keeps the trials."""

    done: list[Trial] = field(default_factory=list)

    @hookimpl
    def trial_finished(self, trial: Trial) -> None:
        """Keep it."""
        self.done.append(trial)


def watched(folder: Path, role: Role, lifecycle: Lifecycle, *stretches: tuple[str, float, float, str]) -> Summary:
    """Run pocketsphinx twice over stretches of the sample, watched by this probe."""
    settings = Settings(
        protocol=Protocol(order=(role,), iterations=2, lifecycle=lifecycle, sample_hz=0.0),
        stages=(StageSettings(role, role, "pocketsphinx", {}),),
        probes={"drift": {}},
        dataset={},
    )
    corpus = decoded([cut(folder, *one) for one in stretches])
    plan = make_plan(settings, discover(), corpus, JobFacts("run", "", "", ()))
    trials = Trials()
    listeners = Listeners()
    listeners.add(plan.probes[0], "drift")
    listeners.add(trials, "trials")
    place = folder / lifecycle
    place.mkdir()
    assert Experiment(plan, listeners, place, SystemClock()).run().ok
    return summarise(plan.run, trials.done)


def test_state_that_an_aligner_carries_over(tmp_path: Path) -> None:
    """Never restarted, it finds a word elsewhere after another utterance was heard; restarted, it does not."""
    changed, same = (watched(tmp_path, "aligner", lifecycle, *SHORT).metrics for lifecycle in ("reuse", "restart"))
    moved = "differs first in trial 2 (iteration 1, ask-not): word 1 'ask' starts 80 ms later"
    assert changed["aligner.word_times"].text == moved
    assert (changed["aligner.changed"].numerator, changed["aligner.changed"].denominator) == (1, 2)
    assert (same["aligner.word_times"].text, same["aligner.changed"].value) == ("unchanged", 0.0)


def test_state_that_an_asr_carries_over(tmp_path: Path) -> None:
    """It sets its cepstral mean for each utterance, and yet hears something else in the same one the second time."""
    found = watched(tmp_path, "asr", "reuse", *OPENING).metrics
    assert found["asr.transcript"].text == "differs first in trial 1 (iteration 1, opening): word 2 'got' -> 'while'"
    assert found["asr.changed"].value == 1.0
