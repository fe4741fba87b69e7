"""One product and the S3 behind it, as a front end that uploads meets them."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from app import app
from chalicelib import aws
from chalicelib.apis.uploads import service
from chalicelib.files.models import File, Quota
from chalicelib.settings import settings
from tests.support.callers import Caller, new_caller
from tests.support.client import Client, Reply, deliver
from tests.support.strict_s3 import S3, Answer, send_form

MIB = 1024**2
TEXT = b"Tue 18 Jul 2017 16:18:38 BST\n"


@dataclass(frozen=True, slots=True)
class Multipart:
    """An upload in parts, as its beginning was answered."""

    answer: dict[str, Any]

    @property
    def id(self) -> str:
        """The upload's id, which is the File's."""
        return str(self.answer["id"])

    def path(self, what: str = "", **query: str) -> str:
        """The path of one of its routes."""
        given = {"key": str(self.answer["key"]), **query}
        pairs = "&".join(f"{name}={quote(value, safe='')}" for name, value in given.items())
        return f"/s3/multipart/{quote(self.answer['uploadId'], safe='')}{what}?{pairs}"


class Site:
    """A product with two principals, and its S3 as it is from outside."""

    def __init__(self, s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
        self.s3 = s3
        self._monkeypatch = monkeypatch
        self.owner, self.other = self.caller("owner"), self.caller("other")
        self.client = self.owner.client

    def expire_at_once(self) -> None:
        """Let forms and URLs expire the moment they are given, which no setting does."""
        self._monkeypatch.setattr(service, "lifetime", lambda: 0)

    def caller(self, name: str) -> Caller:
        """Mint a principal with a token."""
        return new_caller(name)

    def set(self, **variables: str) -> None:
        """Set environment variables for the rest of the test and read the settings anew."""
        for name, value in variables.items():
            self._monkeypatch.setenv(name, value)
        settings.cache_clear()

    # --- single uploads

    def form(self, content: bytes = TEXT, *, name: str = "a.txt", **query: str) -> dict[str, Any]:
        """Announce a file, by default with its size, and get the form for it."""
        given = {"filename": name, "type": "text/plain", "size": str(len(content)), **query}
        pairs = "&".join(f"{key}={quote(value, safe='')}" for key, value in given.items())
        reply = self.client.get(f"/s3/params?{pairs}")
        assert reply.status == 200, reply.text
        return dict(reply.json())

    def send(self, form: Mapping[str, Any], content: bytes = TEXT, **fields: str | None) -> Answer:
        """Send a file by its form; `fields` replace or, as None, remove fields, with `_` for `-`."""
        changes = {name.replace("_", "-"): value for name, value in fields.items()}
        sent = {name: value for name, value in {**form["fields"], **changes}.items() if value is not None}
        return send_form(self.s3, form["url"], sent, content)

    def sent(self, content: bytes = TEXT, **options: str) -> str:
        """The id of an upload whose bytes are there."""
        form = self.form(content, **options)
        answer = self.send(form, content)
        assert answer.status == 201, answer.body
        return str(form["id"])

    # --- uploads in parts

    def begin(self, name: str = "a.bin", **announced: Any) -> Multipart:
        """Begin an upload in parts."""
        reply = self.client.post("/s3/multipart", json={"filename": name, "type": "text/plain", **announced})
        assert reply.status == 200, reply.text
        return Multipart(reply.json())

    def put(self, upload: Multipart, number: int, content: bytes) -> str:
        """Have a part signed and send it; returns its ETag."""
        url = self.client.get(upload.path(f"/{number}")).json()["url"]
        answer = self.s3.request("PUT", url, content)
        assert answer.status == 200, answer.body
        return answer.headers["etag"]

    def put_all(self, upload: Multipart, *contents: bytes) -> list[dict[str, Any]]:
        """Send parts; returns what to complete with."""
        numbered = enumerate(contents, start=1)
        return [{"PartNumber": number, "ETag": self.put(upload, number, content)} for number, content in numbered]

    def complete(self, upload: Multipart, parts: list[dict[str, Any]], *, by: Client | None = None) -> Reply:
        """Complete an upload."""
        return (by or self.client).post(upload.path("/complete"), json={"parts": parts})

    # --- what follows

    def use(self, upload_id: str, *, by: Client | None = None) -> Reply:
        """Make an asset of an upload."""
        return (by or self.client).post("/assets", json={"asset": {"upload": upload_id}})

    def verdict(self, upload_id: str) -> tuple[str, str | None]:
        """The verdict on an upload, and its reason; what is queued happens first."""
        deadline = time.monotonic() + 10
        while True:
            deliver(app)
            file = File.get_by_id(upload_id)
            assert file is not None
            if file.settled or time.monotonic() > deadline:
                return str(file.verdict), file.reason
            time.sleep(0.05)

    def counted(self, caller: Caller | None = None) -> tuple[int, int]:
        """How many uploads, and bytes in them, count against a principal."""
        found = Quota.find(f"uid#{(caller or self.owner).uid}", "quota")
        return (0, 0) if found is None else (int(found.uploads), int(found.bytes))

    def under_way(self) -> list[str]:
        """The keys of uploads in parts that S3 knows."""
        answer = aws.s3().list_multipart_uploads(Bucket=settings().intake_bucket)
        return [upload["Key"] for upload in answer.get("Uploads", [])]


def sha256(content: bytes) -> str:
    """As clients declare it."""
    return hashlib.sha256(content).hexdigest()


Act = Callable[[Site], Any]
