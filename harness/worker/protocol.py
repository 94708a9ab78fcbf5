"""The messages between supervisor and worker: one JSON object a line, each way.

A command carries ``seq``, ``do`` and what that needs; its answer carries the same ``seq``, and either ``ok: true`` with
stamps or ``ok: false`` with an error. The worker speaks only when spoken to. The module imports nothing but ``json``,
because the measured process holds it.

========== ======================================== ======================================================
``do``     takes                                    the answer adds
========== ======================================== ======================================================
hello                                               ``version``, ``pid``
prepare    ``stage``, ``module``, ``class``,        ``facts``
           ``options``
load       ``stage``                                ``facts``
run        ``stage``, ``request``                   ``text``, ``words``, ``deliveries``, ``facts``
restart    ``stage``
unload     ``stage``
trim                                                ``facts`` (``trimmed``, or why not)
leave                                               nothing: the process ends
========== ======================================== ======================================================
"""

import json
from typing import Any

VERSION = 1
"""Version of the messages; supervisor and worker must agree."""

Message = dict[str, Any]


def encode(message: Message) -> bytes:
    """Return a message as one line of ASCII."""
    return json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"


def decode(line: bytes) -> Message:
    """Return the message of one line; ValueError where it is none."""
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError("not an object")
    return message
