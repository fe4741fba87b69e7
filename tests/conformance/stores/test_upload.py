"""Uploads and versions (specification sections 7 and 8)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pytest

from chalicelib import aws
from chalicelib.apis.stores import assets
from chalicelib.files.receiving import begin_upload
from chalicelib.rows import transact
from tests.conformance.stores.gallery import JSON, OCTETS, PROJECT, STORES, TEXT, Gallery, title
from tests.files.scanners.samples import EICAR


@pytest.fixture
def public(gallery: Gallery) -> Gallery:
    """The project is public."""
    gallery.admin.post(f"{PROJECT}/projectAccessMeta", json={"groups": ["g1", "public"]})
    gallery.deliver()
    return gallery


def begin(gallery: Gallery, uid: str, name: str, content: bytes | None) -> str:
    """A finished upload of a principal, None for one that has not arrived; its id."""
    file, step = begin_upload(name=name, content_type="text/plain", size=len(content or b"x"), uploader=uid)
    transact(step)
    if content is not None:
        aws.s3().put_object(Bucket=gallery.cloud.settings.intake_bucket, Key=file.intake_key, Body=content)
    return file.file_id


def test_the_first_upload_is_version_one(public: Gallery) -> None:
    public.make_asset("map")
    reply = public.upload("map", "a b.txt")
    assert (reply.status, reply.json()) == (200, {"Status": "OK", "Asset": "map", "Filename": "a b.txt"})
    assert public.meta("map")["index_file"] == "", "not before it is clean"
    public.deliver()
    meta = public.meta("map")
    assert meta["index_file"] == f"{STORES}/stores/default/expo/map/1/a%20b.txt"
    assert (meta["version"], [entry["Type"] for entry in meta["history"]]) == ("1", ["Created", "Updated"])
    assert public.stranger.get(meta["index_file"]).body == TEXT


def test_every_update_is_a_version_and_index_file_is_its_own(public: Gallery) -> None:
    for number in (1, 2, 3):
        public.uploaded("map", f"v{number}.txt", b"text %d" % number)
        meta = public.meta("map")
        assert meta["version"] == str(number)
        assert meta["index_file"] == f"{STORES}/stores/default/expo/map/{number}/v{number}.txt"
        assert public.stranger.get(meta["index_file"]).body == b"text %d" % number
    assert [entry["Version"] for entry in meta["history"]] == [1, 1, 2, 3]
    for number in (1, 2, 3):
        [file] = public.files("map", f"?version={number}")
        assert (file["name"], file["default"], file["state"]) == (f"v{number}.txt", True, "clean")
        assert public.stranger.get(file["url"]).body == b"text %d" % number


def test_an_update_of_an_asset_without_a_file_counts_as_its_upload(gallery: Gallery) -> None:
    gallery.make_asset("map")
    assert gallery.upload("map", update="true").status == 200
    assert title(gallery.upload("map"), 409) == "Asset exists"
    assert gallery.meta("map")["version"] == "1"


@pytest.mark.parametrize(
    ("exists", "has_file", "query", "status"),
    [
        (False, False, {}, 400),
        (False, False, {"update": "true"}, 400),
        (False, False, {"create": "true"}, 200),
        (False, False, {"create": "1", "update": "yes"}, 200),
        (True, False, {}, 200),
        (True, False, {"create": "true"}, 200),
        (True, True, {}, 409),
        (True, True, {"create": "true"}, 409),
        (True, True, {"create": "false", "update": "T"}, 200),
    ],
)
def test_create_and_update_decide(
    gallery: Gallery, exists: bool, has_file: bool, query: dict[str, Any], status: int
) -> None:
    if exists:
        gallery.make_asset("map")
    if has_file:
        gallery.upload("map")
    reply = gallery.upload("map", **query)
    assert reply.status == status
    if status == 400:
        assert title(reply) == "Asset not found"
        assert reply.json()["description"] == "You have not created this asset yet."
        assert gallery.assets() == []
    if status == 409:
        assert title(reply, 409) == "Asset exists"
        assert gallery.meta("map")["version"] == "1"


@pytest.mark.parametrize(("asset", "status"), [("new", 409), ("list", 409), (".ovemeta", 409), ("..", 400)])
def test_an_upload_creates_no_asset_that_could_not_be_created(gallery: Gallery, asset: str, status: int) -> None:
    assert gallery.upload(asset, create="true").status == status
    assert gallery.assets() == []


@pytest.mark.parametrize("name", ["g h.txt", "éé.txt", "a+b.txt", "100%.txt", "a#?.txt", "x", "..txt", "a'\"b"])
def test_a_name_is_kept_as_it_was_meant(public: Gallery, name: str) -> None:
    public.uploaded("map", name)
    [file] = public.files("map")
    assert file["name"] == name
    assert unquote(urlsplit(file["url"]).path).endswith(f"/map/1/{name}")
    assert public.stranger.get(file["url"]).body == TEXT
    assert public.published() == [f"stores/default/expo/map/1/{name}"]


@pytest.mark.parametrize("name", ["", "a/b.txt", "..", ".", "../x", "a\nb", "\x00", "x" * 256, "/etc/passwd"])
def test_a_name_that_is_none_is_refused(gallery: Gallery, name: str) -> None:
    assert title(gallery.upload("map", name, create="true")) == "Invalid filename"
    assert gallery.assets() == []


def test_the_reserved_name_is_forbidden(gallery: Gallery) -> None:
    assert title(gallery.upload("map", ".ovemeta", create="true"), 403) == "Invalid filename"


def test_content_disposition_names_a_file_that_the_query_does_not(gallery: Gallery) -> None:
    header = {"Content-Disposition": 'attachment; filename="from header.txt"'}
    assert gallery.upload("a", None, create="true", headers=header).json()["Filename"] == "from header.txt"
    assert gallery.upload("b", "q.txt", create="true", headers=header).json()["Filename"] == "q.txt"
    assert title(gallery.upload("c", None, create="true")) == "Invalid filename"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('filename="as the document has it.txt"', "as the document has it.txt"),
        ("attachment; filename=plain.txt", "plain.txt"),
        ("attachment; filename*=UTF-8''%e2%82%ac%20rates.txt", "€ rates.txt"),
        ("attachment; filename=\"EUR.txt\"; filename*=utf-8''%e2%82%ac.txt", "€.txt"),
        ('attachment; filename="a \\"b\\" c.txt"', 'a "b" c.txt'),
        ('ATTACHMENT; FILENAME="a;b=c.txt"', "a;b=c.txt"),
        ('attachment; filename="100%25.txt"', "100%25.txt"),
    ],
)
def test_a_name_in_content_disposition_is_read_as_the_standard_has_it(gallery: Gallery, header: str, name: str) -> None:
    reply = gallery.upload("a", None, create="true", headers={"Content-Disposition": header})
    assert reply.json()["Filename"] == name


@pytest.mark.parametrize("header", ["attachment; filename*=UTF-8''%ff.txt", "attachment; filename*=x-none''a.txt"])
def test_a_name_in_content_disposition_that_cannot_be_read_is_refused(gallery: Gallery, header: str) -> None:
    reply = gallery.upload("a", None, create="true", headers={"Content-Disposition": header})
    assert title(reply) == "Invalid filename"
    assert gallery.assets() == []


def test_an_upload_is_octets(gallery: Gallery) -> None:
    for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x"):
        reply = gallery.upload("map", create="true", headers={"Content-Type": kind})
        assert title(reply, 415) == "Unsupported media type"
    assert gallery.upload("map", create="true", headers={"Content-Type": "application/octet-stream; x=y"}).status == 200


def test_a_body_over_4_mib_names_the_way_for_large_files(gallery: Gallery) -> None:
    reply = gallery.upload("map", content=b"x" * (4 * 1024 * 1024 + 1), create="true")
    assert title(reply, 413) == "Request body too large"
    assert "/s3/params" in reply.json()["description"]


def test_of_concurrent_updates_none_is_lost(public: Gallery) -> None:
    public.make_asset("map")
    count = 16

    def send(number: int) -> int:
        return public.upload("map", f"{number}.txt", b"content %d" % number, update="true").status

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, range(count))) == {200}
    public.deliver()
    meta = public.meta("map")
    assert meta["version"] == str(count)
    assert [entry["Version"] for entry in meta["history"]] == [1, *range(1, count + 1)]
    assert f"/{count}/" in meta["index_file"]
    seen = set()
    for number in range(1, count + 1):
        [file] = public.files("map", f"?version={number}")
        stem = file["name"].removesuffix(".txt")
        assert public.stranger.get(file["url"]).body == f"content {stem}".encode()
        seen.add(stem)
    assert seen == {str(number) for number in range(count)}


def test_of_concurrent_first_uploads_exactly_one_is_the_first(gallery: Gallery) -> None:
    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(lambda n: gallery.upload("map", f"{n}.txt", create="true").status, range(6)))
    assert sorted(statuses) == [200, 409, 409, 409, 409, 409]
    gallery.deliver()
    gallery.sweep()


def test_a_long_history_is_whole_in_the_meta_and_recent_in_listings(gallery: Gallery) -> None:
    gallery.cloud.monkeypatch.setattr(assets, "RECENT", 5)
    for number in range(8):
        assert gallery.upload("map", f"{number}.txt", create="true", update="true").status == 200
    history = gallery.meta("map")["history"]
    assert [entry["Version"] for entry in history] == [1, *range(1, 9)]
    assert [entry["Time"] for entry in history] == sorted(entry["Time"] for entry in history)
    [listed] = gallery.assets()
    assert listed["history"] == history[-5:]
    gallery.cloud.monkeypatch.setattr(assets, "MOST_HISTORY", 7)
    assert gallery.meta("map")["history"] == history[-7:], "of a very long one the latest"
    gallery.cloud.monkeypatch.setattr(assets, "MOST_HISTORY", 5)
    assert gallery.meta("map")["history"] == history[-5:]


@pytest.mark.parametrize(("content", "told"), [(EICAR, "infected"), (b"PK\x03\x04" + b"\0" * 40, "scanned")])
def test_a_file_that_is_not_clean_is_an_error_and_the_last_clean_one_stays(
    public: Gallery, content: bytes, told: str
) -> None:
    public.uploaded("map", "good.txt")
    good = public.meta("map")["index_file"]
    public.uploaded("map", "bad.zip", content)
    meta = public.meta("map")
    assert (meta["version"], meta["index_file"], meta["processing_status"]) == ("2", good, "error")
    assert told in meta["processing_error"]
    [file] = public.files("map")
    assert (file["name"], file["state"] != "clean") == ("bad.zip", True)
    assert public.stranger.get(file["url"]).status == 404
    assert public.stranger.get(good).body == TEXT
    public.uploaded("map", "better.txt")
    meta = public.meta("map")
    assert (meta["processing_status"], meta["processing_error"]) == ("", "")
    assert meta["index_file"].endswith("/map/3/better.txt")


def test_a_verdict_of_an_old_version_changes_nothing_of_the_new_one(public: Gallery) -> None:
    public.upload("map", "bad.txt", EICAR, create="true")
    public.upload("map", "good.txt", update="true")
    public.deliver()
    meta = public.meta("map")
    assert (meta["processing_status"], meta["version"]) == ("", "2")
    assert meta["index_file"].endswith("/map/2/good.txt")


def test_files_are_those_of_the_current_version_unless_another_is_named(gallery: Gallery) -> None:
    gallery.uploaded("map", "a.txt")
    gallery.uploaded("map", "b.txt")
    assert [file["name"] for file in gallery.files("map")] == ["b.txt"]
    assert [file["name"] for file in gallery.files("map", "?version=1")] == ["a.txt"]
    assert gallery.files("map", "?version=3") == gallery.files("map", "?version=0") == []
    gallery.make_asset("empty")
    assert gallery.files("empty") == []


@pytest.mark.parametrize("version", ["x", "-1", "1.0", "1" * 20, "%C2%B2"])
def test_a_version_is_a_number(gallery: Gallery, version: str) -> None:
    gallery.make_asset("map")
    assert title(gallery.alice.get(f"{PROJECT}/files/map?version={version}")) == "Invalid data"


def test_files_of_what_is_not_there(gallery: Gallery) -> None:
    assert title(gallery.alice.get(f"{PROJECT}/files/nothing")) == "Asset not found"
    assert title(gallery.admin.get("/api/default/nothing/files/x")) == "Project not found"
    assert title(gallery.admin.get("/api/nowhere/expo/files/x")) == "Store not found"
    assert title(gallery.admin.post("/api/default/nothing/upload/x?filename=a", headers=OCTETS)) == "Project not found"


def test_reading_and_writing_files_takes_the_projects_groups(gallery: Gallery) -> None:
    gallery.uploaded("map")
    assert gallery.upload("map", by=gallery.bob, update="true").status == 401
    assert gallery.carol.get(f"{PROJECT}/files/map").status == 401
    assert gallery.carol.head(f"{PROJECT}/files/map").status == 401
    assert gallery.bob.get(f"{PROJECT}/files/map").status == 200


def test_a_finished_upload_stands_for_a_body(public: Gallery) -> None:
    dora = public.person("dora", groups=["g1"])
    upload = begin(public, dora.uid, "large.txt", b"large")
    path = f"{PROJECT}/upload/map?create=true&upload={upload}"
    reply = dora.client.post(path, headers=JSON)
    assert reply.json() == {"Status": "OK", "Asset": "map", "Filename": "large.txt"}
    public.deliver()
    assert public.stranger.get(public.meta("map")["index_file"]).body == b"large"
    assert title(dora.client.post(f"{path}&update=true", headers=OCTETS)) == "Invalid data"


def test_an_upload_that_was_judged_before_it_is_used_is_served_at_once(public: Gallery) -> None:
    dora = public.person("dora", groups=["g1"])
    upload, bad = begin(public, dora.uid, "a.txt", b"early"), begin(public, dora.uid, "b.txt", EICAR)
    public.deliver()
    reply = dora.client.post(f"{PROJECT}/upload/map?create=true&filename=n.txt&upload={upload}", headers=OCTETS)
    assert reply.json()["Filename"] == "n.txt"
    assert public.published() == ["stores/default/expo/map/1/n.txt"]
    assert public.stranger.get(public.meta("map")["index_file"]).body == b"early"
    dora.client.post(f"{PROJECT}/upload/map?update=true&upload={bad}", headers=OCTETS)
    meta = public.meta("map")
    assert (meta["processing_status"], meta["version"]) == ("error", "2")
    assert meta["index_file"].endswith("/map/1/n.txt")


@pytest.mark.parametrize("upload", ["x", "0" * 32, "../x"])
def test_an_upload_that_is_none_of_the_callers_is_refused(gallery: Gallery, upload: str) -> None:
    others = begin(gallery, "somebody-else", "a.txt", b"x")
    for given in (upload, others):
        path = f"{PROJECT}/upload/map?create=true&filename=a.txt&upload={quote(given)}"
        assert title(gallery.alice.post(path, headers=OCTETS)) == "Invalid data"
        assert title(gallery.alice.post(path.replace("&filename=a.txt", ""), headers=OCTETS))
    assert gallery.assets() == []
