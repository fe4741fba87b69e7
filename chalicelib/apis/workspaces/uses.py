"""Which asset depends on what: the rows that say so, and writing them together with what makes them true.

An asset's own row is the truth; a `Use` row is how it is found from the other side. There may be one too many, never
one too few: whoever looks from the other side reads the assets' rows and believes those. Most changes are one
transaction. One that is too large for that writes the new uses ahead, then commits, then tidies up:

    Loose, due --> new uses, some at a time --> the asset's row, if the sequence is still the same --> tidy, Loose goes

A crash in between leaves `Loose` due, and the sweep tidies: it takes away the uses that the asset's row does not have,
and counts the sequence up with each deletion, so that nobody commits who wrote uses ahead before it.
"""

import uuid
from collections.abc import Container, Iterable, Iterator
from typing import Self

from pynamodb.attributes import JSONAttribute

from chalicelib import clock
from chalicelib.apis.workspaces.models import (
    OF_RESOURCES,
    Asset,
    Name,
    State,
    Use,
    Workspace,
    WorkspaceRow,
    partition,
    uses_prefix,
)
from chalicelib.batches import batched
from chalicelib.errors import Busy
from chalicelib.rows import Check, Delete, Put, Step, Update, contend, find_each, transact
from chalicelib.rows import delete as delete_row

_TOGETHER = 88
"""Uses that change in one transaction with the rest of a write."""

_AT_ONCE = 98
_LOOSE_SECONDS = 120
_MOST_NAMED = 100
_LOOKS = 20


class Loose(WorkspaceRow):
    """Some uses of an asset may be there that its row does not have: `targets` are those that a write touches."""

    targets = JSONAttribute(null=True)

    @classmethod
    def at(cls, guid: str, asset_id: str, nonce: str) -> Self:
        """A blank row for one write of an asset."""
        return cls(pk=partition(guid), sk=f"loose#{asset_id}#{nonce}")

    @property
    def asset_id(self) -> str:
        """The id of the asset."""
        return self.sk.split("#")[1]


def is_ready(workspace: Workspace) -> Step:
    """The transaction step that demands a workspace to which can be written."""
    return Check(Workspace.at(workspace.guid), Workspace.state == State.READY.value)


def is_there(guid: str) -> Step:
    """The transaction step that demands a workspace that is not being deleted; what is written to one might stay."""
    return Check(Workspace.at(guid), Workspace.state.exists() & (Workspace.state != State.DELETING.value))


def is_unchanged(workspace: Workspace) -> Step:
    """The transaction step that demands that nothing was deleted and no use added since the workspace was read, and
    lets others know of this one."""
    read = int(workspace.sequence)
    condition = (Workspace.state == State.READY.value) & (Workspace.sequence == read)
    return Update(Workspace.at(workspace.guid), [Workspace.sequence.set(read + 1)], condition)


def commit(
    workspace: Workspace, asset_id: str, before: set[str], after: set[str], *steps: Step, deletes: bool = False
) -> None:
    """Write an asset, and what it uses, unless something it needs has gone since the workspace was read.

    Args:
        before, after: the targets of its dependencies.
        steps: write the asset itself; at most ten.
        deletes: the asset goes, and must not be used by others.

    Raises:
        TransactionCancelled: somebody was faster.
    """
    guid = workspace.guid
    added, removed = sorted(after - before), sorted(before - after)
    hold = is_unchanged(workspace) if added or deletes else is_ready(workspace)
    if len(added) + len(removed) <= _TOGETHER:
        puts = [Put(Use.at(guid, one, asset_id)) for one in added]
        transact(hold, *steps, *puts, *(Delete(Use.at(guid, one, asset_id)) for one in removed))
        return
    loose = Loose.at(guid, asset_id, uuid.uuid4().hex)
    loose.targets = [*added, *removed]
    loose.make_due(clock.epoch() + _LOOSE_SECONDS)
    for some in batched(added, _AT_ONCE):
        transact(is_ready(workspace), Put(loose), *(Put(Use.at(guid, one, asset_id)) for one in some))
    transact(is_unchanged(workspace), *steps, Put(loose))
    tidy(loose)


def attend(pk: str, sk: str) -> None:
    """What the sweep does with a due `Loose`."""
    loose = Loose.find(pk, sk)
    if loose is not None:
        tidy(loose)


def tidy(loose: Loose) -> None:
    """Take away the uses that an asset's row does not have, and then the row that says there may be some."""
    for some in batched(loose.targets, _AT_ONCE):
        contend(lambda some=some: _tidy(loose.guid, loose.asset_id, some))  # type: ignore[misc]
    delete_row(loose)


def of(guid: str, used: str) -> list[str]:
    """The refs of the assets that depend on a target, the first hundred of them."""
    found: list[str] = []
    for some in batched(Use.below(partition(guid), uses_prefix(used)), _MOST_NAMED):
        found += _truly(guid, used, [row.asset_id for row in some])
        if len(found) >= _MOST_NAMED:
            break
    return found[:_MOST_NAMED]


def of_resources(guid: str, wanted: Container[str]) -> Iterator[tuple[str, str]]:
    """The uses of resources, of any number of these targets: each target with the ref of an asset that depends on it.

    One Query for each started MB of all uses of resources, and two BatchGetItems for each hundred of those wanted.
    """
    rows = ((row.used, row.asset_id) for row in Use.below(partition(guid), uses_prefix(OF_RESOURCES).rstrip("#")))
    for some in batched((pair for pair in rows if pair[0] in wanted), _MOST_NAMED):
        assets = {row.asset_id: row for row in _rows_of(guid, dict.fromkeys(asset_id for _, asset_id in some))}
        for used, asset_id in some:
            if asset_id in assets and used in assets[asset_id].uses:
                yield used, assets[asset_id].ref


def refs_of(guid: str, asset_ids: Iterable[str]) -> dict[str, str]:
    """The refs that assets have now, by their ids: one BatchGetItem for each hundred."""
    found: dict[str, str] = {}
    for some in batched(dict.fromkeys(asset_ids), 100):
        rows: list[Name | None] = find_each(*(Name.at(guid, one) for one in some))
        found |= {row.asset_id: row.ref for row in rows if row is not None}
    return found


def ids_in(assets: Iterable[Asset]) -> Iterator[str]:
    """The ids of all assets that these depend on."""
    return (one for asset in assets for one in asset.dependencies or () if not one.startswith("/"))


def _rows_of(guid: str, asset_ids: Iterable[str]) -> list[Asset]:
    """The rows of those of these assets (at most 100) that are there, wherever they are by now.

    Two BatchGetItems, and two more for those that were renamed in between: such an asset must not be taken for gone.

    Raises:
        Busy: some were renamed every time.
    """
    found: list[Asset] = []
    left = list(asset_ids)
    for _ in range(_LOOKS):
        places = refs_of(guid, left)
        if not places:
            return found
        rows: list[Asset | None] = find_each(*(Asset.at(guid, ref) for ref in places.values()))
        there = {row.asset_id: row for row in rows if row is not None}
        found += [there[one] for one in places if one in there]
        left = [one for one in places if one not in there]
    if left:
        raise Busy
    return found


def _truly(guid: str, used: str, asset_ids: list[str]) -> list[str]:
    return [row.ref for row in _rows_of(guid, asset_ids) if used in row.uses]


def _tidy(guid: str, asset_id: str, targets: list[str]) -> None:
    key = Workspace.at(guid)
    workspace = Workspace.find(key.pk, key.sk)
    if workspace is None or workspace.state != State.READY:
        return
    kept = {used for row in _rows_of(guid, [asset_id]) for used in row.uses}
    stale = [one for one in targets if one not in kept]
    if stale:
        transact(is_unchanged(workspace), *(Delete(Use.at(guid, one, asset_id)) for one in stale))
