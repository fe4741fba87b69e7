"""What the content browser shows: assets, namespaces, searches, pages, resources."""

from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.apis.workspaces import presenters
from tests.conformance.workspaces.studio import BROWSER, Studio, Workspace, sentence

HULL = "/resources/hull/hull.obj"
SHIPS: dict[str, dict[str, Any]] = {
    "/assets/ships/hull.prefab": {"tags": ["blue", "big ship"], "comment": "of old wood", "dependencies": [HULL]},
    "/assets/ships/old/mast.prefab": {"tags": ["red"], "comment": "pine"},
    "/assets/ships/old/deep/nail": {"comment": 'a "quoted" nail'},
    "/assets/ships-2/x": {},
    "/assets/Ships/sail": {"dependencies": ["/assets/ships/old/deep/nail"]},
}


@pytest.fixture
def fleet(island: Workspace) -> Workspace:
    """A workspace with ships."""
    for ref, body in SHIPS.items():
        assert island.put(ref, body).status == 201
    return island


def refs(answer: dict[str, Any]) -> list[str]:
    """The refs of the items of a listing."""
    assert answer["kind"] == "asset-list"
    assert answer["totalItems"] == len(answer["items"])
    return [item["meta"]["ref"] for item in answer["items"]]


def test_an_asset_is_shown_under_the_type_of_its_extension(fleet: Workspace) -> None:
    reply = fleet.get("/assets/ships/hull.prefab")
    assert reply.headers["Content-Type"] == "application/vnd.bilrost.prefab+json"
    shown = reply.json()
    assert shown.pop("meta").keys() == {"ref", "created", "modified", "author", "version"}
    assert shown == {"dependencies": [HULL], "tags": ["big ship", "blue"], "main": "", "comment": "of old wood"}
    assert fleet.get("/assets/ships-2/x").headers["Content-Type"] == "application/json"
    fleet.made("/assets/odd.ü")
    assert fleet.get("/assets/odd.ü").headers["Content-Type"] == "application/json"
    assert sentence(fleet.get("/assets/none"), 404) == "Asset(s) not found, /assets/none"


def test_a_namespace_lists_what_is_directly_in_it(fleet: Workspace) -> None:
    answer = fleet.get("/assets/ships/").json()
    assert answer.keys() == {"kind", "items", "totalItems", "namespaces", "totalNamespaces"}
    assert refs(answer) == ["/assets/ships/hull.prefab", "/assets/Ships/sail"], "whatever its case"
    item = answer["items"][0]
    path = f"/contentbrowser/workspaces/{fleet.guid}/assets/ships"
    assert item["url"] == f"{path}/hull.prefab"
    assert {key: item[key] for key in ("tags", "comment", "dependencies")} == {
        **SHIPS["/assets/ships/hull.prefab"],
        "tags": ["big ship", "blue"],
    }
    assert answer["namespaces"] == [{"url": f"{path}/old/", "ref": "/assets/ships/old/"}]
    assert answer["totalNamespaces"] == 1
    for path in ("/assets", "/assets/"):
        answer = fleet.get(path).json()
        assert refs(answer) == ["/assets/hull"]
        assert [space["ref"].lower() for space in answer["namespaces"]] == ["/assets/ships-2/", "/assets/ships/"]


def test_a_namespace_without_assets_of_its_own_is_not_found(fleet: Workspace) -> None:
    fleet.made("/assets/only/below/x")
    assert sentence(fleet.get("/assets/only/"), 404) == "Asset(s) not found, /assets/only/"
    shown = fleet.get("/assets/only/", "?empty=true").json()
    assert (shown["items"], [space["ref"] for space in shown["namespaces"]]) == ([], ["/assets/only/below/"])
    assert fleet.get("/assets/only/", "?empty=false").status == 404
    assert "corrupted" in sentence(fleet.get("/assets/only/", "?empty=maybe"), 400)
    for query in ("", "?empty=true"):
        assert sentence(fleet.get("/assets/none/", query), 404) == "Asset(s) not found, /assets/none/"
    assert fleet.get("/assets/" + "x/" * 600).status == 404
    assert fleet.delete("/assets/only/below/x").status == 204
    assert "/assets/only/" not in [space["ref"] for space in fleet.get("/assets/").json()["namespaces"]]


def test_listings_come_in_pages(studio: Studio, fleet: Workspace) -> None:
    for number in range(5):
        fleet.made(f"/assets/n/{number}")
    link, pages = f"{fleet.browser}/assets/n/?maxResults=2", []
    while link:
        answer = studio.alice.get(link).json()
        pages.append([item["meta"]["ref"][-1] for item in answer["items"]])
        link = answer.get("nextLink", "")
    assert pages == [["0", "1"], ["2", "3"], ["4"]]
    first = studio.alice.get(f"{fleet.browser}/assets/n/?maxResults=1").json()
    assert first["nextLink"] == "/contentbrowser/workspaces/island/assets/n/?maxResults=1&start=1"
    for query in ("?maxResults=0", "?maxResults=-1", "?maxResults=x", "?start=1.5"):
        assert "corrupted" in sentence(fleet.get("/assets/n/", query), 400)


def test_a_pattern_filters_the_page(fleet: Workspace) -> None:
    for name in ("a.level", "b.level", "c.prefab"):
        fleet.made(f"/assets/n/{name}")
    assert refs(fleet.get("/assets/n/", "?ref=*.level").json()) == ["/assets/n/a.level", "/assets/n/b.level"]
    page = fleet.get("/assets/n/", "?ref=*.prefab&maxResults=2").json()
    assert refs(page) == []
    assert page["nextLink"].endswith("?ref=%2A.prefab&maxResults=2&start=2")


def test_a_page_never_outgrows_an_answer(studio: Studio, fleet: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        fleet.made(f"/assets/n/{number}", comment="x" * 1000)
    monkeypatch.setattr(presenters, "_ROOM", 3000)
    monkeypatch.setattr(presenters, "LARGEST_ANSWER", 3000)
    link, found = f"{fleet.browser}/assets/n/", []
    while link:
        reply = studio.alice.get(link)
        assert len(reply.body) < 4000
        found += refs(reply.json())
        link = reply.json().get("nextLink", "")
    assert found == [f"/assets/n/{number}" for number in range(4)]
    assert "the answer has more than" in sentence(fleet.get("/assets/n/", "?q=n"), 413)


MAST, NAIL, SHIP, SAIL = (
    "/assets/ships/old/mast.prefab",
    "/assets/ships/old/deep/nail",
    "/assets/ships/hull.prefab",
    "/assets/Ships/sail",
)
SEARCHES = {
    "mast": [MAST],
    "Mast": [],
    "prefab old": [MAST],
    "mast OR nail": [NAIL, MAST],
    "mast or nail": [NAIL, MAST],
    "prefab AND mast": [MAST],
    "ships NOT prefab": [NAIL],
    "NOT prefab": [NAIL, SAIL],
    "NOT tag: red": [NAIL, SHIP, SAIL],
    "not (mast or nail)": [SHIP, SAIL],
    "mast OR nail prefab": [MAST],
    "(mast OR nail) deep": [NAIL],
    "tag: blue": [SHIP],
    'tag: "big ship"': [SHIP],
    "tag: big\\ ship": [SHIP],
    "tag: big": [],
    "tag:blue": [],
    "comment: wood": [SHIP],
    'comment: "old wood"': [SHIP],
    'comment: \\"quoted\\"': [NAIL],
    f"dependency: {HULL}": [SHIP],
    "dependency: /assets/ships/old/deep/nail": [SAIL],
    "dependency: /assets/none": [],
    "author: unknown": [NAIL, MAST, SHIP, SAIL],
    "author: alice": [],
    "version: 1.1.0": [NAIL, MAST, SHIP, SAIL],
    "version: 1.0.0": [],
    'main: ""': [NAIL, MAST, SHIP, SAIL],
    "ref: deep": [NAIL],
    "created:> 2018-01-01": [NAIL, MAST, SHIP, SAIL],
    "created:< 2018": [],
    "modified:>= 2018-01-01T00:00:00Z": [NAIL, MAST, SHIP, SAIL],
    "modified:<= 2018-01": [],
    "created:.. 2017 2999": [NAIL, MAST, SHIP, SAIL],
    "created:.. 2017 2019": [],
    "type: level": [],
    '"OR" mast': [],
    "\\(": [],
}


def test_searches_find_what_they_ask_for(fleet: Workspace) -> None:
    for text, expected in SEARCHES.items():
        reply = fleet.get("/assets/ships/", f"?q={quote(text)}")
        assert reply.status == 200, text
        assert sorted(refs(reply.json())) == sorted(expected), text
        assert "namespaces" not in reply.json()
    assert refs(fleet.get("/assets", "?q=main:%20/resources/hull/hull.obj").json()) == ["/assets/hull"]
    assert "/assets/ships-2/x" in refs(fleet.get("/assets/", "?q=ships").json())
    assert len(refs(fleet.get("/assets/", "?q=s&maxResults=1").json())) == 6, "paging does not count"


@pytest.mark.parametrize(
    "text",
    ["(", ")", "mast OR", "AND", "OR mast", "(mast", "mast)", '"mast', "tag:", "created: 2018-01-01", "created:> soon",
     "created:.. 2017", "NOT", "()", "(" * 200 + "a" + ")" * 200, "x" * 2001],
)  # fmt: skip
def test_a_search_that_is_not_understood_is_refused(fleet: Workspace, text: str) -> None:
    assert "content browser corrupted" in sentence(fleet.get("/assets/", f"?q={quote(text)}"), 400)


def test_a_search_where_nothing_is_is_not_found(fleet: Workspace) -> None:
    assert fleet.get("/assets/none/", "?q=x").status == 404
    assert refs(fleet.get("/assets/ships/", "?q=").json()) == [SHIP, SAIL], "an empty one is a listing"


def test_renamed_assets_are_found_where_they_are(fleet: Workspace) -> None:
    assert fleet.rename(NAIL, "/assets/nail", seen=fleet.modified(NAIL)).status == 200
    assert refs(fleet.get("/assets/", "?q=dependency:%20/assets/nail").json()) == [SAIL]
    assert refs(fleet.get("/assets/", f"?q=dependency:%20{NAIL}").json()) == []
    assert fleet.asset(SAIL)["dependencies"] == ["/assets/nail"]
    assert fleet.get("/assets/ships/").json()["items"][1]["dependencies"] == ["/assets/nail"]


def test_resources_are_listed(studio: Studio, island: Workspace) -> None:
    island.uploaded("/resources/tex/a.png", "/resources/tex/b.png", "/resources/top.png", content=b"png")
    island.upload("/resources/tex/c.png", b"more")
    answer = island.get("/resources/tex/").json()
    assert (answer["kind"], answer["totalItems"], answer["namespaces"]) == ("file-list", 3, [])
    first = answer["items"][0]
    assert first.items() >= {"ref": "/resources/tex/a.png", "name": "a.png", "size": 3, "mime": "image/png"}.items()
    assert len(first["hash"]) == 64
    assert studio.alice.get(first["url"]).body == b"png"
    assert [item["state"] for item in answer["items"]] == ["clean", "clean", "pending"]
    one = island.get("/resources/tex/a.png").json()
    assert one["items"] == [first]
    for path in ("/resources", "/resources/"):
        root = island.get(path).json()
        assert [item["ref"] for item in root["items"]] == ["/resources/top.png"]
        assert [space["ref"] for space in root["namespaces"]] == ["/resources/hull/", "/resources/tex/"]
    assert island.get("/resources/tex").json()["totalItems"] == 3
    paged = island.get("/resources/tex/", "?maxResults=2").json()
    assert studio.alice.get(paged["nextLink"]).json()["items"][0]["ref"] == "/resources/tex/c.png"
    assert sentence(island.get("/resources/none"), 404) == "Resource(s) not found, /resources/none"
    assert island.get("/resources/" + "x/" * 600).status == 404


def test_head_is_answered_wherever_get_is(studio: Studio, fleet: Workspace) -> None:
    for path in ("", "/assets/hull", "/assets/ships/", "/resources/", "/branch", "/branches", "/assets/?q=x"):
        reply = studio.alice.head(f"{fleet.browser}{path}")
        assert (reply.status, reply.body) == (200, b""), path
    assert studio.alice.head(BROWSER).status == 200
    assert studio.alice.head(f"{fleet.browser}/assets/none").status == 404
