"""The product as the users of the Bilrost API see it: a project of the stores API, cloned into workspaces."""

import functools
import itertools
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from app import app
from chalicelib import clock
from tests.conformance.stores.gallery import Gallery
from tests.support.callers import Caller, new_caller
from tests.support.client import Client, Reply, deliver, sweep
from tests.support.cloud import Cloud

STORE, PROJECT = "default", "expo"
MANAGER, BROWSER = "/assetmanager/workspaces", "/contentbrowser/workspaces"
MODEL = b"the bytes of a model"


class Studio:
    """A product with the project `default/expo` of group g1, whose only asset is `hull` with the file `hull.obj`.

    `alice` reads and writes for g1, `bob` reads for g1, `carol` reads and writes for g2; `anna` does for g1 in another
    organisation. A `stranger` has no token.
    """

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.gallery = Gallery(cloud)
        self.gallery.uploaded("hull", "hull.obj", MODEL)
        self._numbers = itertools.count(1)
        self.stranger = Client(app)

    @functools.cached_property
    def people(self) -> dict[str, Caller]:
        """Those who have tokens, by name."""
        return {
            "alice": new_caller("alice", groups=["g1"], organisation="acme"),
            "bob": new_caller("bob", groups=["g1"], write_groups=[], organisation="acme"),
            "carol": new_caller("carol", groups=["g2"], organisation="acme"),
            "anna": new_caller("anna", groups=["g1"], organisation="umbrella"),
        }

    @property
    def alice(self) -> Client:
        """Reads and writes for g1."""
        return self.people["alice"].client

    @property
    def bob(self) -> Client:
        """Reads for g1."""
        return self.people["bob"].client

    @property
    def carol(self) -> Client:
        """Reads and writes for g2."""
        return self.people["carol"].client

    @property
    def anna(self) -> Client:
        """Reads and writes for g1, in another organisation."""
        return self.people["anna"].client

    def clone(self, name: str | None = None, *, by: Client | None = None, **fields: Any) -> Reply:
        """POST a workspace."""
        number = next(self._numbers)
        body = {"file_uri": f"file:///work/{number}", "organization": STORE, "project_name": PROJECT}
        if name is not None:
            body["name"] = name
        return (by or self.alice).post(MANAGER, json={**body, **fields})

    def cloned(self, name: str = "island", **fields: Any) -> "Workspace":
        """A new workspace."""
        reply = self.clone(name, **fields)
        assert reply.status == 200, reply.text
        return Workspace(self, reply.json()["name"], reply.json()["guid"])

    def deliver(self) -> None:
        """Let everything that is queued happen."""
        deliver(app)

    def sweep(self) -> None:
        """Let a minute pass, the schedules tick once, and then everything that is queued happen."""
        later = clock.now() + timedelta(minutes=1)
        self.cloud.monkeypatch.setattr(clock, "now", lambda: later)
        sweep(app)
        self.deliver()


class Workspace:
    """A workspace, as alice uses it unless somebody else is named."""

    def __init__(self, studio: Studio, name: str, guid: str) -> None:
        self.studio, self.name, self.guid = studio, name, guid
        self.path = f"{MANAGER}/{quote(name, safe='')}"
        self.browser = f"{BROWSER}/{quote(name, safe='')}"

    def put(self, ref: str, body: Any = None, *, seen: str | None = None, by: Client | None = None) -> Reply:
        """PUT an asset."""
        headers = {} if seen is None else {"Last-modified": seen}
        return (by or self.studio.alice).put(
            f"{self.path}{quote(ref)}", json={} if body is None else body, headers=headers
        )

    def made(self, ref: str, **body: Any) -> str:
        """Make an asset; when it was modified."""
        reply = self.put(ref, body)
        assert reply.status == 201, reply.text
        return str(reply.json()["modified"])

    def rename(self, ref: str, new: Any, *, seen: str | None = None, by: Client | None = None) -> Reply:
        """Rename an asset."""
        headers = {} if seen is None else {"Last-modified": seen}
        return (by or self.studio.alice).post(f"{self.path}/rename{quote(ref)}", json={"new": new}, headers=headers)

    def delete(self, ref: str, *, by: Client | None = None) -> Reply:
        """DELETE an asset or a resource."""
        return (by or self.studio.alice).delete(f"{self.path}{quote(ref)}")

    def get(self, ref: str, query: str = "", *, by: Client | None = None) -> Reply:
        """An asset, or what a namespace has, from the content browser."""
        return (by or self.studio.alice).get(f"{self.browser}{quote(ref)}{query}")

    def asset(self, ref: str) -> dict[str, Any]:
        """What an asset is."""
        reply = self.get(ref)
        assert reply.status == 200, reply.text
        return dict(reply.json())

    def modified(self, ref: str) -> str:
        """When an asset was modified."""
        return str(self.asset(ref)["meta"]["modified"])

    def upload(self, ref: str, content: bytes = MODEL, *, by: Client | None = None, query: str = "") -> Reply:
        """PUT a resource."""
        headers = {"Content-Type": "application/octet-stream"}
        return (by or self.studio.alice).put(f"{self.path}{quote(ref)}{query}", body=content, headers=headers)

    def uploaded(self, *refs: str, content: bytes = MODEL) -> None:
        """PUT resources and let everything that is queued happen."""
        for ref in refs:
            reply = self.upload(ref, content)
            assert reply.status in (200, 201), reply.text
        self.studio.deliver()

    def fetch(self, ref: str, *, by: Client | None = None) -> Reply:
        """GET the bytes of a resource."""
        return (by or self.studio.alice).get(f"{self.path}{quote(ref)}")

    def status(self) -> dict[str, Any]:
        """What its statuses come to."""
        return dict(self.studio.alice.get(f"{self.path}/status").json())

    def statuses(self) -> dict[str, dict[str, Any]]:
        """The status of each context."""
        found = self.studio.alice.get(f"{self.path}/statuses").json()
        return {status["context"]: status for status in found}


def sentence(reply: Reply, status: int) -> str:
    """The text of an error of this status, whose body must be a bare JSON string."""
    assert reply.status == status, reply.text
    assert reply.headers["Content-Type"].startswith("application/json")
    text = reply.json()
    assert isinstance(text, str)
    assert text
    return text
