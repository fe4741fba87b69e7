"""Reading files and objects on the stores host."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin, urlsplit

import pytest

from app import app
from chalicelib import clock
from chalicelib.apis.stores import publishing
from chalicelib.files import publications
from chalicelib.jobs import queues
from chalicelib.web import delivery, policies
from tests.conformance.stores.gallery import PROJECT, STORES, TEXT, Gallery
from tests.support.client import Client, deliver
from tests.support.cloud import ORIGIN_SECRET

SITE = b"<script>document.title = 1</script>"
FILE = f"{STORES}/stores/default/expo/map/1/index.html"
GROUPS = f"{PROJECT}/projectAccessMeta"


def open_up(gallery: Gallery) -> None:
    """Make the project public, and let what follows happen."""
    assert gallery.admin.post(GROUPS, json={"groups": ["g1", "public"]}).status == 200
    gallery.deliver()


def restrict(gallery: Gallery) -> None:
    """Take `public` away; nothing that follows has happened yet."""
    assert gallery.admin.post(GROUPS, json={"groups": ["g1"]}).status == 200


def test_a_public_file_is_everybodys_and_lies_in_the_media_bucket(gallery: Gallery) -> None:
    open_up(gallery)
    gallery.uploaded("map", "index.html", SITE)
    assert gallery.published() == ["stores/default/expo/map/1/index.html"]
    reply = gallery.stranger.get(FILE)
    assert (reply.status, reply.body) == (200, SITE)
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert reply.headers["Content-Security-Policy"] == "sandbox allow-scripts allow-forms allow-popups"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert reply.headers["Cache-Control"] == "max-age=300, public"
    assert "X-Frame-Options" not in reply.headers
    head = gallery.stranger.head(FILE)
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(SITE)))
    assert head.headers["ETag"] == reply.headers["ETag"]
    assert gallery.stranger.get(FILE, headers={"If-None-Match": reply.headers["ETag"]}).status == 304
    assert gallery.stranger.get(FILE, headers={"Range": "bytes=1-6"}).body == b"script"


def test_a_restricted_file_is_nobodys_without_capability_or_token(gallery: Gallery) -> None:
    gallery.uploaded("map", "index.html", SITE)
    assert gallery.published() == []
    for client in (gallery.stranger, gallery.carol, gallery.nobody, Client(app, {"AUTH_TOKEN": "x"})):
        hidden = client.get(FILE)
        absent = client.get(FILE.replace("/map/", "/other/"))
        assert (hidden.status, hidden.body) == (absent.status, absent.body) == (404, hidden.body)
        assert client.head(FILE).status == 404
    for client in (gallery.alice, gallery.bob, gallery.admin):
        reply = client.get(FILE)
        assert (reply.status, reply.body) == (200, SITE)
        assert reply.headers["Cache-Control"] == "private, no-store"


def test_on_this_host_an_open_product_does_not_open_restricted_files(gallery: Gallery) -> None:
    gallery.uploaded("map", "index.html", SITE)
    gallery.cloud.set(AUTH="open")
    assert gallery.stranger.get(FILE).status == 404
    url = gallery.stranger.get(f"{PROJECT}/meta/map").json()["index_file"]
    assert gallery.stranger.get(url).body == SITE


def test_a_token_comes_by_query_or_cookie_too(gallery: Gallery) -> None:
    gallery.uploaded("map", "index.html", SITE)
    dora = gallery.person("dora", groups=["g1"])
    assert gallery.stranger.get(f"{FILE}?AUTH_TOKEN={dora.token}").body == SITE
    assert gallery.stranger.get(FILE, headers={"Cookie": f"AUTH_TOKEN={dora.token}"}).body == SITE
    assert gallery.stranger.post(FILE, headers={"Cookie": f"AUTH_TOKEN={dora.token}"}).status == 405


def test_a_capability_opens_its_own_version_alone(gallery: Gallery) -> None:
    gallery.uploaded("map", "index.html", SITE)
    gallery.uploaded("map", "index.html", b"second")
    gallery.uploaded("other", "index.html", b"other")
    url = gallery.files("map", "?version=1")[0]["url"]
    assert url.startswith(f"{STORES}/stores/~")
    reply = gallery.stranger.get(url)
    assert (reply.status, reply.body) == (200, SITE)
    assert reply.headers["Cache-Control"] == "private, no-store"
    assert gallery.stranger.get(url.replace("/map/1/", "/map/2/")).status == 404
    assert gallery.stranger.get(url.replace("/map/1/", "/other/1/")).status == 404
    assert urlsplit(urljoin(url, "tiles/1.png")).path.split("/")[2].startswith("~"), "relative links stay inside"


@pytest.mark.parametrize("part", range(4))
def test_a_capability_that_was_tampered_with_opens_nothing(gallery: Gallery, part: int) -> None:
    gallery.uploaded("map", "index.html", SITE)
    url = gallery.meta("map")["index_file"]
    capability = urlsplit(url).path.split("/")[2]
    words = capability.removeprefix("~").split(".")
    other = "-" if words[part].endswith("_") else "_"
    words[part] = str(int(words[part]) + 1) if words[part].isdigit() else words[part][:-1] + other
    assert gallery.stranger.get(url.replace(capability, "~" + ".".join(words))).status == 404
    for wrong in ("~", "~...", "~x", capability[:-1], capability + "x", "~" + "." * 5):
        assert gallery.stranger.get(url.replace(capability, wrong)).status == 404


def test_a_capability_ends_with_its_time_with_the_groups_and_with_the_secret(gallery: Gallery) -> None:
    gallery.uploaded("map", "index.html", SITE)
    url = gallery.meta("map")["index_file"]
    patch = gallery.cloud.monkeypatch
    for minutes, status in ((59, 200), (76, 404)):
        patch.setattr(clock, "now", lambda minutes=minutes: datetime.now(UTC) + timedelta(minutes=minutes))
        assert gallery.stranger.get(url).status == status
    patch.undo()
    gallery.cloud.set(**gallery.cloud.environment)


def test_changed_groups_end_capabilities(gallery: Gallery) -> None:
    gallery.uploaded("map", "index.html", SITE)
    url = gallery.meta("map")["index_file"]
    gallery.admin.post(GROUPS, json={"groups": ["g2"]})
    assert gallery.stranger.get(url).status == 404


@pytest.mark.parametrize("secret", ["", ORIGIN_SECRET[::-1]])
def test_a_capability_is_worth_nothing_under_another_secret(gallery: Gallery, secret: str) -> None:
    gallery.uploaded("map", "index.html", SITE)
    url = gallery.meta("map")["index_file"]
    gallery.cloud.set(ORIGIN_SECRET=secret)
    assert gallery.stranger.get(url).status == 404


def test_taking_public_away_counts_at_once_and_withdraws_by_a_job(gallery: Gallery) -> None:
    open_up(gallery)
    gallery.cloud.monkeypatch.setattr(publishing, "PART", 2)
    for number in range(5):
        gallery.uploaded(f"a{number}")
    assert len(gallery.published()) == 5
    restrict(gallery)
    assert gallery.stranger.get(f"{STORES}/stores/default/expo/a0/1/a.txt").status == 404
    gallery.deliver()
    assert gallery.published() == []
    open_up(gallery)
    assert len(gallery.published()) == 5
    assert gallery.stranger.get(f"{STORES}/stores/default/expo/a4/1/a.txt").body == TEXT


def test_a_job_whose_message_was_lost_is_found_by_the_sweep(gallery: Gallery) -> None:
    open_up(gallery)
    gallery.uploaded("map", "index.html", SITE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(queues, "send", lambda *_: None)
        restrict(gallery)
    gallery.deliver()
    assert len(gallery.published()) == 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(minutes=5))
        gallery.sweep()
    assert gallery.published() == []


@pytest.mark.parametrize("times", [1, 2, 3])
def test_however_publicness_and_verdicts_interleave_the_last_word_stays(gallery: Gallery, times: int) -> None:
    """Bytes that wait for their verdict while the groups change, and jobs that run late, end as the row says."""
    open_up(gallery)
    gallery.upload("map", "index.html", SITE, create="true")
    for _ in range(times):
        restrict(gallery)
        gallery.admin.post(GROUPS, json={"groups": ["g1", "public"]})
    gallery.upload("other", "b.txt", create="true")
    restrict(gallery)
    gallery.deliver()
    assert gallery.published() == []
    open_up(gallery)
    assert len(gallery.published()) == 2


def test_a_verdict_that_read_old_groups_publishes_nothing(gallery: Gallery) -> None:
    """The project becomes restricted, and its job has run, between the verdict's read of the project and its word."""
    open_up(gallery)
    gallery.upload("map", "index.html", SITE, create="true")
    original = publications.publish

    def late(*arguments: object) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(publications, "publish", original)
            restrict(gallery)
            deliver(app, "work")
        original(*arguments)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publications, "publish", late)
        gallery.deliver()
    assert gallery.published() == []


def test_objects_are_read_as_they_are_and_never_cached(gallery: Gallery) -> None:
    gallery.alice.post(f"{PROJECT}/object/layout", json={"a": 1})
    url = gallery.alice.get(f"{PROJECT}/object/layout/info").json()["index_file"]
    reply = gallery.stranger.get(url)
    assert (reply.status, reply.json(), reply.headers["Cache-Control"]) == (200, {"a": 1}, "private, no-store")
    plain = f"{STORES}/stores/default/expo/layout.json"
    assert gallery.stranger.get(plain).status == 404
    open_up(gallery)
    assert gallery.stranger.get(plain).json() == {"a": 1}
    assert gallery.stranger.get(plain.replace("layout", "project")).json()["Metadata"]["name"] == "Expo"
    assert gallery.stranger.get(plain.replace("layout", "other")).status == 404


@pytest.mark.parametrize(
    "path",
    ["", "/x", "/default", "/default/expo", "/default/expo/map", "/default/expo/map/1", "/default/expo/.json",
     "/default/expo/map/01/index.html", "/default/expo/map/0/index.html", "/default/expo/map/x/index.html",
     "/default%2Fexpo/map/1/index.html", "/default/expo/map/1/../1/index.html", "/~", "/~/default/expo/map/2/a",
     "/default/expo/map/1/index.html/more", "/default/expo/map%2F1/index.html/x", "/" + "x" * 900 + "/a/b/1/c"],
)  # fmt: skip
def test_what_is_no_address_is_not_found(gallery: Gallery, path: str) -> None:
    open_up(gallery)
    gallery.uploaded("map", "index.html", SITE)
    reply = gallery.stranger.get(f"{STORES}/stores{path}")
    assert reply.status == 404
    assert reply.json().keys() == {"title", "description"}


@pytest.mark.parametrize("host", ["http://api.test", "http://assets.test", "http://draft-assets.test"])
def test_files_of_stores_are_on_their_own_host_alone(gallery: Gallery, host: str) -> None:
    open_up(gallery)
    gallery.uploaded("map", "index.html", SITE)
    assert gallery.admin.get(FILE.replace(STORES, host)).status == 404


def test_without_a_host_of_their_own_files_of_stores_are_on_the_assets_host_and_never_beside_the_console(
    gallery: Gallery,
) -> None:
    open_up(gallery)
    gallery.uploaded("map", "index.html", SITE)
    gallery.cloud.set(STORES_ORIGIN="")
    url = gallery.meta("map")["index_file"]
    assert url == FILE.replace(STORES, "http://assets.test")
    reply = gallery.stranger.get(url)
    assert (reply.status, reply.body) == (200, SITE)
    assert {name: reply.headers[name] for name in policies.STORES} == policies.STORES
    for host in ("http://api.test", "http://draft-assets.test", "https://abc.execute-api.us-east-1.amazonaws.com"):
        assert gallery.admin.get(FILE.replace(STORES, host)).status == 404


def test_a_large_file_goes_by_a_signed_url_that_nobody_may_keep(gallery: Gallery) -> None:
    gallery.cloud.monkeypatch.setattr(delivery, "INLINE_LIMIT", 100)
    gallery.uploaded("map", "big.txt", b"x" * 200)
    reply = gallery.stranger.get(gallery.meta("map")["index_file"])
    assert (reply.status, reply.headers["Cache-Control"]) == (302, "private, no-store")
    assert "Signature=" in reply.headers["Location"]
