"""Stores for the fault tests: worlds to begin in, and what the OVE API promises across its rows."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.support.client import Reply
from tests.support.world import World

OCTETS = {"Content-Type": "application/octet-stream"}
PROJECT = "/api/default/expo"


def project(world: World, *groups: str) -> None:
    """The project `expo` with these groups."""
    body = {"id": "expo", "name": "Expo", "groups": list(groups)}
    assert world.client.post("/api/default/create", json=body).status == 200


def public(world: World) -> None:
    project(world, "g1", "public")


def put(world: World, content: bytes = b"first", asset: str = "map", name: str = "a.txt") -> Reply:
    """Upload a version of an asset."""
    path = f"{PROJECT}/upload/{asset}?filename={name}&create=true&update=true"
    reply = world.client.post(path, body=content, headers=OCTETS)
    assert reply.status == 200, reply.text
    return reply


def groups(world: World, *names: str) -> Reply:
    """Change who may use the project."""
    return world.client.post(f"{PROJECT}/projectAccessMeta", json={"groups": list(names)})


def disagreements(world: World) -> list[str]:
    """What is wrong between projects, assets, versions, files, tags and the media bucket."""
    rows = world.rows("stores_table")
    projects = {(row["pk"][6:], row["sk"][8:]): row for row in rows if row["pk"].startswith("store#")}
    assets = {(row["pk"], row["sk"][6:]): row for row in rows if _is(row, "asset#")}
    entries = [row for row in rows if _is(row, "file#")]
    return [
        *_versions(rows, assets, entries),
        *_verdicts(world, assets, entries),
        *_media(world, projects, [*entries, *_outputs(rows)]),
        *_tasks(world, rows, assets),
        *_tags(rows, assets),
        *_index_rows(rows, projects),
    ]


def _is(row: dict[str, Any], prefix: str) -> bool:
    return bool(row["pk"].startswith("project#") and row["sk"].startswith(prefix))


def _versions(rows: list[dict[str, Any]], assets: dict[Any, Any], entries: list[dict[str, Any]]) -> Iterator[str]:
    counts = Counter((row["pk"], row["sk"][8:].partition("/")[0]) for row in rows if _is(row, "version#"))
    files = Counter((row["pk"], row["sk"][5:].partition("/")[0]) for row in entries)
    for key, asset in assets.items():
        if not asset["uploads"] == counts[key] == files[key] == len(asset["recent"]):
            yield f"{key} counts {asset['uploads']} uploads, has {counts[key]} versions and {files[key]} files"
    for key in counts.keys() | files.keys():
        if key not in assets:
            yield f"versions without an asset: {key}"


def _verdicts(world: World, assets: dict[Any, Any], entries: list[dict[str, Any]]) -> Iterator[str]:
    files = {row["pk"].removeprefix("file#"): row for row in world.rows("files_table") if row["sk"] == "file"}
    owners = {row["sk"].removeprefix("ref#") for row in world.rows("files_table") if row["sk"].startswith("ref#")}
    failed = {row["asset_id"] for row in world.rows("stores_table") if row.get("status") == "error"}
    clean: dict[Any, int] = {}
    for entry in entries:
        asset_id, number, path = entry["sk"][5:].split("/", 2)
        file = files.get(entry["file_id"], {})
        if file.get("verdict") != entry["state"] or file.get("library_key") != entry.get("library_key"):
            yield f"{entry['sk']} says {entry['state']}, its file {file.get('verdict')}"
        place = f"{entry['pk'].removeprefix('project#')}/{asset_id}/{int(number)}/{path}"
        if f"stores:file/{place}" not in owners:
            yield f"{entry['sk']} does not refer to its file"
        if entry["state"] == "clean":
            clean[entry["pk"], asset_id] = max(int(number), clean.get((entry["pk"], asset_id), 0))
        newest = int(number) == assets[entry["pk"], asset_id]["uploads"]
        error = entry["state"] not in ("clean", "pending")
        told = assets[entry["pk"], asset_id].get("processing_status") == "error"
        if newest and error != told and not (told and asset_id in failed):
            yield f"{entry['sk']} is {entry['state']} and its asset says otherwise"
    for key, asset in assets.items():
        if asset.get("index_version") != clean.get(key):
            yield f"{key} begins at version {asset.get('index_version')}, the newest clean one is {clean.get(key)}"


def _media(world: World, projects: dict[Any, Any], entries: list[dict[str, Any]]) -> Iterator[str]:
    wanted = set()
    for entry in entries:
        store_id, project_id = entry["pk"].removeprefix("project#").split("/")
        asset_id, number, path = entry["sk"].partition("#")[2].split("/", 2)
        if entry["sk"].startswith("made#"):
            kind, place, _, rest = path.split("/", 3)
            path = f"{kind}/{place}/{rest}"
        if entry["state"] == "clean" and "public" in projects[store_id, project_id]["groups"]:
            wanted.add(f"/stores/{store_id}/{project_id}/{asset_id}/{int(number)}/{path}")
    published = {path for path in world.published() if path.startswith("/stores/")}
    for path in published ^ wanted:
        yield f"{path} is {'published' if path in published else 'not published'}, against its project's groups"


def _outputs(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What workers made and is to be seen."""
    trees = {(row["pk"], row["sk"]): row for row in rows if _is(row, "made#") and row["sk"].endswith("/")}
    made = [row for row in rows if _is(row, "made#") and not row["sk"].endswith("/")]
    return [row for row in made if row["run"] == trees[row["pk"], _tree_of(row)].get("shown")]


def _tree_of(row: dict[str, Any]) -> str:
    return "/".join(row["sk"].split("/")[:4]) + "/"


def _tasks(world: World, rows: list[dict[str, Any]], assets: dict[Any, Any]) -> Iterator[str]:
    """A task waits in its lane, is worked on by one who counts it and whose asset names it, or has ended."""
    tasks = {row["sk"][5:]: row for row in rows if row["pk"] == "queue"}
    waiting = Counter(row["sk"].rpartition("#")[2] for row in rows if row["pk"].startswith("lane#"))
    named = {asset["task"]: asset for asset in assets.values() if "task" in asset}
    busy = {row["sk"].removeprefix("working#"): row["tasks"] for row in rows if row["sk"].startswith("working#")}
    at_work = Counter(task["worker"] for task in tasks.values() if task["status"] == "processing")
    for task_id, task in tasks.items():
        if waiting[task_id] != (task["status"] == "new"):
            yield f"task {task_id} is {task['status']} and waits {waiting[task_id]} times"
        if (task_id in named) != (task["status"] == "processing"):
            yield f"task {task_id} is {task['status']}, its asset says otherwise"
    for worker, count in busy.items():
        if count != at_work[worker]:
            yield f"worker {worker} counts {count} tasks and has {at_work[worker]}"
    if strange := (waiting.keys() | named.keys()) - tasks.keys():
        yield f"tasks that are not there: {strange}"
    owners = {row["sk"].removeprefix("ref#") for row in world.rows("files_table") if row["sk"].startswith("ref#")}
    seen = _outputs(rows)
    for row in rows:
        if not _is(row, "made#"):
            continue
        if row["sk"].endswith("/"):
            if "pending" in row and not any(task["status"] == "processing" for task in tasks.values()):
                yield f"{row['sk']} is not cleared away"
        elif row not in seen and not at_work:
            yield f"{row['sk']} is not to be seen and yet there"
        elif f"stores:made/{row['pk'][8:]}/{row['sk'][5:]}" not in owners:
            yield f"{row['sk']} does not refer to its file"


def _tags(rows: list[dict[str, Any]], assets: dict[Any, Any]) -> Iterator[str]:
    below = {
        (f"project#{row['pk'][4:].rpartition('/')[0]}", row["sk"][6:], row["pk"].rpartition("/")[2])
        for row in rows
        if row["pk"].startswith("tag#") and row["sk"].startswith("asset#")
    }
    above = {(pk, asset_id, tag) for (pk, asset_id), asset in assets.items() for tag in asset["tags"]}
    for wrong in below ^ above:
        yield f"tag without agreement: {wrong}"


def _index_rows(rows: list[dict[str, Any]], projects: dict[Any, Any]) -> Iterator[str]:
    """Below each group and tag of a store stand the projects that have it, and no others."""
    below = {(row["pk"], row["sk"]) for row in rows if row["pk"].startswith(("group#", "tag#")) and _of_project(row)}
    above = set()
    for (store_id, project_id), project in projects.items():
        above |= {(f"group#{store_id}/{group}", f"project#{project_id}") for group in project["groups"]}
        above |= {(f"tag#{store_id}/{tag}", f"project#{project_id}") for tag in project["tags"]}
    for wrong in below ^ above:
        yield f"index row without agreement: {wrong}"


def _of_project(row: dict[str, Any]) -> bool:
    return bool(row["sk"].startswith("project#"))
