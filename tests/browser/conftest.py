"""One running product and one browser for the tests of this package, and pages in it."""

import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from chalicelib.console import pages
from tests.support import chromium
from tests.support.product import Product

Opened = Callable[..., Page]
_QUIET = 120
"""Milliseconds without a request after which a page is done: Preact puts effects off less than that."""


@pytest.fixture(scope="package")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The running product, open to everybody."""
    product = Product(tmp_path_factory.mktemp("browser") / "state")
    try:
        yield product.ready()
    finally:
        product.end()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium."""
    if chromium.PROGRAM is None:
        pytest.skip("chromium is not installed")
    expect.set_options(timeout=chromium.PATIENCE)
    with chromium.launched() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab of somebody who was never here."""
    with browser.new_context() as context:
        context.set_default_timeout(chromium.PATIENCE)
        yield context.new_page()


@pytest.fixture
def console(page: Page, product: Product) -> Iterator[Opened]:
    """Opens a page of the console. Whatever its policy blocks, and what its scripts do not catch, fails the test."""
    demand_console()
    faults: list[str] = []
    watch(page, faults)

    def opened(path: str = "/console", host: str = f"http://localhost:{product.port}") -> Page:
        page.goto(f"{host}{path}")
        return page

    yield opened
    assert faults == []


def demand_console() -> None:
    """Skip the test where there is no console."""
    if not (pages.FOLDER / "index.html").exists():
        pytest.skip("the console was not made (make console)")


def watch(page: Page, faults: list[str]) -> None:
    """Add to `faults` what goes wrong in the page's scripts, and what its policy does not allow."""
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)


class Traffic:
    """What a page has asked for and not been answered yet."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._asked = 0
        self._under_way: set[Request] = set()
        page.on("request", self._begin)
        page.on("requestfinished", lambda request: self._under_way.discard(request))
        page.on("requestfailed", lambda request: self._under_way.discard(request))

    def _begin(self, request: Request) -> None:
        self._asked += 1
        self._under_way.add(request)

    def forget(self) -> None:
        """Look to nothing any more that was asked for: the page before it, which did, is left."""
        self._under_way.clear()

    def settle(self) -> None:
        """Wait until nothing is asked for any more.

        It is the page's own timers that tell: what it still had to do for an answer when this one was set, which may
        be to ask again, it has done when it is due, however busy the machine is.
        """
        deadline = time.monotonic() + chromium.PATIENCE / 1000
        asked = -1
        while asked != self._asked or self._under_way:
            open_ones = [one.url for one in self._under_way]
            assert time.monotonic() < deadline, f"{self._page.url} leaves requests open: {open_ones}"
            asked = self._asked
            self._page.evaluate(f"() => new Promise((done) => setTimeout(done, {_QUIET}))")
