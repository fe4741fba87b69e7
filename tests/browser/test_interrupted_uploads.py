"""An upload that was paused and whose page was loaded again goes on where it was."""

import hashlib
import os
import random
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, Request, Route, expect

from tests.browser.conftest import Opened
from tests.support.chromium import until
from tests.support.product import Product

SIZE = int(os.environ.get("UPLOAD_MB") or 40) * 1_000_000
PART = 8 << 20
PARTS = -(-SIZE // PART)
SIGNING = re.compile(r"/s3/multipart/[^/]+/\d+\?")


def test_only_missing_parts_are_sent_after_a_reload(console: Opened, product: Product, tmp_path: Path) -> None:
    film = tmp_path / "film.bin"
    film.write_bytes(random.Random(8).randbytes(SIZE))
    page = console()
    arrived: list[int] = []
    page.on("requestfinished", lambda request: arrived.extend(part_of(request)))

    page.route(SIGNING, no_further_than(2))
    choose(page, film)
    until(page, lambda: len(arrived) == 2, 60_000)
    page.get_by_role("button", name="Pause film.bin").click()
    expect(page.get_by_role("button", name="Resume film.bin")).to_be_visible()
    page.unroute(SIGNING)
    page.reload()

    expect(page.get_by_role("listitem").filter(has_text="film.bin")).to_contain_text("was not sent to the end")
    assert sorted(arrived) == [1, 2]
    choose(page, film)
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="film.bin", exact=True))
    expect(row.locator(".state.good")).to_have_text("clean")
    assert sorted(arrived) == list(range(1, PARTS + 1)), "each part was sent once"
    expect(page.get_by_text("was not sent to the end")).to_have_count(0)
    assert digest(product, row.get_by_role("link").get_attribute("href")) == hashlib.sha256(film.read_bytes()).digest()


def test_an_upload_that_is_given_up_is_gone(console: Opened, product: Product, tmp_path: Path) -> None:
    film = tmp_path / "given-up.bin"
    film.write_bytes(bytes(3 * PART))
    page = console()
    page.route(SIGNING, no_further_than(0))
    with page.expect_response(lambda answer: urlsplit(answer.url).path == "/s3/multipart") as begun:
        choose(page, film)
    upload = begun.value.json()
    page.reload()
    page.get_by_role("button", name="Give up given-up.bin").click()
    expect(page.get_by_text("was not sent to the end")).to_have_count(0)
    assert product.get(f"/s3/multipart/{upload['uploadId']}?key={upload['key']}").status == 404


def test_an_upload_goes_on_while_one_looks_at_other_pages(console: Opened, tmp_path: Path) -> None:
    film = tmp_path / "elsewhere.bin"
    film.write_bytes(bytes(3 * PART))
    page = console()
    held: list[Route] = []
    page.route(SIGNING, lambda route: held.append(route))
    choose(page, film)
    until(page, lambda: len(held) == 3, 60_000)
    page.get_by_role("link", name="Jobs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Jobs")
    page.get_by_role("link", name="Assets").click()
    expect(page.get_by_role("progressbar", name="sending elsewhere.bin")).to_be_visible()
    for route in held:
        route.continue_()
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="elsewhere.bin", exact=True))
    expect(row.locator(".state.good")).to_have_text("clean")


def choose(page: Page, path: Path) -> None:
    page.locator("input[type=file]").set_input_files(path)


def part_of(request: Request) -> list[int]:
    """The number of the part that a request sent to the bucket, if it did."""
    numbers = parse_qs(urlsplit(request.url).query).get("partNumber", [])
    return [int(number) for number in numbers] if request.method == "PUT" else []


def no_further_than(last: int) -> Callable[[Route], None]:
    """Lets parts up to this one be signed; the others wait."""

    def handle(route: Route) -> None:
        if int(urlsplit(route.request.url).path.rpartition("/")[2]) <= last:
            route.continue_()

    return handle


def digest(product: Product, page: str | None) -> bytes:
    """The SHA-256 of the bytes that the media host gives for the asset of this page."""
    name = product.get(f"/assets/{(page or '').rpartition('/')[2]}").json()["file_url"]
    answer = product.get(urlsplit(name).path, host=1)
    assert answer.status == 200
    return hashlib.sha256(answer.body).digest()
