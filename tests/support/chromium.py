"""The machine's own Chromium, led by Playwright."""

import contextlib
import shutil
from collections.abc import Iterator

from playwright.sync_api import Browser, sync_playwright

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
