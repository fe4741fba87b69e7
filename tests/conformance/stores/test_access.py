"""Who may do what, and how a caller says who it is (specification sections 1 and 2)."""

from typing import Any
from urllib.parse import quote

import pytest

from app import app
from tests.conformance.stores.gallery import JSON, OCTETS, PROJECT, Gallery, title
from tests.support.client import Client

READS = [
    f"{PROJECT}/list",
    f"{PROJECT}/projectMeta",
    f"{PROJECT}/projectAccessMeta",
    f"{PROJECT}/meta/map",
    f"{PROJECT}/tags/map",
    f"{PROJECT}/object/project",
    f"{PROJECT}/object/project/info",
]
WRITES: list[tuple[str, str, Any]] = [
    ("POST", f"{PROJECT}/create", {"name": "x"}),
    ("POST", f"{PROJECT}/projectMeta", {"name": "x"}),
    ("POST", f"{PROJECT}/meta/map", {"description": "x"}),
    ("POST", f"{PROJECT}/tags/map", ["x"]),
    ("PATCH", f"{PROJECT}/tags/map", {"action": "add", "data": ["x"]}),
    ("DELETE", f"{PROJECT}/tags/map", {}),
    ("POST", f"{PROJECT}/object/other", {}),
    ("PUT", f"{PROJECT}/object/project", {}),
]


@pytest.mark.parametrize("path", READS)
def test_reading_takes_a_group_of_the_project(gallery: Gallery, path: str) -> None:
    gallery.make_asset("map")
    for client, status in ((gallery.alice, 200), (gallery.bob, 200), (gallery.admin, 200), (gallery.carol, 401)):
        assert client.get(path).status == client.head(path).status == status
    assert title(gallery.carol.get(path), 401) == "Access token required for READ operation"


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_writing_takes_a_write_group_of_the_project(gallery: Gallery, method: str, path: str, body: Any) -> None:
    gallery.make_asset("map")
    for client in (gallery.bob, gallery.carol, gallery.nobody):
        refused = client.request(method, path, json=body, headers=JSON)
        assert title(refused, 401) == "Access token required for WRITE operation"
    assert gallery.alice.request(method, path, json=body, headers=JSON).status == 200


@pytest.mark.parametrize("path", READS)
def test_a_project_that_is_hidden_is_answered_as_one_that_is_not_there(gallery: Gallery, path: str) -> None:
    other = path.replace("expo", "nothing")
    hidden, absent = gallery.carol.get(path), gallery.carol.get(other)
    assert (hidden.status, hidden.body) == (absent.status, absent.body) == (401, hidden.body)
    assert gallery.carol.head(path).status == gallery.carol.head(other).status == 401


def test_a_public_project_is_read_by_everybody_with_a_token_and_written_by_its_groups(gallery: Gallery) -> None:
    gallery.admin.post(f"{PROJECT}/projectAccessMeta", json={"groups": ["g1", "public"]})
    gallery.make_asset("map")
    assert gallery.nobody.get(f"{PROJECT}/meta/map").status == 200
    sneaky = gallery.person("sneaky", groups=["public"]).client
    assert title(sneaky.post(f"{PROJECT}/meta/map", json={}), 401).endswith("WRITE operation")
    assert gallery.alice.post(f"{PROJECT}/meta/map", json={}).status == 200
    assert title(gallery.stranger.get(f"{PROJECT}/meta/map"), 401) == "Access token required"


def test_creating_a_project_takes_one_of_its_groups(gallery: Gallery) -> None:
    def create(client: Client, project: str, *groups: str) -> int:
        return client.post("/api/default/create", json={"id": project, "name": "x", "groups": list(groups)}).status

    assert create(gallery.bob, "one", "g9") == 401
    assert create(gallery.bob, "one", "g1") == 401
    assert create(gallery.nobody, "one", "public") == 401
    assert create(gallery.alice, "one", "public") == 401
    assert create(gallery.alice, "one", "g1", "public") == 200


def test_a_token_comes_in_any_of_its_places(gallery: Gallery) -> None:
    token = gallery.person("dora", groups=["g1"]).token
    for headers in (
        {"AUTH_TOKEN": token},
        {"AUTH-TOKEN": token},
        {"Authorization": f"Bearer {token}"},
        {"Cookie": f"a=b; AUTH_TOKEN={token}"},
    ):
        assert Client(app, headers).get(f"{PROJECT}/list").status == 200
    assert gallery.stranger.get(f"{PROJECT}/list?AUTH_TOKEN={quote(token)}").status == 200
    assert Client(app, {"Cookie": f"AUTH_TOKEN={token}"}).get("/assets/" + "0" * 24).status == 401
    assert gallery.stranger.get("/assets/" + "0" * 24 + f"?AUTH_TOKEN={quote(token)}").status == 401


@pytest.mark.parametrize("token", ["", "x", "am_0123456789abcdef_" + "x" * 43, "eyJhbGciOiJIUzI1NiJ9.e30.x"])
def test_a_wrong_token_and_none_are_answered_alike(gallery: Gallery, token: str) -> None:
    for reply in (
        Client(app, {"AUTH_TOKEN": token}).get("/api/list"),
        Client(app, {"Cookie": f"AUTH_TOKEN={token}"}).get("/api/list"),
        gallery.stranger.get(f"/api/list?AUTH_TOKEN={quote(token)}"),
        gallery.stranger.get("/api/list"),
    ):
        assert title(reply, 401) == "Access token required"
        assert reply.json()["description"].startswith("Please provide a valid access token")


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "application/octet-stream"])
def test_a_write_that_is_not_json_is_refused_even_without_a_body(gallery: Gallery, kind: str | None) -> None:
    gallery.make_asset("map")
    headers = {} if kind is None else {"Content-Type": kind}
    reply = gallery.alice.post(f"{PROJECT}/meta/map", body=b'{"description":"x"}', headers=headers)
    assert title(reply, 415) == "Unsupported media type"
    assert title(gallery.alice.delete(f"{PROJECT}/tags/map", headers=headers), 415)
    assert gallery.meta("map")["description"] == ""


def test_json_may_name_its_character_set(gallery: Gallery) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert gallery.alice.post(f"{PROJECT}/create", body=b'{"name":"x"}', headers=headers).status == 200


@pytest.mark.parametrize(
    ("accept", "status"),
    [("text/html", 406), ("application/json;q=0", 406), ("application/xml", 406), ("*/*", 200), ("", 200),
     ("text/html, */*;q=0.1", 200), ("application/json", 200), ("application/*", 200)],
)  # fmt: skip
def test_the_answer_is_json_or_not_acceptable(gallery: Gallery, accept: str, status: int) -> None:
    reply = gallery.alice.get("/api/list", headers={"Accept": accept})
    assert reply.status == status
    if status == 406:
        assert title(reply, 406) == "Media type not acceptable"


def test_what_is_wrong_is_told_in_order_token_accept_content_type_access(gallery: Gallery) -> None:
    path = f"{PROJECT}/meta/none"
    bad = {"Accept": "text/html", **OCTETS}
    assert gallery.stranger.post(path, headers=bad).status == 401
    assert gallery.carol.post(path, headers=bad).status == 406
    assert gallery.carol.post(path, headers=OCTETS).status == 415
    assert gallery.carol.post(path, headers=JSON).status == 401
    assert gallery.alice.post(path, headers=JSON).status == 400


def test_unknown_routes_and_methods_have_the_apis_own_shape(gallery: Gallery) -> None:
    assert title(gallery.alice.get("/api"), 404) == "Not Found"
    assert title(gallery.alice.get("/api/default/expo/nothing/at/all"), 404) == "Not Found"
    reply = gallery.alice.put("/api/list", headers=JSON)
    assert title(reply, 405) == "Method Not Allowed"
    assert "GET" in reply.headers["Allow"]


@pytest.mark.parametrize("host", ["http://assets.test", "http://draft-assets.test", "http://stores.test"])
def test_the_api_is_on_its_own_host_alone(gallery: Gallery, host: str) -> None:
    assert gallery.admin.get(f"{host}/api/list").status == 404


def test_without_a_token_the_open_product_is_its_owners(gallery: Gallery) -> None:
    gallery.cloud.set(AUTH="open")
    assert gallery.stranger.get(f"{PROJECT}/list").json() == {"Assets": []}
    assert gallery.stranger.post("/api/create", json={"id": "second"}).status == 200
    assert gallery.carol.get(f"{PROJECT}/list").status == 401


def test_pages_of_any_origin_may_call_and_a_preflight_needs_no_token(gallery: Gallery) -> None:
    origin = {"Origin": "https://elsewhere.example"}
    for reply in (
        gallery.alice.get("/api/list", headers=origin),
        gallery.stranger.get("/api/list", headers=origin),
        gallery.stranger.get("/api/no/such/route/at/all", headers=origin),
    ):
        assert reply.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in reply.headers
    asked = {**origin, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "auth_token"}
    preflight = gallery.stranger.request("OPTIONS", f"{PROJECT}/tags/map", headers=asked)
    assert preflight.status == 204
    assert "PATCH" in preflight.headers["Access-Control-Allow-Methods"]
    allowed = preflight.headers["Access-Control-Allow-Headers"].lower()
    assert all(name in allowed for name in ("auth_token", "auth-token", "content-type", "authorization"))
    assert "Access-Control-Allow-Origin" not in gallery.stranger.get("/assets/x", headers=origin).headers


def test_a_page_of_another_site_is_not_the_open_products_owner(gallery: Gallery) -> None:
    gallery.cloud.set(AUTH="open")
    page = {"Origin": "null", "Sec-Fetch-Site": "cross-site"}
    assert gallery.stranger.get(f"{PROJECT}/list", headers=page).status == 401
    assert gallery.stranger.get(f"{PROJECT}/list").status == 200


def test_a_head_says_404_wherever_a_get_says_that_something_is_not_there(gallery: Gallery) -> None:
    gallery.make_asset("map")
    for path in (
        "/api/nowhere/list",
        "/api/nowhere/expo/list",
        "/api/default/nothing/list",
        "/api/default/nothing/projectMeta",
        "/api/default/nothing/projectAccessMeta",
        f"{PROJECT}/files/none",
        f"{PROJECT}/tags/none",
        f"{PROJECT}/meta/none",
        f"{PROJECT}/object/none",
        f"{PROJECT}/object/none/info",
        "/api/user?user=none",
    ):
        assert gallery.admin.get(path).status == 400
        head = gallery.admin.head(path)
        assert (head.status, head.body) == (404, b"")
    for path in (f"{PROJECT}/list?limit=0", f"{PROJECT}/files/map?version=new"):
        assert gallery.admin.head(path).status == 400
    assert gallery.carol.head(f"{PROJECT}/list").status == gallery.carol.head("/api/default/nothing/list").status == 401
