"""GET and HEAD of /media/:id/:filename: who gets what, in policy order."""

import pytest

from tests.conformance.assets.site import API, ASSETS, DRAFT, EICAR, NOT_FOUND, PRIVATE, PUBLIC, STORES, TEXT, Site
from tests.support.client import Upload

HOSTS = [ASSETS, DRAFT, API]


def test_a_served_file_has_every_header_it_needs(site: Site) -> None:
    made = site.clean("page.html", b"<script>alert(1)</script>", parent_document_url="https://www.gov.uk/parent")
    reply = site.read(made.path)
    assert (reply.status, reply.body) == (200, b"<script>alert(1)</script>")
    wanted = {
        "Content-Type": "text/html",
        "Cache-Control": PUBLIC,
        "Content-Disposition": 'inline; filename="page.html"',
        "Link": '<https://www.gov.uk/parent>; rel="up"',
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-site",
    }
    assert {name: reply.headers.get(name) for name in wanted} == wanted
    assert "sandbox" in reply.headers["Content-Security-Policy"]
    assert reply.headers["ETag"].startswith('"')
    assert reply.headers["ETag"].endswith('"')
    assert reply.headers["Last-Modified"].endswith(" GMT")
    site.update(made, parent_document_url="")
    assert "Link" not in site.read(made.path).headers


def test_head_is_get_without_the_body(site: Site) -> None:
    made = site.clean()
    site.replace(made, "new.txt", TEXT)
    site.deliver()
    for name in ("new.txt", "tmp.txt", "never.txt"):
        get, head = site.read(made.media(name)), site.reader.head(f"{ASSETS}{made.media(name)}")
        assert (head.status, head.body) == (get.status, b"")
        assert head.headers["Content-Length"] == str(len(get.body))
        for header in ("Content-Type", "ETag", "Last-Modified", "Location", "Cache-Control", "Content-Disposition"):
            assert head.headers.get(header) == get.headers.get(header), header


def test_bytes_arrive_exactly_whatever_accept_says(site: Site) -> None:
    content = bytes(range(256)) * 40 + b"\r\n\xff\xfe"
    made = site.clean("picture.png", content)
    for accept in ("*/*", "text/html", "application/json", "image/png", ""):
        assert site.read(made.path, headers={"Accept": accept}).body == content, accept


def test_a_draft_is_read_on_the_draft_host(site: Site) -> None:
    made = site.clean("my file.txt", draft=True)
    reply = site.read(made.path + "?token=a%2Fb%20c&x=1&x=2")
    assert reply.status == 302
    assert reply.headers["Location"] == f"{DRAFT}{made.path}?token=a%2Fb%20c&x=1&x=2"
    assert reply.headers["Cache-Control"] == "private, no-store", "it holds a token"
    plain = site.read(made.path)
    assert (plain.status, plain.headers["Location"]) == (302, f"{DRAFT}{made.path}")
    assert plain.headers["Cache-Control"] == "max-age=60, public"
    assert site.read(made.media("never.txt")).status == 302, "whatever the name"
    assert site.read(made.path, DRAFT, by=site.editor).body == TEXT
    site.update(made, draft=False)
    assert site.read(made.path).body == TEXT


def test_a_redirect_url_is_followed_once_the_file_is_clean(site: Site) -> None:
    table = {
        "https://www.gov.uk/elsewhere?a=b&c=d#e": "https://www.gov.uk/elsewhere?a=b&c=d#e",
        "/government/publications/x": f"{ASSETS}/government/publications/x",
        "https://www.gov.uk/ä b": "https://www.gov.uk/%C3%A4%20b",
        "https://www.gov.uk/already%20encoded": "https://www.gov.uk/already%20encoded",
    }
    made = site.create(redirect_url="https://www.gov.uk/elsewhere")
    assert site.read(made.path).status == 404, "unscanned comes first"
    site.deliver()
    for value, location in table.items():
        site.update(made, redirect_url=value)
        reply = site.read(made.path)
        assert (reply.status, reply.headers["Location"]) == (302, location)
        assert reply.headers["Cache-Control"] == PUBLIC
    site.update(made, redirect_url="/x")
    drafty = site.read(made.path, DRAFT, by=site.editor)
    assert (drafty.headers["Location"], drafty.headers["Cache-Control"]) == (f"{DRAFT}/x", PRIVATE)


def test_an_old_name_comes_before_a_redirect_and_a_wrong_one_before_both(site: Site) -> None:
    made = site.clean(redirect_url="https://www.gov.uk/elsewhere")
    site.replace(made, "new.txt", TEXT)
    site.deliver()
    assert site.read(made.media("tmp.txt")).headers["Location"] == made.media("new.txt")
    assert site.read(made.media("new.txt")).headers["Location"] == "https://www.gov.uk/elsewhere"
    assert site.read(made.media("never.txt")).status == 404


def test_a_replacement_comes_before_everything_but_deletion(site: Site) -> None:
    target = site.clean("target.txt")
    location = f"//assets.test{target.path}"
    unscanned = site.create(replacement_id=target.id)
    infected = site.create("bad.txt", EICAR, replacement_id=target.id)
    redirected = site.create(replacement_id=target.id, redirect_url="https://www.gov.uk")
    limited = site.create(draft=True, access_limited=["nobody"], replacement_id=target.id)
    for _ in range(2):
        for made in (unscanned, infected, redirected, limited):
            for host in HOSTS:
                for path in (made.path, made.media("stale.txt")):
                    reply = site.read(path, host)
                    assert (reply.status, reply.headers.get("Location")) == (301, location), (path, host)
                    assert reply.headers["Cache-Control"] == PUBLIC
        site.deliver()


def test_a_draft_replacement_counts_on_the_draft_host_alone(site: Site) -> None:
    target = site.clean("target.txt", draft=True)
    made = site.clean(replacement_id=target.id)
    assert site.read(made.path).body == TEXT
    assert site.read(made.path, API, by=site.editor).body == TEXT
    reply = site.read(made.path, DRAFT)
    assert (reply.status, reply.headers["Location"]) == (301, f"//draft-assets.test{target.path}")
    assert reply.headers["Cache-Control"] == PUBLIC


@pytest.mark.parametrize("state", ["unscanned", "infected"])
def test_what_is_not_clean_is_not_found_by_anyone_anywhere(site: Site, state: str) -> None:
    made = site.create("bad.txt", EICAR)
    site.replace(made, "worse.txt", EICAR)
    if state == "infected":
        site.deliver()
    assert site.state(made) == state
    for host in HOSTS:
        for name in ("bad.txt", "worse.txt"):
            for method in ("GET", "HEAD"):
                reply = site.editor.request(method, f"{host}{made.media(name)}")
                assert reply.status == 404, (host, name, method)
                assert method == "HEAD" or reply.json() == NOT_FOUND
    assert (site.published(), site.kept()) == ([], [])


def test_names_may_hold_dots_and_are_matched_decoded(site: Site) -> None:
    made = site.clean("résumé v1.2.tar.gz")
    assert made.path == made.media("r%C3%A9sum%C3%A9_v1.2.tar.gz")
    assert site.read(made.media("r%c3%a9sum%C3%A9%5Fv1%2E2.tar.gz")).body == TEXT
    for wrong in ("a/r%C3%A9sum%C3%A9_v1.2.tar.gz", "a%2Fb", "r%C3%A9sum%C3%A9_v1.2.tar.gz/x", "..", "%00", "é"):
        assert site.read(made.media(wrong)).status == 404, wrong
    assert site.read(f"/media/{made.id}").status == 404
    assert site.read(f"/media/{made.id}/").status == 404
    assert site.read(made.path + "/").body == TEXT, "a slash at the end does not matter"


def test_unknown_ids_are_not_found_on_the_public_host(site: Site) -> None:
    for asset_id in ("0" * 24, "x", "a" * 3000, "..%2f"):
        reply = site.read(f"/media/{asset_id}/tmp.txt")
        assert (reply.status, reply.json()) == (404, NOT_FOUND)


def test_a_large_file_goes_by_a_signed_url(site: Site) -> None:
    """Ours: more than 4 MiB is answered by a 302 that has the validators."""
    content = b"\0\x01" * (2 * 1024 * 1024 + 1)
    upload = site.begin("large.bin", content)
    reply = site.editor.post("/assets", form={"asset[upload]": upload, "asset[content_type]": "video/x-own"})
    path = reply.json()["file_url"].removeprefix(ASSETS)
    site.deliver()
    head = site.reader.head(f"{ASSETS}{path}")
    assert (head.status, head.headers["Content-Length"]) == (200, str(len(content)))
    get = site.read(path)
    assert (get.status, get.body) == (302, b"")
    assert get.headers["Cache-Control"] == "private, no-store"
    assert [get.headers[name] for name in ("ETag", "Last-Modified")] == [
        head.headers[name] for name in ("ETag", "Last-Modified")
    ]
    url = get.headers["Location"]
    assert site.cloud.settings.library_bucket in url
    assert "X-Amz-Expires=60" in url or "Expires=" in url
    assert "response-content-type=video%2Fx-own" in url
    assert "response-content-disposition=inline" in url
    assert site.read(path, headers={"If-None-Match": head.headers["ETag"]}).status == 304
    part = site.read(path, headers={"Range": "bytes=0-99"})
    assert (part.status, part.body, part.headers["Content-Range"]) == (206, content[:100], f"bytes 0-99/{len(content)}")
    assert site.read(path, headers={"Range": "bytes=1-"}).status == 302
    stale = site.read(path, headers={"Range": "bytes=0-99", "If-Range": '"stale"'})
    assert stale.status == 302, "the range is void, so it is the whole file that is asked for"
    outside = site.read(path, headers={"Range": f"bytes={len(content)}-"})
    assert outside.status == 416


def test_the_largest_file_that_is_answered_inline(site: Site) -> None:
    content = b"x" * (4 * 1024 * 1024)
    upload = site.begin("four.bin", content)
    reply = site.editor.post("/assets", form={"asset[upload]": upload})
    site.deliver()
    read = site.read(reply.json()["file_url"].removeprefix(ASSETS))
    assert (read.status, len(read.body)) == (200, len(content))


def test_media_is_not_served_on_the_stores_host(site: Site) -> None:
    made = site.clean()
    assert site.read(made.path, STORES).status == 404
    assert site.read(made.path, STORES, by=site.editor).status == 404


def test_names_cannot_break_out_of_headers(site: Site) -> None:
    files = {"asset[file]": Upload(TEXT, 'a"; x=\r\nSet-Cookie: y=z\u202e.txt')}
    path = site.editor.post("/assets", files=files).json()["file_url"].removeprefix(ASSETS)
    site.deliver()
    reply = site.read(path)
    assert reply.headers["Content-Disposition"] == 'inline; filename="a___x___Set-Cookie__y_z_.txt"'
    assert "Set-Cookie" not in reply.headers
