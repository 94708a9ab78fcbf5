"""Small audio files for datasets: 16 kHz, mono, silent; their form is that of the name's ending."""

from pathlib import Path

import numpy as np
import soundfile


def make_audio(path: Path, seconds: float = 1.0, channels: int = 1) -> Path:
    """Write a file and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros((round(16_000 * seconds), channels), np.float32), 16_000)
    return path
