"""Productions with project assets whose bundles hold files, as clients of the medialoopster API make them."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.support.client import Client, Reply
from tests.support.cloud import PARAMETERS
from tests.support.snapshots import disagreements as core_disagreements
from tests.support.world import World

SOURCE, TARGET = "/mnt/archive/a/", "/mnt/archive/b/"
DEVICE_BUCKET = PARAMETERS["DeviceBucket"]
OWN_ROOT = "/mnt/own/"


@dataclass
class Bundles:
    """A world with the production 1, and a device for `/mnt/archive/`."""

    world: World
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.world.client
        assert self._post("/api/productions/", {"name": "News", "codename": "news"})["id"] == 1
        self._post("/api/devices/", {"name": "Archive", "path": "/mnt/archive/"})

    def with_own_bucket(self) -> "Bundles":
        """A device for `/mnt/own/` whose bytes lie in a bucket of its own."""
        self.world.inspect("s3").create_bucket(Bucket=DEVICE_BUCKET)
        self._post("/api/devices/", {"name": "Own", "path": OWN_ROOT, "bucket": DEVICE_BUCKET})
        return self

    def project(self, root: str = SOURCE, /, **files: bytes) -> int:
        """A project asset with these files, scanned; `_` in a name stands for a slash."""
        made = self._post("/api/projectassets/", {"name": "Project", "bundle_root": root, "production_id": 1})
        for name, content in files.items():
            self.put(made["id"], name.replace("_", "/"), content)
        if files:
            self.world.deliver()
        return int(made["id"])

    def put(self, project: int, path: str, content: bytes) -> Reply:
        """Put a file into a bundle."""
        reply = self.client.put(self.url(project, path), body=content)
        assert reply.status in (200, 201), reply.text
        return reply

    def ask_copy(self, source: int, root: str = TARGET, query: str = "") -> Reply:
        """Ask for a copy of a project asset."""
        body = {"name": "Copy", "bundle_root": root, "production_id": 1, "copy_of": source}
        return self.client.post(f"/api/projectassets/{query}", json=body)

    def copy(self, source: int, root: str = TARGET, query: str = "") -> int:
        """Have a project asset copied; the id of the copy, which is not there yet."""
        reply = self.ask_copy(source, root, query)
        assert reply.status == 201, reply.text
        return int(reply.json()["id"])

    def delete(self, project: int) -> None:
        """Have a project asset deleted."""
        reply = self.client.delete(f"/api/projectassets/{project}/")
        assert reply.status == 202, reply.text

    def shown(self, project: int) -> dict[str, Any] | None:
        """GET of a project asset; None if there is none."""
        reply = self.client.get(f"/api/projectassets/{project}/")
        assert reply.status in (200, 404), reply.text
        found: dict[str, Any] | None = reply.json() if reply.status == 200 else None
        return found

    def state(self, project: int) -> tuple[int, bool] | None:
        """Status and whether it is in production; None if it is not there."""
        found = self.shown(project)
        return None if found is None else (found["status_asset"], found["is_production"])

    def files(self, project: int) -> dict[str, str]:
        """The files of a bundle and their states."""
        reply = self.client.get(f"/api/projectassets/{project}/files/")
        assert reply.status == 200, reply.text
        return {entry["path"]: entry["state"] for entry in reply.json()}

    def contents(self, project: int) -> dict[str, bytes | int]:
        """The files of a bundle with their bytes, or the status that a GET of them gives."""
        replies = {path: self.read(project, path) for path in self.files(project)}
        return {path: reply.body if reply.status == 200 else reply.status for path, reply in replies.items()}

    def read(self, project: int, path: str, **options: Any) -> Reply:
        """GET of a file."""
        return self.client.get(self.url(project, path), **options)

    def linked(self, project: int, kind: str = "video", **fields: Any) -> int:
        """A new media asset, linked by a project asset."""
        body = {"name": "Clip", "production_id": 1, "path_file": "/mnt/archive/clips/clip.mov", **fields}
        made = self._post(f"/api/{kind}assets/", body)
        link = {"asset_list": [{"asset_id": made["id"], "type": kind}]}
        assert self.client.post(f"/api/projectassets/{project}/addasset/", json=link).status == 200
        return int(made["id"])

    def own_objects(self) -> list[str]:
        """The keys in the device's own bucket."""
        answer = self.world.inspect("s3").list_objects_v2(Bucket=DEVICE_BUCKET)
        return [found["Key"] for found in answer.get("Contents", [])]

    @staticmethod
    def url(project: int, path: str) -> str:
        """Where a file of a bundle is."""
        return f"/api/projectassets/{project}/files/{quote(path)}"

    def _post(self, url: str, body: dict[str, Any]) -> dict[str, Any]:
        reply = self.client.post(url, json=body)
        assert reply.status == 201, reply.text
        made: dict[str, Any] = reply.json()
        return made


def bundle_rows(world: World) -> list[dict[str, Any]]:
    """The rows of all bundles' files."""
    return [row for row in world.rows("productions_table") if row["sk"].startswith("project#file/")]


def everything_wrong(world: World) -> list[str]:
    """What is wrong in the core, and between project assets and the core, orphans in any bucket included."""
    return [*core_disagreements(world), *disagreements(world)]


def disagreements(world: World) -> list[str]:
    """What is wrong between project assets, their files, the Files they refer to, leases and jobs."""
    rows = world.rows("productions_table")
    projects = {row["pk"]: row for row in rows if row["sk"] == "project"}
    entries = [row for row in rows if row["sk"].startswith("project#file/")]
    jobs = {row["pk"].removeprefix("job#"): row for row in world.rows("jobs_table") if row["sk"] == "job"}
    files = {row["pk"]: row for row in world.rows("files_table") if row["sk"] == "file"}
    owned = {
        (row["pk"], row["sk"].removeprefix("ref#projectassets:file/"))
        for row in world.rows("files_table")
        if row["sk"].startswith("ref#projectassets:file/")
    }
    wrong = []
    for row in entries:
        number, path = row["pk"].removeprefix("project#"), row["sk"].removeprefix("project#file/")
        key = f"file#{row['file_id']}"
        if row["pk"] not in projects:
            wrong.append(f"{path} has no project {number}")
        if (key, f"{number}/{path}") not in owned:
            wrong.append(f"{path} of project {number} does not refer to its file")
        owned.discard((key, f"{number}/{path}"))
        file = files.get(key)
        if file is None or file.get("purged"):
            wrong.append(f"{path} of project {number} has lost its file")
        elif (file["verdict"], file.get("library_key")) != (row["state"], row.get("library_key")):
            wrong.append(f"{path} of project {number} is {row['state']}, its file {file['verdict']}")
    wrong += [f"a reference without a file of a bundle: {owner}" for _, owner in owned]
    for row in projects.values():
        number = row["pk"].removeprefix("project#")
        for name in ("copy_job", "delete_job"):
            if name in row:
                wrong.append(f"project {number} still has a {name}: {jobs.get(row[name], {}).get('state')}")
        if (row["status_asset"] == 6) != bool(row.get("is_production")):
            wrong.append(f"project {number} shows {row['status_asset']} and {row.get('is_production')}")
        if row["status_asset"] == -1 and any(entry["pk"] == row["pk"] for entry in entries):
            wrong.append(f"project {number} has failed and has files")
    for row in rows:
        if row["sk"].startswith(("lease#", "project#assets/")) and row["pk"] not in projects:
            wrong.append(f"{row['sk']} of {row['pk']}, which is not there")
        elif row["sk"].startswith("lease#"):
            wrong.append(f"{row['pk']} is still leased: {row['sk']}")
    return wrong
