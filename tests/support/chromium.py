"""The machine's own Chromium, led by Playwright."""

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator

from playwright.sync_api import Browser, Page, sync_playwright

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE = 30_000
"""Milliseconds that a page has for whatever is expected of it."""


@contextlib.contextmanager
def launched() -> Iterator[Browser]:
    """A browser without a window. There has to be one: see PROGRAM."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=["--no-sandbox", "--disable-quic"])
        try:
            yield browser
        finally:
            browser.close()


def until(page: Page, done: Callable[[], bool], patience: float = PATIENCE) -> None:
    """Let the page go on until something is done that it does not show itself, for so many milliseconds at most."""
    deadline = time.monotonic() + patience / 1000
    while not done():
        assert time.monotonic() < deadline
        page.wait_for_timeout(20)
