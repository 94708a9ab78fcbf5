"""From one aligned recording to a corpus, its accuracy, its word times against known ones, and the run scored again."""

import shutil
from pathlib import Path

import pytest

from harness.analysis.stored_summary import read_summary
from tests.whole.command import ROOT, called, settle

CTM = """jfk 1 0.29 0.34 and
jfk 1 0.63 0.34 so
jfk 1 1.63 0.53 americans
jfk 1 3.25 0.74 ask
jfk 1 3.99 0.31 not
jfk 1 5.37 0.24 what
"""
"""Where an aligner finds six words of the sample."""
LAID_OUT = ("--sentences", "2", "--words", "5", "--kinds", "long-pause")
ALIGNED = ("experiment=alignment", "asr=whisper", "dataset=manifest", "dataset.manifest=out/manifest.jsonl")
SMALL = ("iterations=1", "threads=2", "page_cache=as_is")


def test_known_times_to_a_table_of_aligners(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The oracle has every word's time, the aligner on the transcript those that were heard; the report says of what.

    Scored again by another normaliser, the run has its old figures beside the new ones.
    """
    settle(tmp_path, monkeypatch)
    shutil.copy(ROOT / "samples" / "jfk.wav", "jfk.wav")
    Path("jfk.ctm").write_text(CTM, encoding="utf-8")
    assert called(capsys, ["known-times", "out", "--from", "jfk.ctm", *LAID_OUT]).status == 0
    ran = called(capsys, [*ALIGNED, *SMALL])
    assert (ran.status, ran.outcomes) == (0, ["ok", "ok"])
    summary = read_summary(ran.folder).summary
    oracle, aligned = summary.alignment.texts
    assert [(one.stage, one.text_from) for one in (oracle, aligned)] == [("oracle", "reference"), ("aligner", "asr")]
    assert oracle.errors is not None
    assert (oracle.errors.n, oracle.errors.words) == (10, 10)
    assert oracle.errors.aas_ms is not None
    assert oracle.errors.aas_ms < 100
    heard = summary.metrics["asr.wer"]
    assert heard.denominator == 10
    assert aligned.errors is not None
    assert (aligned.errors.words, aligned.errors.n < 10) == (10, heard.numerator != 0)
    assert all(one.synthetic and one.synthetic[0].startswith("words cut from jfk") for one in (oracle, aligned))
    report = (ran.folder / "report.md").read_text(encoding="utf-8")
    assert "The speech is synthetic (words cut from jfk at the bounds in jfk.ctm" in report
    assert "manifest, 2 utterances" in report
    again = called(capsys, ["rescore", str(ran.folder), "normalizer=none"])
    assert again.status == 0
    scored = read_summary(ran.folder / "rescored" / "none").summary.metrics["asr.wer"]
    assert scored.denominator == 10
    assert (scored.numerator or 0) > (heard.numerator or 0)
    assert read_summary(ran.folder).summary.metrics["asr.wer"] == heard
