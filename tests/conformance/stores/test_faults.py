"""The original's faults, by their numbers, are gone; B14 to B22, which are workers', come with the workers.

Tests of other modules that hold one of them more broadly are named beside it.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest

from app import app
from chalicelib import aws
from chalicelib.apis.stores.models import Entry
from tests.conformance.stores.gallery import JSON, OCTETS, PROJECT, STORES, TEXT, Gallery, stock, title
from tests.support.calls import Call, counting, on_call
from tests.support.client import Client
from tests.support.settings import REQUIRED


@pytest.fixture
def public(gallery: Gallery) -> Gallery:
    """The project is public."""
    gallery.admin.post(f"{PROJECT}/projectAccessMeta", json={"groups": ["g1", "public"]})
    gallery.deliver()
    return gallery


def test_b01_a_project_for_other_groups_is_refused_and_not_there(gallery: Gallery) -> None:
    body = {"id": "sneaky", "name": "x", "groups": ["g9"]}
    assert gallery.bob.post("/api/default/create", json=body).status == 401
    assert title(gallery.admin.get("/api/default/sneaky/list")) == "Project not found"


def test_b02_index_file_after_an_update_can_be_read(public: Gallery) -> None:
    public.uploaded("map", "a.txt", b"one")
    public.uploaded("map", "b.txt", b"two")
    assert public.stranger.get(public.meta("map")["index_file"]).body == b"two"


def test_b03_an_update_counts_as_an_upload(gallery: Gallery) -> None:
    gallery.make_asset("map")
    gallery.upload("map", update="true")
    assert title(gallery.upload("map"), 409) == "Asset exists"


def test_b04_a_chunked_upload_arrives_whole(public: Gallery) -> None:
    """API Gateway hands over what was chunked without a Content-Length; tests/local sends it over a socket."""
    headers = {"Transfer-Encoding": "chunked"}
    public.uploaded("map", "a.txt", b"chunked", headers=headers)
    assert public.stranger.get(public.meta("map")["index_file"]).body == b"chunked"


def test_b05_head_asks_for_groups(gallery: Gallery) -> None:
    assert gallery.carol.head(f"{PROJECT}/object/project").status == 401


def test_b06_head_and_options_without_a_token_are_answered(gallery: Gallery) -> None:
    assert gallery.stranger.head(f"{PROJECT}/object/project").status == 401
    assert gallery.stranger.request("OPTIONS", f"{PROJECT}/object/project").status == 204


def test_b07_a_missing_content_type_is_415(gallery: Gallery) -> None:
    assert title(gallery.alice.post(f"{PROJECT}/create", body=b'{"name":"x"}'), 415) == "Unsupported media type"


def test_b08_include_empty_is_a_flag(gallery: Gallery) -> None:
    assert gallery.assets("?includeEmpty=False") == []
    assert title(gallery.alice.get(f"{PROJECT}/list?includeEmpty=foo")) == "Invalid data"
    [item] = gallery.alice.get("/api/default/list?includeEmpty=true").json()
    assert item.keys() == {"id", "name", "creationDate"}


def test_b09_rights_can_be_taken_away_and_a_gone_user_is_nobody(gallery: Gallery) -> None:
    """More: test_users.py."""
    body = {"user": "dora", "password": "x", "admin_access": True, "read_groups": ["g1"]}
    gallery.admin.post("/api/user", json=body)
    token = gallery.stranger.post("/api/auth", json={"user": "dora", "password": "x"}).json()["token"]
    dora = Client(app, {"AUTH_TOKEN": token})
    assert dora.get("/api/user").status == 200
    gallery.admin.patch("/api/user", json={"user": "dora", "admin_access": False, "read_groups": []})
    assert dora.get("/api/user").status == 401
    gallery.admin.delete("/api/user", json={"user": "dora"})
    assert dora.get("/api/list").status == 401


def test_b10_an_outage_is_not_an_empty_list(gallery: Gallery) -> None:
    def broken(call: Call) -> None:
        if call.operation == "Query":
            raise RuntimeError("the table is away")

    gallery.alice.get("/api/list")
    with on_call(before=broken):
        for path in ("/api/list", "/api/default/list", f"{PROJECT}/list"):
            reply = gallery.alice.get(path)
            assert title(reply, 500) == "Internal Server Error"
            assert "table" not in reply.text


def test_b11_reserved_names_are_looked_for_in_the_id(gallery: Gallery) -> None:
    for asset in ("list", ".ovemeta", "new"):
        assert title(gallery.alice.post(f"{PROJECT}/create", json={"id": asset, "name": "x"}), 409)


def test_b12_of_concurrent_creations_one_wins(gallery: Gallery) -> None:
    with ThreadPoolExecutor(8) as pool:
        replies = pool.map(lambda _: gallery.alice.post(f"{PROJECT}/create", json={"name": "x"}).status, range(8))
    assert sorted(replies) == [200] + [409] * 7


def test_b13_concurrent_edits_and_uploads_are_all_kept(gallery: Gallery) -> None:
    gallery.make_asset("map")

    def work(number: int) -> int:
        if number % 2:
            return gallery.upload("map", f"{number}.txt", update="true").status
        change = {"action": "add", "data": [f"t{number}"]}
        return gallery.alice.patch(f"{PROJECT}/tags/map", json=change).status

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(work, range(12))) == {200}
    meta = gallery.meta("map")
    assert (meta["version"], len(meta["tags"]), len(meta["history"])) == ("6", 6, 7)


def test_b23_reading_costs_no_call_per_item(gallery: Gallery) -> None:
    """More: test_budgets.py."""
    for number in range(20):
        gallery.make_asset(f"a{number}")
    gallery.alice.get("/api/list")
    with counting() as calls:
        assert len(gallery.assets()) == 20
    assert len(calls) == 2


def test_b24_asking_whether_something_is_there_reads_no_bytes(gallery: Gallery) -> None:
    gallery.uploaded("map")
    with counting() as calls:
        assert gallery.alice.head(f"{PROJECT}/meta/map").status == 200
    assert all(call.service == "dynamodb" for call in calls)


def test_b25_addresses_are_whole_however_the_origin_is_written(public: Gallery) -> None:
    public.uploaded("map", create="true")
    for origin in (STORES, f"{STORES}/"):
        public.cloud.set(STORES_ORIGIN=origin)
        assert public.meta("map")["index_file"] == f"{STORES}/stores/default/expo/map/1/a.txt"


def test_b26_no_store_is_open_because_of_its_name(gallery: Gallery) -> None:
    gallery.admin.post("/api/create", json={"id": "authx"})
    body = {"id": "sneaky", "name": "x", "groups": ["g1"]}
    assert gallery.stranger.post("/api/authx/create", json=body).status == 401
    assert gallery.stranger.get("/api/authx/list").status == 401
    assert title(gallery.admin.post("/api/create", json={"id": "auth"}), 409) == "Store already in use"


def test_b28_projects_share_nothing(gallery: Gallery) -> None:
    other = gallery.make_project("other", "g1")
    gallery.alice.post(f"{PROJECT}/projectMeta", json={"name": "x", "notes": "mine", "tags": ["a"]})
    meta = gallery.alice.get(f"{other}/projectMeta").json()
    assert (meta["name"], meta["notes"], meta["tags"]) == ("Other", "", [])


def test_b29_what_went_wrong_inside_is_not_told_and_not_the_clients_fault(gallery: Gallery) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("secret detail")

    gallery.alice.get("/api/list")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aws.s3(), "put_object", broken)
        reply = gallery.upload("map", create="true")
    assert title(reply, 500) == "Internal Server Error"
    assert "secret" not in reply.text
    assert gallery.assets() == []


def test_b30_no_store_hides_behind_a_route(gallery: Gallery) -> None:
    literals = {path.split("/")[2] for path in app.routes if re.match(r"/api/[^{]", path)}
    assert {"workers", "user", "auth", "list", "create"} <= literals
    for store in literals:
        assert title(gallery.admin.post("/api/create", json={"id": store}), 409) == "Store already in use"


def test_b31_a_page_of_files_says_that_more_follow(gallery: Gallery) -> None:
    gallery.uploaded("map")
    rows = [Entry.at("default", "expo", "map", 1, f"{number:05}.png") for number in range(1100)]
    for row in rows:
        row.file_id, row.size, row.state = "0" * 32, 1, "clean"
    stock(rows)
    assert len(gallery.files("map")) == 1101
    reply = gallery.alice.get(f"{PROJECT}/files/map?limit=1000")
    assert len(reply.json()) == 1000
    rest = gallery.alice.get(f"{PROJECT}/files/map?limit=1000&cursor={reply.headers['X-Next-Cursor']}")
    assert len(rest.json()) == 101
    assert "X-Next-Cursor" not in rest.headers


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"STORES_TABLE": ""}, "STORES_TABLE is not set: DynamoDB table of the OVE API"),
        ({"AUTH": "open"}, "AUTH=open is for a laptop and refuses to start inside Lambda"),
        ({"STORES_ORIGIN": "stores.example.org"}, "STORES_ORIGIN must be a scheme and a host"),
        ({}, ""),
    ],
)
def test_b27_a_function_with_a_missing_or_wrong_setting_does_not_start(variables: dict[str, str], said: str) -> None:
    """More: tests/test_settings.py; `make run`: tests/local/test_run.py."""
    environment = {**REQUIRED, "AWS_LAMBDA_FUNCTION_NAME": "api_handler", "PATH": os.environ["PATH"], **variables}
    started = subprocess.run([sys.executable, "-c", "import app"], env=environment, capture_output=True, text=True)
    assert (started.returncode == 0) == (not variables)
    assert said in started.stderr


@pytest.mark.own_cloud
def test_b32_a_table_that_is_not_there_is_an_error_and_nobody_makes_one_up(gallery: Gallery) -> None:
    """The template alone makes tables, with indexes and expiry: tests/infra/test_resources.py, test_template.py."""
    dynamodb = boto3.client("dynamodb")
    table = gallery.cloud.settings.stores_table
    dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=table)
    left = dynamodb.list_tables()["TableNames"]
    for reply in (
        gallery.admin.get("/api/list"),
        gallery.admin.post("/api/create", json={"id": "other"}),
        gallery.admin.post(f"{PROJECT}/create", json={"name": "map"}),
    ):
        assert title(reply, 500) == "Internal Server Error"
    assert dynamodb.list_tables()["TableNames"] == left


def test_a_writing_request_by_cookie_needs_a_type_that_no_form_sends(gallery: Gallery) -> None:
    token = gallery.person("dora", groups=["g1"]).token
    cookie = Client(app, {"Cookie": f"AUTH_TOKEN={token}"})
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"):
        reply = cookie.post(f"{PROJECT}/create", body=b'{"name":"x"}', headers={"Content-Type": kind})
        assert reply.status == 415
        assert cookie.post(f"{PROJECT}/upload/x?create=true&filename=a", headers={"Content-Type": kind}).status == 415
    assert cookie.post(f"{PROJECT}/create", body=b'{"name":"x"}', headers=JSON).status == 200
    assert cookie.post(f"{PROJECT}/upload/y?create=true&filename=a", body=TEXT, headers=OCTETS).status == 200
