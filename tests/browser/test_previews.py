"""What workers made and documents are looked at in the page: tiles of a pyramid, and the pages of a PDF."""

import math
import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, Response, expect

from tests.browser.conftest import Opened
from tests.browser.test_assets import choose as choose_asset
from tests.browser.test_assets import png
from tests.browser.test_sites import choose, project
from tests.support.chromium import until

WIDTH, HEIGHT = 1500, 1000
FINEST = math.ceil(math.log2(WIDTH))
"""The level of a pyramid that has every pixel."""
BLUE = (0x20, 0x60, 0xA0)
TILE = re.compile(r"/image_files/(\d+)/\d+_\d+\.png$")


def test_a_pyramid_opens_and_what_is_zoomed_into_is_fetched(console: Opened) -> None:
    page = project(console, "panorama")
    tiles: dict[int, list[int]] = {}

    def hear(answer: Response) -> None:
        if found := TILE.search(urlsplit(answer.url).path):
            tiles.setdefault(int(found[1]), []).append(answer.status)

    page.on("response", hear)
    choose(page, "hills.png", png(WIDTH, HEIGHT, bytes(BLUE)))
    page.get_by_role("link", name="hills.png").click()
    page.get_by_role("combobox", name="Worker", exact=True).select_option("dz-image")
    page.get_by_role("button", name="Process").click()

    viewer = page.get_by_role("region", name="Deep zoom of hills.png")
    picture = viewer.get_by_role("application", name=re.compile("^hills.png, a picture to zoom"))
    expect(picture).to_be_visible()
    until(page, lambda: centre(picture) == BLUE)
    assert FINEST not in tiles, "the whole picture is smaller than its finest level"
    for _ in range(3):
        viewer.get_by_role("button", name="Zoom in").click()
    until(page, lambda: FINEST in tiles)
    until(page, lambda: centre(picture) == BLUE)
    assert {status for level in tiles.values() for status in level} == {200}


def centre(shown: Locator) -> tuple[int, ...]:
    """The colour in the middle of what is shown."""
    import pyvips

    picture = pyvips.Image.new_from_buffer(shown.screenshot(), "")
    return tuple(int(value) for value in picture.getpoint(picture.width // 2, picture.height // 2)[:3])


def pdf(*pages: str) -> bytes:
    """A document with one line on each page."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, line in enumerate(pages):
        drawn = f"BT /F1 36 Tf 40 300 Td ({line}) Tj ET"
        place = "/Parent 2 0 R /MediaBox [0 0 400 400] /Resources << /Font << /F1 3 0 R >> >>"
        objects.append(f"<< /Type /Page {place} /Contents {5 + 2 * number} 0 R >>")
        objects.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream")
    out, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{one}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    return out + f"{head}trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n".encode()


def in_a_store(console: Opened) -> Page:
    page = project(console, "papers")
    choose(page, "tides.pdf", pdf("High water", "Low water"))
    page.get_by_role("link", name="tides.pdf").click()
    page.get_by_role("button", name="Look at tides.pdf").click()
    return page


def among_assets(console: Opened) -> Page:
    page = console()
    row = choose_asset(page, "tides.pdf", "application/pdf", pdf("High water", "Low water"))
    expect(row.locator(".state.good")).to_have_text("clean")
    row.get_by_role("link").click()
    return page


INK = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let dark = 0;
  for (let at = 0; at < data.length; at += 4) dark += data[at] < 64 && data[at + 3] > 192;
  return dark;
}"""


@pytest.mark.parametrize("opened", [in_a_store, among_assets])
def test_a_pdf_is_drawn_page_by_page(console: Opened, opened: Callable[[Opened], Page]) -> None:
    page = opened(console)
    expect(page.get_by_text("Page 1 of 2")).to_be_visible()
    expect(page.get_by_text("High water")).to_have_count(1)
    first = page.get_by_role("img", name="Page 1 of tides.pdf")
    until(page, lambda: first.evaluate(INK) > 1000)
    page.get_by_role("button", name="Next page").click()
    expect(page.get_by_text("Page 2 of 2")).to_be_visible()
    expect(page.get_by_text("Low water")).to_have_count(1)
    expect(page.get_by_text("High water")).to_have_count(0)
    expect(page.get_by_role("button", name="Next page")).to_be_disabled()
    second = page.get_by_role("img", name="Page 2 of tides.pdf")
    until(page, lambda: second.evaluate(INK) > 1000)
