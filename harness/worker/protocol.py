"""The messages between supervisor and worker: one JSON object a line, each way.

A command carries ``seq``, ``do`` and what that needs; its answer carries the same ``seq``, and either ``ok: true`` with
stamps or ``ok: false`` with an error. The worker speaks only when spoken to. The module imports nothing but ``json``,
because the measured process holds it.

========== ======================================== =========================================================
``do``     takes                                    the answer adds
========== ======================================== =========================================================
hello                                               ``version``, ``pid``, ``ready_ns``; ``cpu_ns`` until then
prepare    ``stage``, ``module``, ``class``,        ``facts``
           ``options``
load       ``stage``                                ``facts``
run        ``stage``, ``request``                   ``text``, ``words``, ``deliveries``, ``facts``
restart    ``stage``
unload     ``stage``
trim                                                ``facts`` (``trimmed``, or why not)
heap                                                ``heap``: ``used_bytes``, ``mapped_bytes``; or ``reason``
leave                                               nothing: the process ends
========== ======================================== =========================================================
"""

import json
from typing import Any

VERSION = 2
"""Version of the messages; supervisor and worker must agree."""

Message = dict[str, Any]


def encode(message: Message) -> bytes:
    """Return a message as one line of ASCII."""
    return json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"


def decode(line: bytes) -> Message:
    """Return the message of one line; ValueError where it is none."""
    try:
        message = json.loads(line)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(message, dict):
        raise ValueError("not an object")
    return message


def as_text(message: Message) -> Message:
    """Return a message whose texts UTF-8 can hold: a lone surrogate, which an engine may send, becomes ``?``."""
    text = json.dumps(message, ensure_ascii=False)
    cleaned: Message = json.loads(text.encode("utf-8", "replace"))
    return cleaned
