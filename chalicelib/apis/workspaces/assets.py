"""The rules of assets: make, replace, rename, delete, show (docs/apis/workspaces.md, "Assets")."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chalicelib import clock
from chalicelib.apis.workspaces import access, contents, errors, refs, uses
from chalicelib.apis.workspaces.access import Entered, Right
from chalicelib.apis.workspaces.contents import Content
from chalicelib.apis.workspaces.models import Asset, Name, Resource, target
from chalicelib.batches import batched
from chalicelib.identity import Principal
from chalicelib.rows import Delete, Put, Row, Step, Update, absent, contend, find_each, transact

_WITH_THE_WORKSPACE = 90
"""Dependencies that are looked up in the call that reads the workspace."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An asset, and the refs that the assets it depends on have now, by their ids."""

    asset: Asset
    refs: dict[str, str]


def show(principal: Principal, identifier: str, ref: str) -> Shown:
    """An asset, for a reader: one call, and one more for the assets it depends on.

    Raises:
        NotFound
    """
    entered = access.enter(principal, Right.READ, identifier, lambda guid: _blank(guid, ref))
    asset = _found(entered, ref)
    if asset is None:
        raise errors.not_found(errors.ASSET, ref)
    return Shown(asset, uses.refs_of(asset.guid, uses.ids_in([asset])))


def put(principal: Principal, identifier: str, ref: str, body: Any, last_modified: int | None) -> tuple[bool, Shown]:
    """Make an asset, or replace what it holds. Returns whether it was made, and what it is now.

    Args:
        last_modified: when the client believes it was modified, in epoch milliseconds; counts for a replacement.

    Raises:
        MalformedRequest, BodyTooLarge, NotFound, PreconditionFailed
        Forbidden: a ref that differs in case alone is taken; the caller may not write; the workspace is locked.
    """
    ref = refs.demand_asset(ref)
    content = contents.read(body)
    named = _named(content)
    new_id = uuid.uuid4().hex

    def attempt() -> tuple[bool, Shown]:
        entered = access.enter(
            principal,
            Right.WRITE,
            identifier,
            lambda guid: [Asset.at(guid, ref), *(_row_of(guid, one) for one in named[:_WITH_THE_WORKSPACE])],
        )
        old, *rows = entered.rows
        _demand_unseen_or_seen(old, ref, last_modified)
        new = Asset.at(entered.workspace.guid, ref)
        new.ref, new.asset_id = ref, old.asset_id if old is not None else new_id
        found = _all_there(new, named, [*rows, *_further(entered, named)])
        return old is None, _write(entered, old, new, content, found)

    return contend(attempt)


def rename(principal: Principal, identifier: str, ref: str, new_ref: Any, last_modified: int | None) -> Asset:
    """Move an asset to another ref, which all that depend on it show from then on: one transaction.

    Raises:
        MalformedRequest: a namespace, or no possible ref.
        NotFound, PreconditionFailed
        Forbidden: the new ref is taken, or one that differs in case alone; the caller may not write; it is locked.
    """

    def attempt() -> Asset:
        wanted = new_ref if isinstance(new_ref, str) else ""
        entered = access.enter(
            principal, Right.WRITE, identifier, lambda guid: [*_blank(guid, ref), *_blank(guid, _slashed(wanted))]
        )
        if refs.is_namespace(ref):
            raise errors.corrupted(errors.ASSET, ref)
        old = _found(entered, ref)
        if old is None:
            raise errors.not_found(errors.ASSET, ref)
        _demand_seen(old, last_modified)
        if not wanted:
            raise errors.corrupted(errors.ASSET, "new")
        return _move(entered, old, refs.demand_asset(_slashed(wanted)))

    return contend(attempt)


def delete(principal: Principal, identifier: str, ref: str) -> None:
    """Delete an asset that no other depends on.

    Raises:
        MalformedRequest: a namespace.
        NotFound
        Forbidden: others depend on it; the caller may not write; the workspace is locked.
    """

    def attempt() -> None:
        entered = access.enter(principal, Right.WRITE, identifier, lambda guid: _blank(guid, ref))
        if refs.is_namespace(ref):
            raise errors.corrupted(errors.ASSET, ref)
        old = _found(entered, ref)
        if old is None:
            raise errors.nothing_to_remove(ref)
        users = uses.of(old.guid, old.asset_id)
        if users:
            raise errors.in_use(ref, users)
        uses.commit(
            entered.workspace,
            old.asset_id,
            set(old.uses),
            set(),
            Delete(Asset.at(old.guid, ref), Asset.revision == old.revision),
            Delete(Name.at(old.guid, old.asset_id)),
            *_main_steps(old.guid, old.asset_id, old.main, ""),
            deletes=True,
        )

    contend(attempt)


def _slashed(ref: str) -> str:
    """A ref as the document's example of a new one has it, without its first slash, as a ref."""
    return f"/{ref}" if ref.startswith(refs.ASSETS[1:]) else ref


def _blank(guid: str, ref: str) -> list[Row]:
    """The blank row of an asset; none for a ref that cannot have one."""
    fits = ref.startswith(refs.ASSETS) and len(refs.key(ref).encode()) <= refs.LONGEST_KEY
    return [Asset.at(guid, ref)] if fits and not refs.is_namespace(ref) else []


def _found(entered: Entered, ref: str) -> Asset | None:
    return next((row for row in entered.rows if row is not None and row.ref == ref), None)


def _demand_unseen_or_seen(old: Asset | None, ref: str, last_modified: int | None) -> None:
    if old is None:
        return
    if old.ref != ref:
        raise errors.exists(ref)
    _demand_seen(old, last_modified)


def _demand_seen(old: Asset, last_modified: int | None) -> None:
    if last_modified is None or last_modified != int(old.modified):
        raise errors.PreconditionFailed


def _named(content: Content) -> list[str]:
    """Everything that an asset names, its main first.

    Raises:
        MalformedRequest: something that could not be there.
    """
    named = list(dict.fromkeys([*([content.main] if content.main else []), *content.dependencies]))
    for one in named:
        possible = one.startswith(refs.ASSETS) and len(refs.key(one).encode()) <= refs.LONGEST_KEY
        if refs.is_namespace(one) or refs.single(one) != one or not (possible or refs.is_resource(one)):
            raise errors.not_in_workspace(one)
    return named


def _row_of(guid: str, ref: str) -> Row:
    return Asset.at(guid, ref) if ref.startswith(refs.ASSETS) else Resource.at(guid, ref)


def _further(entered: Entered, named: list[str]) -> Iterable[Any]:
    guid = entered.workspace.guid
    for some in batched(named[_WITH_THE_WORKSPACE:], 100):
        yield from find_each(*(_row_of(guid, one) for one in some))


def _all_there(new: Asset, named: list[str], rows: list[Any]) -> dict[str, Any]:
    """The rows of everything an asset names, by ref.

    Raises:
        MalformedRequest: something is not there, or is the asset itself.
    """
    for ref, row in zip(named, rows, strict=True):
        if row is None or row.ref != ref or ref == new.ref:
            raise errors.not_in_workspace(ref)
    return dict(zip(named, rows, strict=True))


def _write(entered: Entered, old: Asset | None, new: Asset, content: Content, found: dict[str, Any]) -> Shown:
    new.main, new.body = content.main, content.more
    rows = [found[one] for one in content.dependencies]
    new.dependencies = [row.ref if isinstance(row, Resource) else row.asset_id for row in rows]
    steps: list[Step]
    if old is None:
        new.revision, new.created = 1, milliseconds()
        new.modified = new.created
        steps = [Put(new, absent(Asset)), name_step(new)]
    else:
        new.revision, new.created, new.source = old.revision + 1, old.created, old.source
        new.modified = later_than(int(old.modified))
        steps = [Put(new, Asset.revision == old.revision)]
    before = old.main if old is not None else ""
    if content.main and found[content.main].main_of not in (None, new.asset_id):
        raise errors.main_taken(content.main)
    steps += _main_steps(new.guid, new.asset_id, before, content.main)
    used = {target(one) for one in old.dependencies} if old is not None else set()
    uses.commit(entered.workspace, new.asset_id, used, set(new.uses), *steps)
    names = {row.asset_id: row.ref for row in found.values() if isinstance(row, Asset)}
    return Shown(new, names)


def _main_steps(guid: str, asset_id: str, before: str, after: str) -> list[Step]:
    """What a change of an asset's main does to the resources; fails if another asset has the new one."""
    if before == after:
        return []
    steps: list[Step] = []
    counted = Resource.revision.set(Resource.revision + 1)
    if before:
        given_up = [Resource.main_of.remove(), counted]
        steps.append(Update(Resource.at(guid, before), given_up, Resource.main_of == asset_id))
    if after:
        free = (Resource.ref == after) & Resource.main_of.does_not_exist()
        steps.append(Update(Resource.at(guid, after), [Resource.main_of.set(asset_id), counted], free))
    return steps


def _move(entered: Entered, old: Asset, ref: str) -> Asset:
    new = Asset.at(old.guid, ref)
    taken = next((row for row in entered.rows[1:] if row is not None and row.asset_id != old.asset_id), None)
    if taken is not None:
        raise errors.exists(ref)
    for attribute in ("asset_id", "created", "main", "dependencies", "body", "source"):
        setattr(new, attribute, getattr(old, attribute))
    new.ref, new.revision, new.modified = ref, old.revision + 1, later_than(int(old.modified))
    unchanged = Asset.revision == old.revision
    moved: list[Step] = [Put(new, unchanged)]
    if new.sk != old.sk:
        moved = [Delete(Asset.at(old.guid, old.ref), unchanged), Put(new, absent(Asset))]
    transact(uses.is_ready(entered.workspace), *moved, name_step(new))
    return new


def name_step(asset: Asset) -> Step:
    """The transaction step that says which ref an asset has."""
    name = Name.at(asset.guid, asset.asset_id)
    name.ref = asset.ref
    return Put(name)


def milliseconds() -> int:
    """The present moment, as assets have it."""
    return int(clock.now().timestamp() * 1000)


def later_than(moment: int) -> int:
    """The present moment, or the one after `moment`: what changes is never modified at the same moment twice."""
    return max(milliseconds(), moment + 1)
