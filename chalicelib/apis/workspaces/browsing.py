"""The rules of reading: what is in a namespace, what a search finds (docs/apis/workspaces.md, "Reading")."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice
from typing import TypeVar

from chalicelib.apis.stores import cloning
from chalicelib.apis.workspaces import access, errors, favourites, refs, search, uses
from chalicelib.apis.workspaces.access import Right
from chalicelib.apis.workspaces.models import Asset, Claim, Favourite, Resource, Workspace, partition
from chalicelib.apis.workspaces.parameters import Page
from chalicelib.batches import batched
from chalicelib.identity import Principal
from chalicelib.rows import find_each

_LAST = "\U0010ffff"
_LONGEST_PATTERN = 300
_AT_ONCE = 33

_R = TypeVar("_R", Asset, Resource)


@dataclass(frozen=True, slots=True)
class Assets:
    """Assets of a workspace, and the refs of those they depend on, by their ids.

    Attributes:
        namespaces: those directly within the one asked for.
        more: whether there are more assets behind these.
    """

    workspace: Workspace
    found: list[Asset]
    refs: dict[str, str]
    namespaces: list[str]
    more: bool


@dataclass(frozen=True, slots=True)
class Files:
    """Resources of a workspace; `namespaces` and `more` as for `Assets`."""

    workspace: Workspace
    found: list[Resource]
    namespaces: list[str]
    more: bool


def workspaces(principal: Principal, pattern: str | None, page: Page) -> tuple[list[Workspace], bool]:
    """Those of the caller's favourites whose name fits a pattern, by name; and whether there are more behind them."""
    found = [row for row in favourites.kept(principal) if pattern is None or fits(row.name, pattern)]
    found.sort(key=lambda row: (refs.fold(row.name), row.guid))
    return found[page.start : page.start + page.most], len(found) > page.start + page.most


def shared(
    principal: Principal, pattern: str | None, most: int, after: str
) -> tuple[list[tuple[str, Workspace | None]], bool]:
    """The names in the caller's organisation behind one, in order of their folding, and the workspaces that have them:
    None for one that the caller may not read, has forgotten, or whose name does not fit the pattern.

    One Query, and one BatchGetItem for each 33.

    Returns:
        at most `most` of them, and whether there are more behind them.
    """
    key = Claim.name(access.organisation_of(principal), after)
    claims = list(Claim.below(key.pk, "name#", limit=most + 1, after=key.sk))
    shown: list[tuple[str, Workspace | None]] = []
    for some in batched(claims[:most], _AT_ONCE):
        found = find_each(
            *(
                blank
                for claim in some
                for blank in (
                    Workspace.at(claim.guid),
                    cloning.project_row(claim.store_id, claim.project_id),
                    Favourite.at(principal.uid, claim.guid),
                )
            )
        )
        for claim, workspace, project, favourite in zip(some, found[::3], found[1::3], found[2::3], strict=True):
            known = favourite is None or favourite.forgotten_at is None
            there = known and access.may_read(principal, workspace, project)
            fitting = there and (pattern is None or fits(claim.value, pattern))
            shown.append((claim.value, workspace if fitting else None))
    return shown, len(claims) > most


def assets(principal: Principal, identifier: str, namespace: str, page: Page, *, empty: bool = False) -> Assets:
    """The assets directly in a namespace, in the order of their folded refs.

    One Query for what comes before and on the page, and one for each namespace in it that holds many assets.

    Args:
        empty: show a namespace too that holds nothing but namespaces.

    Raises:
        NotFound: there is no such workspace, or no asset directly in the namespace.
    """
    workspace = access.enter(principal, Right.READ, identifier).workspace
    found, more = _directly(Asset, workspace.guid, namespace, page)
    if not (found or page.start or empty):
        raise errors.not_found(errors.ASSET, namespace)
    namespaces = _namespaces(workspace.guid, namespace)
    if not (found or page.start or namespaces):
        raise errors.not_found(errors.ASSET, namespace)
    names = uses.refs_of(workspace.guid, uses.ids_in(found))
    return Assets(workspace, found, names, namespaces, more)


def hits(principal: Principal, identifier: str, namespace: str, text: str) -> Assets:
    """All assets anywhere below a namespace that a search finds: one Query for each started MB below it.

    Raises:
        MalformedRequest: the search cannot be understood.
        NotFound: there is no such workspace, or nothing in the namespace.
    """
    wanted = search.understand(text)
    workspace = access.enter(principal, Right.READ, identifier).workspace
    guid = workspace.guid
    named = [one for one in wanted.dependencies if one.startswith(refs.ASSETS) and len(one) < refs.LONGEST_KEY]
    for some in batched(dict.fromkeys(named), 100):
        rows = find_each(*(Asset.at(guid, one) for one in some))
        wanted.ids |= {row.ref: row.asset_id for row in rows if row is not None}
    found, empty = [], True
    for row in Asset.below(partition(guid), f"ref#{refs.fold(namespace)}"):
        empty = False
        if wanted.test(row):
            found.append(row)
    if empty:
        raise errors.not_found(errors.ASSET, namespace)
    return Assets(workspace, found, uses.refs_of(guid, uses.ids_in(found)), [], more=False)


def files(principal: Principal, identifier: str, ref: str, page: Page) -> Files:
    """A resource, or those directly in a namespace; whether they can be fetched or not.

    Raises:
        NotFound: there is neither.
    """
    possible = refs.is_resource(ref)
    entered = access.enter(principal, Right.READ, identifier, lambda guid: [Resource.at(guid, ref)] if possible else [])
    row = entered.rows[0] if entered.rows else None
    if row is not None and row.ref == ref:
        return Files(entered.workspace, [row], [], more=False)
    namespace = ref if refs.is_namespace(ref) else f"{ref}/"
    found, more = _directly(Resource, entered.workspace.guid, namespace, page)
    namespaces = _namespaces(entered.workspace.guid, namespace)
    if not (found or namespaces or page.start):
        raise errors.not_found(errors.RESOURCE, ref)
    return Files(entered.workspace, found, namespaces, more)


def _directly(cls: type[_R], guid: str, namespace: str, page: Page) -> tuple[list[_R], bool]:
    prefix = f"ref#{refs.fold(namespace)}/"
    if len(prefix.encode()) > refs.LONGEST_KEY:
        return [], False
    rows = cls.below(partition(guid), prefix, limit=page.start + page.most + 1)
    found = list(islice(rows, page.start, None))
    return found[: page.most], len(found) > page.most


def _namespaces(guid: str, namespace: str) -> list[str]:
    """The namespaces directly within one: the two stretches of keys around what is directly in it are gone through,
    one Query for each MB; where one ends within a namespace, the next begins behind that."""
    prefix = f"ref#{refs.fold(namespace)}"
    if len(prefix.encode()) > refs.LONGEST_KEY:
        return []
    depth = namespace.count("/")
    found: dict[str, str] = {}
    for start, end in ((prefix, f"{prefix}.{_LAST}"), (f"{prefix}/{_LAST}", f"{prefix}{_LAST}")):
        more = True
        while more:
            rows, more = Resource.stretch(partition(guid), start, end)
            for row in rows:
                inner = row.sk[len(prefix) :].partition("/")[0]
                found.setdefault(inner, "/".join(row.ref.split("/")[: depth + 1]) + "/")
                start = f"{prefix}{inner}/{_LAST}"
    return list(found.values())


def fits(name: str, pattern: str) -> bool:
    """Whether a name fits a pattern with `*`, `?` and `[...]`."""
    return len(pattern) <= _LONGEST_PATTERN and fnmatchcase(name, pattern)
