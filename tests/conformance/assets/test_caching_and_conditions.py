"""Validators, conditions, Cache-Control, and that the edge's bucket says the same as the API."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import unquote

from chalicelib import aws
from tests.conformance.assets.site import API, ASSETS, DRAFT, EICAR, PRIVATE, PUBLIC, TEXT, Site


def http(moment: datetime) -> str:
    """A moment as HTTP writes it."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def test_a_304_needs_every_condition_that_was_sent(site: Site) -> None:
    made = site.clean()
    first = site.read(made.path)
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    moment = parsedate_to_datetime(modified)
    older, newer = http(moment - timedelta(seconds=1)), http(moment + timedelta(seconds=1))
    table: dict[tuple[str | None, str | None], int] = {
        (etag, None): 304,
        (f"W/{etag}", None): 304,
        ("*", None): 304,
        (f'"other", {etag}', None): 304,
        ('"other"', None): 200,
        (etag.strip('"'), None): 200,
        (None, modified): 304,
        (None, newer): 304,
        (None, older): 200,
        (None, "nonsense"): 200,
        (etag, modified): 304,
        (etag, newer): 304,
        (etag, older): 200,
        ('"other"', modified): 200,
        ('"other"', older): 200,
    }
    for host, by in ((ASSETS, None), (DRAFT, site.editor)):
        found = {}
        for held, since in table:
            sent = {"If-None-Match": held, "If-Modified-Since": since}
            reply = site.read(made.path, host, by=by, headers={k: v for k, v in sent.items() if v is not None})
            found[held, since] = reply.status
            assert reply.body == (TEXT if reply.status == 200 else b"")
        assert found == table, host


def test_a_304_repeats_what_a_cache_needs(site: Site) -> None:
    made = site.clean(parent_document_url="https://www.gov.uk/parent")
    full = site.read(made.path)
    for request in (site.reader.get, site.reader.head):
        reply = request(f"{ASSETS}{made.path}", headers={"If-None-Match": full.headers["ETag"]})
        assert (reply.status, reply.body) == (304, b"")
        for name in ("ETag", "Last-Modified", "Cache-Control", "Link", "X-Frame-Options", "Content-Security-Policy"):
            assert reply.headers[name] == full.headers[name], name


def test_validators_change_with_the_file_and_with_nothing_else(site: Site) -> None:
    made = site.clean()
    etag = site.read(made.path).headers["ETag"]
    site.update(made, parent_document_url="https://www.gov.uk/parent")
    assert site.read(made.path).headers["ETag"] == etag
    site.update(made, parent_document_url="")
    site.replace(made, "tmp.txt", b"another text\n")
    site.deliver()
    reply = site.read(made.path, headers={"If-None-Match": etag})
    assert (reply.status, reply.body) == (200, b"another text\n")
    assert reply.headers["ETag"] != etag


def test_last_modified_is_a_moment_of_the_past(site: Site) -> None:
    made = site.clean()
    moment = parsedate_to_datetime(site.read(made.path).headers["Last-Modified"])
    assert timedelta(0) <= datetime.now(UTC) - moment < timedelta(minutes=2)


def test_what_may_be_cached_and_by_whom(site: Site) -> None:
    live, other = site.clean(), site.clean(redirect_url="https://www.gov.uk")
    replaced = site.clean(replacement_id=live.id)
    bad, gone = site.clean("bad.txt", EICAR), site.clean()
    site.replace(live, "new.txt", TEXT)
    site.deliver()
    site.delete(gone)
    unscanned = site.create()
    public = {
        live.media("new.txt"): (200, PUBLIC),
        live.media("tmp.txt"): (302, PUBLIC),
        other.path: (302, PUBLIC),
        replaced.path: (301, PUBLIC),
        unscanned.path: (404, "private, no-store"),
        bad.path: (404, "private, no-store"),
        gone.path: (410, "private, no-store"),
    }
    private = public | {
        live.media("new.txt"): (200, PRIVATE),
        live.media("tmp.txt"): (302, PRIVATE),
        other.path: (302, PRIVATE),
    }
    for host, table in ((ASSETS, public), (DRAFT, private), (API, private)):
        replies = {path: site.read(path, host, by=site.editor) for path in table}
        found = {path: (reply.status, reply.headers["Cache-Control"]) for path, reply in replies.items()}
        assert found == table, host


def test_the_edge_finds_what_the_api_would_answer(site: Site) -> None:
    made = site.clean("résumé.txt")
    reply = site.read(made.path)
    assert site.published() == [unquote(made.path)[1:]]
    stored = aws.s3().get_object(Bucket=site.cloud.settings.media_bucket, Key=site.published()[0])
    assert stored["Body"].read() == reply.body
    told = {
        "Content-Type": stored["ContentType"],
        "Cache-Control": stored["CacheControl"],
        "Content-Disposition": stored["ContentDisposition"],
        "ETag": stored["ETag"],
        "Last-Modified": http(stored["LastModified"]),
    }
    assert told == {name: reply.headers[name] for name in told}


def test_the_edge_has_nothing_that_a_bucket_cannot_answer_rightly(site: Site) -> None:
    target = site.clean("target.txt")
    kept = site.published()
    assert len(kept) == 1
    made = site.clean()
    only_by_api = {
        "draft": True,
        "redirect_url": "https://www.gov.uk",
        "replacement_id": target.id,
        "parent_document_url": "https://www.gov.uk/parent",
    }
    for name, value in only_by_api.items():
        assert len(site.published()) == 2
        site.update(made, **{name: value})
        assert site.published() == kept, name
        site.update(made, **{name: ""})
    assert len(site.published()) == 2
    site.whitehall("/government/uploads/a.txt", legacy_etag="x")
    site.whitehall("/government/uploads/b.txt", legacy_last_modified="2001-02-03T04:05:06Z")
    site.whitehall("/government/uploads/c.txt")
    site.deliver()
    assert len(site.published()) == 3
    assert "government/uploads/c.txt" in site.published()


def test_another_content_type_is_published_again(site: Site) -> None:
    made = site.clean()
    site.update(made, content_type="text/markdown")
    stored = aws.s3().head_object(Bucket=site.cloud.settings.media_bucket, Key=site.published()[0])
    assert stored["ContentType"] == "text/markdown"
