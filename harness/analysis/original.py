"""The results in the shape of the original experiment: ``asr_align_results.json``.

Its "MB" are MiB, its averages are means over all iterations, the cold one included, and its growth rate is
(last - first) / n; where the run was taken up again there is none, for first and last are of different processes. They
are kept for comparison with its published figures; ``summary.json`` has the better ones.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from harness.records import ROLES, Run, Trial, Visit

_AVERAGES = {
    "avg_load_overhead_mb": "load_overhead_mib",
    "avg_net_overhead_mb": "net_overhead_mib",
    "avg_ttft_ms": "ttft_ms",
}


def original_results(run: Run, trials: Sequence[Trial]) -> dict[str, Any]:
    """Return config, summary and iterations; a figure that does not exist is None. Failed trials keep their outcome.

    ``summary`` has both of the original's roles, also where the chain has one.
    """
    done = [trial for trial in trials if trial.outcome.ok]
    return {
        "config": _config(run, trials),
        "summary": {
            **{role: _stage_summary(role, role == "asr", ()) for role in ROLES},
            **{stage.key: _stage_summary(stage.key, stage.role == "asr", done) for stage in run.stages},
            "overall": _overall(done, seams=bool(run.seams)),
        },
        "iterations": [_iteration(trial) for trial in trials],
    }


def number(trial: Trial, scope: str, metric: str) -> float | None:
    """Return the value of one metric in one trial; of a ratio, the quotient."""
    for measurement in trial.measurements:
        if measurement.metric == metric and measurement.scope == scope:
            if measurement.numerator is not None and measurement.denominator is not None:
                return measurement.numerator / measurement.denominator
            return measurement.value
    return None


def _config(run: Run, trials: Sequence[Trial]) -> dict[str, Any]:
    labels = {role: next((s.label for s in run.stages if s.role == role), None) for role in ("asr", "aligner")}
    return {
        "iterations": run.protocol.iterations,
        "asr_model": labels["asr"],
        "aligner_model": labels["aligner"],
        "audio": run.dataset.get("audio"),
        "ground_truth": trials[0].utterance.reference if trials else None,
        "inference_threads": run.protocol.threads,
    }


def _stage_summary(stage: str, is_asr: bool, trials: Sequence[Trial]) -> dict[str, float | None]:
    summary = {name: _mean(trials, stage, metric) for name, metric in _AVERAGES.items()}
    if is_asr:
        wer = _mean(trials, stage, "wer")
        summary["avg_wer_percent"] = None if wer is None else 100 * wer
    return summary


def _mean(trials: Sequence[Trial], scope: str, metric: str) -> float | None:
    values = [value for trial in trials if (value := number(trial, scope, metric)) is not None]
    return fmean(values) if values else None


def _overall(trials: Sequence[Trial], *, seams: bool) -> dict[str, float | None]:
    first = number(trials[0], "memory", "rss_start_mib") if trials else None
    last = number(trials[-1], "memory", "rss_end_mib") if trials else None
    growth = None if first is None or last is None or seams else last - first
    return {
        "initial_memory_mb": first,
        "final_memory_mb": last,
        "total_growth_mb": growth,
        "growth_rate_mb_per_iter": None if growth is None else growth / len({trial.iteration for trial in trials}),
    }


def _iteration(trial: Trial) -> dict[str, Any]:
    return {
        "iteration": trial.iteration + 1,
        "utterance": trial.utterance.id,
        "outcome": str(trial.outcome),
        "memory_start_mb": number(trial, "memory", "rss_start_mib"),
        "memory_end_mb": number(trial, "memory", "rss_end_mib"),
        **{visit.stage: _visit(trial, visit) for visit in trial.visits},
    }


def _visit(trial: Trial, visit: Visit) -> Mapping[str, Any]:
    figures = {
        "load_overhead_mb": number(trial, visit.stage, "load_overhead_mib"),
        "net_overhead_mb": number(trial, visit.stage, "net_overhead_mib"),
        "ttft_ms": number(trial, visit.stage, "ttft_ms"),
        "chars_per_sec": number(trial, visit.stage, "chars_per_s"),
    }
    if visit.role == "aligner":
        words = [{"start": word.start_ms, "end": word.end_ms, "text": word.text} for word in visit.words]
        return {**figures, "text_from": visit.text_from, "words": words}
    wer = number(trial, visit.stage, "wer")
    return {**figures, "wer_percent": None if wer is None else 100 * wer, "transcript": visit.text}
