"""A web site in a zip, from a person's hand through the extract worker to where it is read."""

import io
import zipfile

from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import Opened
from tests.browser.test_assets import png
from tests.files.scanners.samples import EICAR
from tests.support.product import Product

SITE = {
    "index.html": b'<!DOCTYPE html><title>Harbour</title><h1>Harbour</h1><img src="pictures/quay.png" alt="quay">'
    b'<a href="pages/tides.html">Tides</a><script src="script.js"></script>',
    "pages/tides.html": b"<!DOCTYPE html><title>Tides</title><h1>Tides</h1>",
    "pictures/quay.png": png(40, 30, b"\0\x60\xa0"),
    "script.js": b"document.querySelector('h1').textContent += ' of today'",
}


def site() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in SITE.items():
            archive.writestr(name, content)
    return out.getvalue()


def project(console: Opened, name: str) -> Page:
    """A new project, made and opened on the pages."""
    page = console("/console/stores")
    page.get_by_role("textbox", name="Id", exact=True).fill(name)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Groups").fill("editors, public")
    page.get_by_role("button", name="Make").click()
    page.get_by_role("link", name=name).click()
    return page


def choose(page: Page, name: str, content: bytes) -> None:
    chosen = FilePayload(name=name, mimeType="application/octet-stream", buffer=content)
    page.locator("input[type=file]").set_input_files(chosen)


def test_a_site_is_unpacked_and_opened(console: Opened, product: Product) -> None:
    page = project(console, "lighthouse")
    choose(page, "site.zip", site())
    page.get_by_role("link", name="site.zip").click()
    expect(page.get_by_role("combobox", name="Worker", exact=True)).to_have_value("extract")
    page.get_by_role("button", name="Process").click()
    expect(page.locator(".state.good")).to_have_text("done")

    for folder in ("extract/", "site/", "pictures/"):
        page.get_by_text(folder, exact=True).click()
    page.get_by_role("button", name="Look at index.html").click()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading")).to_have_text("Harbour of today")
    expect(frame.get_by_role("img", name="quay")).to_have_js_property("naturalWidth", 40)
    page.get_by_role("button", name="Look at quay.png").click()
    expect(page.get_by_role("img", name="extract/site/pictures/quay.png")).to_have_js_property("naturalWidth", 40)

    page.get_by_role("link", name="index.html").first.click()
    expect(page.get_by_role("heading")).to_have_text("Harbour of today")
    assert (
        page.url == f"http://localhost:{product.port + 3}/stores/default/lighthouse/site.zip/1/extract/site/index.html"
    )
    expect(page.get_by_role("img", name="quay")).to_have_js_property("naturalWidth", 40)
    page.get_by_role("link", name="Tides").click()
    expect(page).to_have_title("Tides")


def test_a_large_picture_of_a_restricted_project_is_shown(console: Opened, product: Product) -> None:
    made = '{"id": "vault", "name": "Vault", "groups": ["editors"]}'
    assert product.request("POST", "/api/default/create", body=made, Content_Type="application/json").status == 200
    page = console("/console/stores/default/vault")
    choose(page, "large.png", png(40, 30, b"\0\x60\xa0") + bytes(5 << 20))
    page.get_by_role("link", name="large.png").click()
    page.get_by_role("button", name="Look at large.png").click()
    expect(page.get_by_role("img", name="large.png")).to_have_js_property("naturalWidth", 40)


def test_a_virus_in_a_store_is_named(console: Opened) -> None:
    page = project(console, "quarantine")
    choose(page, "invoice.com", EICAR)
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="invoice.com"))
    expect(row.locator(".state.bad")).to_have_text("error")
    expect(row).to_contain_text("SelfTest_Eicar")
