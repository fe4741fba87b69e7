"""The console's pages, against the running product."""

import json
import os
import re
import subprocess
import sys
import time
from typing import Any

from playwright.sync_api import expect

from infra.local import within
from tests.browser.conftest import Opened
from tests.support.product import Product


def test_the_console_lists_assets_with_what_became_of_them(console: Opened, product: Product) -> None:
    asset = product.upload(b"hello", "a-file.txt")
    assert product.state_of(asset, wanted="clean") == "clean"
    page = console()
    row = page.get_by_role("row").filter(has=page.locator(f'a[href="/console/assets/{asset}"]'))
    expect(row).to_contain_text("a-file.txt")
    expect(row.locator(".state.good")).to_have_text("clean")
    expect(page.get_by_role("banner")).to_contain_text("local superuser")


def test_an_asset_has_a_page_of_its_own(console: Opened, product: Product) -> None:
    asset = product.upload(b"<b>hello</b>", "b-file.txt", draft="true")
    former = product.upload(b"hello", "former.txt", replacement_id=asset)
    assert product.state_of(asset, wanted="clean") == "clean"
    page = console(f"/console/assets/{asset}")
    expect(page.get_by_role("heading", level=1)).to_have_text("b-file.txt")
    expect(page).to_have_title("b-file.txt - Asset manager")
    expect(page.get_by_role("definition").filter(has_text="clean")).to_contain_text("draft")
    expect(page.locator("pre"), "a draft is fetched, and shown as the characters it is made of").to_have_text(
        "<b>hello</b>"
    )
    expect(page.locator(f'a[href="/console/assets/{former}"]'), "what it replaces").to_be_visible()


PROJECT = '{"id": "expo", "name": "Expo", "groups": ["g"]}'


def test_a_project_shows_its_assets_their_files_and_the_workers_that_take_them(
    console: Opened, product: Product
) -> None:
    made = product.request("POST", "/api/default/create", body=PROJECT, Content_Type="application/json")
    assert made.status == 200
    upload = "/api/default/expo/upload/map?filename=map.gml&create=true"
    graph = b"graph [ node [ id 1 ] node [ id 2 ] edge [ source 1 target 2 ] ]"
    assert product.request("POST", upload, body=graph, Content_Type="application/octet-stream").status == 200
    deadline = time.monotonic() + 30
    while not product.get("/api/default/expo/meta/map").json()["index_file"] and time.monotonic() < deadline:
        time.sleep(0.05)
    page = console("/console/stores")
    page.get_by_role("link", name="Expo").click()
    page.get_by_role("link", name="map", exact=True).click()
    address = re.compile(rf"http://localhost:{product.port + 3}/stores/.*/default/expo/map/1/map.gml")
    expect(page.get_by_role("link", name="map.gml").last).to_have_attribute("href", address)
    expect(page.get_by_role("combobox", name="Worker", exact=True)).to_contain_text("network-layout")
    expect(page.locator("[name=algorithm]"), "the form comes from the worker's schema").to_be_visible()


def test_the_workers_and_their_tasks_are_shown(console: Opened) -> None:
    page = console("/console/workers")
    for worker in ("extract", "dz-image", "network-layout", "thumbnail"):
        expect(page.get_by_role("rowheader", name=worker, exact=True)).to_be_visible()


def test_a_workspace_shows_its_assets_and_an_asset_what_depends_on_it(console: Opened, product: Product) -> None:
    def send(method: str, path: str, **body: object) -> dict[str, str]:
        answer = product.request(method, path, body=json.dumps(body), Content_Type="application/json")
        assert answer.status in (200, 201), answer.body
        return dict(answer.json())

    send("POST", "/api/default/create", id="shipyard", name="Shipyard", groups=["g"])
    uri = "file:///home/alice/shipyard"
    made = send("POST", "/assetmanager/workspaces", file_uri=uri, organization="default", project_name="shipyard")
    guid = made["guid"]
    send("PUT", f"/assetmanager/workspaces/{guid}/assets/ships/hull", tags=["blue"])
    send("PUT", f"/assetmanager/workspaces/{guid}/assets/fleet", dependencies=["/assets/ships/hull"])
    page = console(f"/console/workspaces/{guid}")
    expect(page.get_by_role("heading", level=1)).to_have_text("shipyard")
    expect(page.locator(".state.good").first).to_have_text("VALID")
    page.get_by_text("ships/", exact=True).click()
    page.get_by_role("link", name="hull").click()
    fleet = f"/console/workspaces/{guid}/assets/fleet"
    expect(page.get_by_role("list").locator(f'a[href="{fleet}"]'), "in the list").to_have_text("/assets/fleet")
    expect(page.locator("svg title").filter(has_text="/assets/fleet"), "in the picture").to_have_count(1)


def test_a_project_asset_has_a_page_with_its_bundle_and_what_may_be_done(console: Opened, product: Product) -> None:
    def made(kind: str, **fields: Any) -> int:
        reply = product.request("POST", f"/api/{kind}/", body=json.dumps(fields), Content_Type="application/json")
        assert reply.status == 201, reply.body
        return int(reply.json()["id"])

    production = made("productions", name="News", codename="news")
    made("devices", name="Cutting room", path="/mnt/cutting/")
    asset = made("projectassets", name="Election night", bundle_root="/mnt/cutting/a/", production_id=production)
    file = f"/api/projectassets/{asset}/files/cuts/one.txt"
    assert product.request("PUT", file, body=b"one", Content_Type="text/plain").status == 201
    deadline = time.monotonic() + 30
    while product.get(file).status != 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    page = console(f"/console/productions/{production}")
    expect(page.locator(".state.good")).to_have_text("done")
    page.locator(f'a[href="/console/productions/{production}/{asset}"]').click()
    expect(page.get_by_role("rowheader", name="cuts/one.txt")).to_be_visible()
    for form in ("Copy it", "Delete it", "Linked media assets"):
        expect(page.locator(f'[aria-label="{form}"]')).to_be_visible()


GIVEN_UP = """
from chalicelib import aws
from chalicelib.jobs import queues, running
from chalicelib.rows import transact
from chalicelib.settings import settings

job = running.plan("assets.relink", {"asset": "0" * 24, "published": False})
job.state, job.error, job.ended_at = "failed", "the tape is torn", job.created_at
job.due_at = job.due_shard = None
transact(*running.steps(job))
aws.sqs().send_message(QueueUrl=queues.dead_letters(settings().work_queue), MessageBody="{}")
"""


def test_what_failed_can_be_retried_and_what_was_given_up_looked_at(console: Opened, product: Product) -> None:
    cloud = os.environ | within.environment(product.state)
    subprocess.run([sys.executable, "-c", GIVEN_UP], env=cloud, check=True)
    page = console("/console/jobs")
    expect(page.get_by_role("heading", name="Queues")).to_be_visible()
    expect(page.get_by_role("rowheader", name="scan-small", exact=True)).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="the tape is torn")).to_be_visible()
    for button in ("Retry assets.relink", "Look at what work gave up", "Send again what work gave up"):
        expect(page.get_by_role("button", name=button)).to_be_visible()
