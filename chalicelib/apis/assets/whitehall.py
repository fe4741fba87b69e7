"""Whitehall paths: public paths of the caller's choice, each with one undeleted asset at most (docs/apis/assets.md).

A path's row names its holder and counts how often it changed hands; that count ranks before the asset's version in the
generation of what is published, so that a late worker of the holder before never wins.
"""

from dataclasses import dataclass, field

from chalicelib import clock
from chalicelib.apis.assets import listing, ownership, retention, validation
from chalicelib.apis.assets.models import Asset, LegacyPath
from chalicelib.apis.assets.parameters import Changes
from chalicelib.errors import ValidationFailed
from chalicelib.identity import Principal
from chalicelib.rows import Check, Put, Step, absent


@dataclass(slots=True)
class Claim:
    """What becoming the holder of a public path takes: broken rules, steps, and the asset that loses it."""

    errors: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    displaced: Asset | None = None


def holder_of(path: str) -> str | None:
    """The id of the asset that has, or last had, a whitehall path; None if no asset ever had it."""
    if len(path.encode()) > validation.LONGEST_PATH:
        return None
    held = LegacyPath.find(f"path#{path}", "path")
    return None if held is None else str(held.asset_id)


def claim(principal: Principal, new: Asset, changes: Changes) -> Claim:
    """Give a new asset its whitehall path, and delete whoever has it.

    Raises:
        Forbidden: whoever has it is another's.
    """
    path = new.legacy_url_path = changes.legacy.get("legacy_url_path")
    taken = Claim(list(validation.broken_path_rules(path)))
    try:
        new.legacy_etag = validation.legacy_etag(changes.legacy.get("legacy_etag"))
    except ValueError:
        taken.errors.append("Legacy etag is not an entity tag")
    try:
        new.legacy_last_modified = validation.legacy_last_modified(changes.legacy.get("legacy_last_modified"))
    except ValueError:
        taken.errors.append("Legacy last modified is not a date")
    if taken.errors:
        return taken
    held = LegacyPath.find(f"path#{path}", "path")
    taken.steps.append(_path_step(held, new))
    holder = Asset.get_by_id(held.asset_id) if held is not None else None
    if holder is not None and holder.deleted_at:
        taken.steps.append(_stays_deleted(holder))
    elif holder is not None:
        ownership.demand(principal, holder)
        gone = retention.deleted(holder)
        gone.version, gone.updated_at = holder.version + 1, clock.now()
        taken.steps += [Put(gone, Asset.version == holder.version), *listing.moves(holder, gone)]
        taken.displaced = holder
    return taken


def claim_back(old: Asset, new: Asset) -> list[Step]:
    """The steps that give a restored asset its whitehall path back."""
    if not old.legacy_url_path:
        return []
    held = LegacyPath.find(f"path#{old.legacy_url_path}", "path")
    assert held is not None
    if held.asset_id == old.asset_id:
        return [Check(LegacyPath.at(old.legacy_url_path), LegacyPath.holders == held.holders)]
    holder = Asset.get_by_id(held.asset_id)
    if holder is None:
        return [_path_step(held, new)]
    if not holder.deleted_at:
        raise ValidationFailed(details=["Legacy url path has already been taken"])
    return [_path_step(held, new), _stays_deleted(holder)]


def _stays_deleted(holder: Asset) -> Step:
    """The step that keeps a deleted asset from being restored while another takes its path."""
    return Check(Asset.at(holder.asset_id), Asset.version == holder.version)


def _path_step(held: LegacyPath | None, new: Asset) -> Step:
    row = LegacyPath.at(new.legacy_url_path)
    row.asset_id, row.holders = new.asset_id, 1 if held is None else held.holders + 1
    new.path_holder = row.holders
    return Put(row, absent(LegacyPath) if held is None else LegacyPath.holders == held.holders)
