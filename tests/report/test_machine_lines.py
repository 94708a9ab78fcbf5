from dataclasses import replace

from harness.report.cell_marks import panels_of
from harness.report.grid_tables import grid_tables
from harness.report.machine_lines import machine_lines, mark_notes, marks, places
from harness.report.machine_panels import split
from harness.report.sweep_csv import sweep_csv
from harness.report.sweep_record import sweep_record
from harness.report.sweep_table import sweep_figures, sweep_table
from tests.over_machines import ALPHA, BETA, GAMMA, ON_BETA, over, pooled

THREE = over((1, 2.0, ALPHA), (2, 1.0, ALPHA), (4, 1.5, BETA), (8, 0.5, GAMMA), (2, 0.4, GAMMA))


def test_one_machine_has_no_word_of_it() -> None:
    """No line, no mark, no column."""
    one = over((1, 2.0, ALPHA), (2, 1.0, ALPHA))
    shown = sweep_figures(one)
    assert (machine_lines(one), list(mark_notes(one)), dict(marks(one)), dict(places(one))) == ([], [], {}, {})
    assert sweep_table(one, shown).headers[:2] == ("Job", "threads")
    assert not {"machines", "shared"} & sweep_record(one, shown).keys()
    assert "machine" not in sweep_csv(one, shown.ratios)


def test_which_machines_and_what_is_not_compared() -> None:
    """Machines of one kind stand together; where all are of one kind it is said once."""
    assert machine_lines(THREE) == [
        "3 machines: alpha and beta of one kind (Made Up 9000, 4 cores, 8 GiB, x86_64); "
        "gamma (Other 1, 16 cores, 64 GiB, x86_64)",
        "Not compared across machines: asr.rtf",
        "Compared all the same: outputs, and memory, which page size and C library change a little",
    ]
    arm = over((1, 2.0, ALPHA), (2, 1.0, replace(BETA, machine="aarch64")))
    assert machine_lines(arm)[-1].endswith("a little, and so does the architecture, which is not the same")
    same = over((1, 2.0, ALPHA), (2, 1.0, BETA))
    assert machine_lines(same)[0] == "2 machines of one kind (Made Up 9000, 4 cores, 8 GiB, x86_64): alpha and beta"


def test_a_times_mark_says_what_it_is_compared_with() -> None:
    """With a note of each mark that there is, and of no other."""
    shown = sweep_figures(THREE)
    table = sweep_table(THREE, shown)
    assert table.headers[:3] == ("Job", "Machine", "threads")
    times = [(row[1], row[3].partition("\n")[0]) for row in table.rows]
    assert times == [
        ("alpha", "2.000"),
        ("alpha", "1.000 x0.50 best"),
        ("beta", "1.500 x0.75^"),
        ("gamma", "0.500 #"),
        ("gamma", "0.400 # best"),
    ]
    assert [note[0] for note in mark_notes(THREE)] == ["#", "^", "b"]
    several = pooled(THREE, 3, ON_BETA, rtf=2.0)
    assert (places(several)["3"], marks(several)["3"]) == ("several", "&")
    assert "&: a time pooled over several machines, and compared with none (job 3: gamma and beta)" in list(
        mark_notes(several)
    )


def test_a_program_can_tell_which_machine_a_ratio_is_to() -> None:
    """In the CSV beside each ratio, in the JSON by the job."""
    shown = sweep_figures(THREE)
    header, *lines = (line.split(",") for line in sweep_csv(THREE, shown.ratios).splitlines())
    column = header.index("asr.rtf.ratio.machine")
    assert [(line[2], line[column]) for line in lines] == [
        ("alpha", ""),
        ("alpha", "alpha"),
        ("beta", "alpha"),
        ("gamma", ""),
        ("gamma", ""),
    ]
    record = sweep_record(THREE, shown)
    assert [machine["name"] for machine in record["machines"]] == ["alpha", "beta", "gamma"]
    assert record["cells"][2]["machines"] == ["beta"]
    assert record["cells"][2]["ratios"]["asr.rtf"]["other_machine"]


def test_a_times_chart_is_of_one_machine() -> None:
    """That of memory is of all."""
    drawn = split(THREE, panels_of(THREE))
    assert {name: [mark.job for mark in panel.marks] for name, panel in drawn.items()} == {
        "asr.rtf on alpha": ["0", "1"],
        "asr.rtf on beta": ["2"],
        "asr.rtf on gamma": ["3", "4"],
        "memory.peak_mib": ["0", "1", "2", "3", "4"],
    }


def test_a_grid_says_where_a_time_was_measured() -> None:
    """For its rows and columns are keys."""
    cells = [replace(cell, overrides={**cell.overrides, "order": "[asr]"}) for cell in THREE.cells[:3]]
    crossed = replace(THREE, cells=tuple(cells), swept=("threads", "order"), baseline=cells[0])
    times, memory = grid_tables(crossed, sweep_figures(crossed))
    assert [row[1] for row in times.rows] == ["2.000 @alpha", "1.000 x0.50 best @alpha", "1.500 x0.75^ @beta"]
    assert [row[1] for row in memory.rows] == ["20.00", "10.00 x0.50 best", "15.00 x0.75"]
