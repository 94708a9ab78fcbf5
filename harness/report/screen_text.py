"""The lines that a run prints while it goes on: the banner and one block a trial, in the original's words."""

import json
from collections.abc import Iterator

from harness.analysis.original import number
from harness.analysis.writing import is_spaceless
from harness.records import Run, StageRecord, Trial, Visit
from harness.report.corpus_facts import corpus_text
from harness.report.dataset_name import dataset_name
from harness.report.figures import MISSING, figure, heading

_THICK = "=" * 70
_DOING = {
    "asr": "Transcribing...",
    "aligner": "Aligning transcript with audio...",
}


def banner(run: Run, reference: str | None) -> Iterator[str]:
    """Say what will be run."""
    protocol = run.protocol
    names = " + ".join("Forced Aligner" if stage.role == "aligner" else "ASR" for stage in run.stages)
    yield from (_THICK, f"{names}: memory, speed and accuracy", _THICK)
    for stage in run.stages:
        yield f"{heading(stage.key)} Model: {stage.label}"
    yield f"Audio: {dataset_name(run.dataset, MISSING)}"
    yield f"Corpus: {corpus_text(run.corpus)}" if run.corpus else f"Ground Truth: {reference or MISSING}"
    yield f"Iterations: {protocol.iterations}"
    yield (
        f"Protocol: {' -> '.join(protocol.order)}, {protocol.lifecycle}, {protocol.residency}, a worker per "
        f"{protocol.isolation}, trim {protocol.trim}, threads {protocol.threads}, context {protocol.context_length}"
    )
    yield from (f"Note: {note}" for note in run.notes)


def trial_block(run: Run, trial: Trial) -> Iterator[str]:
    """Say what happened in one trial."""
    name = f"Iteration {trial.iteration + 1}/{run.protocol.iterations}"
    several = run.trials > run.protocol.iterations
    yield from ("", _THICK, f"{name}, {trial.utterance.id}" if several else name, _THICK)
    records = {stage.key: stage for stage in run.stages}
    for visit in trial.visits:
        yield ""
        yield from _visit_lines(trial, visit, records[visit.stage])
    yield _memory_line(trial)
    if not trial.outcome.ok:
        yield f"[Outcome] {trial.outcome}"
    yield from (f"[Problem] {problem}" for problem in trial.problems)


def trouble_lines(trial: Trial) -> Iterator[str]:
    """Say what was wrong with a trial, where nothing else is said of it."""
    if not trial.outcome.ok:
        yield f"[Outcome] {trial.utterance.id}: {trial.outcome}"
    yield from (f"[Problem] {trial.utterance.id}: {problem}" for problem in trial.problems)


def words_line(visit: Visit) -> str:
    """Write word timings as the original's aligner prints them: JSON, milliseconds."""
    words = [{"start": _whole(word.start_ms), "end": _whole(word.end_ms), "text": word.text} for word in visit.words]
    return json.dumps(words, separators=(",", ":"), ensure_ascii=False)


def _visit_lines(trial: Trial, visit: Visit, stage: StageRecord) -> Iterator[str]:
    name = heading(visit.stage)
    if visit.phase("load"):
        yield f"[{name}] Loading model..."
    if visit.phase("run") is None:
        return
    yield f"[{name}] {_DOING[stage.role]}"
    if stage.role == "asr":
        rate = "cer" if is_spaceless(trial.utterance.language, trial.utterance.reference or "") else "wer"
        wrong = number(trial, visit.stage, rate)
        yield visit.text or ""
        yield f"[{name}] Transcript: {visit.text or MISSING}"
        yield f"[{name}] {_speed(trial, visit)}, {rate.upper()}: {figure(wrong, '.2%')}"
    else:
        if visit.text_from == "reference":
            yield f"[{name}] Text: the reference"
        yield words_line(visit)
        latency = number(trial, visit.stage, "latency_ms")
        yield f"[{name}] Words: {len(visit.words)}, Latency: {figure(latency)}{'' if latency is None else 'ms'}"


def _speed(trial: Trial, visit: Visit) -> str:
    ttft, speed = number(trial, visit.stage, "ttft_ms"), number(trial, visit.stage, "chars_per_s")
    return (
        f"TTFT: {figure(ttft)}{'' if ttft is None else 'ms'}, "
        f"Speed: {figure(speed)}{'' if speed is None else ' chars/sec'}"
    )


def _memory_line(trial: Trial) -> str:
    start, end = number(trial, "memory", "rss_start_mib"), number(trial, "memory", "rss_end_mib")
    if start is None or end is None:
        return f"[Summary] Memory: {MISSING}"
    return f"[Summary] Memory: {start:.1f} \N{RIGHTWARDS ARROW} {end:.1f} MB (delta: {end - start:+.1f} MB)"


def _whole(value: float) -> int | float:
    return int(value) if value == int(value) else value
