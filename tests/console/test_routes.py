"""What the server gives the console: the page under every address, and its files."""

from pathlib import Path

import pytest

from app import app
from chalicelib.console import pages
from tests.support.client import Client
from tests.support.cloud import Cloud


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A console that was made."""
    (tmp_path / "files").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>made</title>")
    (tmp_path / "files" / "index-1.js").write_text("1")
    (tmp_path / "files" / "worker-1.mjs").write_text("2")
    (tmp_path / "files" / "secret.txt").write_text("no page loads this")
    monkeypatch.setattr(pages, "FOLDER", tmp_path)
    return tmp_path


@pytest.mark.parametrize("path", ["/console", "/console/", "/console/jobs", "/console/assets/0123", "/console/a/b/c"])
def test_every_address_of_the_console_is_the_same_page(cloud: Cloud, made: Path, path: str) -> None:
    reply = Client(app).get(path)
    assert (reply.status, reply.text) == (200, "<!doctype html><title>made</title>")
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"


def test_the_page_may_run_our_scripts_alone_and_be_framed_by_nobody(cloud: Cloud, made: Path) -> None:
    reply = Client(app).get("/console")
    policy = dict(part.split(" ", 1) for part in reply.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert "unsafe" not in str(policy)
    assert [name for name, sources in policy.items() if "blob:" in sources] == ["img-src"], "pictures alone"
    assert "http://stores.test" in policy["frame-src"].split()
    assert cloud.settings.intake_bucket in policy["connect-src"], "uploads go straight there"
    assert reply.headers["X-Frame-Options"] == "DENY"


def test_files_of_the_page_are_kept_for_ever_and_nothing_else_is_a_file(cloud: Cloud, made: Path) -> None:
    reply = Client(app).get("/console/files/index-1.js")
    assert (reply.status, reply.text) == (200, "1")
    assert "immutable" in reply.headers["Cache-Control"]
    worker = Client(app).get("/console/files/worker-1.mjs")
    assert (worker.status, worker.headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert worker.headers["Content-Security-Policy"] == "default-src 'none'", "a worker reaches nothing"
    for name in ("secret.txt", "gone.js", "../index.html", "%2e%2e%2findex.html", "..%2f..%2fpages.py", "a%2fb.js"):
        assert Client(app).get(f"/console/files/{name}").status == 404, name


def test_without_a_made_console_the_page_says_so(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pages, "FOLDER", tmp_path)
    reply = Client(app).get("/console")
    assert reply.status == 200
    assert "was not made" in reply.text


def test_other_hosts_have_no_console(cloud: Cloud, made: Path) -> None:
    for host in ("assets.test", "draft-assets.test", "stores.test"):
        for path in ("/console", "/console/files/index-1.js"):
            assert Client(app).get(f"http://{host}{path}").status == 404
