"""Validators, conditions, ranges and HEAD."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from chalice.app import Response

from chalicelib.errors import RangeNotSatisfiable
from chalicelib.web.media import (
    Representation,
    http_date,
    is_unmodified,
    parse_http_date,
    requested_range,
    respond,
)
from chalicelib.web.request import Request

CONTENT = b"0123456789"
MODIFIED = datetime(2017, 7, 18, 16, 6, 41, 500_000, tzinfo=UTC)
EXACT = "Tue, 18 Jul 2017 16:06:41 GMT"
EARLIER = "Tue, 18 Jul 2017 16:06:40 GMT"
LATER = "Tue, 18 Jul 2017 16:06:42 GMT"
ETAG = '"596e30b1-a"'


class Asked:
    """Reads `CONTENT` and remembers what was read."""

    def __init__(self, content: bytes = CONTENT) -> None:
        self.content = content
        self.reads: list[tuple[int, int]] = []

    def __call__(self, start: int, length: int) -> bytes:
        self.reads.append((start, length))
        return self.content[start : start + length]

    def answer(self, method: str = "GET", **headers: str) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request({"httpMethod": method, "path": "/", "headers": named})
        thing = Representation(
            "text/plain", len(self.content), ETAG, MODIFIED, {"Cache-Control": "max-age=1800, public"}
        )
        return respond(request, thing, self)


def test_a_get_has_validators_and_all_bytes() -> None:
    asked = Asked()
    answer = asked.answer()
    assert (answer.status_code, answer.body, asked.reads) == (200, CONTENT, [(0, 10)])
    assert answer.headers == {
        "ETag": ETAG,
        "Last-Modified": EXACT,
        "Cache-Control": "max-age=1800, public",
        "Content-Type": "text/plain",
        "Accept-Ranges": "bytes",
    }


def test_a_head_reads_nothing_and_ignores_range() -> None:
    asked = Asked()
    answer = asked.answer("HEAD", range="bytes=2-3")
    assert (answer.status_code, answer.body, asked.reads) == (200, b"", [])
    assert answer.headers["Content-Length"] == "10"
    assert "Content-Range" not in answer.headers


@pytest.mark.parametrize(
    ("held", "since", "unmodified"),
    [
        (None, None, False),
        (ETAG, None, True),
        (f"W/{ETAG}", None, True),
        ("*", None, True),
        (f'"a", {ETAG}, "b"', None, True),
        (f'"a",W/{ETAG}', None, True),
        ('"other"', None, False),
        ("596e30b1-a", None, False),
        ("", None, False),
        (None, EXACT, True),
        (None, LATER, True),
        (None, EARLIER, False),
        (None, "Tuesday, 18-Jul-17 16:06:41 GMT", True),
        (None, "Tue Jul 18 16:06:41 2017", True),
        (None, "yesterday", False),
        (None, "", False),
        (ETAG, EXACT, True),
        (ETAG, EARLIER, False),
        ('"other"', LATER, False),
        (ETAG, "yesterday", True),
        ("*", EARLIER, False),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_304_needs_every_condition_that_was_sent(
    method: str, held: str | None, since: str | None, unmodified: bool
) -> None:
    headers = {"if_none_match": held, "if_modified_since": since}
    asked = Asked()
    answer = asked.answer(method, **{name: value for name, value in headers.items() if value is not None})
    assert answer.status_code == (304 if unmodified else 200)
    assert answer.headers["ETag"] == ETAG
    assert answer.headers["Last-Modified"] == EXACT
    if unmodified:
        assert (answer.body, asked.reads) == (b"", [])


def test_a_condition_beats_a_range() -> None:
    assert Asked().answer(range="bytes=0-1", if_none_match=ETAG).status_code == 304


@pytest.mark.parametrize(
    ("asked_range", "body", "content_range"),
    [
        ("bytes=0-0", b"0", "bytes 0-0/10"),
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=5-", b"56789", "bytes 5-9/10"),
        ("bytes=5-999999999999999999", b"56789", "bytes 5-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-30", CONTENT, "bytes 0-9/10"),
        ("bytes=0-9", CONTENT, "bytes 0-9/10"),
        ("Bytes = 1-1", b"1", "bytes 1-1/10"),
    ],
)
def test_a_single_range_is_answered_with_206_and_reads_only_that(
    asked_range: str, body: bytes, content_range: str
) -> None:
    asked = Asked()
    answer = asked.answer(range=asked_range)
    assert (answer.status_code, answer.body) == (206, body)
    assert answer.headers["Content-Range"] == content_range
    assert [length for _, length in asked.reads] == [len(body)]


@pytest.mark.parametrize(
    "asked_range",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=4-2",
        "bytes=0-1,3-4",
        "items=0-1",
        "bytes=0-1;",
        "0-1",
        "bytes=٣-",
    ],
)
def test_a_range_that_is_not_a_single_one_of_bytes_is_ignored(asked_range: str) -> None:
    answer = Asked().answer(range=asked_range)
    assert (answer.status_code, answer.body) == (200, CONTENT)


@pytest.mark.parametrize("asked_range", ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=999999999999999999-"])
def test_a_range_outside_is_416_with_the_size(asked_range: str) -> None:
    with pytest.raises(RangeNotSatisfiable) as caught:
        Asked().answer(range=asked_range)
    assert caught.value.details == ("10",)


def test_an_empty_object_has_no_range() -> None:
    asked = Asked(b"")
    assert (asked.answer().status_code, asked.reads) == (200, [])
    for asked_range in ("bytes=0-", "bytes=0-0", "bytes=-1"):
        with pytest.raises(RangeNotSatisfiable):
            Asked(b"").answer(range=asked_range)


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        (ETAG, 206),
        (EXACT, 206),
        (f"W/{ETAG}", 200),
        ('"other"', 200),
        (LATER, 200),
        (EARLIER, 200),
        ("nonsense", 200),
        ("", 200),
    ],
)
def test_if_range_demands_the_very_same_bytes(condition: str, status: int) -> None:
    assert Asked().answer(range="bytes=0-1", if_range=condition).status_code == status
    if status == 200:
        assert Asked().answer(range="bytes=99-", if_range=condition).body == CONTENT


def test_a_range_can_be_known_before_the_object_is_opened() -> None:
    def asked(text: str) -> tuple[int | None, int | None] | None:
        return requested_range(Request({"httpMethod": "GET", "path": "/", "headers": {"Range": text}}))

    assert asked("bytes=1-2") == (1, 2)
    assert asked("bytes=1-") == (1, None)
    assert asked("bytes=-2") == (None, 2)
    assert asked("bytes=1-2,4-5") is None


def test_dates_are_whole_seconds_in_utc() -> None:
    elsewhere = MODIFIED.astimezone(timezone(timedelta(hours=5)))
    assert http_date(elsewhere) == EXACT
    assert parse_http_date("Tue, 18 Jul 2017 18:06:41 +0200") == MODIFIED.replace(microsecond=0)
    assert parse_http_date("Tue, 18 Jul 99999 18:06:41 GMT") is None
    representation = Representation("a/b", 1, ETAG, elsewhere)
    request = Request({"httpMethod": "GET", "path": "/", "headers": {"If-Modified-Since": EXACT}})
    assert is_unmodified(request, representation)
