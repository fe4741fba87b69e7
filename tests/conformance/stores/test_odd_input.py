"""Whatever is asked for, the answer is one that the API knows, in its shape, and what is refused changes nothing."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from app import app
from tests.conformance.stores.gallery import JSON, OCTETS, PROJECT, STORES, Gallery
from tests.support.calls import on_call
from tests.support.client import Reply
from tests.support.sites import READS

IDS = {
    "nothing": "",
    "a slash": "a%2Fb",
    "only a slash": "%2F",
    "a point": ".",
    "two points": "..",
    "two encoded points": "%2e%2e",
    "a null": "%00",
    "a newline": "a%0Ab",
    "a delete": "%7F",
    "no UTF-8": "%FF%FE",
    "half an escape": "%",
    "a wrong escape": "%zz",
    "an umlaut": "%C3%BC",
    "the same of two characters": "u%CC%88",
    "a picture": "%F0%9F%98%80",
    "a blank": "a%20b",
    "a plus": "a+b",
    "a tilde": "~1.2.3.4",
    "a quote": "'\"<b>",
    "a hash": "a%23b",
    "a question mark": "a%3Fb",
    "an encoded percent": "%2525",
    "300 characters": "x" * 300,
    "3,000 characters": "x" * 3000,
    "60 pictures": "%F0%9F%92%A9" * 60,
    "right to left": "%D7%A9%D7%9C%D7%95%D7%9D%E2%80%AE",
    "a reserved one": "list",
    "a literal": "workers",
    "the meta file": ".ovemeta",
}
BODIES: dict[str, Any] = {
    "null": None,
    "a list": [],
    "a text": "x",
    "a number": 7,
    "nothing in it": {},
    "objects for everything": {
        name: {"a": [1]}
        for name in ("id", "name", "groups", "description", "tags", "action", "data", "user", "password", "task_id")
    },
    "numbers for everything": dict.fromkeys(
        ("id", "name", "groups", "tags", "data", "version_name", "version_description"), 10**400
    ),
    "lists of objects": {name: [{}] for name in ("id", "name", "groups", "tags", "data", "version_name")},
    "nulls in texts": {"id": "a\0b", "name": "a\0b", "groups": ["a\0b"], "tags": ["a\0b"], "user": "a\0b"},
    "long texts": {"id": "x" * 3000, "name": "x" * 30_000, "groups": ["x" * 3000], "tags": ["x" * 3000]},
    "many": {"id": "many", "name": "m", "groups": [str(n) for n in range(1000)], "tags": [str(n) for n in range(1000)]},
    "empty texts": {"id": " ", "name": " ", "groups": [" "], "tags": [""], "version_name": " "},
    "nested too deep": {"name": json.loads("[" * 90 + "]" * 90)},
}
TEXTS = {
    "half a pair": b'{"id":"\\ud800","name":"\\ud800","groups":["\\ud800"],"tags":["\\ud800"],"user":"\\ud800"}',
    "not a number": b'{"name":NaN,"id":Infinity}',
    "twice": b'{"name":"a","name":{"b":1}}',
    "no UTF-8": b'{"name":"\xff"}',
    "half": b'{"name":',
    "two": b'{"name":"a"}{"name":"b"}',
    "a mark ahead": b'\xef\xbb\xbf{"name":"bom"}',
    "wide": '{"name":"wide"}'.encode("utf-16"),
    "blanks": b"  \r\n\t ",
}


def _cursor(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


QUERIES = [
    *(f"limit={value}" for value in ("", "0", "-1", "1001", "abc", "%D9%A1", "1e3", "1.0", "9" * 30, "1&limit=2")),
    *(
        f"cursor={value}"
        for value in ("", "!", "A", _cursor(b"\xff"), _cursor(b"\0"), _cursor(b"x" * 1500), "x" * 5000)
    ),
    *(f"cursor={_cursor(text)}" for text in (b"zzz", b"a/b", b"#", "\U0010ffff".encode(), b"extract/", b"a/b/c/d")),
    *(f"filterByTag={value}" for value in ("", "%00", "%FF", "x" * 3000, "a%2Fb", "%F0%9F%98%80", "a&filterByTag=b")),
    *(f"version={value}" for value in ("", "0", "-1", "01", "999999999", "9" * 30, "%D9%A1", "1.0", "latest")),
    *(f"metadata={value}" for value in ("", "2", "TRUE", "yes", "%00")),
    *("includeEmpty=maybe", "limit=2&cursor=&filterByTag=x", "AUTH_TOKEN=", "user=%00", f"user={'x' * 5000}"),
    *("%", "=", "&&&", "a=b=c", "limit[]=1", "%FF=%FF", "x=" + "y" * 8000),
]
FILENAMES = [
    "",
    ".",
    "..",
    "%2F",
    "a%2Fb",
    "%00",
    "%0A",
    "%FF",
    "x" * 256,
    "%F0%9F%98%80" * 64,
    ".ovemeta",
    "a%5Cb",
    "%2e%2e",
]


def patterns(*methods: str) -> list[tuple[str, str]]:
    """(method, route) of this API, but for what is read on the stores host."""
    return sorted(
        (method, path)
        for path, entries in app.routes.items()
        for method, entry in entries.items()
        if method in methods
        and entry.view_function.__module__.startswith("chalicelib.apis.stores.")
        and path.startswith("/api/")
    )


def addresses(pattern: str, odd: str) -> list[str]:
    """A route's addresses with an odd id in each of its places."""
    good = {"{store_id}": "default", "{project_id}": "expo", "{asset_id}": "map", "{object_id}": "layout"}
    good |= {place: "any" for place in pattern.split("/") if place.startswith("{") and place not in good}
    found = []
    for place in good:
        if place in pattern:
            address = pattern.replace(place, odd)
            for other, value in good.items():
                address = address.replace(other, value)
            found.append(address)
    return found


def filled(pattern: str) -> str:
    """A route's address with ids of what is there."""
    good = {"{store_id}": "default", "{project_id}": "expo", "{asset_id}": "map", "{object_id}": "layout"}
    return "/".join(good.get(part, "any" if part.startswith("{") else part) for part in pattern.split("/"))


def well_answered(reply: Reply, head: bool = False) -> bool:
    """Whether an answer is a success, or an error of the client's in this API's shape."""
    if reply.status >= 500:
        return False
    if head:
        return reply.body == b""
    if reply.status in (200, 204):
        return True
    body = reply.json()
    return body.keys() == {"title", "description"} and bool(body["title"]) and bool(body["description"])


@contextmanager
def writes() -> Iterator[list[str]]:
    """The writes that take effect while the block runs."""
    made: list[str] = []
    with on_call(after=lambda call: None if call.operation.startswith(READS) else made.append(str(call))):
        yield made


@pytest.fixture
def furnished(gallery: Gallery) -> Gallery:
    gallery.uploaded("map", "a.txt")
    gallery.admin.post(f"{PROJECT}/object/layout", json={"a": 1})
    return gallery


def test_odd_ids(furnished: Gallery) -> None:
    wrong = []
    for client in (furnished.admin, furnished.alice):
        for method, pattern in patterns("HEAD", "GET"):
            for odd in IDS.values():
                for address in addresses(pattern, odd):
                    reply = client.request(method, address)
                    if not well_answered(reply, method == "HEAD"):
                        wrong.append((method, address[:80], reply.status, reply.body[:80]))
    assert not wrong


def test_odd_ids_in_writes(furnished: Gallery) -> None:
    wrong = []
    for method, pattern in patterns("POST", "PUT", "PATCH", "DELETE"):
        for odd in IDS.values():
            for address in addresses(pattern, odd):
                reply = furnished.alice.request(method, address, body=b"{}", headers=JSON)
                if not well_answered(reply):
                    wrong.append((method, address[:80], reply.status, reply.body[:80]))
    assert not wrong


def test_odd_queries(furnished: Gallery) -> None:
    wrong = []
    for method, pattern in patterns("GET", "HEAD"):
        for query in QUERIES:
            reply = furnished.admin.request(method, f"{filled(pattern)}?{query}")
            if not well_answered(reply, method == "HEAD"):
                wrong.append((method, pattern, query[:60], reply.status, reply.body[:80]))
    assert not wrong


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_odd_bodies(furnished: Gallery, method: str) -> None:
    wrong = []
    bodies = {name: json.dumps(value).encode() for name, value in BODIES.items()} | TEXTS
    for verb, pattern in patterns(method):
        for name, body in bodies.items():
            with writes() as written:
                reply = furnished.admin.request(verb, filled(pattern), body=body, headers=JSON)
            if not well_answered(reply) or (reply.status >= 400 and written):
                wrong.append((verb, pattern, name, reply.status, reply.body[:80], written))
    assert not wrong


def test_odd_names_of_files(furnished: Gallery) -> None:
    wrong = []
    for name in FILENAMES:
        for query in (f"filename={name}", f"filename={name}&create=maybe", f"filename={name}&upload=x"):
            with writes() as written:
                reply = furnished.alice.post(f"{PROJECT}/upload/map?update=true&{query}", body=b"x", headers=OCTETS)
            if not well_answered(reply) or (reply.status >= 400 and written):
                wrong.append((query, reply.status, reply.body[:80], written))
    assert not wrong


def test_odd_addresses_on_the_stores_host(furnished: Gallery) -> None:
    wrong = []
    for odd in IDS.values():
        for path in (
            f"/stores/{odd}",
            f"/stores/{odd}/expo/map/1/a.txt",
            f"/stores/default/{odd}/map/1/a.txt",
            f"/stores/default/expo/{odd}/1/a.txt",
            f"/stores/default/expo/map/{odd}/a.txt",
            f"/stores/default/expo/map/1/{odd}",
            f"/stores/default/expo/map/1/extract/site/{odd}",
            f"/stores/default/expo/{odd}.json",
            f"/stores/~{odd}/default/expo/map/1/a.txt",
        ):
            for method in ("GET", "HEAD"):
                reply = furnished.alice.request(method, f"{STORES}{path}")
                if reply.status not in (200, 404, 400) or (method == "HEAD" and reply.body):
                    wrong.append((method, path[:80], reply.status, reply.body[:80]))
    assert not wrong
