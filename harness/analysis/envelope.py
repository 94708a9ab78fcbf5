"""The shape of a recording: the lowest and the highest sample of each of many equal parts, as a picture shows it."""

from collections.abc import Sequence
from pathlib import Path

_STEPS = 1e3
"""A picture of a hundred pixels shows no more."""


def envelope(path: Path, start_s: float, end_s: float, parts: int) -> Sequence[tuple[float, float]]:
    """Return lowest and highest sample of each part of a stretch, as shares of the stretch's loudest sample.

    At most ``parts``; fewer where there are fewer samples. Only that stretch is read. Raises ValueError for a file that
    is not there or cannot be read, and where there is no sample in the stretch.
    """
    import numpy as np
    import soundfile  # with libsndfile, which only a run's end needs

    try:
        with soundfile.SoundFile(str(path)) as audio:
            first = min(round(start_s * audio.samplerate), audio.frames)
            audio.seek(first)
            wanted = max(0, round(end_s * audio.samplerate) - first)
            samples = audio.read(wanted, dtype="float32", always_2d=True).mean(axis=1)
    except (OSError, RuntimeError) as error:  # libsndfile's own errors are RuntimeErrors
        reason = "it is not there any more" if not path.exists() else f"it cannot be read: {error}"
        raise ValueError(reason) from None
    if not len(samples):
        raise ValueError("it holds no sample there")
    edges = np.linspace(0, len(samples), min(parts, len(samples)) + 1).astype(int)[:-1]
    lows, highs = np.minimum.reduceat(samples, edges), np.maximum.reduceat(samples, edges)
    loudest = max(float(np.abs(samples).max()), 1e-9)
    return [
        (round(_STEPS * float(low) / loudest) / _STEPS, round(_STEPS * float(high) / loudest) / _STEPS)
        for low, high in zip(lows, highs, strict=True)
    ]
