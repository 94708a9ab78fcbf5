import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from harness.stage import Refused, Request, Unusable, Word
from plugins.stages import chatllm_library
from plugins.stages.chatllm import Aliases, Chatllm, ChatllmAligner, ChatllmAsr, harness_stages
from tests.engine.build import Value, build, built, why_not, write_model

ROOT = Path(__file__).parents[3]
needs_compiler = pytest.mark.skipif(bool(why_not()), reason=why_not() or "there is a compiler")

Make = Callable[..., Chatllm]

LEFT_ALIVE: list[object] = []
"""Models that cannot be destroyed: the engine goes on calling the first one's callbacks."""


@pytest.fixture(autouse=True)
def _surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put an ffmpeg on PATH, which the engine of known truth never calls, and begin with no model alive."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "ffmpeg").touch(0o700)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    monkeypatch.setattr(chatllm_library, "_alive", None)
    yield
    LEFT_ALIVE.append(chatllm_library._alive)


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    """Return ten seconds of silence, as a canonical file is."""
    path = tmp_path / "audio.wav"
    path.write_bytes(b"\0" * (44 + 10 * 32_000))
    return path


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make, prepare and load a stage whose model costs what is said; unload what is left of it."""
    stages: list[Chatllm] = []

    def make_it(
        role: str,
        *variants: str,
        words: tuple[tuple[str, int, int], ...] = (),
        given: dict[str, object] | None = None,
        **costs: Value,
    ) -> Chatllm:
        model = write_model(tmp_path / "model.bin", *words, purpose=role, **costs)
        cls: type[Chatllm] = {"asr": ChatllmAsr, "aligner": ChatllmAligner}[role]
        stage = cls(cls.Options(**{"model": str(model), "library": str(built(*variants)), **(given or {})}))
        stage.prepare()
        stage.load()
        stages.append(stage)
        return stage

    yield make_it
    for stage in stages:
        if stage._model is not None:
            stage.unload()


def heard(stage: Chatllm, audio: Path, duration_s: float = 10.0) -> tuple[str, list[str], dict[str, object]]:
    """Run a stage; return its text, what it emitted, and its facts."""
    emitted: list[str] = []
    result = stage.run(Request(audio=str(audio), duration_s=duration_s), emitted.append)
    return result.text, emitted, dict(result.facts)


# --- declared -----------------------------------------------------------------------------------------------


def test_file_holds_a_stage_for_each_role() -> None:
    """One name serves both roles; both are one to a process, and only the ASR streams."""
    found = {stage.role: (stage.name, stage.streams, stage.one_per_process) for stage in harness_stages()}
    assert found == {"asr": ("chatllm", "pieces", True), "aligner": ("chatllm", "nothing", True)}


@pytest.mark.parametrize("cls", [ChatllmAsr, ChatllmAligner])
def test_yaml_has_exactly_the_options(cls: type[Chatllm], monkeypatch: pytest.MonkeyPatch) -> None:
    """The YAML's keys are the options' and the two that say what it is; its values are the options' defaults."""
    monkeypatch.delenv("CHATLLM_LIBRARY", raising=False)
    config = OmegaConf.create({"threads": 2, "context_length": 512, "seed": 7})
    config.stage = OmegaConf.load(ROOT / "conf" / cls.role / "chatllm.yaml")
    values = OmegaConf.to_container(config, resolve=True)
    assert isinstance(values, dict)
    stage = values["stage"]
    assert (stage.pop("role"), stage.pop("stage")) == (cls.role, "chatllm")
    assert list(stage) == [name for name in stage if name in {field.name for field in fields(cls.Options)}]
    assert len(stage) == len(fields(cls.Options))
    swept = {"threads": 2, "context_length": 512, "seed": 7}
    assert cls.Options(**{**stage, "extra": tuple(stage["extra"])}) == cls.Options(**swept)


def test_yaml_takes_the_library_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """CHATLLM_LIBRARY names the library."""
    monkeypatch.setenv("CHATLLM_LIBRARY", "/opt/libchatllm.so")
    config = OmegaConf.load(ROOT / "conf" / "asr" / "chatllm.yaml")
    assert config.library == "/opt/libchatllm.so"


def test_module_is_light() -> None:
    """Importing the stage brings in no ctypes and no pathlib: the engine's cost is prepare's."""
    child = "import sys; before = set(sys.modules); import harness.stage, plugins.stages.chatllm\n"
    child += "print(*{'ctypes', 'pathlib', 'tempfile', 'numpy'} & (set(sys.modules) - before))"
    command = [sys.executable, "-c", child]
    result = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.split() == []


def test_label_is_the_models_name() -> None:
    """Tables name the model file, so that two sizes can be told apart."""
    assert ChatllmAsr(ChatllmAsr.Options(model="models/qwen3-asr-1.7b-q4_0.bin")).label() == "qwen3-asr-1.7b-q4_0"


# --- options ------------------------------------------------------------------------------------------------


def test_defaults_pass_what_each_role_needs() -> None:
    """Greedy, with the tags of audio, the language, and JSON from the aligner; nothing else."""
    tags = ["--multimedia_file_tags", "{{", "}}"]
    assert ChatllmAsr(ChatllmAsr.Options(model="/m.bin")).arguments() == [
        *("-m", "/m.bin", "-t", "0", *tags, "--set", "language", "auto")
    ]
    assert ChatllmAligner(ChatllmAligner.Options(model="/m.bin")).arguments() == [
        *("-m", "/m.bin", "-t", "0", *tags, "--set", "language", "English", "--set", "format", "json")
    ]


def test_every_option_is_passed_as_the_command_line_has_it() -> None:
    """Each option has its flag, and raw options come last."""
    options = ChatllmAligner.Options(
        model="/m.bin",
        language="Chinese",
        format="srt",
        delimiter="|",
        threads=0,
        max_length=8192,
        context_length=4096,
        temperature=0.25,
        seed=0,
        batch_size=512,
        cache_dtype="f32",
        gpu_layers="all",
        extra=("--ggml_dir", "/lib"),
    )
    assert ChatllmAligner(options).arguments() == [
        *(
            "-m",
            "/m.bin",
            "-n",
            "0",
            "-l",
            "8192",
            "-c",
            "4096",
            "-t",
            "0.25",
            "--seed",
            "0",
            "--batch_size",
            "512",
        ),
        *(
            "--cache_dtype",
            "f32",
            "-ngl",
            "all",
            "--multimedia_file_tags",
            "{{",
            "}}",
            "--set",
            "language",
            "Chinese",
        ),
        *("--set", "format", "srt", "--set", "delimiter", "|", "--ggml_dir", "/lib"),
    ]


@pytest.mark.parametrize(
    ("max_length", "context_length", "passed"),
    [
        (None, 4096, (4096, 4096)),
        (1024, 4096, (1024, 4096)),
        (1024, None, (1024, None)),
        (None, None, (None, None)),
    ],
)
def test_context_length_is_also_the_length(
    max_length: int | None, context_length: int | None, passed: tuple[int | None, int | None]
) -> None:
    """-l sizes the KV cache and -c does not: one value goes to both unless the length has its own."""
    stage = ChatllmAsr(ChatllmAsr.Options(model="/m.bin", max_length=max_length, context_length=context_length))
    arguments = stage.arguments()
    found = [int(arguments[arguments.index(flag) + 1]) if flag in arguments else None for flag in ("-l", "-c")]
    assert tuple(found) == passed


@needs_compiler
def test_facts_of_a_load_say_what_the_engine_got(tmp_path: Path) -> None:
    """The record has the library and model to be hashed, the model's own words, and what -l and -c got."""
    model = write_model(tmp_path / "model.bin", name="Qwen3-ASR")
    library = built()
    stage = ChatllmAsr(ChatllmAsr.Options(model=str(model), library=str(library), context_length=512, max_length=256))
    assert stage.prepare() == {"files": [str(library), str(model)], "can_unload": True}
    facts = stage.load()
    stage.unload()
    assert (facts["max_length"], facts["context_length"], facts["can_unload"]) == (256, 512, True)
    assert facts["options"] == stage.arguments()
    assert (facts["model"]["name"], facts["model"]["context_length"]) == ("Qwen3-ASR", 256)
    json.dumps(facts)


# --- preflight ----------------------------------------------------------------------------------------------


@needs_compiler
def test_preflight_passes_and_opens_nothing(tmp_path: Path) -> None:
    """With library, model and ffmpeg there, nothing is said, and no library is opened."""
    library, model = build(tmp_path / "lib"), write_model(tmp_path / "model.bin")
    ChatllmAsr(ChatllmAsr.Options(model=str(model), library=str(library))).preflight()
    assert str(library) not in Path("/proc/self/maps").read_text()


@needs_compiler
@pytest.mark.parametrize(
    ("missing", "found", "key"),
    [
        ("library", "no file /nowhere/libchatllm.so", "library"),
        ("model", "no file /nowhere/model.bin", "model"),
        ("ffmpeg", "no ffmpeg", ""),
    ],
)
def test_preflight_names_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str, found: str, key: str
) -> None:
    """Each thing that is missing is named with its option."""
    library, model = str(built()), str(write_model(tmp_path / "model.bin"))
    if missing == "ffmpeg":
        monkeypatch.setenv("PATH", "/nowhere")
    stage = ChatllmAsr(
        ChatllmAsr.Options(
            model="/nowhere/model.bin" if missing == "model" else model,
            library="/nowhere/libchatllm.so" if missing == "library" else library,
        )
    )
    with pytest.raises(Unusable) as caught:
        stage.preflight()
    assert (caught.value.found, caught.value.key) == (found, key)


@needs_compiler
def test_all_that_is_missing_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where preflight stops at the first; each with a command to copy."""
    options = ChatllmAsr.Options(model=str(tmp_path / "qwen3-asr-0.6b-q4_0.bin"), library="/nowhere/libchatllm.so")
    stage = ChatllmAsr(options)
    monkeypatch.setenv("PATH", "/nowhere")
    hub = "pip install huggingface_hub && hf download Luigi/Qwen3-ASR-0.6B-chatllm-quantized"
    assert [(one.key, one.fix.partition(" && cmake")[0]) for one in stage.lacks()] == [
        ("library", "git submodule update --init"),
        ("model", f"{hub} qwen3-asr-0.6b-q4_0.bin --local-dir {tmp_path}"),
        ("", "sudo apt-get install ffmpeg"),
    ]
    monkeypatch.undo()
    library, model = str(built()), str(write_model(tmp_path / "model.bin"))
    assert ChatllmAsr(ChatllmAsr.Options(model=model, library=library)).lacks() == []


# --- ASR ----------------------------------------------------------------------------------------------------


@needs_compiler
def test_transcript_is_emitted_word_by_word(make: Make, audio: Path) -> None:
    """Speech is emitted as it comes, the header is not, and the language is a fact."""
    stage = make("asr", text="and so my fellow", prompt_tokens=142)
    text, emitted, facts = heard(stage, audio)
    assert (text, emitted) == ("and so my fellow", ["and", " so", " my", " fellow"])
    assert facts["language"] == "English"
    assert isinstance(facts["first_chunk_ns"], int)
    assert (facts["engine_prompt_tokens"], facts["engine_eval_tokens"]) == (142, 6)


@needs_compiler
def test_language_that_is_set_is_not_sent_back(make: Make, audio: Path) -> None:
    """With a language set, the engine begins with the tag alone."""
    text, emitted, facts = heard(make("asr", given={"language": "German"}, text="grüß dich"), audio)
    assert (text, emitted, "language" in facts) == ("grüß dich", ["grüß", " dich"], False)


@needs_compiler
@pytest.mark.parametrize("chunk_bytes", [1, 3, 7, 26, 27, 100])
def test_tag_and_characters_may_be_cut_anywhere(make: Make, audio: Path, chunk_bytes: int) -> None:
    """However the answer is cut, the transcript and the sum of what is emitted are the same."""
    text, emitted, _ = heard(make("asr", text="die Größe, 你好", chunk_bytes=chunk_bytes), audio)
    assert text == "".join(emitted) == "die Größe, 你好"


@needs_compiler
def test_what_comes_too_late_is_in_the_text_alone(make: Make, audio: Path) -> None:
    """What was held back until the engine had returned is not emitted as if it were delivered at work."""
    text, emitted, _ = heard(make("asr", tag=0, text="language", broken_utf8=1), audio)
    assert (text, emitted) == ("language�", [])


@needs_compiler
def test_no_speech_is_refused(make: Make, audio: Path) -> None:
    """'language None' and no text is no transcript; the engine goes on."""
    stage = make("asr", language="None")
    for _ in range(2):
        with pytest.raises(Refused, match=f"heard no speech in {audio}"):
            heard(stage, audio)


@needs_compiler
def test_text_in_no_language_is_a_transcript(make: Make, audio: Path) -> None:
    """Where the engine names no language and still hears words, they count."""
    assert heard(make("asr", language="None", text="la la"), audio)[0] == "la la"


@needs_compiler
def test_engines_clock_is_the_runs_own(make: Make, audio: Path) -> None:
    """The engine adds runs up over the model's life; each run's facts are its own, after a restart too."""
    stage = make("asr", text="one two three", ttft_ms=20, chunk_ms=10)
    for _ in range(3):
        facts = heard(stage, audio)[2]
        assert (facts["engine_prompt_tokens"], facts["engine_eval_tokens"]) == (12 + 130, 5)
        assert facts["engine_prompt_ms"] == pytest.approx(20, abs=0.02)
        assert isinstance(facts["engine_total_ms"], float)
        assert 40 <= facts["engine_total_ms"] < 290
        stage.restart()


@needs_compiler
def test_refused_run_is_not_in_the_next_ones_clock(make: Make, audio: Path, tmp_path: Path) -> None:
    """What a run that was refused added to the engine's totals is not the next run's."""
    stage = make("asr", text="one", meta_line="RUN OUT OF CONTEXT")
    for _ in range(2):
        with pytest.raises(Refused, match="ran out of context"):
            heard(stage, audio)
    assert stage._totals["engine_prompt_tokens"] == 2 * (12 + 130)


@needs_compiler
def test_engine_without_statistics_has_no_such_facts(make: Make, audio: Path) -> None:
    """Where nothing is shown, nothing is made up."""
    assert set(heard(make("asr", text="one", statistics=0), audio)[2]) == {"first_chunk_ns", "language"}


@needs_compiler
@pytest.mark.parametrize("role", ["asr", "aligner"])
def test_audio_that_never_arrived_is_an_error(make: Make, audio: Path, role: str) -> None:
    """An engine that answers without having heard anything is found out by its prompt's length."""
    stage = make(role, text="made up", deaf=1)
    with pytest.raises(
        RuntimeError, match=r"the prompt had 12 tokens for 10\.0 s of audio: it never reached the model"
    ):
        stage.run(Request(audio=str(audio), duration_s=10.0, text="made up"), lambda text: None)


@needs_compiler
def test_missing_audio_is_refused(make: Make, tmp_path: Path) -> None:
    """The engine would skip it silently and answer."""
    stage = make("asr", text="made up")
    for path in (tmp_path / "nowhere.wav", tmp_path):
        with pytest.raises(Refused, match=f"no audio file {path} that can be read"):
            heard(stage, path)


@needs_compiler
@pytest.mark.parametrize("name", ['a"b', "a$(touch b)", "a`b`", "a\\b", "a}}b", "a{{b", "a'b", "a\nb", "a;b", "a%b"])
def test_audio_path_with_shell_characters_gets_an_alias(
    make: Make, audio: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The engine is given a link of our own making, which is gone after the unload."""
    folder = tmp_path / name
    folder.mkdir()
    path = audio.rename(folder / "audio.wav")
    stage = make("asr", text="heard")
    assert heard(stage, path)[0] == "heard"
    line = next(line for line in capsys.readouterr().err.splitlines() if line.startswith("audio read: "))
    alias = Path(line.removeprefix("audio read: "))
    assert alias.resolve() == path
    assert not set(str(alias)) & set("\"$`\\{}'\n;%")
    assert alias.parent.stat().st_mode & 0o777 == 0o700
    stage.unload()
    assert not alias.parent.exists()


def test_plain_path_needs_no_alias(tmp_path: Path) -> None:
    """Letters of any script, digits, blanks and the usual punctuation go as they are."""
    path = str(tmp_path / "é 你好-1_2.wav")
    aliases = Aliases()
    assert aliases.of(path) == path
    aliases.remove()


def test_alias_is_made_once_and_in_a_safe_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One link a file; a temporary folder with such characters itself is not used."""
    (tmp_path / "a$b").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "a$b"))
    aliases = Aliases()
    first, second = aliases.of("/x/$1"), aliases.of("/x/$2")
    assert (aliases.of("/x/$1"), first == second, "$" in first) == (first, False, False)
    aliases.remove()
    assert not Path(first).parent.exists()


@needs_compiler
def test_run_before_load_is_an_error(tmp_path: Path, audio: Path) -> None:
    """Without a model there is nothing to ask."""
    stage = ChatllmAsr(ChatllmAsr.Options(model=str(write_model(tmp_path / "model.bin")), library=str(built())))
    stage.prepare()
    with pytest.raises(RuntimeError, match="no model is loaded"):
        heard(stage, audio)


@needs_compiler
def test_build_without_destroy_says_so_in_its_facts(tmp_path: Path) -> None:
    """A build that cannot unload is told by the facts of prepare and load; unload returns all the same."""
    model = write_model(tmp_path / "model.bin")
    stage = ChatllmAsr(ChatllmAsr.Options(model=str(model), library=str(built("NO_DESTROY"))))
    assert stage.prepare()["can_unload"] is False
    assert stage.load()["can_unload"] is False
    stage.unload()
    with pytest.raises(RuntimeError, match="isolation=stage"):
        stage.load()


# --- aligner ------------------------------------------------------------------------------------------------


@needs_compiler
@pytest.mark.parametrize("answer_format", ["json", "srt"])
def test_words_are_aligned(make: Make, audio: Path, answer_format: str) -> None:
    """Both forms of answer give the same words; nothing is emitted, and there is no text."""
    timings = (("And", 320, 480), ('s"o', 560, 723_004))
    stage = make("aligner", words=timings, given={"format": answer_format})
    emitted: list[str] = []
    result = stage.run(Request(audio=str(audio), duration_s=10.0, text="And so"), emitted.append)
    assert result.words == tuple(Word(text, start_ms, end_ms) for text, start_ms, end_ms in timings)
    assert (result.text, emitted, "left_out" in result.facts) == ("", [], False)


@needs_compiler
@pytest.mark.parametrize(
    ("given", "text", "words", "left_out"),
    [
        ({}, "And — so, my ...", ["And", "so,", "my"], ["—", "..."]),
        ({"delimiter": "|"}, "And so|?|my fellow", ["And so", "my fellow"], ["?"]),
        ({"language": "Chinese"}, "你好", ["你", "好"], None),
    ],
)
def test_punctuation_alone_does_not_reach_the_engine(
    make: Make, audio: Path, given: dict[str, object], text: str, words: list[str], left_out: list[str] | None
) -> None:
    """Segments that would end the process are left out and named; the others are aligned."""
    stage = make("aligner", given=given)
    result = stage.run(Request(audio=str(audio), duration_s=10.0, text=text), lambda text: None)
    assert [word.text for word in result.words] == words
    assert result.facts.get("left_out") == left_out


@needs_compiler
@pytest.mark.parametrize("text", ["", "  \n", "... —", "?!"])
def test_text_without_words_is_refused(make: Make, audio: Path, text: str) -> None:
    """Nothing to align is refused before the engine sees it."""
    stage = make("aligner")
    with pytest.raises(Refused, match="to align, expected at least one letter or digit"):
        stage.run(Request(audio=str(audio), duration_s=10.0, text=text), lambda text: None)


@needs_compiler
def test_broken_alignment_is_an_error(make: Make, audio: Path) -> None:
    """An ASR's answer, or half an array, is shown with its start."""
    stage = make("aligner", answer='[{"start": 80, "en')
    with pytest.raises(ValueError, match=r"JSON is broken .* it begins with"):
        stage.run(Request(audio=str(audio), duration_s=10.0, text="And"), lambda text: None)


@needs_compiler
def test_aligner_has_the_engines_clock_too(make: Make, audio: Path) -> None:
    """An aligner has a prompt and no generation."""
    stage = make("aligner", ttft_ms=15)
    facts = stage.run(Request(audio=str(audio), duration_s=10.0, text="And so"), lambda text: None).facts
    assert (facts["engine_prompt_tokens"], facts["engine_eval_tokens"]) == (142, 0)
    assert facts["engine_prompt_ms"] == facts["engine_total_ms"] >= 15
