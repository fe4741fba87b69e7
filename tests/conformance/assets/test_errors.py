"""Errors in this API's own shape: `{"_response_info": {"status": ...}}`, wherever they come from."""

from collections.abc import Callable
from typing import Any

from tests.conformance.assets.site import ASSETS, NOT_FOUND, TEXT, Site, fields
from tests.support.calls import Call, on_call
from tests.support.client import Reply, Upload, multipart

MEBIBYTE = 1024 * 1024


def told(reply: Reply) -> tuple[int, Any]:
    """Status, and what the body says."""
    assert reply.headers["Content-Type"] == "application/json; charset=utf-8"
    assert set(reply.json()) == {"_response_info"}
    return reply.status, reply.json()["_response_info"]["status"]


def test_bodies_that_cannot_be_read_are_bad_requests(site: Site) -> None:
    made = site.create()
    good_type, good = multipart([("asset[file]", Upload(TEXT, "a.txt"))], boundary="x")
    table: dict[str, tuple[str, bytes]] = {
        "cut off": (good_type, good[:-10]),
        "wrong boundary": ("multipart/form-data; boundary=y", good),
        "no boundary": ("multipart/form-data", good),
        "broken json": ("application/json", b'{"asset":'),
        "json that is no object": ("application/json", b"[1]"),
        "not utf-8": ("application/x-www-form-urlencoded", b"asset[draft]=%ff"),
        "two shapes": ("application/x-www-form-urlencoded", b"asset=1&asset[draft]=1"),
        "another two shapes": (
            "application/x-www-form-urlencoded",
            b"asset[access_limited][]=1&asset[access_limited]=1",
        ),
    }
    for name, (content_type, body) in table.items():
        for method, url in (("POST", "/assets"), ("PUT", made.url), ("POST", "/whitehall_assets")):
            reply = site.editor.request(method, url, body=body, headers={"Content-Type": content_type})
            assert reply.status == 400, (name, url)
            assert isinstance(told(reply)[1], str)
    assert len(site.arrived()) == 1


def test_types_of_bodies_that_it_does_not_read(site: Site) -> None:
    made = site.create()
    for content_type in ("text/plain", "application/octet-stream", "application/xml", "image/png"):
        for method, url in (("POST", "/assets"), ("PUT", made.url)):
            reply = site.editor.request(method, url, body=b"<a/>", headers={"Content-Type": content_type})
            assert told(reply) == (415, "unsupported media type"), content_type


def test_a_body_of_more_than_4_mib_is_told_where_to_go(site: Site) -> None:
    """Ours: the original reads 20 MiB, which API Gateway and Lambda do not pass on."""
    made = site.clean()
    empty = len(multipart([("asset[file]", Upload(b"", "a.bin"))], boundary="x")[1])
    for size, expected in ((4 * MEBIBYTE, 201), (4 * MEBIBYTE + 1, 413)):
        content_type, body = multipart([("asset[file]", Upload(b"x" * (size - empty), "a.bin"))], boundary="x")
        assert len(body) == size
        reply = site.editor.post("/assets", body=body, headers={"Content-Type": content_type})
        assert reply.status == expected
    status, sentence = told(reply)
    assert status == 413
    assert "/s3/params" in sentence
    assert told(site.editor.put(made.url, body=body, headers={"Content-Type": content_type}))[0] == 413
    assert told(site.editor.post("/whitehall_assets", body=body, headers={"Content-Type": content_type}))[0] == 413
    assert site.editor.get(made.url).json()["state"] == "clean", "nothing was changed"


def test_size_is_looked_at_after_who_calls_and_before_everything_else(site: Site) -> None:
    made = site.create()
    large = {"Content-Length": str(5 * MEBIBYTE), "Content-Type": "application/json"}
    stranger = site.caller().client
    assert site.reader.put(made.url, headers=large, body=b"{}").status == 401
    assert site.editor.put(f"/assets/{'0' * 24}", headers=large, body=b"{}").status == 413
    assert stranger.put(made.url, headers=large, body=b"{}").status == 413
    assert stranger.put(made.url, headers={"Content-Type": "text/plain"}, body=b"x").status == 403


def test_the_limit_can_be_set_lower(site: Site) -> None:
    site.cloud.set(MAX_FILE_SIZE_MB="1")
    assert site.post(content=b"x" * MEBIBYTE).status == 413, "the whole body counts, not the file"
    assert site.post(content=b"x" * (MEBIBYTE - 1024)).status == 201


def test_paths_that_are_none_are_not_found(site: Site) -> None:
    made = site.clean()
    paths = [
        "/",
        "/asset",
        f"{made.url}/x",
        f"{made.url}/restore/x",
        "/media",
        "/healthcheck",
        "/government",
    ]
    for path in paths:
        for client in (site.reader, site.editor):
            reply = client.get(path)
            assert (reply.status, reply.json()) == (404, NOT_FOUND), path


def test_methods_that_a_path_does_not_have(site: Site) -> None:
    made = site.clean()
    table = {
        ("PUT", "/assets"): "GET, HEAD, OPTIONS, POST",
        ("DELETE", "/assets"): "GET, HEAD, OPTIONS, POST",
        ("PATCH", made.url): "DELETE, GET, HEAD, OPTIONS, PUT",
        ("POST", made.url): "DELETE, GET, HEAD, OPTIONS, PUT",
        ("GET", made.url + "/restore"): "OPTIONS, POST",
        ("GET", "/whitehall_assets"): "OPTIONS, POST",
        ("POST", made.path): "GET, HEAD, OPTIONS",
        ("DELETE", f"{ASSETS}{made.path}"): "GET, HEAD, OPTIONS",
        ("PUT", "/government/uploads/a.txt"): "GET, HEAD, OPTIONS",
        ("POST", "/healthcheck/live"): "GET, HEAD, OPTIONS",
    }
    for (method, url), allow in table.items():
        reply = site.editor.request(method, url)
        assert told(reply) == (405, "method not allowed"), (method, url)
        assert reply.headers["Allow"] == allow
        options = site.reader.request("OPTIONS", url)
        assert (options.status, options.headers["Allow"], options.body) == (204, allow, b"")


def test_what_nobody_expected_tells_nothing(site: Site) -> None:
    made = site.clean()

    def fail(call: Call) -> None:
        raise RuntimeError("secret detail of ours")

    requests: list[Callable[[], Reply]] = [
        lambda: site.read(made.path),
        lambda: site.post(),
        lambda: site.editor.delete(made.url),
    ]
    for request in requests:
        with on_call(before=fail):
            reply = request()
        assert told(reply) == (500, "something went wrong on our side")


def test_a_path_that_cannot_be_decoded_is_a_bad_request(site: Site) -> None:
    made = site.clean()
    for path in (f"/media/{made.id}/%ff.txt", "/government/uploads/%c3.txt", "/assets/%ff"):
        assert told(site.editor.get(path))[0] == 400, path


def test_errors_come_without_a_body_to_head(site: Site) -> None:
    for url in ("/nowhere", "/assets", f"{ASSETS}/media/{'0' * 24}/a.txt"):
        get, head = site.editor.get(url), site.editor.head(url)
        assert (head.status, head.body) == (get.status, b"")


def test_forms_of_many_fields_are_read_up_to_a_limit(site: Site) -> None:
    made = site.create()
    assert site.editor.put(made.url, form=fields({"access_limited": ["u"] * 1001})).status == 400
    assert site.update(made, access_limited=["u"] * 1000)["access_limited"] == ["u"] * 1000
