"""Every request that the documents show as an example is made to the app, whose answer fits the document."""

import copy
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from app import app
from chalicelib import aws, identity
from chalicelib.apis.assets import placeholder
from chalicelib.identity import users
from chalicelib.jobs import running
from chalicelib.jobs.models import JobState
from chalicelib.reference import documents
from chalicelib.rows import transact
from tests.files.scanners.samples import zipped
from tests.reference.checking import SERVERS, document, operations, undocumented
from tests.support.client import Client, Reply, Upload, deliver
from tests.support.cloud import Cloud

Names = dict[str, str]
"""What stands in the examples, and what there is in its place."""

ASSET, UPLOAD, S3_ID = "6b03085d963ba7c755c49321", "5f0c8a7e6e5b4a51b1f2f0a3c9d8e7f6", "aXQgaXMgUzMncyBvd24gaWQ"
GUID, MOMENT = "0123456789abcdef0123456789abcdef01234567", "2026-01-02T03:04:05.678Z"
FAILED = "f" * 32
ETAG = '"0cc175b9c0f1b6a831c399e269772661"'
OCTETS = {"Content-Type": "application/octet-stream"}

REFUSED = {
    "head /s3/params": 405,
    "get /api/projectassets/{asset_id}/job": 404,
    "delete /api/projectassets/{asset_id}/job": 404,
    "post /api/workers/{name}/tasks/{task_id}/heartbeat": 409,
    "post /api/workers/{name}/tasks/{task_id}/finish": 409,
    "put /assetmanager/workspaces": 501,
    "put /assetmanager/workspaces/{workspace}": 501,
    "patch /assetmanager/workspaces/{workspace}": 501,
    "put /assetmanager/workspaces/{workspace}/assets": 400,
    "delete /assetmanager/workspaces/{workspace}/assets": 400,
    "get /contentbrowser/projects": 501,
    "post /assetmanager/favorites": 403,
}
"""What is never done, takes work that is under way, or was done already: a workspace is its creator's favourite."""

INSTEAD: dict[str, Names] = {
    "post /api/{store_id}/{project_id}/object/{object_id}": {"plan": "fresh"},
    "delete /assetmanager/workspaces/{workspace}/assets/{path}": {"hull": "bow"},
    # It is no favourite any more by then, so its guid finds nothing.
    "delete /assetmanager/workspaces/{workspace}": {GUID: "file:///home/alice/expo-edit"},
    "post /jobs/{id}/retry": {UPLOAD: FAILED},
    "get /asset-manager/{name}": {"thumbnail-placeholder.png": placeholder.picture_name()},
}
"""What an example must not find, because it makes it; and names that change with their content."""


def assets(client: Client) -> Names:
    made = client.post("/assets", files={"asset[file]": Upload(b"bytes", "note.txt")}).json()["id"][-24:]
    path = {"asset[legacy_url_path]": "/government/uploads/system/note.txt"}
    client.post("/whitehall_assets", form=path, files={"asset[file]": Upload(b"bytes", "note.txt")})
    return {ASSET: made, "0" * 32: arrived(client), "1" * 32: arrived(client)}


def uploads(client: Client) -> Names:
    begun = client.post("/s3/multipart", json={"filename": "large.bin", "size": 5}).json()
    request = {"Bucket": begun["bucket"], "Key": begun["key"], "UploadId": begun["uploadId"]}
    etag = aws.s3().upload_part(**request, PartNumber=1, Body=b"bytes")["ETag"]
    return {f"small/{UPLOAD}": begun["key"], S3_ID: begun["uploadId"], ETAG: etag, UPLOAD: begun["id"]}


def stores(client: Client) -> Names:
    client.post("/api/default/create", json={"id": "expo", "name": "Exposition", "groups": ["public"]})
    upload = "/api/default/expo/upload"
    client.post(f"{upload}/map?create=true&filename=map.png", body=b"bytes", headers=OCTETS)
    client.post(f"{upload}/pack?create=true&filename=pack.zip", body=zipped({"index.html": b"x"}), headers=OCTETS)
    client.post("/api/default/expo/meta/map", json={"tags": ["art"]})
    client.post("/api/default/expo/object/plan", json={"a": [1, None]})
    users.add("dora", "opensesame", groups=["g1"], write_groups=["g1"], permissions=[])
    worker = {"name": "inkscape", "type": "render", "extensions": [".svg"]}
    assert client.post("/api/workers", json=worker).status == 200
    return {}


def jobs(client: Client) -> Names:
    job = running.plan("tests.example", {}, requester=identity.LOCAL_SUPERUSER)
    transact(*running.steps(job))
    failed = running.plan("assets.relink", {"asset": ASSET, "published": False}, job_id=FAILED)
    failed.state = JobState.FAILED.value
    transact(*running.steps(failed))
    return {UPLOAD: job.job_id}


def projectassets(client: Client) -> Names:
    for path, fields in (
        ("devices", {"name": "Edit", "path": "/mnt/edit/"}),
        ("productions", {"name": "News", "codename": "news"}),
        ("projectassets", {"name": "Election night", "bundle_root": "/mnt/edit/election/", "production_id": 1}),
    ):
        assert client.post(f"/api/{path}", json=fields).status == 201
    for kind in ("audio", "image", "video"):
        form = {"name": "Clip", "production_id": 1, "path_file": "/mnt/edit/clip.mov"}
        files = {"file": Upload(b"bytes", "clip.mov")}
        assert client.post(f"/api/{kind}assets", form=form, files=files).status == 201
    assert client.put("/api/projectassets/1/files/media/clip.mov", body=b"bytes", headers=OCTETS).status == 201
    return {}


def workspaces(client: Client) -> Names:
    stores(client)
    wanted = {"file_uri": "file:///home/alice/expo-edit", "organization": "default", "project_name": "expo"}
    guid = client.post("/assetmanager/workspaces", json=wanted).json()["guid"]
    assert client.put(f"/assetmanager/workspaces/{guid}/assets/hull", json={"tags": ["art"]}).status == 201
    assert client.put(f"/assetmanager/workspaces/{guid}/resources/hull", body=b"bytes", headers=OCTETS).status == 201
    return {GUID: guid}


def moment(client: Client, names: Names) -> Names:
    """When the asset of a workspace was last changed, which those who change it have to say."""
    if GUID not in names:
        return {}
    shown = client.get(f"/contentbrowser/workspaces/{names[GUID]}/assets/hull")
    return {MOMENT: shown.json()["meta"]["modified"]} if shown.status == 200 else {}


def tokens(client: Client) -> Names:
    _, entry = identity.mint("alice")
    return {"0123456789abcdef-0123456789ab": entry.id}


ARRANGED: dict[str, Callable[[Client], Names]] = {
    "assets": assets,
    "uploads": uploads,
    "stores": stores,
    "projectassets": projectassets,
    "workspaces": workspaces,
    "jobs": jobs,
    "tokens": tokens,
}


def arrived(client: Client) -> str:
    """The id of an upload whose bytes have come."""
    names = uploads(client)
    parts = {"parts": [{"PartNumber": 1, "ETag": names[ETAG]}]}
    key = names[f"small/{UPLOAD}"]
    assert client.post(f"/s3/multipart/{names[S3_ID]}/complete?key={key}", json=parts).status == 200
    return names[UPLOAD]


def filled(value: Any, names: Names) -> Any:
    """An example with what there is in the place of what stands there."""
    if isinstance(value, dict):
        return {name: filled(one, names) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, names) for one in value]
    return names.get(value, value) if isinstance(value, str) else copy.copy(value)


def sent(client: Client, operation: dict[str, Any], method: str, path: str, kind: str | None, names: Names) -> Reply:
    """Make the request of an operation's examples."""
    base = operation.get("servers", [{"url": SERVERS["api"]}])[0]["url"]
    query, headers = [], {}
    for one in operation.get("parameters", []):
        if "example" not in one:
            continue
        value = quote(str(filled(one["example"], names)), safe="")
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", value.replace("%2F", "/") if "description" in one else value)
        elif one["in"] == "query":
            query.append(f"{quote(one['name'])}={value}")
        else:
            headers[one["name"]] = filled(one["example"], names)
    url = f"{base}{path}{'?' if query else ''}{'&'.join(query)}"
    if kind is None:
        return client.request(method.upper(), url, headers=headers)
    body = filled(operation["requestBody"]["content"][kind]["example"], names)
    if kind == "multipart/form-data":
        field = "asset[file]" if "asset[file]" in body else "file"
        files = {field: Upload(body.pop(field).encode(), "note.txt")}
        return client.request(method.upper(), url, headers=headers, form=body, files=files)
    if kind == "application/octet-stream":
        return client.request(method.upper(), url, headers={**headers, "Content-Type": kind}, body=body)
    return client.request(method.upper(), url, headers=headers, json=body)


def kinds(api: str, method: str, path: str) -> list[str | None]:
    """The content types of which there are example bodies; None for a request without one."""
    return list(document(api)["paths"][path][method].get("requestBody", {}).get("content", {None: None}))


def wrong(client: Client, api: str, method: str, path: str, kind: str | None, names: Names) -> list[str]:
    """What is wrong with the answer to an example."""
    whole = document(api)
    operation = whole["paths"][path][method]
    reply = sent(client, operation, method, path, kind, names | INSTEAD.get(f"{method} {path}", {}))
    refused = REFUSED.get(f"{method} {path}")
    expected = reply.status == refused or (refused is None and reply.status < 400)
    told = [] if expected else [f"{reply.status} {reply.text}"]
    return [f"{method} {path} {kind}: {one}" for one in (*told, *undocumented(whole, operation, reply))]


def turn(operation: tuple[str, str, str]) -> tuple[int, int]:
    """What reads comes first, and what deletes last, the innermost before what it is in."""
    _, method, path = operation
    return ({"get": 0, "head": 0, "delete": 2}.get(method, 1), -path.count("/") if method == "delete" else 0)


@pytest.mark.parametrize("api", documents.APIS)
def test_every_example_is_answered_as_documented(cloud: Cloud, api: str) -> None:
    cloud.set(AUTH="open", STAGE="local")
    client = Client(app)
    names = ARRANGED[api](client)
    deliver(app, "scan_small", "work")
    found = []
    for _, method, path in sorted(operations(api), key=turn):
        for kind in kinds(api, method, path):
            found += wrong(client, api, method, path, kind, names | moment(client, names))
    assert found == []
