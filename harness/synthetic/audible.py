"""Where in a stretch of audio something can be heard: the edges that known times go by.

An aligner's own bounds are no truth: they lie on a grid of 10 or 20 ms, and in a pause anywhere. So a word's edges are
taken from the sound itself, by a rule that can be checked on the finished file.
"""

import numpy as np

from harness.synthetic.spoken import SAMPLES_PER_MS, Samples

ABOVE_FLOOR = 2.0
"""A millisecond is heard whose RMS is above twice that of the recording's background (6 dB) ..."""
OF_PEAK = 0.01
"""... and above a hundredth of the stretch's loudest millisecond (-40 dB), for recordings without a background;
if the one before it or behind it is heard as well, for a single one is a click."""


def rms_by_ms(samples: Samples) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Return the RMS of each whole millisecond; what is left over at the end is left out."""
    whole = len(samples) // SAMPLES_PER_MS
    frames = samples[: whole * SAMPLES_PER_MS].astype(np.float64).reshape(whole, SAMPLES_PER_MS)
    rms: np.ndarray[tuple[int], np.dtype[np.float64]] = np.sqrt(np.mean(frames**2, axis=1))
    return rms


def audible(samples: Samples, floor_rms: float) -> tuple[int, int] | None:
    """Return the first millisecond that can be heard and the one behind the last; None where none can."""
    rms = rms_by_ms(samples)
    if not len(rms):
        return None
    loud = rms > max(ABOVE_FLOOR * floor_rms, OF_PEAK * float(rms.max()))
    pairs = np.flatnonzero(loud[:-1] & loud[1:])
    return (int(pairs[0]), int(pairs[-1]) + 2) if len(pairs) else None
