from dataclasses import replace

import pytest

from harness.analysis.residency import Chain, StageNeed
from harness.analysis.summary import summarise
from harness.protocol import Residency
from harness.report.ledger_tables import chain_lines, ledger_tables
from tests import stored

NEEDS = {"asr": StageNeed(20.0, 100.0, 130.0, 0.5), "aligner": StageNeed(20.0, 50.0, 110.0, 0.1)}
KEPT = {**NEEDS, "aligner": replace(NEEDS["aligner"], clean=False)}


def test_tables_of_the_hand_made_run() -> None:
    """A table a stage, and one of the chain."""
    tables = list(ledger_tables(summarise(stored.run(), stored.trials())))
    assert [table.title for table in tables] == ["Phases of ASR", "Phases of Aligner", "What the chain needs"]
    assert tables[0].rows[3] == (
        "load", "2", "300.00", "290.00", "116.75", "72.75", "44.00", "121.00", "+64.00",
    )  # fmt: skip
    assert len(tables[0].notes) == 3


def test_figures_that_are_missing() -> None:
    """A figure that was not read is a dash, and the reason stands once below."""
    trials = [
        replace(one, visits=tuple(replace(visit, observations=()) for visit in one.visits)) for one in stored.trials()
    ]
    asr, _ = ledger_tables(summarise(stored.run(), trials))
    assert asr.rows[1] == ("import", "1", "50.00", "40.00", "-", "-", "-", "-", "-")
    assert asr.notes[1:] == ("no memory: the probe 'rss' read nothing",)


def test_chain_table() -> None:
    """A row a stage; what is only a bound is called one."""
    summary = replace(summarise(stored.run(), []), chain=Chain("one_at_a_time", KEPT, 150.0, 232.0, None, 0.6))
    (table,) = ledger_tables(summary)
    assert table.rows == (
        ("ASR", "20.00", "100.00", "130.00", "0.50", "exact"),
        ("Aligner", "20.00", "50.00", "110.00", "0.10", "at least"),
    )
    assert table.notes == tuple(chain_lines(summary.chain))


@pytest.mark.parametrize(
    ("residency", "needs"),
    [
        ("one_at_a_time", "150.0 MiB (measured), all resident 232.0 MiB (inferred)"),
        ("phase_batched", "150.0 MiB (measured), all resident 232.0 MiB (inferred)"),
        ("all_resident", "150.0 MiB (inferred), all resident 232.0 MiB (measured)"),
    ],
)
def test_sentence(residency: Residency, needs: str) -> None:
    """One sentence says both sides, which of them was measured, and what is saved and paid."""
    assert list(chain_lines(Chain(residency, NEEDS, 150.0, 232.0, 82.0, 0.6))) == [
        f"Chain: one model at a time needs {needs}; one at a time saves 82.0 MiB and pays 0.60 s an iteration for "
        "loading and unloading"
    ]


def test_sentence_of_a_bound() -> None:
    """Where a model was only loaded into kept memory, the sentence says so, and claims no saving."""
    assert list(chain_lines(Chain("one_at_a_time", KEPT, 150.0, 232.0, None, 0.6))) == [
        "Chain: one model at a time needs 150.0 MiB (measured), all resident at least 232.0 MiB (inferred; aligner "
        "loaded into memory that the process had kept: trim=each shows all); one at a time pays 0.60 s an iteration "
        "for loading and unloading"
    ]


def test_sentence_without_figures() -> None:
    """A reason takes the figures' place; a single stage has no sentence at all."""
    assert list(chain_lines(Chain("one_at_a_time", {}, null_reason="no peak"))) == [
        "Chain: one at a time against all resident has no figure: no peak"
    ]
    assert list(chain_lines(None)) == []
