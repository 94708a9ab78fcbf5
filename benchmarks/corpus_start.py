"""What a corpus of 100,000 utterances costs before its first trial, and whether the supervisor grows with its trials.

The dataset is made up as it is asked for, so that nothing but the choice, its hash and the plan is measured; its audio
is the sample. Growth is that of the supervisor's resident memory over the later trials of a run of the stage that does
nothing, beside what the same trials take on disk: a supervisor that kept its trials would grow by more than that.
"""

import gc
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from benchmarks.results import Goal, Result, Table, Unmeasurable, Verdict
from benchmarks.setting import Setting, default_probes
from harness import store
from harness.clock import SystemClock
from harness.config import Settings, StageSettings, builtin_folder
from harness.corpus.choice import Choice
from harness.corpus.corpus import Corpus
from harness.corpus.entry import BadEntry, Entry
from harness.corpus.opened import corpus_of
from harness.experiment import Experiment
from harness.hookspecs import hookimpl
from harness.plan import JobFacts, Plan, make_plan
from harness.plugins import Listeners, discover
from harness.protocol import Protocol
from harness.records import Trial

NAME = "corpus_start"

_ENTRIES = 100_000
_TRIALS, _SETTLING = 4_000, 1_000
_REFERENCE = "and so my fellow americans ask not what your country can do for you"
_PLAN, _GROWTH, _KEPT = Goal(10, "s"), Goal(0.5, "MiB"), Goal(5, "%")
_CHOICES = {
    "all of it": Choice(),
    "a subset of 1,000": Choice(subset=1_000),
    "at least 5 s, 2 speakers, 10 min": Choice(min_duration_s=5.0, speakers=("s1", "s2"), limit_s=600.0),
}


class Generated:
    """So many entries, each made when it is asked for."""

    bad: Sequence[BadEntry] = ()

    def __init__(self, count: int) -> None:
        self._count = count
        self._audio = str(builtin_folder("samples") / "jfk.wav")

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> Entry:
        return Entry(
            id=f"u{number:06}",
            audio=self._audio,
            duration_s=11.0,
            reference=_REFERENCE,
            speaker=f"s{number % 40}",
        )


class Watch:
    """Reads the supervisor's resident memory once the first trials have settled it, and after the last."""

    def __init__(self, settling: int, last: int) -> None:
        self._at = (settling, last)
        self.read_kib: list[int] = []

    @hookimpl
    def trial_finished(self, trial: Trial) -> None:
        """Read where it is time."""
        if trial.index + 1 in self._at:
            gc.collect()
            self.read_kib.append(_rss_kib())


def run(setting: Setting) -> Result:
    """Plan runs over a generated dataset, then run the first of its utterances."""
    entries = 1_000 if setting.small else _ENTRIES
    trials, settling = (40, 20) if setting.small else (_TRIALS, _SETTLING)
    seconds = {name: _planned_s(entries, choice) for name, choice in _CHOICES.items()}
    with setting.folder() as folder:
        grown_mib, written_mib = _grown(folder, trials, settling)
    per_thousand = 1_000 / (trials - settling)
    verdicts = (
        Verdict(f"plan of {entries:,} entries", _PLAN, max(seconds.values())),
        Verdict("growth over 1,000 trials", _GROWTH, grown_mib * per_thousand),
        Verdict("growth of what the trials take on disk", _KEPT, 100 * grown_mib / written_mib),
    )
    least = min(seconds.values())
    plans = Table(
        f"From {entries:,} entries to a plan",
        ("what is chosen", "CPU s", "ratio", "goal"),
        [(name, f"{took:.2f}", f"{took / least:.1f}", str(_PLAN)) for name, took in seconds.items()],
    )
    growth = Table(
        f"What the supervisor grows by, trials {settling:,} to {trials:,}",
        ("what", "figure", "goal"),
        [
            ("MiB in 1,000 trials", f"{verdicts[1].value:.3f}", str(verdicts[1])),
            ("% of what these trials take on disk", f"{verdicts[2].value:.2f}", str(verdicts[2])),
        ],
        (f"{written_mib * per_thousand:.1f} MiB on disk for 1,000 trials",),
    )
    raw = {"plan_cpu_s": seconds, "grown_mib": grown_mib, "written_mib": written_mib, "trials": trials - settling}
    return Result(NAME, (plans, growth), verdicts, raw)


def _planned_s(entries: int, choice: Choice) -> float:
    """Return the CPU seconds from a dataset to a plan."""
    start = time.process_time()
    _plan(corpus_of(Generated(entries), choice, 0, "generated"))
    return time.process_time() - start


def _plan(corpus: Corpus) -> Plan:
    settings = Settings(
        protocol=Protocol(order=("asr",), iterations=1, lifecycle="reuse", sample_hz=100.0),
        stages=(StageSettings("asr", "asr", "null", {}),),
        probes={name: {} for name in default_probes()},
        dataset={},
    )
    return make_plan(settings, discover(), corpus, JobFacts("benchmark", "", ""))


def _grown(folder: Path, trials: int, settling: int) -> tuple[float, float]:
    """Return by how many MiB this process grew over the later trials of a run, and how many these took on disk."""
    plan = _plan(corpus_of(Generated(trials), Choice(), 0, "generated"))
    listeners, watch = Listeners(), Watch(settling, trials)
    for probe in plan.probes:
        listeners.add(probe, probe.name)
    listeners.add(watch, "watch")
    ending = Experiment(plan, listeners, folder, SystemClock()).run()
    if ending.outcomes != {"ok": trials} or len(watch.read_kib) != 2:
        raise Unmeasurable(f"the run ended with {ending.outcomes or 'nothing'}")
    written = (folder / store.TRIALS).stat().st_size / 2**20
    return (watch.read_kib[1] - watch.read_kib[0]) / 1024, written * (trials - settling) / trials


def _rss_kib() -> int:
    with suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") // 1024
    raise Unmeasurable("this system does not tell a process's memory in /proc/self/statm")
