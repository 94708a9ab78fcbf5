from collections.abc import Mapping, Sequence

import pytest

from harness.analysis.comparison.effect import effect
from harness.analysis.comparison.paired import Paired, evidence, paired
from harness.metrics import Better, Kind
from tests.analysis.comparison.pairs import pairs

WORDS = 20.0
NOBODY: Mapping[str, str | None] = {}
LESS = [4.0, 3.0, 2.0, 5.0, 1.0, 3.0, 4.0, 2.0]
MORE = [5.0, 3.0, 4.0, 6.0, 3.0, 3.0, 5.0, 2.0]


def difference(
    a: Sequence[Sequence[float]],
    b: Sequence[Sequence[float]],
    speakers: Mapping[str, str | None] = NOBODY,
    better: Better = "lower",
) -> Paired:
    """Return the paired difference of edits, a row an utterance of twenty words."""
    below = {name: [[WORDS] * len(row) for row in rows] for name, rows in (("below_a", a), ("below_b", b))}
    found = evidence(pairs(a, b, Kind.RATIO, **below), speakers)
    return paired(found, effect(found.values, by_utterance=True), better)


def alone(values: Sequence[float]) -> list[list[float]]:
    """Return one trial of each utterance."""
    return [[value] for value in values]


def test_the_difference_in_points_with_its_interval() -> None:
    """Exact, with the interval and the share of resamples of a fixed seed."""
    found = difference(alone(LESS), alone(MORE))
    assert found.difference == pytest.approx((31 - 24) / 160)
    assert found.interval == pytest.approx((0.0125, 0.08125))
    assert (found.b_better, found.drawn, found.units, found.utterances) == (0.0, "utterances", 8, 8)
    assert found.reason is None
    assert difference(alone(MORE), alone(LESS)).b_better == pytest.approx(1 - (3 / 8) ** 8, abs=1e-3)


def test_pairs_not_the_spread_of_utterances() -> None:
    """Utterances of very different difficulty, each one edit worse: no width at all, for both have the same audio."""
    hard = [float(step) for step in range(10)]
    found = difference(alone(hard), alone([value + 1 for value in hard]))
    assert found.interval == pytest.approx((0.05, 0.05))


def test_repeats_are_no_evidence() -> None:
    """Ten trials of an utterance count as one, also where the runs did not do equally many."""
    once = difference(alone(LESS), alone(MORE))
    often = difference([[value] * 10 for value in LESS], [[value] * (3 + n) for n, value in enumerate(MORE)])
    assert often.difference == pytest.approx(once.difference)
    assert often.interval == pytest.approx(once.interval)
    unlike = difference([[0.0, 2.0], *alone(LESS[1:])], [[4.0] * 5, *alone(LESS[1:])])
    assert unlike.difference == pytest.approx((4 - 1) / 160)


def test_more_may_be_better() -> None:
    """Of hits the higher share is the better one; of what has no good direction none is."""
    assert difference(alone(LESS), alone(MORE), better="higher").b_better == pytest.approx(1.0, abs=0.01)
    assert difference(alone(LESS), alone(MORE), better="neither").b_better is None


def test_speakers_are_drawn_where_enough_are_known() -> None:
    """Utterances of one speaker stay together: where speakers differ, the interval is wider."""
    speakers = {f"u{number}": f"s{number % 6}" for number in range(60)}
    a, b = [2.0] * 60, [2.0 + 2 * (number % 6 < 2) for number in range(60)]
    apart, together = difference(alone(a), alone(b)), difference(alone(a), alone(b), speakers)
    assert (apart.drawn, apart.units, together.drawn, together.units) == ("utterances", 60, "speakers", 6)
    assert together.difference == apart.difference == pytest.approx(2 * 20 / 1200)
    assert apart.interval == pytest.approx((1 / 60, 1 / 20), abs=0.006)
    assert together.interval == pytest.approx((0.0, 5 / 60))  # beyond are 0.24 %, and all six as in the worst 0.14 %


@pytest.mark.parametrize("name", [None, "s0"])
def test_too_few_speakers_or_one_unknown(name: str | None) -> None:
    """Five speakers, or an utterance of nobody, and utterances are drawn."""
    speakers: dict[str, str | None] = {f"u{number}": f"s{number % 6}" for number in range(12)}
    speakers |= {"u5": name, "u11": name}
    found = difference(alone([1.0] * 12), alone([2.0] * 12), speakers)
    assert (found.drawn, found.units) == ("utterances", 12)


@pytest.mark.parametrize(
    ("count", "of"), [(1, "one utterance: repeats of it say nothing about others"), (5, "5 utterances")]
)
def test_too_few_utterances_have_no_interval(count: int, of: str) -> None:
    """However often they were repeated; the difference is there, and why nothing else is."""
    found = difference([[2.0] * 9] * count, [[3.0] * 9] * count)
    assert found.difference == pytest.approx(0.05)
    assert (found.interval, found.b_better, found.units, found.utterances) == (None, None, count, count)
    assert found.reason == f"no interval of the difference from {of}; 6 are the fewest"
