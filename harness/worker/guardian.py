"""Whoever ends the workers' process groups when the supervisor is gone, however it went: nobody else could.

The kernel ends a worker whose parent has died, on Linux alone, and not what its engine has started. So a small shell
sleeps on a pipe from the supervisor, is told which groups there are, and kills them when the pipe's end comes without
their having been forgotten. It is one process for a supervisor, sleeps in ``read`` and is no part of what is measured.
"""

import contextlib
import os
import subprocess

_SCRIPT = """
groups=
while read -r sign group; do
  if [ "$sign" = + ]; then groups="$groups $group"; continue; fi
  kept=
  for one in $groups; do [ "$one" = "$group" ] || kept="$kept $one"; done
  groups=$kept
done
for one in $groups; do kill -s KILL -- "-$one" 2>/dev/null; done
"""
"""For any POSIX shell; it starts no program of its own."""


class Guardian:
    """The shell and the pipe to it; started with the first group, and again in a process that was forked."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def watch(self, group: int) -> None:
        """Let a process group end with this process."""
        if self._process is None or self._owner != os.getpid():
            self._start()
        self._tell("+", group)

    def forget(self, group: int) -> None:
        """Take a group from the list: it has ended, and its number may become another's."""
        if self._owner == os.getpid():
            self._tell("-", group)

    def _start(self) -> None:
        self._owner = os.getpid()
        with contextlib.suppress(OSError):  # a platform without a shell: nobody guards
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _SCRIPT],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                cwd="/",
                env={},
                process_group=0,  # Ctrl-C reaches the supervisor alone
            )

    def _tell(self, sign: str, group: int) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):  # somebody has killed it
                self._process.stdin.write(f"{sign} {group}\n".encode())


GUARDIAN = Guardian()
