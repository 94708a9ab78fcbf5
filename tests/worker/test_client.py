import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

import harness.worker.client
from harness.clock import FakeClock, SystemClock
from harness.errors import (
    StageFailed,
    StageRefused,
    WorkerCrashed,
    WorkerError,
    WorkerOutOfMemory,
    WorkerRubbish,
    WorkerTimeout,
)
from harness.limit import AddressLimit, Limits, limits_for
from harness.protocol import Fit
from harness.records import Phase
from harness.worker.client import Client
from harness.worker.protocol import Message

StartClient = Callable[..., Client]
LONG_S = 30.0


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartClient]:
    """Return a factory of clients with one log; what lives at the end is killed."""
    clients: list[Client] = []

    def make(number: int = 0) -> Client:
        clients.append(Client(number, tmp_path / "engine.log", SystemClock()))
        return clients[-1]

    yield make
    for client in clients:
        client.kill()


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: StartClient) -> Callable[[str], Client]:
    """Return a factory of clients whose worker is a shell script."""

    def make(script: str) -> Client:
        program = tmp_path / "worker.sh"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(program))
        return start()

    return make


def prepare(client: Client, **options: Any) -> Message:
    """Let a client's worker prepare the scripted ASR."""
    options = {"keep_mib": 0.1, "work_mib": 0.1, **options}
    command = {"module": "tests.engine.scripted", "class": "ScriptedAsr", "options": options}
    return client.ask({"do": "prepare", "stage": "asr", **command}, LONG_S)


def load_and_run(client: Client, timeout_s: float = LONG_S) -> Message:
    """Load, and run on no audio."""
    client.ask({"do": "load", "stage": "asr"}, LONG_S)
    request = {"audio": "", "duration_s": 0.0, "text": ""}
    return client.ask({"do": "run", "stage": "asr", "request": request}, timeout_s)


def ended(pid: int) -> bool:
    """Whether a process ends soon; one that nobody has waited for counts as ended."""
    for _ in range(200):
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.01)
    return False


def test_a_client_asks_and_is_answered(start: StartClient) -> None:
    """Text, words and stamps come back through the pipe, a long text too."""
    client = start()
    client.hello()
    assert prepare(client, text="naïve " * 5_000 + "🎤")["facts"] == {"version": "1"}
    assert load_and_run(client)["text"] == "naïve " * 5_000 + "🎤"


@pytest.mark.parametrize(
    ("fail", "kind", "name", "message"),
    [
        ("segv@run", WorkerCrashed, "crashed", "SIGSEGV"),
        ("kill@run", WorkerCrashed, "crashed", "SIGKILL"),
        ("exit@run", WorkerCrashed, "crashed", "exit status 3"),
        ("rubbish@run", WorkerRubbish, "rubbish", "found b'what is this', expected a message"),
        ("raise@run", StageFailed, "error", "RuntimeError: told to raise in run"),
        ("refuse@run", StageRefused, "refused", "told to refuse"),
    ],
)
def test_each_end_of_a_command_has_its_error(
    fail: str, kind: type[WorkerError], name: str, message: str, start: StartClient
) -> None:
    """Type, outcome and message."""
    client = start()
    prepare(client, fail=fail)
    with pytest.raises(WorkerError) as caught:
        load_and_run(client)
    assert type(caught.value) is kind
    assert (caught.value.kind, str(caught.value)) == (name, message)


def test_a_worker_that_hangs_is_a_timeout(start: StartClient) -> None:
    """The message says how long was waited; the worker lives until it is killed."""
    client = start()
    prepare(client, fail="hang@run")
    with pytest.raises(WorkerTimeout) as caught:
        load_and_run(client, 0.2)
    assert (caught.value.kind, str(caught.value)) == ("timeout", "after 0.2 s")
    assert psutil.pid_exists(client.pid)
    client.kill()
    assert not psutil.pid_exists(client.pid)


def test_the_deadline_is_the_clocks(tmp_path: Path) -> None:
    """Time that the clock does not show has not passed: the wait goes by the clock that the client was given."""

    class Leaping(FakeClock):
        def now_ns(self) -> int:
            """Return a time a minute after the last."""
            self.advance(60)
            return super().now_ns()

    client = Client(0, tmp_path / "engine.log", Leaping())
    try:
        with pytest.raises(WorkerTimeout, match=r"^after 59 s$"):
            client.ask({"do": "hello"}, 59)
    finally:
        client.kill()


def test_a_time_limit_of_months_is_none_in_practice(start: StartClient) -> None:
    """``timeout_s`` may be any number above 0; poll(2) takes 24 days at most."""
    assert start().ask({"do": "hello"}, 1e8)["ok"] is True


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("hello there", "found b'hello there', expected a message"),
        ("[1]", "found b'[1]', expected a message"),
        ("", "found b'', expected a message"),
        ('{"seq":2,"ok":true}', """found b'{"seq":2,"ok":true}', expected the answer to command 1"""),
        ('{"ok":true}', """found b'{"ok":true}', expected the answer to command 1"""),
        ('{"seq":1}', """found b'{"seq":1}', expected the answer to command 1"""),
        ('{"seq":1,"ok":"yes"}', """found b'{"seq":1,"ok":"yes"}', expected the answer to command 1"""),
        ("x" * 200, f"found b'{'x' * 80}', expected a message"),
    ],
)
def test_what_is_no_answer_is_rubbish(answer: str, message: str, stand_in: Callable[[str], Client]) -> None:
    """The message shows the first 80 bytes of it."""
    client = stand_in(f"read command; echo '{answer}'; cat")
    with pytest.raises(WorkerRubbish) as caught:
        client.ask({"do": "hello"}, LONG_S)
    assert str(caught.value) == message


def test_an_answer_too_many_is_found_at_the_next_command(stand_in: Callable[[str], Client]) -> None:
    """A second line is not taken for the answer to what is asked later."""
    client = stand_in("""read a; echo '{"seq":1,"ok":true}'; echo '{"seq":1,"ok":true}'; read b; cat""")
    assert client.ask({"do": "hello"}, LONG_S) == {"seq": 1, "ok": True}
    with pytest.raises(WorkerRubbish, match=r"expected the answer to command 2$"):
        client.ask({"do": "hello"}, LONG_S)


def test_an_answer_may_come_in_pieces(stand_in: Callable[[str], Client]) -> None:
    """Half a line is waited for."""
    client = stand_in("""read a; printf '{"seq":1,'; sleep 0.1; echo '"ok":true}'; cat""")
    assert client.ask({"do": "hello"}, LONG_S) == {"seq": 1, "ok": True}


@pytest.mark.parametrize("version", ["0", "null"])
def test_another_version_of_the_messages_is_refused(version: str, stand_in: Callable[[str], Client]) -> None:
    """Supervisor and worker must be of one installation."""
    client = stand_in(f"""read a; echo '{{"seq":1,"ok":true,"version":{version}}}'; cat""")
    expected = f"messages of version {'None' if version == 'null' else version}, expected 2"
    with pytest.raises(WorkerRubbish) as caught:
        client.hello()
    assert str(caught.value) == expected


def test_a_worker_that_is_gone_before_it_is_asked_has_crashed(start: StartClient) -> None:
    """Also where writing the command is what fails."""
    client = start()
    client.hello()
    os.kill(client.pid, signal.SIGABRT)
    assert ended(client.pid)
    with pytest.raises(WorkerCrashed, match=r"^SIGABRT$"):
        client.ask({"do": "hello"}, LONG_S)


def test_a_signal_without_a_name_is_named_by_its_number(start: StartClient) -> None:
    """Real-time signals have numbers only."""
    client = start()
    client.hello()
    os.kill(client.pid, 40)
    with pytest.raises(WorkerCrashed, match="40"):
        client.ask({"do": "hello"}, LONG_S)


def test_a_worker_that_closes_its_pipe_and_lives_is_killed(
    stand_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can never answer again."""
    monkeypatch.setattr(harness.worker.client, "_LEAVE_TIMEOUT_S", 0.1)
    client = stand_in("read a; exec >&-; exec sleep 1000")
    with pytest.raises(WorkerCrashed, match=r"^closed its pipe and went on$"):
        client.ask({"do": "hello"}, LONG_S)
    assert not psutil.pid_exists(client.pid)


def test_leave_lets_an_idle_worker_end_by_itself(start: StartClient) -> None:
    """It is waited for, and may be told to end again."""
    client = start()
    client.hello()
    client.leave()
    assert not psutil.pid_exists(client.pid)
    client.kill()


def test_leave_kills_a_worker_that_does_not_leave(
    stand_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A destructor that hangs does not hang the run."""
    monkeypatch.setattr(harness.worker.client, "_LEAVE_TIMEOUT_S", 0.1)
    client = stand_in("exec sleep 1000")
    client.leave()
    assert not psutil.pid_exists(client.pid)


def test_leave_bears_a_worker_that_is_gone(start: StartClient) -> None:
    """Nothing is raised for a pipe that nobody reads."""
    client = start()
    client.hello()
    os.kill(client.pid, signal.SIGKILL)
    assert ended(client.pid)
    client.leave()
    assert not psutil.pid_exists(client.pid)


@pytest.mark.parametrize(
    ("last", "end"),
    [("cat", "kill"), ("read b; exit 3", "crash"), ("read b", "leave")],
    ids=["killed", "crashed", "left"],
)
def test_no_child_of_an_engine_outlives_its_worker(last: str, end: str, stand_in: Callable[[str], Client]) -> None:
    """What an engine started ends with its worker, however that ended."""
    client = stand_in(f"""read a; sleep 1000 >&2 & printf '{{"seq":1,"ok":true,"child":%d}}\\n' $!; {last}""")
    child = client.ask({"do": "hello"}, LONG_S)["child"]
    try:
        if end == "crash":
            with pytest.raises(WorkerCrashed, match=r"^exit status 3$"):
                client.ask({"do": "hello"}, LONG_S)
        if end == "leave":
            client.leave()
        client.kill()
        assert ended(child)
        assert ended(client.pid)
    finally:
        if psutil.pid_exists(child):
            os.kill(child, signal.SIGKILL)


def test_the_start_lasts_from_the_spawn_until_the_worker_listens(
    stand_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By our clock before the process is made, and by the worker's answer, whenever that is asked for."""
    monkeypatch.setattr(SystemClock, "now_ns", lambda self: 40)
    client = stand_in("""read a; echo '{"seq":1,"ok":true,"version":2,"ready_ns":90,"cpu_ns":30}'; cat""")
    monkeypatch.undo()
    assert client.hello() == Phase("start", 40, 90, 30, 0, client.pid)


def test_a_real_worker_starts_in_its_own_cpu_time(start: StartClient) -> None:
    """The stamps of both processes stand on one line, and an interpreter does not start for nothing."""
    before_ns = time.monotonic_ns()
    found = start().hello()
    assert before_ns <= found.start_ns < found.end_ns <= time.monotonic_ns()
    assert found.cpu_ns > 0


def test_a_worker_has_a_process_group_of_its_own(start: StartClient) -> None:
    """So that Ctrl-C in a terminal reaches the supervisor alone."""
    client = start()
    client.hello()
    assert os.getpgid(client.pid) == client.pid != os.getpgrp()


# --- the log ----------------------------------------------------------------------------------------------------


def test_log_tail_is_the_last_twenty_lines(start: StartClient) -> None:
    """Of a long story only the end is kept."""
    client = start()
    prepare(client, say="\n".join(f"line {number}" for number in range(30)))
    assert client.log_tail() == tuple(f"line {number}" for number in range(10, 30))


def test_log_tail_is_of_a_later_worker_alone(start: StartClient) -> None:
    """What an earlier worker printed into the same file is not in it."""
    first = start(0)
    prepare(first, say="I was first")
    first.kill()
    second = start(1)
    assert second.log_tail() == ()
    prepare(second, say="I am second")
    assert second.log_tail() == ("I am second", "I am second")


def test_log_tail_bears_bytes_that_are_no_text(stand_in: Callable[[str], Client], tmp_path: Path) -> None:
    """An engine may print anything."""
    client = stand_in(r"""printf 'caf\351\n' >&2; read a; echo '{"seq":1,"ok":true}'; cat""")
    client.ask({"do": "hello"}, LONG_S)
    assert client.log_tail() == ("caf\ufffd",)


# --- under a limit ----------------------------------------------------------------------------------------------


@pytest.fixture
def limits() -> Iterator[Limits]:
    """Return what puts a worker under a real limit of 64 MiB, by a control group."""
    fit, made = limits_for(Fit(limit_mib=64.0))
    assert made is not None
    if made.mechanism == "RLIMIT_AS":
        pytest.skip(f"no memory control group can be made here: {'; '.join(fit.why)}")
    yield made
    assert made.close()


def limited(limits: Limits, log: Path) -> tuple[Client, Path]:
    """Return a client under a limit, and the folder of its group."""
    limit: Any = limits.new()
    return Client(0, log, SystemClock(), limit), limit._group.folder


def test_a_worker_is_under_its_limit_from_the_start(limits: Limits, tmp_path: Path) -> None:
    """Its interpreter counts; the group goes with the worker."""
    client, group = limited(limits, tmp_path / "engine.log")
    try:
        client.hello()
        assert (group / "cgroup.procs").read_text().split() == [str(client.pid)]
        peak_mib = client.limit_peak_mib()
        assert peak_mib is not None
        assert 2 < peak_mib < 32
        client.leave()
        assert not group.exists()
    finally:
        client.kill()


def test_a_worker_that_takes_too_much_is_out_of_memory(limits: Limits, tmp_path: Path) -> None:
    """By the group's count of kills; nothing is left behind."""
    client, group = limited(limits, tmp_path / "engine.log")
    try:
        prepare(client, keep_mib=96)
        with pytest.raises(WorkerOutOfMemory, match=r"^at 64 MiB$"):
            load_and_run(client)
    finally:
        client.kill()
    assert not group.exists()


def test_a_worker_that_is_killed_under_a_limit_has_crashed(limits: Limits, tmp_path: Path) -> None:
    """A SIGKILL from elsewhere says nothing of memory."""
    client, group = limited(limits, tmp_path / "engine.log")
    try:
        prepare(client, fail="kill@run")
        with pytest.raises(WorkerCrashed, match=r"^SIGKILL$"):
            load_and_run(client)
    finally:
        client.kill()
    assert not group.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS is enforced on Linux")
def test_an_engine_without_address_space_is_out_of_memory(tmp_path: Path) -> None:
    """It answers a MemoryError, and the worker lives."""
    client = Client(0, tmp_path / "engine.log", SystemClock(), AddressLimit(96.0))
    try:
        prepare(client, keep_mib=128)
        with pytest.raises(WorkerOutOfMemory, match=r"^at 96 MiB of address space$"):
            load_and_run(client)
        peak_mib = client.limit_peak_mib()
        assert peak_mib is not None
        assert 8 < peak_mib <= 96
    finally:
        client.kill()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the platform has no disk that is always full")
def test_a_log_that_cannot_grow_costs_no_trial() -> None:
    """What worker and engine print is lost on a full disk; an engine's own error is told all the same."""
    client = Client(0, Path("/dev/full"), SystemClock())
    try:
        prepare(client, text="a", fail="raise@run@1")
        load_and_run(client)
        with pytest.raises(StageFailed, match="told to raise in run"):
            client.ask({"do": "run", "stage": "asr", "request": {"audio": "", "duration_s": 1.0, "text": ""}}, LONG_S)
    finally:
        client.kill()
