"""Fetching files: going on where an interruption left off, and never mixing two versions of one.

The bytes come into `<file>.part`, whose ETag stands in `<file>.part.etag`; only a whole file gets its name.
"""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from assetctl.client import ATTEMPTS, demanded, pause
from assetctl.failures import Failure, Unavailable

_CHUNK = 256 * 1024


def fetch(
    client: httpx.Client,
    url: str,
    target: Path,
    *,
    sha256: str | None = None,
    headers: dict[str, str] | None = None,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
) -> str:
    """Fetch a file. Returns its SHA-256.

    Args:
        sha256: what the file has to have.
        progress: told the bytes that are there, and how many there will be.

    Raises:
        Failure: the bytes are others than were wanted.
        Answered, Unavailable
    """
    part, mark = target.with_name(f"{target.name}.part"), target.with_name(f"{target.name}.part.etag")
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _receive(client, url, part, mark, headers or {}, progress)
            break
        except httpx.TransportError as error:
            if attempt == ATTEMPTS:
                raise Unavailable(f"the download broke off, getting it again goes on there: {error}") from None
            # What is there stays there, and the next attempt asks for the rest.
            time.sleep(pause(attempt))
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 is not None and digest != sha256.lower():
        part.unlink()
        mark.unlink(missing_ok=True)
        raise Failure(f"the bytes have the SHA-256 {digest}, not {sha256}")
    part.replace(target)
    mark.unlink(missing_ok=True)
    return digest


def _receive(
    client: httpx.Client,
    url: str,
    part: Path,
    mark: Path,
    headers: dict[str, str],
    progress: Callable[[int, int | None], None],
) -> None:
    there = part.stat().st_size if part.exists() and mark.exists() else 0
    known = mark.read_text(encoding="ascii") if there else ""
    asked = {**headers, "Accept-Encoding": "identity"} | ({"Range": f"bytes={there}-"} if there else {})
    with client.stream("GET", url, headers=asked, follow_redirects=True) as reply:
        if reply.status_code == 416:
            part.unlink(missing_ok=True)
            raise httpx.ReadError("what was there is longer than the file")
        if reply.status_code >= 400:
            reply.read()
        demanded(reply)
        etag = reply.headers.get("ETag", "")
        if reply.status_code != 206:
            there = 0
        elif etag != known:
            part.unlink(missing_ok=True)
            raise httpx.ReadError("the file was replaced in between")
        if etag and not etag.startswith("W/"):
            mark.write_text(etag, encoding="ascii")
        else:
            mark.unlink(missing_ok=True)
        length = reply.headers.get("Content-Length")
        total = there + int(length) if length else None
        with part.open("ab" if there else "wb") as file:
            for chunk in reply.iter_raw(_CHUNK):
                file.write(chunk)
                there += len(chunk)
                progress(there, total)
    if total is not None and there != total:
        raise httpx.ReadError(f"{there} of {total} bytes came")
