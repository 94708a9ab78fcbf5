"""One headless Chromium for all tests of pages: what a page complains about and what it asks for is kept.

Without a Chromium the tests are skipped, unless ``BROWSER_TESTS=required`` says that there has to be one: ``.ci/run``
sets that where ``.ci/debian`` found or installed it.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PHONE, DESKTOP = (360, 740), (1280, 900)
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_HOW = "apt-get install chromium (Debian), or name one in CHROMIUM"


@dataclass
class Opened:
    """A page in the browser: ``complaints`` are errors and warnings of console and scripts, ``requests`` addresses."""

    page: "Page"
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


OpenPage = Callable[..., Opened]


def _chromium() -> str:
    """Return the program; without one the test is skipped, or fails where there has to be one."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if found is None:
        reason = f"no Chromium: {_HOW}"
        if os.environ.get("BROWSER_TESTS") == "required":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="package")
def browser() -> Iterator["Browser"]:
    """Return a Chromium, which lives as long as the tests of this folder run.

    Not longer: Playwright keeps an event loop in this thread, and would be in the way of other tests.
    """
    program = _chromium()
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: "Browser") -> Iterator[OpenPage]:
    """Return a function that opens a file: of which size, dark or light, for screen or paper."""
    contexts = []

    def opened(path: Path, size: tuple[int, int] = DESKTOP, *, dark: bool = False, paper: bool = False) -> Opened:
        width, height = size
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)
        context.set_default_timeout(10_000)
        made = Opened(context.new_page())
        made.page.on(
            "console",
            lambda message: made.complaints.append(message.text) if message.type in ("error", "warning") else None,
        )
        made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
        made.page.on("request", lambda request: made.requests.append(request.url))
        if paper:
            made.page.emulate_media(media="print")
        made.page.goto(path.resolve().as_uri(), wait_until="load")
        return made

    yield opened
    for context in contexts:
        context.close()
