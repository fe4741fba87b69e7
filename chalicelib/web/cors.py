"""Cross-origin requests: which pages of other origins may read our answers.

`/s3` is open to the origins that the setting UPLOAD_ORIGINS names, the OVE API below `/api` to all, since its clients
are pages and bring a token of their own. Nothing else is open. Refused requests are answered like all others; without
the headers the browser keeps the answer from the page. Cookies are never allowed.
"""

from chalice.app import Response

from chalicelib.settings import BadSetting, settings
from chalicelib.web.rendering import MEDIALOOPSTER
from chalicelib.web.request import Request

_UPLOADS, _STORES = "s3", "api"
_HEADERS = "Authorization, Auth-Token, Auth_Token, Content-Disposition, Content-Type"
_EXPOSED = "Retry-After, X-Amzn-RequestId, X-Next-Cursor"
_MAX_AGE = "7200"  # seconds; no browser remembers longer


def shared(response: Response, request: Request | None) -> Response:
    """The same answer, be it an error, readable by the page that asked if its origin may; OPTIONS says what it may."""
    first, second, *_ = (*request.first_segments, "", "") if request is not None else ("", "")
    headers: dict[str, str] = {}
    if request is not None and first == _UPLOADS:
        headers["Vary"] = "Origin"
        origin = request.headers.get("origin", "")
        allowed = _allowed(origin) if origin else None
    else:
        allowed = "*" if first == _STORES and second not in MEDIALOOPSTER else None
    if allowed and request is not None:
        headers["Access-Control-Allow-Origin"] = allowed
        if request.method == "OPTIONS":
            headers["Access-Control-Allow-Methods"] = str(response.headers.get("Allow", "GET, POST, DELETE"))
            headers["Access-Control-Allow-Headers"] = _HEADERS
            headers["Access-Control-Max-Age"] = _MAX_AGE
        else:
            headers["Access-Control-Expose-Headers"] = _EXPOSED
    response.headers = {**response.headers, **headers}
    return response


def _allowed(origin: str) -> str | None:
    try:
        origins = [one.strip().rstrip("/") for one in settings().upload_origins.split(",")]
    except BadSetting:
        return None  # which is the very error that is being told
    if "*" in origins:
        return "*"
    return origin if origin in origins else None
