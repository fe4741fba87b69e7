"""What the workspaces API builds on: a project's assets and their clean files, as they are or as they were named.

A source is opened once, with the caller's rights. Its assets then come page by page; each page tells its bounds, and
can be read again by them alone, so that pages can be parts of a long tree.

    pages --+-- page: bounds, assets, files     bounds of a batch of assets (in the order of their ids)
            +-- page: ...                       and, within it, of a stretch of their files (in the order of their keys)

No call is made an asset: see `leaping`. The files of a version are those that readers see, uploaded ones and outputs of
workers.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile

from chalicelib.apis.stores import access, ids, named, types
from chalicelib.apis.stores.access import Right
from chalicelib.apis.stores.index_rows import Label
from chalicelib.apis.stores.leaping import Walk, leaping
from chalicelib.apis.stores.models import Asset, Project, Version, entries_prefix, partition
from chalicelib.apis.stores.output_models import MADE, OutputOrTree, made_prefix
from chalicelib.errors import MalformedRequest, NotFound, Unauthenticated
from chalicelib.identity import Principal

MASTER = "master"
"""The branch that is a project's current state."""

_BATCH = 1_000

Bounds = dict[str, str]
"""Which page: assets behind the key `after` up to `until`; of their files those behind `start` up to `stop`, if any."""


class ProjectUnknown(NotFound):
    """There is no such store or project, or the caller may not read it."""

    code, message = "project_unknown", "project not found"


class BranchUnknown(NotFound):
    """The project has no named version of this name."""

    code, message = "branch_unknown", "branch not found"


@dataclass(frozen=True, slots=True)
class Source:
    """What is cloned; every field can be JSON.

    Attributes:
        number: which named version of the project; None for its current state.
        groups: who may use the project now.
        public: whether everybody may read it.
    """

    store_id: str
    project_id: str
    project_name: str
    branch: str
    number: int | None
    groups: tuple[str, ...]
    public: bool


@dataclass(frozen=True, slots=True)
class ClonedFile:
    """A clean file of a version; `path` is its path below the version, `size` its bytes."""

    path: str
    file_id: str
    library_key: str
    size: int
    content_type: str
    sha256: str | None


@dataclass(frozen=True, slots=True)
class ClonedAsset:
    """An asset at one version, with what is known of it today.

    Attributes:
        version: the version named; of the current state the newest clean one, or the newest where none is clean.
        index_path: the path of the file that the version begins with; None if it is not clean.
        begins: False for the rest of an asset whose first files came in the page before.
        files: the clean ones of exactly that version.
    """

    asset_id: str
    name: str
    description: str
    tags: list[str]
    version: int
    index_path: str | None
    begins: bool
    files: list[ClonedFile] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Page:
    """Some assets, and the bounds by which `page` reads them again."""

    bounds: Bounds
    assets: list[ClonedAsset]


def open_source(principal: Principal, store_id: str, project_id: str, branch: str = MASTER) -> Source:
    """A project for somebody who may read it, at a branch: `master` or nothing for its current state, else the newest
    named version of that name. One BatchGetItem.

    Raises:
        ProjectUnknown, BranchUnknown
    """
    branch = branch or MASTER
    looked_up = branch != MASTER and ids.is_text(branch, named.LONGEST_NAME)
    labels = [Label.at(store_id, project_id, branch)] if looked_up else []
    try:
        project, found = access.enter(principal, Right.READ, store_id, project_id, *labels)
    except (MalformedRequest, Unauthenticated):
        raise ProjectUnknown from None
    if branch != MASTER and not any(found):
        raise BranchUnknown
    number = int(found[0].number) if found else None
    return Source(store_id, project_id, project.name, branch, number, tuple(project.groups), project.is_public)


def project_row(store_id: str, project_id: str) -> Project:
    """The blank row of a project, to be read together with others; `may_read` and `may_write` take its `groups`."""
    return Project.at(store_id, project_id)


def may_read(principal: Principal, groups: Sequence[str]) -> bool:
    """Whether somebody may read what these groups may use."""
    return access.may(principal, Right.READ, groups)


def may_write(principal: Principal, groups: Sequence[str]) -> bool:
    """Whether somebody may write to what these groups may use."""
    return access.may(principal, Right.WRITE, groups)


def pages(source: Source, behind: Bounds | None = None, *, files: int = 500) -> Iterator[Page]:
    """The assets of a source, in an order that stays; assets made meanwhile may be left out.

    Args:
        behind: the bounds of the page to go on behind; None for the beginning.
        files: how many files a page has at most; an asset with more takes several pages.
    """
    versions = _versions(source)
    after, start = "asset#", ""
    if behind is not None:
        after, start = (behind["after"], behind["stop"]) if behind["stop"] else (behind["until"], "")
    while True:
        batch = _Batch.behind(source, versions, after, behind["until"] if behind is not None and start else None)
        if batch is None:
            return
        yield from batch.pages(start, "", files)
        after, start = batch.until, ""


def page(source: Source, bounds: Bounds) -> Page:
    """The page of a source that has these bounds, as it is now."""
    batch = _Batch.behind(source, _versions(source), bounds["after"], bounds["until"])
    found = list(batch.pages(bounds["start"], bounds["stop"], None)) if batch is not None else []
    return Page(bounds, [asset for one in found for asset in one.assets])


@dataclass(frozen=True, slots=True)
class _Wanted:
    asset: Asset
    number: int

    @property
    def version(self) -> str:
        """The key of its version."""
        return Version.at("", "", self.asset.asset_id, self.number).sk


@dataclass(frozen=True, slots=True)
class _Span:
    """Files of one version: its uploaded ones, with which it begins, or what workers made of them."""

    prefix: str
    wanted: _Wanted
    is_first: bool


@dataclass(frozen=True, slots=True)
class _Batch:
    """Some assets that follow one another, with their files in the order of the keys of these."""

    partition: str
    after: str
    until: str
    spans: list[_Span]

    @classmethod
    def behind(
        cls, source: Source, versions: Mapping[str, int] | None, after: str, until: str | None
    ) -> "_Batch | None":
        key = partition(source.store_id, source.project_id)
        if until is None:
            rows = list(Asset.below(key, "asset#", limit=_BATCH, after=after))
        else:
            rows = list(takewhile(lambda row: row.sk <= until, Asset.below(key, "asset#", after=after)))
        if not rows:
            return None
        wanted = [_Wanted(row, number) for row in rows if (number := _number(row, versions)) is not None]
        spans = [_Span(entries_prefix(one.asset.asset_id, one.number), one, True) for one in wanted]
        made = (one for one in wanted if one.asset.processed)
        spans += [_Span(made_prefix(one.asset.asset_id, one.number), one, False) for one in made]
        return cls(key, after, until or rows[-1].sk, sorted(spans, key=lambda span: span.prefix))

    def pages(self, start: str, stop: str, most: int | None) -> Iterator[Page]:
        """Its files behind one key and up to another, at most so many a page."""
        here = [span for span in self.spans if span.prefix > start or start.startswith(span.prefix)]
        if stop:
            here = [span for span in here if span.prefix <= stop]
        beginnings = self._beginnings([span.wanted for span in here if span.is_first and span.prefix > start])
        at, walk = start, None
        while True:
            walk = walk or Walk(self.partition, [span.prefix for span in here], at)
            found = list(islice(takewhile(lambda row: not stop or row.sk <= stop, walk), most))
            if not walk.stands():
                walk = None
                continue
            is_last = most is None or len(found) < most
            end = stop if is_last else found[-1].sk
            assets = _assets(here, found, at, end, beginnings)
            if assets:
                yield Page({"after": self.after, "until": self.until, "start": at, "stop": end}, assets)
            if is_last:
                return
            at = end

    def _beginnings(self, wanted: Sequence[_Wanted]) -> dict[str, str]:
        """Where those assets begin whose version is not the one that their own row tells, by the version's key."""
        keys = sorted(one.version for one in wanted if one.asset.index_version != one.number)
        rows = leaping(Version, self.partition, keys)
        return {row.sk: row.index_path for row in rows if row.index_path is not None}


def _versions(source: Source) -> dict[str, int] | None:
    """What version of each asset is wanted; None for the current ones."""
    return None if source.number is None else named.versions_of(source.store_id, source.project_id, source.number)


def _number(asset: Asset, versions: Mapping[str, int] | None) -> int | None:
    if versions is not None:
        return versions.get(asset.asset_id)
    return int(asset.index_version) if asset.index_version is not None else asset.version


def _assets(
    spans: Sequence[_Span], rows: Sequence[OutputOrTree], start: str, stop: str, beginnings: Mapping[str, str]
) -> list[ClonedAsset]:
    """The assets that begin or go on behind one key and up to another, with these files."""
    files: dict[str, list[ClonedFile]] = {}
    for row in rows:
        prefix, path = _prefix_and_path(row.sk)
        files.setdefault(prefix, []).append(
            ClonedFile(path, row.file_id, row.library_key, int(row.size), types.served_as(path), row.sha256)
        )
    found: dict[str, ClonedAsset] = {}
    for span in spans:
        begins = span.is_first and span.prefix > start and (not stop or span.prefix <= stop)
        asset_id = span.wanted.asset.asset_id
        if asset_id not in found and (begins or span.prefix in files):
            found[asset_id] = _asset(span.wanted, begins, beginnings)
        if span.prefix in files:
            found[asset_id].files.extend(files[span.prefix])
    return list(found.values())


def _asset(wanted: _Wanted, begins: bool, beginnings: Mapping[str, str]) -> ClonedAsset:
    asset = wanted.asset
    return ClonedAsset(
        asset_id=asset.asset_id,
        name=asset.name,
        description=asset.description or "",
        tags=list(asset.tags),
        version=wanted.number,
        index_path=asset.index_path if asset.index_version == wanted.number else beginnings.get(wanted.version),
        begins=begins,
    )


def _prefix_and_path(key: str) -> tuple[str, str]:
    """What the keys of all files of a version begin with, and the path that readers know the file under."""
    head, number, rest = key.split("/", 2)
    if key.startswith(MADE):
        kind, place, _, path = rest.split("/", 3)
        rest = f"{kind}/{place}/{path}"
    return f"{head}/{number}/", rest
