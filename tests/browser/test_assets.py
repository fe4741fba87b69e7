"""Pictures and viruses, from a person's hand to what the page says became of them."""

import struct
import zlib

from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.conftest import Opened
from tests.files.scanners.samples import EICAR
from tests.support.product import Product

PICTURE = "a red field.png"


def png(width: int, height: int, colour: bytes) -> bytes:
    """A picture of one colour."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    lines = (b"\0" + colour * width) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def choose(page: Page, name: str, content_type: str, content: bytes) -> Locator:
    """Choose a file to upload; the row of the asset that it becomes."""
    chosen = FilePayload(name=name, mimeType=content_type, buffer=content)
    page.locator("input[type=file]").set_input_files(chosen)
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=name.replace(" ", "_"), exact=True))


def test_a_picture_becomes_clean_by_itself_and_is_shown(console: Opened) -> None:
    page = console()
    row = choose(page, PICTURE, "image/png", png(64, 48, b"\xc0\0\0"))
    expect(row.locator(".state.good")).to_have_text("clean")
    row.get_by_role("link").click()
    picture = page.get_by_role("img", name="a_red_field.png")
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("naturalWidth", 64)
    expect(picture).to_have_js_property("naturalHeight", 48)


def test_an_asset_is_made_a_draft_published_and_deleted_on_its_page(console: Opened, product: Product) -> None:
    page = console(f"/console/assets/{product.upload(b'a note', 'tide.txt')}")
    expect(page.locator(".state.good")).to_have_text("clean")
    page.get_by_role("button", name="Make a draft").click()
    expect(page.get_by_text("once it is published")).to_be_visible()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("definition").get_by_role("link", name="tide.txt")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Assets")).to_be_visible()
    page.get_by_label("show deleted ones").check()
    row = page.get_by_role("row").filter(has_text="tide.txt")
    row.get_by_role("button", name="Restore").click()
    expect(row).to_have_count(0)


def test_a_virus_is_refused_and_named(console: Opened, product: Product) -> None:
    page = console()
    row = choose(page, "receipt.com", "application/octet-stream", EICAR)
    expect(row.locator(".state.bad")).to_have_text("infected")
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("receipt.com")
    expect(page.locator(".state.bad")).to_have_text("infected")
    expect(page.get_by_text("Something harmful was found in it. Nobody can fetch it.")).to_be_visible()
    expect(page.get_by_role("definition").get_by_role("link"), "nothing that leads nowhere").to_have_count(0)
    address = page.get_by_role("definition").filter(has_text="/media/").inner_text()
    assert product.get(address.partition(f":{product.port + 1}")[2], host=1).status == 404
