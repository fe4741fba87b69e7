"""The product as an editor and a reader of the GOV.UK API see it: calls by HTTP, queues delivered on demand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app import app
from chalicelib import aws
from chalicelib.apis.assets.models import Asset
from chalicelib.files.receiving import begin_upload
from chalicelib.identity.models import Identity
from chalicelib.rows import transact, update
from tests.files.scanners import samples
from tests.support.callers import Caller, new_caller
from tests.support.client import Client, Reply, Upload, deliver, sweep
from tests.support.cloud import Cloud

API = "http://api.test"
ASSETS = "http://assets.test"
DRAFT = "http://draft-assets.test"
STORES = "http://stores.test"

TEXT = b"Tue 18 Jul 2017 16:18:38 BST\n"
EICAR = samples.EICAR

PUBLIC = "max-age=1800, public"
PRIVATE = "no-cache, private, no-store"
NOT_FOUND = {"_response_info": {"status": "not found"}}
GONE = {"_response_info": {"status": "gone"}}
FORBIDDEN = {"_response_info": {"status": "Forbidden. You don't have permission to access this resource."}}


@dataclass(frozen=True, slots=True)
class Made:
    """An asset as its creation was answered."""

    answer: dict[str, Any]

    @property
    def id(self) -> str:
        """The asset's id."""
        return str(self.answer["id"].rpartition("/")[2])

    @property
    def url(self) -> str:
        """Path of the asset on the API."""
        return f"/assets/{self.id}"

    @property
    def path(self) -> str:
        """Percent-encoded public path of the file it was made with."""
        return str(self.answer["file_url"].removeprefix(ASSETS))

    def media(self, name: str) -> str:
        """Public path of the asset under a file name."""
        return f"/media/{self.id}/{name}"


class Site:
    """An empty product. `editor` makes the assets; `reader` is anybody without a token."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.reader = Client(app)
        self.owner = self.caller("editor")
        self.editor = self.owner.client

    def caller(self, name: str = "somebody", **principal: Any) -> Caller:
        """Mint a principal with a token; `principal` as for `mint`."""
        return new_caller(name, **principal)

    def withdraw_permissions(self, caller: Caller) -> None:
        """Leave a principal, who has not called yet, no permission at all."""
        row = Identity.find(f"principal#{caller.uid}", "principal")
        assert row is not None
        update(row, [Identity.permissions.set([])])

    def make_parent_invalid(self, made: Made) -> None:
        """Give a stored asset a parent document's URL as no rule would let it pass today."""
        update(Asset.at(made.id), [Asset.parent_document_url.set("foo")])

    def post(
        self,
        filename: str = "tmp.txt",
        content: bytes = TEXT,
        *,
        by: Client | None = None,
        to: str = "/assets",
        **asset: Any,
    ) -> Reply:
        """Send a file with `asset[...]` fields, as curl's --form does."""
        files = {"asset[file]": Upload(content, filename)}
        return (by or self.editor).post(to, form=fields(asset), files=files)

    def create(self, filename: str = "tmp.txt", content: bytes = TEXT, **options: Any) -> Made:
        """`post`, which must succeed; nothing has been scanned yet."""
        reply = self.post(filename, content, **options)
        assert reply.status == 201, reply.text
        return Made(reply.json())

    def clean(self, filename: str = "tmp.txt", content: bytes = TEXT, **options: Any) -> Made:
        """`create`, and let everything that is queued happen."""
        made = self.create(filename, content, **options)
        self.deliver()
        return made

    def whitehall(self, path: str, content: bytes = TEXT, **options: Any) -> Made:
        """Create a whitehall asset whose file is called as its path ends."""
        return self.create(path.rpartition("/")[2], content, to="/whitehall_assets", legacy_url_path=path, **options)

    def replace(self, made: Made, filename: str, content: bytes, **asset: Any) -> dict[str, Any]:
        """Give an asset another file."""
        reply = self.editor.put(made.url, form=fields(asset), files={"asset[file]": Upload(content, filename)})
        assert reply.status == 200, reply.text
        return dict(reply.json())

    def update(self, made: Made, **asset: Any) -> dict[str, Any]:
        """Change an asset without its file."""
        reply = self.editor.put(made.url, form=fields(asset))
        assert reply.status == 200, reply.text
        return dict(reply.json())

    def refused(self, made: Made, **asset: Any) -> list[str]:
        """The sentences for which a change of an asset is refused with 422."""
        return sentences(self.editor.put(made.url, form=fields(asset)))

    def delete(self, made: Made) -> None:
        """Delete an asset."""
        assert self.editor.delete(made.url).status == 200

    def state(self, made: Made) -> str:
        """The scan state that the API shows."""
        return str(self.editor.get(made.url).json()["state"])

    def read(self, path: str, host: str = ASSETS, *, by: Client | None = None, **options: Any) -> Reply:
        """GET a public path on one of the hosts, without a token unless `by` has one."""
        return (by or self.reader).get(f"{host}{path}", **options)

    def begin(self, name: str, content: bytes | None, *, by: str | None = None) -> str:
        """Begin an upload as the editor (or `by`, a uid) and send its bytes, None for not yet; its id."""
        size = len(content) if content is not None else 10
        file, step = begin_upload(
            name=name, content_type="application/octet-stream", size=size, uploader=by or self.owner.uid
        )
        transact(step)
        if content is not None:
            aws.s3().put_object(Bucket=self.cloud.settings.intake_bucket, Key=file.intake_key, Body=content)
        return file.file_id

    def published(self) -> list[str]:
        """The keys of the media bucket."""
        return _keys(self.cloud.settings.media_bucket)

    def kept(self) -> list[bytes]:
        """What the library holds."""
        bucket = self.cloud.settings.library_bucket
        return sorted(aws.s3().get_object(Bucket=bucket, Key=key)["Body"].read() for key in _keys(bucket))

    def arrived(self) -> list[str]:
        """The keys of the intake bucket."""
        return _keys(self.cloud.settings.intake_bucket)

    def deliver(self) -> None:
        """Let everything that is queued happen."""
        deliver(app)

    def sweep(self) -> None:
        """Let the schedules tick once, and then everything that is queued happen."""
        sweep(app)
        self.deliver()


def fields(asset: Mapping[str, Any]) -> list[tuple[str, str]]:
    """`asset[...]` form fields: a list repeats `asset[name][]`; an empty one is an empty text."""
    found: list[tuple[str, str]] = []
    for name, value in asset.items():
        if isinstance(value, list):
            found += [(f"asset[{name}][]", str(item)) for item in value] or [(f"asset[{name}]", "")]
        else:
            found.append((f"asset[{name}]", str(value).lower() if isinstance(value, bool) else str(value)))
    return found


def sentences(reply: Reply) -> list[str]:
    """The sentences of a 422."""
    assert reply.status == 422, reply.text
    return list(reply.json()["_response_info"]["status"])


def outcome(reply: Reply) -> tuple[int, str | None]:
    """Status and, for a redirect, where to."""
    return reply.status, reply.headers.get("Location")


def _keys(bucket: str) -> list[str]:
    found: Sequence[Any] = aws.s3().list_objects_v2(Bucket=bucket).get("Contents", [])
    return sorted(item["Key"] for item in found)
