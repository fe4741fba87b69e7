"""Making, replacing, renaming and deleting assets."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.conformance.workspaces.studio import Studio, Workspace, sentence
from tests.files.scanners.samples import EICAR
from tests.support.calls import Call, on_call

HULL = "/resources/hull/hull.obj"
OLD = "2016-08-16T07:29:11.695Z"


def corrupted(what: str) -> str:
    return f'Asset corrupted, "{what}" cannot be found or is invalid'


def test_a_new_asset_is_answered_by_its_meta_alone(island: Workspace) -> None:
    reply = island.put("/assets/ships/one.prefab", {"tags": ["b", "a"], "comment": "x"})
    assert reply.status == 201
    meta = reply.json()
    assert list(meta) == ["ref", "created", "modified", "author", "version"]
    assert meta["ref"] == "/assets/ships/one.prefab"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", meta["created"])
    assert (meta["modified"], meta["author"], meta["version"]) == (meta["created"], "unknown", "1.1.0")


def test_an_asset_has_what_was_sent_and_defaults_for_the_rest(island: Workspace) -> None:
    island.made("/assets/other", foo={"kept": [1]}, meta={"ref": "/assets/forged"}, tags=["b", "a"])
    shown = island.asset("/assets/other")
    meta = shown.pop("meta")
    assert shown == {"dependencies": [], "tags": ["a", "b"], "main": "", "comment": "", "foo": {"kept": [1]}}
    assert meta["ref"] == "/assets/other"
    island.made("/assets/with", semantics=["x", {"y": 1}])
    assert island.asset("/assets/with")["semantics"] == ["x", {"y": 1}]


def test_an_asset_can_be_empty_and_have_any_content_type(studio: Studio, island: Workspace) -> None:
    for number, kind in enumerate(["", "application/json", "application/vnd.bilrost.level+json", "text/plain"]):
        headers = {"Content-Type": kind} if kind else {}
        for body in (b"", b"{}"):
            path = f"{island.path}/assets/empty/{number}{len(body)}"
            assert studio.alice.put(path, body=body, headers=headers).status == 201


def test_a_replacement_is_answered_whole_and_leaves_nothing_of_before(island: Workspace) -> None:
    seen = island.made("/assets/a", tags=["old"], comment="old", foo=1)
    reply = island.put("/assets/a", {"comment": "new"}, seen=seen)
    assert reply.status == 200
    answer = reply.json()
    assert answer == island.asset("/assets/a")
    assert answer["meta"]["created"] < answer["meta"]["modified"]
    del answer["meta"]
    assert answer == {"dependencies": [], "tags": [], "main": "", "comment": "new"}


def in_another_zone(moment: str) -> str:
    """The same moment, two hours to the east."""
    shifted = (datetime.fromisoformat(moment) + timedelta(hours=2)).replace(tzinfo=None)
    return shifted.isoformat(timespec="milliseconds") + "+02:00"


def percent_encoded(moment: str) -> str:
    """The same moment, as a URL would have it."""
    return moment.replace(":", "%3A")


@pytest.mark.parametrize("written", [str, in_another_zone, percent_encoded])
def test_last_modified_is_compared_as_a_moment(island: Workspace, written: Callable[[str], str]) -> None:
    seen = island.made("/assets/a")
    assert island.put("/assets/a", {}, seen=written(seen)).status == 200


def test_without_the_right_last_modified_nothing_changes(island: Workspace) -> None:
    date = island.made("/assets/a", comment="first")
    before = island.asset("/assets/a")
    text = "Last-Modified precondition failed"
    for seen in (None, "", "yesterday", OLD, "Tue, 16 Aug 2016 07:29:11 GMT", "99999-01-01", "2016"):
        assert sentence(island.put("/assets/a", {"comment": "second"}, seen=seen), 412) == text
        assert sentence(island.rename("/assets/a", "/assets/b", seen=seen), 412) == text
    assert island.asset("/assets/a") == before
    assert island.put("/assets/new", {}, seen=OLD).status == 201, "who makes an asset has seen none"
    assert island.rename("/assets/a", "/assets/b", seen=date).status == 200


BAD_REFS = [
    ("/assets/a/con", "con"),
    ("/assets/a/CON.txt", "CON.txt"),
    ("/assets/lpt9.level", "lpt9.level"),
    ("/assets/a?b", "a?b"),
    ("/assets/a:b/c*d", "c*d"),
    ("/assets/a&b/ok", "a&b"),
    ("/assets/a=b", "a=b"),
    ("/assets/a\x07b", "a\x07b"),
    ("/assets/..", ".."),
    ("/assets/./x", "."),
    ("/assets/x.", "x."),
    ("/assets/x ", "x "),
    ("/assets/" + "é" * 128, "é" * 128),
]


def test_a_ref_that_no_file_system_takes_is_refused(island: Workspace) -> None:
    seen = island.made("/assets/good")
    for ref, part in BAD_REFS:
        assert sentence(island.put(ref), 400) == corrupted(part)
        assert sentence(island.rename("/assets/good", ref, seen=seen), 400) == corrupted(part)
    assert island.modified("/assets/good") == seen


@pytest.mark.parametrize(
    "ref",
    ["/assets/a b", "/assets/été/œuf.level", "/assets/concert", "/assets/.hidden", "/assets/日本/語", "/assets/a%b"],
)
def test_any_other_ref_is_kept_as_it_is(island: Workspace, ref: str) -> None:
    assert island.put(ref).json()["ref"] == ref
    assert island.asset(ref)["meta"]["ref"] == ref


def test_refs_of_any_depth(island: Workspace) -> None:
    deep = "/assets/" + "/".join("d" * 2 for _ in range(200)) + "/leaf"
    assert island.put(deep).status == 201
    assert island.asset(deep)["meta"]["ref"] == deep
    assert sentence(island.put("/assets/" + "/".join(["x" * 250] * 4)), 400)


def test_slashes_encoded_or_doubled_are_the_same_ref(studio: Studio, island: Workspace) -> None:
    island.made("/assets/foo/bar")
    for path in ("/assets/foo%2Fbar", "/assets/foo//bar", "/assets//foo/bar", "/assets/foo%2F%2Fbar"):
        assert studio.alice.put(f"{island.path}{path}", json={}).status == 412, path
        assert studio.alice.get(f"{island.browser}{path}").json()["meta"]["ref"] == "/assets/foo/bar"


def test_an_asset_may_be_called_as_a_namespace(island: Workspace) -> None:
    island.made("/assets/levels/x")
    island.made("/assets/levels")
    assert island.asset("/assets/levels")["meta"]["ref"] == "/assets/levels"


def test_a_namespace_cannot_be_written(island: Workspace) -> None:
    seen = island.made("/assets/ns/a")
    island.made("/assets/ns")
    for ref in ("/assets/ns/", "/assets/", "/assets"):
        assert island.put(ref).status == 400
        assert island.delete(ref).status == 400
        assert island.rename("/assets/ns/a", ref, seen=seen).status == 400
    assert island.asset("/assets/ns/a")
    assert island.asset("/assets/ns")
    assert island.rename("/assets/ns/", "/assets/other", seen=OLD).status == 400


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"comment": 1}, "instance.comment is not of a type(s) string"),
    ({"comment": None}, "instance.comment is not of a type(s) string"),
    ({"tags": "x"}, "instance.tags is not of a type(s) array"),
    ({"tags": [1]}, "instance.tags[0] is not of a type(s) string"),
    ({"dependencies": {}}, "instance.dependencies is not of a type(s) array"),
    ({"dependencies": [1]}, "instance.dependencies[0] is not of a type(s) string"),
    ({"semantics": "x"}, "instance.semantics is not of a type(s) array"),
    ({"semantics": [1]}, "instance.semantics[0] is not of a type(s) string,object"),
    ({"main": 1}, "instance.main is not of a type(s) string"),
    ({"tags": ["a", "a"]}, "instance.tags contains duplicate item"),
    ({"dependencies": [HULL, HULL]}, "instance.dependencies contains duplicate item"),
    ({"semantics": [{"a": 1}, {"a": 1}]}, "instance.semantics contains duplicate item"),
    ({"main": "/assets/hull"}, 'instance.main does not match pattern "^(/resources/.*)?$"'),
    (
        {"tags": 1, "comment": 1},
        "instance.comment is not of a type(s) string,instance.tags is not of a type(s) array",
    ),
    ({"main": "/resources/none"}, "/resources/none not found in the database"),
    ({"main": "/resources/hull/"}, "/resources/hull/ not found in the database"),
    ({"main": "/resources/HULL/hull.obj"}, "/resources/HULL/hull.obj not found in the database"),
    ({"dependencies": ["/resources/none"]}, "/resources/none not found in the database"),
    ({"dependencies": ["/assets/none"]}, "/assets/none not found in the database"),
    ({"dependencies": ["/assets/Hull"]}, "/assets/Hull not found in the database"),
    ({"dependencies": ["/assets/a"]}, "/assets/a not found in the database"),
    ({"dependencies": ["garbage"]}, "garbage not found in the database"),
    ({"dependencies": ["/assets/" + "x" * 2000]}, "/assets/" + "x" * 2000 + " not found in the database"),
    ({"main": HULL}, f"{HULL} main already defined by another asset"),
]


def test_a_wrong_body_is_refused_by_name_and_changes_nothing(island: Workspace) -> None:
    for body, what in WRONG:
        assert sentence(island.put("/assets/a", body), 400) == corrupted(what)
    assert island.get("/assets/a").status == 404
    seen = island.made("/assets/a", comment="good")
    before = island.asset("/assets/a")
    for body, what in WRONG:
        assert sentence(island.put("/assets/a", body, seen=seen), 400) == corrupted(what)
    assert island.asset("/assets/a") == before


def test_a_body_that_is_no_object_is_refused(studio: Studio, island: Workspace) -> None:
    for body in (b"[]", b"1", b'"x"', b"{", b"\xff", b'{"a":' * 3000):
        for kind in ("application/json", "application/vnd.bilrost.asset+json"):
            reply = studio.alice.put(f"{island.path}/assets/a", body=body, headers={"Content-Type": kind})
            assert "corrupted" in sentence(reply, 400)
    assert island.get("/assets/a").status == 404


def test_an_asset_too_large_for_a_row_is_refused(island: Workspace) -> None:
    assert "300000 bytes" in sentence(island.put("/assets/a", {"comment": "x" * 300_001}), 413)
    assert island.put("/assets/a", {"comment": "x" * 299_000}).status == 201


@pytest.mark.parametrize("body", [{"comment": "字" * 99_000}, {"comment": "é" * 149_000}, {"numbers": [1] * 149_000}])
def test_an_asset_is_as_large_in_its_row_as_it_was_counted(island: Workspace, body: dict[str, Any]) -> None:
    others = [f"/assets/o{number}" for number in range(30)]
    for ref in others:
        island.made(ref)
    island.made("/assets/a", **body, dependencies=others)
    shown = island.asset("/assets/a")
    assert {name: shown[name] for name in body} == body


def test_dependencies_are_sorted_and_shown_by_ref(island: Workspace) -> None:
    for ref in ("/assets/b", "/assets/c"):
        island.made(ref)
    island.made("/assets/a", dependencies=["/assets/c", HULL, "/assets/b"])
    assert island.asset("/assets/a")["dependencies"] == ["/assets/b", "/assets/c", HULL]


@pytest.mark.parametrize("path", ["/assets/a", "/assets/", "/assets/?q=ref:+/a"])
def test_what_loses_a_dependency_while_it_is_read_is_shown_without_it(
    studio: Studio, island: Workspace, path: str
) -> None:
    island.made("/assets/b")
    seen = island.made("/assets/a", dependencies=["/assets/b", HULL])
    reads: list[str] = []

    def before(call: Call) -> None:
        reads.append(call.operation)
        if reads.count("BatchGetItem") == 2 and call.operation == "BatchGetItem":
            assert island.put("/assets/a", {}, seen=seen).status == 200
            assert island.delete("/assets/b").status == 204

    assert studio.alice.get(island.browser).status == 200
    with on_call(before=before):
        reply = studio.alice.get(f"{island.browser}{path}")
    assert reply.status == 200, reply.text
    shown = reply.json() if path == "/assets/a" else reply.json()["items"][0]
    assert (shown["meta"]["ref"], shown["dependencies"]) == ("/assets/a", [HULL])
    assert reads.count("BatchGetItem") > 2, "it was held up"


def test_a_main_may_be_a_dependency_as_well(island: Workspace) -> None:
    island.uploaded("/resources/x")
    island.made("/assets/a", main="/resources/x", dependencies=["/resources/x"])
    assert island.delete("/assets/a").status == 204
    assert island.delete("/resources/x").status == 204


def test_a_main_is_free_again_when_its_asset_has_another_or_is_gone(island: Workspace) -> None:
    island.uploaded("/resources/x", "/resources/y")
    seen = island.made("/assets/a", main="/resources/x")
    assert island.put("/assets/b", {"main": "/resources/x"}).status == 400
    seen = island.put("/assets/a", {"main": "/resources/y"}, seen=seen).json()["meta"]["modified"]
    island.made("/assets/b", main="/resources/x")
    assert island.put("/assets/a", {"main": "/resources/x"}, seen=seen).status == 400
    assert island.delete("/assets/b").status == 204
    assert island.put("/assets/a", {"main": "/resources/x"}, seen=seen).status == 200
    assert island.put("/assets/a", {"main": "/resources/x"}, seen=island.modified("/assets/a")).status == 200


def test_one_bad_asset_does_not_block_the_write_that_repairs_it(island: Workspace) -> None:
    island.uploaded("/resources/bad", content=EICAR)
    seen = island.made("/assets/a", main="/resources/bad")
    assert island.status()["state"] == "INVALID"
    island.made("/assets/elsewhere")
    assert island.put("/assets/a", {}, seen=seen).status == 200
    assert island.status()["state"] == "VALID"


# --- uniqueness by case


SAME = [
    ("/assets/a.level", "/assets/A.level"),
    ("/assets/Straße", "/assets/STRASSE"),
    ("/assets/ΌΣΟΣ", "/assets/όσος"),
    ("/assets/NS/x", "/assets/ns/x"),
    ("/assets/\u00e9", "/assets/E\u0301"),
]


def test_refs_that_differ_in_case_alone_are_one(island: Workspace) -> None:
    moved = island.made("/assets/moved")
    for one, other in SAME:
        seen = island.made(one)
        assert sentence(island.put(other), 403) == f"{other} already exist"
        assert sentence(island.put(other, seen=seen), 403) == f"{other} already exist"
        assert island.get(other).status == 404
        assert sentence(island.rename("/assets/moved", other, seen=moved), 403) == f"{other} already exist"
        assert island.asset("/assets/moved")["meta"]["modified"] == moved
        assert island.rename(one, other, seen=seen).json()["ref"] == other, "its own case may change"
        assert island.asset(other)["meta"]["ref"] == other
        assert island.put(one).status == 403


# --- renaming


def test_a_rename_is_answered_by_the_new_meta(island: Workspace) -> None:
    seen = island.made("/assets/old/a", comment="kept")
    reply = island.rename("/assets/old/a", "/assets/new/b", seen=seen)
    assert reply.status == 200
    meta = reply.json()
    assert list(meta) == ["ref", "created", "modified", "author", "version"]
    assert (meta["ref"], meta["created"]) == ("/assets/new/b", seen)
    assert meta["modified"] > seen
    assert island.get("/assets/old/a").status == 404
    assert island.asset("/assets/new/b")["comment"] == "kept"
    assert island.made("/assets/old/a")


def test_a_rename_takes_any_content_type_and_a_ref_without_its_first_slash(studio: Studio, island: Workspace) -> None:
    for kind in ("application/json", "application/vnd.bilrost.asset+json", "text/plain", ""):
        headers = {"Last-modified": island.made("/assets/a")} | ({"Content-Type": kind} if kind else {})
        reply = studio.alice.post(f"{island.path}/rename/assets/a", body=b'{"new": "assets/new_ref"}', headers=headers)
        assert (reply.status, reply.json()["ref"]) == (200, "/assets/new_ref")
        assert island.delete("/assets/new_ref").status == 204


def test_dependants_show_the_new_ref_at_once_and_are_not_modified(island: Workspace) -> None:
    for ref in ("/assets/b", "/assets/c"):
        island.made(ref)
    seen = island.made("/assets/user", dependencies=["/assets/b", "/assets/c", HULL])
    assert island.rename("/assets/b", "/assets/z", seen=island.modified("/assets/b")).status == 200
    user = island.asset("/assets/user")
    assert user["dependencies"] == ["/assets/z", "/assets/c", HULL], "in place"
    assert user["meta"]["modified"] == seen
    assert island.put("/assets/user", {"dependencies": ["/assets/z"]}, seen=seen).status == 200


def test_a_rename_onto_an_existing_asset_changes_nothing(island: Workspace) -> None:
    seen = island.made("/assets/a", comment="a")
    island.made("/assets/b", comment="b")
    assert sentence(island.rename("/assets/a", "/assets/b", seen=seen), 403) == "/assets/b already exist"
    assert [island.asset(ref)["comment"] for ref in ("/assets/a", "/assets/b")] == ["a", "b"]


def test_a_rename_to_itself_keeps_the_asset(island: Workspace) -> None:
    seen = island.made("/assets/a", comment="kept")
    assert island.rename("/assets/a", "/assets/a", seen=seen).json()["modified"] > seen
    assert island.asset("/assets/a")["comment"] == "kept"


def test_a_rename_needs_a_new_ref(island: Workspace) -> None:
    seen = island.made("/assets/a")
    wrong: list[Any] = [None, 1, "", {}]
    for new in wrong:
        assert sentence(island.rename("/assets/a", new, seen=seen), 400) == corrupted("new")


def test_a_rename_out_of_assets_is_refused(island: Workspace) -> None:
    seen = island.made("/assets/a")
    told = corrupted("Ref doesn't start with '/assets/' suffix")
    assert sentence(island.rename("/assets/a", "/invalid", seen=seen), 400) == told
    assert sentence(island.rename("/assets/a", "/resources/x", seen=seen), 400) == told


def test_an_unknown_asset_cannot_be_renamed(island: Workspace) -> None:
    for ref in ("/assets/none", "/assets/HULL"):
        assert sentence(island.rename(ref, "/assets/b", seen=OLD), 404) == f"Asset(s) not found, {ref}"


# --- deleting


def test_a_deleted_asset_is_gone_whatever_last_modified_says(studio: Studio, island: Workspace) -> None:
    island.made("/assets/a")
    reply = studio.alice.delete(f"{island.path}/assets/a", headers={"Last-modified": OLD})
    assert (reply.status, reply.body) == (204, b"")
    assert island.get("/assets/a").status == 404
    assert island.made("/assets/a")


def test_an_unknown_asset_cannot_be_deleted(island: Workspace) -> None:
    for ref in ("/assets/none", "/assets/HULL", "/assets/" + "x" * 3000):
        assert sentence(island.delete(ref), 404) == f"Locki(s) not found, {ref} to remove is not found!"


def test_what_others_depend_on_cannot_be_deleted_and_they_are_named(island: Workspace) -> None:
    island.made("/assets/a")
    for ref in ("/assets/b", "/assets/c"):
        island.made(ref, dependencies=["/assets/a"])
    reply = island.delete("/assets/a")
    assert sentence(reply, 403) in (
        "/assets/a reference defined by other assets /assets/b,/assets/c already exist",
        "/assets/a reference defined by other assets /assets/c,/assets/b already exist",
    )
    assert island.put("/assets/b", {}, seen=island.modified("/assets/b")).status == 200
    assert "/assets/c already" in sentence(island.delete("/assets/a"), 403)
    assert island.delete("/assets/c").status == 204
    assert island.delete("/assets/a").status == 204


def test_an_asset_may_have_a_thousand_dependencies(island: Workspace) -> None:
    refs = [f"/assets/part{number:04}" for number in range(250)]
    for ref in refs:
        island.made(ref)
    seen = island.made("/assets/all", dependencies=refs)
    assert island.asset("/assets/all")["dependencies"] == refs
    assert "/assets/all" in sentence(island.delete(refs[200]), 403)
    seen = island.put("/assets/all", {"dependencies": refs[:100]}, seen=seen).json()["meta"]["modified"]
    assert island.delete(refs[200]).status == 204
    assert "/assets/all" in sentence(island.delete(refs[50]), 403)
    assert island.delete("/assets/all").status == 204
    assert island.delete(refs[50]).status == 204
