"""Workspaces for the fault tests: worlds to begin in, and what the Bilrost API promises across its rows."""

from collections.abc import Iterator
from typing import Any

from chalicelib.apis.workspaces import refs
from chalicelib.apis.workspaces.models import target
from tests.faults import stores
from tests.support.client import Reply
from tests.support.world import World

MANAGER = "/assetmanager/workspaces"
ISLAND = f"{MANAGER}/island"
OCTETS = {"Content-Type": "application/octet-stream"}


def project(world: World, assets: int = 1) -> None:
    """The project `expo` with assets `ship0`, `ship1`, ... that have a file each."""
    stores.project(world, "g1")
    for number in range(assets):
        stores.put(world, f"bytes {number}".encode(), f"ship{number}", "a.obj")
    world.deliver()


def clone(world: World, name: str = "island") -> Reply:
    """Clone the project."""
    body = {"file_uri": f"file:///{name}", "name": name, "organization": "default", "project_name": "expo"}
    reply = world.client.post(MANAGER, json=body)
    assert reply.status == 200, reply.text
    return reply


def cloned(world: World, assets: int = 1) -> None:
    """The workspace `island`."""
    project(world, assets)
    clone(world)


def put(world: World, ref: str, *, seen: str | None = None, status: int = 201, **body: Any) -> str:
    """Put an asset; when it was modified."""
    headers = {} if seen is None else {"Last-modified": seen}
    reply = world.client.put(ISLAND + ref, json=body, headers=headers)
    assert reply.status == status, reply.text
    return modified(world, ref)


def replace(world: World, ref: str, **body: Any) -> None:
    """Replace what an asset holds."""
    put(world, ref, seen=modified(world, ref), status=200, **body)


def modified(world: World, ref: str) -> str:
    """When an asset was modified."""
    return str(world.client.get(f"/contentbrowser/workspaces/island{ref}").json()["meta"]["modified"])


def upload(world: World, ref: str, content: bytes = b"bytes") -> None:
    """Put a resource."""
    reply = world.client.put(ISLAND + ref, body=content, headers=OCTETS)
    assert reply.status in (200, 201), reply.text


def disagreements(world: World) -> list[str]:
    """What is wrong between workspaces, their assets and resources, the uses, the marks, the claims and the Files."""
    rows = world.rows("workspaces_table")
    spaces = {row["pk"]: row for row in rows if row["sk"] == "workspace"}
    return [
        *_orphans(rows, spaces),
        *_claims(rows, spaces),
        *(problem for pk in spaces for problem in _inside([row for row in rows if row["pk"] == pk])),
        *_files(world, rows),
    ]


def _orphans(rows: list[dict[str, Any]], spaces: dict[str, Any]) -> Iterator[str]:
    for row in rows:
        if row["pk"].startswith("workspace#") and row["pk"] not in spaces:
            yield f"a row of no workspace: {row['pk']} {row['sk']}"
        if row["sk"].startswith("loose#"):
            yield f"loose ends: {row['sk']}"
    for space in spaces.values():
        if space["state"] not in ("ready", "failed"):
            yield f"{space['name']} is {space['state']} for ever"


def _claims(rows: list[dict[str, Any]], spaces: dict[str, Any]) -> Iterator[str]:
    found = {(row["pk"], row["sk"], row["guid"]) for row in rows if row["pk"].startswith("organisation#")}
    wanted = set()
    for pk, space in spaces.items():
        own, guid = f"organisation#{space['organisation']}", pk.removeprefix("workspace#")
        wanted |= {(own, f"name#{refs.fold(space['name'])}", guid), (own, f"uri#{refs.fold(space['file_uri'])}", guid)}
    for claim in found ^ wanted:
        yield f"a claim without its workspace, or the other way round: {claim}"
    kept = {(row["pk"][10:], row["sk"][10:]) for row in rows if row["pk"].startswith("principal#")}
    fans = {(row["sk"][4:], row["pk"][10:]) for row in rows if row["sk"].startswith("fan#")}
    for one in kept ^ fans:
        yield f"a favourite that its workspace does not know, or the other way round: {one}"


def _inside(rows: list[dict[str, Any]]) -> Iterator[str]:
    assets = {row["asset_id"]: row for row in rows if row["sk"].startswith("ref#/assets/")}
    resources = {row["ref"]: row for row in rows if row["sk"].startswith("ref#/resources/")}
    names = {row["sk"][3:]: row["ref"] for row in rows if row["sk"].startswith("id#")}
    if names != {asset_id: row["ref"] for asset_id, row in assets.items()}:
        yield f"ids lead to {names}"
    for row in [*assets.values(), *resources.values()]:
        if row["sk"] != f"ref#{refs.key(row['ref'])}":
            yield f"{row['ref']} is under {row['sk']}"
    uses = {row["sk"] for row in rows if row["sk"].startswith("used#")}
    wanted = set()
    for asset_id, row in assets.items():
        for one in row["dependencies"]:
            wanted.add(f"used#{target(one)}#{asset_id}")
            if one not in assets and one not in resources:
                yield f"{row['ref']} depends on {one}, which is not there"
        if row.get("main") and resources.get(row["main"], {}).get("main_of") != asset_id:
            yield f"{row['ref']} has a main that does not know"
    for use in uses ^ wanted:
        yield f"a use that is wrong or missing: {use}"
    for ref, row in resources.items():
        if row.get("main_of") and assets.get(row["main_of"], {}).get("main") != ref:
            yield f"{ref} is the main of an asset that has another"
    marks = {row["sk"] for row in rows if row["sk"].startswith(("unjudged#", "faulty#"))}
    kinds = {"pending": "unjudged", "infected": "faulty", "unscannable": "faulty", "expired": "faulty"}
    told = {f"{kinds[row['state']]}#{refs.key(ref)}" for ref, row in resources.items() if row["state"] in kinds}
    for mark in marks ^ told:
        yield f"a mark that is wrong or missing: {mark}"


def _files(world: World, rows: list[dict[str, Any]]) -> Iterator[str]:
    files = world.rows("files_table")
    verdicts = {row["pk"][5:]: row for row in files if row["sk"] == "file"}
    has = {(row["pk"][5:], row["sk"][4:]) for row in files if row["sk"].startswith("ref#workspaces:")}
    wanted = set()
    for row in rows:
        if row["sk"].startswith("ref#/resources/"):
            wanted.add((row["file_id"], f"workspaces:resource/{row['pk'][10:]}{row['ref']}"))
            file = verdicts.get(row["file_id"], {})
            if file.get("verdict") != row["state"] or file.get("library_key") != row.get("library_key"):
                yield f"{row['ref']} is {row['state']}, its file {file.get('verdict')}"
    for reference in has ^ wanted:
        yield f"a reference without a resource, or the other way round: {reference}"
