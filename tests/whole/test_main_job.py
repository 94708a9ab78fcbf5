import re
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
import soxr

from tests.whole.command import ROOT, Ran, assert_in_order, harness, json_of

REFERENCE = (ROOT / "samples" / "jfk.txt").read_text(encoding="utf-8").strip()
WORDS = re.findall(r"\w+", REFERENCE.lower())
AUDIO_S = 11.0
RULE = "=" * 70
MONEY = r"-?\d+\.\d\d"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the empty folder in which the default chain is run."""
    return tmp_path_factory.mktemp("default")


@pytest.fixture(scope="module")
def default(folder: Path) -> Ran:
    """Run the main job, twice over, where nothing of the project lies."""
    return harness("iterations=2", cwd=folder)


@pytest.fixture(scope="module")
def reverse(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Run the aligner before the ASR."""
    return harness("order=[aligner,asr]", "iterations=1", cwd=tmp_path_factory.mktemp("reverse"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that converted audio goes to."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Ran:
    """Align the sample as other people store it: FLAC, stereo, 44.1 kHz, one channel louder."""
    folder = tmp_path_factory.mktemp("flac")
    samples, rate_hz = soundfile.read(ROOT / "samples" / "jfk.wav", dtype="float32", always_2d=True)
    stereo = soxr.resample(samples.repeat(2, axis=1), rate_hz, 44_100)
    stereo[:, 1] *= 0.5
    soundfile.write(folder / "speech.flac", stereo, 44_100)
    arguments = ("dataset.audio=speech.flac", "order=[aligner]", "iterations=1")
    return harness(*arguments, cwd=folder, env={"XDG_CACHE_HOME": str(cache)})


def of_an_iteration(number: int) -> Iterator[str]:
    """Yield the lines of one iteration, as the original experiment prints them."""
    yield from (RULE, f"Iteration {number}/2", RULE)
    yield from (
        r"\[ASR\] Loading model\.\.\.",
        r"\[ASR\] Transcribing\.\.\.",
        r"[a-z' ]+",
        r"\[ASR\] Transcript: [a-z' ]+",
    )
    yield rf"\[ASR\] TTFT: {MONEY}ms, Speed: {MONEY} chars/sec, WER: {MONEY}%"
    yield from (r"\[Aligner\] Loading model\.\.\.", r"\[Aligner\] Aligning transcript with audio\.\.\.")
    yield r'\[\{"start":\d+,"end":\d+,"text":"[\w\']+"\}(,\{"start":\d+,"end":\d+,"text":"[\w\']+"\})+\]'
    yield rf"\[Aligner\] Words: \d+, Latency: {MONEY}ms"
    yield r"\[Summary\] Memory: \d+\.\d → \d+\.\d MB \(delta: [+-]\d+\.\d MB\)"


def test_the_main_job_succeeds(default: Ran) -> None:
    """Everything was done, and standard error holds warnings about the machine at most."""
    assert (default.status, [line for line in default.err.splitlines() if not line.startswith("warning: ")]) == (0, [])


def test_the_screen_shows_what_the_original_shows(default: Ran) -> None:
    """Banner, iterations and the three summary tables come in the original's order and words."""
    banner = (RULE, r"ASR \+ Forced Aligner.*", RULE, "ASR Model: .+", "Aligner Model: .+", r"Audio: samples/jfk\.wav")
    truth = (f"Ground Truth: {re.escape(REFERENCE)}", "Iterations: 2")
    overheads = (
        r"Phase +Load Overhead +Net Overhead",
        "-[- ]+",
        rf"ASR +{MONEY} +{MONEY}",
        rf"Aligner +{MONEY} +{MONEY}",
    )
    averages = (r"Metric +ASR +Aligner", "-[- ]+", rf"Avg TTFT \(ms\) +{MONEY} +-", rf"Avg WER \(%\) +{MONEY} +-")
    names = ("Initial Memory (MB)", "Final Memory (MB)", "Total Growth (MB)", "Growth Rate (MB/iter)")
    overall = (RULE, "Overall Memory", RULE, *(rf"{re.escape(name)} +{MONEY}" for name in names))
    ours = (RULE, "Medians and 95 % intervals", RULE, r"asr\.wer +% +.+", r"Verdict \(memory\): .+")
    ending = (r"Guard \(one_at_a_time\): held, at most 1 loaded at one time", "Trials: 2 ok", "Results: .+")
    summary = (RULE, r"Summary \(2 iterations\)", RULE, *overheads, *averages, *overall, *ours, *ending)
    assert_in_order(default.out, [*banner, *truth, *of_an_iteration(1), *of_an_iteration(2), *summary])


def test_a_missing_figure_has_its_reason_below_the_table(default: Ran) -> None:
    """The aligner has no TTFT and no WER, and the lines below say why."""
    assert_in_order(
        default.out,
        [
            r"Avg WER \(%\).*",
            r".*Aligner ttft_ms.*: the stage does not stream: .+",
            r".*Aligner wer.*: the role aligner writes no transcript",
        ],
    )


@pytest.mark.parametrize("nonsense", ["nan", "None", "inf", "\x1b", "\r", "Traceback"])
def test_nothing_printed_is_nonsense(default: Ran, nonsense: str) -> None:
    """No value that is none is printed, and no control sequence goes into a pipe."""
    assert not re.search(rf"(?<![a-zA-Z]){nonsense}(?![a-zA-Z])", default.out + default.err)


def test_the_folder_of_a_run_is_complete(default: Ran) -> None:
    """Every file of the design is there, and nothing unfinished."""
    names = {path.name for path in default.folder.iterdir()}
    records = {"config.yaml", "environment.json", "run.json", "trials.jsonl", "engine.log"}
    results = {"summary.json", "asr_align_results.json", "report.md", "report.html"}
    assert records | results <= names
    assert not [name for name in names if name.startswith(".")]


def test_latest_points_to_the_run(default: Ran, folder: Path) -> None:
    """The newest run is found without knowing when it began, also after the outputs were moved."""
    latest = folder / "outputs" / "latest"
    assert latest.resolve() == default.folder.resolve()
    assert not latest.readlink().is_absolute()


def test_nothing_else_is_left_in_the_working_directory(default: Ran, folder: Path) -> None:
    """A run writes below its outputs and nowhere else."""
    assert [path.name for path in folder.iterdir()] == ["outputs"]
    assert sorted(path.name for path in (folder / "outputs").iterdir()) == ["latest", "runs"]


def test_each_iteration_is_one_line_of_trials(default: Ran) -> None:
    """The trials are on disk one a line, in order, all of them done."""
    assert [(trial["index"], trial["outcome"]["kind"]) for trial in default.trials] == [(0, "ok"), (1, "ok")]


def test_the_guard_proves_one_model_at_a_time(default: Ran) -> None:
    """By the worker's own account no second model was ever loaded."""
    assert [trial["most_loaded"] for trial in default.trials] == [1, 1]
    guard = default.summary["guard"]
    assert (guard["residency"], guard["most_loaded"], guard["held"]) == ("one_at_a_time", 1, True)


def test_one_worker_carries_out_the_whole_chain(default: Ran) -> None:
    """Every phase is in the record, in order, and one process did them all."""
    each = ["load", "run", "unload"]
    visits = [visit for trial in default.trials for visit in trial["visits"]]
    names = [(visit["stage"], [phase["name"] for phase in visit["phases"]]) for visit in visits]
    first = [("asr", ["start", "prepare", *each]), ("aligner", ["prepare", *each])]
    assert names == [*first, ("asr", each), ("aligner", [*each, "trim"])]
    assert len({phase["pid"] for visit in visits for phase in visit["phases"]}) == 1


def test_the_aligner_aligns_the_transcript(default: Ran) -> None:
    """The record says where the text is from, and the words are the transcript's."""
    for trial in default.trials:
        asr, aligner = trial["visits"]
        assert aligner["text_from"] == "asr"
        assert [word["text"] for word in aligner["words"]] == asr["text"].split()
        assert_spoken_in_order(aligner["words"])


def assert_spoken_in_order(words: list[dict[str, float]]) -> None:
    """Check that words follow each other inside the audio."""
    times = [time for word in words for time in (word["start_ms"], word["end_ms"])]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] <= 1000 * AUDIO_S


def test_the_transcript_is_mostly_right(default: Ran) -> None:
    """The shipped configuration stays at a word error rate of at most 25 %, counted over both trials."""
    wer = default.summary["metrics"]["asr.wer"]
    assert wer["denominator"] == 2 * len(WORDS)
    assert wer["numerator"] / wer["denominator"] == wer["value"] <= 0.25


def test_text_is_delivered_while_the_engine_works(default: Ran) -> None:
    """Partial hypotheses come inside the call, and the first of them is what TTFT is measured by."""
    for trial in default.trials:
        asr = trial["visits"][0]
        run = next(phase for phase in asr["phases"] if phase["name"] == "run")
        at_ns = [delivery["at_ns"] for delivery in asr["deliveries"]]
        assert at_ns == sorted(at_ns)
        assert len(at_ns) >= 5
        assert run["start_ns"] < at_ns[0] < at_ns[-1] <= run["end_ns"]
        ttft = next(
            value for value in trial["measurements"] if value["metric"] == "ttft_ms" and value["scope"] == "asr"
        )
        assert ttft["value"] == pytest.approx((at_ns[0] - run["start_ns"]) / 1e6)


def test_the_summary_has_the_names_that_were_promised(default: Ran) -> None:
    """Metrics are found by name, and each says its kind, its unit and either a value or why there is none."""
    summary = default.summary
    metrics = summary["metrics"]
    stages = (
        "ttft_ms",
        "load_overhead_mib",
        "net_overhead_mib",
        "load_peak_mib",
        "latency_ms",
        "rtf",
        "load_ms",
        "wer",
    )
    names = {f"{stage}.{name}" for stage in ("asr", "aligner") for name in stages}
    assert names | {"memory.growth_mib_per_iteration", "asr.cer", "asr.wer_raw", "asr.chars_per_s"} <= set(metrics)
    for metric in metrics.values():
        keys = {"kind", "unit", "n", "median", "mean", "interval", "numerator", "denominator", "null_reason"}
        assert keys <= set(metric)
        assert [metric["value"], metric["text"], metric["null_reason"]].count(None) == 2
    assert (summary["schema"], summary["outcomes"]) == (3, {"ok": 2})
    assert {"verdict", "interval"} <= set(summary["verdicts"]["memory"])


def test_memory_figures_are_those_of_a_model_that_comes_and_goes(default: Ran) -> None:
    """Both overheads are measured from outside; a peak is never below the level it leads to."""
    metrics = default.summary["metrics"]
    for stage in ("asr", "aligner"):
        loaded, peak = metrics[f"{stage}.rss_loaded_mib"]["value"], metrics[f"{stage}.load_peak_mib"]["value"]
        assert 0 < metrics[f"{stage}.rss_before_load_mib"]["value"] <= loaded <= peak + 1.0  # VmHWM lags by some pages
    assert metrics["asr.load_overhead_mib"]["cold"] > 20


def test_results_have_the_shape_of_the_original(default: Ran) -> None:
    """``asr_align_results.json`` has the original's keys, so that its readers read ours."""
    results = json_of(default.folder / "asr_align_results.json")
    assert set(results) == {"config", "summary", "iterations"}
    assert results["config"] == {
        "iterations": 2,
        "asr_model": "pocketsphinx",
        "aligner_model": "pocketsphinx",
        "audio": "samples/jfk.wav",
        "ground_truth": REFERENCE,
        "inference_threads": 6,
    }
    model = {"avg_load_overhead_mb", "avg_net_overhead_mb", "avg_ttft_ms"}
    overall = {"initial_memory_mb", "final_memory_mb", "total_growth_mb", "growth_rate_mb_per_iter"}
    shape = {name: set(values) for name, values in results["summary"].items()}
    assert shape == {"asr": model | {"avg_wer_percent"}, "aligner": model, "overall": overall}
    assert [iteration["iteration"] for iteration in results["iterations"]] == [1, 2]
    assert results["summary"]["asr"]["avg_wer_percent"] <= 25


def test_the_configuration_is_kept_resolved(default: Ran) -> None:
    """What was run can be read off ``config.yaml``: values, and no interpolation."""
    text = (default.folder / "config.yaml").read_text(encoding="utf-8")
    assert "iterations: 2\n" in text
    assert "threads: 6\n" in text
    assert "${" not in text


def test_the_environment_names_machine_versions_and_model(default: Ran) -> None:
    """Versions of the harness and the engine are there, and the model by the hashes of its files."""
    environment = json_of(default.folder / "environment.json")
    assert environment["versions"]["asr-align-harness"] != "not installed as a distribution"
    assert environment["engines"]["asr"]["version"]
    assert environment["usable_cores"] >= 1
    hashes = [facts["sha256"] for facts in environment["files"].values()]
    assert hashes
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in hashes)


def test_reports_are_whole(default: Ran) -> None:
    """Both reports carry the figures, and the page needs no other file."""
    markdown = (default.folder / "report.md").read_text(encoding="utf-8")
    page = (default.folder / "report.html").read_text(encoding="utf-8")
    for report in (markdown, page):
        assert all(text in report for text in ("asr.ttft_ms", "memory.growth_mib_per_iteration", "Overall Memory"))
    assert page.rstrip().endswith("</html>")
    assert not re.search(r"""(src|href)=["']?(https?:|//)""", page)


def test_an_aligner_in_front_aligns_the_reference(reverse: Ran) -> None:
    """With ``[aligner, asr]`` the text is the reference, and record and screen say so."""
    aligner, asr = reverse.trials[0]["visits"]
    assert (reverse.status, aligner["stage"], asr["stage"]) == (0, "aligner", "asr")
    assert (aligner["text_from"], asr["text_from"]) == ("reference", None)
    assert [word["text"] for word in aligner["words"]] == WORDS
    assert_spoken_in_order(aligner["words"])


def test_the_screen_follows_the_order(reverse: Ran) -> None:
    """The aligner's lines stand before the ASR's, with where its text is from."""
    aligner = (r"\[Aligner\] Loading model\.\.\.", r"\[Aligner\] Aligning .+", r"\[Aligner\] Text: the reference")
    asr = (r"\[ASR\] Loading model\.\.\.", r"\[ASR\] Transcript: .+", r"\[Summary\] Memory: .+", r"Phase .+")
    assert_in_order(reverse.out, ["Aligner Model: .+", "ASR Model: .+", *aligner, *asr, "Aligner .+", "ASR .+"])


def test_one_iteration_says_that_it_is_cold(reverse: Ran) -> None:
    """A single trial has no steady figure; its cold one is there, with the reason for the dash."""
    ttft = reverse.summary["metrics"]["asr.ttft_ms"]
    assert (ttft["value"], ttft["n"], ttft["null_reason"]) == (None, 0, "only the cold first trial has a value")
    assert ttft["cold"] > 0
    assert "only the cold first trial has a value" in reverse.out


def test_other_audio_is_converted_before_anything_is_timed(converted: Ran, cache: Path) -> None:
    """The engine is given 16 kHz mono, made before the run and kept in the cache."""
    utterance = converted.trials[0]["utterance"]
    assert (converted.status, utterance["audio"]) == (0, "speech.flac")
    assert Path(utterance["canonical"]).is_relative_to(cache.resolve())
    with wave.open(utterance["canonical"], "rb") as audio:
        assert (audio.getframerate(), audio.getnchannels(), audio.getsampwidth()) == (16_000, 1, 2)
    assert utterance["duration_s"] == pytest.approx(AUDIO_S, abs=0.001)


def test_converted_audio_is_aligned_alike(converted: Ran, reverse: Ran) -> None:
    """Words are where they are in the original recording, to within three frames."""
    words, expected = (ran.trials[0]["visits"][0]["words"] for ran in (converted, reverse))
    assert [word["text"] for word in words] == [word["text"] for word in expected]
    assert [word["start_ms"] for word in words] == pytest.approx([word["start_ms"] for word in expected], abs=30)
