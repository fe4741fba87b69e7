"""An asset of a workspace is renamed on its page, and what depends on it names it by its new ref."""

import json

from playwright.sync_api import expect

from tests.browser.conftest import Opened
from tests.support.product import Product


def test_what_depends_on_a_renamed_asset_is_shown_and_names_it_anew(console: Opened, product: Product) -> None:
    def send(method: str, path: str, **body: object) -> dict[str, str]:
        answer = product.request(method, path, body=json.dumps(body), Content_Type="application/json")
        assert answer.status in (200, 201), answer.body
        return dict(answer.json())

    send("POST", "/api/default/create", id="wharf", name="Wharf", groups=["g"])
    uri = "file:///home/alice/wharf"
    guid = send("POST", "/assetmanager/workspaces", file_uri=uri, organization="default", project_name="wharf")["guid"]
    send("PUT", f"/assetmanager/workspaces/{guid}/assets/ships/hull", tags=["blue"])
    for name in ("fleet", "regatta"):
        send("PUT", f"/assetmanager/workspaces/{guid}/assets/{name}", dependencies=["/assets/ships/hull"])

    page = console(f"/console/workspaces/{guid}/assets/ships/hull")
    dependencies = page.get_by_role("region", name="Dependencies")
    for name in ("fleet", "regatta"):
        expect(dependencies.get_by_role("link", name=f"/assets/{name}", exact=True).last).to_be_visible()
    page.get_by_label("New ref").fill("/assets/ships/keel")
    page.get_by_role("button", name="Rename", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("/assets/ships/keel")
    assert page.url.endswith(f"/console/workspaces/{guid}/assets/ships/keel")
    for name in ("fleet", "regatta"):
        expect(dependencies.get_by_role("link", name=f"/assets/{name}", exact=True).last).to_be_visible()
    dependencies.get_by_role("link", name="/assets/fleet", exact=True).last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("/assets/fleet")
    expect(dependencies.get_by_role("link", name="/assets/ships/keel", exact=True).last).to_be_visible()
    expect(dependencies.get_by_text("/assets/ships/hull")).to_have_count(0)
