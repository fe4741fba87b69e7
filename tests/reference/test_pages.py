"""GET /reference: pages and documents for everybody, with nothing loaded from elsewhere."""

import re
from pathlib import Path

import pytest

from app import app
from chalicelib.reference import documents, pages
from tests.support.client import Client
from tests.support.cloud import Cloud


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Swagger UI is there, or something that stands for it."""
    (tmp_path / "ui").mkdir()
    (tmp_path / "static").symlink_to(pages.FOLDER / "static")
    for name in pages.INTERFACE:
        (tmp_path / "ui" / name).write_text("// the interface")
    monkeypatch.setattr(pages, "FOLDER", tmp_path)


def test_the_list_names_every_document(cloud: Cloud) -> None:
    reply = Client(app).get("/reference")
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    for api in documents.APIS:
        assert f'href="reference/{api}"' in reply.text
        assert f'href="reference/{api}.json"' in reply.text


def test_the_list_shows_descriptions_as_they_are_meant(cloud: Cloud) -> None:
    text = Client(app).get("/reference").text
    assert "<code>/s3</code>" in text
    assert "`" not in text


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("api", documents.APIS)
def test_all_that_a_page_loads_comes_from_here(cloud: Cloud, api: str) -> None:
    reply = Client(app).get(f"/reference/{api}")
    assert f'data-document="{api}.json"' in reply.text
    loaded = re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="([^"]*)"', reply.text)
    assert {"swagger-ui-bundle.js", "page.js", "swagger-ui.css", "page.css"} == set(loaded)
    for name in loaded:
        file = Client(app).get(f"/reference/{name}")
        assert file.status == 200
        assert file.headers["Content-Type"].startswith("text/javascript" if name.endswith(".js") else "text/css")
        assert file.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.usefixtures("installed")
def test_nothing_runs_on_a_page_but_its_own_files(cloud: Cloud) -> None:
    for path in ("/reference", "/reference/assets"):
        reply = Client(app).get(path)
        policy = dict(part.strip().split(" ", 1) for part in reply.headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\son\w+=|\sstyle=", reply.text)


def test_without_the_interface_a_page_names_the_document(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "FOLDER", tmp_path)
    reply = Client(app).get("/reference/assets")
    assert reply.status == 200
    assert "<script" not in reply.text
    assert 'href="assets.json"' in reply.text
    assert Client(app).get("/reference/swagger-ui-bundle.js").status == 404


def test_a_document_names_the_hosts_it_is_served_for(cloud: Cloud) -> None:
    reply = Client(app).get("/reference/assets.json")
    assert reply.headers["Content-Type"].startswith("application/json")
    assert reply.json()["servers"] == [{"url": "http://api.test"}]
    media = reply.json()["paths"]["/media/{id}/{filename}"]["get"]["servers"]
    assert [server["url"] for server in media] == ["http://assets.test", "http://draft-assets.test", "http://api.test"]


@pytest.mark.parametrize("name", ["nothing", "nothing.json", "pages.py", "..%2Fpages.py", "LICENSE", ".json"])
def test_nothing_else_is_served(cloud: Cloud, name: str) -> None:
    reply = Client(app).get(f"/reference/{name}")
    assert (reply.status, reply.json()) == (404, {"_response_info": {"status": "not found"}})


@pytest.mark.parametrize("host", ["assets", "draft-assets", "stores"])
def test_the_reference_is_the_api_hosts(cloud: Cloud, host: str) -> None:
    for path in ("/reference", "/reference/assets", "/reference/assets.json"):
        assert Client(app).get(f"http://{host}.test{path}").status == 404
