"""Which words of the texts an aligner did not know: those that it left out say so in the fact ``unknown_words``."""

from collections.abc import Iterator, Sequence

from harness.records import Trial

FACT = "unknown_words"
_SHOWN = 10


def unknown_words(trials: Sequence[Trial]) -> Iterator[str]:
    """Yield one note for each stage that left words out: how many of how many, in how many trials, and which."""
    lacking: dict[str, list[str]] = {}
    timed: dict[str, int] = {}
    in_trials: dict[str, int] = {}
    for trial in trials:
        for visit in trial.visits:
            run = visit.phase("run")
            words = run.facts.get(FACT) if run else None
            if run and isinstance(words, list | tuple):
                lacking.setdefault(visit.stage, []).extend(str(word) for word in words)
                in_trials[visit.stage] = in_trials.get(visit.stage, 0) + 1
            timed[visit.stage] = timed.get(visit.stage, 0) + len(visit.words)
    for stage, words in lacking.items():
        named = list(dict.fromkeys(words))
        more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
        trials_ = f"{in_trials[stage]} {'trial' if in_trials[stage] == 1 else 'trials'}"
        yield (
            f"{stage} did not know {len(words)} of {len(words) + timed[stage]} words in {trials_} and left them out: "
            f"{', '.join(named[:_SHOWN])}{more}; the words beside them may have their time"
        )
