from dataclasses import replace

from harness.analysis.statistics import corpus_interval
from harness.analysis.summary import Summary, summarise
from harness.report.accuracy_tables import accuracy_lines, accuracy_tables
from harness.report.figures import interval
from tests.analysis.corpora import heard, run
from tests.analysis.test_corpus_accuracy import CHINESE, corpus, summary

INTERVAL = interval(corpus_interval([1, 0, 3, 2], [4, 2, 3, 5]), ".2%")
"""Of the corpus of four utterances, by their edits and words."""


def test_error_rates() -> None:
    """WER first, each with its interval, counts and what it is of."""
    rates, worst = accuracy_tables(summary(corpus(iterations=2)))
    assert (rates.title, rates.section) == ("Accuracy", "accuracy")
    assert rates.headers[:9] == ("Stage", "Figure", "%", "95 % interval", "S", "D", "I", "H", "N")
    assert rates.rows[0] == ("ASR", "WER", "42.86%", INTERVAL, "4", "6", "2", "18", "28", "41.25%", "32.50%")
    assert [row[1] for row in rates.rows] == ["WER", "CER"]
    assert rates.notes == (
        "asr: text normalised by basic 1; 1 of 4 utterances (25.0%) without an error, 1 with an empty transcript; "
        "8 trials.",
        "asr: intervals by bootstrap over 4 utterances.",
    )
    assert worst.title == "Worst utterances (asr): 3 of 3"
    assert worst.rows[2] == ("u0", "one two ~~three~~ **tree** four", "25.0%", "5.6%", "2", "0", "0", "8", "2 of 2")


def test_edits_that_came_once_are_no_confusions() -> None:
    """They stand in their utterances, however often these are heard; those of two utterances have a table."""
    rates, worst = accuracy_tables(summary(corpus()))
    assert worst.headers == ("Utterance", "Said and written", "WER", "CER", "S", "D", "I", "N")
    assert worst.notes[-1] == "every utterance with its rates and texts is in utterances.csv"
    assert rates.rows[0][2] == "42.86%"
    *_, confusions = accuracy_tables(summary([heard(index, "a tree", "a three", id=f"u{index}") for index in (0, 1)]))
    assert confusions.rows == (("substitution", "tree", "three", "2"),)
    assert confusions.notes == (
        "those that came in more than one place; different ones in all: 1 of substitution, 0 of deletion, "
        "0 of insertion",
    )


def test_one_utterance_is_brief() -> None:
    """Its figures, why there is no interval, and its errors; no line on the screen, which has its WER already."""
    made = summary([heard(index, "and so my", "and so by", id="a") for index in range(5)])
    rates, errors = accuracy_tables(made)
    assert rates.rows[0][:4] == ("ASR", "WER", "33.33%", "-")
    assert rates.notes[1] == "asr: no interval, for there is one utterance, however often it is heard."
    assert (errors.title, errors.rows[0][1]) == ("Errors (asr)", "and so ~~my~~ **by**")
    assert list(accuracy_lines(made)) == []
    right = summary([heard(0, "and so", "and so")])
    assert [table.title for table in accuracy_tables(right)] == ["Accuracy"]


def test_line_of_a_corpus() -> None:
    """The main figure with its interval and unit, the other, how many are right, and which are worst."""
    assert list(accuracy_lines(summary(corpus(speaker=("a", "b", "c", "d"))))) == [
        f"Accuracy (asr): WER 42.86% (95 % interval {INTERVAL}, over 4 speakers), CER 31.15%; 1 of 4 utterances "
        "(25.0%) without an error, 1 with an empty transcript; the worst: u2 100%, u3 40% and u0 25%"
    ]
    assert list(accuracy_lines(summary(corpus()[:2]))) == [
        "Accuracy (asr): WER 16.67% (no interval: fewer than three utterances), CER 4.00%; 1 of 2 utterances (50.0%) "
        "without an error; the worst: u0 25%"
    ]


def test_languages_without_spaces() -> None:
    """CER comes first, and it is said what it counts."""
    made = summary([heard(index, CHINESE, CHINESE[index:]) for index in range(3)])
    rates, *_ = accuracy_tables(made)
    assert [row[1:3] for row in rates.rows] == [("CER", "25.00%"), ("WER", "66.67%")]
    assert rates.notes[-1] == (
        "asr: 3 of 3 utterances are written without spaces: CER counts no spaces there, and edits are marked by "
        "characters."
    )
    assert next(accuracy_lines(made)).startswith("Accuracy (asr): CER 25.00% (95 % interval")


def test_what_is_not_known() -> None:
    """A normaliser that is not there, counts that were not stored, utterances without a rate, too few speakers."""
    trials = [*corpus(speaker=("a", "b", "a", "b")), heard(4, None, "so", no_reference="none", speaker="a")]
    trials = [
        replace(one, measurements=tuple(m for m in one.measurements if not m.metric.startswith("char_")))
        for one in trials
    ]
    made: Summary = summarise(run(trials, normalizer="acme", normalizer_version="3"), trials)
    rates, *_ = accuracy_tables(made)
    assert rates.rows[1][4:9] == ("-", "-", "-", "-", "61")
    assert rates.notes[1:] == (
        "asr: intervals by bootstrap over 4 utterances, too few speakers (2) to draw from.",
        "asr: 1 utterance without an error rate: no reference, or nothing left of it.",
        "asr: edits are marked, and confusions counted, on text normalised by basic 1, for acme 3 is not known here; "
        "the figures are the stored ones.",
    )
    assert list(accuracy_tables(summarise(run([]), []))) == []
