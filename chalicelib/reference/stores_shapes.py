"""The shapes of what the stores API is sent and answers, for `chalicelib.reference.stores`."""

from collections.abc import Mapping
from typing import Any

from chalicelib.reference.documents import JSON, Answer, Body, Parameter
from chalicelib.reference.schemas import (
    Schema,
    anything,
    arr,
    flag,
    obj,
    one_of,
    open_object,
    or_null,
    ref,
    text,
    whole,
)

READ = (400, 404, 406)
WRITE = (400, 404, 406, 413, 415)
OCTETS = "application/octet-stream"

MOMENT = text(pattern=r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")
EXACTLY = text(pattern=r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$")
TEXTS = (
    "name",
    "description",
    "authors",
    "publications",
    "notes",
    "thumbnail",
    "controller",
    "default_mode",
    "presenter_notes",
)
META: dict[str, Schema] = {
    **{name: text() for name in TEXTS},
    "video_controller": flag(),
    "html_controller": flag(),
    "tags": arr(text()),
}
PROJECT: dict[str, Schema] = {
    "id": text(),
    **META,
    "versions": {
        "anyOf": [{"const": ""}, arr(ref("NamedVersion"))],
        "description": "Named versions; an empty text until something was named.",
    },
    "url": text("Where the object `project` is served."),
    "hasProject": {"const": True},
    "projectType": one_of("controller", "launcher", "none"),
    "access": arr(text(), "Groups that may use the project."),
    "read_access": flag("Whether the caller may read it."),
    "write_access": flag("Whether the caller may write it."),
}
META_EXAMPLE: dict[str, Any] = {
    **dict.fromkeys(TEXTS, ""),
    "name": "Exposition",
    "video_controller": False,
    "html_controller": False,
    "tags": [],
}
PROJECT_EXAMPLE: dict[str, Any] = {
    "id": "expo",
    **META_EXAMPLE,
    "versions": "",
    "url": "https://stores.example.org/stores/default/expo/project.json",
    "hasProject": True,
    "projectType": "none",
    "access": ["public"],
    "read_access": True,
    "write_access": True,
}
ASSET: dict[str, Schema] = {
    "id": text(),
    "name": text(),
    "project": text(),
    "description": text(),
    "index_file": text("Where the newest clean version begins; empty while there is none."),
    "version": text("Number of the newest version.", pattern=r"^\d+$"),
    "history": arr(
        obj({"Type": one_of("Created", "Updated"), "Time": EXACTLY, "Version": whole(minimum=1)}),
        "Uploads; in listings the newest 50 entries.",
    ),
    "tags": arr(text()),
    "worker": text("Type of the worker that last processed it."),
    "processing_status": text("`error` if the newest version is not clean in the end."),
    "processing_error": text("Why."),
}
ASSET_EXAMPLE: dict[str, Any] = {
    "id": "map",
    "name": "map",
    "project": "expo",
    "description": "",
    "index_file": "https://stores.example.org/stores/default/expo/map/1/map.png",
    "version": "1",
    "history": [
        {"Type": "Created", "Time": "2026-01-02 03:04:05.678901", "Version": 1},
        {"Type": "Updated", "Time": "2026-01-02 03:04:06.123456", "Version": 1},
    ],
    "tags": ["art"],
    "worker": "",
    "processing_status": "",
    "processing_error": "",
}
WORKER_EXAMPLE: dict[str, Any] = {
    "name": "zip",
    "type": "extract",
    "description": "Unpacks an archive.",
    "extensions": [".zip"],
    "status": "ready",
    "docs": "",
    "parameters": {},
}
TASK_EXAMPLE: dict[str, Any] = {
    "_id": "6b03085d963ba7c755c49321",
    "createdOn": "2026-01-02 03:04:05",
    "priority": 1,
    "status": "new",
    "username": "alice",
    "storeID": "default",
    "projectID": "expo",
    "assetID": "map",
    "filename": "map.zip",
    "extension": ".zip",
    "workerType": "extract",
    "taskOptions": {},
}
USER_EXAMPLE = {"user": "dora", "read_groups": ["g1"], "write_groups": ["g1"], "admin_access": False}
CREATED_GROUPS = {"groups": ["public"]}
DONE = {"result": "OK"}
OK = {"Status": "OK"}

LIMIT = Parameter("limit", whole(minimum=1, maximum=1000), "The whole listing if left out.", example=100)
CURSOR = Parameter("cursor", text(), "`X-Next-Cursor` of the page before.")
TAG = Parameter("filterByTag", text(), "Only what has this tag.", example="art")
FLAG = one_of("true", "false")
EMPTY = Parameter("includeEmpty", FLAG, "Changes nothing.")
NEXT = {"X-Next-Cursor": "What goes into `cursor` for the next page."}


def json_body(schema: Schema, example: Any, *, required: bool = True) -> Body:
    return Body({JSON: (schema, example)}, required)


def fields(required: Mapping[str, Schema], example: Any, optional: Mapping[str, Schema] | None = None) -> Body:
    return json_body(open_object({**required, **(optional or {})}, required=list(required)), example)


def listing(name: str, example: Any, note: str = "") -> dict[int, Answer]:
    return {200: Answer(arr(ref(name)), [example], note, headers=NEXT)}


def says(schema: Schema, example: Any) -> dict[int, Answer]:
    return {200: Answer(schema, example)}


IS_OK = obj({"Status": {"const": "OK"}})
IS_DONE = obj({"result": {"const": "OK"}})
TASK_ID = fields({"task_id": text(pattern="^[0-9a-fA-F]{24}$")}, {"task_id": "6b03085d963ba7c755c49321"})
ACCESS = says(
    obj(
        {"groups": arr(text())},
        {
            "publishing": obj(
                {
                    "state": one_of("queued", "running", "done", "failed", "canceled"),
                    "done": whole(minimum=0),
                    "total": or_null(whole(minimum=0)),
                    "failed": whole(minimum=0),
                },
                note="How far the files are with a change between public and restricted.",
            )
        },
    ),
    CREATED_GROUPS,
)
GROUPS = arr(text(minLength=1), "Group names; `public` is everybody's.", minItems=1, maxItems=90)
USER_FIELDS = {"read_groups": arr(text(minLength=1)), "write_groups": arr(text(minLength=1)), "admin_access": flag()}
TAGS = arr(text(minLength=1, maxLength=100), maxItems=90)
HEAD = {200: Answer(note="It is there."), 404: Answer(note="It is not.")}
OBJECT: Schema = anything("Any JSON value.")
SECTIONS: dict[str, Any] = {"Sections": []}
