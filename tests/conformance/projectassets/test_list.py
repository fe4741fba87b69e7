"""Lists of project assets: pages, filters, totals, links, and who sees what."""

import re
from urllib.parse import quote

import pytest

from chalicelib.apis.projectassets import listing, presenters
from chalicelib.apis.projectassets.models import BLOCK, EVERYTHING, PROJECT, Listed
from chalicelib.apis.projectassets.parameters import Page
from chalicelib.rows import transact
from tests.conformance.projectassets.studio import PROJECTS, ROOT, Studio, error, faults
from tests.support.client import Client, Reply


def total(reply: Reply) -> int:
    return int(reply.headers["X-Total-Count"])


def links(reply: Reply) -> dict[str, str]:
    return {rel: url for url, rel in re.findall(r'<([^>]*)>; rel="(\w+)"', reply.headers.get("Link", ""))}


@pytest.fixture
def five(studio: Studio) -> Studio:
    """Five projects: 1, 2 and 4 in News, 3 and 5 in Sport."""
    for number, production in enumerate((studio.news, studio.news, studio.sport, studio.news, studio.sport), 1):
        studio.make(f"p{number}", production_id=production)
    return studio


def test_an_empty_list_is_a_bare_array(studio: Studio) -> None:
    reply = studio.root.get(PROJECTS)
    assert (reply.status, reply.body, total(reply), links(reply)) == (200, b"[]", 0, {})


def test_everything_in_the_order_of_ids(five: Studio) -> None:
    reply = five.root.get(PROJECTS)
    assert [one["id"] for one in reply.json()] == [1, 2, 3, 4, 5]
    assert reply.json()[0] == five.get(1)
    assert total(reply) == 5


def test_a_list_is_limited_to_what_the_caller_may_read(five: Studio) -> None:
    both = five.member("both", five.news, five.sport).client
    cases: list[tuple[Client, list[int]]] = [
        (five.writer, [1, 2, 4]),
        (five.outsider, [3, 5]),
        (both, [1, 2, 3, 4, 5]),
        (five.person("nobody").client, []),
    ]
    for client, ids in cases:
        reply = client.get(PROJECTS)
        assert ([one["id"] for one in reply.json()], total(reply)) == (ids, len(ids))
    assert five.listed("?limit=2&offset=1", by=both) == [2, 3]
    assert five.listed("?limit=2&offset=1", by=five.writer) == [2, 4]


PAGES: list[tuple[str, list[int]]] = [
    ("?limit=2", [1, 2]),
    ("?limit=2&offset=2", [3, 4]),
    ("?offset=3", [4, 5]),
    ("?limit=0", []),
    ("?offset=5", []),
    ("?offset=99999999999999999999", []),
    ("?limit=10000000", [1, 2, 3, 4, 5]),
    ("?limit=99999999999999999999999999999999", [1, 2, 3, 4, 5]),
    ("?limit=", [1, 2, 3, 4, 5]),
    ("?limit=1&limit=2", [1, 2]),
    ("?limit=02", [1, 2]),
    ("?production=2", [3, 5]),
    ("?production=9", []),
    ("?is_archive=true", []),
    ("?is_archive=false", [1, 2, 3, 4, 5]),
    ("?anything=else", [1, 2, 3, 4, 5]),
    (f"?bundle_root={ROOT}p2/", [2]),
    (f"?bundle_root={quote(ROOT, safe='')}p2%2F", [2]),
    (f"?bundle_root={ROOT}p2", []),
    (f"?bundle_root={ROOT}", []),
    (f"?bundle_root={ROOT}P2/", []),
    (f"?bundle_root={'x' * 5000}", []),
    ("?bundle_root=", [1, 2, 3, 4, 5]),
]


def test_pages_and_filters(five: Studio) -> None:
    assert {query: five.listed(query) for query, _ in PAGES} == dict(PAGES)


NO_NUMBERS = [
    ("?limit=-1", "limit"),
    ("?limit=abc", "limit"),
    ("?limit=1.5", "limit"),
    ("?offset=-1", "offset"),
    ("?limit=%D9%A3", "limit"),
    ("?offset=1e3", "offset"),
    ("?limit=+1", "limit"),
    ("?is_archive=perhaps", "is_archive"),
]


def test_numbers_that_are_none_are_refused(five: Studio) -> None:
    for query, name in NO_NUMBERS:
        reply = five.root.get(f"{PROJECTS}{query}")
        assert faults(reply) == [(name, "invalid")]
        assert reply.json()["errors"][0]["source"] == {"parameter": name}


def test_the_total_is_of_what_the_filter_leaves(five: Studio) -> None:
    five.make("p2")
    for client, query, count in (
        (five.root, "?limit=0", 6),
        (five.root, "?offset=50", 6),
        (five.root, f"?bundle_root={ROOT}p2/&limit=1", 2),
        (five.root, "?production=2&limit=1", 2),
        (five.writer, "?limit=1", 4),
        (five.outsider, f"?bundle_root={ROOT}p2/", 0),
        (five.outsider, "?production=1", 0),
    ):
        assert total(client.get(f"{PROJECTS}{query}")) == count, query


def test_links_lead_through_all_pages(five: Studio) -> None:
    url, seen = f"{PROJECTS}?production=&limit=2", []
    while url:
        reply = five.root.get(url)
        seen.append([one["id"] for one in reply.json()])
        url = links(reply).get("next", "")
    assert seen == [[1, 2], [3, 4], [5]]


def test_links_keep_the_rest_of_the_query(five: Studio) -> None:
    found = links(five.root.get(f"{PROJECTS}?limit=2&offset=2&x=a%26b"))
    base = "http://api.test/api/projectassets/?limit=2&x=a%26b"
    assert found == {"next": f"{base}&offset=4", "prev": base, "first": base, "last": f"{base}&offset=4"}
    assert "next" not in links(five.root.get(f"{PROJECTS}?limit=2&offset=4"))
    assert links(five.root.get(f"{PROJECTS}?limit=5")) == {}


def test_a_root_with_a_blank_and_a_plus(studio: Studio) -> None:
    studio.make("a b")
    studio.make("a+b")
    assert studio.listed(f"?bundle_root={ROOT}a+b/") == [1]
    assert studio.listed(f"?bundle_root={ROOT}a%20b/") == [1]
    assert studio.listed(f"?bundle_root={ROOT}a%2Bb/") == [2]


def test_without_a_limit_a_page_has_its_ceiling(five: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.apis.projectassets import parameters

    monkeypatch.setattr(parameters, "PAGE", 2)
    reply = five.root.get(PROJECTS)
    assert [one["id"] for one in reply.json()] == [1, 2]
    assert links(reply)["next"] == "http://api.test/api/projectassets/?offset=2"
    assert five.listed("?limit=10000000") == [1, 2]


def test_a_page_ends_before_it_is_too_large(five: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presenters, "ROOM", 1500)
    url, seen = PROJECTS, []
    while url:
        reply = five.root.get(url)
        assert len(reply.body) < 1500 + 10
        seen += [one["id"] for one in reply.json()]
        url = links(reply).get("next", "")
    assert seen == [1, 2, 3, 4, 5]


def test_offsets_count_across_blocks(studio: Studio) -> None:
    """Projects far apart in their ids, as after many deletions: some whole blocks are empty."""
    numbers = [3, BLOCK - 1, BLOCK, 2 * BLOCK + 7, 40 * BLOCK, 40 * BLOCK + 1]
    template = studio.make("p")
    from chalicelib.apis.projectassets import records
    from chalicelib.apis.projectassets.models import Project
    from chalicelib.rows import Put

    for number in numbers:
        row = Project.at(number)
        source = Project.find("project#1", "project")
        assert source is not None
        for name in ("name", "bundle_root", "production", "status_asset", "status_approval", "date_add", "date_mod"):
            setattr(row, name, getattr(source, name))
        row.path_file = ""
        transact(Put(row), *records.steps_added(row))
    everything = [template["id"], *numbers]
    for offset in range(len(everything) + 1):
        assert studio.listed(f"?limit=3&offset={offset}") == everything[offset : offset + 3]
        assert studio.listed(f"?limit=3&offset={offset}", by=studio.writer) == everything[offset : offset + 3]


def test_a_list_shows_links_and_no_files(five: Studio) -> None:
    clip = five.media()
    assert five.add(2, ("video", clip["id"])).status == 200
    found = {one["id"]: one for one in five.root.get(PROJECTS).json()}
    assert [one["id"] for one in found[2]["video_assets"]] == [clip["id"]]
    assert found[1]["video_assets"] == []
    assert all(one["files"] == {} for one in found.values())


def test_what_is_removed_is_in_no_list(five: Studio) -> None:
    from chalicelib.apis.projectassets import records
    from chalicelib.apis.projectassets.models import Project
    from chalicelib.rows import Delete

    row = Project.find("project#2", "project")
    assert row is not None
    transact(Delete(Project.at(2)), *records.steps_removed(row))
    assert five.listed() == [1, 3, 4, 5]
    assert five.listed("?limit=1&offset=1", by=five.writer) == [4]
    assert five.listed(f"?bundle_root={ROOT}p2/") == []
    assert total(five.root.get(PROJECTS)) == 4
    assert [row.number for row in Listed.below(f"list#{PROJECT}/{EVERYTHING}", "id#")] == [1, 3, 4, 5]
    assert listing.page(PROJECT, [five.news], Page(None, 0)).total == 2


def test_an_unreadable_list_of_a_production_is_empty_not_an_error(five: Studio) -> None:
    assert five.listed(f"?production={five.sport}", by=five.writer) == []
    assert error(five.writer.get(f"{PROJECTS}3/"), 404)[0] == "not_found"
