"""``python -m harness watch``: a running or finished run or sweep, live, from its files alone. It writes none."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from harness import store
from harness.analysis.follow_run import FollowedRun
from harness.analysis.follow_sweep import FollowedSweep, holds_sweep
from harness.clock import SystemClock
from harness.errors import StoreError
from harness.report.watch_text import news_line, run_lines, sweep_lines
from harness.resuming.ownership import is_owner

INTERVAL_S = 1.0
_BEGINNING = {store.TRIALS, store.ENGINE_LOG, store.CONFIG, store.IDENTITY, store.ENVIRONMENT, store.CURVE}
"""What a run's folder may hold before it says what is run."""

Followed = FollowedRun | FollowedSweep
Sleep = Callable[[float], None]
_INTERRUPTED = 130


def watch(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="a run or a sweep")],
    once: Annotated[bool, typer.Option("--once", help="show it as it is now, and end")] = False,
    follow: Annotated[bool, typer.Option("--follow", help="wait for it to begin, and stay after its end")] = False,
) -> int:
    """Show a run or a sweep while it goes on, until it is finished, from its files alone."""
    try:
        show(folder, once=once, follow=follow)
    except KeyboardInterrupt:  # which typer would take for an error of its own
        return _INTERRUPTED
    return 0


def show(folder: Path, *, once: bool = False, follow: bool = False, sleep: Sleep = time.sleep) -> None:
    """Show a folder until its run or sweep is finished, or for ever where ``follow``; ``once``: as it is now.

    On a terminal the picture is drawn anew each second; elsewhere a line is written when something has come, and the
    whole picture at the end. Raises :class:`StoreError` for a folder that holds neither, and none will come.
    """
    if once:
        followed = _followed(folder)
        if followed is None:
            raise _not_begun(folder)
        followed.poll()
        print("\n".join(_lines(followed, 10_000)))
        return
    followed = _awaited(folder, follow, sleep)
    if sys.stdout.isatty():
        _draw(followed, follow, sleep)
    else:
        _tell(followed, follow, sleep)


def _awaited(folder: Path, follow: bool, sleep: Sleep) -> Followed:
    """Return what is to be followed; wait for it where that was asked for."""
    while (followed := _followed(folder)) is None:
        if not follow:
            raise _not_begun(folder)
        sleep(INTERVAL_S)
    return followed


def _followed(folder: Path) -> Followed | None:
    """Return the run or the sweep of a folder, None where it has not begun. Raises :class:`StoreError`."""
    if not folder.is_dir():
        raise StoreError("run folder", f"'{folder}'", "the folder of a run or a sweep")
    if (folder / store.RUN).exists():
        return FollowedRun(folder)
    if (folder / store.ATTEMPTS).is_dir():
        found = f"'{folder}' of a search for a memory limit"
        raise StoreError("run folder", found, f"one of the runs in its folder {store.ATTEMPTS}")
    if holds_sweep(folder):
        return FollowedSweep(folder)
    if {one.name for one in folder.iterdir() if not is_owner(one.name)} - _BEGINNING:
        raise StoreError("run folder", f"'{folder}' with neither in it", "the folder of a run or a sweep")
    return None


def _not_begun(folder: Path) -> StoreError:
    expected = "a run or a sweep that has begun; --follow waits for it"
    return StoreError("run folder", f"'{folder}' with nothing in it yet", expected)


def _lines(followed: Followed, rows: int) -> list[str]:
    now_s = SystemClock().wall().timestamp()
    if isinstance(followed, FollowedSweep):
        return sweep_lines(followed, now_s, rows)
    return run_lines(followed, now_s, rows)


def _draw(followed: Followed, follow: bool, sleep: Sleep) -> None:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(highlight=False, markup=False, emoji=False)
    with Live(console=console, auto_refresh=False, transient=False) as live:
        while True:
            followed.poll()
            lines = _lines(followed, max(8, console.height - 1))
            live.update(Text("\n".join(lines), no_wrap=True, overflow="ellipsis"), refresh=True)
            if followed.finished and not follow:
                return
            sleep(INTERVAL_S)


def _tell(followed: Followed, follow: bool, sleep: Sleep) -> None:
    told = ""
    while True:
        followed.poll()
        if followed.finished and not follow:
            break
        key = _progress(followed)
        line = news_line(followed, SystemClock().wall().timestamp())
        if line and key != told:
            told = key
            print(line, flush=True)
        sleep(INTERVAL_S)
    print("\n".join(_lines(followed, 10_000)), flush=True)


def _progress(followed: Followed) -> str:
    """Return what changes when there is news."""
    if isinstance(followed, FollowedSweep):
        run = followed.current
        return f"{run.folder if run else ''} {run.done if run else 0} {sorted(followed.counts.items())}"
    return str(followed.done)
