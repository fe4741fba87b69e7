"""Audio, image and video assets with real files, imports, and who reads them."""

import re
from typing import Any

import boto3
import pytest

from chalicelib.apis.projectassets import sharing
from chalicelib.apis.projectassets.models import Media, Share
from chalicelib.files.models import File
from chalicelib.settings import settings
from tests.conformance.projectassets.studio import ROOT, UPLOADS, Studio, error, errors, faults
from tests.files.scanners.samples import EICAR
from tests.support.client import Client, Upload

PLURALS = ("audioassets", "imageassets", "videoassets")
MINIMUM = {
    "id", "name", "description", "production", "status_asset", "path_file", "device", "is_archive", "is_production",
    "meta_field_store", "date_crt", "date_add", "date_mod", "date_del", "locked_by", "production_name",
    "status_asset_description", "status_editing", "status_approval", "display_name", "filename", "projects",
    "shared_with_productions", "is_available", "name_editor", "thumbnail_url", "proxy_url",
}  # fmt: skip


def upload(studio: Studio, content: bytes, *, by: Client | None = None) -> str:
    """Send bytes to S3 as a form of ours says; the upload's id."""
    reply = (by or studio.root).get("/s3/params?filename=a.bin")
    assert reply.status == 200, reply.text
    upload_id = str(reply.json()["id"])
    row = File.get_by_id(upload_id)
    assert row is not None
    boto3.client("s3").put_object(Bucket=settings().intake_bucket, Key=row.intake_key, Body=content)
    return upload_id


def test_an_asset_without_a_file_is_a_record(studio: Studio) -> None:
    for plural in PLURALS:
        body = {"name": "Clip", "production_id": studio.news, "path_file": f"{ROOT}a/clip.mov", "description": "d"}
        reply = studio.root.post(f"/api/{plural}/", json=body)
        made = studio.made(reply)
        assert made.keys() >= MINIMUM
        assert (made["id"], made["name"], made["description"], made["filename"]) == (1, "Clip", "d", "clip.mov")
        assert (made["status_asset"], made["is_available"], made["is_production"]) == (6, False, True)
        assert (made["device"], made["production_name"]) == (studio.device, "News")
        assert (made["projects"], made["shared_with_productions"]) == ([], [])
        assert studio.root.get(f"/api/{plural}/1/").json() == made
        assert studio.root.get(f"/api/{plural}/").json() == [made]
        assert error(studio.root.get(f"/api/{plural}/1/file/"), 404)[0] == "not_found"


def test_every_type_has_its_404(studio: Studio) -> None:
    for plural, model in zip(PLURALS, ("AudioAsset", "ImageAsset", "VideoAsset"), strict=True):
        for raw_id in ("7", "abc", "01"):
            detail = f"{model} object with pk=u'{raw_id}' does not exist."
            for method in ("GET", "PATCH", "DELETE"):
                reply = studio.root.request(method, f"/api/{plural}/{raw_id}/")
                assert error(reply, 404) == ("not_found", detail)


def test_a_file_in_a_form_is_scanned_before_it_is_given(studio: Studio) -> None:
    made = studio.media(content=b"real bytes")
    assert (made["status_asset"], made["is_available"], made["file_url"]) == (0, False, "")
    assert error(studio.root.get("/api/videoassets/1/file/"), 404)[0] == "not_found"
    studio.deliver()
    clean = studio.root.get("/api/videoassets/1/").json()
    assert (clean["status_asset"], clean["is_available"], clean["file_size"]) == (6, True, 10)
    reply = studio.reader.get(clean["file_url"])
    assert (reply.status, reply.body) == (200, b"real bytes")
    assert reply.headers["Cache-Control"] == "private, no-store"
    assert "sandbox" in reply.headers["Content-Security-Policy"]
    assert studio.reader.get(clean["file_url"], headers={"Accept": "video/*"}).status == 200
    assert studio.reader.get(clean["file_url"], headers={"Range": "bytes=5-"}).body == b"bytes"
    assert studio.outsider.get("/api/videoassets/1/file/").status == 404


def test_a_bad_file_ends_the_asset_with_a_reason(studio: Studio) -> None:
    studio.media(content=EICAR)
    studio.deliver()
    found = studio.root.get("/api/videoassets/1/").json()
    assert found["status_asset"] == -1
    assert found["status_asset_description"].startswith("The file is infected and will not be served")
    assert (found["is_available"], found["file_url"]) == (False, "")
    assert studio.root.get("/api/videoassets/1/file/").status == 404


def test_an_upload_becomes_an_asset(studio: Studio) -> None:
    upload_id = upload(studio, b"sent to s3")
    made = studio.media(upload=upload_id)
    assert made["status_asset"] in (0, 6)
    studio.deliver()
    assert studio.root.get("/api/videoassets/1/file/").body == b"sent to s3"
    again = studio.root.post(
        "/api/videoassets/", json={"name": "x", "production_id": 1, "path_file": "/a/b", "upload": upload_id}
    )
    assert faults(again) == [("/upload", "does_not_exist")]
    assert len(studio.root.get("/api/videoassets/").json()) == 1


def test_an_upload_judged_before_it_is_used(studio: Studio) -> None:
    clean, infected = upload(studio, b"fine"), upload(studio, EICAR)
    studio.deliver()
    assert studio.media(upload=clean)["status_asset"] == 6
    bad = studio.media(upload=infected)
    assert (bad["status_asset"], bad["is_available"]) == (-1, False)
    assert studio.root.get("/api/videoassets/1/file/").body == b"fine"


BAD: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"name": None, "path_file": None}, [("/name", "null"), ("/path_file", "null")]),
    ({"path_file": ""}, [("/path_file", "blank")]),
    ({"path_file": "relative"}, [("/path_file", "invalid")]),
    ({"path_file": "/a/../b"}, [("/path_file", "invalid")]),
    ({"path_file": "/a/"}, [("/path_file", "invalid")]),
    ({"production_id": 99}, [("/production_id", "does_not_exist")]),
    ({"production_id": None}, [("/production_id", "required")]),
    ({"upload": "nope"}, [("/upload", "does_not_exist")]),
    ({"upload": "0" * 32}, [("/upload", "does_not_exist")]),
    ({"file": "text"}, [("/file", "invalid")]),
    ({"status_approval": 3}, [("/status_approval", "invalid_choice")]),
]


def test_bad_fields_make_nothing(studio: Studio) -> None:
    for wrong, told in BAD:
        body = {"name": "x", "production_id": studio.news, "path_file": "/a/b", **wrong}
        assert faults(studio.root.post("/api/imageassets/", json=body)) == told, wrong
    both = {"name": "x", "production_id": "1", "path_file": "/a/b", "upload": "0" * 32}
    reply = studio.root.post("/api/imageassets/", form=both, files={"file": Upload(b"x", "a")})
    assert faults(reply) == [("/upload", "invalid")]
    assert studio.root.get("/api/imageassets/").json() == []


def test_who_may(studio: Studio) -> None:
    body = {"name": "x", "production_id": studio.news, "path_file": "/a/b"}
    uploader = studio.member("u", studio.news, write=True, permissions=UPLOADS[:1]).client
    assert uploader.post("/api/audioassets/", json=body).status == 201
    for client, path in (
        (uploader, "/api/videoassets/"),
        (studio.writer, "/api/audioassets/"),
        (studio.member("r", studio.news, permissions=UPLOADS).client, "/api/audioassets/"),
    ):
        assert error(client.post(path, json=body), 403)[0] == "permission_denied"
    assert studio.outsider.get("/api/audioassets/").json() == []
    assert error(studio.outsider.get("/api/audioassets/1/"), 404)[0] == "not_found"
    assert error(studio.reader.delete("/api/audioassets/1/"), 403)[0] == "permission_denied"
    assert error(studio.outsider.delete("/api/audioassets/1/"), 404)[0] == "not_found"
    remover = studio.member("d", studio.news, delete=True, permissions=["browser.delete_audioasset"]).client
    assert remover.delete("/api/audioassets/1/").status == 202
    assert studio.root.get("/api/audioassets/").json() == []


def test_lists_page_and_filter(studio: Studio) -> None:
    for number in range(5):
        studio.media("image", f"i{number}", production=studio.news if number % 2 else studio.sport)

    def listed(query: str, by: Client | None = None) -> tuple[list[int], str]:
        reply = (by or studio.root).get(f"/api/imageassets/{query}")
        return [one["id"] for one in reply.json()], reply.headers["X-Total-Count"]

    assert listed("") == ([1, 2, 3, 4, 5], "5")
    assert listed("?limit=2&offset=1") == ([2, 3], "5")
    assert listed("", studio.writer) == ([2, 4], "2")
    assert listed(f"?path_file={ROOT}i1.mxf") == ([2], "1")
    assert listed(f"?path_file={ROOT}i0.mxf", studio.writer) == ([], "0")
    assert listed("?production=2") == ([1, 3, 5], "3")
    assert listed("?is_archive=true") == ([], "0")
    assert listed("?is_production=true&is_archive=false&production=1") == ([2, 4], "2")
    assert 'rel="next"' in studio.root.get("/api/imageassets/?limit=2").headers["Link"]


def test_a_deleted_asset_gives_its_bytes_up(studio: Studio) -> None:
    studio.media(content=b"bytes")
    studio.deliver()
    row = Media.find("video#1", "media")
    assert row is not None
    assert studio.root.delete("/api/videoassets/1/").status == 202
    assert error(studio.root.get("/api/videoassets/1/"), 404)[0] == "not_found"
    assert error(studio.root.delete("/api/videoassets/1/"), 404)[0] == "not_found"
    file = File.get_by_id(row.file_id)
    assert file is not None
    assert file.purged
    assert studio.media()["id"] == 2


def test_a_shared_asset_is_read_where_it_is_shared(studio: Studio) -> None:
    studio.media(content=b"bytes")
    studio.deliver()
    link = ("video", 1)
    assert studio.outsider.get("/api/videoassets/1/").status == 404
    assert sharing.begin(link, studio.sport)
    assert not sharing.begin(link, studio.sport), "it cannot be shared twice"
    assert not sharing.begin(link, studio.news), "it is there already"
    assert studio.outsider.get("/api/videoassets/1/").status == 404, "not before it is available"
    assert sharing.complete(link, studio.sport)
    assert not sharing.complete(link, studio.sport)
    found = studio.outsider.get("/api/videoassets/1/").json()
    assert found["shared_with_productions"] == [studio.sport]
    assert studio.outsider.get("/api/videoassets/1/file/").body == b"bytes"
    [row] = Share.below("video#1", "media#share/")
    assert (row.number, row.status, row.source_production) == (1, "AVAILABLE", studio.news)
    assert error(studio.outsider.patch("/api/videoassets/1/", json={"name": "x"}), 403)[0] == "permission_denied"
    assert sharing.withdraw(link, studio.sport)
    assert studio.outsider.get("/api/videoassets/1/").status == 404
    assert list(Share.below("video#1", "media#share/")) == []


def test_a_deleted_asset_takes_its_shares_along(studio: Studio) -> None:
    studio.media()
    sharing.begin(("video", 1), studio.sport)
    studio.root.delete("/api/videoassets/1/")
    assert list(Share.below("video#1", "media#share/")) == []
    assert not sharing.begin(("video", 1), studio.sport)


def test_shots_and_sequences_are_none(studio: Studio) -> None:
    studio.media()
    for part in ("shots", "sequences"):
        assert studio.root.get(f"/api/videoassets/1/{part}/").json() == []
        assert studio.outsider.get(f"/api/videoassets/1/{part}/").status == 404
        assert studio.root.get(f"/api/videoassets/9/{part}/").status == 404


# --- imports


def ask(studio: Studio, *, by: Client | None = None, meta: dict[str, Any] | None = None, **fields: Any) -> Any:
    asset_meta = {"name": "Imported", "description": "d", "approval": 0, "path_file": f"{ROOT}in.mov", **(meta or {})}
    body = {
        "production": studio.news,
        "type": "video",
        "move_asset": False,
        "asset": {"asset_meta": asset_meta},
        **fields,
    }
    return (by or studio.root).post("/api/asset/import/", json=body)


def test_an_import_makes_its_asset_and_a_log(studio: Studio) -> None:
    import_id = studio.made(ask(studio, meta={"meta_field_store": {"a": 1}}))["asset_import_id"]
    assert re.fullmatch("[0-9a-f]{32}", import_id)
    asset = studio.root.get("/api/videoassets/1/").json()
    assert (asset["name"], asset["description"], asset["status_approval"]) == ("Imported", "d", 0)
    assert (asset["path_file"], asset["meta_field_store"]) == (f"{ROOT}in.mov", {"a": 1})
    [log] = studio.reader.get("/api/importlogs/").json()
    assert (log["id"], log["asset_import_id"], log["asset_type"]) == (1, import_id, "videoasset")
    assert (log["asset_path"], log["status"], log["error"], log["warning"]) == (f"{ROOT}in.mov", "DONE", "", "")
    assert log["payload"]["asset"]["asset_meta"]["name"] == "Imported"
    assert studio.outsider.get("/api/importlogs/").json() == []


def test_logs_tell_how_far_the_scan_is(studio: Studio) -> None:
    for number, content in enumerate((b"fine", EICAR)):
        asset = {"asset_meta": {"name": "x", "path_file": f"{ROOT}{number}.mov"}, "upload": upload(studio, content)}
        assert ask(studio, asset=asset).status == 201
    assert [log["status"] for log in studio.root.get("/api/importlogs/").json()] == ["RUNNING", "RUNNING"]
    studio.deliver()
    logs = studio.root.get("/api/importlogs/").json()
    assert [log["status"] for log in logs] == ["DONE", "ERROR"]
    assert "infected" in logs[1]["error"]
    [one] = studio.root.get(f"/api/importlogs/?asset_path={ROOT}0.mov").json()
    assert one["id"] == 1
    studio.root.delete("/api/videoassets/1/")
    assert studio.root.get("/api/importlogs/?limit=1").json()[0]["status"] == "ERROR"


@pytest.mark.parametrize("kind", ["video", "videoasset", "videoassets", "VideoAsset"])
def test_words_for_types(studio: Studio, kind: str) -> None:
    assert ask(studio, type=kind).status == 201


def test_bad_imports_are_told_and_logged_nowhere(studio: Studio) -> None:
    for reply, told in (
        (studio.root.post("/api/asset/import/", json={}),
         [("/asset/asset_meta/name", "required"), ("/asset/asset_meta/path_file", "required"),
          ("/production", "required"), ("/type", "required")]),
        (ask(studio, type="other"), [("/type", "invalid_choice")]),
        (ask(studio, production=99), [("/production", "does_not_exist")]),
        (ask(studio, production="x"), [("/production", "invalid")]),
        (ask(studio, asset=[]), [("/asset", "not_a_dict"), ("/asset/asset_meta/name", "required"),
                                 ("/asset/asset_meta/path_file", "required")]),
        (ask(studio, meta={"path_file": "x", "approval": 7}),
         [("/asset/asset_meta/approval", "invalid_choice"), ("/asset/asset_meta/path_file", "invalid")]),
    ):  # fmt: skip
        assert faults(reply) == told
    assert errors(ask(studio, by=studio.writer), 403)[0]["code"] == "permission_denied"
    assert studio.root.get("/api/importlogs/").json() == []
    assert studio.root.get("/api/videoassets/").json() == []
