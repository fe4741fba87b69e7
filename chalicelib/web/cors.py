"""Cross-origin requests to the upload routes: which pages of other origins may read our answers.

Only `/s3` is open to other origins, and only to those that the setting UPLOAD_ORIGINS names. Refused requests are
answered like all others; without the headers the browser keeps the answer from the page. Cookies are never allowed.
"""

from chalice.app import Response

from chalicelib.settings import BadSetting, settings
from chalicelib.web.request import Request

_ROUTES = "s3"
_HEADERS = "Authorization, Auth-Token, Content-Type"
_EXPOSED = "Retry-After, X-Amzn-RequestId"
_MAX_AGE = "7200"  # seconds; no browser remembers longer


def shared(response: Response, request: Request | None) -> Response:
    """The same answer, be it an error, readable by the page that asked if its origin may; OPTIONS says what it may."""
    if request is None or request.first_segments[:1] != (_ROUTES,):
        return response
    headers = {"Vary": "Origin"}
    origin = request.headers.get("origin", "")
    if origin and (allowed := _allowed(origin)):
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
