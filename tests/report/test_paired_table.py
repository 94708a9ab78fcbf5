from harness.analysis.comparison.change import Change, Figure
from harness.analysis.comparison.paired import Paired
from harness.report.paired_table import paired_table


def change(name: str, paired: Paired | None) -> Change:
    """Return an error rate in two runs."""
    a, b = Figure(0.1, None, 40), Figure(0.08, None, 40)
    return Change(name=name, unit="edits/word", better="lower", format=".2%", a=a, b=b, word="better", paired=paired)


DRAWN = Paired(difference=-0.02, interval=(-0.035, -0.00001), b_better=0.9785, units=40, utterances=40)
FEW = Paired(difference=-0.02, units=1, utterances=1, reason="no interval")
SPEAKERS = Paired(difference=-0.02, interval=(-0.035, 0.01), b_better=0.9, drawn="speakers", units=8, utterances=40)


def test_points_and_what_was_drawn() -> None:
    """Figures in per cent, their difference in points; without an interval no word, and the reason once."""
    table = paired_table([change("asr.wer", DRAWN), change("asr.cer", FEW), change("b.cer", FEW), change("x", None)])
    few = ("10.00%", "8.00%", "-2.00", "-", "-", "-", "-")
    assert table.rows == (
        ("asr.wer", "10.00%", "8.00%", "-2.00", "-3.50 .. +0.00", "97.9%", "40 utterances", "better"),
        ("asr.cer", *few),
        ("b.cer", *few),
    )
    assert table.notes == (
        "B better: the share of resamples in which B has the better rate (probability of improvement)",
        "no interval",
        "utterances were drawn, for fewer than 6 speakers are known: nothing is said of other speakers",
    )


def test_speakers() -> None:
    """Where speakers were drawn, nothing is left to say."""
    table = paired_table([change("asr.wer", SPEAKERS)])
    assert table.rows[0][-2:] == ("8 speakers", "better")
    assert len(table.notes) == 1
