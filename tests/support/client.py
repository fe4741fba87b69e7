"""An HTTP client of the app that goes through real API Gateway events, and the delivery of what waits in its queues."""

import base64
import json as jsonlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from chalice.app import Chalice

from infra.local.invocation import LambdaContext
from infra.local.proxy import http_response, proxy_event
from tests.support.pumping import FakePump

HeaderPairs = Mapping[str, str] | Sequence[tuple[str, str]]
Fields = Mapping[str, Any] | Sequence[tuple[str, Any]]

API_HOST = "api.test"


class ResponseHeaders(Mapping[str, str]):
    """Response headers by name, whatever its case; of a repeated one the last. `all` gives every value."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self.pairs = list(pairs)
        self._last = {name.lower(): value for name, value in pairs}

    def __getitem__(self, name: str) -> str:
        return self._last[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._last)

    def __len__(self) -> int:
        return len(self._last)

    def all(self, name: str) -> list[str]:
        """Every value sent under `name`."""
        return [value for given, value in self.pairs if given.lower() == name.lower()]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the client got."""

    status: int
    headers: ResponseHeaders
    body: bytes

    @property
    def text(self) -> str:
        """The body as UTF-8."""
        return self.body.decode("utf-8")

    def json(self) -> Any:
        """The body as JSON."""
        return jsonlib.loads(self.body)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file for `files`: as curl's `--form name=@file;filename=...;type=...`."""

    content: bytes
    filename: str
    content_type: str | None = "application/octet-stream"


class Client:
    """Calls the app as API Gateway would.

    Args:
        app: the Chalice app.
        headers: sent with every request, for example `{"Authorization": "Bearer ..."}`.
    """

    def __init__(self, app: Chalice, headers: HeaderPairs = ()) -> None:
        self._app = app
        self._headers = _pairs(headers)
        self.last: tuple[str, Reply] | None = None
        """The path of the last request, and how it was answered."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: HeaderPairs = (),
        body: bytes | str | None = None,
        json: Any = None,
        form: Fields | None = None,
        files: Fields | None = None,
    ) -> Reply:
        """Send one request.

        Args:
            method: the verb.
            url: an absolute URL, whose host becomes the Host header, or a path on the API host. Sent as written.
            headers: added to the client's own; names given here replace them.
            body: raw body; its Content-Type comes with `headers`.
            json: a value to send as JSON.
            form: fields, sent urlencoded, or as multipart parts when `files` is given too.
            files: field name to `Upload` or to (filename, content[, content type]); makes the body multipart.
        """
        if url.startswith(("http://", "https://")):
            parts = urlsplit(url)
            host, target = parts.netloc, url.split(parts.netloc, 1)[1] or "/"
        else:
            host, target = API_HOST, url
        content_type, content = _body(body, json, form, files)
        sent = _pairs(headers)
        given = {name.lower() for name, _ in sent}
        default = [("Host", host), ("User-Agent", "tests"), ("Accept", "*/*"), *self._headers]
        if content_type:
            default.append(("Content-Type", content_type))
        if content or method in ("POST", "PUT", "PATCH"):
            default.append(("Content-Length", str(len(content))))
        sent = [(name, value) for name, value in default if name.lower() not in given] + sent
        event = proxy_event(method, target, sent, content)
        status, pairs, answer = http_response(self._app(event, LambdaContext("api_handler")))
        reply = Reply(status, ResponseHeaders(pairs), answer)
        self.last = target, reply
        return reply

    def get(self, url: str, **options: Any) -> Reply:
        """GET `url`."""
        return self.request("GET", url, **options)

    def head(self, url: str, **options: Any) -> Reply:
        """HEAD `url`."""
        return self.request("HEAD", url, **options)

    def post(self, url: str, **options: Any) -> Reply:
        """POST to `url`."""
        return self.request("POST", url, **options)

    def put(self, url: str, **options: Any) -> Reply:
        """PUT to `url`."""
        return self.request("PUT", url, **options)

    def patch(self, url: str, **options: Any) -> Reply:
        """PATCH `url`."""
        return self.request("PATCH", url, **options)

    def delete(self, url: str, **options: Any) -> Reply:
        """DELETE `url`."""
        return self.request("DELETE", url, **options)


def deliver(app: Chalice, *consumers: str, failing: bool = False) -> int:
    """Hand every visible message to its consumer until the queues are quiet; returns the number of records delivered.

    Args:
        app: the Chalice app.
        consumers: names of the consumers to serve; all when none is named.
        failing: leave it at that when a handler raised; otherwise the first error is raised here.
    """
    pump = FakePump(app)
    delivered = pump.drain(*consumers)
    if pump.errors and not failing:
        raise pump.errors[0]
    return delivered


def sweep(app: Chalice, *schedules: str) -> None:
    """Let the app's schedules tick once; raises what they raise."""
    pump = FakePump(app)
    pump.run_schedules(*schedules)
    if pump.errors:
        raise pump.errors[0]


def basic(user: str, password: str) -> str:
    """The value of an Authorization header with HTTP Basic."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def multipart(fields: Sequence[tuple[str, Any]], boundary: str | None = None) -> tuple[str, bytes]:
    """A multipart/form-data body and its content type, as curl's `--form` makes them.

    Args:
        fields: names with text, bytes, an `Upload` or (filename, content[, content type]).
        boundary: a random one when left out.
    """
    boundary = boundary or f"------------------------{uuid.uuid4().hex}"
    parts = []
    for name, value in fields:
        if isinstance(value, tuple):
            value = Upload(value[1], value[0], *value[2:])
        disposition = f'form-data; name="{_quoted(name)}"'
        kind = ""
        content: bytes
        if isinstance(value, Upload):
            disposition += f'; filename="{_quoted(value.filename)}"'
            kind = f"Content-Type: {value.content_type}\r\n" if value.content_type else ""
            content = value.content
        else:
            content = value if isinstance(value, bytes) else str(value).encode("utf-8")
        head = f"--{boundary}\r\nContent-Disposition: {disposition}\r\n{kind}\r\n"
        parts.append(head.encode("utf-8") + content + b"\r\n")
    return f"multipart/form-data; boundary={boundary}", b"".join(parts) + f"--{boundary}--\r\n".encode()


def _body(body: bytes | str | None, json: Any, form: Fields | None, files: Fields | None) -> tuple[str | None, bytes]:
    if files is not None:
        return multipart(_pairs(form or ()) + _pairs(files))
    if form is not None:
        return "application/x-www-form-urlencoded", urlencode(_pairs(form)).encode("ascii")
    if json is not None:
        return "application/json", jsonlib.dumps(json).encode("utf-8")
    return None, body.encode("utf-8") if isinstance(body, str) else body or b""


def _pairs(fields: Mapping[str, Any] | Sequence[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """(name, value) pairs; a list among a mapping's values repeats its name."""
    if not isinstance(fields, Mapping):
        return list(fields)
    return [(name, item) for name, value in fields.items() for item in (value if isinstance(value, list) else [value])]


def _quoted(text: str) -> str:
    """Text inside a quoted parameter, escaped as browsers and curl do."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
