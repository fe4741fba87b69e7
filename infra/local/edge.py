"""CloudFront on a laptop: the hosts for assets, draft assets and stores in front of bucket and gateway.

On the assets and stores hosts GET and HEAD first ask the media bucket, each for its own paths, and the app where the
bucket says 403 or 404. The query string is dropped, except where it carries a `token` or `AUTH_TOKEN`: such a request
goes straight to the app. The draft host passes everything to the app. Unlike the real one this edge caches nothing.
"""

import logging
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote, urlsplit

import urllib3

from chalicelib.aws import s3
from chalicelib.web import policies
from infra.local.gateway import Gateway
from infra.local.proxy import query_parameters, split_target
from infra.local.server import HttpRequest, HttpResponse

logger = logging.getLogger(__name__)

_CHUNK = 256 * 1024

# What a distribution passes from the viewer to the bucket, and from the bucket to the viewer.
_TO_BUCKET = {"if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "if-range", "range"}
_FROM_BUCKET = {
    "accept-ranges",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-range",
    "content-type",
    "etag",
    "expires",
    "last-modified",
}

# Only our distributions may say these to the app.
_OURS = {"host", "x-forwarded-host", "x-origin-secret"}

# What API Gateway makes of a challenge; the distributions say it anew.
_RENAMED = "x-amzn-remapped-www-authenticate"

_TOKENS = {"token", "AUTH_TOKEN"}


class Edge:
    """One distribution.

    Args:
        gateway: the origin that is the app.
        public: scheme and host of the distribution, as viewers see it.
        api: scheme and host of the API, which the gateway is called by.
        secret: what the distribution proves itself with.
        media_bucket: bucket to ask first; empty for none.
        sites: whether it serves the files of stores, whose scripts may run, rather than media.
    """

    def __init__(
        self, gateway: Gateway, *, public: str, api: str, secret: str, media_bucket: str = "", sites: bool = False
    ) -> None:
        self._gateway = gateway
        self._bucket = media_bucket
        self._sites = sites
        self._added = {"WWW-Authenticate": "Bearer"} | (policies.STORES if sites else policies.MEDIA)
        self._headers = [
            ("Host", urlsplit(api).netloc),
            ("X-Forwarded-Host", urlsplit(public).netloc),
            ("X-Origin-Secret", secret),
        ]
        self._http = urllib3.PoolManager(maxsize=64, retries=False)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The response to one viewer. Never raises."""
        response = None
        if self._bucket:
            path, query = split_target(request.target)
            if not any(name in _TOKENS for name, _ in query_parameters(query)):
                request = replace(request, target=path)
                response = self._from_bucket(request, path)
        return self._finished(response or self._from_app(request))

    def _from_app(self, request: HttpRequest) -> HttpResponse:
        kept = [(name, value) for name, value in request.headers if name.lower() not in _OURS]
        return self._gateway(replace(request, headers=kept + self._headers))

    def _from_bucket(self, request: HttpRequest, path: str) -> HttpResponse | None:
        """The published object at a path; None where the app is to be asked instead."""
        key = _key(path)
        if request.method not in ("GET", "HEAD") or key is None or key.startswith("stores/") is not self._sites:
            return None
        operation = "get_object" if request.method == "GET" else "head_object"
        url = s3().generate_presigned_url(operation, Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=60)
        try:
            answer = self._ask(request.method, url, _conditions(request))
        except urllib3.exceptions.HTTPError:
            logger.warning("the media bucket cannot be reached; asking the app")
            return None
        headers = [(name, value) for name, value in answer.headers.items() if name.lower() in _FROM_BUCKET]
        if answer.status in (200, 206) and request.method == "GET":
            return HttpResponse(answer.status, headers, _chunks(answer))
        _release(answer)
        if answer.status in (403, 404):
            return None
        if answer.status >= 400:  # a condition not met, a range that cannot be: S3's own body names the bucket
            headers = [(name, value) for name, value in headers if name.lower() in ("content-range", "etag")]
        return HttpResponse(answer.status, headers)

    def _ask(self, method: str, url: str, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        # A distribution knows If-Range itself: the range counts only while the object is the one named there.
        unchanged = headers.pop("if-range", "")
        if unchanged and "range" in headers:
            condition = "if-match" if unchanged.startswith('"') else "if-unmodified-since"
            answer = self._send(method, url, headers | {condition: unchanged})
            if answer.status != 412:
                return answer
            _release(answer)
            del headers["range"]
        return self._send(method, url, headers)

    def _send(self, method: str, url: str, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        return self._http.request(
            method, url, headers=headers, preload_content=False, decode_content=False, redirect=False
        )

    def _finished(self, response: HttpResponse) -> HttpResponse:
        headers = [(name, value) for name, value in response.headers if name.lower() != _RENAMED]
        present = {name.lower() for name, _ in headers}  # what the origin set itself stays
        return replace(
            response, headers=headers + [pair for pair in self._added.items() if pair[0].lower() not in present]
        )


def _key(path: str) -> str | None:
    """The object key of a path; None for what is no key of ours."""
    try:
        key = unquote(path[1:], errors="strict")
    except UnicodeDecodeError:
        return None
    segments = key.split("/")
    return None if "\0" in key or any(segment in ("", ".", "..") for segment in segments) else key


def _conditions(request: HttpRequest) -> dict[str, str]:
    """What the bucket is told of the viewer's wishes. It knows single ranges only: of several it gives all."""
    conditions = {name.lower(): value for name, value in request.headers if name.lower() in _TO_BUCKET}
    if "," in conditions.get("range", ""):
        del conditions["range"]
    return conditions


def _release(answer: urllib3.BaseHTTPResponse) -> None:
    answer.drain_conn()
    answer.release_conn()


def _chunks(answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    try:
        yield from answer.stream(_CHUNK, decode_content=False)
    finally:
        answer.release_conn()
