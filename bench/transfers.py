"""Bytes of files that pass through the API function, over the bytes that are stored or served.

The whole local cloud runs in this process, over HTTP, as `make run` starts it. A file is sent in parts and another by
form, straight to where the API's answers say; both are scanned, published, and read through the edge. Counted at the
function's own door are the bodies of all its requests and answers: those that are JSON are what a client and the API
have to say to one another; all others are bytes of files.
"""

import contextlib
import http.client
import json
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from bench.table import Row
from tests.support.client import multipart

SECTION = "bytes"
MEBIBYTE = 1024**2
IN_PARTS, BY_FORM = 96 * MEBIBYTE, 16 * MEBIBYTE
PATIENCE = 300
"""Seconds until a verdict, on a machine that others use too."""


@dataclass
class Passed:
    """What went through the API function: how many calls, bytes of JSON, and bytes of anything else."""

    calls: int = 0
    json: int = 0
    other: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, event: dict[str, Any], answer: dict[str, Any]) -> None:
        """Count one call."""
        sent = {name.lower(): values[-1] for name, values in (event.get("multiValueHeaders") or {}).items()}
        given = {name.lower(): str(value) for name, value in answer["headers"].items()}
        with self.lock:
            self.calls += 1
            for body, headers in ((event.get("body"), sent), (answer.get("body"), given)):
                size = len(body or "") * 3 // 4
                if "json" in headers.get("content-type", ""):
                    self.json += size
                else:
                    self.other += size


def rows(in_parts: int = IN_PARTS, by_form: int = BY_FORM) -> Iterator[Row]:
    """A row for each way in and for each way out."""
    with _cloud() as (address, passed):
        for name, size, send in (("in parts", in_parts, _in_parts), ("by form", by_form, _by_form)):
            content = os.urandom(MEBIBYTE) * (size // MEBIBYTE)
            upload = send(address, content)
            made = _json(address, "POST", "/assets", {"asset": {"upload": upload}})
            yield _row(f"presigned upload {name}, {size // MEBIBYTE} MiB", size, passed)
            _wait(address, str(made["id"]))
            _forget(passed)
            assert _read(str(made["file_url"])) == content
            yield _row(f"media through the edge, {size // MEBIBYTE} MiB", size, passed)


def _row(name: str, size: int, passed: Passed) -> Row:
    told = f"{passed.other} bytes of files over {size:,}; {passed.calls} calls with {passed.json:,} bytes of JSON"
    row = Row(SECTION, name, passed.other / size, 0, exact=True, told=told)
    _forget(passed)
    return row


def _forget(passed: Passed) -> None:
    with passed.lock:
        passed.calls = passed.json = passed.other = 0


def _in_parts(address: str, content: bytes) -> str:
    begun = _json(address, "POST", "/s3/multipart", {"filename": "a.bin", "size": len(content)})
    at, key, part = f"/s3/multipart/{begun['uploadId']}", begun["key"], 8 * MEBIBYTE
    parts = []
    for number, start in enumerate(range(0, len(content), part), 1):
        url = _json(address, "GET", f"{at}/{number}?key={key}")["url"]
        answer = _send("PUT", url, content[start : start + part])
        parts.append({"PartNumber": number, "ETag": answer.headers["ETag"]})
    _json(address, "POST", f"{at}/complete?key={key}", {"parts": parts})
    return str(begun["id"])


def _by_form(address: str, content: bytes) -> str:
    form = _json(address, "GET", f"/s3/params?filename=b.bin&size={len(content)}")
    kind, body = multipart([*form["fields"].items(), ("file", ("b.bin", content))])
    _send("POST", form["url"], body, {"Content-Type": kind})
    return str(form["id"])


def _wait(address: str, asset: str) -> None:
    """Until the file of an asset is clean."""
    deadline = time.monotonic() + PATIENCE
    while _json(address, "GET", urlsplit(asset).path)["state"] == "unscanned":
        assert time.monotonic() < deadline, "no verdict"
        time.sleep(0.2)
    assert _json(address, "GET", urlsplit(asset).path)["state"] == "clean"


def _json(address: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
    content = None if body is None else json.dumps(body).encode()
    answer = _send(method, address + path, content, {"Content-Type": "application/json"} if content else {})
    found: dict[str, Any] = json.loads(answer.body)
    return found


def _read(url: str) -> bytes:
    return _send("GET", url).body


@dataclass(frozen=True, slots=True)
class _Answer:
    headers: http.client.HTTPMessage
    body: bytes


def _send(method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> _Answer:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.request(method, f"{parts.path}?{parts.query}" if parts.query else parts.path, body, headers or {})
        answer = connection.getresponse()
        found = _Answer(answer.headers, answer.read())
        assert answer.status < 300, (answer.status, url.partition("?")[0], found.body[:200])
        return found


@contextlib.contextmanager
def _cloud() -> Iterator[tuple[str, Passed]]:
    """The local cloud: its API's address, and what passes through its API function."""
    from chalicelib.web.application import AssetManager
    from infra.local import run
    from tests.support.product import free_ports

    passed, told, port = Passed(), threading.Event(), free_ports()
    manager: Any = AssetManager
    original = manager.__call__

    def counted(self: Any, event: Any, context: Any) -> Any:
        answer = original(self, event, context)
        passed.count(event, answer)
        return answer

    manager.__call__ = counted
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="bench-bytes-") as state:
        os.environ.update(PORT=str(port), STATE_DIR=state, POWERTOOLS_LOG_LEVEL="ERROR")

        def serve() -> None:
            with contextlib.ExitStack() as stack:
                run.serve(stack, told)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            address = f"http://localhost:{port}"
            _wait_until_there(address, thread)
            _forget(passed)
            yield address, passed
        finally:
            told.set()
            thread.join()
            manager.__call__ = original
            os.environ.clear()
            os.environ.update(before)


def _wait_until_there(address: str, thread: threading.Thread) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        assert thread.is_alive(), "the local cloud did not start"
        assert time.monotonic() < deadline, "the local cloud does not answer"
        with contextlib.suppress(OSError):
            _send("GET", f"{address}/healthcheck/live")
            return
        time.sleep(0.1)
