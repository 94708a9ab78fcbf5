"""Runs over several utterances, with what an ASR wrote of each, measured by the probe ``wer``."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from harness.records import ProbeRecord, Run, Trial, Visit
from plugins.probes.wer import Wer
from tests import stored


def heard(index: int, reference: str | None, written: str, normalizer: str = "basic", **changes: Any) -> Trial:
    """Return a trial of an utterance of its own, unless ``id`` names another."""
    changes.setdefault("id", f"u{index}")
    utterance = stored.utterance(reference=reference, **changes)
    visits = (Visit("asr", "asr", text=written), Visit("aligner", "aligner", text_from="asr"))
    trial = stored.trial(index % 60, utterance=utterance, visits=visits)
    trial = replace(trial, index=index)
    return replace(trial, measurements=tuple(Wer(Wer.Options(normalizer)).measure(trial)))


def run(trials: Sequence[Trial], of: str = "basic", **recorded: Any) -> Run:
    """Return a run of the probe ``wer`` alone; ``recorded`` is what its record says that the probe does not."""
    options = {**Wer(Wer.Options(of)).recorded(), **recorded}
    record = ProbeRecord(name="wer", origin="here", options=options, metrics=tuple(Wer.metrics))
    return stored.run(probes=(record,), trials=len(trials))
