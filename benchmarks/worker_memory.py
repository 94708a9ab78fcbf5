"""Memory of the measured process before it holds an engine.

Read from ``/proc/PID/smaps_rollup``, of several fresh processes each: after hello; and with a stage's module imported
but not prepared, for which the worker is told to prepare the base class that the module imports, whose ``prepare``
does nothing. Beside it a bare interpreter that waits for a line.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median

from benchmarks.child import ANSWER_TIMEOUT_S, Child, worker
from benchmarks.results import GOAL_COLUMN, Goal, Result, Table, Unmeasurable, Verdict
from benchmarks.setting import Setting, stage_modules

NAME = "worker_memory"
_GOAL = Goal(14.0, "MiB RSS")
_BARE = "bare interpreter (python -c)"
_HELLO = "worker after hello"
_COLUMNS = {"Rss": "rss_mib", "Pss": "pss_mib", "Anonymous": "anon_mib"}

Memory = Mapping[str, float]
Kinds = dict[str, list[Memory]]


def run(setting: Setting) -> Result:
    """Measure processes of every kind, in turn."""
    kinds: Kinds = {}
    with setting.folder() as folder:
        for number in range(1 if setting.small else 7):
            for kind, memory in _round(folder, number):
                kinds.setdefault(kind, []).append(memory)
    medians = {kind: {name: median(one[name] for one in seen) for name in seen[0]} for kind, seen in kinds.items()}
    verdicts = {kind: Verdict(kind, _GOAL, memory["rss_mib"]) for kind, memory in medians.items() if kind != _BARE}
    return Result(NAME, (_table(medians, verdicts, len(kinds[_BARE])),), tuple(verdicts.values()), kinds)


def _round(folder: Path, number: int) -> Iterator[tuple[str, Memory]]:
    with Child(["-c", "print(flush=True); input()"]) as bare:
        bare.line()
        yield _BARE, memory_of(bare.pid)
    for module in stage_modules():
        with worker(folder, number) as client:
            yield _HELLO, memory_of(client.pid)
            message = {"do": "prepare", "stage": "none", "module": module, "class": "Stage", "options": {}}
            client.ask(message, ANSWER_TIMEOUT_S)
            yield f"worker with {module} imported", memory_of(client.pid)


def memory_of(pid: int) -> Memory:
    """Return RSS, PSS and anonymous memory of a process in MiB; exact, where ``status`` may lag by some pages."""
    path = Path(f"/proc/{pid}/smaps_rollup")
    if not path.exists():
        raise Unmeasurable(f"this system has no {path}")
    memory = {}
    for line in path.read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in _COLUMNS:
            memory[_COLUMNS[name]] = int(rest.split()[0]) / 1024
    return memory


def _table(medians: Mapping[str, Memory], verdicts: Mapping[str, Verdict], rounds: int) -> Table:
    bare = medians[_BARE]["rss_mib"]
    rows = [
        (
            kind,
            *(f"{memory[name]:.2f}" for name in ("rss_mib", "anon_mib", "pss_mib")),
            f"{memory['rss_mib'] / bare:.2f}",
            str(verdicts.get(kind, "-")),
        )
        for kind, memory in medians.items()
    ]
    headers = ("process", "RSS MiB", "anon MiB", "PSS MiB", "RSS / bare", GOAL_COLUMN)
    return Table("Worker's memory before an engine", headers, rows, [f"medians over {rounds} rounds of processes"])
