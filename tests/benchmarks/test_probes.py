"""The tables of what probes add: which rows there are, and what is subtracted from what."""

import pytest

from benchmarks.probes import BASE, Block, Figures, Variant, memory_table, time_table, variants_of

BLOCK = Block(hold_mib=1024, rounds=3, iterations=12)
AGAIN = "no probe, once more (A/A)"


def figures(own_ms: float, cpu_ms: float = 2.0, supervisor_mib: float = 30.0) -> Figures:
    """Return what a run cost; an iteration lasts 20 ms."""
    return Figures(
        wall_ms=20.0,
        own_ms=own_ms,
        supervisor_cpu_ms=cpu_ms,
        worker_cpu_ms=0.5,
        worker_rss_mib=13.0,
        worker_anon_mib=7.0,
        supervisor_rss_mib=supervisor_mib,
        supervisor_anon_mib=20.0,
    )


def test_rows_without_a_sampler() -> None:
    """No probe, no probe once more, each probe alone, all of them; and nothing is said of sampling."""
    assert variants_of(["rss", "wer"], samples=False) == [
        Variant(BASE),
        Variant(AGAIN),
        Variant("rss", ("rss",)),
        Variant("wer", ("wer",)),
        Variant("all 2 probes", ("rss", "wer")),
    ]


def test_rows_with_a_sampler() -> None:
    """Sampling is off in all rows but the two that are about it, and those have no probe."""
    assert variants_of(["rss"], samples=True) == [
        Variant(BASE, (), 0),
        Variant(AGAIN, (), 0),
        Variant("rss", ("rss",), 0),
        Variant("all 1 probes", ("rss",), 0),
        Variant("sampling at 100 Hz", (), 100),
        Variant("sampling at 1000 Hz", (), 1000),
    ]


def test_differences_are_within_a_round() -> None:
    """A machine that is slower in one round is slower for both: each round adds 1 ms, whatever the base."""
    rounds = [{BASE: figures(base), "rss": figures(base + 1.0)} for base in (4.0, 10.0, 5.0)]
    table = time_table(BLOCK, [Variant(BASE), Variant("rss", ("rss",))], rounds)
    assert table.title == "What a probe adds to an iteration: 1024 MiB held, 3 rounds of 10 iterations"
    assert table.rows == [
        (BASE, "5.000", "2.000", "0.500", "1"),
        (
            "rss",
            "+1.000 [1.000 .. 1.000]",
            "+0.000 [0.000 .. 0.000]",
            "+0.000 [0.000 .. 0.000]",
            "1.200 [1.100 .. 1.250]",
        ),
    ]
    assert table.notes == []


def test_memory_is_subtracted_too() -> None:
    """The base in MiB, the others as what they have more."""
    rounds = [{BASE: figures(4.0), "wer": figures(4.0, supervisor_mib=34.5)} for _ in range(3)]
    rows = memory_table(Block(0, 3, 12), [Variant(BASE), Variant("wer", ("wer",))], rounds).rows
    assert rows == [
        (BASE, "13.00", "7.00", "30.00"),
        ("wer", "+0.00 [0.00 .. 0.00]", "+0.00 [0.00 .. 0.00]", "+4.50 [4.50 .. 4.50]"),
    ]


def test_sampling_is_a_share_of_a_core() -> None:
    """0.1 ms of CPU time more in an iteration of 20 ms; a probe that could not be made is named."""
    sampled = Variant("sampling at 100 Hz", (), 100)
    rounds = [{BASE: figures(4.0), sampled.name: figures(4.0, cpu_ms=2.1)}]
    table = time_table(BLOCK, [Variant(BASE, (), 0), sampled], rounds, ["needy"])
    assert table.notes == [
        "sampling at 100 Hz: 0.50 % of one core",
        "left out, because they have options without a default: needy",
    ]
    assert table.rows[1][1] == "+0.000 [-]"


@pytest.mark.parametrize(("hold_mib", "says"), [(0, "nothing held"), (1024, "1024 MiB held")])
def test_title_says_what_is_held(hold_mib: int, says: str) -> None:
    """Two blocks of one benchmark can be told apart."""
    assert says in memory_table(Block(hold_mib, 1, 5), [Variant(BASE)], [{BASE: figures(4.0)}]).title
