from harness.analysis.rescored import Rescored
from harness.report.rescored_table import rescored_table

ROW = Rescored("", "asr.wer", ".2%", 0.2, 0.8, True)
MINOR = Rescored("", "asr.cer", ".2%", None, 0.25)


def test_a_run() -> None:
    """Old, new and the difference with its sign; a dash for what is not there; notes below."""
    table = rescored_table([ROW, MINOR], ["a note"])
    assert table.headers == ("Metric", "Old", "New", "Difference")
    assert table.rows == (("asr.wer", "20.00%", "80.00%", "+60.00 points"), ("asr.cer", "-", "25.00%", "-"))
    assert table.notes == ("a note",)


def test_a_figure_that_has_a_sign_itself() -> None:
    """A bias is written with its sign, and so is the difference of two."""
    table = rescored_table([Rescored("", "asr.start_bias_ms", "+.1f", 4.0, -2.5)])
    assert table.rows == (("asr.start_bias_ms", "+4.0", "-2.5", "-6.5"),)


def test_a_sweep() -> None:
    """The job stands first, and main metrics alone; of many rows the rest is counted."""
    rows = [
        Rescored(str(job), one.name, one.format, one.old, one.new, one.main)
        for job in range(42)
        for one in (ROW, MINOR)
    ]
    table = rescored_table(rows)
    assert table.rows[:2] == (("0", "asr.wer", "20.00%", "80.00%", "+60.00 points"), ("1", *table.rows[0][1:]))
    assert (len(table.rows), table.notes) == (40, ("2 more figures are in the reports",))
