import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.stage import Refused
from plugins.stages import chatllm_library
from plugins.stages.chatllm_library import Library, Model
from tests.engine.build import Value, built, compiler, why_not, write_model

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "there is a compiler")

ASK = "{{audio:/nowhere.wav}}"
TAGS = ["--multimedia_file_tags", "{{", "}}"]
EUROPEAN = "aé€😀z"
"""Characters of 1, 2, 3, 4 and 1 bytes."""

Load = Callable[..., Model]


LEFT_ALIVE: list[Model | None] = []
"""Models that cannot be destroyed: the engine goes on calling the first one's callbacks."""


@pytest.fixture(autouse=True)
def _nothing_alive(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let each test begin with an empty process, as far as the module under test knows."""
    monkeypatch.setattr(chatllm_library, "_alive", None)
    yield
    LEFT_ALIVE.append(chatllm_library._alive)


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load a model of the engine of known truth that costs what is said."""

    def load_it(*variants: str, options: tuple[str, ...] = (), **costs: Value) -> Model:
        path = write_model(tmp_path / "model.bin", **costs)
        return Model(Library(str(built(*variants))), ["-m", str(path), *TAGS, *options])

    return load_it


def answer(model: Model) -> tuple[list[str], str]:
    """Return the chunks of an answer, and the rest that the call left."""
    chunks: list[str] = []
    _, rest = model.ask(ASK, chunks.append)
    return chunks, rest


# --- opening ------------------------------------------------------------------------------------------------


def test_library_without_the_functions_is_none(tmp_path: Path) -> None:
    """A library that lacks a function is refused with the function's name."""
    source, library = tmp_path / "other.c", tmp_path / "other.so"
    source.write_text("int chatllm_create = 1;\n")
    subprocess.run([compiler(), "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    with pytest.raises(RuntimeError, match=f"{library} has no function chatllm_append_param"):
        Library(str(library))


def test_library_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    """The loader's own reason is in the error."""
    library = tmp_path / "libchatllm.so"
    library.write_text("nothing")
    with pytest.raises(RuntimeError, match=f"cannot be opened: {library}: file too short"):
        Library(str(library))


@pytest.mark.parametrize(("variants", "can_unload"), [((), True), (("NO_DESTROY",), False)])
def test_library_knows_whether_it_can_unload(variants: tuple[str, ...], can_unload: bool) -> None:
    """A build without chatllm_destroy is recognised."""
    assert Library(str(built(*variants))).can_unload is can_unload


# --- loading ------------------------------------------------------------------------------------------------


def test_model_tells_what_it_is(load: Load) -> None:
    """The model information is kept as the engine sends it."""
    model = load(name="Qwen3-ASR", param_num=782_426_496, context_length=65_536, options=("-l", "4096"))
    assert model.info == {
        "name": "Qwen3-ASR",
        "purpose": "ASR",
        "param_num": 782_426_496,
        "active_param_num": 782_426_496,
        "context_length": 4096,
        "training_context_length": 65_536,
        "capabilities": ["ASR"],
    }
    model.unload()


def test_broken_information_is_kept_as_it_is(load: Load) -> None:
    """What is no JSON does not fail a load."""
    model = load(name='Qwen"3')
    assert model.info["unreadable"].startswith('{"name": "Qwen"3", "purpose": "ASR"')
    model.unload()


def test_exception_while_loading_is_raised_after_the_call(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that cannot be written is an error of the load, not of a callback."""

    def fail(line: str) -> None:
        raise OSError(f"no room for {line}")

    monkeypatch.setattr(chatllm_library, "_log", fail)
    with pytest.raises(OSError, match="no room for You are served by Truth"):
        load()


def test_error_line_becomes_the_exception(load: Load) -> None:
    """What the engine prints as an ERROR is the message."""
    with pytest.raises(RuntimeError, match=r"^tensor not exist: audio\.conv2d1\.weight$"):
        load(fail_load="tensor not exist: audio.conv2d1.weight")


@pytest.mark.parametrize(
    ("costs", "options", "message"),
    [
        ({}, ("--frobnicate", "3"), r"does not know the option '--frobnicate', number 6 of 7"),
        ({"bad_option": "--seed"}, ("--seed", "3"), r"does not know the option '--seed', number 6 of 7"),
        ({"start_result": -1}, (), "was given no model"),
        ({"start_result": 77}, (), "could not start: result 77"),
        ({"start_result": -5}, (), "could not start: result -5"),
    ],
)
def test_start_result_is_explained(load: Load, costs: dict[str, Value], options: tuple[str, ...], message: str) -> None:
    """An index becomes the option's name; other results are shown."""
    with pytest.raises(RuntimeError, match=message):
        load(options=options, **costs)


def test_unknown_key_of_a_model_file_fails_the_load(load: Load) -> None:
    """A misspelt cost would be a wrong truth."""
    with pytest.raises(RuntimeError, match="unknown key or bad value: laod_ms"):
        load(laod_ms=3)


def test_second_live_model_is_refused(load: Load) -> None:
    """One object a process: the second load raises, the first model goes on and can be unloaded."""
    model = load(text="one")
    with pytest.raises(RuntimeError, match="alive in this process, and its global state allows one: unload it"):
        load(text="two")
    assert "".join(answer(model)[0]).endswith("one")
    model.unload()
    load(text="two").unload()


def test_failed_load_keeps_the_process_to_itself(load: Load) -> None:
    """What a failed load leaves in the engine cannot be destroyed: the next load is refused."""
    with pytest.raises(RuntimeError, match="no memory"):
        load(fail_load="no memory")
    with pytest.raises(RuntimeError, match=r"a load of chatllm\.cpp failed in this process"):
        load()


# --- asking -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunk_bytes", range(1, 12))
def test_character_may_be_cut_anywhere(load: Load, chunk_bytes: int) -> None:
    """Chunks of every length, so cuts at every byte of every character: the text comes through."""
    model = load(tag=0, text=EUROPEAN, chunk_bytes=chunk_bytes)
    chunks, rest = answer(model)
    model.unload()
    assert ("".join(chunks), rest) == (EUROPEAN, "")
    assert "�" not in "".join(chunks)


def test_engines_own_cut_in_a_character_comes_through(load: Load) -> None:
    """A chunk that ends inside a character waits for the next."""
    model = load(tag=0, text=f"grüß {EUROPEAN}", split_utf8=1)
    assert "".join(answer(model)[0]) == f"grüß {EUROPEAN}"
    model.unload()


def test_last_character_that_is_cut_off_is_replaced(load: Load) -> None:
    """What never ends becomes the replacement character, after the call; the next answer is whole."""
    model = load(tag=0, text="one", broken_utf8=1)
    assert [answer(model), answer(model)] == [(["one"], "�"), (["one"], "�")]
    model.unload()


def test_chunk_after_the_end_is_taken(load: Load) -> None:
    """The end callback is not the end: the last word comes after it."""
    model = load(tag=0, text="one two three", after_end_tail=1, chunk_ms=2)
    assert answer(model) == (["one", " two", " three"], "")
    model.unload()


def test_first_chunk_is_stamped_in_the_callback(load: Load) -> None:
    """The stamp is of the first callback, the header's, and not of the call's return."""
    model = load(text="one two", header_ms=20, ttft_ms=40, chunk_ms=100)
    start_ns = time.monotonic_ns()
    first_chunk_ns, _ = model.ask(ASK, lambda text: None)
    end_ns = time.monotonic_ns()
    model.unload()
    assert first_chunk_ns is not None
    assert first_chunk_ns - start_ns >= 20e6
    assert end_ns - start_ns >= 140e6
    assert end_ns - first_chunk_ns >= 40e6


def test_run_without_chunks_has_no_stamp(load: Load) -> None:
    """Where no chunk came there is no time of one."""
    model = load(tag=0, text="")
    assert model.ask(ASK, lambda text: None) == (None, "")
    model.unload()


def test_exception_in_a_callback_is_raised_after_the_call(load: Load) -> None:
    """It is kept, generation is stopped, and the same exception comes out; the next call is clean."""
    model = load(tag=0, text="one two three four five", chunk_ms=5)
    heard: list[str] = []

    def refuse(text: str) -> None:
        heard.append(text)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        model.ask(ASK, refuse)
    assert heard == ["one"]
    assert "".join(answer(model)[0]) == "one two three four five"
    model.unload()


def test_error_line_of_a_run_becomes_the_exception(load: Load) -> None:
    """ERROR lines are raised even where the result is 0."""
    model = load(fail_run="media too long.")
    with pytest.raises(RuntimeError, match=r"^media too long\.$"):
        model.ask(ASK, lambda text: None)
    model.unload()


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (-1, "with -1: it is still working on another input; or it was built before February 2026"),
        (-2, "with -2: no model is loaded"),
        (-3, "with -3: this model's purpose is neither chat nor ASR"),
        (-7, "with -7: which it does not document"),
    ],
)
def test_input_result_is_explained(load: Load, result: int, message: str) -> None:
    """Each result has its meaning in the message."""
    model = load(input_result=result)
    with pytest.raises(RuntimeError, match=message):
        model.ask(ASK, lambda text: None)
    model.unload()


def test_old_build_takes_no_input_for_asr(load: Load) -> None:
    """The build before February 2026 answers -1, and the message says what to do."""
    model = load("OLD_ASR")
    with pytest.raises(RuntimeError, match=r"then update chatllm\.cpp and build it again"):
        model.ask(ASK, lambda text: None)
    model.unload()


def test_model_of_another_purpose_takes_no_input(load: Load) -> None:
    """An embedding model is told from an ASR."""
    model = load(purpose="other")
    with pytest.raises(RuntimeError, match="with -3: this model's purpose"):
        model.ask(ASK, lambda text: None)
    model.unload()


def test_running_out_of_context_is_refused(load: Load) -> None:
    """The engine begins its answer anew then: what came is no transcript, and the engine is whole."""
    model = load(tag=0, text="one", meta_line="RUN OUT OF CONTEXT. Let me forget something and try again ...")
    for _ in range(2):
        with pytest.raises(Refused, match="ran out of context"):
            model.ask(ASK, lambda text: None)
    model.unload()


# --- the rest -----------------------------------------------------------------------------------------------


def test_lines_go_to_the_log(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    """Log lines and the engine's general lines are written to standard error; statistics are not."""
    model = load(tag=0, text="one", log_line="W a warning, for grüße")
    answer(model)
    model.statistics()
    model.unload()
    expected = ["W a warning, for grüße", "You are served by Truth", "turn 1", "audio skipped: /nowhere.wav"]
    assert capsys.readouterr().err.splitlines() == expected


def test_statistics_are_the_engines_lines(load: Load) -> None:
    """Statistics are the three lines behind an empty one, and add up over runs."""
    model = load(tag=0, text="one two", prompt_tokens=7, ttft_ms=2)
    for runs in (1, 2):
        answer(model)
        lines = model.statistics()
        assert lines[0] == ""
        assert f" ms / {7 * runs:5} tokens ( " in lines[1]
        assert [line.split("=")[0].strip() for line in lines[1:]] == [
            "timings: prompt eval time",
            "timings:        eval time",
            "timings:       total time",
        ]
    model.unload()


@pytest.mark.parametrize("variants", [(), ("RESTART_ONE_ARG",)])
def test_restart_forgets_the_history(load: Load, capsys: pytest.CaptureFixture[str], variants: tuple[str, ...]) -> None:
    """Both forms of restart work, and the system prompt stays as it is."""
    model = load(*variants, tag=0, text="one")
    answer(model)
    answer(model)
    model.restart()
    answer(model)
    model.unload()
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if line.startswith("turn")] == ["turn 1", "turn 2", "turn 1"]
    assert "the system prompt has changed" not in lines


def test_build_without_destroy_says_that_the_model_stays(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    """Unloading is a line in the log; the next load in this process is refused with the way out."""
    model = load("NO_DESTROY")
    model.unload()
    assert "only the process's end frees it" in capsys.readouterr().err
    with pytest.raises(RuntimeError, match="isolation=stage"):
        load("NO_DESTROY")


def test_refused_unload_is_an_error(load: Load) -> None:
    """A result other than 0 means that the model is still there."""
    model = load(destroy_result=-1)
    with pytest.raises(RuntimeError, match="refused to unload with -1: it is still generating"):
        model.unload()


def test_engine_that_prints_and_crashes_is_seen_from_outside(tmp_path: Path) -> None:
    """A crash in a call ends the process by its signal; what was printed before is there."""
    path = write_model(tmp_path / "model.bin", crash_in="run", crash_signal="ABRT", print_stdout="hello")
    child = (
        "import json, sys; from plugins.stages.chatllm_library import Library, Model\n"
        "model = Model(Library(sys.argv[1]), ['-m', sys.argv[2]])\n"
        "print(json.dumps(model.info['name']), flush=True)\n"
        "model.ask('', print)\n"
    )
    command = [sys.executable, "-c", child, str(built()), str(path)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == -6
    assert result.stdout.splitlines() == ["hello", json.dumps("Truth"), "hello"]
