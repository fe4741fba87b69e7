"""Reading one project asset, and what every request has in common: who calls, the version, the spelling of paths."""

import itertools
import json
from urllib.parse import quote

import pytest

from app import app
from chalicelib.web.rendering import MEDIALOOPSTER
from chalicelib.web.routing import split
from tests.conformance.projectassets.studio import PROJECTS, ROOT, Studio, error, errors
from tests.support.client import basic


def test_an_unknown_project_is_the_documents_404(studio: Studio) -> None:
    reply = studio.root.get(f"{PROJECTS}999/")
    assert reply.status == 404
    assert (
        reply.body
        == json.dumps(
            {
                "errors": [
                    {
                        "status": "404",
                        "code": "not_found",
                        "detail": "ProjectAsset object with pk=u'999' does not exist.",
                        "title": "Not Found",
                    }
                ]
            },
            separators=(",", ":"),
        ).encode()
    )


NO_IDS = ["abc", "0", "-1", "01", "1.0", "+1", " 1", "9" * 40, "9" * 12, "1e3", "٣", 'a"b', "'", "u'1'", "{}", "null"]


def test_ids_that_are_none_are_echoed_in_a_404(studio: Studio) -> None:
    studio.make()
    for raw_id in NO_IDS:
        for method in ("GET", "PATCH"):
            reply = studio.root.request(method, f"{PROJECTS}{quote(raw_id)}/")
            assert error(reply, 404) == ("not_found", f"ProjectAsset object with pk=u'{raw_id}' does not exist.")
        reply = studio.root.delete(f"{PROJECTS}{quote(raw_id)}/")
        assert error(reply, 404) == ("does_not_exist", f"The project asset {raw_id} does not exist.")


def test_both_spellings_of_every_path_are_answered(studio: Studio) -> None:
    made = studio.make()
    for path in ("/api/projectassets", "/api/projectassets/1", "/api/productions", "/api/devices", "/api/videoassets"):
        assert studio.root.get(path).status == studio.root.get(f"{path}/").status == 200
    for path in ("/api/projectassets/1/addasset", "/api/projectassets/1/addasset/"):
        assert studio.root.post(path, json={"asset_list": []}).status == 200
    fields = {"name": "P", "bundle_root": f"{ROOT}p/", "production_id": studio.news}
    assert studio.root.post("/api/projectassets", json=fields).status == 201
    assert studio.root.delete(f"/api/projectassets/{made['id']}").status == 202


def test_head_says_what_get_would(studio: Studio) -> None:
    studio.make()
    got, head = studio.root.get(f"{PROJECTS}1/"), studio.root.head(f"{PROJECTS}1/")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(got.body)))
    assert studio.root.head(PROJECTS).headers["X-Total-Count"] == "1"
    assert studio.outsider.head(f"{PROJECTS}1/").status == studio.outsider.head(f"{PROJECTS}2/").status == 404
    hidden, unknown = studio.outsider.head(f"{PROJECTS}1/"), studio.outsider.head(f"{PROJECTS}2/")
    assert hidden.headers["Content-Length"] == unknown.headers["Content-Length"]


def test_what_the_caller_may_not_read_is_answered_as_if_it_were_not_there(studio: Studio) -> None:
    studio.make()
    for method, path in (("GET", "1/"), ("PATCH", "1/"), ("DELETE", "1/"), ("POST", "1/addasset/")):
        hidden = studio.outsider.request(method, f"{PROJECTS}{path}", json={})
        unknown = studio.outsider.request(method, f"{PROJECTS}{path.replace('1', '7')}", json={})
        assert hidden.status == unknown.status == 404
        assert hidden.text.replace("1", "7") == unknown.text


# --- who calls


CREDENTIALS = [
    (None, "not_authenticated", "Authentication credentials were not provided."),
    ("Digest abc", "not_authenticated", "Authentication credentials were not provided."),
    ("Token", "authentication_failed", "Invalid token header. No credentials provided."),
    ("Token ", "authentication_failed", "Invalid token header. No credentials provided."),
    ("Token a b", "authentication_failed", "Invalid token header. Token string should not contain spaces."),
    ("Token nope", "authentication_failed", "Invalid token."),
    ("Basic !", "authentication_failed", "Invalid token."),
]


def test_without_valid_credentials_nothing_is_answered(studio: Studio) -> None:
    for (sent, code, detail), (method, path) in itertools.product(CREDENTIALS, ROUTES):
        headers = {} if sent is None else {"Authorization": sent}
        reply = studio.stranger.request(method, path, headers=headers)
        assert error(reply, 401) == (code, detail), path
        assert reply.json()["errors"][0]["title"] == "Unauthorized"
        # As API Gateway hands it on; our distributions name it back (docs/access.md).
        assert reply.headers["x-amzn-Remapped-WWW-Authenticate"] == "Token"


ROUTES = [
    ("GET", PROJECTS),
    ("POST", PROJECTS),
    ("GET", f"{PROJECTS}1/"),
    ("PATCH", f"{PROJECTS}1/"),
    ("DELETE", f"{PROJECTS}1/"),
    ("POST", f"{PROJECTS}1/addasset/"),
    ("GET", "/api/productions/"),
    ("POST", "/api/productions/"),
    ("GET", "/api/productions/1/"),
    ("POST", "/api/productions/1/members/"),
    ("DELETE", "/api/productions/1/members/"),
    ("GET", "/api/devices/"),
    ("POST", "/api/devices/"),
    ("GET", "/api/devices/1/"),
    ("GET", "/api/audioassets/"),
    ("POST", "/api/imageassets/"),
    ("GET", "/api/videoassets/1/"),
    ("PATCH", "/api/videoassets/1/"),
    ("DELETE", "/api/videoassets/1/"),
    ("GET", "/api/videoassets/1/file/"),
    ("GET", "/api/videoassets/1/shots/"),
    ("GET", "/api/videoassets/1/sequences/"),
    ("POST", "/api/asset/import/"),
    ("GET", "/api/importlogs/"),
]


def test_a_token_counts_in_any_case_of_its_scheme_and_as_a_password(studio: Studio) -> None:
    token = studio.member("anna", studio.news).token
    for sent in (f"Token {token}", f"token {token}", f"TOKEN {token}", basic("anna", token)):
        assert studio.stranger.get(PROJECTS, headers={"Authorization": sent}).status == 200


def test_a_ping_needs_nobody(studio: Studio) -> None:
    for path in ("/api/ping", "/api/ping/"):
        reply = studio.stranger.get(path)
        assert (reply.status, reply.body) == (204, b"")


def test_a_membership_that_ended_ends(studio: Studio) -> None:
    person = studio.member("anna", studio.news)
    studio.make()
    assert studio.listed(by=person.client) == [1]
    assert studio.root.delete(f"/api/productions/{studio.news}/members/?user={person.uid}").status == 204
    assert studio.listed(by=person.client) == []
    assert person.client.get(f"{PROJECTS}1/").status == 404


# --- the version


def test_version_one_is_what_there_is(studio: Studio) -> None:
    for accept in (
        "",
        "*/*",
        "application/json",
        "application/json; version=1",
        'application/json;version="1"',
        "application/*",
        "text/html, application/json;q=0.5",
        "text/html,*/*;q=0.1",
        "application/json;version=2, */*",
    ):
        assert studio.root.get(PROJECTS, headers={"Accept": accept}).status == 200


def test_no_other_version_is(studio: Studio) -> None:
    for version in ("0", "2", "1.0", "latest", ""):
        reply = studio.root.get(PROJECTS, headers={"Accept": f"application/json; version={version}"})
        assert error(reply, 406) == ("not_acceptable", 'Invalid version in "Accept" header.')
        assert reply.json()["errors"][0]["title"] == "Not Acceptable"


def test_nothing_but_json_is_given(studio: Studio) -> None:
    for accept in ("text/html", "application/xml", "application/json;q=0", "image/*"):
        reply = studio.root.get(PROJECTS, headers={"Accept": accept})
        assert error(reply, 406) == ("not_acceptable", "Could not satisfy the request Accept header.")


# --- paths and methods that are not there


METHODS = [
    ("PUT", PROJECTS, "GET, HEAD, OPTIONS, POST"),
    ("DELETE", PROJECTS, "GET, HEAD, OPTIONS, POST"),
    ("PUT", f"{PROJECTS}1/", "DELETE, GET, HEAD, OPTIONS, PATCH"),
    ("POST", f"{PROJECTS}1/", "DELETE, GET, HEAD, OPTIONS, PATCH"),
    ("GET", f"{PROJECTS}1/addasset/", "OPTIONS, POST"),
    ("PATCH", "/api/productions/1/", "GET, HEAD, OPTIONS"),
]


def test_other_methods_are_told_which_there_are(studio: Studio) -> None:
    for method, path, allow in METHODS:
        reply = studio.root.request(method, path)
        assert error(reply, 405) == ("method_not_allowed", f'Method "{method}" not allowed.')
        assert reply.json()["errors"][0]["title"] == "Method Not Allowed"
        assert reply.headers["Allow"] == allow


STRAY = [
    f"{PROJECTS}1/nope/",
    f"{PROJECTS}1/list/",
    f"{PROJECTS}1/projectMeta/",
    f"{PROJECTS}1/meta/x/",
    f"{PROJECTS}1/object/o/",
    "/api/productions/1/list",
    "/api/ping/x/projectMeta",
    "/api/devices/1/2/3",
]


def test_no_path_below_these_literals_is_a_stores(studio: Studio) -> None:
    for path in STRAY:
        for client in (studio.root, studio.outsider):
            assert error(client.get(path), 404) == ("not_found", "Not found.")


def test_no_store_can_have_the_name_of_a_literal(studio: Studio) -> None:
    for name in MEDIALOOPSTER:
        reply = studio.root.post("/api/create", json={"id": name})
        assert (reply.status, reply.json()["title"]) == (409, "Store already in use")


def test_every_literal_of_this_api_gets_its_errors() -> None:
    mounted = {
        split(path)[1]
        for path, methods in app.routes.items()
        for entry in methods.values()
        if entry.view_function.__module__.startswith("chalicelib.apis.projectassets.")
    }
    assert mounted == MEDIALOOPSTER


def test_the_resource_of_version_zero_is_gone(studio: Studio) -> None:
    assert studio.root.get("/api/project/").status == 404


def test_the_unexpected_tells_nothing(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.apis.projectassets import records

    studio.make()
    monkeypatch.setattr(records, "each_below", lambda *_: 1 / 0)
    [told] = errors(studio.root.get(f"{PROJECTS}1/"), 500)
    assert told["title"] == "Internal Server Error"
    assert "zero" not in told["detail"]


def test_other_hosts_know_nothing_of_it(studio: Studio) -> None:
    for host in ("assets.test", "stores.test"):
        for path in ("/api/ping/", PROJECTS):
            assert studio.root.get(f"http://{host}{path}").status == 404


def test_an_open_product_needs_no_token(studio: Studio) -> None:
    studio.cloud.set(AUTH="open")
    made = studio.make(by=studio.stranger)
    assert studio.get(made["id"], by=studio.stranger) == made


def test_no_cache_keeps_an_answer(studio: Studio) -> None:
    assert studio.root.get(PROJECTS).headers["Cache-Control"] == "private, no-store"
