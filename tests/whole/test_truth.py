"""Every claim of the measuring side, against an engine whose costs are known: tests/engine/README.md."""

import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.verdict import MIN_FOR_LEAK
from tests.engine.build import Value, built, why_not, write_model
from tests.whole.command import ROOT, Ran, assert_in_order, called, carrying, json_of, settle

pytestmark = [
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "there is a compiler"),
    pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="no /proc/PID/clear_refs: no exact peaks"),
]

REFERENCE = (ROOT / "samples" / "jfk.txt").read_text(encoding="utf-8").strip()
WORDS = tuple((word, 400 * i + 80, 400 * i + 320) for i, word in enumerate(REFERENCE.split()))
PRINTED = "[" + ",".join(f'{{"start":{start},"end":{end},"text":"{text}"}}' for text, start, end in WORDS) + "]"
ENOUGH = f"iterations={MIN_FOR_LEAK + 1}"
QUICK = ("probe=[rss]",)
SPEECH: dict[str, Value] = {"text": REFERENCE, "ttft_ms": 2, "run_ms": 3}
CELL = r"-?\d+\.\d\d"

Capture = pytest.CaptureFixture[str]
Run = Callable[..., Ran]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, with a program ``ffmpeg`` for the preflight: this engine decodes nothing."""
    ffmpeg = tmp_path / "bin" / "ffmpeg"
    ffmpeg.parent.mkdir()
    ffmpeg.write_text("#!/bin/sh\nexit 1\n")
    ffmpeg.chmod(0o755)
    monkeypatch.setenv("PATH", str(ffmpeg.parent), prepend=":")
    return settle(tmp_path, monkeypatch)


@pytest.fixture(autouse=True)
def marker(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Give every process that is started from here a text to be known by; none is left in the end."""
    text = f"truth-{uuid.uuid4()}"
    monkeypatch.setenv("HARNESS_TEST_MARKER", text)
    yield text
    assert carrying(text) == []


@pytest.fixture
def chain(folder: Path, capsys: Capture) -> Run:
    """Return a function that runs both roles; ``asr`` and ``aligner`` are costs beside what they say."""

    def run(
        *arguments: str,
        asr: dict[str, Value] | None = None,
        aligner: dict[str, Value] | None = None,
        build: tuple[str, ...] = (),
    ) -> Ran:
        write_model(folder / "speech.bin", **{**SPEECH, **(asr or {})})
        write_model(folder / "times.bin", *WORDS, purpose="aligner", **(aligner or {}))
        library = built(*build)
        stages = ["asr=chatllm", "asr.model=speech.bin", "aligner=chatllm", "aligner.model=times.bin"]
        libraries = [f"asr.library={library}", f"aligner.library={library}"]
        # Hydra's own options (-m) stand before overrides
        return called(capsys, [*arguments, *stages, *libraries])

    return run


@pytest.fixture
def alone(folder: Path, capsys: Capture) -> Run:
    """Return a function that runs the ASR alone, three times unless told otherwise; keywords are its costs."""

    def run(*arguments: str, build: tuple[str, ...] = (), **costs: Value) -> Ran:
        write_model(folder / "speech.bin", **{**SPEECH, **costs})
        own = ["order=[asr]", "asr=chatllm", "asr.model=speech.bin", f"asr.library={built(*build)}"]
        protocol = [] if any(one.startswith("iterations=") for one in arguments) else ["iterations=3"]
        return called(capsys, [*arguments, *own, *protocol])

    return run


def values(ran: Ran, metric: str, scope: str = "asr") -> list[float]:
    """Return a metric's value in every trial, the cold one included."""
    rows = [row for trial in ran.trials for row in trial["measurements"]]
    found = [row["value"] for row in rows if (row["scope"], row["metric"]) == (scope, metric)]
    assert len(found) == len(ran.trials)
    return found


def near(truth_mib: float) -> Any:
    """Compare with a truth in MiB: within 1 MiB or 1 %."""
    return pytest.approx(truth_mib, abs=1.0, rel=0.01)


def shown(ran: Ran) -> list[str]:
    """Return the outcomes that the screen shows."""
    return [line.removeprefix("[Outcome] ") for line in ran.out.splitlines() if line.startswith("[Outcome] ")]


# --- memory -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("costs", "truth_mib"),
    [
        pytest.param({"keep_mib": 96}, {"load_overhead_mib": 96, "release_mib": 96, "net_overhead_mib": 0}, id="kept"),
        pytest.param(
            {"keep_mib": 300, "work_mib": 8},
            {"load_overhead_mib": 300, "working_memory_mib": 8, "net_overhead_mib": 0},
            id="kept-large",
        ),
        pytest.param({"keep_mib": 8, "map_mib": 64}, {"load_overhead_mib": 72, "net_overhead_mib": 0}, id="mapped"),
        pytest.param(
            {"keep_mib": 16, "load_peak_mib": 48, "load_peak_ms": 0},
            {"load_working_mib": 64, "load_overhead_mib": 16, "net_overhead_mib": 0},
            id="peak-of-no-time",
        ),
        pytest.param(
            {"keep_mib": 16, "load_peak_mib": 200, "load_peak_ms": 1},
            {"load_working_mib": 216, "load_overhead_mib": 16},
            id="peak-of-1-ms",
        ),
        pytest.param(
            {"keep_mib": 16, "load_peak_mib": 96, "work_mib": 40},
            {"working_memory_mib": 40, "load_working_mib": 112, "net_overhead_mib": 0},
            id="each-phase-its-own-peak",
        ),
        pytest.param(
            # above 32 MiB, glibc keeps no block of what was freed
            {"keep_mib": 48, "work_mib": 150, "memory_with": "malloc"},
            {"working_memory_mib": 150, "load_overhead_mib": 48, "net_overhead_mib": 0},
            id="malloc",
        ),
        pytest.param(
            {"keep_mib": 8, "leak_load_kib": 3072}, {"load_overhead_mib": 11, "net_overhead_mib": 3}, id="leak"
        ),
        pytest.param({}, {"load_overhead_mib": 0, "working_memory_mib": 0, "net_overhead_mib": 0}, id="nothing"),
    ],
)
def test_each_trial_has_the_true_memory(costs: dict[str, Value], truth_mib: dict[str, float], alone: Run) -> None:
    """What the model takes, needs and gives back, in every trial and so in every summary."""
    ran = alone(**costs)
    assert (ran.status, ran.outcomes) == (0, ["ok"] * 3)
    for metric, truth in truth_mib.items():
        assert values(ran, metric) == [near(truth)] * 3, metric
        assert ran.summary["metrics"][f"asr.{metric}"]["median"] == near(truth)


def test_the_peak_of_a_run_is_what_is_kept_and_what_it_works_with(alone: Run) -> None:
    """The run's peak, and the trial's where the load has none of its own."""
    ran = alone(keep_mib=40, work_mib=60)
    for before, peak, whole in zip(
        values(ran, "rss_before_load_mib"),
        values(ran, "run_peak_mib"),
        values(ran, "peak_mib", "memory"),
        strict=True,
    ):
        assert (peak - before, whole) == (near(100), peak)


def test_a_mapped_model_is_no_allocation(alone: Run) -> None:
    """It counts as the file that it is, or as shared memory where the file lies there."""
    for trial in alone(keep_mib=8, map_mib=64).trials:
        at = {look["point"]: look["values"] for look in trial["visits"][0]["observations"]}
        added = {name: (at["loaded"][name] - at["before_load"][name]) / 1024 for name in at["loaded"]}
        assert added["anon_kib"] == near(8)
        assert added["file_kib"] + added["shmem_kib"] == near(64)


@pytest.mark.parametrize(
    ("leaks_kib", "truth_mib"),
    [
        ({"leak_load_kib": 2048}, 2.0),
        ({"leak_run_kib": 512}, 0.5),
        ({"leak_load_kib": 128, "leak_run_kib": 256, "leak_with": "mmap"}, 0.375),
        ({}, 0.0),
    ],
)
@pytest.mark.parametrize("lifecycle", ["recreate", "restart"])
def test_a_leak_is_found_at_its_true_rate(
    lifecycle: str, leaks_kib: dict[str, Value], truth_mib: float, alone: Run
) -> None:
    """The slope is the leak of an iteration; a model that stays loaded leaks in its runs alone."""
    if lifecycle == "restart":
        truth_mib -= float(leaks_kib.get("leak_load_kib", 0)) / 1024
    ran = alone(ENOUGH, *QUICK, f"lifecycle={lifecycle}", keep_mib=64, **leaks_kib)
    assert ran.summary["metrics"]["memory.growth_mib_per_iteration"]["value"] == pytest.approx(
        truth_mib, rel=0.01, abs=0.02
    )
    word = "leak" if truth_mib else "stable"
    assert ran.summary["verdicts"]["memory"]["verdict"] == word
    stage = ran.summary["stage_verdicts"]["asr"]
    assert (stage["verdict"], stage["loop"]) == (word, "run" if lifecycle == "restart" else "load, run, unload")
    assert stage["net_mib_per_iteration"] == pytest.approx(truth_mib, rel=0.01, abs=0.02)


def test_the_stage_that_leaks_is_named(chain: Run) -> None:
    """Two stages share a process that grows: the one that takes more than it gives back is named, the other cleared."""
    ran = chain(ENOUGH, *QUICK, asr={"keep_mib": 8}, aligner={"keep_mib": 8, "leak_load_kib": 512})
    words = {stage: one["verdict"] for stage, one in ran.summary["stage_verdicts"].items()}
    assert (ran.summary["verdicts"]["memory"]["verdict"], words) == ("leak", {"asr": "stable", "aligner": "leak"})


def test_a_process_that_does_not_live_on_cannot_grow(chain: Run) -> None:
    """With a worker for each stage's work there is no series, and the verdict says what would give one."""
    ran = chain("iterations=3", *QUICK, "isolation=stage", aligner={"leak_load_kib": 512})
    verdict = ran.summary["verdicts"]["memory"]
    assert (verdict["verdict"], verdict["n"], verdict["settles_at"]) == ("undecided", 0, None)
    assert verdict["because"] == "no process served more than one iteration, so none could grow; isolation=run tells"
    assert ran.summary["stage_verdicts"] == {}


def test_what_the_allocator_keeps_is_no_leak(alone: Run) -> None:
    """It stays after the unload, a trim gives it back, nothing is left, and it is called by its name."""
    ran = alone("trim=each", keep_mib=8, retain_mib=32)
    assert values(ran, "net_overhead_mib") == [near(32)] * 3
    assert values(ran, "retention_mib") == [near(32)] * 3
    assert values(ran, "residual_mib") == [near(0)] * 3


def test_memory_that_the_allocator_reuses_is_no_overhead_twice(alone: Run) -> None:
    """What glibc keeps of a small model's blocks hides the next load's; a worker for each iteration shows it."""
    ran = alone("isolation=iteration", keep_mib=16, memory_with="malloc")
    assert values(ran, "load_overhead_mib") == [near(16)] * 3


def test_the_context_length_sizes_the_kv_cache(alone: Run) -> None:
    """A sweep of the length shows what a token costs; the record says what the engine got."""
    ran = alone("-m", "context_length=512,1024,4096", "iterations=1", keep_mib=4, kv_kib_per_token=20)
    runs = sorted(path.parent for path in ran.folder.glob("*/summary.json"))
    assert len(runs) == 3
    for path, length in zip(runs, (512, 1024, 4096), strict=True):
        one = Ran(0, f"Results: {path}", "")
        assert values(one, "load_overhead_mib") == [near(4 + 20 * length / 1024)]
        (facts,) = [phase["facts"] for phase in one.trials[0]["visits"][0]["phases"] if phase["name"] == "load"]
        assert (facts["max_length"], facts["context_length"]) == (length, length)
        assert facts["options"][facts["options"].index("-l") + 1] == str(length)


@pytest.mark.parametrize(
    ("costs", "line"),
    [
        ({"leak_fd_per_load": 1}, "Leak (files): 1 /dev/null an iteration (3 -> 12 over 10 iterations)"),
        ({"leak_fd_per_load": 3}, "Leak (files): 3 /dev/null an iteration (7 -> 34 over 10 iterations)"),
        (
            {"leak_thread_per_load": 2},
            "Leak (threads): 2 truth-leaked an iteration (4 -> 22 over 10 iterations)",
        ),
    ],
)
def test_files_and_threads_that_leak_are_named(costs: dict[str, Value], line: str, alone: Run) -> None:
    """By name and at their true rate, on the screen and in the report; descriptor 0 is a /dev/null of the worker's."""
    ran = alone("iterations=11", **costs)
    assert [one for one in ran.out.splitlines() if one.startswith("Leak (")] == [line]
    assert f"- {line}" in (ran.folder / "report.md").read_text(encoding="utf-8").splitlines()


def test_files_and_threads_that_stay_are_no_leak(alone: Run) -> None:
    """A model that is loaded once leaks in that load alone."""
    ran = alone("iterations=11", "lifecycle=reuse", leak_fd_per_load=2, leak_thread_per_load=2)
    assert values(ran, "threads_seen", "memory") == [3] * 11
    assert (ran.summary["leaking_handles"], "Leak (" in ran.out) == ([], False)


def test_the_ledger_says_the_truth(chain: Run) -> None:
    """Each phase adds what the model file says; what all resident would need is inferred, and then measured."""
    asr: dict[str, Value] = {"keep_mib": 64, "leak_load_kib": 256, "load_peak_mib": 12, "work_mib": 24}
    aligner: dict[str, Value] = {"keep_mib": 16, "map_mib": 8, "work_mib": 40}
    ran = chain("iterations=3", "trim=each", asr=asr, aligner=aligner)
    rows = {key: {row["phase"]: row for row in one["rows"]} for key, one in ran.summary["ledger"].items()}
    for key, kept_mib, left_mib in (("asr", 64.25, 0.25), ("aligner", 16, 0)):
        assert rows[key]["first load"]["anon_change_mib"] == near(kept_mib)
        assert rows[key]["load"]["anon_change_mib"] == near(kept_mib)
        assert rows[key]["steady run"]["anon_change_mib"] == near(0)
        assert rows[key]["unload"]["anon_change_mib"] == near(left_mib - kept_mib)
        assert rows[key]["steady run"]["rss_mib"] == near(rows[key]["load"]["rss_mib"])
    assert rows["asr"]["load"]["peak_mib"] - rows["asr"]["load"]["rss_mib"] == near(12)
    assert rows["asr"]["steady run"]["peak_mib"] - rows["asr"]["steady run"]["rss_mib"] == near(24)
    assert rows["aligner"]["steady run"]["peak_mib"] - rows["aligner"]["steady run"]["rss_mib"] == near(40)
    found = ran.summary["chain"]
    needs = {key: (one["holds_mib"], one["need_mib"], one["clean"]) for key, one in found["stages"].items()}
    assert needs == {"asr": (near(64.25), near(88.25), True), "aligner": (near(24), near(64), True)}
    assert found["one_at_a_time_mib"] - found["stages"]["asr"]["base_mib"] == near(88.25)
    # this stage stands no second model in its process, so all resident has a second process as well
    assert found["saved_mib"] == near(64.25 + 24 + 40 - 88.25 + found["stages"]["aligner"]["base_mib"])
    resident = chain("iterations=3", "trim=each", "residency=all_resident", asr=asr, aligner=aligner).summary["chain"]
    assert resident["all_resident_mib"] == near(found["all_resident_mib"])
    assert resident["one_at_a_time_mib"] == near(found["one_at_a_time_mib"])


# --- time and text ------------------------------------------------------------------------------------------


def test_ttft_is_stamped_while_the_engine_works(alone: Run) -> None:
    """Never before the truth, and a small part of the call: a queue read after it would give all of it."""
    ran = alone("iterations=5", header_ms=10, ttft_ms=30, chunk_ms=15)
    gaps = len(REFERENCE.split()) - 1
    parts = []
    for trial, ttft_ms in zip(ran.trials, values(ran, "ttft_ms"), strict=True):
        (visit,) = trial["visits"]
        (run,) = [phase for phase in visit["phases"] if phase["name"] == "run"]
        latency_ms = (run["end_ns"] - run["start_ns"]) / 1e6
        assert ttft_ms >= 30
        assert latency_ms >= run["facts"]["engine_total_ms"] >= 30 + 15 * gaps
        assert run["facts"]["engine_prompt_ms"] == 30  # the engine's own figure: the truth itself
        first_chunk_ms = (run["facts"]["first_chunk_ns"] - run["start_ns"]) / 1e6
        assert 10 <= first_chunk_ms < ttft_ms
        parts.append(ttft_ms / latency_ms)
    assert min(parts) < 0.5  # the truth: 30 / 345
    truth = len(REFERENCE.removeprefix("And")) / (15 * gaps / 1000)
    assert ran.summary["metrics"]["asr.chars_per_s"]["median"] == pytest.approx(truth, rel=0.5)


def test_chunks_and_text_are_exact(alone: Run) -> None:
    """What was said is in the record, a delivery a word; the header is no speech, and no word is wrong."""
    (trial,) = alone("iterations=1").trials
    (visit,) = trial["visits"]
    first, *rest = REFERENCE.split()
    assert [one["text"] for one in visit["deliveries"]] == [first, *(f" {word}" for word in rest)]
    assert visit["text"] == REFERENCE
    (wer,) = [row for row in trial["measurements"] if row["metric"] == "wer"]
    assert (wer["numerator"], wer["denominator"]) == (0, len(WORDS))


def test_words_are_exact(chain: Run) -> None:
    """The aligner's answer is in the record and on the screen, to the millisecond, and has no TTFT."""
    ran = chain("iterations=1")
    assert ran.status == 0
    _, visit = ran.trials[0]["visits"]
    words = [(word["text"], word["start_ms"], word["end_ms"]) for word in visit["words"]]
    assert words == list(WORDS)
    assert PRINTED in ran.out.splitlines()
    assert values(ran, "ttft_ms", "aligner") == [None]


def test_a_text_that_changes_is_said_with_the_first_difference(alone: Run) -> None:
    """The engine says something else from its fourth run on."""
    ran = alone("iterations=5", text_after=f"3:{REFERENCE.replace('Americans', 'Canadians')}")
    assert ran.outcomes == ["ok"] * 5
    (said,) = [row["text"] for row in ran.summary["metrics"].values() if row["kind"] == "constancy" and row["text"]]
    assert "3" in said
    assert "Canadians" in said


def test_a_character_cut_short_is_replaced(alone: Run) -> None:
    """Two bytes of three end the text with the sign for it."""
    ran = alone(broken_utf8=1)
    assert ran.outcomes == ["ok"] * 3
    assert {trial["visits"][0]["text"] for trial in ran.trials} == {f"{REFERENCE}\ufffd"}


@pytest.mark.parametrize("costs", [{"split_utf8": 1}, {"chunk_bytes": 1}, {"after_end_tail": 1}, {"tag": 0}])
def test_text_is_whole_however_it_is_cut(costs: dict[str, Value], alone: Run) -> None:
    """Split characters and tags, chunks of a byte, and a chunk after the end callback lose nothing."""
    ran = alone("iterations=1", text="Grüße, 世界 \U0001f30d", **costs)
    assert [trial["visits"][0]["text"] for trial in ran.trials] == ["Grüße, 世界 \U0001f30d"]


def test_what_the_engine_prints_breaks_nothing(chain: Run) -> None:
    """Its standard output is the log's, also where it looks like a message of ours."""
    noise = {"print_stdout": '{"seq": 3, "ok": true}'}
    ran = chain("iterations=2", asr=noise, aligner=noise)
    assert (ran.status, ran.outcomes) == (0, ["ok", "ok"])
    assert noise["print_stdout"] in (ran.folder / "engine.log").read_text(encoding="utf-8")
    assert noise["print_stdout"] not in ran.out


# --- failures -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("costs", "outcome"),
    [
        ({"fail_load": "no tensors in it"}, r"error: RuntimeError: .*no tensors in it.* in load \(asr\)"),
        ({"fail_run": "media too long"}, r"error: RuntimeError: .*media too long.* in run \(asr\)"),
        ({"bad_option": "--seed"}, r"error: RuntimeError: .*does not know the option '--seed', .* in load \(asr\)"),
        ({"start_result": -1}, r"error: RuntimeError: .*no model in load \(asr\)"),
        ({"input_result": -3}, r"error: RuntimeError: .*takes no input in run \(asr\)"),
        ({"destroy_result": -1}, r"error: RuntimeError: .*refused to unload with -1.* in unload \(asr\)"),
        ({"deaf": 1}, r"error: RuntimeError: .*never reached the model.* in run \(asr\)"),
        ({"hang_in": "run"}, r"timeout in run after 1 s \(asr\)"),
        ({"exit_in": "load", "exit_status": 3}, r"crashed: exit status 3 in load \(asr\)"),
    ],
)
def test_a_failure_is_the_outcome_of_every_trial(costs: dict[str, Value], outcome: str, alone: Run) -> None:
    """It says what the engine said, and a next trial begins with a worker of its own."""
    ran = alone("iterations=2", "timeout_s=1", **costs)
    assert ran.status == 1
    assert len(shown(ran)) == 2
    assert all(re.fullmatch(outcome, line) for line in shown(ran)), shown(ran)
    assert ran.summary["metrics"]["asr.load_overhead_mib"]["value"] is None


@pytest.mark.parametrize("phase", ["load", "run", "unload"])
@pytest.mark.parametrize("name", ["SEGV", "ABRT"])
def test_a_crash_costs_its_trial_alone(name: str, phase: str, alone: Run) -> None:
    """The signal is named, and the figures of the others stand."""
    ran = alone(crash_in=phase, crash_signal=name, fault_after=1, keep_mib=24)
    assert (ran.status, ran.outcomes) == (1, ["ok", "crashed", "ok"])
    assert shown(ran) == [f"crashed: SIG{name} in {phase} (asr)"]
    assert ran.summary["metrics"]["asr.load_overhead_mib"]["median"] == near(24)


def test_a_build_that_takes_no_audio_says_so(alone: Run) -> None:
    """The outcome names the date, and what to do."""
    ran = alone("iterations=1", build=("OLD_ASR",))
    (line,) = shown(ran)
    assert "refused the input with -1" in line
    assert "before February 2026" in line


def test_a_build_that_cannot_unload_loses_its_worker(chain: Run) -> None:
    """Every trial is done, each says that its workers were ended, and one model at a time holds."""
    ran = chain("iterations=2", build=("NO_DESTROY",), asr={"keep_mib": 24}, aligner={"keep_mib": 16})
    assert (ran.status, ran.outcomes) == (0, ["ok", "ok"])
    for trial in ran.trials:
        said = [
            f"{stage} cannot be unloaded; its worker was ended, which frees the model" for stage in ("asr", "aligner")
        ]
        assert trial["problems"] == said
        assert trial["most_loaded"] == 1
    assert values(ran, "load_overhead_mib") == [near(24)] * 2
    assert values(ran, "load_overhead_mib", "aligner") == [near(16)] * 2


def test_two_resident_models_are_two_processes(chain: Run) -> None:
    """The engine's state is global, so each stage has a worker of its own; neither hears the other."""
    ran = chain("iterations=2", "residency=all_resident", "lifecycle=restart")
    assert (ran.status, ran.outcomes) == (0, ["ok", "ok"])
    pids: dict[str, set[int]] = {"asr": set(), "aligner": set()}
    for trial in ran.trials:
        for visit in trial["visits"]:
            pids[visit["stage"]] |= {phase["pid"] for phase in visit["phases"]}
    assert [len(one) for one in pids.values()] == [1, 1]
    assert pids["asr"].isdisjoint(pids["aligner"])
    assert [trial["visits"][0]["text"] for trial in ran.trials] == [REFERENCE] * 2


def test_two_resident_models_are_counted_as_two(chain: Run) -> None:
    """What the guard says was loaded at one time is the number of models, in however many processes."""
    ran = chain("iterations=1", "residency=all_resident")
    assert ran.trials[0]["most_loaded"] == 2


# --- the original experiment --------------------------------------------------------------------------------


def test_exp5_prints_the_originals_tables_with_the_true_numbers(chain: Run) -> None:
    """Twenty iterations, one model at a time, threads 6, context 4096: overheads, WER, growth are the engine's."""
    asr: dict[str, Value] = {"keep_mib": 48, "load_peak_mib": 16, "leak_load_kib": 512, "chunk_ms": 1}
    aligner: dict[str, Value] = {"keep_mib": 24, "leak_load_kib": 256}
    ran = chain("experiment=exp5", "iterations=20", asr=asr, aligner=aligner)
    assert (ran.status, ran.outcomes) == (0, ["ok"] * 20)
    assert ran.out.splitlines().count(PRINTED) == 20
    overheads = [r"Phase +Load Overhead +Net Overhead", "-[- ]+", rf"ASR +{CELL} +{CELL}", rf"Aligner +{CELL} +{CELL}"]
    averages = [r"Metric +ASR +Aligner", "-[- ]+", rf"Avg TTFT \(ms\) +{CELL} +-", r"Avg WER \(%\) +0\.00 +-"]
    names = ("Initial Memory (MB)", "Final Memory (MB)", "Total Growth (MB)", "Growth Rate (MB/iter)")
    overall = ["Overall Memory", *(rf"{re.escape(name)} +{CELL}" for name in names)]
    assert_in_order(ran.out, [r"Summary \(20 iterations\)", *overheads, *averages, *overall, "Trials: 20 ok"])
    table = ran.out[ran.out.index("\nSummary (") :]

    def printed(name: str) -> list[float]:
        (row,) = re.findall(rf"(?m)^{re.escape(name)} +(.*\d.*)$", table)
        return [float(cell) for cell in row.split() if cell != "-"]

    assert printed("ASR") == [near(48.5), pytest.approx(0.5, abs=0.3)]
    assert printed("Aligner") == [near(24.25), pytest.approx(0.25, abs=0.3)]
    assert printed("Avg TTFT (ms)")[0] >= 2
    assert printed("Total Growth (MB)") == [near(15)]
    assert printed("Growth Rate (MB/iter)") == [pytest.approx(0.75, abs=0.05)]
    assert ran.summary["metrics"]["memory.growth_mib_per_iteration"]["value"] == pytest.approx(0.75, rel=0.01)
    verdict = ran.summary["verdicts"]["memory"]
    assert (verdict["verdict"], verdict["n"]) == ("undecided", 19)  # it grows, and could stop yet, as caches do
    assert verdict["slope_mib_per_iteration"] == pytest.approx(0.75, rel=0.01)
    assert verdict["settles_at"] > MIN_FOR_LEAK
    original = json_of(ran.folder / "asr_align_results.json")
    assert original["summary"]["asr"]["avg_load_overhead_mb"] == near(48.5)
    assert original["summary"]["asr"]["avg_wer_percent"] == 0
