from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pytest

from harness.errors import ConfigError
from harness.hookspecs import Probe, hookimpl
from harness.metrics import Measurement, Metric, absent, ratio, sample
from harness.plugins import Found, Registry, discover
from harness.process import Process
from harness.records import ProbeRecord, Trial
from harness.rescoring.changes import changes
from harness.rescoring.scorer import Scorer, scorer
from tests import stored

ONE = Metric(name="one", unit="1", description="made up")


class Watching(Probe):
    """Reads a counter, and makes a figure of it; fails where there is no ASR."""

    name = "watching"
    metrics = (ONE,)

    @dataclass(frozen=True)
    class Options:
        """An option with a default."""

        times: int = 1

    @hookimpl
    def observe(self, point: str, process: Process) -> Mapping[str, float | None]:
        """Read nothing here."""
        return {}

    @hookimpl
    def measure(self, trial: Trial) -> Iterator[Measurement]:
        """Count the visits."""
        yield sample("asr", "one", self.options.times * len(trial.visits) / len(trial.visit("asr").deliveries))  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def registry() -> Registry:
    """Return what is installed, and a probe of these tests."""
    found = discover()
    return Registry(found.stages, {**found.probes, "watching": Found(Watching, "here")})


def made(registry: Registry, *words: str, **run: object) -> Scorer:
    """Return the scorer of the run made by hand."""
    return scorer(stored.run(**run), changes(words), registry)


def rates(trial: Trial) -> dict[str, tuple[float | None, float | None]]:
    """Return the counts of a trial's error rates."""
    rows = [one for one in trial.measurements if one.name in ("asr.wer", "asr.cer")]
    return {one.metric: (one.numerator, one.denominator) for one in rows}


def test_the_same_again(registry: Registry) -> None:
    """A measurement is a function of the stored trial, readings included: nothing changed, nothing changes."""
    scoring = made(registry)
    for trial in stored.trials():
        assert scoring.again(trial) == trial
    failed = stored.measured(stored.failed(3))
    assert scoring.again(failed) == failed


def test_another_normaliser(registry: Registry) -> None:
    """By its name for every probe that has one, or for one probe; the record says so."""
    for word in ("normalizer=none", "probe.wer.normalizer=none"):
        scoring = made(registry, word)
        again = scoring.again(stored.trials()[0])
        assert rates(again) == {"wer": (4.0, 5.0), "cer": (4.0, 27.0)}
        assert [one for one in again.measurements if one.metric not in WORDS] == [
            one for one in stored.trials()[0].measurements if one.metric not in WORDS
        ]
        assert scoring.records[3].options == {"normalizer": "none", "normalizer_version": "1"}


COUNTS = ("substitutions", "deletions", "insertions", "hits")
WORDS = ("wer", "cer", *COUNTS, *(f"char_{name}" for name in COUNTS))


def test_options_stay_as_they_were(registry: Registry) -> None:
    """A probe keeps the options of the run; what its class does not know any more is left out."""
    record = ProbeRecord(name="watching", origin="here", options={"times": 6, "gone": 1}, metrics=(ONE,))
    scoring = made(registry, probes=(record,))
    assert scoring.records[0].options == {"times": 6}
    assert scoring.again(stored.trials()[0]).measurements == (sample("asr", "one", 4.0),)


def test_a_probe_is_added_or_left_out(registry: Registry) -> None:
    """One that was not in the run measures what is stored; ``probe`` is the list of those that score."""
    added = made(registry, "+probe=watching", "probe.watching.times=3").again(stored.trials()[0])
    assert added.measurements == (*stored.trials()[0].measurements, sample("asr", "one", 2.0))
    alone = made(registry, "probe=[watching]").again(stored.trials()[0])
    assert alone.measurements == (sample("asr", "one", 2 / 3),)


def test_a_probe_that_is_not_here_keeps_its_measurements(registry: Registry) -> None:
    """They are taken over as they are, and a note says so."""
    record = ProbeRecord(name="elsewhere", origin="other 1.2", options={}, metrics=(replace(ONE, name="far"),))
    run = stored.run()
    trial = stored.trials()[0]
    trial = replace(trial, measurements=(*trial.measurements, ratio("asr", "far", 1.0, 3.0)))
    scoring = made(registry, "normalizer=none", probes=(*run.probes, record))
    again = scoring.again(trial)
    assert again.measurements[-1] == ratio("asr", "far", 1.0, 3.0)
    assert rates(again)["wer"] == (4.0, 5.0)
    assert scoring.records[-1] is record
    assert list(scoring.notes) == [
        "the probe elsewhere (other 1.2) is not here: what it measured was kept as it is stored; plugins=MODULE names "
        "a module that holds it"
    ]


def test_a_probe_that_failed(registry: Registry) -> None:
    """Where it failed to observe, it has no values again; where it failed to measure, it is asked again."""
    record = ProbeRecord(name="watching", origin="here", options={}, metrics=(ONE,))
    scoring = made(registry, probes=(record,))
    blind = replace(stored.trial(), problems=("watching failed in observe at loaded: RuntimeError: no light", "hot"))
    assert scoring.again(blind) == replace(
        blind,
        measurements=(
            absent("asr", "one", "the probe watching failed"),
            absent("aligner", "one", "the probe watching failed"),
        ),
    )
    was_wrong = replace(stored.trial(), problems=("watching failed in measure: KeyError: 'x'", "hot"))
    assert scoring.again(was_wrong) == replace(
        stored.trial(), problems=("hot",), measurements=(sample("asr", "one", 2 / 3),)
    )
    silent = replace(stored.trial(), visits=(replace(stored.asr_visit(), deliveries=()),))
    assert scoring.again(silent).problems == ("watching failed in measure: ZeroDivisionError: division by zero",)


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("normalizer=basik", "^probe.wer.normalizer: found 'basik', expected a normaliser; choose from: basic, "),
        ("probe.wer.normalise=none", "^probe.wer.normalise: found the key 'normalise', expected an option of wer"),
        ("probe.pss.x=1", "^probe.pss: found no probe pss in the run, expected one of its probes, or [+]probe=NAME; "),
        ("+probe=nosuch", "^probe: found 'nosuch', expected the name of a probe; choose from: "),
        ("probe.watching.times=often", "^probe.watching: found no probe watching in the run"),
    ],
)
def test_what_there_is_not(registry: Registry, word: str, line: str) -> None:
    """One line with the names there are."""
    with pytest.raises(ConfigError, match=line):
        made(registry, word)


def test_a_normaliser_that_no_probe_has(registry: Registry) -> None:
    """It would change nothing."""
    with pytest.raises(
        ConfigError, match=r"^normalizer: found 'none', expected a run with a probe that has a normaliser"
    ):
        made(registry, "normalizer=none", "probe=[rtf]")
