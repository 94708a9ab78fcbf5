"""A trial while it grows: what workers answered and probes saw, until it is closed into a record."""

from collections.abc import Mapping, Sequence
from typing import Any

from harness.metrics import Measurement
from harness.records import Delivery, Observation, Outcome, Phase, StageRecord, Trial, Utterance, Visit, Word
from harness.schedule import Action, Task
from harness.spoken_text import spoken_text


class OpenVisit:
    """One stage's part in a trial."""

    def __init__(self, stage: StageRecord) -> None:
        self.stage = stage
        self.observations: list[Observation] = []
        self.text: str | None = None
        self.text_from: str | None = None
        self.text_given: str | None = None
        self._phases: list[Phase] = []
        self._deliveries: tuple[Delivery, ...] = ()
        self._words: tuple[Word, ...] = ()

    def began(self, start: Phase) -> None:
        """Keep the start of the worker that was started for this visit."""
        self._phases.append(start)

    def took(self, action: Action, answer: Mapping[str, Any], worker: int, pid: int) -> Phase:
        """Keep what a worker answered to a command, and return its phase."""
        phase = Phase(
            name=action.value,
            start_ns=answer["start_ns"],
            end_ns=answer["end_ns"],
            cpu_ns=answer["cpu_ns"],
            worker=worker,
            pid=pid,
            loaded=tuple(answer["loaded"]),
            facts=answer.get("facts", {}),
            **(answer.get("usage") or {}),
        )
        self._phases.append(phase)
        if action is Action.RUN:
            self.text = answer["text"]
            self._words = tuple(Word(*word) for word in answer["words"])
            self._deliveries = tuple(Delivery(*delivery) for delivery in answer["deliveries"])
        return phase

    def closed(self) -> Visit:
        """Return the record."""
        return Visit(
            stage=self.stage.key,
            role=self.stage.role,
            streams=self.stage.streams,
            text_from=self.text_from,
            phases=tuple(self._phases),
            observations=tuple(self.observations),
            deliveries=self._deliveries,
            text=self.text,
            words=self._words,
            text_given=self.text_given,
        )


class OpenTrial:
    """One utterance on its way through the chain."""

    def __init__(
        self,
        task: Task,
        utterance: Utterance,
        stages: Mapping[str, StageRecord],
        warmup: int,
        started_at: str,
        temperature_c: float | None = None,
        first: int = 0,
        leg: int = 0,
    ) -> None:
        """Open the trial of a task; ``first`` is the first trial of this leg of the run that has an utterance."""
        self.utterance = utterance
        self.outcome = Outcome()
        self.problems: list[str] = []
        self.most_loaded = 0
        self.limit_peak_mib: float | None = None
        self.broken: set[str] = set()
        """Probes that failed in this trial."""
        self._task = task
        self._stages = stages
        self._warmup = warmup
        self._started_at = started_at
        self._temperature_c = temperature_c
        self._first = first
        self._leg = leg
        self._visits: dict[str, OpenVisit] = {}

    def visit(self, stage: str) -> OpenVisit:
        """Return the visit of a stage; it begins when it is first asked for."""
        if stage not in self._visits:
            self._visits[stage] = OpenVisit(self._stages[stage])
        return self._visits[stage]

    def saw_limit_peak(self, peak_mib: float | None) -> None:
        """Keep the largest."""
        if peak_mib is not None:
            self.limit_peak_mib = max(peak_mib, self.limit_peak_mib or 0.0)

    def text_for(self, stage: str) -> tuple[str, str | None]:
        """Return the text for a stage as it is written, and where it is from: the last transcript, else the reference.

        An ASR is given none.
        """
        if self._stages[stage].role == "asr":
            return "", None
        for visit in reversed(self._visits.values()):
            if visit.stage.role == "asr" and visit.text is not None:
                return visit.text, visit.stage.key
        return self.utterance.reference or "", "reference"

    def give_text(self, stage: str) -> str:
        """Return the text that a stage is given, cleaned; its visit keeps where it is from, and what it became."""
        visit = self.visit(stage)
        text, visit.text_from = self.text_for(stage)
        given = spoken_text(text)
        visit.text_given = given if given != text else None
        return given

    def closed(self, measurements: Sequence[Measurement] = ()) -> Trial:
        """Return the record."""
        visits = tuple(visit.closed() for visit in self._visits.values())
        return Trial(
            index=self._task.trial,
            iteration=self._task.iteration,
            utterance=self.utterance,
            started_at=self._started_at,
            cold=self._task.trial == self._first,
            warmup=self._first < self._task.trial <= self._first + self._warmup,
            visits=visits,
            outcome=self.outcome,
            most_loaded=max([self.most_loaded, *(len(phase.loaded) for visit in visits for phase in visit.phases)]),
            measurements=tuple(measurements),
            problems=tuple(self.problems),
            limit_peak_mib=self.limit_peak_mib,
            temperature_c=self._temperature_c,
            leg=self._leg,
        )
