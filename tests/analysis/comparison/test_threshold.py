from dataclasses import replace

import pytest

from harness.analysis.comparison.change import Change, Figure
from harness.analysis.comparison.runs import Comparison, Section
from harness.analysis.comparison.threshold import Broken, broken, threshold, thresholds
from harness.errors import ConfigError

SLOWER = Change(
    name="asr.rtf",
    unit="s/s",
    better="lower",
    format=".3f",
    a=Figure(0.5, None, 9),
    b=Figure(0.55, None, 9),
    word="slower",
    change=1.1,
    worse=True,
)
ABSENT = replace(SLOWER, b=Figure(None, None, 0, "it does not stream"), word="not compared", change=None, worse=False)


def of(*changes: Change, title: str = "", refused: str | None = None) -> Comparison:
    """Return a comparison of one section."""
    return Comparison("a", "b", (Section(title, "a", "b", changes=changes, refused=refused),), 1)


def lines(change: Change, *limits: str) -> list[str]:
    """Return the lines about thresholds that one change breaks."""
    return [one.line for one in broken(of(change), thresholds(limits))]


@pytest.mark.parametrize(
    ("text", "pattern", "share"),
    [
        ("5%", None, 0.05),
        ("0%", None, 0.0),
        ("2.5 %", None, 0.025),
        (".5%", None, 0.005),
        ("250%", None, 2.5),
        ("asr.rtf=5%", "asr.rtf", 0.05),
        ("asr.*=7.%", "asr.*", 0.07),
    ],
)
def test_a_threshold_is_read(text: str, pattern: str | None, share: float) -> None:
    """A share, for all metrics or for those that a pattern names."""
    found = threshold(text)
    assert (found.pattern, round(found.share, 12)) == (pattern, share)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "%",
        "x%",
        "-5%",
        "asr.rtf",
        "asr.rtf=",
        "asr.rtf=5",
        "=5%",
        "nan%",
        "inf%",
        "1e3%",
        "5%%",
        "asr.rtf=-1%",
        "a=b=5%",
    ],
)
def test_what_is_no_threshold(text: str) -> None:
    """Without a number, without a percent sign, negative: one line that shows the form."""
    with pytest.raises(ConfigError) as refused:
        threshold(text)
    assert str(refused.value) == f"threshold: found '{text}', expected a share such as 5%, or METRIC=5%"


@pytest.mark.parametrize(("twice", "named"), [(["5%", "6%"], "the general one"), (["a=5%", "a=6%"], "a")])
def test_a_threshold_given_twice(twice: list[str], named: str) -> None:
    """Which of them counts would be a guess."""
    with pytest.raises(ConfigError, match=f"found {named} twice, expected each once"):
        thresholds(twice)


def test_broken() -> None:
    """Shown to be worse, and by more than may be."""
    assert lines(SLOWER, "5%") == ["slower by 10.0 %, 5 % may be"]
    assert lines(SLOWER, "10.1%") == []
    assert lines(SLOWER) == []
    assert broken(of(SLOWER, title="threads=2"), thresholds(["5%"])) == (
        Broken("threads=2", "asr.rtf", "slower by 10.0 %, 5 % may be"),
    )


def test_what_is_not_shown_breaks_nothing() -> None:
    """A large change that may be noise, and one in the other direction, hold."""
    assert lines(replace(SLOWER, word="no difference shown", worse=False, change=2.0), "5%") == []
    assert lines(replace(SLOWER, word="faster", worse=False, change=0.5), "5%") == []


def test_the_nearest_threshold_counts() -> None:
    """A pattern that fits goes before the general one, a full name before both."""
    assert lines(SLOWER, "asr.rtf=20%", "5%") == []
    assert lines(SLOWER, "5%", "asr.*=20%", "asr.rtf=1%") == ["slower by 10.0 %, 1 % may be"]


def test_a_pattern_that_fits_nothing() -> None:
    """It would never break: the line names what is compared."""
    with pytest.raises(ConfigError) as refused:
        lines(SLOWER, "5%", "aligner.*=1%")
    expected = "a metric that is compared, or a pattern of some; choose from: asr.rtf"
    assert str(refused.value) == f"threshold: found 'aligner.*', expected {expected}"


def test_a_metric_of_which_more_is_better() -> None:
    """Worse is less there, and the share is of A."""
    assert lines(replace(SLOWER, better="higher", change=0.8), "5%") == ["slower by 20.0 %, 5 % may be"]


def test_differences() -> None:
    """On the scale of differences the share is of A's size; of nothing any worsening is too much."""
    change = replace(SLOWER, scale="difference", word="more", change=1.0, a=Figure(-4.0, None, 9))
    assert lines(change, "5%") == ["more by 25.0 %, 5 % may be"]
    assert lines(replace(change, a=Figure(0.0, None, 9)), "900%") == ["more from 0, 900 % may be"]


def test_what_was_not_checked_has_not_held() -> None:
    """A value that B lost, a metric that was named and could not be compared, a cell that was refused."""
    assert lines(ABSENT, "5%") == ["not checked: it does not stream"]
    neither = replace(ABSENT, a=Figure(None, None, 0, "it does not stream"))
    assert lines(neither, "5%") == []
    assert lines(neither, "asr.*=5%") == []
    assert lines(neither, "asr.rtf=5%") == ["not checked: it does not stream"]
    assert lines(replace(ABSENT, note="its unit is s in A and ms in B", b=Figure(1.0, None, 1)), "asr.rtf=5%") == [
        "not checked: its unit is s in A and ms in B"
    ]
    assert broken(of(title="threads=2", refused="it failed"), thresholds(["5%"])) == (
        Broken("threads=2", "", "not checked: it failed"),
    )
    assert broken(of(title="threads=2", refused="it failed"), ()) == ()


def test_a_full_name_goes_before_a_pattern() -> None:
    """Wherever it stands: a pattern behind it would loosen the gate unseen."""
    assert lines(SLOWER, "asr.rtf=5%", "asr.*=50%") == ["slower by 10.0 %, 5 % may be"]
    assert lines(SLOWER, "asr.*=5%", "*.rtf=50%", "90%") == []


def test_another_text() -> None:
    """A text that was named in full has to stay; a pattern that it happens to fit says nothing of texts."""
    other = replace(SLOWER, name="asr.transcript", better="neither", word="other text", worse=False, note="in 1 of 1")
    assert lines(other, "asr.transcript=0%") == ["in 1 of 1"]
    assert lines(replace(other, word="same text", note=None), "asr.transcript=0%") == []
    assert lines(other, "asr.*=0%", "0%") == []


def test_a_metric_without_a_direction_cannot_be_named() -> None:
    """Its threshold would never break, and look as if it held."""
    switches = replace(SLOWER, name="asr.switches", better="neither", word="higher", worse=False)
    with pytest.raises(ConfigError, match=r"^threshold: found 'asr.switches', expected a metric of which more or less"):
        broken(of(switches, SLOWER), thresholds(["asr.switches=5%"]))
    assert lines(switches, "asr.*=5%") == []


def test_a_cell_that_b_lacks() -> None:
    """A sweep that was cut short does not pass the gate; one that was never asked for a threshold does."""
    cut = replace(of(SLOWER, title="threads=1"), missing=("threads=2",))
    assert broken(cut, thresholds(["50%"])) == (Broken("threads=2", "", "not checked: 'b' has no such cell"),)
    assert broken(cut, ()) == ()
