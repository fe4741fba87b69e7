"""GET /assets: what a caller may manage, the newest first, page by page."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.apis.assets import service
from tests.conformance.assets.site import ASSETS, PRIVATE, Site
from tests.support.client import Client


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every asset is made in a second of its own."""
    seconds = iter(range(1_700_000_000, 1_800_000_000))
    monkeypatch.setattr(service, "new_asset_id", lambda: f"{next(seconds):08x}{secrets.token_hex(8)}")


def listed(client: Client, query: str = "") -> list[dict[str, Any]]:
    """All pages of a listing."""
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        reply = client.get(f"/assets?{query}{after}")
        assert reply.status == 200, reply.text
        found += reply.json()["results"]
        if reply.json()["next_cursor"] is None:
            return found
        after = f"&cursor={reply.json()['next_cursor']}"


def names(client: Client, query: str = "") -> list[str]:
    return [asset["name"] for asset in listed(client, query)]


@pytest.mark.usefixtures("ticking")
def test_an_asset_is_listed_as_it_is_shown_and_the_newest_comes_first(site: Site) -> None:
    site.clean("first.txt", redirect_url="https://www.gov.uk")
    made = site.create("second.txt", draft=True)
    reply = site.editor.get("/assets")
    assert reply.headers["Cache-Control"] == PRIVATE
    assert reply.json()["_response_info"] == {"status": "ok"}
    first, second = reply.json()["results"][1], reply.json()["results"][0]
    assert first["redirect_url"] == "https://www.gov.uk"
    assert (first["state"], second["state"], second["draft"]) == ("clean", "unscanned", True)
    shown = site.editor.get(made.url).json()
    assert shown == {"_response_info": {"status": "ok"}, **second}
    assert second["file_url"] == f"{ASSETS}{made.media('second.txt')}"


@pytest.mark.usefixtures("ticking")
def test_pages_hold_every_asset_once_whatever_their_size(site: Site) -> None:
    for number in range(7):
        site.create(f"{number}.txt")
    whole = [f"{number}.txt" for number in reversed(range(7))]
    for limit in (1, 2, 3, 7, 100):
        assert names(site.editor, f"limit={limit}") == whole


@pytest.mark.usefixtures("ticking")
def test_what_is_created_meanwhile_moves_no_page(site: Site) -> None:
    for number in range(3):
        site.create(f"{number}.txt")
    first = site.editor.get("/assets?limit=2").json()
    site.create("later.txt")
    rest = site.editor.get(f"/assets?limit=2&cursor={first['next_cursor']}").json()
    assert [asset["name"] for asset in rest["results"]] == ["0.txt"]


def test_only_who_manages_all_assets_sees_those_of_others(site: Site) -> None:
    other = site.caller("other")
    site.create("mine.txt")
    site.create("theirs.txt", by=other.client)
    assert names(site.editor) == ["mine.txt"]
    assert names(other.client) == ["theirs.txt"]
    assert names(site.caller("nobody").client) == []
    manager = site.caller("manager", permissions=["Manage all Assets"])
    assert sorted(names(manager.client)) == ["mine.txt", "theirs.txt"]
    assert sorted(names(site.caller("root", superuser=True).client)) == ["mine.txt", "theirs.txt"]


def test_a_cursor_of_somebody_else_shows_nothing_of_theirs(site: Site) -> None:
    other = site.caller("other")
    for _ in range(3):
        site.create("theirs.txt", by=other.client)
    cursor = other.client.get("/assets?limit=1").json()["next_cursor"]
    assert names(site.editor, f"cursor={cursor}") == []


def test_deleted_assets_have_a_listing_of_their_own_until_they_are_purged(
    site: Site, wait: Callable[[float], None]
) -> None:
    site.cloud.set(DELETED_DAYS="1")
    kept, gone = site.clean("kept.txt"), site.clean("gone.txt")
    site.delete(gone)
    assert (names(site.editor), names(site.editor, "deleted=true")) == (["kept.txt"], ["gone.txt"])
    assert [asset["deleted"] for asset in listed(site.editor, "deleted=true")] == [True]
    site.editor.post(f"{gone.url}/restore")
    assert (sorted(names(site.editor)), names(site.editor, "deleted=true")) == (["gone.txt", "kept.txt"], [])
    site.delete(gone)
    wait(1.1)
    site.sweep()
    assert (names(site.editor), names(site.editor, "deleted=true")) == (["kept.txt"], [])
    site.delete(kept)
    assert names(site.caller("root", superuser=True).client, "deleted=true") == ["kept.txt"]


def test_who_loses_a_whitehall_path_is_listed_as_deleted(site: Site) -> None:
    path = "/government/uploads/system/a.txt"
    former, newcomer = site.whitehall(path), site.whitehall(path)
    assert [asset["id"] for asset in listed(site.editor)] == [newcomer.answer["id"]]
    assert [asset["id"] for asset in listed(site.editor, "deleted=true")] == [former.answer["id"]]


def test_a_change_leaves_an_asset_where_it_is(site: Site) -> None:
    made = site.clean()
    site.update(made, draft=True)
    site.replace(made, "new.txt", b"new")
    assert names(site.editor) == ["new.txt"]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("limit=0", "limit must be a number from 1 to 100"),
        ("limit=101", "limit must be a number from 1 to 100"),
        ("limit=x", "limit must be a number from 1 to 100"),
        ("limit=", "limit must be a number from 1 to 100"),
        ("cursor=", "cursor is none that a page told"),
        ("cursor=!", "cursor is none that a page told"),
        ("cursor=AAAA", "cursor is none that a page told"),
        ("deleted=maybe", "deleted must be true or false"),
    ],
)
def test_a_page_that_cannot_be_is_refused(site: Site, query: str, told: str) -> None:
    reply = site.editor.get(f"/assets?{query}")
    assert (reply.status, reply.json()) == (400, {"_response_info": {"status": told}})


def test_the_list_is_the_api_hosts_and_needs_a_token(site: Site) -> None:
    assert site.reader.get("/assets").status == 401
    assert site.editor.get(f"{ASSETS}/assets").status == 404
    head = site.editor.head("/assets")
    assert (head.status, head.body) == (200, b"")


@pytest.mark.usefixtures("ticking")
def test_what_an_asset_replaces_is_listed_as_far_as_the_caller_may_manage_it(site: Site) -> None:
    other = site.caller("other")
    new = site.create("new.txt")
    for name in ("one.txt", "two.txt", "three.txt"):
        site.update(site.create(name), replacement_id=new.id)
    site.delete(site.create("gone.txt", replacement_id=new.id))
    theirs = site.create("theirs.txt", replacement_id=new.id, by=other.client)
    query = f"replaced_by={new.id}"
    assert names(site.editor, query) == names(site.editor, f"{query}&limit=1") == ["three.txt", "two.txt", "one.txt"]
    assert "theirs.txt" in names(site.caller("root", superuser=True).client, query)
    assert names(other.client, f"replaced_by={theirs.id}") == []
    assert other.client.get(f"/assets?{query}").status == 403
    site.delete(new)
    for unknown in (new.id, "0" * 24, "x", ""):
        assert site.editor.get(f"/assets?replaced_by={unknown}").status == 404
