"""Projects are listed by the caller's groups: what is shown, in pages, and what that costs."""

import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.apis.stores import access, projects
from chalicelib.apis.stores.index_rows import Granted, Tagged
from chalicelib.apis.stores.models import Project
from chalicelib.identity import Principal
from chalicelib.rows import Row
from tests.conformance.stores.gallery import Gallery, stock, title
from tests.support.calls import counting
from tests.support.client import Client

GROUPS, TAGS = ("g1", "g2", "g3", "public", "a/b", "ü"), ("art", "map", "a/b")


def pages(client: Client, query: str, limit: int | None) -> list[str]:
    """The ids of a listing, read to its end."""
    seen: list[str] = []
    query += f"&limit={limit}" if limit else ""
    cursor = ""
    while True:
        reply = client.get(f"/api/default/list?{query}{cursor}")
        assert reply.status == 200, reply.text
        assert limit is None or len(reply.json()) <= limit
        seen += [item["id"] for item in reply.json()]
        if "X-Next-Cursor" not in reply.headers:
            return seen
        cursor = f"&cursor={reply.headers['X-Next-Cursor']}"


def test_everybody_is_shown_what_they_may_read_whatever_groups_tags_and_pages(gallery: Gallery) -> None:
    dice = random.Random(7)
    made = {"expo": ({"g1"}, set[str]())}
    for number in dice.sample(range(1000), 24):
        name = f"{dice.choice(('p', 'p-', 'p.', '0'))}{number:03}"
        groups, tags = set(dice.sample(GROUPS, dice.randint(1, 3))), set(dice.sample(TAGS, dice.randint(0, 2)))
        project = gallery.make_project(name, *groups)
        gallery.admin.post(f"{project}/projectMeta", json={"name": name, "tags": list(tags)})
        made[name] = (groups, tags)
    people: dict[Client, set[str]] = {gallery.admin: set(GROUPS), gallery.nobody: set(), gallery.alice: {"g1"}}
    many = {"g2", "a/b", "ü", "none", "x" * 300}
    people[gallery.person("many", groups=list(many)).client] = many
    for client, groups in people.items():
        for tag in (None, "art", "a/b", "nobody's"):
            wanted = sorted(
                name
                for name, (has, tagged) in made.items()
                if has & (groups | {"public"}) and (tag is None or tag in tagged)
            )
            query = "" if tag is None else f"filterByTag={tag}"
            for limit in (None, 4):
                assert pages(client, query, limit) == wanted, (groups, tag, limit)


def test_a_change_of_groups_shows_in_listings_at_once(gallery: Gallery) -> None:
    path = "/api/default/expo/projectAccessMeta"
    for groups, seen in (
        (["g2"], (gallery.carol,)),
        (["g1", "g2"], (gallery.alice, gallery.carol)),
        (["g3", "public"], (gallery.alice, gallery.carol, gallery.nobody)),
        (["g3"], ()),
    ):
        assert gallery.admin.post(path, json={"groups": groups}).status == 200
        for client in (gallery.alice, gallery.carol, gallery.nobody):
            for query in ("", "metadata=true", "limit=3"):
                assert pages(client, query, None) == (["expo"] if client in seen else [])


def test_a_project_has_as_many_groups_as_one_transaction_can_change(gallery: Gallery) -> None:
    first, others = [f"g{number}" for number in range(90)], [f"h{number}" for number in range(90)]
    path = gallery.make_project("crowd", *first)
    assert title(gallery.admin.post(f"{path}/projectAccessMeta", json={"groups": [*first, "more"]})) == "Invalid data"
    reply = gallery.admin.post(f"{path}/projectAccessMeta", json={"groups": others})
    assert title(reply) == "Invalid data"
    assert "95" in reply.json()["description"]
    for step in (first[:45] + others[:45], others):
        assert gallery.admin.post(f"{path}/projectAccessMeta", json={"groups": step}).status == 200
    assert pages(gallery.person("old", groups=["g1"]).client, "", None) == ["expo"]
    assert pages(gallery.person("new", groups=["h89"]).client, "", None) == ["crowd"]


@pytest.mark.parametrize("name", ["", "g" * 201, "a\nb"])
def test_a_group_is_called_something_that_a_key_can_hold(gallery: Gallery, name: str) -> None:
    body = {"id": "museum", "name": "x", "groups": [name]}
    assert title(gallery.admin.post("/api/default/create", json=body)) == "Invalid data"


def test_what_may_be_written_to_is_told_for_many_projects_in_one_call(gallery: Gallery) -> None:
    for number in range(5):
        gallery.make_project(f"p{number}00", "g2" if number % 2 else "g1", "public")
    asked = [("default", f"p{number}00") for number in range(5)] * 2 + [("default", "nothing"), ("nowhere", "expo")]
    alice = Principal("a", "alice", groups=frozenset({"g1", "public"}))
    with counting() as calls:
        found = projects.writable(alice, asked)
    assert found == {("default", "p000"), ("default", "p200"), ("default", "p400")}
    assert calls.names() == ["dynamodb.BatchGetItem"]
    reader = Principal("b", "bob", groups=frozenset({"g1"}), write_groups=frozenset())
    assert projects.writable(reader, asked) == set()
    admin = Principal("r", "root", permissions=frozenset({access.ADMINISTER}))
    with counting() as calls:
        assert projects.writable(admin, asked) == set(asked)
    assert calls.names() == []


LISTINGS = ["limit=5", "limit=5&cursor=cDAwMDAwMQ", "limit=5&filterByTag=rare", "limit=5&filterByTag=common"]


@pytest.mark.parametrize("query", LISTINGS)
def test_a_page_costs_a_query_a_group_and_a_read_of_the_rows_at_any_size(gallery: Gallery, query: str) -> None:
    reader = gallery.person("reader", groups=["g1", "g2"]).client
    costs, answers = [], []
    for count in (40, 700):
        fill(count)
        reader.get("/api/list")  # so that the token is known
        with counting() as calls:
            reply = reader.get(f"/api/default/list?{query}")
        costs.append(calls.counts())
        answers.append(reply.json())
        assert len(reply.json()) == (2 if "rare" in query else 5)
    assert answers[0] == answers[1]
    assert costs[0] == costs[1]
    index_queries = 3 + ("filterByTag" in query)  # g1, g2 and public; the tag
    assert costs[0] == Counter({"dynamodb.Query": index_queries, "dynamodb.BatchGetItem": 1})


def test_where_tag_and_groups_hardly_meet_the_shorter_shelf_bounds_the_cost(gallery: Gallery) -> None:
    fill(700)  # of the group `few` are only the last three, which `common` has too
    reader = gallery.person("reader", groups=["few"]).client
    reader.get("/api/list")
    with counting() as calls:
        reply = reader.get("/api/default/list?filterByTag=common&limit=5")
    assert [item["id"] for item in reply.json()] == ["p000697", "p000698", "p000699"]
    assert calls.counts()["dynamodb.Query"] <= 5


def fill(count: int) -> None:
    """Projects behind the API's back; all of g1 and every other one of g2."""
    rows: list[Row] = []
    for number in range(count):
        row = Project.at("default", f"p{number:06}")
        groups: list[Any] = ["g1", *(["g2"] if number % 2 else []), *(["few"] if number >= count - 3 else [])]
        tags: list[Any] = ["common", *(["rare"] if number in (3, 7) else [])]
        row.name, row.groups, row.tags, row.revision, row.access_revision = "x", groups, tags, 1, 1
        row.created_at = row.updated_at = datetime(2020, 1, 1, tzinfo=UTC)
        rows += [row, *(Granted.at("default", group, row.project_id) for group in groups)]
        rows += [Tagged.project("default", tag, row.project_id) for tag in tags]
    stock(rows)
