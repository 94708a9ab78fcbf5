"""Ways in which a file is damaged: bits that flipped, an end that is missing, a head that is another's."""

from random import Random

_HEAD_BYTES = 64


def damaged(content: bytes, dice: Random, other: bytes = b"") -> bytes:
    """Return some content damaged in a way that is drawn; ``other`` is where a wrong head comes from."""
    return dice.choice((_flipped, _truncated, _wrong_head, _spliced, _emptied))(content, dice, other)


def _flipped(content: bytes, dice: Random, _other: bytes) -> bytes:
    """Flip a few bits, half the time only near the beginning, where the sizes stand."""
    made = bytearray(content or b"\0")
    most = len(made) if dice.random() < 0.5 else min(len(made), _HEAD_BYTES)
    for _ in range(dice.randint(1, 20)):
        made[dice.randrange(most)] ^= 1 << dice.randrange(8)
    return bytes(made)


def _truncated(content: bytes, dice: Random, _other: bytes) -> bytes:
    most = len(content) if dice.random() < 0.5 else min(len(content), _HEAD_BYTES)
    return content[: dice.randrange(most + 1)]


def _wrong_head(content: bytes, dice: Random, other: bytes) -> bytes:
    """Put another file's head, or noise, before it."""
    size = dice.randint(1, _HEAD_BYTES)
    return (other[:size] if other and dice.random() < 0.5 else dice.randbytes(size)) + content[size:]


def _spliced(content: bytes, dice: Random, other: bytes) -> bytes:
    """Put a piece of another file, or of this one, into the middle."""
    at, source = dice.randrange(len(content) + 1), other or content
    start = dice.randrange(len(source) + 1)
    return content[:at] + source[start : start + dice.randint(1, 400)] + content[at:]


def _emptied(content: bytes, dice: Random, _other: bytes) -> bytes:
    """Leave nothing, or zeros as a disk leaves them that lost power."""
    return b"" if dice.random() < 0.5 else bytes(len(content))
