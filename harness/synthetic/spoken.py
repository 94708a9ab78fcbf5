"""What both ways give: a sentence as samples, with its words and exactly known times."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from harness.audio import SAMPLE_RATE_HZ
from harness.records import Word

Samples: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.int16]]"
"""16 kHz, mono, signed 16 bit."""
SAMPLES_PER_MS = SAMPLE_RATE_HZ // 1000


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """A sentence that nobody spoke so. ``name`` is its file's, without ending; ``synthetic`` says how it was made."""

    name: str
    samples: Samples
    words: tuple[Word, ...]
    speaker: str
    synthetic: str

    @property
    def text(self) -> str:
        """What is said."""
        return " ".join(word.text for word in self.words)

    @property
    def duration_s(self) -> float:
        """How long it plays."""
        return len(self.samples) / SAMPLE_RATE_HZ
