"""What the reference says of the assets API (docs/apis/assets.md)."""

from typing import Any

from chalicelib.reference.documents import JSON, Answer, Body, Call, Parameter, Words
from chalicelib.reference.schemas import arr, flag, obj, one_of, open_object, or_null, ref, text, whole

_ID = "6b03085d963ba7c755c49321"
_FACTS: dict[str, Any] = {
    "id": f"https://api.example.org/assets/{_ID}",
    "name": "note.txt",
    "content_type": "text/plain",
    "size": 29,
    "file_url": f"https://assets.example.org/media/{_ID}/note.txt",
    "state": "unscanned",
    "draft": False,
    "deleted": False,
}
_ACCESS: dict[str, Any] = {"access_limited": [], "access_limited_organisation_ids": [], "auth_bypass_ids": []}

_STATES = ("unscanned", "clean", "infected", "unscannable", "expired")
_REQUIRED = {
    "id": text("URL of the asset; it ends in its id.", pattern="/assets/[0-9a-f]{24}$"),
    "name": text("Name of the file, cleaned.", minLength=1, maxLength=255),
    "content_type": text("Given by the caller, or told by the name.", pattern="^[^/ ]+/[^/ ]+$"),
    "size": whole("Bytes.", minimum=0),
    "file_url": text("Where readers get the file once it is clean."),
    "state": one_of(*_STATES, note="What the scan said."),
    "draft": flag("Only on the draft host."),
    "deleted": flag("Marked as deleted."),
}
_OPTIONAL = {
    "redirect_url": text("Where readers are sent instead."),
    "replacement_id": text("Id of the asset that takes this one's place.", pattern="^[0-9a-f]{24}$"),
    "parent_document_url": text("The page that the file belongs to."),
}
_LISTS = {
    "access_limited": arr(text(), "Uids of the users who may see the asset while it is a draft."),
    "access_limited_organisation_ids": arr(text(), "Organisations whose members may see it while it is a draft."),
    "auth_bypass_ids": arr(text(), "Ids that a bypass token may carry to see it."),
}


def _info(status: str) -> dict[str, Any]:
    return obj({"status": {"type": "string", "const": status}})


_TEXT = or_null(text())
_FLAG = {"anyOf": [flag(), text("`true`, `t`, `yes`, `y`, `on` and `1` mean yes.")]}
_WANTED = {
    "upload": text("Id of a finished upload, in the place of a file."),
    "draft": _FLAG,
    "redirect_url": _TEXT,
    "replacement_id": _TEXT,
    "parent_document_url": _TEXT,
    "content_type": _TEXT,
    **_LISTS,
}
_LEGACY = {
    "legacy_url_path": text("Public path, below `/government/uploads`."),
    "legacy_etag": text(),
    "legacy_last_modified": text(),
}


def _body(*, create: bool, legacy: bool = False) -> Body:
    wanted = {**_WANTED, **(_LEGACY if legacy else {})}
    path = {"legacy_url_path": "/government/uploads/system/note.txt"} if legacy else {}
    given: dict[str, Any] = {"redirect_url": "https://www.gov.uk/there", "auth_bypass_ids": ["x1"]}
    form = {"asset[file]": text("The file.", format="binary")}
    form |= {f"asset[{name}]": text() for name in wanted if name not in _LISTS}
    form |= {f"asset[{name}][]": arr(text()) for name in _LISTS}
    sent = {"asset[file]": "Tue 18 Jul 2017 16:18:38 BST\n", **{f"asset[{name}]": one for name, one in path.items()}}
    json: dict[str, Any] = {"asset": {"upload": ("1" if legacy else "0") * 32, **path} if create else given}
    content = {
        "multipart/form-data": (open_object(form, required=["asset[file]"] if create else ()), sent),
        JSON: (open_object({"asset": open_object(wanted)}, required=["asset"]), json),
    }
    return Body(content)


def _shown(status: str, code: int = 200, *, access: bool = False) -> dict[int, Answer]:
    example = {"_response_info": {"status": status}, **_FACTS, **(_ACCESS if access else {})}
    name = {"created": "Created", "ok": "Shown"}.get(status, "Changed" if access else "Done")
    return {code: Answer(ref(name), example)}


_BYTES = Answer(text(format="binary"), note="The file.", content_type="*/*", headers={"ETag": "Of these bytes."})
_MEDIA = Call(
    {
        200: _BYTES,
        206: Answer(text(format="binary"), note="The part that `Range` asked for.", content_type="*/*"),
        301: Answer(note="Replaced: to the public path of the replacement."),
        302: Answer(note="To the draft host, the current name, a redirect, or a signed URL of a large file."),
        304: Answer(note="The client's copy is good."),
    },
    (400, 401, 403, 404, 410, 416),
    (
        Parameter("token", text(), "A bypass token: a JWT that lets its bearer see a draft."),
        Parameter("Range", text(), "A single range of bytes.", place="header", example="bytes=0-3"),
        Parameter("If-None-Match", text(), "The ETag of the client's copy.", place="header"),
    ),
    callers="either",
    servers=("assets", "draft", "api"),
    note="What a path gives, and in which order that is decided: docs/apis/assets.md, Serving.",
)
_CHECK = obj({"status": one_of("ok", "critical")})

WORDS = Words(
    title="Assets",
    description=(
        "GOV.UK's asset manager: files come in, are scanned, and are served under a public URL once they are clean. "
        "An asset belongs to who created it. Files over 4 MiB come by way of `/s3`."
    ),
    calls={
        "GET /assets": Call(
            {200: Answer(ref("Page"), {"_response_info": {"status": "ok"}, "results": [_FACTS], "next_cursor": None})},
            (400, 403, 404),
            (
                Parameter("limit", whole(minimum=1, maximum=100), "Results on a page; 50 if left out.", example=20),
                Parameter("cursor", text(), "`next_cursor` of the page before."),
                Parameter("deleted", one_of("true", "false"), "The deleted ones instead.", example="false"),
                Parameter("replaced_by", text(), "Those that the asset of this id replaces instead."),
            ),
            note="The newest first. To who may `Manage all Assets`, everybody's. Not in the original.",
        ),
        "POST /assets": Call(_shown("created", 201, access=True), (400, 403, 413, 415, 422), body=_body(create=True)),
        "POST /whitehall_assets": Call(
            _shown("created", 201, access=True),
            (400, 403, 413, 415, 422),
            body=_body(create=True, legacy=True),
            note="The asset is served under `legacy_url_path`. Whoever has that path is deleted in the same step.",
        ),
        "GET /assets/{id}": Call(_shown("ok"), (403,)),
        "PUT /assets/{id}": Call(_shown("success", access=True), (403, 413, 415, 422), body=_body(create=False)),
        "DELETE /assets/{id}": Call(_shown("success"), (403, 422)),
        "POST /assets/{id}/restore": Call(_shown("success"), (403, 422)),
        "GET /media/{id}/{filename+}": _MEDIA,
        "GET /government/uploads/{path+}": _MEDIA,
        "GET /government/placeholder": Call({200: Answer(text(), content_type="text/html")}, callers="anybody"),
        "GET /asset-manager/{name}": Call(
            {200: Answer(text(format="binary"), content_type="image/png")}, callers="anybody"
        ),
        "GET /healthcheck/live": Call({200: Answer(text(), "OK", content_type="text/plain")}, callers="anybody"),
        "GET /healthcheck/ready": Call(
            {
                200: Answer(
                    obj(
                        {
                            "status": one_of("ok", "critical"),
                            "checks": obj({"database": _CHECK, "queue": _CHECK, "cloud_storage": _CHECK}),
                        }
                    ),
                    {
                        "status": "ok",
                        "checks": {name: {"status": "ok"} for name in ("database", "queue", "cloud_storage")},
                    },
                )
            },
            callers="anybody",
        ),
    },
    schemas={
        "Asset": obj(_REQUIRED, _OPTIONAL),
        "Page": obj(
            {
                "_response_info": _info("ok"),
                "results": arr(ref("Asset"), maxItems=100),
                "next_cursor": or_null(text("What goes into `cursor` for the next page; null at the end.")),
            }
        ),
        "Shown": obj({"_response_info": _info("ok"), **_REQUIRED}, _OPTIONAL),
        "Done": obj({"_response_info": _info("success"), **_REQUIRED}, _OPTIONAL),
        "Created": obj({"_response_info": _info("created"), **_REQUIRED, **_LISTS}, _OPTIONAL),
        "Changed": obj({"_response_info": _info("success"), **_REQUIRED, **_LISTS}, _OPTIONAL),
    },
    error=obj(
        {
            "_response_info": obj(
                {
                    "status": {
                        "anyOf": [text("What went wrong."), arr(text(), "Every rule that was broken.", minItems=1)]
                    }
                }
            )
        }
    ),
    unauthenticated=obj({"message": text("What is wrong with the token.")}),
    examples={
        400: {"_response_info": {"status": "param is missing or the value is empty: asset"}},
        401: {"message": "No bearer token was given"},
        403: {"_response_info": {"status": "Forbidden. You don't have permission to access this resource."}},
        404: {"_response_info": {"status": "not found"}},
        410: {"_response_info": {"status": "gone"}},
        413: {
            "_response_info": {
                "status": "the request body is too large; send large files by way of /s3/params",
            }
        },
        415: {"_response_info": {"status": "unsupported media type"}},
        416: {"_response_info": {"status": "range not satisfiable"}},
        422: {"_response_info": {"status": ["File can't be blank"]}},
        500: {"_response_info": {"status": "something went wrong on our side"}},
        503: {"_response_info": {"status": "too busy, please try again"}},
    },
    variables={
        "id": (text(pattern="^[0-9a-f]{24}$"), _ID),
        "filename": (text(minLength=1), "note.txt"),
        "path": (text(minLength=1), "system/note.txt"),
        "name": (text(minLength=1), "thumbnail-placeholder.png"),
    },
)
