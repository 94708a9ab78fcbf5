"""What is heard between words: the quietest stretch of a recording, over and over.

Not digital silence: the logarithm of no energy is what no recording gives a front end, it would pull the means that
engines normalise by, and a recording's noise that sets in with each word would tell an aligner where words are.
"""

import random

import numpy as np

from harness.synthetic.spoken import SAMPLES_PER_MS, Samples

STRETCH_MS = 200
"""How much of the recording is taken: longer than any closure of a stop, and short enough to be in any pause."""
_OVERLAP_MS = 20
"""Over which one copy fades into the next, so that no seam clicks; the gains' squares add up to one."""
_HISS_PEAK = 32
"""Of the noise for speech without a background, evenly distributed: an RMS of 18, -65 dB of full scale."""


def quietest(samples: Samples) -> Samples:
    """Return the stretch of a recording with the least energy; all of a recording that is no longer."""
    length = STRETCH_MS * SAMPLES_PER_MS
    if len(samples) <= length:
        return samples
    energy = np.concatenate(([0.0], np.cumsum(samples.astype(np.float64) ** 2)))
    start = int(np.argmin(energy[length:] - energy[:-length]))
    return samples[start : start + length]


def rms_of(samples: Samples) -> float:
    """Return the RMS of all samples, 0 where there are none."""
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2))) if len(samples) else 0.0


def looped(stretch: Samples, length: int) -> Samples:
    """Return so many samples of a stretch that is repeated, each copy faded into the next."""
    overlap = min(_OVERLAP_MS * SAMPLES_PER_MS, len(stretch) // 2)
    if overlap == 0:
        return np.resize(stretch if len(stretch) else np.zeros(1, np.int16), length)
    angle = (np.arange(overlap) + 0.5) / overlap * (np.pi / 2)
    period = stretch[overlap:].astype(np.float64)
    period[-overlap:] = period[-overlap:] * np.cos(angle) + stretch[:overlap].astype(np.float64) * np.sin(angle)
    return np.resize(period.round().clip(-32768, 32767).astype(np.int16), length)


def hiss(length: int, seed: str) -> Samples:
    """Return seeded white noise, very low, for speech that has no background of its own."""
    drawn = np.frombuffer(random.Random(seed).randbytes(length), np.uint8)  # noqa: S311 - noise, no secret
    return (drawn % (2 * _HISS_PEAK)).astype(np.int16) - _HISS_PEAK
