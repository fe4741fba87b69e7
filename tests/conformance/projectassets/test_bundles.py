"""Files of bundles: put, scanned, fetched, listed, replaced, removed (docs/apis/projectassets.md, "Bundles")."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.apis.projectassets import access, records
from chalicelib.apis.projectassets.models import BundleFile
from chalicelib.identity import LOCAL_SUPERUSER
from tests.files.scanners.samples import EICAR
from tests.support.bundles import SOURCE, Bundles, bundle_rows, everything_wrong
from tests.support.world import World, world

__all__ = ["world"]


@pytest.fixture
def bundles(world: World) -> Bundles:
    return Bundles(world)


def test_a_file_is_scanned_before_it_can_be_fetched(bundles: Bundles) -> None:
    project = bundles.project()
    reply = bundles.put(project, "cuts/one.txt", b"hello")
    assert reply.status == 201
    told = reply.json()
    assert (told["path"], told["path_file"], told["state"], told["size"]) == (
        "cuts/one.txt",
        SOURCE + "cuts/one.txt",
        "pending",
        5,
    )
    refused = bundles.read(project, "cuts/one.txt")
    assert refused.status == 404
    assert refused.json()["errors"][0]["detail"] == "The file 'cuts/one.txt' has not been scanned yet."
    bundles.world.deliver()
    reply = bundles.read(project, "cuts/one.txt")
    assert (reply.status, reply.body) == (200, b"hello")
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert reply.headers["ETag"] == f'"{hashlib.sha256(b"hello").hexdigest()}"'
    assert reply.headers["Content-Disposition"] == 'attachment; filename="one.txt"'
    assert reply.headers["Cache-Control"] == "private, no-store"
    assert "sandbox" in reply.headers["Content-Security-Policy"]
    assert everything_wrong(bundles.world) == []


def test_an_infected_file_is_listed_and_never_fetched(bundles: Bundles) -> None:
    project = bundles.project(bad=EICAR)
    assert bundles.files(project) == {"bad": "infected"}
    reply = bundles.read(project, "bad")
    assert reply.status == 404
    assert EICAR not in reply.body
    assert everything_wrong(bundles.world) == []


def test_head_ranges_and_conditions(bundles: Bundles) -> None:
    project = bundles.project(a=b"0123456789")
    url = bundles.url(project, "a")
    head = bundles.client.head(url)
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", "10")
    part = bundles.read(project, "a", headers={"Range": "bytes=2-4"})
    assert (part.status, part.body, part.headers["Content-Range"]) == (206, b"234", "bytes 2-4/10")
    assert bundles.read(project, "a", headers={"Range": "bytes=10-"}).status == 416
    assert bundles.read(project, "a", headers={"If-None-Match": head.headers["ETag"]}).status == 304
    assert bundles.read(project, "a", headers={"Accept": "image/png"}).status == 200


def test_a_large_file_is_fetched_by_a_signed_url(bundles: Bundles) -> None:
    project = bundles.project(a=b"x" * 4 * 1024**2)
    row = bundle_rows(bundles.world)[0]
    key = {"pk": {"S": row["pk"]}, "sk": {"S": row["sk"]}}
    table = bundles.world.cloud.settings.productions_table
    bundles.world.inspect("dynamodb").update_item(
        TableName=table, Key=key, UpdateExpression="SET #size = :size",
        ExpressionAttributeNames={"#size": "size"}, ExpressionAttributeValues={":size": {"N": "4194305"}},
    )  # fmt: skip
    bucket = bundles.world.cloud.settings.library_bucket
    bundles.world.inspect("s3").put_object(Bucket=bucket, Key=row["library_key"], Body=b"x" * 4194305)
    reply = bundles.read(project, "a")
    assert reply.status == 302
    assert row["library_key"] in reply.headers["Location"]
    assert reply.headers["Cache-Control"] == "private, no-store"


def test_an_upload_becomes_a_file(bundles: Bundles) -> None:
    project = bundles.project()
    wanted = {"filename": "clip.mov", "type": "video/quicktime", "size": 3}
    begun = bundles.client.post("/s3/params", json=wanted)
    if begun.status != 200:
        begun = bundles.client.get("/s3/params?filename=clip.mov&type=video/quicktime&size=3")
    upload = begun.json()
    key = upload["fields"]["key"]
    bucket = bundles.world.cloud.settings.intake_bucket
    bundles.world.inspect("s3").put_object(Bucket=bucket, Key=key, Body=b"mov")
    upload_id = key.partition("/")[2]
    url = f"{bundles.url(project, 'a/clip.mov')}?upload={upload_id}"
    assert bundles.client.put(url, body=b"bytes too").status == 400
    assert bundles.client.put(url).status == 201
    again = bundles.client.put(f"{bundles.url(project, 'b/clip.mov')}?upload={upload_id}")
    assert again.status == 400
    assert again.json()["errors"][0]["source"] == {"parameter": "upload"}
    bundles.world.deliver()
    assert bundles.read(project, "a/clip.mov").body == b"mov"
    assert everything_wrong(bundles.world) == []


def test_replacing_refers_to_another_file_and_gives_the_old_one_up(bundles: Bundles) -> None:
    project = bundles.project(a=b"old")
    before = bundles.world.keys("library_bucket")
    reply = bundles.put(project, "a", b"new")
    assert (reply.status, reply.json()["state"]) == (200, "pending")
    bundles.world.repair()
    assert bundles.read(project, "a").body == b"new"
    assert len(bundles.world.keys("library_bucket")) == 1
    assert bundles.world.keys("library_bucket") != before
    assert everything_wrong(bundles.world) == []


def test_a_late_verdict_on_a_replaced_file_says_nothing_of_the_new_one(bundles: Bundles) -> None:
    project = bundles.project()
    bundles.put(project, "a", EICAR)
    messages = bundles.world.messages()
    bundles.world.lose_messages()
    bundles.put(project, "a", b"new")
    for message in messages:
        bundles.world.send(message)
    bundles.world.repair()
    assert bundles.contents(project) == {"a": b"new"}
    assert everything_wrong(bundles.world) == []


def test_removing(bundles: Bundles) -> None:
    project = bundles.project(a=b"a", b=b"b")
    url = bundles.url(project, "a")
    reply = bundles.client.delete(url)
    assert (reply.status, reply.body) == (204, b"")
    assert bundles.client.delete(url).status == 404
    assert bundles.client.get(url).status == 404
    bundles.world.repair()
    assert bundles.contents(project) == {"b": b"b"}
    assert len(bundles.world.keys("library_bucket")) == 1
    assert everything_wrong(bundles.world) == []


def test_the_inventory_is_shown_by_absolute_paths_and_not_in_lists(bundles: Bundles) -> None:
    project = bundles.project(a=b"a", dir_b=b"bb")
    shown = bundles.shown(project)
    assert shown is not None
    assert {path: entry["size"] for path, entry in shown["files"].items()} == {SOURCE + "a": 1, SOURCE + "dir/b": 2}
    assert [one["files"] for one in bundles.client.get("/api/projectassets/").json()] == [{}]


def entry(project: int, path: str) -> BundleFile:
    """A clean file of a bundle, as its row is."""
    row = BundleFile.at(project, path)
    row.file_id, row.library_key, row.state = "f", "f/0", "clean"
    row.size, row.sha256, row.content_type, row.updated_at = 10**12, "0" * 64, "application/octet-stream", clock.now()
    return row


@pytest.mark.parametrize(
    ("letters", "count", "most"), [("x" * 20, 10_050, 10_000), ("字" * 280, 5_000, 2_000), ('"' * 850, 5_000, 2_000)]
)
def test_of_very_many_files_the_first_are_shown_as_far_as_an_answer_holds_them(
    bundles: Bundles, monkeypatch: pytest.MonkeyPatch, letters: str, count: int, most: int
) -> None:
    number = bundles.project("/mnt/archive/" + letters[:250] + "/")
    project = records.find(access.of(LOCAL_SUPERUSER), str(number))
    rows = [entry(number, f"{position:05}{letters}") for position in range(count)]
    monkeypatch.setattr(records, "each_below", lambda *_: iter([project, *rows]))
    reply = bundles.client.get(f"/api/projectassets/{number}/")
    assert reply.status == 200, reply.text
    shown = list(reply.json()["files"])
    assert 500 < len(shown) <= most
    assert shown == [f"{project.bundle_root}{row.path}" for row in rows[: len(shown)]]
    if len(letters) == 20:
        assert len(shown) == most


def test_a_list_ends_before_it_is_too_large_and_goes_on_behind_that(
    bundles: Bundles, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = bundles.project("/mnt/archive/" + '"' * 800 + "/")
    rows = [entry(project, f"{position:04}" + '"' * 890) for position in range(1_000)]

    def entries(*_: object, limit: int, after: str | None) -> Iterator[BundleFile]:
        return iter([row for row in rows if after is None or row.path > after][:limit])

    monkeypatch.setattr("chalicelib.apis.projectassets.bundles.entries", entries)
    url, seen, pages = f"/api/projectassets/{project}/files/", [], 0
    while url:
        reply = bundles.client.get(url)
        assert reply.status == 200, reply.text
        seen += [one["path"] for one in reply.json()]
        url, pages = reply.headers.get("Link", "")[1:].partition(">")[0], pages + 1
    assert seen == [row.path for row in rows]
    assert pages == 2


def test_a_list_is_paged_by_limit_and_cursor(bundles: Bundles) -> None:
    names = ["a", "b", "c d", "é&#", "z"]
    project = bundles.project()
    for name in reversed(names):
        bundles.put(project, name, b"x")
    url: str | None = f"/api/projectassets/{project}/files/?limit=2"
    pages = []
    while url is not None:
        reply = bundles.client.get(url)
        assert reply.status == 200, reply.text
        pages.append([entry["path"] for entry in reply.json()])
        link = reply.headers.get("Link")
        url = None if link is None else link[1:].partition(">")[0]
    assert pages == [["a", "b"], ["c d", "z"], ["é&#"]]
    assert bundles.client.get(f"/api/projectassets/{project}/files/?limit=-1").status == 400
    assert bundles.client.get(f"/api/projectassets/{project}/files/?cursor=%00").status == 400
    assert bundles.client.get("/api/projectassets/99/files/").status == 404


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ("a//b", "a/b"),
        ("a/", "a"),
        ("a%2Fb", "a/b"),
        ("%2Fa", "a"),
        ("%25%32%65%25%32%65/a", "%2e%2e/a"),
        ("e%CC%81", "é"),
        ("..a/b..", "..a/b.."),
        ("a%3Ab%3Fc", "a:b?c"),
    ],
)
def test_a_path_is_normalised_once(bundles: Bundles, sent: str, path: str) -> None:
    project = bundles.project()
    reply = bundles.client.put(f"/api/projectassets/{project}/files/{sent}", body=b"x")
    assert (reply.status, reply.json()["path"]) == (201, path)
    assert list(bundles.files(project)) == [path]
    bundles.world.deliver()
    assert bundles.read(project, path).body == b"x"


@pytest.mark.parametrize(
    "path",
    ["..", "../a", "a/../b", "a/./b", ".", "..%2F..%2Fetc", "a%2F..%2Fb", "%2e%2e/a", "a%5C..%5Cb", "a%0Ab", "%2F",
     "x" * 901, "a%7Fb", "a%E2%80%AEb"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["PUT", "GET", "HEAD", "DELETE"])
def test_a_path_that_could_mean_another_place_is_refused(bundles: Bundles, method: str, path: str) -> None:
    project = bundles.project()
    reply = bundles.client.request(method, f"/api/projectassets/{project}/files/{path}", body=b"x")
    assert reply.status == 400, reply.text
    if method != "HEAD":
        assert reply.json()["errors"][0]["source"] == {"pointer": "/path"}
    assert bundle_rows(bundles.world) == []
    assert bundles.world.objects("intake_bucket") == []


@pytest.mark.parametrize("path", ["a%00b", "%FF"])
def test_a_path_that_is_no_text_is_refused(bundles: Bundles, path: str) -> None:
    project = bundles.project()
    assert bundles.client.put(f"/api/projectassets/{project}/files/{path}", body=b"x").status in (400, 404)
    assert bundle_rows(bundles.world) == []


def test_a_body_that_is_too_large_is_told_of_the_upload_route(bundles: Bundles) -> None:
    project = bundles.project()
    reply = bundles.client.put(bundles.url(project, "a"), body=b"x" * (4 * 1024**2 + 1))
    assert reply.status == 413
    assert "/s3/params" in reply.json()["errors"][0]["detail"]
    assert bundle_rows(bundles.world) == []


def test_unknown_projects_and_files(bundles: Bundles) -> None:
    project = bundles.project()
    for number in ("99", "abc", "01", "0"):
        for method in ("PUT", "GET", "DELETE"):
            reply = bundles.client.request(method, f"/api/projectassets/{number}/files/a", body=b"")
            assert reply.status == 404
            assert reply.json()["errors"][0]["detail"] == f"ProjectAsset object with pk=u'{number}' does not exist."
    assert bundles.read(project, "nothing").status == 404
    assert bundles.client.request("PATCH", bundles.url(project, "a")).status == 405


def test_two_puts_at_one_path_leave_one_file_and_no_orphan(bundles: Bundles) -> None:
    project = bundles.project(a=b"first")
    from concurrent.futures import ThreadPoolExecutor

    def put(number: int) -> Any:
        return bundles.put(project, "a", b"%d" % number)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(put, range(6)))
    bundles.world.repair()
    assert bundles.contents(project)["a"] in [b"%d" % number for number in range(6)]
    assert len(bundles.world.keys("library_bucket")) == 1
    assert everything_wrong(bundles.world) == []
