"""The product as the users of the medialoopster API see it: calls by HTTP, queues delivered on demand."""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from app import app
from chalicelib.identity import memberships, mint
from chalicelib.rows import Row
from chalicelib.settings import settings
from tests.support.client import Client, Reply, Upload, deliver, sweep
from tests.support.cloud import ACCOUNT, REGION, Cloud

PROJECTS = "/api/projectassets/"
ROOT = "/mnt/edit/"
ALL = "browser.copy_projectasset", "browser.share_production_asset", "browser.delete_projectasset"
UPLOADS = "browser.upload_audioasset", "browser.upload_imageasset", "browser.upload_videoasset"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a token."""

    client: Client
    uid: str
    token: str


class Studio:
    """Productions `News` (1) and `Sport` (2), a device (2) at /mnt/edit/, and a superuser who made them."""

    def __init__(self, cloud: Cloud) -> None:
        memberships.forget()
        self.cloud = cloud
        self.stranger = Client(app)
        self.root = self.person("root", superuser=True).client
        self.news = self.make_production("News", "news")
        self.sport = self.make_production("Sport", "sport")
        self.device = int(self.made(self.root.post("/api/devices/", json={"name": "Edit", "path": ROOT}))["id"])

    @functools.cached_property
    def writer(self) -> Client:
        """Reads, writes and deletes in News, and has every permission of projects."""
        return self.member("writer", self.news, write=True, delete=True, permissions=ALL).client

    @functools.cached_property
    def reader(self) -> Client:
        """Reads News, and has every permission of projects."""
        return self.member("reader", self.news, permissions=ALL).client

    @functools.cached_property
    def outsider(self) -> Client:
        """Reads and writes in Sport alone."""
        return self.member("outsider", self.sport, write=True, delete=True, permissions=ALL).client

    def person(self, name: str, **principal: Any) -> Person:
        """Mint a principal with a token; `principal` as for `mint`."""
        token, entry = mint(name, **principal)
        return Person(Client(app, {"Authorization": f"Token {token}"}), entry.principal.uid, token)

    def member(
        self, name: str, *productions: int, write: bool = False, delete: bool = False, **principal: Any
    ) -> Person:
        """Mint a principal who is a member of these productions."""
        person = self.person(name, **principal)
        for production in productions:
            self.enrol(production, user=person.uid, write=write, delete=delete)
        return person

    def enrol(self, production: int, **body: Any) -> None:
        """Make a user or a group a member of a production."""
        reply = self.root.post(f"/api/productions/{production}/members/", json=body)
        assert reply.status == 200, reply.text

    def make_production(self, name: str, codename: str, **fields: Any) -> int:
        """Make a production; its id."""
        body = {"name": name, "codename": codename, **fields}
        return int(self.made(self.root.post("/api/productions/", json=body))["id"])

    def make(self, name: str = "Election", *, by: Client | None = None, **fields: Any) -> dict[str, Any]:
        """Create a project in News."""
        body = {"name": name, "bundle_root": f"{ROOT}{name}/", "production_id": self.news, **fields}
        return self.made((by or self.root).post(PROJECTS, json=body))

    def get(self, number: int, *, by: Client | None = None) -> dict[str, Any]:
        """A project as it is shown."""
        reply = (by or self.root).get(f"{PROJECTS}{number}/")
        assert reply.status == 200, reply.text
        return dict(reply.json())

    def copy(
        self, source: int, name: str = "Copy", *, by: Client | None = None, query: str = "", **fields: Any
    ) -> Reply:
        """Ask for a copy of a project."""
        body = {"copy_of": source, "name": name, "bundle_root": f"{ROOT}{name}/", "production_id": self.news, **fields}
        return (by or self.root).post(f"{PROJECTS}{query}", json=body)

    def add(self, project: int, *assets: tuple[str, int], by: Client | None = None, **fields: Any) -> Reply:
        """Link media assets to a project."""
        entries = [{"asset_id": number, "type": kind} for kind, number in assets]
        body = {"asset_list": entries, **fields}
        return (by or self.root).post(f"{PROJECTS}{project}/addasset/", json=body)

    def media(
        self,
        kind: str = "video",
        name: str = "clip",
        *,
        content: bytes | None = None,
        production: int | None = None,
        by: Client | None = None,
        **fields: Any,
    ) -> dict[str, Any]:
        """Make a media asset, with a file if there is content; what is queued stays so."""
        body = {"name": name, "production_id": production or self.news, "path_file": f"{ROOT}{name}.mxf", **fields}
        client, path = by or self.root, f"/api/{kind}assets/"
        if content is None:
            return self.made(client.post(path, json=body))
        files = {"file": Upload(content, "x.bin")}
        return self.made(client.post(path, form={key: str(value) for key, value in body.items()}, files=files))

    def media_assets(self, count: int, kind: str = "video", *, production: int | None = None) -> list[tuple[str, int]]:
        """Make media assets without files; what links name them by."""
        made = [self.media(kind, f"clip{number}", production=production) for number in range(count)]
        return [(kind, int(one["id"])) for one in made]

    def listed(self, query: str = "", *, by: Client | None = None) -> list[int]:
        """The ids that a list of projects shows."""
        reply = (by or self.root).get(f"{PROJECTS}{query}")
        assert reply.status == 200, reply.text
        return [one["id"] for one in reply.json()]

    @staticmethod
    def made(reply: Reply) -> dict[str, Any]:
        """What was made."""
        assert reply.status == 201, reply.text
        return dict(reply.json())

    def deliver(self) -> None:
        """Let everything that is queued happen."""
        deliver(app)

    def sweep(self) -> None:
        """Let the schedules tick once, and then everything that is queued happen."""
        sweep(app)
        self.deliver()


def faults(reply: Reply, status: int = 400) -> list[tuple[str, str]]:
    """(pointer or parameter, code) of each error of an answer, whose body must be this API's."""
    return [(_place(one), one["code"]) for one in errors(reply, status)]


def error(reply: Reply, status: int) -> tuple[str, str]:
    """(code, detail) of the only error of an answer."""
    [one] = errors(reply, status)
    return one["code"], one["detail"]


def errors(reply: Reply, status: int) -> list[dict[str, Any]]:
    """The errors of an answer, whose body must be this API's."""
    assert reply.status == status, reply.text
    assert reply.headers["Content-Type"].startswith("application/json")
    assert reply.json().keys() == {"errors"}
    assert reply.json()["errors"]
    for one in reply.json()["errors"]:
        assert {"status", "code", "detail", "title"} <= one.keys() <= {"status", "code", "detail", "title", "source"}
        assert one["status"] == str(status)
        assert one["detail"]
    return list(reply.json()["errors"])


def _place(one: dict[str, Any]) -> str:
    source = one.get("source", {})
    return str(source.get("pointer") or source.get("parameter") or "")


def stock(rows: Iterable[Row]) -> None:
    """Write many rows of the productions table behind the API's back, into the fake itself: by its API they would take
    minutes.
    """
    table = dynamodb_backends[ACCOUNT][REGION].tables[settings().productions_table]
    for row in rows:
        table.put_item(row.serialize())
