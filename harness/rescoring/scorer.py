"""The probes that score a stored run again, and what they make of one of its trials."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from harness.analysis.probe_options import NORMALIZER
from harness.errors import ConfigError
from harness.hookspecs import Probe
from harness.measuring import measured_again
from harness.plugins import Found, Listeners, Registry, options_of
from harness.records import ProbeRecord, Run, Trial, Utterance
from harness.rescoring.changes import Changes


@dataclass(frozen=True, slots=True)
class Scorer:
    """Scores trials. ``records`` are the probes of the run as it is scored now; ``kept`` those that are not here.

    What a kept probe measured stays as it is stored. ``corrected`` returns an utterance with its new reference.
    """

    records: tuple[ProbeRecord, ...]
    probes: tuple[Probe, ...]
    kept: tuple[ProbeRecord, ...]
    corrected: Callable[[Utterance], Utterance] | None = None
    _listeners: Listeners = field(default_factory=Listeners)

    def __post_init__(self) -> None:
        """Let each probe be asked by itself, so that one that fails costs its own values alone."""
        for probe in self.probes:
            self._listeners.add(probe, probe.name)

    @property
    def notes(self) -> Iterator[str]:
        """Name what is not scored again."""
        for probe in self.kept:
            yield (
                f"the probe {probe.name} ({probe.origin}) is not here: what it measured was kept as it is stored; "
                "plugins=MODULE names a module that holds it"
            )

    def again(self, trial: Trial) -> Trial:
        """Return a stored trial with what the probes make of it now.

        A probe that failed while it observed has no values, as then: what it should have read is not there.
        """
        names = [probe.name for probe in self.probes]
        broken = [
            name for name in names if any(line.startswith(f"{name} failed in observe") for line in trial.problems)
        ]
        problems = [
            line for line in trial.problems if not line.startswith(tuple(f"{n} failed in measure" for n in names))
        ]
        kept = self._kept(trial)
        if self.corrected is not None:
            trial = replace(trial, utterance=self.corrected(trial.utterance))
        bare = replace(trial, measurements=(), problems=tuple(problems))
        found = list(measured_again(bare, self.probes, self._listeners, problems, broken))
        return replace(bare, measurements=(*found, *kept), problems=tuple(problems))

    def _kept(self, trial: Trial) -> list[Any]:
        ours = {metric.name for probe in self.probes for metric in probe.metrics}
        names = {metric.name for probe in self.kept for metric in probe.metrics} - ours
        return [one for one in trial.measurements if one.metric in names] if names else []


def scorer(
    run: Run, wanted: Changes, registry: Registry, corrected: Callable[[Utterance], Utterance] | None = None
) -> Scorer:
    """Make the probes that score a run again, with the options that they had there but for what is changed.

    Raises :class:`ConfigError` for a probe, an option or a value that there is not.
    """
    stored = {probe.name: probe for probe in run.probes}
    names = list(dict.fromkeys((*(stored if wanted.probes is None else wanted.probes), *wanted.added)))
    for name in wanted.options:
        if name not in names:
            raise ConfigError(
                f"probe.{name}", f"no probe {name} in the run", "one of its probes, or +probe=NAME", names
            )
    records, probes, kept = [], [], []
    for name in names:
        if name in stored and name not in registry.probes and name not in wanted.options:
            records.append(stored[name])
            kept.append(stored[name])
            continue
        found = registry.probe(name)
        probe = _probe(found, stored.get(name), wanted)
        probes.append(probe)
        records.append(
            ProbeRecord(name=name, origin=found.origin, options=probe.recorded(), metrics=tuple(probe.metrics))
        )
    if wanted.normalizer is not None and not any(NORMALIZER in _option_names(registry.probe(p.name)) for p in probes):
        raise ConfigError(
            NORMALIZER, f"'{wanted.normalizer}'", "a run with a probe that has a normaliser, or +probe=wer"
        )
    return Scorer(tuple(records), tuple(probes), tuple(kept), corrected)


def _probe(found: Found, stored: ProbeRecord | None, wanted: Changes) -> Probe:
    known = _option_names(found)
    values: dict[str, Any] = {name: value for name, value in _options(stored).items() if name in known}
    if wanted.normalizer is not None and NORMALIZER in known:
        values[NORMALIZER] = wanted.normalizer
    values.update(wanted.options.get(found.cls.name, {}))
    probe: Probe = found.cls(options_of(found, f"probe.{found.cls.name}", values))
    return probe


def _options(stored: ProbeRecord | None) -> Mapping[str, Any]:
    return {} if stored is None else stored.options


def _option_names(found: Found) -> set[str]:
    return {option.name for option in fields(found.cls.Options)}
