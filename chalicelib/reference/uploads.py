"""What the reference says of the upload routes (docs/apis/uploads.md)."""

from chalicelib.reference.documents import JSON, Answer, Body, Call, Parameter, Words
from chalicelib.reference.schemas import arr, mapping, obj, open_object, or_null, ref, text, whole

_ID = "5f0c8a7e6e5b4a51b1f2f0a3c9d8e7f6"
_KEY = f"small/{_ID}"
_UPLOAD = "aXQgaXMgUzMncyBvd24gaWQ"
_URL = "https://intake.s3.eu-west-2.amazonaws.com/"
_EXPIRES = whole("Seconds from now.", minimum=1)
_PART = whole("From 1 to 10,000.", minimum=1, maximum=10_000)

_NAME = Parameter("filename", text(minLength=1), "Name of the file; cleaned.", required=True, example="report.pdf")
_KEY_QUERY = Parameter("key", text(minLength=1), "The upload's key.", required=True, example=_KEY)

_ANNOUNCED = {
    "filename": text("Name of the file; cleaned.", minLength=1),
    "type": or_null(text("Content type; `application/octet-stream` if left out.")),
    "size": or_null(whole("Bytes; the parts must have so many together.", minimum=0)),
    "sha256": or_null(text("64 hexadecimal digits; checked by the scan.", pattern="^[0-9a-fA-F]{64}$")),
    "metadata": or_null(open_object({}, note="Texts by name; at most 2 KiB.")),
}

WORDS = Words(
    title="Uploads",
    description=(
        "Files of any size, straight to S3, in the contract of Uppy's S3 plug-in. What they make is an upload, whose "
        "`id` stands for a file wherever an API takes one, once. An upload belongs to who began it."
    ),
    calls={
        "GET /s3/params": Call(
            {
                200: Answer(
                    ref("Form"),
                    {
                        "method": "POST",
                        "url": _URL,
                        "fields": {"key": _KEY, "policy": "..."},
                        "headers": {},
                        "expires": 1800,
                        "id": _ID,
                    },
                )
            },
            (403, 422, 429),
            (
                _NAME,
                Parameter("type", text(), "Content type.", example="application/pdf"),
                Parameter("size", whole(minimum=0), "Bytes; S3 takes exactly so many.", example=5009),
                Parameter("sha256", text(), "64 hexadecimal digits; S3 takes exactly these bytes."),
            ),
            note="`metadata[name]=value` is kept with the bytes until they are scanned.",
        ),
        "HEAD /s3/params": Call({}, (403, 405), note="Always refused: a HEAD must not begin an upload."),
        "POST /s3/multipart": Call(
            {
                200: Answer(
                    ref("Begun"),
                    {
                        "key": _KEY,
                        "uploadId": _UPLOAD,
                        "bucket": "assetmanager-dev-intake",
                        "id": _ID,
                        "partSize": 8388608,
                    },
                )
            },
            (400, 403, 413, 415, 422, 429),
            body=Body({JSON: (ref("Announced"), {"filename": "large.bin", "size": 11200000})}),
        ),
        "GET /s3/multipart/{id}": Call(
            {
                200: Answer(
                    arr(ref("Part")), [{"PartNumber": 1, "Size": 8388608, "ETag": '"0cc175b9c0f1b6a831c399e269772661"'}]
                )
            },
            (403,),
            (_KEY_QUERY,),
        ),
        "GET /s3/multipart/{id}/{part}": Call(
            {200: Answer(ref("Signed"), {"method": "PUT", "url": f"{_URL}{_KEY}?...", "headers": {}, "expires": 1800})},
            (403, 422),
            (_KEY_QUERY,),
        ),
        "GET /s3/multipart/{id}/batch": Call(
            {200: Answer(ref("SignedParts"), {"presignedUrls": {"1": f"{_URL}{_KEY}?..."}, "expires": 1800})},
            (403, 422),
            (
                Parameter("partNumbers", text(minLength=1), "At most 1,000 numbers.", required=True, example="1,2,3"),
                _KEY_QUERY,
            ),
        ),
        "POST /s3/multipart/{id}/complete": Call(
            {
                200: Answer(
                    ref("Completed"),
                    {
                        "location": f"{_URL}{_KEY}",
                        "key": _KEY,
                        "bucket": "assetmanager-dev-intake",
                        "id": _ID,
                    },
                )
            },
            (403, 413, 415, 422, 429),
            (_KEY_QUERY,),
            Body(
                {
                    JSON: (
                        open_object({"parts": arr(ref("NamedPart"))}, required=["parts"]),
                        {"parts": [{"PartNumber": 1, "ETag": '"0cc175b9c0f1b6a831c399e269772661"'}]},
                    )
                }
            ),
            note="May be repeated at any time. 503 with `Retry-After`: S3 is still at it.",
        ),
        "DELETE /s3/multipart/{id}": Call({200: Answer(obj({}), {})}, (403,), (_KEY_QUERY,)),
    },
    schemas={
        "Announced": open_object(_ANNOUNCED, required=["filename"]),
        "Form": obj(
            {
                "method": {"type": "string", "const": "POST"},
                "url": text("Where the form goes."),
                "fields": mapping(text(), "Go before the file."),
                "headers": mapping(text()),
                "expires": _EXPIRES,
                "id": text("The upload's id, which APIs take in the place of a file."),
            }
        ),
        "Begun": obj(
            {
                "key": text(),
                "uploadId": text("S3's id."),
                "bucket": text(),
                "id": text("The upload's id."),
                "partSize": whole("Bytes that a part should have.", minimum=5 * 1024 * 1024),
            }
        ),
        "Part": obj({"PartNumber": _PART, "Size": whole(minimum=0), "ETag": text()}),
        "NamedPart": open_object({"PartNumber": whole(), "ETag": text()}, required=["PartNumber", "ETag"]),
        "Signed": obj(
            {
                "method": {"type": "string", "const": "PUT"},
                "url": text(),
                "headers": mapping(text()),
                "expires": _EXPIRES,
            }
        ),
        "SignedParts": obj({"presignedUrls": mapping(text(), "By part number."), "expires": _EXPIRES}),
        "Completed": obj({"location": text(), "key": text(), "bucket": text(), "id": text("The upload's id.")}),
    },
    error=obj({"title": text(), "description": text()}),
    examples={
        400: {"title": "Bad Request", "description": "the query parameter key is missing"},
        401: {
            "title": "Access token required",
            "description": "Please provide a valid access token as part of the request.",
        },
        403: {"title": "Forbidden", "description": "you do not have permission to do this"},
        404: {"title": "Not Found", "description": "there is no such upload"},
        413: {
            "title": "Request body too large",
            "description": "the request body is too large; send large files by way of /s3/params",
        },
        415: {"title": "Unsupported media type", "description": "unsupported media type"},
        422: {"title": "validation failed", "description": "filename is missing"},
        429: {
            "title": "Too Many Requests",
            "description": "too many uploads are under way; use or abort some first",
        },
        500: {"title": "Internal Server Error", "description": "something went wrong on our side"},
        503: {"title": "Service Unavailable", "description": "too busy, please try again"},
    },
    variables={"id": (text(minLength=1), _UPLOAD), "part": (text(minLength=1), "1")},
)
