"""What people upload cannot run in the media host's origin: shown by a real browser, which does run it elsewhere."""

import http.server
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.support.product import Product

RAN = "the-script-ran"
SCRIPT = f"document.documentElement.setAttribute('data-mark', '{RAN}'.toUpperCase())"
PAGES = {
    "page.html": f'<!DOCTYPE html><html><body onload="{SCRIPT}"><p>shown</p><script>{SCRIPT}</script></body></html>',
    "picture.svg": f'<svg xmlns="http://www.w3.org/2000/svg"><script>{SCRIPT}</script><text y="20">shown</text></svg>',
}


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A plain web server with the same pages: there their scripts run."""
    folder = tmp_path_factory.mktemp("pages")
    for name, text in PAGES.items():
        (folder / name).write_text(text)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(folder))  # type: ignore[arg-type]

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("name", PAGES)
def test_an_uploaded_script_does_not_run(product: Product, elsewhere: str, page: Page, name: str) -> None:
    asset = product.upload(PAGES[name].encode(), name)
    draft = product.upload(PAGES[name].encode(), name, draft="true")
    for one in (asset, draft):
        assert product.state_of(one, wanted="clean") == "clean"
    page.goto(f"{elsewhere}/{name}")
    assert RAN.upper() in page.content(), "the browser runs such scripts"
    hosts = {"edge": (1, asset), "api": (0, asset), "draft": (2, draft)}
    for host, (offset, one) in hosts.items():
        page.goto(f"http://localhost:{product.port + offset}/media/{one}/{name}")
        shown = page.content()
        assert "shown" in shown, host
        assert RAN.upper() not in shown, host
