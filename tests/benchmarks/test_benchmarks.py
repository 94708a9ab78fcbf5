"""The benchmarks work; how long anything takes is nobody's business here."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from benchmarks.results import Goal, Table, Verdict

ROOT = Path(__file__).parents[2]
TITLES = (
    "Worker's memory before an engine",
    "Time of one command that does nothing",
    "Cost of one observe",
    "What the worker feels of 50 looks",
    "Cost of sampling memory",
    "What the sampled process feels: load, run, unload",
    "Time from the command line to the first load",
    "The way to the first load, step by step",
    "What the harness adds to an iteration: aligner, 2 pairs",
    "The harness's own time in an iteration: aligner",
    "What the harness adds to a corpus: pocketsphinx, 1 utterance",
    "The harness's own time in an utterance: pocketsphinx",
    "What a probe adds to an iteration: nothing held, 1 rounds of 3 iterations",
    "What a probe adds in memory: nothing held, 1 rounds of 3 iterations",
    "Aligners against exactly known times, seed 0",
    "From 1,000 entries to a plan",
    "What the supervisor grows by, trials 20 to 40",
    "Scoring 200 utterances of 20 words, one process",
    "What normalising a text costs",
)


@dataclass(frozen=True)
class Called:
    """One call of the program: how it ended, what it printed and stored."""

    status: int
    printed: str
    complaints: str
    outputs: Path

    @property
    def stored(self) -> dict[str, Any]:
        """The one file that it left."""
        (path,) = self.outputs.glob("*.json")
        stored: dict[str, Any] = json.loads(path.read_text())
        return stored

    def raw(self, name: str) -> Any:
        """Return the raw values of a benchmark."""
        return {result["name"]: result["raw"] for result in self.stored["results"]}[name]


def call(outputs: Path, *arguments: str) -> Called:
    """Call the program."""
    command = [sys.executable, "-m", "benchmarks", "--outputs", str(outputs), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    return Called(done.returncode, done.stdout, done.stderr, outputs)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Called:
    """Call it once, small."""
    return call(tmp_path_factory.mktemp("benchmarks"), "--small")


def test_every_benchmark_can_be_carried_out(small: Called) -> None:
    """The exit status is 0, and nobody complains."""
    assert (small.status, small.complaints) == (0, "")


@pytest.mark.parametrize("title", TITLES)
def test_every_table_is_printed(small: Called, title: str) -> None:
    """Each table has its title, and rows below it."""
    assert f"\n{title}\n" in f"\n{small.printed}"


def test_goals_are_printed_beside_figures(small: Called) -> None:
    """A row with a goal says what it is and whether it was reached."""
    (line,) = [line for line in small.printed.splitlines() if line.startswith("worker after hello")]
    assert "<= 14 MiB RSS: m" in line


def test_file_says_where_it_was_measured(small: Called) -> None:
    """Machine, versions and how busy the machine was stand beside the figures."""
    stored = small.stored
    assert stored["small"] is True
    assert stored["machine"]["versions"]["asr-align-harness"]
    assert set(stored["busy"]) > {"before worker_memory", "after the last"}
    assert stored["failures"] == {}


def test_raw_memory_is_stored(small: Called) -> None:
    """Every process that was read has its three figures."""
    for memories in small.raw("worker_memory").values():
        assert all(memory["rss_mib"] > memory["anon_mib"] > 0 for memory in memories)


def test_raw_times_of_commands_are_stored(small: Called) -> None:
    """Each kind of command has as many values as the others."""
    assert {len(values) for values in small.raw("command")["round_trip_us"].values()} == {50}


def test_raw_looks_are_stored(small: Called) -> None:
    """Both states of the worker were looked at as often."""
    looks = small.raw("observe")["look_us"]
    assert {len(values) for state in looks.values() for values in state.values()} == {50}


def test_raw_samplings_are_stored(small: Called) -> None:
    """A resting and a working worker at each rate, every tick's lateness; and as many latencies at each rate."""
    raw = small.raw("sampler")
    kinds = [(one["worker"], one["hz"]) for one in raw["sampled"]]
    assert kinds == [(name, hz) for name in ("resting", "working") for hz in (10, 100, 1000)]
    assert all(0 < one["cost"]["samples"] <= len(one["late_us"]) for one in raw["sampled"])
    assert {name: len(values) for name, values in raw["latency_ms"].items()} == {"0 Hz": 2, "100 Hz": 2, "1000 Hz": 2}


def test_steps_of_the_start_are_stored_in_order(small: Called) -> None:
    """No step ends before it begins, and together they are the whole way."""
    raw = small.raw("startup")
    (steps,) = raw["steps_s"]
    assert all(seconds >= 0 for seconds in steps.values())
    assert len(raw["command_to_first_load_s"]) == 1


def test_pairs_are_stored_and_add_up(small: Called) -> None:
    """An iteration of the harness is the engine's time and the parts beside it."""
    ((*pairs,),) = small.raw("overhead")["aligner"]["rounds"]
    assert len(pairs) == 2
    for pair in pairs:
        assert pair["harness_ns"] == pair["harness_engine_ns"] + sum(pair["parts_ns"].values())


def test_utterances_are_stored_and_add_up(small: Called) -> None:
    """Both heard the same; what the harness took is the engine's time and the parts beside it."""
    raw = small.raw("corpus")
    assert (raw["engine"], raw["unlike"], len(raw["pairs"])) == ("pocketsphinx", [], 1)
    for pair in raw["pairs"]:
        assert pair["harness_ns"] == pair["engine_ns"] + sum(pair["parts_ns"].values())


def test_each_probe_ran_alone_and_beside_none(small: Called) -> None:
    """Every way to run has its figures, and the stage that does nothing was left with nothing."""
    (figures,) = small.raw("probes")["hold_0_mib"]
    assert {"no probe", "no probe, once more (A/A)", "rss", "rtf", "ttft", "wer"} < set(figures)
    assert all(one["wall_ms"] >= one["own_ms"] > 0 for one in figures.values())
    assert all(one["worker_rss_mib"] > one["worker_anon_mib"] > 0 for one in figures.values())


def test_errors_of_every_word_are_stored(small: Called) -> None:
    """As many starts as ends, of the sentences that were aligned."""
    (errors,) = small.raw("aligner_bias")["errors"].values()
    assert len(errors["start_error_ms"]) == len(errors["end_error_ms"]) == 8 * (3 - len(errors["refused"]))


def test_nothing_but_the_file_is_left(small: Called) -> None:
    """The runs that were measured are gone."""
    assert len(list(small.outputs.iterdir())) == 1


def test_one_benchmark_alone(tmp_path: Path) -> None:
    """``--only`` carries out the one that it names."""
    called = call(tmp_path, "--small", "--only", "worker_memory")
    assert called.status == 0
    assert [result["name"] for result in called.stored["results"]] == ["worker_memory"]


def test_unknown_benchmark_is_refused(tmp_path: Path) -> None:
    """The names that there are stand in the complaint."""
    called = call(tmp_path, "--only", "speed")
    assert called.status == 2
    assert "worker_memory" in called.complaints


@pytest.mark.parametrize(
    ("value", "interval", "says"),
    [
        (5.0, None, "<= 5 ms: met"),
        (5.1, None, "<= 5 ms: missed"),
        (4.0, (3.0, 4.9), "<= 5 ms: met"),
        (4.0, (3.0, 5.5), "<= 5 ms: met, within noise"),
        (6.0, (4.0, 8.0), "<= 5 ms: missed, within noise"),
        (6.0, (5.5, 8.0), "<= 5 ms: missed"),
    ],
)
def test_verdict_says_how_sure_it_is(value: float, interval: tuple[float, float] | None, says: str) -> None:
    """An interval that holds the goal leaves the verdict open."""
    assert str(Verdict("added", Goal(5.0, "ms"), value, interval)) == says


def test_table_aligns_figures_right_and_notes_below() -> None:
    """The first column and the goal are texts, the rest figures."""
    table = Table("Title", ("what", "ms", "goal"), [("one", "1.0", "-"), ("two", "22.0", "met")], ["a note"])
    assert table.text().splitlines() == [
        "Title",
        "=====",
        "what      ms  goal",
        "------  ----  ------",
        "one      1.0  -",
        "two     22.0  met",
        "- a note",
    ]
