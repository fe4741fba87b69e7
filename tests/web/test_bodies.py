"""What is read from request bodies, and how everything that cannot be read is refused."""

import json
import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.web.bodies import FIELDS, JSON_DEPTH, LARGEST_BODY, NAME_LENGTH
from infra.local.proxy import http_response, proxy_event
from tests.support.client import Client, Reply, Upload, multipart
from tests.web.sample import sample_app

CLIENT = Client(sample_app())
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=X"


def send(body: bytes | str, content_type: str | None, **headers: str) -> Reply:
    typed = {"Content-Type": content_type} if content_type is not None else {}
    return CLIENT.post("/parameters", body=body, headers={**typed, **headers})


def parts(*heads_and_bodies: tuple[str, bytes], end: bytes = b"--X--\r\n") -> bytes:
    return b"".join(b"--X\r\n" + head.encode() + b"\r\n\r\n" + body + b"\r\n" for head, body in heads_and_bodies) + end


def file_part(disposition: str, content: bytes = b"hello") -> Reply:
    return send(parts((f"Content-Disposition: form-data; {disposition}", content)), MULTIPART)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("", {}),
        ("a=1", {"a": "1"}),
        ("a=1&a=2", {"a": "2"}),
        ("a", {"a": ""}),
        ("a=b=c", {"a": "b=c"}),
        ("a=x+y%2B%26", {"a": "x y+&"}),
        ("a=%C3%A9", {"a": "é"}),
        ("a=%zz", {"a": "%zz"}),
        ("&&a=1&", {"a": "1"}),
        ("asset[draft]=true", {"asset": {"draft": "true"}}),
        ("asset%5Bdraft%5D=true", {"asset": {"draft": "true"}}),
        ("asset[l][]=1&asset[l][]=2", {"asset": {"l": ["1", "2"]}}),
        ("a[]=1&a[]=", {"a": ["1", ""]}),
        ("asset[l]=", {"asset": {"l": ""}}),
        ("a[b][c]=1&a[b][d]=2", {"a": {"b": {"c": "1", "d": "2"}}}),
        ("a[b=1", {"a[b": "1"}),
        ("a]b=1", {"a]b": "1"}),
        ("[a]=1", {"[a]": "1"}),
        ("a[b]c=1", {"a[b]c": "1"}),
        ("a%00b=%00", {"a\0b": "\0"}),
    ],
)
def test_forms_become_nested_parameters(form: str, expected: dict[str, Any]) -> None:
    assert send(form, FORM).json() == expected


def test_multipart_fields_and_files_become_parameters() -> None:
    content_type, body = multipart(
        [
            ("asset[file]", Upload(bytes(range(256)), "a b.bin", "image/png")),
            ("asset[draft]", "é"),
            ("asset[access_limited][]", "u1"),
            ("asset[access_limited][]", "u2"),
        ]
    )
    assert send(body, content_type).json() == {
        "asset": {
            "file": {"filename": "a b.bin", "content_type": "image/png", "content": bytes(range(256)).hex()},
            "draft": "é",
            "access_limited": ["u1", "u2"],
        }
    }


def test_content_survives_what_looks_like_a_boundary() -> None:
    content = b"\r\n--\r\n--x--\r\n--Y--\r\n\r\n--\r--X--\n--X\r\n--"
    assert file_part('name="f"; filename="a"', content).json()["f"]["content"] == content.hex()


def test_an_empty_file_is_a_file_and_a_part_without_a_file_name_a_string() -> None:
    assert file_part('name="asset[file]"; filename=""', b"").json() == {
        "asset": {"file": {"filename": "", "content_type": None, "content": ""}}
    }
    assert file_part('name="asset[file]"', b"").json() == {"asset": {"file": ""}}


@pytest.mark.parametrize(
    ("disposition", "filename"),
    [
        ('filename="a.txt"', "a.txt"),
        ("filename=a.txt", "a.txt"),
        ("filename=my file.txt", "my file.txt"),
        ('filename="résumé.txt"', "résumé.txt"),
        ('filename="a\\"b.txt"', 'a"b.txt'),
        ('filename="a%22b.txt"', 'a"b.txt'),
        ('filename="a%0D%0Ab.txt"', "a\r\nb.txt"),
        ('filename="C:\\dir\\x y.doc"', "C:\\dir\\x y.doc"),
        ('filename="dir\\"', "dir\\"),
        ('filename="../../etc/passwd"', "../../etc/passwd"),
        ('filename="a;b=c.txt"', "a;b=c.txt"),
        ('filename="%20.txt"', "%20.txt"),
        ('filename="a\0b.txt"', "a\0b.txt"),
        ('filename="\u202egpj.exe"', "\u202egpj.exe"),
        ("filename*=UTF-8''r%C3%A9sum%C3%A9.txt", "résumé.txt"),
        ("filename=\"x.txt\"; filename*=utf-8'en'%e2%82%ac.txt", "€.txt"),
        ("filename*=iso-8859-1''%e9.txt", "é.txt"),
        (f'filename="{"n" * 300}"', "n" * 300),
    ],
)
def test_file_names_are_kept_as_the_client_meant_them(disposition: str, filename: str) -> None:
    assert file_part(f'name="f"; {disposition}').json()["f"]["filename"] == filename


@pytest.mark.parametrize("disposition", ["filename*=utf-8''%ff", "filename*=koi8-r''a", "filename*=garbage"])
def test_a_file_name_in_a_broken_encoding_is_400(disposition: str) -> None:
    assert file_part(f'name="f"; {disposition}').status == 400


def test_a_fields_own_character_set_is_honoured() -> None:
    head = 'Content-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset='
    assert send(parts((head + "ISO-8859-1", b"\xe9")), MULTIPART).json() == {"a": "é"}
    assert send(parts((head + "us-ascii", b"a")), MULTIPART).json() == {"a": "a"}
    for broken in ("utf-16", "unicode_escape", "zlib", ""):
        assert send(parts((head + broken, b"\xe9")), MULTIPART).status == 400


WHOLE = parts(('Content-Disposition: form-data; name="f"; filename="a"', b"hello" * 100))


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (WHOLE[:-8], MULTIPART),
        (WHOLE[:200], MULTIPART),
        (WHOLE[:20], MULTIPART),
        (WHOLE, "multipart/form-data; boundary=Y"),
        (WHOLE, "multipart/form-data"),
        (WHOLE, "multipart/form-data; boundary="),
        (WHOLE, 'multipart/form-data; boundary="\n"'),
        (WHOLE.replace(b"form-data; ", b"attachment; "), MULTIPART),
        (WHOLE.replace(b'name="f"; ', b""), MULTIPART),
        (WHOLE.replace(b"Content-Disposition", b"Content-Nothing"), MULTIPART),
        (WHOLE.replace(b'"a"', b'"\xff"'), MULTIPART),
        (WHOLE.replace(b"\r\n", b"\n"), MULTIPART),
        (b"garbage" + WHOLE, MULTIPART),
        (parts(('Content-Disposition: form-data; name="a"', b"\xff")), MULTIPART),
        (parts(('Content-Disposition: form-data; name="a"; x="' + "y" * 9000 + '"', b"")), MULTIPART),
        (parts(("A: b\r\n" * 50 + 'Content-Disposition: form-data; name="a"', b"")), MULTIPART),
        (b"a=%ff", FORM),
        (b"\xff=1", FORM),
        (b"a=1&a[b]=2", FORM),
        (b"a[b]=1&a=2", FORM),
        (b"a[]=1&a=2", FORM),
        (b"a[]=1&a[b]=2", FORM),
        (b"a[b]=1&a[]=2", FORM),
        (b"a[b]=1&a[b][c]=2", FORM),
        (b"a[][b]=1", FORM),
        (b"a" + b"[b]" * 100 + b"=1", FORM),
        (b"a" * (NAME_LENGTH + 1) + b"=1", FORM),
        (b"&".join(b"a%d=1" % n for n in range(10_000)), FORM),
        (parts(*[(f'Content-Disposition: form-data; name="a{n}"', b"1") for n in range(10_000)]), MULTIPART),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"1", "application/json"),
        (b"null", "application/json"),
        (b'{"a":NaN}', "application/json"),
        (b'{"a":-Infinity}', "application/json"),
        (b'{"a":1e999}', "application/json"),
        (b'{"a":' + b"9" * 5000 + b"}", "application/json"),
        (b'{"a":"\xff"}', "application/json"),
        (b'{"a":"\\ud800"}', "application/json"),
        (b'{"\\ud800":1}', "application/json"),
        (b'{"a":' * 51 + b"1" + b"}" * 51, "application/json"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "application/json"),
        (b'{"a":' * 400_000, "application/json"),
        (b"hello", None),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_cannot_be_read_is_400(body: bytes, content_type: str | None) -> None:
    reply = send(body, content_type)
    assert reply.status == 400
    assert isinstance(reply.json()["_response_info"]["status"], str)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"a":1,"a":2}', "application/json; charset=utf-8"),
        (b'\xef\xbb\xbf{"a":2}', "application/json"),
        (b' {"a":2} ', "Application/JSON"),
        (b'{"a":2}', "application/vnd.bilrost.asset+json"),
        (b'{"a":2}', None),
        (b'{"a":2}', ""),
    ],
)
def test_json_is_read_under_all_its_names(body: bytes, content_type: str | None) -> None:
    assert send(body, content_type).json() == {"a": 2}


def test_json_may_be_as_deep_as_the_limit() -> None:
    deep = b'{"a":' * (JSON_DEPTH) + b"1" + b"}" * (JSON_DEPTH)
    assert send(deep, "application/json").status == 200


def test_json_alone_may_be_any_value() -> None:
    values: list[Any] = [[1], "a", 1.5, None, {"a": []}]
    for value in values:
        assert CLIENT.post("/json", json=value).json() == value
    assert CLIENT.post("/json").json() is None
    assert CLIENT.post("/json", form={"a": "1"}).status == 415


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "multipart/mixed; boundary=X", "a, b", "json"]
)
def test_another_content_type_is_415(content_type: str) -> None:
    assert send(b"x", content_type).status == 415


def test_a_compressed_body_is_415() -> None:
    assert send(b"{}", "application/json", **{"Content-Encoding": "gzip"}).status == 415
    assert send(b"{}", "application/json", **{"Content-Encoding": "identity"}).status == 200


@pytest.mark.parametrize("content_type", [FORM, MULTIPART, "application/json", "text/plain", None])
def test_no_body_is_no_parameters(content_type: str | None) -> None:
    assert send(b"", content_type).json() == {}


def test_a_delete_may_carry_an_empty_object() -> None:
    assert CLIENT.delete("/parameters", json={}).json() == {}


def test_a_body_shorter_than_announced_is_400() -> None:
    assert send(b"a=1", FORM, **{"Content-Length": "4"}).status == 400
    assert send(b"", FORM, **{"Content-Length": "4"}).status == 400
    for text in ("-1", "x", "1e3", "٣", "9" * 30):
        assert send(b"a=1", FORM, **{"Content-Length": text}).status == 400


def test_a_body_over_the_limit_is_413_and_names_the_upload_route() -> None:
    for size in (LARGEST_BODY + 1, 6 * 1024 * 1024):
        reply = CLIENT.post("/echo", body=bytes(size))
        assert reply.status == 413
        assert "/s3/params" in reply.text
    assert send(b"a=1", FORM, **{"Content-Length": str(LARGEST_BODY + 1)}).status == 413
    assert CLIENT.post("/echo", body=bytes(LARGEST_BODY)).body == bytes(LARGEST_BODY)


def test_a_large_file_is_read_quickly() -> None:
    content_type, body = multipart([("f", Upload(b"\r\n--" * 500_000, "a"))])
    started = time.perf_counter()
    assert send(body, content_type).status == 200
    assert time.perf_counter() - started < 2


def test_broken_base64_is_400() -> None:
    event = proxy_event("POST", "/parameters", [("Content-Type", FORM)], b"a=1")
    for body in ("%%%", "YQ", "é"):
        assert http_response(sample_app()({**event, "body": body}, None))[0] == 400


def test_a_form_may_have_as_many_fields_as_the_limit() -> None:
    assert len(send("&".join(f"a{n}=1" for n in range(FIELDS)), FORM).json()) == FIELDS
    assert send("&".join(f"a{n}=1" for n in range(FIELDS + 1)), FORM).status == 400


CONTENT_TYPES = st.sampled_from([FORM, MULTIPART, "application/json", "", "multipart/form-data; boundary=--"])


@given(st.binary(), CONTENT_TYPES)
@example(b"--X\r\n\r\n\r\n--X--", MULTIPART)
@example(b'--X\r\nContent-Disposition: form-data; name="\xed\xa0\x80"\r\n\r\n\r\n--X--', MULTIPART)
def test_no_bytes_break_it(body: bytes, content_type: str) -> None:
    assert send(body, content_type).status in (200, 400)


@given(st.binary(), st.binary(), st.text())
def test_no_part_breaks_it(head: bytes, content: bytes, tail: str) -> None:
    body = b'--X\r\nContent-Disposition: form-data; name="a' + head + b"\r\n\r\n" + content + b"\r\n--X" + tail.encode()
    assert send(body, MULTIPART).status in (200, 400)


@given(st.text(), st.binary())
def test_no_content_type_breaks_it(content_type: str, body: bytes) -> None:
    for prefix in ("", "multipart/form-data;", "multipart/form-data; boundary=", "application/json;"):
        assert send(body, prefix + content_type).status in (200, 400, 415)


@given(st.lists(st.tuples(st.sampled_from(["a", "a[]", "a[b]", "a[b][]", "a[b][c]", "b", "[", "a["]), st.text())))
def test_no_mixture_of_names_breaks_it(fields: list[tuple[str, str]]) -> None:
    assert CLIENT.post("/parameters", form=fields).status in (200, 400)


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), VALUES))
def test_json_arrives_as_it_was_sent(value: dict[str, Any]) -> None:
    assert json.loads(CLIENT.post("/parameters", json=value).body) == value
