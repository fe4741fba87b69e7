"""The console in a real browser, against the running product."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.console import pages
from infra.local import within
from tests.support.product import Product

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.skipif(not (pages.FOLDER / "index.html").exists(), reason="the console was not made (make console)"),
]


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The running product."""
    product = Product(tmp_path_factory.mktemp("console") / "state")
    try:
        yield product.ready()
    finally:
        product.end()


def dom(product: Product, path: str, profile: Path) -> str:
    """The document as it stands after its scripts had their time."""
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
    flags += ["--disable-background-networking", "--disable-component-update", "--virtual-time-budget=6000"]
    command = [
        str(CHROMIUM),
        *flags,
        f"--user-data-dir={profile}",
        "--dump-dom",
        f"http://localhost:{product.port}{path}",
    ]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def test_the_console_lists_assets_with_what_became_of_them(product: Product, tmp_path: Path) -> None:
    asset = product.upload(b"hello", "a-file.txt")
    assert product.state_of(asset, wanted="clean") == "clean"
    shown = dom(product, "/console", tmp_path)
    assert f'href="/console/assets/{asset}"' in shown
    assert "a-file.txt" in shown
    assert '<span class="state good">clean</span>' in shown
    assert "local superuser" in shown


def test_an_asset_has_a_page_of_its_own(product: Product, tmp_path: Path) -> None:
    asset = product.upload(b"<b>hello</b>", "b-file.txt", draft="true")
    former = product.upload(b"hello", "former.txt", replacement_id=asset)
    assert product.state_of(asset, wanted="clean") == "clean"
    shown = dom(product, f"/console/assets/{asset}", tmp_path)
    assert "b-file.txt</h1>" in shown
    assert "draft" in shown
    assert "&lt;b&gt;hello&lt;/b&gt;</pre>" in shown, "a draft is fetched, and shown as the characters it is made of"
    assert f'href="/console/assets/{former}"' in shown, "what it replaces"


PROJECT = '{"id": "expo", "name": "Expo", "groups": ["g"]}'


def test_a_project_shows_its_assets_their_files_and_the_workers_that_take_them(
    product: Product, tmp_path: Path
) -> None:
    made = product.request("POST", "/api/default/create", body=PROJECT, Content_Type="application/json")
    assert made.status == 200
    upload = "/api/default/expo/upload/map?filename=map.gml&create=true"
    graph = b"graph [ node [ id 1 ] node [ id 2 ] edge [ source 1 target 2 ] ]"
    assert product.request("POST", upload, body=graph, Content_Type="application/octet-stream").status == 200
    deadline = time.monotonic() + 10
    while not product.get("/api/default/expo/meta/map").json()["index_file"] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert 'href="/console/stores/default/expo"' in dom(product, "/console/stores", tmp_path / "stores")
    assert 'href="/console/stores/default/expo/map"' in dom(
        product, "/console/stores/default/expo", tmp_path / "project"
    )
    asset = dom(product, "/console/stores/default/expo/map", tmp_path / "asset")
    assert "map.gml</a>" in asset
    assert "<option>network-layout</option>" in asset
    assert 'name="algorithm"' in asset, "the form comes from the worker's schema"


def test_the_workers_and_their_tasks_are_shown(product: Product, tmp_path: Path) -> None:
    shown = dom(product, "/console/workers", tmp_path)
    for worker in ("extract", "dz-image", "network-layout", "thumbnail"):
        assert f'<th scope="row">{worker}</th>' in shown


def test_a_project_asset_has_a_page_with_its_bundle_and_what_may_be_done(product: Product, tmp_path: Path) -> None:
    def made(kind: str, **fields: Any) -> int:
        reply = product.request("POST", f"/api/{kind}/", body=json.dumps(fields), Content_Type="application/json")
        assert reply.status == 201, reply.body
        return int(reply.json()["id"])

    production = made("productions", name="News", codename="news")
    asset = made("projectassets", name="Election night", bundle_root="/mnt/a/", production_id=production)
    file = f"/api/projectassets/{asset}/files/cuts/one.txt"
    assert product.request("PUT", file, body=b"one", Content_Type="text/plain").status == 201
    deadline = time.monotonic() + 30
    while product.get(file).status != 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    where = f"/console/productions/{production}"
    listed = dom(product, where, tmp_path / "production")
    assert f'href="{where}/{asset}"' in listed
    assert '<span class="state good">done</span>' in listed
    shown = dom(product, f"{where}/{asset}", tmp_path / "asset")
    assert '<th scope="row">cuts/one.txt</th>' in shown
    for form in ("Copy it", "Delete it", "Linked media assets"):
        assert f'aria-label="{form}"' in shown


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


def test_what_failed_can_be_retried_and_what_was_given_up_looked_at(product: Product, tmp_path: Path) -> None:
    cloud = os.environ | within.environment(product.state)
    subprocess.run([sys.executable, "-c", GIVEN_UP], env=cloud, check=True)
    shown = dom(product, "/console/jobs", tmp_path)
    assert "<h2>Queues</h2>" in shown
    assert "scan-small" in shown
    assert "the tape is torn" in shown
    assert 'Retry <span class="spoken">assets.relink</span>' in shown
    assert 'Look <span class="spoken">at what work gave up</span>' in shown
    assert 'Send again <span class="spoken">what work gave up</span>' in shown
    assert [one["what"] for one in product.get("/jobs/queues/work/dead").json()["results"]] == ["unknown"]
    assert product.request("POST", "/jobs/queues/work/redrive").json()["moved"] == 1
    [failed] = [job["id"] for job in product.get("/jobs").json()["results"] if job["may_retry"]]
    assert product.request("POST", f"/jobs/{failed}/retry").status == 201


def test_a_workspace_shows_its_assets_and_an_asset_what_depends_on_it(product: Product, tmp_path: Path) -> None:
    def send(method: str, path: str, **body: object) -> dict[str, str]:
        answer = product.request(method, path, body=json.dumps(body), Content_Type="application/json")
        assert answer.status in (200, 201), answer.body
        return dict(answer.json())

    send("POST", "/api/default/create", id="harbour", name="Harbour", groups=["g"])
    uri = "file:///home/alice/harbour"
    made = send("POST", "/assetmanager/workspaces", file_uri=uri, organization="default", project_name="harbour")
    guid = made["guid"]
    send("PUT", f"/assetmanager/workspaces/{guid}/assets/ships/hull", tags=["blue"])
    send("PUT", f"/assetmanager/workspaces/{guid}/assets/fleet", dependencies=["/assets/ships/hull"])
    workspace = dom(product, f"/console/workspaces/{guid}", tmp_path / "workspace")
    assert "harbour</h1>" in workspace
    assert '<span class="state good">VALID</span>' in workspace
    assert "<summary>ships/</summary>" in workspace
    assert f'href="/console/workspaces/{guid}/assets/fleet"' in workspace
    asset = dom(product, f"/console/workspaces/{guid}/assets/ships/hull", tmp_path / "asset")
    assert f'<a href="/console/workspaces/{guid}/assets/fleet">/assets/fleet</a>' in asset, "in the list"
    assert "<title>/assets/fleet</title>" in asset, "in the picture"
