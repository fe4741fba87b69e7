"""What the reference says of the productions API (docs/apis/projectassets.md)."""

from typing import Any

from chalicelib.reference.documents import JSON, Answer, Body, Call, Parameter, Words
from chalicelib.reference.schemas import (
    Schema,
    anything,
    arr,
    flag,
    like,
    mapping,
    obj,
    one_of,
    open_object,
    or_null,
    ref,
    text,
    whole,
)

READ = (400, 403, 404, 406)
WRITE = (400, 403, 404, 406, 413, 415, 429)
FORM = "multipart/form-data"

_MOMENT = text(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
_WHEN = or_null(_MOMENT)
_DATES = {"date_crt": _WHEN, "date_add": _WHEN, "date_mod": _WHEN, "date_del": _WHEN}
_STATUS = {
    "status_asset": {"type": "integer", "enum": [-1, 0, 6]},
    "status_approval": {"type": "integer", "enum": [0, 1]},
}
_OBJECT = open_object({})
_LINKED: Schema = {"anyOf": [ref("MediaAsset"), obj({"id": whole()})]}

_PROJECT: dict[str, Any] = {
    "id": 1,
    "audio_assets": [],
    "image_assets": [],
    "video_assets": [],
    "name": "Election night",
    "description": "",
    "date_crt": None,
    "date_add": "2026-01-02T03:04:05.678901Z",
    "date_mod": "2026-01-02T03:04:05.678901Z",
    "date_del": None,
    "meta_field_store": {},
    "status_asset": 6,
    "status_asset_description": "",
    "status_editing": 0,
    "status_approval": 1,
    "path_file": "/mnt/edit/election/cut.prproj",
    "bundle_root": "/mnt/edit/election/",
    "type": "Adobe Premiere Pro",
    "is_archive": False,
    "is_production": True,
    "files": {},
    "name_editor": "",
    "name_studio": "",
    "locked_by": None,
    "production": 1,
    "device": 2,
}
_MEDIA: dict[str, Any] = {
    "id": 1,
    "name": "Clip",
    "display_name": "Clip",
    "description": "",
    "date_crt": None,
    "date_add": "2026-01-02T03:04:05.678901Z",
    "date_mod": "2026-01-02T03:04:05.678901Z",
    "date_del": None,
    "meta_field_store": {},
    "status_asset": 6,
    "status_asset_description": "",
    "status_editing": 0,
    "status_approval": 1,
    "path_file": "/mnt/edit/clip.mov",
    "filename": "clip.mov",
    "is_archive": False,
    "is_production": True,
    "is_available": True,
    "name_editor": "",
    "locked_by": None,
    "production": 1,
    "production_name": "News",
    "device": 1,
    "projects": [1],
    "shared_with_productions": [],
    "file_url": "https://api.example.org/api/videoassets/1/file/",
    "file_size": 5009,
    "path_proxy": "",
    "name_proxy": "",
    "thumbnail_url": "",
    "proxy_url": "",
    "is_proxy_available": False,
}
_VIDEO = {
    **dict.fromkeys(
        (
            "video_format",
            "video_codec",
            "video_size",
            "aspect_ratio",
            "fps",
            "abstract",
            "transcript",
            "codec_name",
            "display_aspect_ratio",
            "vpms_title",
            "vpms_description",
            "path_thumbnail",
            "poster_url",
            "video_url",
        ),
        "",
    ),
    **dict.fromkeys(("duration", "offset_frames", "width", "height", "rotation"), 0),
}
_PRODUCTION: dict[str, Any] = {
    "id": 1,
    "name": "News",
    "codename": "news",
    "company": "",
    "storage_root": "",
    "san_mount": "",
    "proxy_root": "",
    "proxy_url": "",
    "export_type": "",
    "default_approval_status": 1,
    "direct_attached_site": 1,
    "network_attached_site": [1],
    "upload_device": 1,
    "audioasset_device": 1,
    "imageasset_device": 1,
    "videoasset_device": 1,
    "projectasset_device": None,
    "can_write": True,
    "can_delete_assets": True,
    "members": [],
    "member_groups": [],
}
_DEVICE: dict[str, Any] = {
    "id": 2,
    "name": "Edit",
    "display_name": "Edit",
    "path": "/mnt/edit/",
    "is_internal": True,
    "is_archive": False,
    "autoshot_detection": False,
    "allow_direct_writing": False,
    "recieve_xml_meta": False,
    "protocol": "copy",
    "anonymous": False,
    "server": "",
    "username": "",
    "password": None,
    "transcoding_profile": None,
    "archive_connector": None,
    "passthrough_profiles": [],
    "write_permission_groups": [],
}
_LOG: dict[str, Any] = {
    "id": 1,
    "asset_import_id": "5f0c8a7e6e5b4a51b1f2f0a3c9d8e7f6",
    "asset_type": "videoasset",
    "asset_path": "/mnt/edit/clip.mov",
    "asset": 1,
    "status": "DONE",
    "error": "",
    "warning": "",
    "payload": {},
    "asset_config": {},
    "date_add": "2026-01-02T03:04:05.678901Z",
    "production": 1,
}
_FILE: dict[str, Any] = {
    "path": "media/clip.mov",
    "path_file": "/mnt/edit/election/media/clip.mov",
    "size": 5009,
    "state": "clean",
    "content_type": "video/quicktime",
    "etag": "0" * 64,
    "date_mod": "2026-01-02T03:04:05.678901Z",
}
_FILE_SCHEMAS = {
    "size": or_null(whole(minimum=0)),
    "etag": or_null(text("SHA-256.")),
    "state": one_of("pending", "clean", "infected", "unscannable", "expired"),
    "date_mod": _MOMENT,
}
_MEMBER = {"user": "0123456789abcdef", "write": True, "delete": False}

_LIMIT = Parameter("limit", whole(minimum=0), "Objects of a page, 1,000 at most.", example=100)
_OFFSET = Parameter("offset", whole(minimum=0), "Begin behind so many.", example=0)
_PRODUCTION_QUERY = Parameter("production", whole(minimum=1), "Only of this production.", example=1)
_FLAG = one_of("true", "false")
_ARCHIVE = Parameter("is_archive", _FLAG, "Nothing here is archived.", example="false")
_PATH = Parameter("path_file", text(), "Exactly this path.")
_PAGED = {"X-Total-Count": "How many there are for this caller and filter.", "Link": "Pages around this one."}
_RANGE = Parameter("Range", text(), "A single range of bytes.", place="header", example="bytes=0-3")


def _page(name: str, example: Any) -> dict[int, Answer]:
    return {200: Answer(arr(ref(name), maxItems=1000), [example], headers=_PAGED)}


def _one(name: str, example: Any, status: int = 200) -> dict[int, Answer]:
    return {status: Answer(ref(name), example)}


def _json(properties: dict[str, Schema], example: Any, *required: str) -> Body:
    return Body({JSON: (open_object(properties, required=required), example)})


_BYTES = {
    200: Answer(text(format="binary"), note="The bytes.", content_type="*/*"),
    206: Answer(text(format="binary"), content_type="*/*"),
    302: Answer(note="To an address that is good for a minute."),
    304: Answer(note="The client's copy is good."),
}
_EMPTY = {202: Answer(note="Taken on.")}
_COMMON = {
    "description": text(maxLength=10_000),
    "name_editor": text(maxLength=255),
    "status_approval": {"type": "integer", "enum": [0, 1]},
    "date_crt": or_null(text("ISO 8601.")),
    "meta_field_store": _OBJECT,
}
_WHERE = {"production_id": whole(minimum=1), "production_name": text(), "name": text(minLength=1, maxLength=255)}
_CREATE = {
    **_WHERE,
    **_COMMON,
    "bundle_root": text("An absolute path."),
    "path_file": text("An absolute path below the root."),
    "name_studio": text(maxLength=255),
    "copy_of": whole("Copy this one.", minimum=1),
}
_CHANGE = {
    "name": text(minLength=1, maxLength=255),
    **_COMMON,
    "name_studio": text(maxLength=255),
    "date_add": text(),
    "date_del": or_null(text("Deleted when it is past.")),
}
_LINKS = arr(
    open_object({"asset_id": whole(), "type": one_of("audio", "image", "video")}, required=["asset_id", "type"]),
    maxItems=1000,
)

_CALLS: dict[str, Call] = {
    "GET /api/projectassets": Call(
        _page("ProjectAsset", _PROJECT),
        READ,
        (_LIMIT, _OFFSET, _PRODUCTION_QUERY, _ARCHIVE, _PATH, Parameter("bundle_root", text(), "Exactly this root.")),
    ),
    "POST /api/projectassets": Call(
        {201: Answer(ref("ProjectAsset"), _PROJECT, headers={"Location": "Where it is."})},
        (*WRITE, 409),
        (Parameter("share_linked_assets", _FLAG, "Share linked assets with the target of a copy."),),
        _json(
            _CREATE,
            {"name": "Election night", "bundle_root": "/mnt/edit/other/", "production_id": 1},
            "name",
            "bundle_root",
        ),
    ),
    "GET /api/projectassets/{asset_id}": Call(_one("ProjectAsset", _PROJECT), READ),
    "PATCH /api/projectassets/{asset_id}": Call(
        _one("ProjectAsset", _PROJECT), WRITE, body=_json(_CHANGE, {"description": "The first edit"})
    ),
    "DELETE /api/projectassets/{asset_id}": Call(_EMPTY, (*READ, 409)),
    "POST /api/projectassets/{asset_id}/addasset": Call(
        {
            200: Answer(
                obj(
                    {
                        "newly_linked_assets": arr(anything()),
                        "already_linked_assets": arr(anything()),
                        "invalid_assets": arr(anything()),
                    }
                ),
                {
                    "newly_linked_assets": [{"asset_id": 1, "type": "video"}],
                    "already_linked_assets": [],
                    "invalid_assets": [],
                },
            ),
            400: Answer(ref("AddRefused"), {"detail": "asset_list is missing"}),
            422: Answer(ref("AddRefused"), {"detail": "asset_list[0] is invalid"}),
        },
        WRITE,
        body=_json(
            {"asset_list": _LINKS, "silent_mode": flag("Link what is right, and echo the rest.")},
            {"asset_list": [{"asset_id": 1, "type": "video"}]},
            "asset_list",
        ),
    ),
    "GET /api/projectassets/{asset_id}/files": Call(
        {200: Answer(arr(ref("BundleFile")), [_FILE], headers={"Link": "The next page."})},
        READ,
        (_LIMIT, Parameter("cursor", text(), "As the link to the next page has it.")),
    ),
    "GET /api/projectassets/{asset_id}/files/{path+}": Call(_BYTES, (*READ, 409, 416), (_RANGE,)),
    "PUT /api/projectassets/{asset_id}/files/{path+}": Call(
        {200: Answer(ref("BundleFile"), _FILE, "Another file was there."), 201: Answer(ref("BundleFile"), _FILE)},
        (*WRITE, 409, 422),
        (Parameter("upload", text(), "Id of a finished upload in the place of a body."),),
        Body({"application/octet-stream": (text(format="binary"), "the bytes of the file")}),
    ),
    "DELETE /api/projectassets/{asset_id}/files/{path+}": Call({204: Answer(note="It is removed.")}, (*READ, 409)),
    "GET /api/projectassets/{asset_id}/job": Call(
        _one(
            "Job",
            {"id": _LOG["asset_import_id"], "kind": "copy", "state": "running", "done": 3, "total": 12, "failed": 0},
        ),
        READ,
    ),
    "DELETE /api/projectassets/{asset_id}/job": Call(_EMPTY, (*READ, 409)),
    "GET /api/ping": Call({204: Answer(note="It is there.")}, (404,), callers="anybody"),
    "GET /api/productions": Call(
        _page("Production", _PRODUCTION),
        READ,
        (_LIMIT, _OFFSET, Parameter("storage_root", text(), "Exactly this one.")),
    ),
    "POST /api/productions": Call(
        _one("Production", {**_PRODUCTION, "name": "Sports", "codename": "sports"}, 201),
        (*WRITE, 409),
        body=_json(
            {
                "name": text(minLength=1, maxLength=255),
                "codename": text(),
                "company": text(),
                "storage_root": text(),
                "default_approval_status": whole(),
                "projectasset_device": whole(),
            },
            {"name": "Sports", "codename": "sports"},
            "name",
            "codename",
        ),
    ),
    "GET /api/productions/{production_id}": Call(_one("Production", _PRODUCTION), READ),
    "POST /api/productions/{production_id}/members": Call(
        _one("Member", _MEMBER),
        WRITE,
        body=_json({"user": text("A uid."), "group": text(), "write": flag(), "delete": flag()}, _MEMBER),
    ),
    "DELETE /api/productions/{production_id}/members": Call(
        {204: Answer(note="It is ended.")},
        READ,
        (Parameter("user", text(), "A uid.", example=_MEMBER["user"]), Parameter("group", text())),
    ),
    "GET /api/devices": Call(
        _page("Device", _DEVICE), READ, (_LIMIT, _OFFSET, Parameter("path", text(), "Exactly this path."))
    ),
    "POST /api/devices": Call(
        _one("Device", {**_DEVICE, "path": "/mnt/archive/"}, 201),
        (*WRITE, 409),
        body=_json(
            {"name": text(), "path": text("An absolute path."), "bucket": text("One that the operator allows.")},
            {"name": "Archive", "path": "/mnt/archive/"},
            "name",
            "path",
        ),
    ),
    "GET /api/devices/{device_id}": Call(_one("Device", _DEVICE), READ),
    "POST /api/asset/import": Call(
        {201: Answer(obj({"asset_import_id": text()}), {"asset_import_id": _LOG["asset_import_id"]})},
        (*WRITE, 422),
        body=_json(
            {"production": whole(), "type": text(), "move_asset": flag(), "asset": _OBJECT},
            {
                "production": 1,
                "type": "video",
                "move_asset": False,
                "asset": {"asset_meta": {"name": "Clip", "path_file": "/mnt/edit/clip.mov"}},
            },
            "production",
            "type",
            "asset",
        ),
    ),
    "GET /api/importlogs": Call(
        _page("ImportLog", _LOG), READ, (_LIMIT, _OFFSET, Parameter("asset_path", text(), "Exactly this path."))
    ),
}


def _media(plural: str, kind: str) -> dict[str, Call]:
    shown = {**_MEDIA, **(_VIDEO if kind == "video" else {})}
    fields = {**_WHERE, **_COMMON, "path_file": text("An absolute path."), "upload": text("Id of a finished upload.")}
    form = open_object({**{name: text() for name in fields}, "file": text(format="binary")}, required=["name"])
    given = {"name": "Clip", "production_id": 1, "path_file": "/mnt/edit/clip.mov"}
    bodies = Body(
        {JSON: (open_object(fields, required=["name"]), given), FORM: (form, _texts({**given, "file": "bytes"}))}
    )
    base = f"/api/{plural}"
    return {
        f"GET {base}": Call(_page("MediaAsset", shown), READ, (_LIMIT, _OFFSET, _PRODUCTION_QUERY, _ARCHIVE, _PATH)),
        f"POST {base}": Call(_one("MediaAsset", shown, 201), (*WRITE, 422), body=bodies),
        f"GET {base}/{{asset_id}}": Call(_one("MediaAsset", shown), READ),
        f"PATCH {base}/{{asset_id}}": Call(
            _one("MediaAsset", shown),
            WRITE,
            body=_json({name: one for name, one in _CHANGE.items() if name != "name_studio"}, {"description": "Cut"}),
        ),
        f"DELETE {base}/{{asset_id}}": Call(_EMPTY, READ),
        f"GET {base}/{{asset_id}}/file": Call(_BYTES, (*READ, 416), (_RANGE,)),
    }


def _texts(fields: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in fields.items()}


_NOTHING = Call({200: Answer(arr(anything(), maxItems=0), [])}, READ)
_ERROR = obj(
    {
        "errors": arr(
            obj(
                {"status": text(), "code": text(), "detail": text(), "title": text()},
                {"source": obj({}, {"pointer": text("A field."), "parameter": text("A parameter of the query.")})},
            ),
            minItems=1,
        )
    }
)


def _told(status: int, code: str, detail: str, title: str) -> dict[str, Any]:
    return {"errors": [{"status": str(status), "code": code, "detail": detail, "title": title}]}


WORDS = Words(
    title="Productions",
    description=(
        "medialoopster's REST protocol, version 1: productions have project assets, each a bundle of files below a "
        "root; project assets link audio, image and video assets; copying and deleting are asynchronous. Paths may "
        "end in a slash."
    ),
    calls={
        **_CALLS,
        **_media("audioassets", "audio"),
        **_media("imageassets", "image"),
        **_media("videoassets", "video"),
        "GET /api/videoassets/{asset_id}/shots": _NOTHING,
        "GET /api/videoassets/{asset_id}/sequences": _NOTHING,
    },
    schemas={
        "ProjectAsset": like(
            _PROJECT,
            **_DATES,
            **_STATUS,
            audio_assets=arr(_LINKED),
            image_assets=arr(_LINKED),
            video_assets=arr(_LINKED),
            files=mapping(ref("BundleFacts"), "By their whole paths; in lists there are none."),
            device=or_null(whole()),
        ),
        "BundleFacts": like({k: v for k, v in _FILE.items() if k not in ("path", "path_file")}, **_FILE_SCHEMAS),
        "BundleFile": like(_FILE, **_FILE_SCHEMAS),
        "MediaAsset": {
            "anyOf": [
                like(
                    shown,
                    **_DATES,
                    **_STATUS,
                    file_size=or_null(whole(minimum=0)),
                    projects=arr(whole()),
                    shared_with_productions=arr(whole()),
                )
                for shown in ({**_MEDIA}, {**_MEDIA, **_VIDEO})
            ]
        },
        "Production": like(
            _PRODUCTION,
            projectasset_device=or_null(whole()),
            members=arr(ref("Member")),
            default_approval_status=_STATUS["status_approval"],
        ),
        "Member": {
            "anyOf": [
                obj({"user": text(), "write": flag(), "delete": flag()}),
                obj({"group": text(), "write": flag(), "delete": flag()}),
            ]
        },
        "Device": like(_DEVICE),
        "ImportLog": like(_LOG, asset=or_null(whole()), status=one_of("RUNNING", "DONE", "ERROR"), date_add=_MOMENT),
        "Job": obj(
            {
                "id": text(),
                "kind": one_of("copy", "delete"),
                "state": one_of("queued", "running", "done", "failed", "canceled"),
                "done": whole(minimum=0),
                "total": or_null(whole(minimum=0)),
                "failed": whole(minimum=0),
            }
        ),
        "AddRefused": {"anyOf": [obj({"detail": text()}), _ERROR]},
    },
    error=_ERROR,
    examples={
        400: {
            "errors": [
                {
                    "status": "400",
                    "source": {"pointer": "/name"},
                    "code": "required",
                    "detail": "This field is required.",
                    "title": "Validation Error",
                }
            ]
        },
        401: _told(401, "not_authenticated", "Authentication credentials were not provided.", "Unauthorized"),
        403: _told(403, "permission_denied", "You do not have permission to perform this action.", "Forbidden"),
        404: _told(404, "not_found", "ProjectAsset object with pk=u'9' does not exist.", "Not Found"),
        406: _told(406, "not_acceptable", "Could not satisfy the request Accept header.", "Not Acceptable"),
        409: _told(409, "conflict", "conflict", "Conflict"),
        413: _told(413, "too_large", "the request body is too large", "Request Entity Too Large"),
        415: _told(415, "unsupported_media_type", 'Unsupported media type "a/b" in request.', "Unsupported Media Type"),
        416: _told(416, "range_not_satisfiable", "range not satisfiable", "Requested Range Not Satisfiable"),
        422: _told(422, "invalid", "Upload not found", "Validation Error"),
        429: _told(429, "quota_exceeded", "too many uploads are under way", "Too Many Requests"),
        500: _told(500, "internal_error", "something went wrong on our side", "Internal Server Error"),
        503: _told(503, "busy", "too busy, please try again", "Service Unavailable"),
    },
    variables={
        "asset_id": (text(pattern="^[0-9]+$"), "1"),
        "production_id": (text(pattern="^[0-9]+$"), "1"),
        "device_id": (text(pattern="^[0-9]+$"), "2"),
        "path": (text(minLength=1), "media/clip.mov"),
    },
)
