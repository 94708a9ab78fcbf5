"""SLURM's own commands: what became of jobs, and ending them.

``squeue`` knows a job until some minutes after its end, without an accounting database; ``sacct`` afterwards, where
there is one.
"""

import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

UNKNOWN = "UNKNOWN"
"""No state of SLURM's: the controller does not answer."""
FORGOTTEN = "FORGOTTEN"
"""No state of SLURM's: the controller answers, and no longer knows the job."""
_GOING_ON = frozenset(
    {"PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESIZING"}
    | {"RESV_DEL_HOLD", "SIGNALING", "SPECIAL_EXIT", "STAGE_OUT", "STOPPED", "SUSPENDED"}
)
_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a job is: SLURM's word for its state, and the node that has it, empty where none has."""

    state: str
    node: str = ""

    @property
    def over(self) -> bool:
        """Whether the job will not go on; of one that nobody knows, that cannot be told."""
        return self.state not in _GOING_ON and self.state != UNKNOWN


def places(ids: Iterable[str]) -> dict[str, Place]:
    """Return where each job is (``12``, or ``12_0`` of an array)."""
    wanted = list(ids)
    arrays = ",".join(dict.fromkeys(one.partition("_")[0] for one in wanted))
    command: tuple[str, ...] = (
        "squeue",
        "--noheader",
        "--states=all",
        "--array",
        "--format=%i|%T|%N",
        f"--jobs={arrays}",
    )
    status, printed = _told(command)
    known = read(printed)
    answered = status == 0 or "Invalid job id" in printed
    if answered and set(wanted) - set(known) and shutil.which("sacct"):
        command = ("sacct", "--noheader", "--parsable2", "--format=JobID,State,NodeList", f"--jobs={arrays}")
        known = {**read(_told(command)[1]), **known}
    return {one: known.get(one, Place(FORGOTTEN if answered else UNKNOWN)) for one in wanted}


def read(printed: str) -> dict[str, Place]:
    """Return what lines of ``id|state|node`` say; a job's steps, and lines of another form, are left out.

    A state is its first word: ``CANCELLED by 0`` is ``CANCELLED``. ``None assigned`` is no node.
    """
    found = {}
    for line in printed.splitlines():
        parts = line.split("|")
        if len(parts) == 3 and parts[0].replace("_", "").isdigit() and parts[1].strip():
            found[parts[0]] = Place(
                parts[1].split()[0].rstrip("+"), "" if " " in parts[2].strip() else parts[2].strip()
            )
    return found


def cancel(ids: Iterable[str]) -> str:
    """End jobs, or all of an array; return what SLURM had against it, nothing where it was done."""
    named = tuple(ids)
    if not named:
        return ""
    status, printed = _told(("scancel", *named))
    return "" if status == 0 else printed.strip()


def _told(command: tuple[str, ...]) -> tuple[int, str]:
    """Run a command and return its status with all that it printed. One that hangs or is not there has failed."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 1, f"{command[0]}: {error}"
    return done.returncode, done.stdout.decode(errors="replace")
