"""What the reference says of the stores API (docs/apis/stores.md)."""

from chalicelib.reference.documents import Answer, Body, Call, Parameter, Words
from chalicelib.reference.schemas import (
    anything,
    arr,
    flag,
    mapping,
    obj,
    one_of,
    open_object,
    or_null,
    ref,
    text,
    whole,
)
from chalicelib.reference.stores_shapes import (
    ACCESS,
    ASSET,
    ASSET_EXAMPLE,
    CREATED_GROUPS,
    CURSOR,
    DONE,
    EMPTY,
    EXACTLY,
    FLAG,
    GROUPS,
    HEAD,
    IS_DONE,
    IS_OK,
    LIMIT,
    META,
    MOMENT,
    NEXT,
    OBJECT,
    OCTETS,
    OK,
    PROJECT,
    PROJECT_EXAMPLE,
    READ,
    SECTIONS,
    TAG,
    TAGS,
    TASK_EXAMPLE,
    TASK_ID,
    USER_EXAMPLE,
    USER_FIELDS,
    WRITE,
    fields,
    json_body,
    listing,
    says,
)

_PROJECTS: dict[str, Call] = {
    "GET /api/list": Call(says(arr(text()), ["default"]), READ),
    "POST /api/create": Call(
        says(obj({"Store": text()}), {"Store": "second"}),
        (*WRITE, 409),
        body=fields({"id": text()}, {"id": "second"}),
    ),
    "GET /api/{store_id}/list": Call(
        {
            200: Answer(
                {"anyOf": [arr(ref("ProjectInList")), arr(ref("ListedProject"))]},
                [{"id": "expo", "name": "Exposition", "creationDate": "2026-01-02 03:04:05"}],
                headers=NEXT,
            )
        },
        READ,
        (Parameter("metadata", FLAG, "All that is known of each.", example="false"), EMPTY, TAG, LIMIT, CURSOR),
    ),
    "POST /api/{store_id}/create": Call(
        says(obj({"Project": text()}), {"Project": "expo2"}),
        (*WRITE, 409),
        body=fields(
            {"id": text(), "name": text(), "groups": GROUPS},
            {"id": "expo2", "name": "Exposition", "groups": ["public"]},
        ),
    ),
    "GET /api/{store_id}/{project_id}/projectMeta": Call(says(ref("Project"), PROJECT_EXAMPLE), READ),
    "POST /api/{store_id}/{project_id}/projectMeta": Call(
        says(ref("Project"), PROJECT_EXAMPLE),
        WRITE,
        body=fields(
            {"name": text()}, {"name": "Exposition", "tags": []}, {k: v for k, v in META.items() if k != "name"}
        ),
    ),
    "GET /api/{store_id}/{project_id}/projectAccessMeta": Call(ACCESS, READ),
    "POST /api/{store_id}/{project_id}/projectAccessMeta": Call(
        ACCESS, WRITE, body=fields({"groups": GROUPS}, CREATED_GROUPS)
    ),
    "POST /api/{store_id}/{project_id}/version": Call(
        says(ref("Project"), PROJECT_EXAMPLE),
        (*WRITE, 409),
        body=fields(
            {"version_name": text(), "version_description": text()},
            {"version_name": "opening", "version_description": "As shown"},
        ),
    ),
}

_ASSETS: dict[str, Call] = {
    "GET /api/{store_id}/{project_id}/list": Call(
        {200: Answer(obj({"Assets": arr(ref("Asset"))}), {"Assets": [ASSET_EXAMPLE]}, headers=NEXT)},
        READ,
        (EMPTY, TAG, LIMIT, CURSOR),
    ),
    "POST /api/{store_id}/{project_id}/create": Call(
        says(obj({"Asset": text()}), {"Asset": "poster"}),
        (*WRITE, 409),
        body=fields({"name": text()}, {"name": "poster"}, {"id": text(), "description": text(), "tags": TAGS}),
    ),
    "HEAD /api/{store_id}/{project_id}/meta/{asset_id}": Call(HEAD, READ),
    "GET /api/{store_id}/{project_id}/meta/{asset_id}": Call(says(ref("Asset"), ASSET_EXAMPLE), READ),
    "POST /api/{store_id}/{project_id}/meta/{asset_id}": Call(
        says(ref("ChangedAsset"), {**OK, **ASSET_EXAMPLE}),
        WRITE,
        body=json_body(
            open_object({"name": text(), "description": text(), "tags": TAGS}),
            {"description": "A map of the site", "tags": ["art"]},
        ),
    ),
    "GET /api/{store_id}/{project_id}/files/{asset_id}": Call(
        listing(
            "File",
            {
                "name": "map.png",
                "url": "https://stores.example.org/stores/default/expo/map/1/map.png",
                "default": True,
                "state": "clean",
            },
        ),
        READ,
        (Parameter("version", whole(minimum=0), "The newest if left out.", example=1), LIMIT, CURSOR),
    ),
    "POST /api/{store_id}/{project_id}/upload/{asset_id}": Call(
        says(
            obj({"Status": {"const": "OK"}, "Asset": text(), "Filename": text()}),
            {"Status": "OK", "Asset": "map", "Filename": "map.png"},
        ),
        (*WRITE, 403, 409),
        (
            Parameter("filename", text(), "Else that of Content-Disposition.", example="map.png"),
            Parameter("create", FLAG, "Make the asset if it is not there.", example="true"),
            Parameter("update", FLAG, "Make a new version if there is a file already.", example="true"),
            Parameter("upload", text(), "Id of a finished upload in the place of a body."),
        ),
        Body({OCTETS: (text(format="binary"), "the bytes of the file")}),
    ),
    "GET /api/{store_id}/{project_id}/tags/{asset_id}": Call(says(arr(text()), ["art"]), READ),
    "POST /api/{store_id}/{project_id}/tags/{asset_id}": Call(
        says(arr(text()), ["art"]), WRITE, body=json_body(TAGS, ["art"])
    ),
    "PATCH /api/{store_id}/{project_id}/tags/{asset_id}": Call(
        says(arr(text()), ["art", "map"]),
        WRITE,
        body=fields({"action": one_of("add", "remove"), "data": TAGS}, {"action": "add", "data": ["map"]}),
    ),
    "DELETE /api/{store_id}/{project_id}/tags/{asset_id}": Call(
        says(arr(text(), maxItems=0), []), WRITE, body=json_body(anything(), {}, required=False)
    ),
    "HEAD /api/{store_id}/{project_id}/object/{object_id}": Call(HEAD, READ),
    "GET /api/{store_id}/{project_id}/object/{object_id}": Call(says(OBJECT, SECTIONS), (*READ, 409)),
    "POST /api/{store_id}/{project_id}/object/{object_id}": Call(
        says(OBJECT, SECTIONS), WRITE, body=json_body(OBJECT, SECTIONS)
    ),
    "PUT /api/{store_id}/{project_id}/object/{object_id}": Call(
        says(OBJECT, SECTIONS), WRITE, body=json_body(OBJECT, SECTIONS)
    ),
    "GET /api/{store_id}/{project_id}/object/{object_id}/info": Call(
        says(
            obj({"name": text(), "index_file": text()}),
            {"name": "plan", "index_file": "https://stores.example.org/stores/default/expo/plan.json"},
        ),
        READ,
    ),
    "GET /stores/{path+}": Call(
        {
            200: Answer(text(format="binary"), note="The file, or the object.", content_type="*/*"),
            206: Answer(text(format="binary"), content_type="*/*"),
            302: Answer(note="To a signed URL of a large file."),
            304: Answer(note="The client's copy is good."),
        },
        (416,),
        (Parameter("Range", text(), "A single range of bytes.", place="header", example="bytes=0-3"),),
        callers="either",
        servers=("stores",),
        note="Of restricted projects: to a token of one of the groups, or by the address that the API told.",
    ),
}

_PEOPLE: dict[str, Call] = {
    "POST /api/auth": Call(
        {
            200: Answer(obj({"token": text()}), {"token": "am_0123456789abcdef_..."}),
            401: Answer(obj({"token": {"type": "null"}}), {"token": None}, "Name or password is wrong."),
        },
        WRITE,
        body=fields({"user": text(), "password": text()}, {"user": "dora", "password": "opensesame"}),
        callers="anybody",
        note="The token ends after 12 hours.",
    ),
    "GET /api/user": Call(
        says({"anyOf": [arr(ref("User")), ref("User")]}, [USER_EXAMPLE]),
        READ,
        (Parameter("user", text(), "Only this one.", example="dora"),),
    ),
    "POST /api/user": Call(
        says(IS_DONE, DONE),
        (*WRITE, 409),
        body=fields(
            {"user": text(), "password": text()},
            {"user": "emil", "password": "opensesame", "read_groups": ["g1"]},
            USER_FIELDS,
        ),
    ),
    "PATCH /api/user": Call(
        says(IS_DONE, DONE),
        WRITE,
        body=fields(
            {"user": text()}, {"user": "dora", "read_groups": ["g1", "g2"]}, {"password": text(), **USER_FIELDS}
        ),
    ),
    "DELETE /api/user": Call(says(IS_DONE, DONE), WRITE, body=fields({"user": text()}, {"user": "nobody"})),
    "GET /api/user/info": Call(says(ref("User"), USER_EXAMPLE), READ),
    "GET /api/user/groups": Call(says(arr(text()), ["g1"]), READ),
}

_NAMED = Parameter("name", text(), "Only this one.", example="zip")
_WORKERS: dict[str, Call] = {
    "GET /api/workers": Call(
        says({"anyOf": [arr(text()), arr(ref("Worker"))]}, ["zip"]),
        READ,
        (Parameter("metadata", FLAG, "All that is known of each.", example="false"), _NAMED),
    ),
    "POST /api/workers": Call(
        says(obj({"Status": {"const": "OK"}, "Worker": text()}), {**OK, "Worker": "inkscape"}),
        (*WRITE, 409),
        body=fields(
            {"name": text(), "type": text(), "extensions": arr(text(), minItems=1)},
            {"name": "inkscape", "type": "render", "extensions": [".svg"], "description": "Renders drawings."},
            {"description": text(), "docs": text(), "parameters": open_object({}, note="A JSON Schema.")},
        ),
    ),
    "DELETE /api/workers": Call(says(IS_OK, OK), WRITE, body=fields({"name": text()}, {"name": "inkscape"})),
    "GET /api/workers/status": Call(
        says(mapping(one_of("ready", "processing", "error")), {"zip": "ready"}), READ, (_NAMED,)
    ),
    "GET /api/workers/queue": Call(
        listing("Task", TASK_EXAMPLE),
        READ,
        (
            Parameter("newest", FLAG, "The newest first.", example="true"),
            Parameter("store_id", text(), "Only tasks of this store."),
            Parameter("project_id", text(), "Only tasks of projects with this id."),
            Parameter("asset_id", text(), "Only tasks of assets with this id."),
            LIMIT,
            CURSOR,
        ),
    ),
    "POST /api/workers/queue": Call(
        {200: Answer(IS_OK, OK, headers={"X-Task-Id": "Id of the task."})},
        WRITE,
        body=fields(
            {name: text() for name in ("store_id", "project_id", "asset_id", "worker_type")},
            {"store_id": "default", "project_id": "expo", "asset_id": "pack", "worker_type": "extract"},
            {"parameters": open_object({}), "priority": whole()},
        ),
    ),
    "DELETE /api/workers/queue": Call(says(IS_OK, OK), WRITE, body=TASK_ID),
    "PATCH /api/workers/queue": Call(says(IS_OK, OK), WRITE, body=TASK_ID),
    "POST /api/workers/{name}/claim": Call(
        {
            200: Answer(
                ref("Claimed"),
                {
                    "task": {**TASK_EXAMPLE, "status": "processing", "workerName": "inkscape"},
                    "lease": "0123456789abcdef",
                    "lease_seconds": 120,
                    "source": {
                        "name": "map.svg",
                        "size": 5009,
                        "sha256": "0" * 64,
                        "url": "https://library.s3.eu-west-2.amazonaws.com/...",
                    },
                },
            ),
            204: Answer(note="There is nothing to do.", headers={"Retry-After": "Seconds to wait."}),
        },
        (*WRITE, 409),
        body=json_body(anything(), {}, required=False),
    ),
    "POST /api/workers/{name}/tasks/{task_id}/heartbeat": Call(
        says(ref("Kept"), {**OK, "canceled": False, "lease_seconds": 120}),
        (*WRITE, 409),
        body=fields({"lease": text()}, {"lease": "0123456789abcdef"}),
    ),
    "POST /api/workers/{name}/tasks/{task_id}/finish": Call(
        says(obj({"Status": {"const": "OK"}, "canceled": flag()}), {**OK, "canceled": False}),
        (*WRITE, 409),
        body=fields(
            {"lease": text()},
            {"lease": "0123456789abcdef", "error": "the drawing has no size"},
            {
                "outputs": arr(open_object({"path": text(), "upload": text()}, required=["path", "upload"])),
                "index": text("The output that is shown first."),
                "error": text("Why there are no outputs."),
            },
        ),
        note="Outputs are named by path and by the id of a finished upload.",
    ),
}

WORDS = Words(
    title="Stores",
    description=(
        "The OVE asset manager: stores hold projects, projects hold assets with versions, and objects. Groups say who "
        "may use a project; workers process files. A body has the content type `application/json`, even an empty one."
    ),
    calls={**_PROJECTS, **_ASSETS, **_PEOPLE, **_WORKERS},
    schemas={
        "ProjectInList": obj({"id": text(), "name": text(), "creationDate": MOMENT}),
        "Project": obj(PROJECT),
        "ListedProject": obj({**PROJECT, "creationDate": MOMENT, "updateDate": MOMENT}),
        "NamedVersion": open_object(
            {
                "name": text(),
                "description": text(),
                "date_added": EXACTLY,
                "versions": or_null(
                    mapping({"type": ["string", "integer"]}, "Version by asset; null for want of room.")
                ),
            }
        ),
        "Asset": obj(ASSET),
        "ChangedAsset": obj({"Status": {"const": "OK"}, **ASSET}),
        "File": obj(
            {
                "name": text(),
                "url": text(),
                "default": flag("Whether it was uploaded as this version."),
                "state": one_of("pending", "clean", "infected", "unscannable", "expired"),
            }
        ),
        "User": obj({"user": text(), "read_groups": arr(text()), "write_groups": arr(text()), "admin_access": flag()}),
        "Worker": obj(
            {
                "name": text(),
                "type": text(),
                "description": text(),
                "extensions": arr(text()),
                "status": one_of("ready", "processing", "error"),
                "docs": text(),
                "parameters": open_object({}, note="A JSON Schema of what a task may ask of it."),
            }
        ),
        "Claimed": obj(
            {
                "task": ref("Task"),
                "lease": text("To be shown with everything that is said about the task."),
                "lease_seconds": whole(minimum=1),
                "source": obj(
                    {
                        "name": text(),
                        "size": whole(minimum=0),
                        "sha256": or_null(text()),
                        "url": text("Where the file is for a while."),
                    }
                ),
            }
        ),
        "Kept": obj({"Status": {"const": "OK"}, "canceled": flag("Not wanted any more."), "lease_seconds": whole()}),
        "Task": obj(
            {
                "_id": text(),
                "createdOn": MOMENT,
                "priority": whole(),
                "status": text(),
                "username": text(),
                "storeID": text(),
                "projectID": text(),
                "assetID": text(),
                "filename": text(),
                "extension": text(),
                "workerType": text(),
                "taskOptions": open_object({}),
            },
            {
                "startTime": MOMENT,
                "endTime": MOMENT,
                "workerName": text(),
                "error": text(),
                "progress": obj({"done": whole(minimum=0), "total": or_null(whole(minimum=0))}),
            },
        ),
    },
    error=obj({"title": text("What clients compare."), "description": text("For people.")}),
    examples={
        400: {"title": "Project not found", "description": "There is no project 'expo' in store 'default'."},
        401: {
            "title": "Access token required",
            "description": "Please provide a valid access token as part of the request.",
        },
        403: {"title": "Invalid filename", "description": "A file cannot be called '.ovemeta'."},
        404: {"title": "Not Found", "description": "not found"},
        406: {"title": "Media type not acceptable", "description": "This API answers with application/json."},
        409: {"title": "Asset exists", "description": "The asset 'map' has a file already; use update=true."},
        413: {
            "title": "Request body too large",
            "description": "the request body is too large; send large files by way of /s3/params",
        },
        415: {"title": "Unsupported media type", "description": "The content type has to be application/json."},
        416: {"title": "Requested Range Not Satisfiable", "description": "range not satisfiable"},
        500: {"title": "Internal Server Error", "description": "something went wrong on our side"},
        503: {"title": "Service Unavailable", "description": "too busy, please try again"},
    },
    variables={
        "store_id": (text(minLength=1), "default"),
        "project_id": (text(minLength=1), "expo"),
        "asset_id": (text(minLength=1), "map"),
        "object_id": (text(minLength=1), "plan"),
        "name": (text(minLength=1), "inkscape"),
        "task_id": (text(pattern="^[0-9a-f]{24}$"), "6b03085d963ba7c755c49321"),
        "path": (text(minLength=1), "default/expo/map/1/map.png"),
    },
)
