"""Something to see on every page of the console, and where it is seen."""

import io
import json
import time
import zipfile
from dataclasses import dataclass
from typing import Any

from tests.files.scanners.samples import EICAR
from tests.support.product import Product

NETWORK = b"graph [ node [ id 1 ] node [ id 2 ] edge [ source 1 target 2 ] ]"
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the console, and a text that is on it once it has loaded."""

    path: str
    shows: str


def furnish(product: Product, picture: bytes) -> dict[str, Place]:
    """Fill an empty product; the pages by name."""
    first = product.upload(picture, "harbour.png", "image/png")
    product.upload(EICAR, "invoice.com", "application/octet-stream")
    draft = product.upload(b"not yet", "plan.txt", draft="true")
    for asset in (first, draft):
        assert product.state_of(asset, wanted="clean") == "clean"
    project = '{"id": "harbour", "name": "Harbour", "groups": ["editors", "public"]}'
    assert product.request("POST", "/api/default/create", body=project, Content_Type=JSON).status == 200
    for name, content in {"map.gml": NETWORK, "site.zip": _site()}.items():
        upload = f"/api/default/harbour/upload/{name}?filename={name}&create=true"
        assert product.request("POST", upload, body=content, Content_Type="application/octet-stream").status == 200
        _until(product, f"/api/default/harbour/meta/{name}", "index_file")
    task = '{"worker_type": "extract", "store_id": "default", "project_id": "harbour", "asset_id": "site.zip"}'
    assert product.request("POST", "/api/workers/queue", body=task, Content_Type=JSON).status == 200
    _until(product, "/api/default/harbour/meta/site.zip", "processing_status", "done")
    uri = {"file_uri": "file:///home/harbour", "organization": "default", "project_name": "harbour"}
    guid = _made(product, "POST", "/assetmanager/workspaces", uri)["guid"]
    _made(product, "PUT", f"/assetmanager/workspaces/{guid}/assets/ships/hull", {"tags": ["blue"], "comment": "Steel"})
    for name in ("fleet", "regatta"):
        needs = {"dependencies": ["/assets/ships/hull"]}
        _made(product, "PUT", f"/assetmanager/workspaces/{guid}/assets/{name}", needs)
    _made(product, "POST", "/api/devices/", {"name": "Editing", "path": "/mnt/edit/"})
    news = _made(product, "POST", "/api/productions/", {"name": "Harbour news", "codename": "harbour"})["id"]
    report = {"name": "Report", "bundle_root": "/mnt/edit/report/", "production_id": news}
    asset = _made(product, "POST", "/api/projectassets/", report)["id"]
    _made(product, "POST", "/tokens", {"name": "Alice", "permissions": ["signin"]})
    for name in ("cuts/one.txt", "cuts/two.txt"):
        path = f"/api/projectassets/{asset}/files/{name}"
        assert product.request("PUT", path, body=b"one", Content_Type="text/plain").status == 201
    again = {"name": "Report, again", "bundle_root": "/mnt/edit/again/", "production_id": news, "copy_of": asset}
    copy = _made(product, "POST", "/api/projectassets/", again)["id"]
    _until(product, f"/api/projectassets/{copy}/", "status_asset", 6)
    return {
        "assets": Place("/console", "harbour.png"),
        "asset": Place(f"/console/assets/{first}", "image/png"),
        "draft": Place(f"/console/assets/{draft}", "draft"),
        "stores": Place("/console/stores", "Harbour"),
        "project": Place("/console/stores/default/harbour", "map.gml"),
        "store asset": Place("/console/stores/default/harbour/site.zip", "extract/"),
        "network": Place("/console/stores/default/harbour/map.gml", "Process a file"),
        "workers": Place("/console/workers", "dz-image"),
        "workspaces": Place("/console/workspaces", "Clone"),
        "workspace": Place(f"/console/workspaces/{guid}", "ships/"),
        "workspace asset": Place(f"/console/workspaces/{guid}/assets/ships/hull", "Whatever depends on it"),
        "productions": Place("/console/productions", "Harbour news"),
        "production": Place(f"/console/productions/{news}", "Report, again"),
        "project asset": Place(f"/console/productions/{news}/{asset}", "cuts/two.txt"),
        "jobs": Place("/console/jobs", "projectassets.copy"),
        "people": Place("/console/people", "Take back"),
        "nowhere": Place("/console/nowhere", "There is no such page"),
    }


def _made(product: Product, method: str, path: str, body: object) -> Any:
    answer = product.request(method, path, body=json.dumps(body), Content_Type=JSON)
    assert answer.status in (200, 201), answer.body
    return answer.json()


def _site() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("index.html", "<!DOCTYPE html><title>Harbour</title><h1>Harbour</h1>")
    return out.getvalue()


def _until(product: Product, path: str, name: str, value: str | int | None = None) -> None:
    deadline = time.monotonic() + 60
    while not (found := product.get(path).json()[name]) or found != (value or found):
        assert time.monotonic() < deadline, (path, name, found)
        time.sleep(0.05)
