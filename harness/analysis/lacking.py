"""Which counters the machine of a run does not have: those that were None each time a probe read them."""

from collections.abc import Iterable, Sequence

from harness.records import Trial


def lacking(trials: Sequence[Trial]) -> Iterable[str]:
    """Yield one note that names the counters by probe; none where every counter was read at least once."""
    read: dict[str, dict[str, bool]] = {}
    for trial in trials:
        for visit in trial.visits:
            for seen in visit.observations:
                counters = read.setdefault(seen.probe, {})
                for name, value in seen.values.items():
                    counters[name] = counters.get(name, False) or value is not None
    missing = {probe: [name for name, there in counters.items() if not there] for probe, counters in read.items()}
    told = [f"{probe}: {', '.join(names)}" for probe, names in sorted(missing.items()) if names]
    if told:
        yield f"counters that this machine does not have: {'; '.join(told)}"
