"""Projects of stores: finding one's way, tags, named versions, and the workers' queue of many."""

import json
import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

from tests.browser.conftest import Opened
from tests.browser.content import NETWORK
from tests.support.product import Product

JSON, OCTETS = "application/json", "application/octet-stream"


def send(product: Product, path: str, body: object = None, content: bytes = b"") -> None:
    sent = json.dumps(body) if body is not None else content
    answer = product.request("POST", path, body=sent, Content_Type=OCTETS if body is None else JSON)
    assert answer.status == 200, answer.body


def fill(product: Product, store: str, project: str, *assets: str) -> None:
    """A project with a network for each asset."""
    send(product, f"/api/{store}/create", {"id": project, "name": project, "groups": ["public"]})
    for asset in assets:
        send(product, f"/api/{store}/{project}/upload/{asset}?filename={asset}&create=true", content=NETWORK)


def test_the_store_that_was_chosen_stays_chosen(console: Opened, product: Product) -> None:
    send(product, "/api/create", {"id": "boathouse"})
    fill(product, "boathouse", "oars", "pair.gml")
    page = console("/console/stores")
    page.get_by_role("combobox", name="Store").select_option("boathouse")
    page.get_by_role("link", name="oars").click()
    page.get_by_role("link", name="pair.gml").click()
    expect(page.get_by_role("heading", name="pair.gml")).to_be_visible()
    page.go_back()
    page.go_back()
    expect(page.get_by_role("combobox", name="Store")).to_have_value("boathouse")
    page.get_by_role("link", name="oars").click()
    page.locator("main").get_by_role("link", name="boathouse").click()
    expect(page.get_by_role("combobox", name="Store")).to_have_value("boathouse")
    page.reload()
    expect(page.get_by_role("link", name="oars")).to_be_visible()


def test_a_store_is_added_and_shown(console: Opened, product: Product) -> None:
    page = console("/console/stores")
    page.get_by_role("textbox", name="A new store").fill("quayside")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("combobox", name="Store")).to_have_value("quayside")
    assert "quayside" in product.get("/api/list").json()
    page.get_by_role("textbox", name="A new store").fill("default")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("alert").filter(has_text="already exists")).to_be_visible()


def test_assets_are_found_by_tag(console: Opened, product: Product) -> None:
    fill(product, "default", "charts", "north.gml", "south.gml")
    send(product, "/api/default/charts/meta/north.gml", {"tags": ["cold"]})
    page = console("/console/stores/default/charts")
    expect(page.get_by_role("link", name="south.gml")).to_be_visible()
    page.get_by_role("textbox", name="Tag").fill("cold")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("link", name="south.gml")).to_have_count(0)
    expect(page.get_by_role("link", name="north.gml")).to_be_visible()
    page.get_by_role("textbox", name="Tag").fill("warm")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("No asset has the tag")).to_be_visible()


def test_the_versions_of_a_project_are_given_a_name(console: Opened, product: Product) -> None:
    fill(product, "default", "moorings", "buoys.gml")
    page = console("/console/stores/default/moorings")
    form = page.get_by_role("form", name="A named version")
    form.get_by_label("Name").fill("spring")
    form.get_by_label("Description").fill("As laid out in May")
    form.get_by_role("button", name="Name it").click()
    expect(page.get_by_role("listitem").filter(has_text=re.compile("^spring$"))).to_be_visible()
    [version] = product.get("/api/default/moorings/projectMeta").json()["versions"]
    assert (version["name"], version["description"]) == ("spring", "As laid out in May")
    page.goto(f"http://localhost:{product.port}/console/workspaces")
    page.get_by_role("combobox", name="Project").select_option("moorings")
    expect(page.get_by_role("combobox", name="Branch").get_by_role("option", name="spring")).to_have_count(1)


def test_the_newest_task_stands_first_and_an_assets_page_asks_for_its_own(console: Opened, product: Product) -> None:
    fill(product, "default", "canals", "early.gml", "late.gml")
    place = {"store_id": "default", "project_id": "canals"}
    for asset in ("early.gml", "late.gml"):
        send(product, "/api/workers/queue", {**place, "asset_id": asset, "worker_type": "network-layout"})
    page = console("/console/workers")
    expect(page.get_by_role("rowheader").nth(0)).to_have_text("default/canals/late.gml")
    expect(page.get_by_role("rowheader").nth(1)).to_have_text("default/canals/early.gml")
    # The page of all tasks asks again by itself, perhaps while the link is followed.
    with page.expect_request(re.compile("/api/workers/queue.*asset_id=")) as asked:
        page.get_by_role("link", name="default/canals/late.gml").click()
    query = {name: value for name, [value] in parse_qs(urlsplit(asked.value.url).query).items()}
    assert query == {**place, "asset_id": "late.gml", "limit": "1000"}


def test_what_is_not_there_is_said_in_words(console: Opened) -> None:
    page = console(f"/console/assets/{'0' * 24}")
    expect(page.get_by_role("alert").filter(has_text="There is nothing here that you may see.")).to_be_visible()
