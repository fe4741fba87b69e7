"""`make demo` on a running product, looked at with a real browser: the site's links and the pyramid's tiles work."""

import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
import xml.etree.ElementTree as ET
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page

from tests.support.product import ROOT, Product


@pytest.fixture(scope="module")
def shown(product: Product) -> dict[str, str]:
    """The addresses that the demo prints, by what they show."""
    command = [sys.executable, "-m", "infra.demo"]
    environment = {**os.environ, "PORT": str(product.port)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return dict(re.split(r":\s+", line, maxsplit=1) for line in done.stdout.splitlines())


def fetched(url: str) -> tuple[str, bytes]:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.headers["Content-Type"], answer.read()


def test_everything_it_prints_is_there(shown: dict[str, str]) -> None:
    assert set(shown) == {"site", "pyramid", "network", "small picture", "page of a paper"}
    kinds = {name: fetched(url)[0].partition(";")[0] for name, url in shown.items()}
    assert kinds["site"] == "text/html"
    assert kinds["pyramid"] == "application/xml"
    assert kinds["small picture"] == kinds["page of a paper"] == "image/jpeg"


def test_what_is_in_the_restricted_project_needs_its_capability(shown: dict[str, str]) -> None:
    opened = shown["page of a paper"]
    assert "/stores/~" in opened
    with pytest.raises(urllib.error.HTTPError):
        fetched(re.sub(r"/~[^/]+", "", opened))


def test_the_pyramid_has_the_tiles_that_its_description_promises(shown: dict[str, str]) -> None:
    root = ET.fromstring(fetched(shown["pyramid"])[1])  # noqa: S314
    size = next(iter(root)).attrib
    assert (size["Width"], size["Height"]) == ("4000", "3000")
    for tile in ("12/15_11", "10/3_2", "0/0_0"):
        kind, content = fetched(urljoin(shown["pyramid"], f"image_files/{tile}.{root.attrib['Format']}"))
        assert (kind, content[:2]) == ("image/jpeg", b"\xff\xd8")


def test_a_browser_shows_the_site_and_follows_its_links(shown: dict[str, str], page: Page) -> None:
    page.goto(shown["site"])
    begin = page.content()
    assert 'data-shown="1 of 1"' in begin, "the picture beside the page is shown, and the script beside it ran"
    assert 'data-font="monospace"' in begin, "the style sheet beside it counts"
    links = re.findall(r'<a href="([^"]+)"', begin)
    assert links == ["pages/about.html", "pages/tiles.html"]
    for link in links:
        page.goto(urljoin(shown["site"], link))
        assert '<a href="../index.html">Back</a>' in page.content()
        assert 'data-font="monospace"' in page.content()


def test_a_browser_shows_the_pyramid_and_its_tiles(shown: dict[str, str], page: Page) -> None:
    assert "image.dzi" in shown["pyramid"]
    page.goto(shown["pyramid"])
    assert "TileSize" in page.content()
    page.goto(urljoin(shown["pyramid"], "image_files/12/0_0.jpg"))
    assert "255×255" in page.title(), "a browser says the size of a picture that it shows"
    page.goto(urljoin(shown["site"], "pages/tiles.html"))
    assert 'data-shown="12 of 12"' in page.content()
