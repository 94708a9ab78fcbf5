from harness.analysis.sampling_unit import by_utterance, units
from harness.analysis.statistics import LARGE, corpus_interval
from tests import stored


def test_trials_of_an_utterance_are_one_unit() -> None:
    """Its counts are added up, and what is drawn are utterances."""
    of = [stored.utterance(id=name) for name in ("a", "b", "a", "c")]
    found = units(of)
    assert (found.unit, found.count, found.places) == ("utterances", 3, (0, 1, 0, 2))
    assert found.interval([1, 2, 3, 4], [10, 20, 30, 40]) == corpus_interval([4, 2, 4], [40, 20, 40])


def test_one_sentence_has_no_interval() -> None:
    """However often it is heard: five trials say nothing of another sentence."""
    assert units([stored.utterance()] * 5).interval([1, 1, 2, 1, 1], [5] * 5) is None
    assert units([]).interval([], []) is None


def test_speakers_are_drawn_with_all_that_they_said() -> None:
    """From three known speakers on."""
    found = units([stored.utterance(id=str(index), speaker=name) for index, name in enumerate("abcab")])
    assert (found.unit, found.count, found.places) == ("speakers", 3, (0, 1, 2, 0, 1))
    assert found.interval([1, 0, 2, 1, 0], [10] * 5) == corpus_interval([2, 0, 2], [20, 20, 10])


def test_utterances_whoever_spoke() -> None:
    """How long one takes is hardly its speaker's."""
    found = by_utterance([stored.utterance(id=name, speaker=name) for name in "abac"])
    assert (found.unit, found.count, found.places) == ("utterances", 3, (0, 1, 0, 2))


def test_too_few_speakers_or_unknown_ones() -> None:
    """Two speakers cannot be drawn from, and an utterance of nobody belongs to none: utterances it is."""
    for speakers in (["a", "b", "a", "b"], ["a", "b", "c", None]):
        found = units([stored.utterance(id=str(index), speaker=name) for index, name in enumerate(speakers)])
        assert (found.unit, found.count) == ("utterances", 4)


def test_many_utterances_of_few_speakers() -> None:
    """It is the number of speakers that says whether the interval is resampled."""
    of = [stored.utterance(id=str(index), speaker=str(index % 4)) for index in range(LARGE)]
    values = [float(index % 4) for index in range(LARGE)]
    assert units(of).interval(values, [4.0] * LARGE) == corpus_interval([0, 250, 500, 750], [1000] * 4)
