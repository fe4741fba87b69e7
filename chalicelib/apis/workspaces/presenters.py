"""The JSON answers of the Bilrost API (docs/apis/workspaces.md, "Answers")."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from chalicelib.apis.workspaces import resources
from chalicelib.apis.workspaces.assets import Shown
from chalicelib.apis.workspaces.browsing import Assets, fits
from chalicelib.apis.workspaces.errors import MANAGER, too_large
from chalicelib.apis.workspaces.models import Asset, Resource, Workspace
from chalicelib.apis.workspaces.parameters import Page
from chalicelib.web.responses import LARGEST_ANSWER, encode

WORKSPACE_TYPE = "application/vnd.bilrost.workspace+json"
ASSET_VERSION = "1.1.0"
_WORKSPACE_VERSION = "2.0.0"
_ROOM = LARGEST_ANSWER - 1_000
_EXTENSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def metadata(row: Workspace) -> dict[str, Any]:
    """A workspace as the asset manager shows it."""
    return {"name": row.name, "guid": row.guid, "description": row.description, "type": WORKSPACE_TYPE}


def workspace(row: Workspace) -> dict[str, Any]:
    """A workspace as the content browser shows it."""
    created = iso(int(row.created_at.timestamp() * 1000))
    return {
        "project": {"full_name": f"{row.store_id}/{row.project_id}", "host": "s3"},
        "guid": row.guid,
        "name": row.name,
        "description": row.description,
        "version": _WORKSPACE_VERSION,
        "pushed_at": None,
        "created_at": created,
        "updated_at": created,
        "type": WORKSPACE_TYPE,
        "branch": row.branch,
        "file_uri": row.file_uri,
        "subscriptions": [],
        "stage": [],
        "tags": [],
    }


def meta(row: Asset) -> dict[str, Any]:
    """What is known of an asset beside its content."""
    return {
        "ref": row.ref,
        "created": iso(int(row.created)),
        "modified": iso(int(row.modified)),
        "author": "unknown",
        "version": ASSET_VERSION,
    }


def asset(shown: Shown) -> dict[str, Any]:
    """An asset whole."""
    return one_of_many(shown.asset, shown.refs)


def one_of_many(row: Asset, refs: Mapping[str, str]) -> dict[str, Any]:
    """An asset whole, the refs of those it depends on being these, by their ids.

    One without a ref was there when the row was read and is not any more: the asset has been replaced meanwhile.
    """
    dependencies = [one if one.startswith("/") else refs.get(one) for one in row.dependencies or ()]
    dependencies = [one for one in dependencies if one is not None]
    return {"dependencies": dependencies, "main": row.main or "", **(row.body or {}), "meta": meta(row)}


def asset_type(row: Asset) -> str:
    """The content type of an asset's answer, which tells the extension of its ref."""
    name, dot, extension = row.ref.rpartition("/")[2].rpartition(".")
    told = bool(name and dot and _EXTENSION.fullmatch(extension))
    return f"application/vnd.bilrost.{extension}+json" if told else "application/json"


def url(guid: str, ref: str) -> str:
    """Where the content browser shows an asset, a resource or a namespace."""
    return f"/contentbrowser/workspaces/{guid}{quote(ref)}"


def iso(moment: int) -> str:
    """Epoch milliseconds as the API writes moments."""
    seconds, milliseconds = divmod(moment, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{milliseconds:03}Z"


def resource(row: Resource) -> dict[str, Any]:
    """What is known of a resource."""
    return {
        "ref": row.ref,
        "name": row.ref.rpartition("/")[2],
        "size": None if row.size is None else int(row.size),
        "mime": resources.served_as(row).partition(";")[0],
        "hash": row.sha256,
        "created": iso(int(row.created)),
        "modified": iso(int(row.modified)),
        "state": row.state,
        "url": f"/assetmanager/workspaces/{row.guid}{quote(row.ref)}",
    }


def api(name: str) -> dict[str, str]:
    """The description of one of the two APIs."""
    if name == MANAGER:
        return {"name": "Asset manager", "version": "0.1.0", "url": "/assetmanager", "workspaces_url": "/workspaces/"}
    return {
        "name": "Content browser",
        "version": "1.1",
        "url": "/contentbrowser",
        "projects_url": "/projects/",
        "workspaces_url": "/workspaces/",
    }


@dataclass(slots=True)
class Listing:
    """A page of a listing, as far as it fits into one answer.

    Args:
        kind: what it is called in the answer.
        path: where it is asked for, percent-encoded.
        query: what was asked for besides the page.
    """

    kind: str
    path: str
    page: Page
    query: dict[str, str] = field(default_factory=dict)
    beside: dict[str, Any] = field(default_factory=dict)

    def answer(
        self, shown: Iterable[dict[str, Any] | None], *, more: bool, names: Sequence[str] = ()
    ) -> dict[str, Any]:
        """The answer with these things, and with the address of the next page if there are more.

        Args:
            shown: None for what is on the page and not to be shown.
            names: of these things, where the next page is asked for by the last name on this one.
        """
        items: list[dict[str, Any]] = []
        room, passed = _ROOM - len(encode(self.beside)), 0
        for one in shown:
            room -= 0 if one is None else len(encode(one)) + 1
            if room < 0 and items:
                more = True
                break
            passed += 1
            if one is not None:
                items.append(one)
        answer = {"kind": self.kind, "items": items, "totalItems": len(items), **self.beside}
        if more:
            place = {"after": names[passed - 1]} if names else {"start": self.page.start + passed}
            further = {**self.query, "maxResults": self.page.most, **place}
            answer["nextLink"] = f"{self.path}?{urlencode(further)}"
        return answer


def shared(
    found: Sequence[tuple[str, Workspace | None]], path: str, page: Page, pattern: str | None, *, more: bool
) -> dict[str, Any]:
    """A page of the workspaces of an organisation; `found` and `more` as from `browsing.shared`."""
    query = {"all": "true"} if pattern is None else {"all": "true", "name": pattern}
    shown = (None if row is None else workspace(row) for _, row in found)
    return Listing("workspace-list", path, page, query).answer(shown, more=more, names=[name for name, _ in found])


def namespaces(guid: str, found: list[str]) -> dict[str, Any]:
    """The namespaces directly within one."""
    shown = [{"url": url(guid, ref), "ref": ref} for ref in found]
    return {"namespaces": shown, "totalNamespaces": len(shown)}


def asset_page(found: Assets, path: str, page: Page, pattern: str | None) -> dict[str, Any]:
    """A page of the assets of a namespace.

    Args:
        path: where it is asked for, percent-encoded.
        pattern: what the last part of a ref has to fit to be shown.
    """
    beside = namespaces(found.workspace.guid, found.namespaces)
    listing = Listing("asset-list", path, page, {} if pattern is None else {"ref": pattern}, beside)
    shown = (
        _with_url(row, found.refs) if pattern is None or fits(row.ref.rpartition("/")[2], pattern) else None
        for row in found.found
    )
    return listing.answer(shown, more=found.more)


def hits(found: Assets) -> dict[str, Any]:
    """All assets that a search has found.

    Raises:
        BodyTooLarge: they do not fit into one answer.
    """
    items = [_with_url(row, found.refs) for row in found.found]
    answer = {"kind": "asset-list", "items": items, "totalItems": len(items)}
    if len(encode(answer)) > LARGEST_ANSWER:
        raise too_large("the answer", LARGEST_ANSWER)
    return answer


def branches(row: Workspace) -> dict[str, Any]:
    """The branch that a workspace was cloned from."""
    return {
        "kind": "branch-list",
        "locals": [{"name": row.branch, "status": "UP_TO_DATE"}],
        "totalLocals": 1,
        "remotes": [{"name": row.branch}],
        "totalRemotes": 1,
    }


def _with_url(row: Asset, refs: Mapping[str, str]) -> dict[str, Any]:
    return {**one_of_many(row, refs), "url": url(row.guid, row.ref)}
