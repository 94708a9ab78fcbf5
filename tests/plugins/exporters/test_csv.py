import csv
from dataclasses import replace
from pathlib import Path

import pytest

from harness import store
from harness.records import Outcome
from harness.stage import Unusable
from plugins.exporters.csv import Csv, cell
from tests import stored


def exported(tmp_path: Path, options: Csv.Options, **changes: object) -> Path:
    """Export a run of two trials, the second of which failed, and return the run's folder."""
    run = stored.run(**changes)
    folder = stored.write(tmp_path / "run", run, [stored.trials()[0], stored.failed(1, message='a, "b"\nc')])
    Csv(options).run_finished(run, folder)
    return folder


def test_a_row_a_trial(tmp_path: Path) -> None:
    """The file is read back with its header, numbers in full, empty cells where nothing is known."""
    folder = exported(tmp_path, Csv.Options())
    text = (folder / "trials.csv").read_bytes().decode()
    first, second = csv.DictReader(text.splitlines(keepends=True))
    assert text.startswith("run,block,leg,trial,iteration,started_at,utterance,")
    assert (first["trial"], first["cold"], first["warmup"], first["outcome"]) == ("0", "true", "false", "ok")
    assert (first["asr.ttft_ms"], first["asr.wer"], first["asr.wer.denominator"]) == ("400.0", "0.2", "5.0")
    assert (first["message"], first["aligner.ttft_ms"]) == ("", "")
    assert second["message"] == 'crashed: a, "b"\nc in load (asr)'
    assert second["asr.ttft_ms"] == ""


@pytest.mark.parametrize("text", ["=1+1", "+x", "-x", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_a_formula_is_a_text(text: str) -> None:
    """What a spreadsheet would run begins with an apostrophe."""
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "written"),
    [(-1.5, "-1.5"), (0.1, "0.1"), (3, "3"), (True, "true"), (False, "false"), (None, ""), ("a=b", "a=b"), ("", "")],
)
def test_other_values_are_written_as_they_are(value: float | str | None, written: str) -> None:
    """A negative number is no formula; a missing value is an empty cell."""
    assert cell(value) == written


def test_formulas_in_names_and_messages(tmp_path: Path) -> None:
    """An utterance or a job that is named like a formula runs nothing."""
    run = stored.run(id="=cmd|' /C calc'!A0", swept=("=key",), overrides=("=key=@x",))
    assert run.overrides == ("=key=@x",)
    trial = replace(stored.trial(), utterance=stored.utterance(id="@evil"), outcome=Outcome("error", message="-2+3"))
    folder = stored.write(tmp_path / "run", run, [trial])
    Csv(Csv.Options()).run_finished(run, folder)
    (row,) = csv.DictReader((folder / "trials.csv").read_text(encoding="utf-8").splitlines())
    assert (row["run"], row["utterance"]) == ("'=cmd|' /C calc'!A0", "'@evil")


def test_the_mark_that_excel_wants(tmp_path: Path) -> None:
    """With ``bom`` the file begins with it, and only then."""
    marked = exported(tmp_path / "with", Csv.Options(bom=True), id="caf\u00e9") / "trials.csv"
    plain = exported(tmp_path / "without", Csv.Options(), id="caf\u00e9") / "trials.csv"
    assert marked.read_bytes() == b"\xef\xbb\xbf" + plain.read_bytes()
    assert "caf\u00e9".encode() in plain.read_bytes()


def test_another_place(tmp_path: Path) -> None:
    """With ``path`` the file is there and not in the run's folder; its folder is made."""
    place = tmp_path / "new" / "mine.csv"
    folder = exported(tmp_path, Csv.Options(path=str(place)))
    assert place.read_text(encoding="utf-8").startswith("run,block")
    assert not (folder / "trials.csv").exists()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A path that is taken is refused before the run; one that is taken meanwhile is left as it is."""
    place = tmp_path / "mine.csv"
    Csv(Csv.Options(path=str(place))).preflight()
    place.write_text("precious")
    with pytest.raises(Unusable, match=r"mine\.csv' that exists, expected a path that is free"):
        Csv(Csv.Options(path=str(place))).preflight()
    with pytest.raises(FileExistsError):
        exported(tmp_path, Csv.Options(path=str(place)))
    assert place.read_text() == "precious"


def test_what_an_earlier_leg_wrote_is_written_anew(tmp_path: Path) -> None:
    """A run that goes on exports again; what the user has changed meanwhile is left as it is."""
    place = tmp_path / "mine.csv"
    options = Csv.Options(path=str(place))
    folder = exported(tmp_path, options)
    store.append_trials(folder / store.TRIALS, [stored.trial(2)])
    Csv(options).run_finished(stored.run(), folder)
    rows = csv.DictReader(place.read_text(encoding="utf-8").splitlines(keepends=True))
    assert [row["outcome"] for row in rows] == ["ok", "crashed", "ok"]
    place.write_text("precious")
    with pytest.raises(FileExistsError):
        Csv(options).run_finished(stored.run(), folder)
    assert place.read_text() == "precious"
