"""Listings of assets: what has them, and who is shown which.

Each asset has a row in its owner's partition and one in everybody's, written and moved in the transaction that creates,
deletes, restores or purges it. A page is one Query of those rows and one BatchGetItem of the assets.
"""

from dataclasses import dataclass

from chalicelib.apis.assets import ownership
from chalicelib.apis.assets.models import Asset, Listed, Replaces
from chalicelib.apis.assets.ownership import MANAGE_ALL
from chalicelib.identity import Principal
from chalicelib.rows import Delete, Put, Step
from chalicelib.web.paging import Page

EVERYBODYS = "assets"
_KEPT, _DELETED = "kept", "deleted"


@dataclass(frozen=True, slots=True)
class Found:
    """A page of assets; `last` is the id behind which the next one begins, None at the end."""

    assets: list[Asset]
    last: str | None


def page(principal: Principal, wanted: Page, *, deleted: bool) -> Found:
    """The assets that this principal may manage, the newest first."""
    partition = EVERYBODYS if principal.has(MANAGE_ALL) else _partition_of(principal.uid)
    shelf = _DELETED if deleted else _KEPT
    after = None if wanted.after is None else f"{shelf}#{wanted.after}"
    rows = list(Listed.below(partition, f"{shelf}#", limit=wanted.limit + 1, after=after, newest_first=True))
    ids = [row.asset_id for row in rows[: wanted.limit]]
    # Deleted, restored or purged since the rows were read: it belongs on the other shelf, or on none.
    there = [asset for asset in _read(ids) if _shelf(asset) == shelf]
    return Found(there, ids[-1] if len(rows) > len(ids) else None)


def replaced_by(principal: Principal, wanted: Page, asset_id: str) -> Found:
    """Those of the undeleted assets this principal may manage that an asset replaces, the newest first."""
    after = None if wanted.after is None else f"replaces#{wanted.after}"
    rows = list(
        Replaces.below(f"asset#{asset_id}", "replaces#", limit=wanted.limit + 1, after=after, newest_first=True)
    )
    ids = [row.other_id for row in rows[: wanted.limit]]
    there = [
        asset
        for asset in _read(ids)
        if _shelf(asset) == _KEPT and asset.replacement_id == asset_id and ownership.may(principal, asset)
    ]
    return Found(there, ids[-1] if len(rows) > len(ids) else None)


def moves(old: Asset | None, new: Asset) -> list[Step]:
    """The steps that make listings follow a change of an asset."""
    before, after = _shelf(old), _shelf(new)
    if before == after:
        return []
    partitions = (_partition_of(new.owner), EVERYBODYS)
    steps: list[Step] = []
    if before is not None:
        steps += [Delete(Listed.at(partition, before, new.asset_id)) for partition in partitions]
    if after is not None:
        steps += [Put(Listed.at(partition, after, new.asset_id)) for partition in partitions]
    return steps


def _read(ids: list[str]) -> list[Asset]:
    """Those of these assets that there are, in this order."""
    if not ids:
        return []
    assets = {asset.asset_id: asset for asset in Asset.find_many([(f"asset#{one}", "asset") for one in ids])}
    return [assets[one] for one in ids if one in assets]


def _shelf(asset: Asset | None) -> str | None:
    if asset is None or asset.purged:
        return None
    return _DELETED if asset.deleted_at else _KEPT


def _partition_of(uid: str) -> str:
    return f"owner#{uid}"
