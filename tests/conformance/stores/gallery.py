"""The product as the users of the OVE API see it: calls by HTTP, queues delivered on demand."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from moto.dynamodb.models import dynamodb_backends

from app import app
from chalicelib import aws
from chalicelib.apis.stores.access import ADMINISTER
from chalicelib.identity import mint
from chalicelib.rows import Row
from chalicelib.settings import settings
from tests.support.client import Client, Reply, deliver, sweep
from tests.support.cloud import ACCOUNT, REGION, Cloud

STORES = "http://stores.test"
JSON = {"Content-Type": "application/json"}
OCTETS = {"Content-Type": "application/octet-stream"}

PROJECT = "/api/default/expo"
TEXT = b"some text\n"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a token."""

    client: Client
    uid: str
    token: str


class Gallery:
    """A product with a project `expo` of group g1 in store `default`, made by its administrator.

    `alice`, `bob`, `carol` and `nobody` have tokens, a `stranger` has none.
    """

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.stranger = Client(app)
        self.admin = self.person("root", permissions=[ADMINISTER]).client
        self.make_project("expo", "g1")

    @functools.cached_property
    def alice(self) -> Client:
        """Reads and writes for g1."""
        return self.person("alice", groups=["g1"]).client

    @functools.cached_property
    def bob(self) -> Client:
        """Reads for g1, and writes for nobody."""
        return self.person("bob", groups=["g1"], write_groups=[]).client

    @functools.cached_property
    def carol(self) -> Client:
        """Reads and writes for g2."""
        return self.person("carol", groups=["g2"]).client

    @functools.cached_property
    def nobody(self) -> Client:
        """Has a token and no group."""
        return self.person("nobody").client

    def person(self, name: str, **principal: Any) -> Person:
        """Mint a principal with a token; `principal` as for `mint`."""
        token, entry = mint(name, **principal)
        return Person(Client(app, {"AUTH_TOKEN": token}), entry.principal.uid, token)

    def make_project(self, project_id: str, *groups: str, store: str = "default") -> str:
        """Make a project; its path."""
        reply = self.admin.post(
            f"/api/{store}/create", json={"id": project_id, "name": project_id.title(), "groups": list(groups)}
        )
        assert reply.status == 200, reply.text
        return f"/api/{store}/{project_id}"

    def make_asset(self, asset_id: str, project: str = PROJECT) -> None:
        """Make an asset that nothing was uploaded to."""
        reply = self.admin.post(f"{project}/create", json={"name": asset_id})
        assert reply.status == 200, reply.text

    def meta(self, asset_id: str, project: str = PROJECT, *, by: Client | None = None) -> dict[str, Any]:
        """An asset's meta."""
        reply = (by or self.alice).get(f"{project}/meta/{quote(asset_id)}")
        assert reply.status == 200, reply.text
        return dict(reply.json())

    def upload(
        self,
        asset_id: str,
        filename: str | None = "a.txt",
        content: bytes = TEXT,
        *,
        project: str = PROJECT,
        by: Client | None = None,
        headers: dict[str, str] | None = None,
        **query: Any,
    ) -> Reply:
        """Send a file to an asset."""
        if filename is not None:
            query["filename"] = filename
        path = f"{project}/upload/{quote(asset_id, safe='')}?{urlencode(query)}"
        return (by or self.alice).post(path, body=content, headers={**OCTETS, **(headers or {})})

    def uploaded(self, asset_id: str, filename: str = "a.txt", content: bytes = TEXT, **options: Any) -> None:
        """`upload`, which must succeed, and let everything that is queued happen."""
        reply = self.upload(asset_id, filename, content, **{"create": "true", "update": "true", **options})
        assert reply.status == 200, reply.text
        self.deliver()

    def assets(self, query: str = "", project: str = PROJECT, *, by: Client | None = None) -> list[dict[str, Any]]:
        """The assets that a listing shows."""
        reply = (by or self.alice).get(f"{project}/list{query}")
        assert reply.status == 200, reply.text
        assert reply.json().keys() == {"Assets"}
        return list(reply.json()["Assets"])

    def files(self, asset_id: str, query: str = "", project: str = PROJECT) -> list[dict[str, Any]]:
        """The files of an asset."""
        reply = self.alice.get(f"{project}/files/{quote(asset_id)}{query}")
        assert reply.status == 200, reply.text
        return list(reply.json())

    def published(self) -> list[str]:
        """The keys of the media bucket."""
        found = aws.s3().list_objects_v2(Bucket=self.cloud.settings.media_bucket).get("Contents", [])
        return sorted(item["Key"] for item in found)

    def deliver(self) -> None:
        """Let everything that is queued happen."""
        deliver(app)

    def sweep(self) -> None:
        """Let the schedules tick once, and then everything that is queued happen."""
        sweep(app)
        self.deliver()


def stock(rows: Sequence[Row]) -> None:
    """Put many rows into the stores table behind the API's back, straight into the fake: its calls take longer."""
    table = dynamodb_backends[ACCOUNT][REGION].tables[settings().stores_table]
    for row in rows:
        table.put_item(row.serialize())


def title(reply: Reply, status: int = 400) -> str:
    """The title of an error of this status, whose body must have the shape of this API's errors."""
    assert reply.status == status, reply.text
    assert reply.headers["Content-Type"].startswith("application/json")
    assert reply.json().keys() == {"title", "description"}
    assert reply.json()["description"]
    return str(reply.json()["title"])
