import pytest

from harness import errors
from harness.errors import (
    ConfigError,
    GuardError,
    HarnessError,
    InputError,
    PluginError,
    StageFailed,
    StageRefused,
    StoreError,
    UserError,
    WorkerCrashed,
    WorkerError,
    WorkerOutOfMemory,
    WorkerRubbish,
    WorkerTimeout,
    nearest_first,
)


def test_the_message_is_one_line_of_three_parts() -> None:
    """What was found and what was expected; line breaks and runs of spaces are folded."""
    error = UserError("threads", "'six\n  or so'", "a whole number")
    assert str(error) == "threads: found 'six or so', expected a whole number"


def test_choices_come_nearest_first_and_as_data() -> None:
    """The same names stand in the line and in the attribute."""
    error = ConfigError("asr.stage", "'whisperr'", "the name of a stage", ["chatllm", "whisper", "pocketsphinx"])
    assert error.choices == ("whisper", "pocketsphinx", "chatllm")
    assert (error.subject, error.found, error.expected) == ("asr.stage", "'whisperr'", "the name of a stage")
    assert str(error) == (
        "asr.stage: found 'whisperr', expected the name of a stage; choose from: whisper, pocketsphinx, chatllm"
    )


@pytest.mark.parametrize(
    ("found", "choices", "expected"),
    [
        ("asr2", ["aligner", "asr"], ("asr", "aligner")),
        ("'asr2'", ["aligner", "asr"], ("asr", "aligner")),
        ("ttf", ["rss", "wer", "ttft", "rtf"], ("ttft", "rtf", "rss", "wer")),
        ("zzz", ["b", "c", "a", "b"], ("a", "b", "c")),
        ("", [], ()),
    ],
)
def test_nearest_first(found: str, choices: list[str], expected: tuple[str, ...]) -> None:
    """By likeness, quotes aside; ties by name; each name once."""
    assert nearest_first(found, choices) == expected


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (WorkerError, "error"),
        (WorkerCrashed, "crashed"),
        (WorkerOutOfMemory, "oom"),
        (WorkerTimeout, "timeout"),
        (WorkerRubbish, "rubbish"),
        (StageFailed, "error"),
        (StageRefused, "refused"),
    ],
)
def test_a_workers_error_knows_its_outcome(kind: type[WorkerError], name: str) -> None:
    """The kind is what stands in the record, the message its detail."""
    assert (kind("why").kind, str(kind("why"))) == (name, "why")


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    """Every exception stands under the one it derives from, and none is left out."""
    above: list[str] = []
    drawn: dict[str, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        head, mark, rest = line.rpartition("+-- ")
        if mark:
            depth, name = len(head) // 4, rest.split()[0]
            above[depth:] = [name]
            drawn[name] = above[depth - 1]
        elif line.strip() == "HarnessError":
            above = ["HarnessError"]
    found = {
        name: kind.__bases__[0].__name__
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, HarnessError) and kind is not HarnessError
    }
    assert drawn == found
    assert {InputError, PluginError, StoreError, GuardError} <= {getattr(errors, name) for name in drawn}
