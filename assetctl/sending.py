"""Sending files: straight to S3, the larger ones in parts and in parallel, going on where an interruption left off.

What has been begun is remembered in the user's cache folder by the file's path, size and time of change, so that a
second `put` of the same file sends only the parts that have not arrived. The product checks the SHA-256 in its scan.
"""

import hashlib
import json
import mimetypes
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import httpx

from assetctl.client import ATTEMPTS, Deployment, pause
from assetctl.failures import Answered, Failure, Unavailable, WrongUsage

IN_ONE = 16 * 1024 * 1024
"""Bytes of a file that still goes in one request."""

_BATCH = 100
_CHUNK = 256 * 1024

Progress = Callable[[int], None]
"""Told how many more bytes have been sent; fewer than none when some have to be sent again."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to send."""

    path: Path
    name: str
    size: int
    changed: int
    content_type: str

    @classmethod
    def of(cls, path: Path, name: str | None = None, content_type: str | None = None) -> "Source":
        """The file under a path. Raises WrongUsage: there is none that can be read."""
        if not path.is_file() or not os.access(path, os.R_OK):
            raise WrongUsage(f"{path} is no file that can be read")
        facts = path.stat()
        called = name or path.name
        kind = content_type or mimetypes.guess_type(called)[0] or "application/octet-stream"
        return cls(path, called, facts.st_size, facts.st_mtime_ns, kind)

    def sha256(self) -> str:
        """The digest of its bytes, in hexadecimal digits."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def send(to: Deployment, source: Source, *, parallel: int, progress: Progress) -> str:
    """Send a file. Returns the id of the upload, which stands for it once.

    Raises:
        Failure: whatever kept it from arriving; sending it again goes on where this ended.
    """
    if source.size <= IN_ONE:
        return _in_one(to, source, progress)
    return _in_parts(to, source, parallel, progress)


def forget(to: Deployment, source: Source) -> None:
    """Remember an upload no longer: it has been used."""
    _memory(to, source).unlink(missing_ok=True)


def _in_one(to: Deployment, source: Source, progress: Progress) -> str:
    wanted = {"filename": source.name, "type": source.content_type, "size": str(source.size)}
    form = to.json("GET", "/s3/params", params={**wanted, "sha256": source.sha256()})
    content = source.path.read_bytes()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            reply = to.outside.post(form["url"], data=form["fields"], files={"file": (source.name, content)})
            if reply.status_code < 300:
                progress(source.size)
                return str(form["id"])
            if reply.status_code < 500:
                raise Answered(reply.status_code, f"S3 refused {source.path}: {reply.text[:200]}")
        except httpx.TransportError as error:
            if attempt == ATTEMPTS:
                raise Unavailable(f"S3 does not answer: {error}") from None
        time.sleep(pause(attempt))
    raise Unavailable("S3 is too busy")


def _in_parts(to: Deployment, source: Source, parallel: int, progress: Progress) -> str:
    begun, arrived = _begun(to, source)
    size = int(begun["partSize"])
    wanted = {number: min(size, source.size - (number - 1) * size) for number in range(1, -(-source.size // size) + 1)}
    tags = {number: etag for number, (length, etag) in arrived.items() if wanted.get(number) == length}
    progress(sum(wanted[number] for number in tags))
    missing = [number for number in wanted if number not in tags]
    stop = Event()

    def one(number: int, url: str) -> tuple[int, str]:
        span = ((number - 1) * size, wanted[number])
        return number, _part(to, source, begun, number, url, span, progress, stop)

    with ThreadPoolExecutor(parallel) as workers:
        try:
            for some in (missing[at : at + _BATCH] for at in range(0, len(missing), _BATCH)):
                urls = _signed(to, begun, some)
                tags |= dict(workers.map(one, some, (urls[str(number)] for number in some)))
        except BaseException:
            stop.set()
            workers.shutdown(cancel_futures=True)
            raise
    if source.path.stat().st_mtime_ns != source.changed:
        raise Failure(f"{source.path} was changed while it was sent")
    parts = [{"PartNumber": number, "ETag": tags[number]} for number in sorted(tags)]
    to.call("POST", f"/s3/multipart/{begun['uploadId']}/complete", params=_key(begun), json={"parts": parts})
    return str(begun["id"])


def _begun(to: Deployment, source: Source) -> tuple[dict[str, Any], dict[int, tuple[int, str]]]:
    """The upload of this file, begun now or before, and the parts that have arrived: size and ETag by number."""
    memory = _memory(to, source)
    try:
        begun = json.loads(memory.read_text(encoding="utf-8"))
        parts = to.json("GET", f"/s3/multipart/{begun['uploadId']}", params=_key(begun))
        return begun, {part["PartNumber"]: (part["Size"], part["ETag"]) for part in parts}
    except (FileNotFoundError, ValueError, KeyError):
        pass
    except Answered as refused:
        if refused.status not in (404, 410):
            raise
    announced = {
        "filename": source.name,
        "type": source.content_type,
        "size": source.size,
        "sha256": source.sha256(),
    }
    begun = to.json("POST", "/s3/multipart", json=announced)
    memory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(memory, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        json.dump(begun, file)
    return begun, {}


def _signed(to: Deployment, begun: dict[str, Any], numbers: list[int]) -> dict[str, str]:
    params = {**_key(begun), "partNumbers": ",".join(map(str, numbers))}
    found: dict[str, str] = to.json("GET", f"/s3/multipart/{begun['uploadId']}/batch", params=params)["presignedUrls"]
    return found


def _part(
    to: Deployment,
    source: Source,
    begun: dict[str, Any],
    number: int,
    url: str,
    span: tuple[int, int],
    progress: Progress,
    stop: Event,
) -> str:
    """Send one part. Returns its ETag."""
    told = ""
    for attempt in range(1, ATTEMPTS + 1):
        sent = [0]
        content = _counted(source.path, span, sent, progress, stop)
        try:
            reply = to.outside.put(url, content=content, headers={"Content-Length": str(span[1])})
            if reply.status_code < 300:
                return str(reply.headers["ETag"])
            told = f"{reply.status_code} {reply.text[:200]}"
            if reply.status_code == 403:  # it has expired, most likely
                url = _signed(to, begun, [number])[str(number)]
        except httpx.TransportError as error:
            told = str(error)
        progress(-sent[0])
        if stop.wait(pause(attempt)):
            break
    raise Unavailable(f"part {number} of {source.path} did not arrive: {told}")


def _counted(path: Path, span: tuple[int, int], sent: list[int], progress: Progress, stop: Event) -> Iterator[bytes]:
    start, left = span
    with path.open("rb") as file:
        file.seek(start)
        while left > 0 and not stop.is_set():
            chunk = file.read(min(_CHUNK, left))
            if not chunk:
                raise Failure(f"{path} has become shorter while it was sent")
            left -= len(chunk)
            yield chunk
            sent[0] += len(chunk)
            progress(len(chunk))


def _key(begun: dict[str, Any]) -> dict[str, str]:
    return {"key": str(begun["key"])}


def _memory(to: Deployment, source: Source) -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    who = hashlib.sha256(to.profile.token.encode()).hexdigest()
    told = (to.profile.url, who, str(source.path.resolve()), str(source.size), str(source.changed), source.name)
    return Path(home) / "assetctl" / "uploads" / f"{hashlib.sha256(chr(0).join(told).encode()).hexdigest()[:32]}.json"
