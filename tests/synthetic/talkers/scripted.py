"""A process that says what its voice tells it to, where libespeak-ng is none."""

import json
import os
import signal
import sys
import time
from array import array

RATE_HZ = 16_000


def main() -> None:
    """Answer each text with a tone of 100 ms a word, 50 ms of silence after each, and an event at each word's start.

    As ``died`` it is killed at the second text, as ``hung`` it never answers; ``voice`` and ``library`` are what it
    misses; ``mute`` sounds nothing, ``merged`` has no event for the last word, ``straying`` a last event that points
    back.
    """
    asked = json.load(sys.stdin)
    voice = asked["voice"]
    for number, text in enumerate(asked["texts"]):
        if voice in ("voice", "library"):
            sys.stdout.buffer.write(json.dumps({"error": voice}).encode() + b"\n")
            return
        if voice == "hung":
            time.sleep(60)
        if voice == "died" and number == 1:
            os.kill(os.getpid(), signal.SIGSEGV)
        words = text.split()
        events = [(text.index(word), 150 * at) for at, word in enumerate(words)]
        if voice == "merged":
            events.pop()
        if voice == "straying":
            events.append((0, 150 * len(words) - 60))
        height = 0 if voice == "mute" else 8_000
        pcm = array("h", ([height, -height] * 800 + [0] * 800) * len(words)).tobytes()
        told = {"rate_hz": RATE_HZ, "words": events, "end_ms": 150 * len(words), "pcm_bytes": len(pcm)}
        sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + pcm)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
