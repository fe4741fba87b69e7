"""`make screenshots`: pictures of the console's pages for the documentation, from a local cloud with the demo in it."""

import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, expect

from chalicelib.console import pages
from tests.browser.content import Place, furnish
from tests.support import chromium
from tests.support.product import ROOT, Product

PICTURES = ROOT / "docs" / "pictures"
WIDTH, HEIGHT = 1200, 760
MOST_BYTES = 150_000

DARK = {"workers", "jobs"}
"""Pages that are shown as they are in the dark."""

DEMO = {
    "project": Place("/console/stores/museum/gallery", "hills-small"),
    "store asset": Place("/console/stores/museum/gallery/hills-small", "Process a file"),
}
"""Pages about what `make demo` makes, in place of those of the tests."""

LEFT_OUT = {"draft", "network", "nowhere", "people", "workspaces", "productions"}


def main() -> int:
    """Take all pictures. Returns the exit code."""
    if chromium.PROGRAM is None or not (pages.FOLDER / "index.html").exists():
        print("chromium is not installed, or the console was not made", file=sys.stderr)
        return 1
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        product = Product(Path(folder) / "state")
        try:
            take(product.ready())
        finally:
            product.end()
    return 0


def take(product: Product) -> None:
    """Fill the product, and take a picture of each page."""
    places = furnish(product, small_picture(product)) | DEMO
    with chromium.launched() as browser:
        for name, place in places.items():
            if name in LEFT_OUT:
                continue
            scheme = "dark" if name in DARK else "light"
            with browser.new_context(color_scheme=scheme, viewport={"width": WIDTH, "height": HEIGHT}) as context:  # type: ignore[arg-type]
                page = context.new_page()
                page.goto(f"http://localhost:{product.port}{place.path}")
                expect(page.get_by_text(place.shows).first).to_be_visible(timeout=chromium.PATIENCE)
                look(page)
                content = small(page.screenshot())
            path = PICTURES / f"{name.replace(' ', '-')}.png"
            path.write_bytes(content)
            print(f"{path.relative_to(ROOT)}: {len(content):,} bytes")


def look(page: Page) -> None:
    """Look at the first file that can be looked at, and wait until everything has been loaded."""
    for folder in page.locator(".tree summary").all():
        folder.click()
    if page.get_by_role("button", name=re.compile("^Look at .*jpg$")).count():
        page.get_by_role("button", name=re.compile("^Look at .*jpg$")).first.click()
        expect(page.locator("img.preview")).to_be_visible(timeout=chromium.PATIENCE)
    page.wait_for_load_state("networkidle")
    page.evaluate("scrollTo(0, 0)")


def small_picture(product: Product) -> bytes:
    """Have the demo made, and take the small picture of its hills."""
    command = [sys.executable, "-m", "infra.demo"]
    environment = os.environ | {"PORT": str(product.port)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, timeout=300, check=True
    )
    address = re.search(r"^small picture:\s+(\S+)$", done.stdout, re.MULTILINE)
    assert address is not None
    with urllib.request.urlopen(address[1], timeout=60) as answer:
        return bytes(answer.read())


def small(screenshot: bytes) -> bytes:
    """The same picture with as many colours as its bytes allow.

    Raises:
        ValueError: it stays too large.
    """
    import pyvips

    picture = pyvips.Image.new_from_buffer(screenshot, "")
    for quality in (90, 60, 30):
        content = bytes(picture.write_to_buffer(".png", palette=True, Q=quality, dither=0.5, effort=10, compression=9))
        if len(content) <= MOST_BYTES:
            return content
    raise ValueError(f"{len(content)} bytes")


if __name__ == "__main__":
    sys.exit(main())
