"""What the reference says of the workspaces API (docs/apis/workspaces.md)."""

from typing import Any

from chalicelib.reference.documents import JSON, Answer, Body, Call, Parameter, Words
from chalicelib.reference.schemas import (
    Schema,
    anything,
    arr,
    like,
    obj,
    one_of,
    open_object,
    or_null,
    ref,
    text,
    whole,
)

READ = (400, 403, 404)
WRITE = (400, 403, 404, 412, 413, 415)

_GUID = "0123456789abcdef0123456789abcdef01234567"
_MOMENT = text(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
_AT = "2026-01-02T03:04:05.678Z"
_TYPE = "application/vnd.bilrost.workspace+json"
_METADATA = {"name": "expo-edit", "guid": _GUID, "description": "", "type": _TYPE}
_META = {"ref": "/assets/hull", "created": _AT, "modified": _AT, "author": "unknown", "version": "1.1.0"}
_ASSET = {"dependencies": [], "main": "/resources/hull/hull.png", "comment": "", "tags": ["art"], "meta": _META}
_WORKSPACE: dict[str, Any] = {
    "project": {"full_name": "default/expo", "host": "s3"},
    "guid": _GUID,
    "name": "expo-edit",
    "description": "",
    "version": "2.0.0",
    "pushed_at": None,
    "created_at": _AT,
    "updated_at": _AT,
    "type": _TYPE,
    "branch": "master",
    "file_uri": "file:///home/alice/expo-edit",
    "subscriptions": [],
    "stage": [],
    "tags": [],
}
_RESOURCE: dict[str, Any] = {
    "ref": "/resources/hull/hull.png",
    "name": "hull.png",
    "size": 5009,
    "mime": "image/png",
    "hash": "0" * 64,
    "created": _AT,
    "modified": _AT,
    "state": "clean",
    "url": f"/assetmanager/workspaces/{_GUID}/resources/hull/hull.png",
}
_NAMESPACE = {"url": f"/contentbrowser/workspaces/{_GUID}/assets/parts/", "ref": "/assets/parts/"}
_STATUS = {"state": "VALID", "context": "general", "description": "", "info": {}}
_MANAGER = {"name": "Asset manager", "version": "0.1.0", "url": "/assetmanager", "workspaces_url": "/workspaces/"}
_BROWSER = {"name": "Content browser", "version": "1.1", "url": "/contentbrowser", "projects_url": "/projects/",
            "workspaces_url": "/workspaces/"}  # fmt: skip
_SEEN = Parameter(
    "Last-Modified", text(), "The moment of the asset that the client has seen.", place="header", example=_AT
)
_START = Parameter("start", whole(minimum=0), "Begin behind so many.", example=0)
_MOST = Parameter("maxResults", whole(minimum=1, maximum=1000), "100 if left out.", example=100)
_OK = {200: Answer({"const": "Ok"}, "Ok")}
_NEVER = Call({}, (400, 403, 404, 501), note="Never supported.")
_GONE = {204: Answer(note="It is deleted.")}


def _says(name: str, example: Any, status: int = 200) -> dict[int, Answer]:
    return {status: Answer(ref(name), example)}


def _json(properties: dict[str, Schema], example: Any, *required: str) -> Body:
    return Body({JSON: (open_object(properties, required=required), example)})


def _listing(kind: str, items: Schema, *, namespaces: bool = False) -> Schema:
    there = {"namespaces": arr(ref("Namespace")), "totalNamespaces": whole(minimum=0)} if namespaces else {}
    return obj(
        {"kind": {"type": "string", "const": kind}, "items": arr(items), "totalItems": whole(minimum=0)},
        {**there, "nextLink": text("The next page.")},
    )


def _listed(kind: str, *items: Any, namespaces: bool = False) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": kind, "items": list(items), "totalItems": len(items)}
    return {**told, "namespaces": [_NAMESPACE], "totalNamespaces": 1} if namespaces else told


_FAVOURITE = Call(
    _says("Metadata", _METADATA),
    WRITE,
    body=_json({"file_uri": text("Of the workspace.")}, {"file_uri": _WORKSPACE["file_uri"]}, "file_uri"),
)
_ASSET_BODY = _json(
    {
        "main": text("A resource, or nothing."),
        "dependencies": arr(text("A ref."), maxItems=2000),
        "tags": arr(text()),
        "comment": text(),
        "semantics": arr(anything()),
    },
    {"main": "", "dependencies": [], "tags": ["art"], "comment": "As built"},
)
_ASSETS = {200: Answer(ref("AssetList"), _listed("asset-list", {**_ASSET, "url": _NAMESPACE["url"]}, namespaces=True))}
_FILES = {200: Answer(ref("FileList"), _listed("file-list", _RESOURCE, namespaces=True))}
_SEARCH = (
    Parameter("q", text(), "A search, below this namespace.", example="tag: art"),
    Parameter("ref", text(), "What the last part of a ref has to fit.", example="*"),
    Parameter(
        "empty", one_of("true", "false"), "Show namespaces too that hold nothing but namespaces.", example="true"
    ),
    _START,
    _MOST,
)

WORDS = Words(
    title="Workspaces",
    description=(
        "The Bilrost asset manager, and the content browser beside it: a project of a store is cloned into a "
        "workspace, whose assets say what files they are made of and what other assets they depend on. Errors are "
        "bare JSON strings."
    ),
    calls={
        "GET /assetmanager": Call(_says("Description", _MANAGER), (403, 404)),
        "POST /assetmanager/workspaces": Call(
            _says("Metadata", _METADATA),
            WRITE,
            body=_json(
                {
                    "file_uri": text(pattern="^file:///"),
                    "organization": text("A store."),
                    "project_name": text("A project in it."),
                    "name": text(),
                    "branch": text("A named version; `master` is the current state."),
                    "description": text(),
                },
                {"file_uri": "file:///home/alice/other", "organization": "default", "project_name": "expo"},
                "file_uri",
                "organization",
                "project_name",
            ),
        ),
        "PUT /assetmanager/workspaces": _NEVER,
        "PUT /assetmanager/workspaces/{workspace}": _NEVER,
        "PATCH /assetmanager/workspaces/{workspace}": _NEVER,
        "DELETE /assetmanager/workspaces/{workspace}": Call(_OK, READ),
        "POST /assetmanager/workspaces/favorites": _FAVOURITE,
        "POST /assetmanager/favorites": _FAVOURITE,
        "DELETE /assetmanager/workspaces/{workspace}/favorites": Call(_OK, READ),
        "DELETE /assetmanager/favorites/{workspace}": Call(_OK, READ),
        "POST /assetmanager/favorites/reset": Call(_OK, READ),
        "GET /assetmanager/workspaces/{workspace}/status": Call(_says("Status", _STATUS), READ),
        "GET /assetmanager/workspaces/{workspace}/statuses": Call({200: Answer(arr(ref("Status")), [_STATUS])}, READ),
        "PUT /assetmanager/workspaces/{workspace}/assets": Call({}, WRITE, note="Refused: a namespace."),
        "DELETE /assetmanager/workspaces/{workspace}/assets": Call({}, READ, note="Refused: a namespace."),
        "PUT /assetmanager/workspaces/{workspace}/assets/{path+}": Call(
            {**_says("Asset", _ASSET), **_says("Meta", _META, 201)}, WRITE, (_SEEN,), _ASSET_BODY
        ),
        "DELETE /assetmanager/workspaces/{workspace}/assets/{path+}": Call(_GONE, READ),
        "POST /assetmanager/workspaces/{workspace}/rename/assets/{path+}": Call(
            _says("Meta", {**_META, "ref": "/assets/bow"}),
            WRITE,
            (_SEEN,),
            _json({"new": text("The new ref.")}, {"new": "/assets/bow"}, "new"),
        ),
        "PUT /assetmanager/workspaces/{workspace}/resources/{path+}": Call(
            {**_says("Resource", _RESOURCE), **_says("Resource", _RESOURCE, 201)},
            (*WRITE, 409, 422, 429),
            (Parameter("upload", text(), "Id of a finished upload in the place of a body."),),
            Body({"application/octet-stream": (text(format="binary"), "the bytes of the file")}),
        ),
        "GET /assetmanager/workspaces/{workspace}/resources/{path+}": Call(
            {
                200: Answer(text(format="binary"), note="The bytes.", content_type="*/*"),
                206: Answer(text(format="binary"), content_type="*/*"),
                302: Answer(note="To a signed URL of a large file."),
                304: Answer(note="The client's copy is good."),
            },
            (*READ, 416),
            (Parameter("Range", text(), "A single range of bytes.", place="header", example="bytes=0-3"),),
        ),
        "DELETE /assetmanager/workspaces/{workspace}/resources/{path+}": Call(_GONE, READ),
        "GET /contentbrowser": Call(_says("Description", _BROWSER), (403, 404)),
        "GET /contentbrowser/workspaces": Call(
            _says("WorkspaceList", _listed("workspace-list", _WORKSPACE)),
            READ,
            (
                Parameter("name", text(), "What names have to fit.", example="*"),
                Parameter(
                    "all", one_of("true", "false"), "All that the caller may read in its organisation.", example="true"
                ),
                Parameter("after", text(), "With `all`: begin behind this name.", example="island"),
                _START,
                _MOST,
            ),
        ),
        "GET /contentbrowser/workspaces/{workspace}": Call(
            _says("WorkspaceList", _listed("workspace-list", _WORKSPACE)), READ
        ),
        "GET /contentbrowser/workspaces/{workspace}/assets": Call(_ASSETS, (*READ, 413), _SEARCH),
        "GET /contentbrowser/workspaces/{workspace}/assets/{path+}": Call(
            {
                200: Answer(
                    {"anyOf": [ref("Asset"), ref("AssetList")]}, _ASSET, content_type="application/*", note="The asset."
                )
            },
            (*READ, 413),
            note="Behind a slash at its end, the assets of a namespace.",
        ),
        "GET /contentbrowser/workspaces/{workspace}/resources": Call(_FILES, READ, (_START, _MOST)),
        "GET /contentbrowser/workspaces/{workspace}/resources/{path+}": Call(_FILES, READ, (_START, _MOST)),
        "GET /contentbrowser/workspaces/{workspace}/branch": Call({200: Answer(text(), "master")}, READ),
        "GET /contentbrowser/workspaces/{workspace}/branches": Call(
            _says(
                "Branches",
                {
                    "kind": "branch-list",
                    "locals": [{"name": "master", "status": "UP_TO_DATE"}],
                    "totalLocals": 1,
                    "remotes": [{"name": "master"}],
                    "totalRemotes": 1,
                },
            ),
            READ,
        ),
        "GET /contentbrowser/projects": _NEVER,
    },
    schemas={
        "Description": obj(
            {"name": text(), "version": text(), "url": text(), "workspaces_url": text()}, {"projects_url": text()}
        ),
        "Metadata": like(_METADATA),
        "Meta": like(_META, created=_MOMENT, modified=_MOMENT),
        "Asset": open_object(
            {"dependencies": arr(text()), "main": text(), "comment": text(), "tags": arr(text()), "meta": ref("Meta")},
            required=["dependencies", "main", "meta"],
            note="With whatever else was sent.",
        ),
        "Namespace": obj({"url": text(), "ref": text()}),
        "AssetList": _listing("asset-list", ref("Asset"), namespaces=True),
        "Workspace": like(_WORKSPACE, created_at=_MOMENT, updated_at=_MOMENT, branch=or_null(text())),
        "WorkspaceList": _listing("workspace-list", ref("Workspace")),
        "Resource": like(
            _RESOURCE,
            size=or_null(whole(minimum=0)),
            hash=or_null(text("SHA-256.")),
            created=_MOMENT,
            modified=_MOMENT,
            state=one_of("pending", "clean", "infected", "unscannable", "expired"),
        ),
        "FileList": _listing("file-list", ref("Resource"), namespaces=True),
        "Status": obj(
            {
                "state": one_of("VALID", "INVALID", "PENDING"),
                "context": one_of("general", "assets_validator", "workspace_validator"),
                "description": text(),
                "info": open_object({}),
            }
        ),
        "Branches": obj(
            {
                "kind": {"type": "string", "const": "branch-list"},
                "locals": arr(obj({"name": or_null(text()), "status": text()})),
                "totalLocals": whole(),
                "remotes": arr(obj({"name": or_null(text())})),
                "totalRemotes": whole(),
            }
        ),
    },
    error=text("A sentence."),
    examples={
        400: 'Asset corrupted, "/assets/" cannot be found or is invalid',
        401: "authentication is required",
        403: "/assets/hull already exist",
        404: "Workspace(s) not found, expo-edit",
        409: "conflict",
        412: "Last-Modified precondition failed",
        413: "the request body is too large; send large files by way of /s3/params",
        415: "unsupported media type",
        416: "range not satisfiable",
        422: "Upload not found",
        429: "too many uploads are under way; use or abort some first",
        500: '"asset manager" encoutered an unexpected failure: something went wrong on our side',
        501: "Workspace not found, expo-edit is not supported yet",
        503: "too busy, please try again",
    },
    variables={"workspace": (text(minLength=1), _GUID), "path": (text(minLength=1), "hull")},
)
