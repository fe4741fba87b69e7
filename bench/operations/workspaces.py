"""The operations of the Bilrost API."""

from collections.abc import Iterator

from bench.operations import stores
from bench.operations.building import OCTETS, Names, Operation, Requests, uploaded
from bench.stage import Stage

MANAGER, BROWSER = "/assetmanager/workspaces", "/contentbrowser/workspaces"


def project(stage: Stage) -> Names:
    """A project with an asset, and the address of a workspace that could be made of it."""
    return stage.shared(stores.asset) | {"uri": f"file:///{stage.new_name()}"}


def workspace(stage: Stage) -> Names:
    """A workspace of a project with one asset, and with an asset more."""
    names = project(stage)
    wanted = {"file_uri": names["uri"], "organization": "default", "project_name": names["project"]}
    guid = stage.sent("POST", MANAGER, json=wanted).json()["guid"]
    stage.sent("PUT", f"{MANAGER}/{guid}/assets/hull", json={"tags": ["art"]})
    moment = stage.sent("GET", f"{BROWSER}/{guid}/assets/hull").json()["meta"]["modified"]
    return names | {"at": f"{MANAGER}/{guid}", "seen_at": f"{BROWSER}/{guid}", "guid": guid, "moment": moment}


def resource(stage: Stage) -> Names:
    """A workspace with a clean resource of its own."""
    names = workspace(stage)
    stage.sent("PUT", f"{names['at']}/resources/deck", body=b"hello", headers=OCTETS)
    stage.deliver()
    return names


def workspace_and_upload(stage: Stage) -> Names:
    """A workspace, and an upload."""
    return workspace(stage) | uploaded(stage)


def no_favourite(stage: Stage) -> Names:
    """A workspace that is nobody's favourite any more."""
    names = workspace(stage)
    stage.sent("DELETE", f"{names['at']}/favorites")
    return names


_request = Requests("workspaces")
_SEEN = {"Last-Modified": "<moment>"}


def _workspaces() -> Iterator[Operation]:
    clone = {"file_uri": "<uri>", "organization": "default", "project_name": "<project>"}
    yield _request("the description", "GET", "/assetmanager")
    yield _request("the browser's description", "GET", "/contentbrowser")
    yield _request("clone a project", "POST", MANAGER, project, json=clone)
    yield _request("a workspace", "GET", "<seen_at>", workspace)
    yield _request("delete a workspace", "DELETE", "<at>", workspace)
    yield _request("its status", "GET", "<at>/status", workspace)
    yield _request("its statuses", "GET", "<at>/statuses", workspace)
    yield _request("its branch", "GET", "<seen_at>/branch", workspace)
    yield _request("its branches", "GET", "<seen_at>/branches", workspace)
    yield _request("projects, which nobody lists", "GET", "/contentbrowser/projects", status=501)
    yield _request("replace all, refused", "PUT", MANAGER, status=501, json={})
    yield _request("replace one, refused", "PUT", "<at>", workspace, status=501, json={})
    yield _request("change one, refused", "PATCH", "<at>", workspace, status=501, json={})


def _favourites() -> Iterator[Operation]:
    favourite = {"file_uri": "<uri>"}
    yield _request("the favourites", "GET", BROWSER, workspace)
    yield _request("make a favourite", "POST", f"{MANAGER}/favorites", no_favourite, json=favourite)
    yield _request("make a favourite, later path", "POST", "/assetmanager/favorites", no_favourite, json=favourite)
    yield _request("forget a favourite", "DELETE", "<at>/favorites", workspace)
    yield _request("forget a favourite, later path", "DELETE", "/assetmanager/favorites/<guid>", workspace)
    yield _request("forget all favourites", "POST", "/assetmanager/favorites/reset", workspace)


def _assets() -> Iterator[Operation]:
    hull = {"main": "", "dependencies": [], "tags": ["art"], "comment": "As built"}
    yield _request("a page of assets", "GET", "<seen_at>/assets/", workspace)
    yield _request("search", "GET", "<seen_at>/assets/?q=tag:%20art", workspace)
    yield _request("an asset", "GET", "<seen_at>/assets/hull", workspace)
    yield _request("create an asset", "PUT", "<at>/assets/bow", workspace, json=hull)
    yield _request("replace an asset", "PUT", "<at>/assets/hull", workspace, json=hull, headers=_SEEN)
    yield _request(
        "rename an asset", "POST", "<at>/rename/assets/hull", workspace, json={"new": "/assets/bow"}, headers=_SEEN
    )
    yield _request("delete an asset", "DELETE", "<at>/assets/hull", workspace)
    yield _request("put the namespace, refused", "PUT", "<at>/assets/", workspace, status=400, json={})
    yield _request("delete the namespace, refused", "DELETE", "<at>/assets/", workspace, status=400)


def _resources() -> Iterator[Operation]:
    yield _request("a page of resources", "GET", "<seen_at>/resources/", resource)
    yield _request("a resource's facts", "GET", "<seen_at>/resources/deck", resource)
    yield _request("read a resource", "GET", "<at>/resources/deck", resource)
    yield _request("put a resource", "PUT", "<at>/resources/sail", workspace, body=b"hello", headers=OCTETS)
    yield _request("replace a resource", "PUT", "<at>/resources/deck", resource, body=b"other", headers=OCTETS)
    yield _request("put an upload", "PUT", "<at>/resources/sail?upload=<upload>", workspace_and_upload)
    yield _request("delete a resource", "DELETE", "<at>/resources/deck", resource)


OPERATIONS: list[Operation] = [*_workspaces(), *_assets(), *_resources(), *_favourites()]
