"""Ranges of the bytes that the API answers itself."""

import pytest

from tests.conformance.assets.site import ASSETS, DRAFT, Site

CONTENT = bytes(range(200))


@pytest.mark.parametrize("host", [ASSETS, DRAFT])
def test_a_single_range_is_answered_by_its_bytes(site: Site, host: str) -> None:
    made = site.clean("a.bin", CONTENT)
    table: dict[str, tuple[int, bytes, str | None]] = {
        "bytes=0-0": (206, CONTENT[:1], "bytes 0-0/200"),
        "bytes=10-19": (206, CONTENT[10:20], "bytes 10-19/200"),
        "bytes=190-": (206, CONTENT[190:], "bytes 190-199/200"),
        "bytes=190-999": (206, CONTENT[190:], "bytes 190-199/200"),
        "bytes=-5": (206, CONTENT[-5:], "bytes 195-199/200"),
        "bytes=-999": (206, CONTENT, "bytes 0-199/200"),
        "bytes=0-": (206, CONTENT, "bytes 0-199/200"),
        "bytes=0-1,5-6": (200, CONTENT, None),
        "bytes=5-1": (200, CONTENT, None),
        "lines=0-1": (200, CONTENT, None),
        "nonsense": (200, CONTENT, None),
    }
    found = {}
    for sent in table:
        reply = site.read(made.path, host, by=site.editor, headers={"Range": sent})
        found[sent] = (reply.status, reply.body, reply.headers.get("Content-Range"))
        assert reply.headers["Accept-Ranges"] == "bytes"
        assert reply.headers["Content-Type"] == "application/octet-stream"
    assert found == table


def test_a_range_outside_the_bytes_is_refused_with_their_size(site: Site) -> None:
    made, empty = site.clean("a.bin", CONTENT), site.clean("empty.bin", b"")
    for path, size, ranges in (
        (made.path, 200, ("bytes=200-", "bytes=500-600", "bytes=-0")),
        (empty.path, 0, ("bytes=0-",)),
    ):
        for sent in ranges:
            reply = site.read(path, headers={"Range": sent})
            assert (reply.status, reply.headers["Content-Range"]) == (416, f"bytes */{size}"), sent
            assert reply.json() == {"_response_info": {"status": "range not satisfiable"}}


def test_if_range_voids_a_range_of_other_bytes(site: Site) -> None:
    made = site.clean("a.bin", CONTENT)
    whole = site.read(made.path)
    etag, modified = whole.headers["ETag"], whole.headers["Last-Modified"]
    table = {
        etag: (206, CONTENT[:10]),
        modified: (206, CONTENT[:10]),
        f"W/{etag}": (200, CONTENT),
        '"other"': (200, CONTENT),
        "Tue, 18 Jul 2017 16:18:38 GMT": (200, CONTENT),
        "nonsense": (200, CONTENT),
    }
    for condition, expected in table.items():
        reply = site.read(made.path, headers={"Range": "bytes=0-9", "If-Range": condition})
        assert (reply.status, reply.body) == expected, condition
        outside = site.read(made.path, headers={"Range": "bytes=500-", "If-Range": condition})
        assert (outside.status, outside.body == CONTENT) == ((416, False) if expected[0] == 206 else (200, True))


def test_conditions_come_before_ranges_and_head_has_none(site: Site) -> None:
    made = site.clean("a.bin", CONTENT)
    etag = site.read(made.path).headers["ETag"]
    assert site.read(made.path, headers={"Range": "bytes=0-9", "If-None-Match": etag}).status == 304
    head = site.reader.head(f"{ASSETS}{made.path}", headers={"Range": "bytes=0-9"})
    assert (head.status, head.headers["Content-Length"]) == (200, "200")
