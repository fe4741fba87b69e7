"""The rules of assets but for their files: create, list, change what is known of them, tag them."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from chalicelib import clock
from chalicelib.apis.stores import access, errors, ids, parameters, shelves, tags
from chalicelib.apis.stores.access import Right
from chalicelib.apis.stores.index_rows import Tagged
from chalicelib.apis.stores.models import RECENT, Asset, Project, Version, microseconds
from chalicelib.apis.stores.parameters import Page
from chalicelib.apis.stores.projects import LONGEST_TEXT
from chalicelib.identity import Principal
from chalicelib.rows import ConditionFailed, Put, Step, contend, create, transact

LONGEST_NAME = 1_000
MOST_HISTORY = 20_000
"""Uploads that a meta tells of: each takes some 75 bytes of an answer that has 4.5 MB."""

_ADD, _REMOVE = "add", "remove"


def create_asset(principal: Principal, store_id: str, project_id: str, fields: dict[str, Any]) -> str:
    """Make an asset from its `id`, or from its `name` alone, which then is the id too.

    Raises:
        MalformedRequest, Conflict, Unauthenticated
    """
    access.enter(principal, Right.WRITE, store_id, project_id)
    name = parameters.required_text(fields, "name")
    asset_id = ids.demand_asset(fields.get("id") or name)
    row = blank(store_id, project_id, asset_id, name=parameters.text_of(name, "name", LONGEST_NAME))
    try:
        create(row)
    except ConditionFailed:
        raise errors.asset_in_use(asset_id) from None
    return asset_id


def blank(store_id: str, project_id: str, asset_id: str, *, name: str) -> Asset:
    """A new asset, not yet written, that nothing was uploaded to."""
    row = Asset.at(store_id, project_id, asset_id)
    row.name, row.tags, row.recent, row.uploads, row.revision = name, [], [], 0, 1
    row.created_at = row.updated_at = clock.now()
    return row


def list_assets(
    principal: Principal, store_id: str, project_id: str, tag: str | None, page: Page
) -> tuple[Project, Iterator[Asset]]:
    """A project and its assets in the order of their ids. Arguments as for `projects.list_projects`.

    Raises:
        MalformedRequest, Unauthenticated
    """
    project, _ = access.enter(principal, Right.READ, store_id, project_id)
    if tag is None:
        limit = None if page.limit is None else page.limit + 1
        return project, Asset.below(project.partition, "asset#", limit=limit, after=page.after)
    if not ids.is_tag(tag):
        return project, iter(())
    shelf = shelves.Shelf(Tagged.asset(store_id, project_id, tag, ""), "asset#", page.look)
    rows = shelves.found(
        shelves.shared("asset#", page.after, [shelf]), lambda key: Asset(project.partition, key), page.look
    )
    return project, (row for row in rows if tag in row.tags)


def show(principal: Principal, store_id: str, project_id: str, asset_id: str) -> tuple[Project, Asset]:
    """A project and one of its assets, for a reader: one BatchGetItem.

    Raises:
        MalformedRequest, Unauthenticated
    """
    return find(principal, Right.READ, store_id, project_id, asset_id)


def find(principal: Principal, right: Right, store_id: str, project_id: str, asset_id: str) -> tuple[Project, Asset]:
    """A project and one of its assets, for a caller who has this right. Raises as `show`."""
    project, asset = look_for(principal, right, store_id, project_id, asset_id)
    if asset is None:
        raise errors.asset_not_found(project_id, asset_id)
    return project, asset


def look_for(
    principal: Principal, right: Right, store_id: str, project_id: str, asset_id: str
) -> tuple[Project, Asset | None]:
    """As `find`, with None for an asset that is not there."""
    possible = ids.is_segment(asset_id, ids.LONGEST_ASSET_ID)
    wanted = [Asset.at(store_id, project_id, asset_id)] if possible else []
    project, rows = access.enter(principal, right, store_id, project_id, *wanted)
    return project, rows[0] if rows else None


def history(asset: Asset) -> list[int]:
    """The moments of the latest `MOST_HISTORY` uploads in order, as epoch microseconds. One Query a started MB if they
    are more than the row holds.
    """
    recent = [int(moment) for moment in asset.recent]
    first = max(1, int(asset.uploads) - MOST_HISTORY + 1)
    missing = int(asset.uploads) - len(recent) + 1 - first
    if missing <= 0:
        return recent
    key = Version.at(asset.store_id, asset.project_id, asset.asset_id, first)
    older = Version.below(key.pk, f"version#{asset.asset_id}/", first=key.sk, limit=missing)
    return [*(microseconds(version.uploaded_at) for version in older), *recent]


def remember(asset: Asset, moment: datetime) -> int:
    """Put a new upload into an asset's history, and return its number."""
    asset.uploads = int(asset.uploads) + 1
    asset.recent = [*asset.recent, microseconds(moment)][-RECENT:]
    return asset.version


def change(
    principal: Principal, store_id: str, project_id: str, asset_id: str, fields: dict[str, Any]
) -> tuple[Project, Asset]:
    """Change an asset's `name`, `description` and `tags`; what is not there stays, everything else is ignored.

    Raises:
        MalformedRequest, Unauthenticated
    """

    def edit(asset: Asset) -> None:
        if "name" in fields:
            asset.name = parameters.text_of(parameters.required_text(fields, "name"), "name", LONGEST_NAME)
        if "description" in fields:
            asset.description = parameters.text_of(fields["description"], "description", LONGEST_TEXT)
        if "tags" in fields:
            asset.tags = tags.demand(fields["tags"])

    return _edited(principal, store_id, project_id, asset_id, edit)


def replace_tags(principal: Principal, store_id: str, project_id: str, asset_id: str, value: Any) -> list[str]:
    """Give an asset these tags instead of those it has. Raises as `change`."""
    return list(change(principal, store_id, project_id, asset_id, {"tags": value})[1].tags)


def change_tags(
    principal: Principal, store_id: str, project_id: str, asset_id: str, fields: dict[str, Any]
) -> list[str]:
    """Add tags to an asset, or remove some: `action` and `data`. Raises as `change`."""

    def edit(asset: Asset) -> None:
        action, given = parameters.required(fields, "action"), tags.demand(parameters.required(fields, "data"))
        if action == _ADD:
            asset.tags = tags.demand([*asset.tags, *given])
        elif action == _REMOVE:
            asset.tags = [tag for tag in asset.tags if tag not in given]
        else:
            raise errors.invalid_data("Invalid action provided: it is add or remove.")

    return list(_edited(principal, store_id, project_id, asset_id, edit)[1].tags)


def write(old: Asset | None, new: Asset, *more: Step) -> Asset:
    """Write an asset and what follows from it, unless somebody changed it since it was read.

    Raises:
        TransactionCancelled: somebody did.
    """
    new.updated_at = clock.now()
    if old is not None:
        new.revision = old.revision + 1
    unchanged = Asset.pk.does_not_exist() if old is None else Asset.revision == old.revision
    tagged = tags.changed(
        old.tags if old is not None else [],
        new.tags,
        lambda tag: Tagged.asset(new.store_id, new.project_id, tag, new.asset_id),
    )
    transact(Put(new, unchanged), *tagged, *more)
    return new


def _edited(
    principal: Principal, store_id: str, project_id: str, asset_id: str, edit: Callable[[Asset], None]
) -> tuple[Project, Asset]:
    def attempt() -> tuple[Project, Asset]:
        project, old = find(principal, Right.WRITE, store_id, project_id, asset_id)
        new = old.copy()
        edit(new)
        return project, write(old, new)

    return contend(attempt)
