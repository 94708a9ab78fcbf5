'''What a stage is: one engine in one role, driven by the worker.

A stage's module is imported in the measured process, so it imports nothing at its top but the standard library and
this module; the engine itself is imported in :meth:`Stage.prepare`, because that cost is measured.

A whole stage, as a test runs it (``tests/test_stage.py``)::

    """An ASR that always hears the same."""

    from dataclasses import dataclass

    from harness.stage import Emit, Request, Result, Stage, hookimpl


    class Parrot(Stage):
        """Says its line, word by word."""

        role = "asr"
        name = "parrot"
        streams = "pieces"

        @dataclass(frozen=True)
        class Options:
            """The keys of ``conf/asr/parrot.yaml``."""

            line: str = "hello world"

        def load(self) -> None:
            """Split the line."""
            self.words = self.options.line.split()

        def run(self, request: Request, emit: Emit) -> Result:
            """Deliver word after word, whatever the audio."""
            for word in self.words:
                emit(word + " ")
            return Result(text=self.options.line)

        def unload(self) -> None:
            """Forget the line."""
            del self.words


    @hookimpl
    def harness_stages():
        """Say which stages this file holds."""
        return [Parrot]
'''

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from harness.exchange import Request, Role, Streams, Word

__all__ = ["Emit", "Refused", "Request", "Result", "Stage", "Unusable", "Word", "hookimpl"]

Emit = Callable[[str], None]
"""Called by a streaming engine, while it works, with each non-empty text that it delivers."""

_F = TypeVar("_F", bound=Callable[..., Any])


def hookimpl(function: _F) -> _F:
    """Mark a function as a hook of the project ``harness``.

    It sets what ``pluggy.HookimplMarker("harness")`` sets, without importing pluggy, which would cost the measured
    process 3 MiB.
    """
    options = {
        "wrapper": False,
        "hookwrapper": False,
        "optionalhook": False,
        "tryfirst": False,
        "trylast": False,
        "specname": None,
    }
    function.harness_impl = options  # type: ignore[attr-defined]
    return function


class Refused(Exception):
    """Raised by ``run``: this input cannot be worked on, and the engine is whole.

    The trial's outcome is ``refused``; the worker and its loaded model go on.
    """


class Unusable(Exception):
    """Raised by ``preflight``: the stage cannot run here.

    ``found``, ``expected`` and ``choices`` go into the one line that the user reads; ``expected`` says the fix.
    ``key`` is the option at fault, where it is one; ``fix`` a command to copy, where one mends it.
    """

    def __init__(self, found: str, expected: str, key: str = "", choices: tuple[str, ...] = (), fix: str = "") -> None:
        self.found = found
        self.expected = expected
        self.key = key
        self.choices = choices
        self.fix = fix
        super().__init__(f"found {found}, expected {expected}")


@dataclass(frozen=True, slots=True)
class Result:
    """What ``run`` returns.

    ``text`` is an ASR's transcript, ``words`` an aligner's word timings (an ASR may give some too). ``facts`` is what
    the engine says of its own work, kept beside our clock's figures; JSON values only. Of them ``unknown_words``, the
    words that an aligner left out, are named in the report.
    """

    text: str = ""
    words: tuple[Word, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


class Stage:
    """An engine in a role. The worker makes one object, and calls it from one thread, in this order.

    ``prepare`` once, then any number of times ``load``, (``run`` | ``restart``)*, ``unload``. Any exception ends the
    trial with its message, and the worker with it.
    """

    role: ClassVar[Role]
    name: ClassVar[str]
    """The registered name: what YAML calls the stage. A name may serve both roles."""

    streams: ClassVar[Streams] = "nothing"
    """``pieces``: each text that is emitted continues the last; ``hypotheses``: each replaces it."""

    uses_threads: ClassVar[bool] = True
    """Whether a thread count changes anything; such a stage has an option ``threads``."""

    one_per_process: ClassVar[bool] = False
    """Whether a second live object would disturb the first; then each gets a worker of its own."""

    takes_pcm: ClassVar[bool] = False
    """Whether ``run`` wants the samples in memory (``request.pcm``) and no file."""

    @dataclass(frozen=True)
    class Options:
        """The keys that the stage's YAML may have, with their types: JSON scalars, tuples and mappings."""

    def __init__(self, options: Any) -> None:
        self.options = options

    def preflight(self) -> None:
        """Check, in the supervisor and before the first worker, that the stage can run here.

        Imports no engine and reads no more of a file than tells its kind. Raises :class:`Unusable`.
        """

    def lacks(self) -> Sequence[Unusable]:
        """Return all that keeps the stage from running here, for ``doctor``; by default what ``preflight`` meets first.

        As ``preflight``, it imports no engine and loads no model.
        """
        try:
            self.preflight()
        except Unusable as lacking:
            return (lacking,)
        return ()

    def label(self) -> str:
        """Return what tables call this stage: its name, or better its model's."""
        return self.name

    def prepare(self) -> Mapping[str, Any] | None:
        """Import or open the engine's libraries.

        Returns facts, all optional: ``version``; ``files``, absolute paths of models and libraries to be hashed, which
        the load reads (``cached_share`` is of them); ``libraries``, paths to be hashed of what is mapped by then.
        """
        return None

    def load(self) -> Mapping[str, Any] | None:
        """Load the model; what it says of itself is returned as facts."""
        raise NotImplementedError

    def run(self, request: Request, emit: Emit) -> Result:
        """Work on one request. Raises :class:`Refused` for an input that cannot be worked on."""
        raise NotImplementedError

    def restart(self) -> None:
        """Forget what earlier requests left behind, keeping the model loaded."""

    def unload(self) -> bool | None:
        """Give the model back. Afterwards nothing of it may be reachable.

        Returns False where the engine has no way to do that: the worker then says that the model is still loaded,
        and is ended, which frees it.
        """
        raise NotImplementedError
