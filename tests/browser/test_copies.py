"""A project asset is copied from its page, and the page follows the copy until all files are there."""

import json
from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import Opened
from tests.support.holding import held
from tests.support.product import Product

FILES = [f"cuts/{number}.txt" for number in range(4)]
PARTS = 2
"""The copy's: its files, and what it links."""


def test_a_copy_tells_how_far_it_is_and_has_all_files_in_the_end(console: Opened, product: Product) -> None:
    made(product, "devices", name="Edit", path="/mnt/")
    production = made(product, "productions", name="Evening", codename="evening")
    asset = made(product, "projectassets", name="Election", bundle_root="/mnt/election/", production_id=production)
    for name in FILES:
        path = f"/api/projectassets/{asset}/files/{name}"
        assert product.request("PUT", path, body=name.encode(), Content_Type="text/plain").status == 201
    page = console(f"/console/productions/{production}/{asset}")
    for name in FILES:
        expect(page.get_by_role("rowheader", name=name)).to_be_visible()
    page.get_by_label("Name of the copy").fill("Election, again")
    page.get_by_label("Bundle root of the copy").fill("/mnt/again/")
    with held(product, "WORK_QUEUE") as let:
        page.get_by_role("button", name="Copy", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Election, again")
        under_way = page.get_by_role("region", name="Copying its files")
        expect(under_way.get_by_role("progressbar"), "how many parts there are is not known").to_have_js_property(
            "position", -1
        )
        expect(page.get_by_text("No file of its bundle is to be seen meanwhile.")).to_be_visible()
        copy = page.url.rpartition("/")[2]
        job = product.get(f"/api/projectassets/{copy}/job/").json()["id"]
        let(job=job)
        for number in range(PARTS):
            expect(under_way.get_by_role("status")).to_have_text(f"{number} of {PARTS} parts")
            expect(under_way.get_by_role("progressbar")).to_have_attribute("value", str(number))
            let(part=f"{job}/{number + 1}")
        expect(under_way.get_by_role("status")).to_have_text(f"{PARTS} of {PARTS} parts")
        let(job=job)
        expect(page.locator(".state.good").first).to_have_text("done")
    expect(page.get_by_role("progressbar")).to_have_count(0)
    for name in FILES:
        expect(page.get_by_role("rowheader", name=name)).to_be_visible()
    assert int(copy) != asset
    answer = product.get(f"/api/projectassets/{copy}/files/{FILES[0]}")
    assert (answer.status, answer.body) == (200, FILES[0].encode())


def made(product: Product, kind: str, **fields: Any) -> int:
    reply = product.request("POST", f"/api/{kind}/", body=json.dumps(fields), Content_Type="application/json")
    assert reply.status == 201, reply.body
    return int(reply.json()["id"])
