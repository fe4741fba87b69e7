"""`make run` itself: the program, over HTTP, as a user would meet it."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.files.scanners.samples import EICAR
from tests.support.client import Upload, multipart
from tests.support.product import ROOT, START_SECONDS, Product, free_ports, gone


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("local") / "state")
    try:
        yield product.ready()
    finally:
        product.end()


def test_a_file_goes_from_upload_to_media_and_the_edge_serves_it_from_the_bucket(product: Product) -> None:
    asset = product.upload(b"hello world")
    assert product.state_of(asset, wanted="clean") == "clean"
    facts = product.get(f"/assets/{asset}").json()
    assert facts["file_url"] == f"http://localhost:{product.port + 1}/media/{asset}/a.txt"
    answer = product.get(f"/media/{asset}/a.txt?response-content-type=text/html", 1)
    assert (answer.status, answer.body) == (200, b"hello world")
    assert "x-amzn-RequestId" not in answer.headers  # nobody asked the app
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-site"
    assert not [name for name in answer.headers if name.lower().startswith("x-amz")]


def test_the_edge_knows_head_ranges_and_conditions(product: Product) -> None:
    asset = product.upload(b"0123456789")
    assert product.state_of(asset, wanted="clean") == "clean"
    path = f"/media/{asset}/a.txt"
    whole = product.get(path, 1)
    etag = whole.headers["ETag"]
    head = product.request("HEAD", path, 1)
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", "10")
    part = product.get(path, 1, Range="bytes=2-4")
    assert (part.status, part.body, part.headers["Content-Range"]) == (206, b"234", "bytes 2-4/10")
    assert product.get(path, 1, Range="bytes=2-4", If_Range=etag).status == 206
    assert product.get(path, 1, Range="bytes=2-4", If_Range='"other"').body == b"0123456789"
    assert product.get(path, 1, Range="bytes=0-1,4-5").body == b"0123456789"
    outside = product.get(path, 1, Range="bytes=50-")
    assert (outside.status, outside.body, outside.headers["Content-Range"]) == (416, b"", "bytes */10")
    unchanged = product.get(path, 1, If_None_Match=etag)
    assert (unchanged.status, unchanged.body, unchanged.headers["ETag"]) == (304, b"", etag)
    assert product.get(path, 1, If_Modified_Since=whole.headers["Last-Modified"]).status == 304
    assert product.get(path, 1, If_Modified_Since="no date").status == 200


@pytest.mark.parametrize(
    "target", ["/", "//", "/media", "/media/", "/media/../", "/%00", "/%ff", "/?list-type=2", "/x%2F.."]
)
@pytest.mark.parametrize("host", [1, 2, 3])
def test_the_edge_gives_nothing_away_about_what_is_stored(product: Product, host: int, target: str) -> None:
    answer = product.get(target, host)
    assert answer.status in (400, 404)
    assert b"Bucket" not in answer.body
    assert b"Contents" not in answer.body


def test_nothing_infected_is_served_on_any_host(product: Product) -> None:
    asset = product.upload(EICAR)
    assert product.state_of(asset, wanted="infected") == "infected"
    for host in range(4):
        assert product.get(f"/media/{asset}/a.txt", host).status == 404


def test_drafts_are_served_on_the_draft_host_alone(product: Product) -> None:
    asset = product.upload(b"draft", draft="true")
    assert product.state_of(asset, wanted="clean") == "clean"
    path = f"/media/{asset}/a.txt"
    assert product.get(path, 2).body == b"draft"
    public = product.get(path, 1)
    assert public.body != b"draft"
    assert public.status in (302, 404)


def test_what_a_store_publishes_comes_from_the_edge_under_its_own_policy(product: Product) -> None:
    kind = "application/json"
    project = json.dumps({"id": "site", "name": "Site", "groups": ["public"]})
    assert product.request("POST", "/api/default/create", body=project, Content_Type=kind).status == 200
    target = "/api/default/site/upload/page?create=true&filename=index.html"
    octets = "application/octet-stream"
    assert product.request("POST", target, body=b"<script>1</script>", Content_Type=octets).status == 200
    path = "/stores/default/site/page/1/index.html"
    deadline = time.monotonic() + 10
    while product.get(path, host=3).status != 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    page = product.get(path, host=3)
    assert (page.status, page.body) == (200, b"<script>1</script>")
    assert page.headers["Content-Security-Policy"] == "sandbox allow-scripts allow-forms allow-popups"
    assert page.headers["X-Frame-Options"] is None
    assert page.headers["Accept-Ranges"] == "bytes"
    for host in (0, 1, 2):
        assert product.get(path, host=host).status in (401, 404)
    groups = json.dumps({"groups": ["closed"]})
    assert product.request("POST", "/api/default/site/projectAccessMeta", body=groups, Content_Type=kind).status == 200
    while product.get(path, host=3).status != 404 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert product.get(path, host=3).status == 404
    index = product.get("/api/default/site/meta/page").json()["index_file"]
    assert product.get(index.partition(str(product.port + 3))[2], host=3).body == b"<script>1</script>"


def test_the_client_cannot_name_another_host_by_itself(product: Product) -> None:
    asset = product.upload(b"draft", draft="true")
    assert product.state_of(asset, wanted="clean") == "clean"
    draft_host = f"localhost:{product.port + 2}"
    path = f"/media/{asset}/a.txt"
    forged = product.get(path, 1, X_Forwarded_Host=draft_host, X_Origin_Secret="guess")
    assert forged.body != b"draft"
    assert product.get(path, 1, Host=draft_host).body != b"draft"


def test_double_slashes_and_chunked_uploads_work_end_to_end(product: Product) -> None:
    kind, body = multipart([("asset[file]", Upload(b"x", "a.txt", "text/plain"))])
    chunks = (body[start : start + 10] for start in range(0, len(body), 10))
    answer = product.request("POST", "//assets/", body=chunks, Content_Type=kind)
    assert answer.status == 201
    identifier = answer.json()["id"].rpartition("/")[2]
    assert product.get(f"//assets//{identifier}/").status == 200


def test_64_clients_at_once_see_only_their_own_assets(product: Product) -> None:
    wrong: list[Any] = []

    def client(number: int) -> None:
        asset = product.upload(str(number).encode(), name=f"{number}.txt")
        for _ in range(3):
            facts = product.get(f"/assets/{asset}").json()
            if (facts["name"], facts["id"].rpartition("/")[2]) != (f"{number}.txt", asset):
                wrong.append((number, facts))

    threads = [threading.Thread(target=client, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_body_over_the_limit_is_answered_by_name_of_the_upload_route(product: Product) -> None:
    for size in (5, 7, 11):
        answer = product.request("POST", "/assets", body=bytes(size * 1024 * 1024), Content_Type="multipart/form-data")
        assert answer.status == 413
        assert "/s3/params" in answer.json()["_response_info"]["status"]


def test_it_listens_on_this_machine_alone(product: Product) -> None:
    own = {product.process.pid, product.emulator()}
    inodes = set()
    for process in own:
        for descriptor in Path(f"/proc/{process}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                inodes.add(os.readlink(descriptor))
    listening = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
                listening.add(fields[1].partition(":")[0])
    assert listening == {"0100007F"}


def test_it_says_where_it_listens_and_what_to_try(product: Product) -> None:
    for number in range(4):
        assert f"http://localhost:{product.port + number}" in product.said()
    assert product.said().count("  curl ") == 3


def test_where_a_token_is_needed_it_says_how_to_get_one(tmp_path: Path) -> None:
    product = Product(tmp_path / "state", AUTH="required").ready()
    try:
        said = product.said().partition("In another terminal:\n")[2]
        said = re.sub(
            r"make --silent token (.*)\)", rf"env \1 {sys.executable} -m infra.local.within infra.tokens)", said
        )
        said = said.replace(".venv/bin/assetctl", f"{sys.executable} -m assetctl")
        export, put, upload = (line.strip() for line in said.splitlines() if re.search("export|put|--form", line))
        given = os.environ | {"XDG_CONFIG_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
        for command, told in ((put, "/README.md\n"), (upload, '"created"')):
            script = f"{export}; {command}"
            done = subprocess.run(["sh", "-ec", script], cwd=ROOT, env=given, capture_output=True, text=True)
            assert told in done.stdout, done.stderr
    finally:
        product.end()


def test_tokens_are_minted_and_listed_in_the_running_cloud(product: Product) -> None:
    def token(**variables: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "infra.local.within", "infra.tokens"],
            cwd=ROOT, env=os.environ | {"STATE_DIR": str(product.state)} | variables,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    secret = token(NAME="carol", SUPERUSER="1")
    asset = product.upload(b"x")
    assert product.get(f"/assets/{asset}", Authorization=f"Bearer {secret}").status == 200
    assert product.get(f"/assets/{asset}", Authorization=f"Bearer {secret[:-1]}x").status == 401
    assert "carol" in token(LIST="1")


def test_state_survives_stop_and_start_and_nothing_stays_behind(tmp_path: Path) -> None:
    state = tmp_path / "state"
    first = Product(state).ready()
    try:
        emulator = first.emulator()
        asset = first.upload(b"kept")
        assert first.state_of(asset, wanted="clean") == "clean"
        assert first.stop(signal.SIGTERM) == 0
        assert gone(emulator)
        assert not (state / "environment").exists()
    finally:
        first.end()
    second = Product(state, first.port).ready()
    try:
        assert second.get(f"/assets/{asset}").json()["state"] == "clean"
        assert second.get(f"/media/{asset}/a.txt", 1).body == b"kept"
        emulator = second.emulator()
        assert second.stop(signal.SIGINT) == 0
        assert gone(emulator)
    finally:
        second.end()


def test_a_killed_instance_leaves_no_emulator_behind(tmp_path: Path) -> None:
    product = Product(tmp_path / "state").ready()
    try:
        emulator = product.emulator()
        product.process.kill()
        assert gone(emulator)
    finally:
        product.end()


def test_two_instances_run_side_by_side_and_share_nothing(product: Product, tmp_path: Path) -> None:
    other = Product(tmp_path / "state").ready()
    try:
        asset = other.upload(b"x")
        assert other.get(f"/assets/{asset}").status == 200
        assert product.get(f"/assets/{asset}").status == 404
    finally:
        other.end()


def refused(product: Product) -> str:
    assert product.process.wait(START_SECONDS) == 2
    return product.said()


def test_a_port_that_is_taken_is_named(product: Product, tmp_path: Path) -> None:
    said = refused(Product(tmp_path / "state", product.port))
    assert f"port {product.port}" in said
    assert "Traceback" not in said


def test_a_second_instance_on_the_same_state_is_refused(product: Product) -> None:
    said = refused(Product(product.state, free_ports()))
    assert "another instance" in said
    assert product.get("/healthcheck/ready").status == 200


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"SCANNER": "magic"}, "Scanner"),
        ({"AUTH": "perhaps"}, "AUTH"),
        ({"MAX_FILE_SIZE_MB": "many"}, "MAX_FILE_SIZE_MB"),
        ({"PORT": "http"}, "PORT"),
    ],
)
def test_a_setting_that_cannot_be_is_named_and_nothing_stays_behind(
    tmp_path: Path, variables: dict[str, str], said: str
) -> None:
    product = Product(tmp_path / "state", None, **variables)
    assert said in refused(product)
    assert "Traceback" not in product.said()
    port = tmp_path / "state" / "ministack-port"
    if port.exists():
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(port.read_text())), timeout=5)
