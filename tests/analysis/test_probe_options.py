from harness.analysis.edits import heard
from harness.analysis.probe_options import known_normalizer, normalizer_of, probe_options
from harness.metrics import Metric
from harness.records import ProbeRecord, Run, Visit, Word
from tests import stored


def run(**normalizers: str) -> Run:
    """Return a run with a probe for each metric, which has this normaliser."""
    return stored.run(
        probes=tuple(
            ProbeRecord(name=f"of_{metric}", origin="here", options={"normalizer": name}, metrics=(made(metric),))
            for metric, name in normalizers.items()
        )
    )


def made(name: str) -> Metric:
    """Return a metric of this name."""
    return Metric(name=name, unit="1", description="")


def test_the_options_are_those_of_the_probe_that_measures() -> None:
    """Not of the first probe that has such an option."""
    both = run(aas_ms="none", wer="basic")
    assert [normalizer_of(both, metric).name for metric in ("aas_ms", "wer")] == ["none", "basic"]
    assert probe_options(both, "rtf") == {}


def test_a_normaliser_that_is_not_here() -> None:
    """It is not known, and basic takes its place."""
    for other in (run(wer="acme"), run()):
        assert known_normalizer(other, "wer") is None
        assert normalizer_of(other, "wer").name == "basic"


def test_words_are_marked_by_what_the_error_rate_is_of() -> None:
    """``And`` is ``and`` to it, whatever the probe of word times was told."""
    visits = (
        Visit("asr", "asr", text="And"),
        Visit("aligner", "aligner", text_from="asr", text="", words=(Word("And", 0.0, 1.0),)),
    )
    trial = stored.trial(0, utterance=stored.utterance(reference="and"), visits=visits)
    marked = heard(run(aas_ms="none", wer="basic"), trial)
    assert marked is not None
    assert [word.edit for word in marked.words] == ["none"]
