"""Cloning projects into workspaces, finding and deleting those, and keeping them as favourites."""

from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.apis.workspaces import clones, deletions
from chalicelib.jobs import running
from tests.conformance.workspaces.studio import BROWSER, MANAGER, MODEL, Studio, Workspace, sentence
from tests.support.calls import counting
from tests.support.world import plain

TYPE = "application/vnd.bilrost.workspace+json"
FAVOURITES = [f"{MANAGER}/favorites", "/assetmanager/favorites"]


def names(studio: Studio, query: str = "", **options: Any) -> list[str]:
    """The names of alice's favourites."""
    found = (options.get("by") or studio.alice).get(f"{BROWSER}{query}").json()
    assert found["kind"] == "workspace-list"
    assert found["totalItems"] == len(found["items"])
    return [item["name"] for item in found["items"]]


# --- cloning


def test_a_new_workspace_is_answered_by_its_metadata(studio: Studio) -> None:
    reply = studio.clone("feat/test-workspace", description="This is your first workspace !")
    assert reply.status == 200
    made = reply.json()
    guid = made["guid"]
    assert len(guid) == 40
    assert guid.isalnum()
    assert made == {
        "name": "feat/test-workspace",
        "guid": guid,
        "description": "This is your first workspace !",
        "type": TYPE,
    }
    item = studio.alice.get(f"{BROWSER}/{guid}").json()["items"][0]
    assert item["project"] == {"full_name": "default/expo", "host": "s3"}
    assert (item["version"], item["pushed_at"], item["file_uri"]) == ("2.0.0", None, "file:///work/1")
    assert item["created_at"] == item["updated_at"]
    assert item["created_at"].endswith("Z")


def test_branch_description_and_name_may_be_left_out(studio: Studio) -> None:
    reply = studio.clone(file_uri="file:///data/Red%20Branch", branch=None)
    assert (reply.json()["name"], reply.json()["description"]) == ("Red-20Branch", "")
    again = studio.clone(file_uri="file:///other/red-20branch")
    assert again.status == 200, "two directories may be called the same"
    assert again.json()["name"].startswith("red-20branch-")
    assert studio.alice.get(f"{BROWSER}/Red-20Branch/branch").json() == "master"
    assert studio.alice.get(f"{BROWSER}/Red-20Branch/branches").json() == {
        "kind": "branch-list",
        "locals": [{"name": "master", "status": "UP_TO_DATE"}],
        "totalLocals": 1,
        "remotes": [{"name": "master"}],
        "totalRemotes": 1,
    }


def test_the_assets_of_the_project_are_those_of_the_workspace(studio: Studio) -> None:
    gallery = studio.gallery
    gallery.admin.post("/api/default/expo/meta/hull", json={"description": "of wood", "tags": ["ship", "blue"]})
    gallery.make_asset("empty")
    island = studio.cloned("island")
    shown = island.asset("/assets/hull")
    assert shown.pop("meta")["ref"] == "/assets/hull"
    assert shown == {
        "main": "/resources/hull/hull.obj",
        "dependencies": [],
        "tags": ["blue", "ship"],
        "comment": "of wood",
    }
    assert island.asset("/assets/empty")["main"] == ""
    assert island.fetch("/resources/hull/hull.obj").body == MODEL
    assert island.status()["state"] == "VALID"
    seen = island.modified("/assets/hull")
    assert island.put("/assets/hull", {"main": "/resources/hull/hull.obj"}, seen=seen).status == 200
    assert sentence(island.put("/assets/second", {"main": "/resources/hull/hull.obj"}), 400).endswith("or is invalid")


def test_a_branch_is_a_named_version(studio: Studio) -> None:
    named = {"version_name": "v1", "version_description": ""}
    assert studio.gallery.admin.post("/api/default/expo/version", json=named).status == 200
    studio.gallery.uploaded("hull", "newer.obj", b"newer")
    assert studio.cloned("old", branch="v1").asset("/assets/hull")["main"] == "/resources/hull/hull.obj"
    assert studio.cloned("new", branch="master").asset("/assets/hull")["main"] == "/resources/hull/newer.obj"
    assert sentence(studio.clone("none", branch="v2"), 404) == "Branch(s) not found, v2"


def test_an_unknown_project_is_not_found_and_nothing_is_left_behind(studio: Studio) -> None:
    for organization, project in (("default", "none"), ("none", "expo"), ("a/b", "c"), ("x" * 500, "y")):
        reply = studio.clone("ws", file_uri="file:///w", organization=organization, project_name=project)
        assert sentence(reply, 404) == f"Project(s) not found, {organization}/{project}"
    assert studio.clone("ws", file_uri="file:///w").status == 200


@pytest.mark.parametrize("uri", ["file:///work/a", "file:///work/a/", "file:///WORK/A"])
def test_one_file_uri_is_one_workspace(studio: Studio, uri: str) -> None:
    assert studio.clone("one", file_uri="file:///work/a").status == 200
    assert sentence(studio.clone("two", file_uri=uri), 403) == f"{uri} already exist"
    assert sentence(studio.alice.get(f"{BROWSER}/two"), 404) == "Workspace(s) not found, two"
    assert studio.clone("two").status == 200


def test_names_are_unique_whatever_their_case(studio: Studio) -> None:
    assert studio.clone("Upper").status == 200
    for name in ("Upper", "upper", "UPPER"):
        assert sentence(studio.clone(name), 403) == "Workspace name already exist"
    assert studio.clone("upper", by=studio.anna).status == 200, "in another organisation it is free"
    assert names(studio) == ["Upper"]


@pytest.mark.parametrize("name", ["", "has space", "semi;colon", "x" * 101, "favorites", "ü", "a" * 40, "a\n", 1])
def test_a_name_that_could_not_be_found_is_refused(studio: Studio, name: Any) -> None:
    assert "Workspace corrupted" in sentence(studio.clone(name), 400)
    assert names(studio) == []


@pytest.mark.parametrize("name", ["con", "a", "x" * 100, "[x]"[:2], "feat/test/new", "..", "Status"])
def test_any_other_name_finds_its_workspace(studio: Studio, name: str) -> None:
    guid = studio.clone(name).json()["guid"]
    assert studio.alice.get(f"{BROWSER}/{quote(name, safe='')}").json()["items"][0]["guid"] == guid
    assert studio.alice.get(f"{MANAGER}/{quote(name, safe='')}/status").json()["state"] == "VALID"


@pytest.mark.parametrize(
    "fields",
    [
        {"file_uri": None},
        {"file_uri": ""},
        {"file_uri": "/work/a"},
        {"file_uri": "file:///"},
        {"file_uri": 1},
        {"file_uri": "file:///" + "x" * 1000},
        {"organization": None},
        {"project_name": ["expo"]},
        {"description": {}},
        {"description": "x" * 20_001},
        {"branch": 1},
    ],
)
def test_a_wrong_request_is_refused(studio: Studio, fields: dict[str, Any]) -> None:
    assert "corrupted" in sentence(studio.clone("ws", **fields), 400)
    assert studio.alice.post(MANAGER, body=b"[]").status == 400
    assert studio.alice.post(MANAGER, body=b"{").status == 400
    assert names(studio) == []


def test_identifiers_are_guid_name_and_file_uri(studio: Studio, island: Workspace) -> None:
    for identifier in (island.guid, "island", "file:///work/1", "file:///work/1/"):
        encoded = quote(identifier, safe="")
        reply = studio.alice.put(f"{MANAGER}/{encoded}/assets/x/{len(identifier)}", json={})
        assert reply.status == 201, identifier
        assert studio.alice.get(f"{BROWSER}/{encoded}/assets/hull").status == 200
        assert studio.alice.get(f"{MANAGER}/{encoded}/statuses").status == 200
    for unknown in ("Island", "b" * 40, "file:///WORK/1", "file:///work", "has space", "é", "x" * 3000, "file:///"):
        encoded = quote(unknown, safe="")
        assert sentence(studio.alice.get(f"{BROWSER}/{encoded}"), 404) == f"Workspace(s) not found, {unknown}"
        assert studio.alice.delete(f"{MANAGER}/{encoded}").status == 404
        assert studio.alice.delete(f"{MANAGER}/{encoded}/favorites").status == 200


# --- large clones


@pytest.fixture
def fleet(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Studio:
    """A project with ten assets, which is large."""
    monkeypatch.setattr(clones, "SMALL", 5)
    monkeypatch.setattr(clones, "_PART", 3)
    for number in range(9):
        studio.gallery.uploaded(f"ship{number}", f"ship{number}.obj", MODEL)
    return studio


def test_a_large_project_is_cloned_by_a_job_while_the_status_says_pending(fleet: Studio) -> None:
    island = fleet.cloned("island")
    assert island.status()["state"] == "VALID", "nothing is wrong with it"
    assert island.statuses()["workspace_validator"]["state"] == "PENDING"
    assert sentence(island.put("/assets/x"), 403) == "workspace is locked"
    assert sentence(island.upload("/resources/x"), 403) == "workspace is locked"
    assert island.get("/assets/").status == 404
    fleet.deliver()
    assert island.statuses()["workspace_validator"]["state"] == "VALID"
    listed = island.get("/assets/").json()["items"]
    assert [item["meta"]["ref"] for item in listed] == ["/assets/hull", *(f"/assets/ship{n}" for n in range(9))]
    assert island.asset("/assets/ship3")["main"] == "/resources/ship3/ship3.obj"
    assert island.fetch("/resources/ship8/ship8.obj").body == MODEL
    assert island.put("/assets/x").status == 201


def test_a_clone_that_fails_says_so_and_can_be_deleted(fleet: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise running.Hopeless("the reason")

    island = fleet.cloned("island")
    monkeypatch.setattr(clones, "write", fail)
    fleet.deliver()
    status = island.status()
    assert (status["state"], status["info"]["guilty_ref"]) == ("INVALID", "workspace_validator")
    assert "the reason" in status["info"]["guilty_status"]["info"]["error"]
    assert sentence(island.put("/assets/x"), 403) == "workspace is locked"
    assert fleet.alice.delete(island.path).json() == "Ok"


def test_whoever_clones_sees_the_job_and_may_cancel_it(fleet: Studio) -> None:
    island = fleet.cloned("island")
    [job] = fleet.alice.get("/jobs").json()["results"]
    assert (job["kind"], job["state"], job["may_cancel"]) == (clones.KIND, "queued", True)
    assert fleet.bob.get(f"/jobs/{job['id']}").json()["may_cancel"] is False, "he is of her organisation, no more"
    assert fleet.bob.post(f"/jobs/{job['id']}/cancel").status == 403
    assert fleet.alice.post(f"/jobs/{job['id']}/cancel").status == 200
    fleet.deliver()
    assert fleet.alice.get(f"/jobs/{job['id']}").json()["state"] == "canceled"
    validator = island.statuses()["workspace_validator"]
    assert (validator["state"], "cancelled" in validator["info"]["error"]) == ("INVALID", True)
    assert sentence(island.put("/assets/x"), 403) == "workspace is locked"
    assert fleet.alice.delete(island.path).json() == "Ok"


def test_no_asset_is_lost_where_refs_would_be_the_same(studio: Studio) -> None:
    gallery = studio.gallery
    for asset_id in ("Map", "map", "a+b", "a=b", "con", "a_b", "x" * 200):
        gallery.uploaded(asset_id, "index+1.txt", asset_id.encode())
    gallery.uploaded("hull", "HULL.obj", b"second version")
    island = studio.cloned("island")
    items = island.get("/assets/").json()["items"]
    assert len(items) == 8
    found = {island.fetch(item["main"]).body.decode() for item in items}
    assert found == {"Map", "map", "a+b", "a=b", "con", "a_b", "x" * 200, "second version"}
    refs = [item["meta"]["ref"] for item in items]
    assert "/assets/con_" in refs
    assert len({ref.casefold() for ref in refs}) == 8
    assert "/assets/a_b" in refs


# --- deleting


def test_a_deleted_workspace_is_hidden_at_once_and_its_name_is_free(studio: Studio, island: Workspace) -> None:
    assert studio.alice.delete(island.path).json() == "Ok"
    for path in (f"{island.browser}/assets/hull", island.browser, f"{MANAGER}/{island.guid}/status"):
        assert studio.alice.get(path).status == 404
        assert studio.alice.head(path).status == 404
    assert sentence(studio.alice.delete(island.path), 404) == "Workspace(s) not found, island"
    assert sentence(island.put("/assets/x"), 404) == "Workspace(s) not found, island"
    assert names(studio) == []
    again = studio.clone("island", file_uri="file:///work/1")
    assert again.status == 200
    assert again.json()["guid"] != island.guid
    studio.deliver()
    assert names(studio) == ["island"]


def test_a_deletion_takes_every_row_and_every_reference_but_files_of_others_stay(
    studio: Studio, island: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletions, "_PART", 4)
    island.uploaded("/resources/own", "/resources/other", content=b"own bytes")
    for number in range(4):
        island.made(f"/assets/n{number}", dependencies=["/assets/hull", "/resources/own"])
    assert studio.alice.delete(island.path).status == 200
    studio.deliver()
    import boto3

    table = studio.cloud.settings.workspaces_table
    assert boto3.client("dynamodb").scan(TableName=table)["Items"] == []
    rows = boto3.client("dynamodb").scan(TableName=studio.cloud.settings.files_table)["Items"]
    files = [{name: plain(value) for name, value in row.items()} for row in rows]
    assert not [row for row in files if "workspaces:" in row["sk"]]
    assert sorted(bool(row.get("purged")) for row in files if row["sk"] == "file") == [False, True, True]
    again = studio.cloned("again")
    assert again.fetch("/resources/hull/hull.obj").body == MODEL


def test_a_workspace_can_be_deleted_while_it_is_cloned(fleet: Studio) -> None:
    import boto3

    island = fleet.cloned("island")
    assert fleet.alice.delete(island.path).json() == "Ok"
    fleet.deliver()
    assert boto3.client("dynamodb").scan(TableName=fleet.cloud.settings.workspaces_table)["Items"] == []
    assert fleet.cloned("island").guid != island.guid


# --- favourites


@pytest.mark.parametrize("path", FAVOURITES)
def test_a_new_workspace_is_a_favourite_and_can_be_forgotten(studio: Studio, island: Workspace, path: str) -> None:
    add = {"file_uri": "file:///work/1", "name": "whatever"}
    assert sentence(studio.alice.post(path, json=add), 403) == "Workspace name already exist"
    gone = f"{island.path}/favorites" if "workspaces" in path else f"{path}/island"
    for _ in range(2):
        reply = studio.alice.delete(gone)
        assert (reply.status, reply.json()) == (200, "Ok"), "no matter if it is gone already"
    assert names(studio) == []
    for identifier in ("island", island.guid):
        assert studio.alice.get(f"{BROWSER}/{identifier}").status == 404
    assert studio.alice.get(f"{BROWSER}/{quote('file:///work/1', safe='')}").status == 200
    reply = studio.alice.post(path, json=add)
    assert reply.status == 200
    assert reply.json() == {"name": "island", "guid": island.guid, "description": "", "type": TYPE}
    assert names(studio) == ["island"]
    assert studio.alice.get(f"{BROWSER}/island").status == 200


def test_favourites_are_everybodys_own(studio: Studio, island: Workspace) -> None:
    assert names(studio, by=studio.bob) == []
    assert studio.bob.get(island.browser).status == 200
    assert studio.bob.post(FAVOURITES[0], json={"file_uri": "file:///work/1"}).status == 200
    assert names(studio, by=studio.bob) == ["island"]
    assert studio.alice.delete(f"{island.path}/favorites").json() == "Ok"
    assert names(studio, by=studio.bob) == ["island"]
    assert studio.alice.delete(f"{MANAGER}/{quote('file:///work/1', safe='')}").status == 200
    assert names(studio, by=studio.bob) == []


def test_all_favourites_can_be_forgotten(studio: Studio) -> None:
    for name in ("a", "b"):
        studio.cloned(name)
    assert studio.alice.post("/assetmanager/favorites/reset").json() == "Ok"
    assert names(studio) == []


@pytest.mark.parametrize("path", FAVOURITES)
def test_a_favourite_needs_a_workspace(studio: Studio, path: str) -> None:
    told = "Workspace(s) not found, file:///none not found"
    assert sentence(studio.alice.post(path, json={"file_uri": "file:///none"}), 404) == told
    wrong: list[Any] = [{}, {"file_uri": 1}, {"file_uri": "none"}, []]
    for body in wrong:
        assert "corrupted" in sentence(studio.alice.post(path, json=body), 400)


def test_favourites_are_listed_by_name_and_in_pages(studio: Studio) -> None:
    for name in ("b", "C", "a"):
        studio.cloned(name)
    assert names(studio) == ["a", "b", "C"]
    assert names(studio, "?name=[ab]") == ["a", "b"]
    first = studio.alice.get(f"{BROWSER}/?maxResults=2").json()
    assert [item["name"] for item in first["items"]] == ["a", "b"]
    second = studio.alice.get(first["nextLink"]).json()
    assert [item["name"] for item in second["items"]] == ["C"]
    assert "nextLink" not in second
    for query in ("?maxResults=0", "?maxResults=x", "?start=-1", "?start=x"):
        assert "corrupted" in sentence(studio.alice.get(f"{BROWSER}{query}"), 400)


def test_all_that_one_may_read_in_the_organisation_is_listed_on_request(studio: Studio) -> None:
    for name in ("b", "C", "a", "d"):
        studio.cloned(name)
    studio.clone("elsewhere", by=studio.anna)
    everything = "?all=true"
    assert names(studio, everything, by=studio.bob) == ["a", "b", "C", "d"], "favourites or not"
    assert names(studio, f"{everything}&name=[abC]", by=studio.bob) == ["a", "b", "C"]
    assert names(studio, everything, by=studio.carol) == []
    assert names(studio, everything, by=studio.anna) == ["elsewhere"]
    studio.bob.delete(f"{MANAGER}/C/favorites")
    assert names(studio, everything, by=studio.bob) == ["a", "b", "d"], "what was forgotten is found by its URI alone"
    assert studio.alice.delete(f"{MANAGER}/a").status == 200
    link, pages = f"{BROWSER}{everything}&maxResults=2", []
    while link:
        answer = studio.bob.get(link).json()
        pages.append([item["name"] for item in answer["items"]])
        link = answer.get("nextLink", "")
    assert pages == [["b"], ["d"]], "a page has as many names, whether one may see them or not"
    for query in ("?all=perhaps", "?all=true&after=%20", "?all=true&maxResults=0"):
        assert "corrupted" in sentence(studio.bob.get(f"{BROWSER}{query}"), 400)


# --- who may


def test_what_one_may_not_read_is_answered_as_if_it_were_not_there(studio: Studio, island: Workspace) -> None:
    island.made("/assets/x")
    for client in (studio.carol, studio.anna):
        for name in (island.guid, "island", quote("file:///work/1", safe=""), "none"):
            for method, path in (
                ("GET", f"{BROWSER}/{name}"),
                ("HEAD", f"{BROWSER}/{name}"),
                ("GET", f"{BROWSER}/{name}/assets/x"),
                ("HEAD", f"{BROWSER}/{name}/assets/x"),
                ("GET", f"{BROWSER}/{name}/assets/?q=x"),
                ("GET", f"{BROWSER}/{name}/resources/hull/hull.obj"),
                ("GET", f"{MANAGER}/{name}/resources/hull/hull.obj"),
                ("HEAD", f"{MANAGER}/{name}/resources/hull/hull.obj"),
                ("GET", f"{MANAGER}/{name}/status"),
                ("GET", f"{MANAGER}/{name}/statuses"),
                ("PUT", f"{MANAGER}/{name}/assets/y"),
                ("POST", f"{MANAGER}/{name}/rename/assets/x"),
                ("DELETE", f"{MANAGER}/{name}/assets/x"),
                ("PUT", f"{MANAGER}/{name}/resources/x"),
                ("DELETE", f"{MANAGER}/{name}/resources/hull/hull.obj"),
                ("DELETE", f"{MANAGER}/{name}"),
            ):
                reply = client.request(method, path)
                assert reply.status == 404, (method, path)
                if method != "HEAD":
                    assert reply.json().startswith("Workspace(s) not found, ")
            assert client.delete(f"{MANAGER}/{name}/favorites").status == 200
        assert client.post(FAVOURITES[0], json={"file_uri": "file:///work/1"}).status == 404
    assert sentence(studio.clone("theirs", by=studio.carol), 404) == "Project(s) not found, default/expo"
    assert island.asset("/assets/x")


def test_readers_read_and_do_not_write(studio: Studio, island: Workspace) -> None:
    seen = island.made("/assets/x")
    assert island.get("/assets/x", by=studio.bob).status == 200
    assert island.fetch("/resources/hull/hull.obj", by=studio.bob).status == 200
    assert studio.bob.get(f"{island.path}/status").status == 200
    assert studio.clone("bobs", by=studio.bob).status == 200, "cloning takes no more than reading"
    for reply in (
        island.put("/assets/y", by=studio.bob),
        island.put("/assets/x", seen=seen, by=studio.bob),
        island.rename("/assets/x", "/assets/y", seen=seen, by=studio.bob),
        island.delete("/assets/x", by=studio.bob),
        island.upload("/resources/x", by=studio.bob),
        island.delete("/resources/hull/hull.obj", by=studio.bob),
        studio.bob.delete(island.path),
    ):
        assert sentence(reply, 403) == "you do not have permission to do this"


def test_groups_count_as_they_are_at_the_moment_of_the_call(studio: Studio, island: Workspace) -> None:
    def change(*groups: str) -> None:
        body = {"groups": list(groups)}
        assert studio.gallery.admin.post("/api/default/expo/projectAccessMeta", json=body).status == 200

    assert studio.bob.post(FAVOURITES[0], json={"file_uri": "file:///work/1"}).status == 200
    change("g2")
    assert studio.alice.get(island.browser).status == 404
    assert studio.alice.get(f"{island.path}/status").status == 404
    assert names(studio) == names(studio, by=studio.bob) == []
    assert studio.carol.get(island.browser).status == 200
    assert island.put("/assets/carols", by=studio.carol).status == 201
    change("public")
    assert studio.alice.get(island.browser).status == 200
    assert island.put("/assets/y").status == 403
    change("g1")
    assert island.put("/assets/y").status == 201
    assert studio.carol.get(island.browser).status == 404


def test_a_superuser_may_everything_and_a_stranger_nothing(studio: Studio, island: Workspace) -> None:
    from tests.support.callers import new_caller

    root = new_caller("root", superuser=True).client
    assert root.get(f"{BROWSER}/{island.guid}").status == 200
    assert root.put(f"{MANAGER}/{island.guid}/assets/y", json={}).status == 201
    for path in (BROWSER, f"{BROWSER}/island", "/assetmanager", "/contentbrowser", f"{island.path}/status"):
        assert sentence(studio.stranger.get(path), 401)


# --- descriptions, and what is not supported


def test_the_apis_describe_themselves(studio: Studio) -> None:
    described = studio.alice.get("/assetmanager")
    assert described.status == 200
    assert (
        described.json().items()
        >= {
            "name": "Asset manager",
            "version": "0.1.0",
            "workspaces_url": "/workspaces/",
        }.items()
    )
    assert studio.alice.get("/contentbrowser").json()["name"] == "Content browser"


def test_what_is_not_supported_says_so(studio: Studio, island: Workspace) -> None:
    told = "Workspace not found, island is not supported yet"
    assert sentence(studio.alice.put(island.path, json={}), 501) == told
    assert sentence(studio.alice.patch(island.path, json={}), 501) == told
    assert "is not supported yet" in sentence(studio.alice.put(f"{MANAGER}/", json={}), 501)
    assert "is not supported yet" in sentence(studio.alice.get("/contentbrowser/projects"), 501)


def test_unknown_routes_and_methods_are_told_in_the_same_shape(studio: Studio, island: Workspace) -> None:
    for path in ("/assetmanager/nothing", f"{island.path}/foo", "/contentbrowser/workspaces/island/foo/bar"):
        assert sentence(studio.alice.get(path), 404)
    assert sentence(studio.alice.put(f"{island.path}/foo/r1"), 404)
    reply = studio.alice.get(f"{island.path}/assets/hull")
    assert sentence(reply, 405)
    assert reply.headers["Allow"] == "DELETE, OPTIONS, PUT"
    assert sentence(studio.alice.post(f"{island.path}/assets/x", body=b"x" * (5 * 1024 * 1024)), 405)
    assert "/s3/params" in sentence(studio.alice.put(f"{island.path}/assets/x", body=b"x" * (5 * 1024 * 1024)), 413)


def test_a_clone_makes_no_s3_call(studio: Studio) -> None:
    with counting() as calls:
        studio.clone("island")
    assert not [call for call in calls if call.service == "s3"]


def test_a_canceled_clone_failed_and_a_canceled_deletion_is_none(fleet: Studio) -> None:
    import boto3

    island = fleet.cloned("island")
    cancel_all(fleet)
    fleet.deliver()
    assert "cancel" in island.statuses()["workspace_validator"]["info"]["error"]
    assert fleet.alice.delete(island.path).status == 200
    cancel_all(fleet)
    fleet.deliver()
    assert boto3.client("dynamodb").scan(TableName=fleet.cloud.settings.workspaces_table)["Items"] == []


def cancel_all(studio: Studio) -> None:
    """Cancel every job that has not ended."""
    import boto3

    rows = boto3.client("dynamodb").scan(TableName=studio.cloud.settings.jobs_table)["Items"]
    for row in rows:
        if row["sk"]["S"] == "job":
            running.cancel(row["pk"]["S"].removeprefix("job#"))
