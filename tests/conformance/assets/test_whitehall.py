"""POST /whitehall_assets and GET /government/uploads/..."""

from typing import Any

import pytest

from tests.conformance.assets.site import (
    API,
    ASSETS,
    DRAFT,
    EICAR,
    FORBIDDEN,
    GONE,
    NOT_FOUND,
    PRIVATE,
    PUBLIC,
    TEXT,
    Site,
    sentences,
)
from tests.support.client import Reply

PATH = "/government/uploads/path/to/tmp.txt"
NEW = b"another text\n"
PICTURE = "/asset-manager/thumbnail-placeholder-"


def test_a_whitehall_asset_is_an_ordinary_one_under_its_own_path(site: Site) -> None:
    made = site.whitehall(PATH)
    assert made.answer["file_url"] == f"{ASSETS}{PATH}"
    assert made.answer["_response_info"] == {"status": "created"}
    assert {"access_limited", "access_limited_organisation_ids", "auth_bypass_ids"} <= made.answer.keys()
    site.deliver()
    read = site.read(PATH)
    assert (read.status, read.body, read.headers["Cache-Control"]) == (200, TEXT, PUBLIC)
    assert read.headers["Content-Disposition"] == 'inline; filename="tmp.txt"'
    assert site.reader.head(f"{ASSETS}{PATH}").headers["Content-Length"] == str(len(TEXT))
    assert site.editor.get(made.url).json()["file_url"] == f"{ASSETS}{PATH}"
    assert site.update(made, draft=True)["draft"] is True
    site.update(made, draft=False)
    site.delete(made)
    reply = site.read(PATH)
    assert (reply.status, reply.json()) == (410, GONE)
    assert site.editor.post(made.url + "/restore").json()["file_url"] == f"{ASSETS}{PATH}"
    assert site.read(PATH).body == TEXT
    assert site.editor.get(f"/whitehall_assets{PATH}").status == 404, "was removed with the original's create"


def test_the_path_must_be_one_below_government_uploads(site: Site) -> None:
    blank, start = "Legacy url path can't be blank", "Legacy url path must start with /government/uploads"
    table = {
        "": blank,
        "   ": blank,
        "/government/upload/a.txt": start,
        "/government/uploadsx/a.txt": start,
        "/government/uploads": start,
        "/government/uploads/": start,
        "government/uploads/a.txt": start,
        "//government/uploads/a.txt": start,
        "/x/government/uploads/a.txt": start,
        "/government/uploads/../a.txt": start,
        "/government/uploads/a/./b.txt": start,
        "/government/uploads/a//b.txt": start,
        "/government/uploads/a\nb.txt": start,
        "/government/uploads/" + "a" * 1000: "Legacy url path is too long (maximum is 1000 bytes)",
    }
    replies = {path: site.post(to="/whitehall_assets", legacy_url_path=path) for path in table}
    assert {path: sentences(reply) for path, reply in replies.items()} == {path: [told] for path, told in table.items()}
    assert sentences(site.post(to="/whitehall_assets")) == [blank]
    assert site.arrived() == []


def test_only_the_creation_of_a_whitehall_asset_takes_what_is_legacy(site: Site) -> None:
    legacy: dict[str, Any] = {
        "legacy_url_path": PATH,
        "legacy_etag": "legacy",
        "legacy_last_modified": "2001-02-03T04:05:06Z",
    }
    plain = site.clean(**legacy)
    assert plain.answer["file_url"] == f"{ASSETS}/media/{plain.id}/tmp.txt"
    assert site.read(PATH).status == 404
    assert site.read(plain.path).headers["ETag"] != '"legacy"'
    made = site.whitehall(PATH)
    site.deliver()
    moved = site.update(made, draft=False, **legacy | {"legacy_url_path": "/government/uploads/moved.txt"})
    assert moved["file_url"] == f"{ASSETS}{PATH}"
    assert site.read("/government/uploads/moved.txt").status == 404
    assert site.read(PATH).headers["ETag"] != '"legacy"'


def test_who_had_the_path_is_deleted(site: Site) -> None:
    first = site.whitehall(PATH)
    site.deliver()
    second = site.whitehall(PATH, NEW)
    assert site.editor.get(first.url).status == 404
    assert site.published() == [], "the first one's file is no longer public"
    assert site.read(PATH).headers["Location"] == "/government/placeholder"
    site.deliver()
    assert site.read(PATH).body == NEW
    taken = site.editor.post(first.url + "/restore")
    assert sentences(taken) == ["Legacy url path has already been taken"]
    assert site.read(PATH).body == NEW
    site.delete(second)
    assert site.read(PATH).status == 410
    assert site.editor.post(first.url + "/restore").status == 200
    assert site.read(PATH).body == TEXT
    assert sentences(site.editor.post(second.url + "/restore")) == ["Legacy url path has already been taken"]


def test_the_path_of_another_is_not_to_be_had(site: Site) -> None:
    """Ours: in the original anybody with a token deletes anybody's asset so."""
    first = site.whitehall(PATH)
    site.deliver()
    stranger = site.caller("stranger").client
    refused = site.post(by=stranger, to="/whitehall_assets", legacy_url_path=PATH)
    assert (refused.status, refused.json()) == (403, FORBIDDEN)
    assert site.read(PATH).body == TEXT
    manager = site.caller("manager", permissions=["Manage all Assets"]).client
    assert site.post(by=manager, to="/whitehall_assets", legacy_url_path=PATH).status == 201
    assert site.editor.get(first.url).status == 404


def test_an_invalid_newcomer_deletes_nobody(site: Site) -> None:
    """Ours: the original deletes first and validates then."""
    first = site.whitehall(PATH)
    site.deliver()
    refused = site.post(to="/whitehall_assets", legacy_url_path=PATH, content_type="bad")
    assert sentences(refused) == ["Content type must match the format defined in rfc6838"]
    assert site.editor.get(first.url).status == 200
    assert site.read(PATH).body == TEXT


def test_a_path_without_an_extension_is_never_found(site: Site) -> None:
    for path in ("/government/uploads/a/file", "/government/uploads/a.b/file", "/government/uploads/a/file."):
        made = site.whitehall(path)
        site.deliver()
        assert site.state(made) == "clean"
        reply = site.read(path)
        assert (reply.status, reply.json()) == (404, NOT_FOUND), path
    assert site.read("/government/uploads").status == 404


@pytest.mark.parametrize("host", [ASSETS, API])
def test_the_path_is_matched_decoded_and_with_slashes_folded(site: Site, host: str) -> None:
    made = site.whitehall("/government/uploads/rés umé+1.txt")
    site.deliver()
    assert made.path == "/government/uploads/r%C3%A9s%20um%C3%A9+1.txt"
    for path in (made.path, "/" + made.path, "/government//uploads///r%c3%a9s%20um%C3%A9%2B1.txt"):
        assert site.read(path, host, by=site.editor).body == TEXT, path
    assert site.read("/government/uploads/other.txt", host, by=site.editor).status == 404


def test_what_is_not_scanned_yet_has_a_placeholder(site: Site) -> None:
    pictures = {"a.jpg": True, "a.JPEG": True, "a.png": True, "a.gif": True, "a.txt": False, "a.svg": False}
    for name, is_picture in pictures.items():
        made = site.whitehall(f"/government/uploads/{name}")
        reply = site.read(made.path)
        assert (reply.status, reply.headers["Cache-Control"]) == (302, "max-age=60, public")
        location = reply.headers["Location"]
        assert location.startswith(PICTURE) if is_picture else location == "/government/placeholder", name
        place = site.read(location)
        assert place.status == 200
        if is_picture:
            assert (place.headers["Content-Type"], place.body[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")
        else:
            assert place.headers["Content-Type"] == "text/html; charset=utf-8"
            assert "being scanned" in place.text
    site.deliver()
    assert all(site.read(f"/government/uploads/{name}").body == TEXT for name in pictures)
    assert site.read(PICTURE + "0123.png").status == 404


def test_what_is_infected_has_none(site: Site) -> None:
    made = site.whitehall(PATH, EICAR)
    site.deliver()
    reply = site.read(PATH)
    assert (reply.status, reply.json()) == (404, NOT_FOUND)
    site.replace(made, "tmp.txt", TEXT)
    assert site.read(PATH).headers["Location"] == "/government/placeholder"
    site.cloud.set(SCAN_MAX_BYTES="3")
    site.deliver()
    assert site.state(made) == "unscannable"
    assert site.read(PATH).status == 404


def test_another_file_has_the_same_path_and_no_old_name(site: Site) -> None:
    made = site.whitehall(PATH)
    site.deliver()
    answer = site.replace(made, "other.csv", NEW)
    assert (answer["name"], answer["file_url"]) == ("other.csv", f"{ASSETS}{PATH}")
    site.deliver()
    read = site.read(PATH)
    assert (read.status, read.body) == (200, NEW)
    assert read.headers["Content-Type"] == "text/csv"
    assert read.headers["Content-Disposition"] == 'inline; filename="other.csv"'


def test_policy_comes_in_the_same_order_as_for_media(site: Site) -> None:
    target = site.clean("target.txt")
    made = site.whitehall(PATH, redirect_url="https://www.gov.uk/elsewhere")
    assert site.read(PATH).headers["Location"] == "https://www.gov.uk/elsewhere", "before it is scanned, even"
    site.deliver()
    assert site.read(PATH).headers["Location"] == "https://www.gov.uk/elsewhere"
    site.update(made, replacement_id=target.id)
    reply = site.read(PATH)
    assert (reply.status, reply.headers["Location"]) == (301, f"//assets.test{target.path}")
    draft = site.whitehall("/government/uploads/draft.txt", draft=True)
    assert site.read(draft.path).headers["Location"] == f"{DRAFT}{draft.path}"
    assert site.read(draft.path, DRAFT).status == 401
    early = site.read(draft.path, DRAFT, by=site.editor)
    assert (early.status, early.headers["Cache-Control"]) == (302, PRIVATE)
    site.deliver()
    assert site.read(draft.path, DRAFT, by=site.editor).body == TEXT


def test_legacy_etag_and_date_outlive_the_file(site: Site) -> None:
    made = site.whitehall(PATH, legacy_etag="55a7-1f3c", legacy_last_modified="2001-02-03T04:05:06Z")
    site.deliver()
    for _ in range(2):
        read = site.read(PATH)
        assert (read.headers["ETag"], read.headers["Last-Modified"]) == ('"55a7-1f3c"', "Sat, 03 Feb 2001 04:05:06 GMT")
        conditions = {"If-None-Match": '"55a7-1f3c"', "If-Modified-Since": "Sat, 03 Feb 2001 04:05:06 GMT"}
        assert site.read(PATH, headers=conditions).status == 304
        site.replace(made, "other.txt", NEW)
        site.deliver()


def test_each_legacy_header_counts_by_itself(site: Site) -> None:
    etag = site.whitehall("/government/uploads/a.txt", legacy_etag="only")
    date = site.whitehall("/government/uploads/b.txt", legacy_last_modified="2001-02-03T04:05:06Z")
    site.deliver()
    first, second = site.read(etag.path).headers, site.read(date.path).headers
    assert first["ETag"] == '"only"'
    assert first["Last-Modified"] != "Sat, 03 Feb 2001 04:05:06 GMT"
    assert second["ETag"] != '"only"'
    assert second["Last-Modified"] == "Sat, 03 Feb 2001 04:05:06 GMT"


def test_legacy_dates_come_in_several_forms(site: Site) -> None:
    table = {
        "2001-02-03T04:05:06Z": "Sat, 03 Feb 2001 04:05:06 GMT",
        "2001-02-03 04:05:06 UTC": "Sat, 03 Feb 2001 04:05:06 GMT",
        "2001-02-03 04:05:06 +0100": "Sat, 03 Feb 2001 03:05:06 GMT",
        "2001-02-03T04:05:06.789+01:00": "Sat, 03 Feb 2001 03:05:06 GMT",
        "Sat, 03 Feb 2001 04:05:06 GMT": "Sat, 03 Feb 2001 04:05:06 GMT",
        "2001-02-03": "Sat, 03 Feb 2001 00:00:00 GMT",
    }
    served = {}
    for number, text in enumerate(table):
        made = site.whitehall(f"/government/uploads/{number}.txt", legacy_last_modified=text)
        site.deliver()
        served[text] = site.read(made.path).headers["Last-Modified"]
    assert served == table


def test_what_could_not_stand_in_a_header_is_refused(site: Site) -> None:
    table = {
        ("legacy_etag", 'a"b'): "Legacy etag is not an entity tag",
        ("legacy_etag", "a b"): "Legacy etag is not an entity tag",
        ("legacy_etag", "a\r\nSet-Cookie: x"): "Legacy etag is not an entity tag",
        ("legacy_etag", "é"): "Legacy etag is not an entity tag",
        ("legacy_etag", '""'): "Legacy etag is not an entity tag",
        ("legacy_etag", "x" * 257): "Legacy etag is not an entity tag",
        ("legacy_last_modified", "yesterday"): "Legacy last modified is not a date",
        ("legacy_last_modified", "2001-02-30"): "Legacy last modified is not a date",
        ("legacy_last_modified", "0001-01-01T00:00:00+23:59"): "Legacy last modified is not a date",
        ("legacy_last_modified", "9" * 30): "Legacy last modified is not a date",
        ("legacy_last_modified", "Tue, 18 Jul 99999999999999999999 16:18:38 GMT"): "Legacy last modified is not a date",
    }
    replies: dict[tuple[str, str], Reply] = {}
    for name, text in table:
        asset: dict[str, Any] = {"legacy_url_path": PATH, name: text}
        replies[name, text] = site.post(to="/whitehall_assets", **asset)
    assert {case: sentences(reply) for case, reply in replies.items()} == {case: [told] for case, told in table.items()}
    quoted = site.whitehall("/government/uploads/q.txt", legacy_etag='W/"quoted"')
    site.deliver()
    assert site.read(quoted.path).headers["ETag"] == '"quoted"'
