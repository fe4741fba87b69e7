"""The operations of the OVE API on stores, projects, assets, objects and users."""

from bench.operations.building import OCTETS, Names, Operation, Requests, uploaded
from bench.stage import Stage
from chalicelib.identity import users


def fresh(stage: Stage) -> Names:
    """A name that nothing has."""
    return {"fresh": stage.new_name()}


def project(stage: Stage) -> Names:
    """A project that is not public."""
    name = stage.new_name()
    stage.sent("POST", "/api/default/create", json={"id": name, "name": "Project", "groups": ["bench"]})
    return {"project": name, "at": f"/api/default/{name}"}


def described(stage: Stage) -> Names:
    """A project with an asset that has a tag and no files, and an object."""
    names = project(stage)
    stage.sent("POST", f"{names['at']}/create", json={"id": "map", "name": "Map"})
    stage.sent("POST", f"{names['at']}/meta/map", json={"description": "A map", "tags": ["art"]})
    stage.sent("POST", f"{names['at']}/object/plan", json={"Sections": []})
    return names


def asset(stage: Stage) -> Names:
    """A project with an asset of one clean version, and an object."""
    names = described(stage)
    stage.sent("POST", f"{names['at']}/upload/map?filename=a.txt&update=true", body=b"hello", headers=OCTETS)
    stage.deliver()
    return names


def asset_and_upload(stage: Stage) -> Names:
    """What `asset` makes, and an upload."""
    return asset(stage) | uploaded(stage)


def user(stage: Stage) -> Names:
    """A user with a password."""
    name = stage.new_name()
    users.add(name, "opensesame", groups=["bench"], write_groups=["bench"], permissions=[])
    return {"user": name}


_request = Requests("stores")
OPERATIONS: list[Operation] = [
    _request("the stores", "GET", "/api/list"),
    _request("create a store", "POST", "/api/create", fresh, json={"id": "<fresh>"}),
    _request("a list of projects", "GET", "/api/default/list", asset),
    _request("a list of projects with their facts", "GET", "/api/default/list?metadata=true", asset),
    _request(
        "create a project", "POST", "/api/default/create", fresh,
        json={"id": "<fresh>", "name": "Project", "groups": ["bench"]},
    ),
    _request("a project's facts", "GET", "<at>/projectMeta", asset),
    _request("change a project's facts", "POST", "<at>/projectMeta", project, json={"name": "Other", "tags": ["art"]}),
    _request("who may use a project", "GET", "<at>/projectAccessMeta", asset),
    _request("change who may use a project", "POST", "<at>/projectAccessMeta", asset, json={"groups": ["public"]}),
    _request(
        "name the versions of a project", "POST", "<at>/version", asset,
        json={"version_name": "opening", "version_description": "As shown"},
    ),
    _request("a list of assets", "GET", "<at>/list", asset),
    _request("a list of assets with a tag", "GET", "<at>/list?filterByTag=art", asset),
    _request("create an asset", "POST", "<at>/create", project, json={"name": "fresh"}),
    _request("an asset's meta", "GET", "<at>/meta/map", asset),
    _request("whether there is an asset", "HEAD", "<at>/meta/map", asset),
    _request(
        "change an asset's meta", "POST", "<at>/meta/map", described, json={"description": "Other", "tags": ["new"]}
    ),
    _request("an asset's tags", "GET", "<at>/tags/map", asset),
    _request("replace an asset's tags", "POST", "<at>/tags/map", described, json=["art", "new"]),
    _request("add a tag", "PATCH", "<at>/tags/map", described, json={"action": "add", "data": ["new"]}),
    _request("remove all tags", "DELETE", "<at>/tags/map", described, json={}),
    _request("a version's files", "GET", "<at>/files/map", asset),
    _request(
        "upload a version", "POST", "<at>/upload/map?filename=b.txt&update=true", asset, body=b"hello", headers=OCTETS
    ),
    _request(
        "make an upload a version", "POST", "<at>/upload/map?filename=b.txt&update=true&upload=<upload>",
        asset_and_upload, headers=OCTETS,
    ),
    _request("an object", "GET", "<at>/object/plan", asset),
    _request("whether there is an object", "HEAD", "<at>/object/plan", asset),
    _request("an object's name and address", "GET", "<at>/object/plan/info", asset),
    _request("create an object", "POST", "<at>/object/fresh", project, json={"Sections": []}),
    _request("replace an object", "PUT", "<at>/object/plan", described, json={"Sections": [1]}),
    _request("a file of an asset", "GET", "http://stores.test/stores/default/<project>/map/1/a.txt", asset),
    _request("sign in with a password", "POST", "/api/auth", user, json={"user": "<user>", "password": "opensesame"}),
    _request("the users", "GET", "/api/user", user),
    _request("one user", "GET", "/api/user?user=<user>", user),
    _request(
        "add a user", "POST", "/api/user", fresh,
        json={"user": "<fresh>", "password": "opensesame", "read_groups": ["bench"]},
    ),
    _request("change a user", "PATCH", "/api/user", user, json={"user": "<user>", "read_groups": ["bench", "g2"]}),
    _request("end a user", "DELETE", "/api/user", user, json={"user": "<user>"}),
    _request("all groups", "GET", "/api/user/groups", user),
    _request("the caller's record", "GET", "/api/user/info", user),
]  # fmt: skip
