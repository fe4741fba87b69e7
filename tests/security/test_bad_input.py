"""Bad input gets the API's own clear error, no 500, and changes nothing (invariant 10)."""

import json
from collections.abc import Callable

import pytest

from app import app
from chalicelib import identity
from tests.support.client import Client, Reply, deliver, multipart
from tests.support.cloud import Cloud
from tests.support.stored import stored

BOUNDARY = "----RubyFormBoundaryAbC123"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
JSON = {"Content-Type": "application/json"}
URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}


def form(*fields: tuple[str, object]) -> bytes:
    """A multipart body with the boundary above."""
    return multipart(list(fields), BOUNDARY)[1]


GOOD = form(("asset[file]", ("a.txt", b"hello")))
DEEP = json.dumps({"asset": {"draft": 1}})[:-2] + ',"x":' + "[" * 2000 + "]" * 2000 + "}}"

UNREADABLE: dict[str, tuple[dict[str, str], bytes, int]] = {
    "truncated multipart": (FORM, GOOD[:-30], 400),
    "truncated in the headers of a part": (FORM, GOOD[:60], 400),
    "wrong boundary": ({"Content-Type": "multipart/form-data; boundary=other"}, GOOD, 400),
    "no boundary": ({"Content-Type": "multipart/form-data"}, GOOD, 400),
    "10,000 fields": (FORM, form(*((f"asset[f{n}]", "x") for n in range(10_000))), 400),
    "10,000 urlencoded fields": (URLENCODED, b"&".join(b"asset[a%d]=1" % n for n in range(10_000)), 400),
    "invalid UTF-8 in a field": (FORM, form(("asset[redirect_url]", b"\xff\xfe")), 400),
    "invalid UTF-8 in JSON": (JSON, b'{"asset":{"redirect_url":"\xff"}}', 400),
    "deep JSON": (JSON, DEEP.encode(), 400),
    "half a JSON": (JSON, b'{"asset":{"draft":', 400),
    "a JSON list": (JSON, b"[1,2]", 400),
    "a JSON number": (JSON, b"1e999", 400),
    "asset in two shapes": (URLENCODED, b"asset=1&asset[draft]=true", 400),
    "asset is a text": (URLENCODED, b"asset=1", 400),
    "no asset": (URLENCODED, b"other[draft]=true", 400),
    "an empty asset": (JSON, b'{"asset":{}}', 400),
    "nothing at all": (JSON, b"", 400),
    "XML": ({"Content-Type": "application/xml"}, b"<asset/>", 415),
    "a body over 4 MiB": (FORM, form(("asset[file]", ("a.txt", b"x" * (4 * 1024 * 1024)))), 413),
    "no file": (FORM, form(("asset[draft]", "true")), 422),
    "a file field without a file name": (FORM, form(("asset[file]", "text")), 422),
    "a file as JSON": (JSON, b'{"asset":{"file":"text"}}', 422),
    "an unknown upload": (JSON, b'{"asset":{"upload":"nobody-knows-it"}}', 422),
    "an upload that is a path": (JSON, b'{"asset":{"upload":"../../x"}}', 422),
}


@pytest.fixture
def owner(cloud: Cloud) -> Client:
    """A client with a token."""
    token, _ = identity.mint("owner")
    return Client(app, {"Authorization": f"Bearer {token}"})


def status_of(reply: Reply) -> object:
    """What the answer's body says, in the shape of the GOV.UK API."""
    body = reply.json()
    assert list(body) == ["_response_info"]
    assert list(body["_response_info"]) == ["status"]
    return body["_response_info"]["status"]


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_refused_and_stores_nothing(cloud: Cloud, owner: Client, name: str) -> None:
    headers, body, expected = UNREADABLE[name]
    for path in ("/assets", "/whitehall_assets"):
        reply = owner.post(path, headers=headers, body=body)
        assert reply.status == expected, reply.text
        assert status_of(reply)
    assert stored(cloud) == {}


@pytest.mark.parametrize("name", [name for name, (_, _, status) in UNREADABLE.items() if status != 422])
def test_a_refused_update_changes_nothing(cloud: Cloud, owner: Client, name: str) -> None:
    asset = owner.post("/assets", files={"asset[file]": ("a.txt", b"hello")}).json()["id"][-24:]
    before = stored(cloud)
    headers, body, expected = UNREADABLE[name]
    assert owner.put(f"/assets/{asset}", headers=headers, body=body).status == expected
    assert stored(cloud) == before


NAMES = {
    "..": "_..",
    "../../etc/passwd": "passwd",
    "..\\..\\windows.ini": "windows.ini",
    "a\x00b.txt": "a_b.txt",
    "a\r\nSet-Cookie: x=1.txt": "a__Set-Cookie__x_1.txt",
    "a\u202egpj.exe": "a_gpj.exe",
    "a+b.txt": "a+b.txt",
    'a"b\\".txt': "_.txt",
    "résumé \u0301.txt": "résumé_\u0301.txt",
    "<script>.html": "_script_.html",
    "\u2028.txt": "_.txt",
}


@pytest.mark.parametrize("sent", NAMES)
def test_any_file_name_is_cleaned_served_and_harmless(cloud: Cloud, owner: Client, sent: str) -> None:
    body = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="asset[file]"; '.encode()
        + b"filename*=UTF-8''"
        + "".join(f"%{byte:02X}" for byte in sent.encode()).encode()
        + f"\r\n\r\nhello\r\n--{BOUNDARY}--\r\n".encode()
    )
    reply = owner.post("/assets", headers=FORM, body=body)
    if reply.status == 400:
        assert stored(cloud) == {}
        assert "\x00" in sent or "\r" in sent
        return
    assert reply.status == 201, reply.text
    assert reply.json()["name"] == NAMES[sent]
    deliver(app)
    path = reply.json()["file_url"].removeprefix("http://assets.test")
    got = Client(app).get(f"http://assets.test{path}")
    assert got.body == b"hello"
    assert all("\r" not in value and "\n" not in value for _, value in got.headers.pairs)
    assert "set-cookie" not in got.headers


def test_a_name_of_300_bytes_is_cut_and_keeps_its_extension(cloud: Cloud, owner: Client) -> None:
    reply = owner.post("/assets", files={"asset[file]": ("é" * 148 + ".pdf", b"hello")})
    assert reply.status == 201
    name = reply.json()["name"]
    assert len(name.encode()) <= 255
    assert name.endswith("é.pdf")


@pytest.mark.parametrize("method", ["PATCH", "TRACE", "PROPFIND", "GET\u200b", "", "DELETE"])
def test_an_unknown_method_is_answered_with_those_there_are(cloud: Cloud, owner: Client, method: str) -> None:
    reply = owner.request(method, "/assets")
    assert reply.status == 405
    assert "POST" in reply.headers["allow"]
    assert status_of(reply)


@pytest.mark.parametrize(
    "path",
    [
        "/assets/" + "0" * 23,
        "/assets/" + "0" * 5000,
        "/assets/%00",
        "/assets/..%2f..%2fetc",
        "/assets/ABCDEFABCDEFABCDEFABCDEF",
        "/media/x/" + "a" * 3000,
        "/government/uploads/" + "a/" * 3000 + "x.txt",
        "/government/uploads/%00.txt",
        "/no/such/thing",
        "/%ff",
        "//",
        "/.",
    ],
)
def test_a_strange_path_is_not_found(cloud: Cloud, owner: Client, path: str) -> None:
    reply = owner.get(path)
    assert reply.status in (400, 404)
    assert status_of(reply)


LONG = "x" * 5000
REFUSED: list[tuple[dict[str, object], str]] = [
    ({"content_type": "text"}, "Content type must match the format defined in rfc6838"),
    ({"content_type": "text/html\r\nX: y"}, "Content type must match the format defined in rfc6838"),
    ({"replacement_id": "nothing"}, "Replacement not found"),
    ({"replacement_id": LONG}, "Replacement not found"),
    ({"parent_document_url": 'https://a.example/"><script>'}, "Parent document url must be an http(s) URL"),
    ({"parent_document_url": "https://a.example/\r\nSet-Cookie: a=b"}, "Parent document url must be an http(s) URL"),
    ({"parent_document_url": f"https://a.example/{LONG}"}, "Parent document url is too long"),
    ({"redirect_url": "/a\r\nSet-Cookie: a=b"}, "Redirect url must be a URL"),
    ({"redirect_url": f"/{LONG}"}, "Redirect url is too long"),
    ({"access_limited": ["x"] * 100_000}, "Access limited is too long"),
    ({"auth_bypass_ids": [LONG]}, "Auth bypass ids holds an entry that is too long"),
]


@pytest.mark.parametrize(("change", "sentence"), REFUSED, ids=lambda value: str(value)[:40])
def test_values_that_would_do_harm_are_refused_by_a_sentence(
    cloud: Cloud, owner: Client, change: dict[str, object], sentence: str
) -> None:
    asset = owner.post("/assets", files={"asset[file]": ("a.txt", b"hello")}).json()["id"][-24:]
    before = stored(cloud)
    reply = owner.put(f"/assets/{asset}", json={"asset": change})
    assert reply.status == 422
    sentences = status_of(reply)
    assert isinstance(sentences, list)
    assert len(sentences) == 1
    assert sentences[0].startswith(sentence)
    assert stored(cloud) == before


def _with_header(name: str, value: str) -> Callable[[Client], Reply]:
    return lambda client: client.get("/assets/" + "0" * 24, headers={name: value})


@pytest.mark.parametrize(
    "ask",
    [
        _with_header("Accept", "\x00"),
        _with_header("Range", "bytes=-0,5-" + "9" * 500),
        _with_header("If-Modified-Since", "Thu, 99 Foo 99999 99:99:99"),
        _with_header("Authorization", "Bearer " + "x" * 7000),
        _with_header("Authorization", "Basic !!!"),
        _with_header("Host", "[::1"),
        _with_header("X-Forwarded-Host", "a" * 5000),
        _with_header("Content-Length", "-1"),
        _with_header("Content-Length", "many"),
        _with_header("Cookie", "auth_bypass_token=;;;=;"),
    ],
)
def test_no_header_makes_a_500(cloud: Cloud, owner: Client, ask: Callable[[Client], Reply]) -> None:
    assert ask(owner).status in (400, 401, 404)
