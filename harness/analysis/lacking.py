"""Which counters the machine of a run does not have: those that were None each time a probe read them."""

from collections.abc import Iterable, Sequence

from harness.records import Trial


def lacking(trials: Sequence[Trial]) -> Iterable[str]:
    """Yield one note that names the counters by probe; none where every counter was read at least once."""
    asked: dict[str, dict[str, None]] = {}
    read: dict[str, set[str]] = {}
    for trial in trials:
        for visit in trial.visits:
            for seen in visit.observations:
                there = read.setdefault(seen.probe, set())
                if seen.values.keys() <= there:
                    continue  # as with nearly all of a long run
                asked.setdefault(seen.probe, {}).update(dict.fromkeys(seen.values))
                there.update(name for name, value in seen.values.items() if value is not None)
    missing = {probe: [name for name in names if name not in read[probe]] for probe, names in asked.items()}
    told = [f"{probe}: {', '.join(names)}" for probe, names in sorted(missing.items()) if names]
    if told:
        yield f"counters that this machine does not have: {'; '.join(told)}"
