"""The operations of the medialoopster API: project assets, their bundles, and the things beside them."""

from collections.abc import Iterator

from bench.operations.building import OCTETS, Maker, Names, Operation, Requests, uploaded
from bench.stage import Stage

PROJECTS = "/api/projectassets/"
MEDIA_TYPES = ("audio", "image", "video")


def fresh(stage: Stage) -> Names:
    """A name that nothing has."""
    return {"fresh": stage.new_name()}


def production(stage: Stage) -> Names:
    """A production with a device, and where a bundle could be on it."""
    name = stage.new_name()
    made = stage.sent("POST", "/api/productions/", json={"name": name, "codename": name}).json()
    device = stage.sent("POST", "/api/devices/", json={"name": name, "path": f"/mnt/{name}/"}).json()
    return {"production": str(made["id"]), "device": str(device["id"]), "root": f"/mnt/{name}/p/", "name": name}


def member(stage: Stage) -> Names:
    """A production with a group as its member."""
    names = production(stage)
    members = f"/api/productions/{names['production']}/members/"
    stage.sent("POST", members, json={"group": "guests", "write": True, "delete": False})
    return names


def media_of(kind: str) -> Maker:
    """What makes a media asset of a type, with a clean file."""

    def media(stage: Stage) -> Names:
        names = production(stage)
        form = {"name": "Clip", "production_id": names["production"], "path_file": f"/mnt/{names['name']}/clip.mov"}
        files = {"file": ("clip.mov", b"hello")}
        made = stage.sent("POST", f"/api/{kind}assets/", form=form, files=files).json()
        stage.deliver()
        return names | {"media": str(made["id"])}

    return media


def project(stage: Stage) -> Names:
    """A project asset."""
    names = production(stage)
    body = {"name": "P", "bundle_root": names["root"], "production_id": int(names["production"])}
    number = str(stage.sent("POST", PROJECTS, json=body).json()["id"])
    return names | {"at": f"{PROJECTS}{number}", "project": number}


def bundle(stage: Stage) -> Names:
    """A project asset with a clean file."""
    names = project(stage)
    stage.sent("PUT", f"{names['at']}/files/media/clip.mov", body=b"hello", headers=OCTETS)
    stage.deliver()
    return names


def linking(stage: Stage) -> Names:
    """A project asset that links ten media assets, and one media asset that it does not link."""
    names = project(stage)
    clip = {"name": "Clip", "production_id": int(names["production"]), "path_file": "/mnt/clip.mov"}
    other, *made = [stage.sent("POST", "/api/videoassets/", json=clip).json()["id"] for _ in range(11)]
    linked = {"asset_list": [{"asset_id": one, "type": "video"} for one in made]}
    stage.sent("POST", f"{names['at']}/addasset/", json=linked)
    return names | {"other": str(other)}


def project_and_upload(stage: Stage) -> Names:
    """A project asset, and an upload."""
    return project(stage) | uploaded(stage)


def copying(stage: Stage) -> Names:
    """A project asset that is being copied from another."""
    names = project(stage)
    body = {"name": "C", "bundle_root": f"/mnt/{names['name']}/copy/", "production_id": int(names["production"])}
    made = stage.sent("POST", PROJECTS, json={**body, "copy_of": int(names["project"])}).json()
    return names | {"copy": str(made["id"])}


def deleting(stage: Stage) -> Names:
    """A project asset that is being deleted."""
    names = project(stage)
    stage.sent("DELETE", f"{names['at']}/")
    return names


_request = Requests("projectassets")


def _projects() -> Iterator[Operation]:
    new = {"name": "P", "bundle_root": "<root>", "production_id": "#<production>"}
    copy = {**new, "copy_of": "#<project>", "bundle_root": "/mnt/<name>/copy/"}
    linked = {"asset_list": [{"asset_id": "#<other>", "type": "video"}]}
    yield _request("one with ten links", "GET", "<at>/", linking)
    yield _request("a page of them", "GET", f"{PROJECTS}?limit=20", linking)
    yield _request("by bundle root", "GET", f"{PROJECTS}?bundle_root=<root>", linking)
    yield _request("create", "POST", PROJECTS, production, json=new)
    yield _request("ask for a copy", "POST", PROJECTS, bundle, json=copy)
    yield _request("change", "PATCH", "<at>/", linking, json={"status_approval": 0})
    yield _request("link a media asset", "POST", "<at>/addasset/", linking, json=linked)
    yield _request("ask for a deletion", "DELETE", "<at>/", bundle)
    yield _request("how far the work on it is", "GET", "<at>/job/", deleting)
    yield _request("cancel a copy", "DELETE", f"{PROJECTS}<copy>/job/", copying)


def _bundles() -> Iterator[Operation]:
    file = "<at>/files/media/clip.mov"
    yield _request("a bundle's files", "GET", "<at>/files/", bundle)
    yield _request("read a file", "GET", file, bundle)
    yield _request("put a file", "PUT", "<at>/files/new.txt", project, body=b"hello", headers=OCTETS)
    yield _request("replace a file", "PUT", file, bundle, body=b"other", headers=OCTETS)
    yield _request("put an upload", "PUT", "<at>/files/new.txt?upload=<upload>", project_and_upload)
    yield _request("remove a file", "DELETE", file, bundle)


def _media() -> Iterator[Operation]:
    for kind in MEDIA_TYPES:
        at, media = f"/api/{kind}assets/<media>/", media_of(kind)
        new = {"name": "Clip", "production_id": "#<production>", "path_file": "/mnt/<name>/clip.mov"}
        form = {"name": "Clip", "production_id": "<production>", "path_file": "/mnt/<name>/clip.mov"}
        yield _request(f"{kind}: one", "GET", at, media)
        yield _request(f"{kind}: a page of them", "GET", f"/api/{kind}assets/?limit=20", media)
        yield _request(f"{kind}: create", "POST", f"/api/{kind}assets/", production, json=new)
        files = {"file": ("clip.mov", b"hello")}
        yield _request(f"{kind}: create with a file", "POST", f"/api/{kind}assets/", production, form=form, files=files)
        yield _request(f"{kind}: change", "PATCH", at, media, json={"description": "Cut"})
        yield _request(f"{kind}: delete", "DELETE", at, media)
        yield _request(f"{kind}: read its file", "GET", f"{at}file/", media)
    videos = media_of("video")
    yield _request("video: its shots", "GET", "/api/videoassets/<media>/shots/", videos)
    yield _request("video: its sequences", "GET", "/api/videoassets/<media>/sequences/", videos)


def _beside() -> Iterator[Operation]:
    new = {"name": "<fresh>", "codename": "<fresh>"}
    members = "/api/productions/<production>/members/"
    imported = {
        "production": "#<production>", "type": "video", "move_asset": False,
        "asset": {"asset_meta": {"name": "Clip", "path_file": "/mnt/<name>/clip.mov"}},
    }  # fmt: skip
    yield _request("a page of productions", "GET", "/api/productions/", production)
    yield _request("a production", "GET", "/api/productions/<production>/", production)
    yield _request("create a production", "POST", "/api/productions/", fresh, json=new)
    yield _request(
        "enrol a group", "POST", members, production, json={"group": "guests", "write": True, "delete": False}
    )
    yield _request("expel a group", "DELETE", f"{members}?group=guests", member)
    yield _request("a page of devices", "GET", "/api/devices/", production)
    yield _request("a device", "GET", "/api/devices/<device>/", production)
    yield _request("create a device", "POST", "/api/devices/", fresh, json={"name": "<fresh>", "path": "/mnt/<fresh>/"})
    yield _request("import a media asset", "POST", "/api/asset/import/", production, json=imported)
    yield _request("what imports did", "GET", "/api/importlogs/", production)
    yield _request("ping", "GET", "/api/ping/")


OPERATIONS: list[Operation] = [*_projects(), *_bundles(), *_media(), *_beside()]
