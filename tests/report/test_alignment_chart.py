import pytest

from harness.report.alignment_chart import Errors, errors_chart
from tests.report.test_charts import marks, rows, valid

A = Errors("Aligner, reference text", [-400.0, -20.0, 0.0, 10.0, 20.0], [-30.0, -10.0, 60.0, 80.0, 900.0])


def test_curves() -> None:
    """Quantiles become points from 0 to 1; starts are a line, ends are dashed."""
    (line,) = marks(valid(errors_chart([A], "Errors")), "line")
    assert [(row["ms"], row["share"]) for row in rows(line) if row["edge"] == "starts"] == [
        (-400.0, 0.0),
        (-20.0, 0.25),
        (0.0, 0.5),
        (10.0, 0.75),
        (20.0, 1.0),
    ]
    assert [row["ms"] for row in rows(line) if row["edge"] == "ends"] == [-30.0, -10.0, 60.0, 80.0, 900.0]
    assert line["encoding"]["strokeDash"]["scale"] == {"domain": ["starts", "ends"], "range": [[1, 0], [5, 4]]}


def test_axis() -> None:
    """It lies about 0, as wide as the errors but the outermost, and not so narrow that a millisecond looks wrong."""
    near = Errors("B", [-1.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 1.0])
    for shown, reach in ((A, 88.0), (near, 50.0)):
        (line,) = marks(errors_chart([shown], "Errors"), "line")
        assert line["encoding"]["x"]["scale"]["domain"] == pytest.approx([-reach, reach])


def test_each_row_has_its_hue() -> None:
    """The legend has the names in their order."""
    (line,) = marks(errors_chart([A, Errors("B", A.end_ms, A.start_ms)], "Errors"), "line")
    scale = line["encoding"]["color"]["scale"]
    assert scale["domain"] == ["Aligner, reference text", "B"]
    assert len(set(scale["range"])) == 2


def test_nothing() -> None:
    """Without errors there is no chart."""
    with pytest.raises(ValueError, match="no word of a reference"):
        errors_chart([], "Errors")
