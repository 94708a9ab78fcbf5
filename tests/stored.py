"""A run made by hand, with stamps, counters and texts that are known to the last digit.

Every trial is the same but for one thing: anonymous memory, and RSS with it, is higher by :data:`GROWTH_MIB` at every
point of each further trial. The expected numbers of the tests are derived from the tables below.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from harness import store
from harness.hookspecs import Probe
from harness.metrics import Measurement
from harness.protocol import Protocol
from harness.records import (
    CorpusRecord,
    Delivery,
    Environment,
    Observation,
    Outcome,
    Phase,
    ProbeRecord,
    Run,
    Seam,
    StageRecord,
    Trial,
    Utterance,
    Visit,
    Word,
)
from harness.sampling.curve import Cost, CurveWriter
from plugins.probes.drift import Drift
from plugins.probes.rss import Rss
from plugins.probes.rtf import Rtf
from plugins.probes.ttft import Ttft
from plugins.probes.wer import Wer

MS = 1_000_000
"""Nanoseconds in a millisecond."""

COST = Cost(samples=12_034, missed=2, cpu_s=0.373, wall_s=120.5)
"""What sampling cost in a hand-made run."""
GROWTH_MIB = 0.5
REFERENCE = "And so, my fellow Americans"
TRANSCRIPT = "and so my yellow americans"
"""Five words, one of them wrong: WER 1/5; 26 characters, one of them wrong: CER 1/26; as written, 4 words wrong."""

IDLE = (12.0, 4.0, 12.0)
PREPARED = (20.0, 8.0, 20.0)
ASR_POINTS: Mapping[str, tuple[float, float, float]] = {
    "before_load": (20.0, 8.0, 20.0),
    "loaded": (116.0, 72.0, 120.0),
    "before_run": (116.0, 72.0, 116.0),
    "ran": (124.0, 80.0, 132.0),
    "unloaded": (30.0, 16.0, 125.0),
}
"""RSS, anon and peak in MiB at each point of the ASR's visit in trial 0; the file pages are the rest of RSS."""
ALIGNER_POINTS: Mapping[str, tuple[float, float, float]] = {
    "before_load": (30.0, 16.0, 30.0),
    "loaded": (62.0, 40.0, 64.0),
    "before_run": (62.0, 40.0, 62.0),
    "ran": (66.0, 44.0, 70.0),
    "unloaded": (34.0, 18.0, 67.0),
}
TRIMMED = (26.0, 10.0, 34.0)

# (phase, milliseconds, CPU milliseconds)
START = ("start", 90, 80)
PREPARE = ("prepare", 50, 40)
ASR_PHASES = (("load", 300, 290), ("run", 2000, 1900), ("unload", 20, 10))
ALIGNER_PHASES = (("load", 120, 110), ("run", 160, 150), ("unload", 8, 6))
DELIVERIES = ((400, "and"), (900, "and so my"), (1600, TRANSCRIPT))
"""Milliseconds after the start of the inference call, and the hypothesis then."""
WORDS = (
    Word("and", 320.0, 560.0),
    Word("so", 560.0, 800.0),
    Word("my", 800.0, 960.5),
    Word("yellow", 960.5, 1200.0),
    Word("americans", 1200.0, 1900.0),
)
AUDIO_S = 10.0


def utterance(**changes: Any) -> Utterance:
    """Return ten seconds of speech."""
    whole = Utterance("jfk", "samples/jfk.wav", "/canonical/jfk.wav", AUDIO_S, REFERENCE)
    return replace(whole, **changes)


def counters(rss_mib: float, anon_mib: float, peak_mib: float) -> dict[str, float | None]:
    """Return what the kernel would say, in KiB."""
    return {
        "rss_kib": rss_mib * 1024,
        "anon_kib": anon_mib * 1024,
        "file_kib": (rss_mib - anon_mib) * 1024,
        "shmem_kib": 0.0,
        "peak_kib": peak_mib * 1024,
        "swap_kib": 0.0,
        "threads": 1.0,
        "children": 0.0,
        "children_rss_kib": 0.0,
    }


def observations(
    points: Mapping[str, tuple[float, float, float]], at_ns: int = 0, more_mib: float = 0.0, worker: int = 0
) -> tuple[Observation, ...]:
    """Return a reading of the probe ``rss`` for each point, a millisecond apart."""
    return tuple(
        Observation(point, at_ns + number * MS, "rss", worker, counters(*(value + more_mib for value in values)))
        for number, (point, values) in enumerate(points.items())
    )


def reading(point: str, probe: str, values: Mapping[str, float | None], worker: int = 0) -> Observation:
    """Return what one probe read of one worker."""
    return Observation(point, 0, probe, worker, values)


def phases(steps: Sequence[tuple[str, int, int]], at_ns: int, key: str, worker: int = 0) -> tuple[Phase, ...]:
    """Return phases that follow each other with a millisecond between."""
    made = []
    for name, wall_ms, cpu_ms in steps:
        loaded = (key,) if name in ("load", "run", "restart") else ()
        made.append(Phase(name, at_ns, at_ns + wall_ms * MS, cpu_ms * MS, worker, 4242 + worker, loaded))
        at_ns += (wall_ms + 1) * MS
    return tuple(made)


def asr_visit(index: int = 0, *, worker: int = 0, fresh: bool | None = None) -> Visit:
    """Return the ASR's part in a trial; in trial 0, or where ``fresh``, a worker starts and imports the engine."""
    fresh = index == 0 if fresh is None else fresh
    at_ns = 1_000 * MS + index * 60_000 * MS
    made = phases((PREPARE, *ASR_PHASES) if fresh else ASR_PHASES, at_ns, "asr", worker)
    if fresh:
        made = (*phases((START,), at_ns - 100 * MS, "asr", worker), *made)
    run = next(phase for phase in made if phase.name == "run")
    return Visit(
        stage="asr",
        role="asr",
        streams="hypotheses",
        phases=made,
        observations=observations(
            {"idle": IDLE, "prepared": PREPARED, **ASR_POINTS} if fresh else ASR_POINTS,
            at_ns,
            index * GROWTH_MIB,
            worker,
        ),
        deliveries=tuple(Delivery(run.start_ns + ms * MS, text) for ms, text in DELIVERIES),
        text=TRANSCRIPT,
    )


def aligner_visit(index: int = 0, *, worker: int = 0, trimmed: bool = False) -> Visit:
    """Return the aligner's part in a trial."""
    at_ns = 10_000 * MS + index * 60_000 * MS
    return Visit(
        stage="aligner",
        role="aligner",
        text_from="asr",
        phases=phases(ALIGNER_PHASES, at_ns, "aligner", worker),
        observations=observations(
            {**ALIGNER_POINTS, "trimmed": TRIMMED} if trimmed else ALIGNER_POINTS, at_ns, index * GROWTH_MIB, worker
        ),
        text="",
        words=WORDS,
    )


def trial(index: int = 0, *, trimmed: bool = False, **changes: Any) -> Trial:
    """Return a trial without measurements."""
    whole = Trial(
        index=index,
        iteration=index,
        utterance=utterance(),
        started_at=f"2026-01-02T03:04:{index:02}.000+00:00",
        cold=index == 0,
        visits=(asr_visit(index), aligner_visit(index, trimmed=trimmed)),
        most_loaded=1,
    )
    return replace(whole, **changes)


def failed(index: int, *, message: str = "SIGSEGV", log: tuple[str, ...] = ("last words",)) -> Trial:
    """Return a trial whose ASR died while it loaded."""
    visit = asr_visit(index, fresh=False)
    return trial(
        index,
        visits=(replace(visit, phases=(), observations=visit.observations[:1], deliveries=(), text=None),),
        outcome=Outcome("crashed", "asr", "load", message, log),
        most_loaded=0,
    )


def probes() -> tuple[Probe, ...]:
    """Return five of the probes that ship with the harness, with their own options."""
    return Rss(None), Ttft(None), Rtf(None), Wer(Wer.Options()), Drift(None)


def measured(trial: Trial) -> Trial:
    """Return the trial with what these probes make of it."""
    found: list[Measurement] = []
    for probe in probes():
        found.extend(probe.measure(trial))  # type: ignore[attr-defined]
    return replace(trial, measurements=tuple(found))


def run(**changes: Any) -> Run:
    """Return a run of three iterations, as it is written before the first."""
    changes.setdefault("protocol", Protocol(order=("asr", "aligner"), iterations=3, threads=2))
    whole = Run(
        id="03-04-05",
        started_at="2026-01-02T03:04:05.000+00:00",
        harness_version="0.1.0",
        protocol=changes["protocol"],
        stages=(
            StageRecord(
                key="asr",
                role="asr",
                name="madeup",
                origin="asr-align-harness 0.1.0",
                options={"piece_ms": 100},
                streams="hypotheses",
                uses_threads=False,
                one_per_process=False,
                label="madeup-asr.bin",
            ),
            StageRecord(
                key="aligner",
                role="aligner",
                name="madeup",
                origin="asr-align-harness 0.1.0",
                options={},
                streams="nothing",
                uses_threads=False,
                one_per_process=False,
                label="madeup-aligner.bin",
            ),
        ),
        probes=tuple(
            ProbeRecord(
                name=probe.name, origin="asr-align-harness 0.1.0", options={}, metrics=tuple(type(probe).metrics)
            )
            for probe in probes()
        ),
        dataset={"audio": "samples/jfk.wav", "transcript": "samples/jfk.txt"},
        trials=changes["protocol"].iterations,
        overrides=("threads=2",),
    )
    return replace(whole, **changes)


def corpus(**changes: Any) -> CorpusRecord:
    """Return twenty utterances of a hundred."""
    whole = CorpusRecord(
        form="manifest",
        entries=100,
        utterances=20,
        duration_s=300.0,
        sha256="0123456789abcdef" * 4,
        left_out={"subset": 80},
        speakers=3,
    )
    return replace(whole, **changes)


def environment(**changes: Any) -> Environment:
    """Return a machine that does not exist."""
    whole = Environment(
        hostname="nowhere",
        system="Linux 6.1",
        machine="x86_64",
        processor="Made Up 9000",
        cores=4,
        usable_cores=2,
        memory_mib=8192.0,
        python="3.11.7",
        versions={"numpy": "2.0.0"},
        limits={"cpu.max": "max 100000"},
        git={"commit": "0123abc", "changed": "no"},
        engines={"asr": {"version": "9.8"}},
        warnings=("the machine is busy",),
    )
    return replace(whole, **changes)


@cache
def trials(count: int = 3) -> tuple[Trial, ...]:
    """Return measured trials; the heap is trimmed after the last."""
    return tuple(measured(trial(index, trimmed=index == count - 1)) for index in range(count))


def seam(leg: int = 1, **changes: Any) -> Seam:
    """Return where a run was taken up again, a day later and on another machine."""
    at = f"2026-01-0{2 + leg}T10:00:00.000+00:00"
    return replace(Seam(leg=leg, at=at, hostname="elsewhere", harness_version="0.1.0", kept=2, set_aside=1), **changes)


def of_leg(trial: Trial, leg: int, *, worker: int | None = None, later_ns: int = 0, cold: bool = False) -> Trial:
    """Return a trial as a later leg does it: its stamps are of another clock (``later_ns`` may be negative)."""
    visits = tuple(
        replace(
            visit,
            phases=tuple(
                replace(
                    phase,
                    start_ns=phase.start_ns + later_ns,
                    end_ns=phase.end_ns + later_ns,
                    worker=phase.worker if worker is None else worker,
                )
                for phase in visit.phases
            ),
            observations=tuple(
                replace(one, at_ns=one.at_ns + later_ns, worker=one.worker if worker is None else worker)
                for one in visit.observations
            ),
            deliveries=tuple(replace(one, at_ns=one.at_ns + later_ns) for one in visit.deliveries),
        )
        for visit in trial.visits
    )
    return replace(trial, leg=leg, cold=cold, visits=visits)


def legged(kept: int = 3, later: int = 3, *, worker: int = 1) -> tuple[Trial, ...]:
    """Return the trials of two legs, the second one's stamps all before those of the first."""
    first = [measured(trial(index)) for index in range(kept)]
    second = [
        measured(of_leg(trial(index), 1, worker=worker, later_ns=-kept * 60_000 * MS - 500, cold=index == kept))
        for index in range(kept, kept + later)
    ]
    return (*first, *second)


def curve(
    folder: Path, *rows: tuple[int, int, int, int, int], hz: float = 100.0, cost: Cost | None = COST, leg: int = 0
) -> Path:
    """Write a memory curve; without a cost it is that of a run that was killed."""
    writer = CurveWriter(folder, hz, leg)
    for row in rows:
        writer.add(*row)
    if cost is not None:
        writer.finish(cost)
    writer.close()
    return folder / store.curve_name(leg)


def write(
    folder: Path, run: Run, trials: Sequence[Trial], environment: Environment | None = None, log: str = ""
) -> Path:
    """Write a run's folder as a run leaves it before it is summarised, and return it."""
    store.claim(folder)
    store.write_text(folder / store.CONFIG, "iterations: 3\n")
    store.write_json(folder / store.RUN, run)
    store.write_json(folder / store.DIFFERS, {"iterations": {"default": 5, "used": 3}})
    if environment is not None:
        store.write_json(folder / store.ENVIRONMENT, environment)
    store.write_text(folder / store.ENGINE_LOG, log)
    written = store.TrialLog(folder)
    for one in trials:
        written.append(one)
    written.close()
    return folder
