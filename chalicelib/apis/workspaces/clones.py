"""Cloning: how the assets of a project become those of a workspace (docs/apis/workspaces.md, "Cloning").

An asset `hull` with the files of one version becomes the asset `/assets/hull` and a resource `/resources/hull/<file>`
for each of them. Files are referred to, no byte is copied. The workspace is there at once, in the state CLONING,
together with the job that fills it; a small project is cloned within the request, which then takes the job away.

Until it is ready nobody else writes to the workspace, and every transaction of the job demands that it is still being
cloned. Ids are made from the workspace and the source, so whoever does a part again writes the same rows, and finds
them. A version may have got a main since they were written, or another one: that is set right.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from pynamodb.expressions.update import Action

from chalicelib.apis.stores import cloning
from chalicelib.apis.stores.cloning import ClonedAsset, ClonedFile, Source
from chalicelib.apis.workspaces import assets, refs
from chalicelib.apis.workspaces.models import Asset, Resource, State, Workspace
from chalicelib.batches import batched
from chalicelib.files import references
from chalicelib.files.models import Verdict
from chalicelib.identity import Principal
from chalicelib.jobs import running
from chalicelib.jobs.kinds import Retry
from chalicelib.jobs.models import Job
from chalicelib.jobs.trees import Tree
from chalicelib.logs import logger
from chalicelib.rows import (
    Check,
    ConditionFailed,
    Delete,
    Put,
    Step,
    TransactionCancelled,
    Update,
    absent,
    contend,
    transact,
    update,
)

KIND = "workspaces.clone"
SMALL = 150
"""Assets and files that are cloned within the request."""

_PART = 495
"""Files of one part: as many as fill fifteen transactions."""

_ASSETS_TOGETHER = 49
_FILES_TOGETHER = 33
_VARIANTS = (0, 8, 32)
"""Digits of its digest that a ref gets, should another asset have taken it."""


class _NoLongerCloning(Exception):
    """The workspace is ready already, or is being deleted: there is nothing to be written any more."""


@dataclass(slots=True)
class _Placed:
    """An asset of the project, and which of its variants it has become."""

    asset: ClonedAsset
    variant: int = 0

    def ref(self) -> str:
        return refs.ASSETS + refs.as_part(self.asset.asset_id) + _suffix(self.asset.asset_id, self.variant)

    def file_ref(self, path: str, variant: int = 0) -> str:
        directory = refs.RESOURCES + self.asset.asset_id + _suffix(self.asset.asset_id, self.variant)
        stem, dot, extension = path.rpartition(".")
        whole = f"{directory}/{path}"
        if variant and dot and "/" not in extension:
            whole = f"{directory}/{stem}{_suffix(path, variant)}.{extension}"
        elif variant:
            whole = f"{directory}/{path}{_suffix(path, variant)}"
        return whole if refs.is_resource(whole) else f"{directory}/{_digest(path)}{_suffix(path, variant)}"

    def main(self) -> str:
        return "" if self.asset.index_path is None else self.file_ref(self.asset.index_path)


@dataclass(slots=True)
class _Wanted:
    """A file that is to become a resource."""

    placed: _Placed
    file: ClonedFile
    variant: int = 0

    def source(self) -> str:
        return f"{self.placed.asset.asset_id}/{self.placed.asset.version}/{self.file.path}"


def planned(workspace: Workspace, source: Source, requester: Principal) -> Job:
    """The job that fills a workspace."""
    arguments = {"guid": workspace.guid, "source": asdict(source)}
    return running.plan(KIND, arguments, job_id=workspace.job_id, requester=requester)


def small(source: Source) -> list[ClonedAsset] | None:
    """All assets of a project, if they are few; else None."""
    found: list[ClonedAsset] = []
    size = 0
    for page in cloning.pages(source, files=SMALL):
        found += page.assets
        size += sum(1 + len(asset.files) for asset in page.assets)
        if size > SMALL:
            return None
    return found


def fill(workspace: Workspace, job: Job, found: list[ClonedAsset]) -> None:
    """Clone what `small` gave, and end the job, which nobody has begun."""
    write(workspace.guid, found)
    ready = [Workspace.state.set(State.READY.value), Workspace.job_id.remove()]
    contend(lambda: transact(Update(Workspace.at(workspace.guid), ready, _cloning()), Delete(Job.at(job.job_id))))


def write(guid: str, found: Iterable[ClonedAsset]) -> None:
    """Write the rows of these assets and of their files, unless the workspace is no longer being cloned."""
    created = assets.milliseconds()
    placed = [_Placed(asset) for asset in found]
    try:
        for some in batched(placed, _ASSETS_TOGETHER):
            _write_assets(guid, some, created)
        wanted = (_Wanted(one, file) for one in placed for file in one.asset.files)
        for files in _without_repetition(wanted):
            _write_files(guid, files, created)
    except _NoLongerCloning:
        logger.info("the workspace is no longer being cloned", guid=guid)


def _plan(job: Job, last: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    if _is_over(job):
        return
    for page in cloning.pages(_source(job), last, files=_PART):
        if page.assets:
            yield page.bounds


def _do(job: Job, bounds: dict[str, Any]) -> None:
    if not _is_over(job):
        write(job.arguments["guid"], cloning.page(_source(job), bounds).assets)


def _finish(job: Job) -> None:
    if job.failed or job.canceled:
        _abandon(job, job.error or "it was cancelled")
        return
    _end(job, [Workspace.state.set(State.READY.value), Workspace.job_id.remove()])


def _abandon(job: Job, reason: str) -> None:
    _end(job, [Workspace.state.set(State.FAILED.value), Workspace.error.set(f"the project was not cloned: {reason}")])


TREE = Tree(_plan, _do, _finish, _abandon)
RETRY = Retry(refused="the workspace holds what was cloned of it; delete it and clone the project again")
"""The project may have moved on meanwhile: what a later attempt finds of an earlier one would not fit to the rest."""


def _end(job: Job, actions: list[Any]) -> None:
    try:
        update(Workspace.at(job.arguments["guid"]), actions, _cloning() & (Workspace.job_id == job.job_id))
    except ConditionFailed:
        logger.info("the workspace is no longer being cloned", guid=job.arguments["guid"])


def _is_over(job: Job) -> bool:
    key = Workspace.at(job.arguments["guid"])
    workspace = Workspace.find(key.pk, key.sk)
    return workspace is None or workspace.state != State.CLONING


def _source(job: Job) -> Source:
    return Source(**job.arguments["source"])


def _cloning() -> Any:
    return Workspace.state == State.CLONING.value


def _write_assets(guid: str, placed: list[_Placed], created: int) -> None:
    """Write assets, each under the first of its variants that no other has taken."""
    left = list(placed)

    def attempt() -> None:
        rows: dict[str, tuple[_Placed, Asset]] = {}
        for one in left:
            row = _asset(guid, one, created)
            rows.setdefault(row.sk, (one, row))
        tried = list(rows.values())
        cancelled = _tried(
            guid, [step for _, row in tried for step in (Put(row, absent(Asset)), assets.name_step(row))]
        )
        for number, (one, row) in enumerate(tried):
            taken = cancelled.failed.get(1 + 2 * number) if cancelled is not None else None
            if cancelled is None or (taken is not None and taken.source == one.asset.asset_id):
                left.remove(one)
                if taken is not None and row.main and taken.main != row.main:
                    _follow(guid, row, Asset.main.set(row.main))
            elif taken is not None:
                one.variant += 1
        _demand_progress(cancelled)

    while left:
        contend(attempt)


def _write_files(guid: str, wanted: list[_Wanted], created: int) -> None:
    """Write resources that refer to Files, each under the first of its variants that no other has taken."""
    left = list(wanted)

    def attempt() -> None:
        rows: dict[str, tuple[_Wanted, Resource]] = {}
        for one in left:
            row = _resource(guid, one, created)
            rows.setdefault(row.sk, (one, row))
        tried = list(rows.values())
        steps: list[Step] = []
        for one, row in tried:
            steps += [*references.share(one.file.file_id, row.owner), Put(row, absent(Resource))]
        cancelled = _tried(guid, steps)
        for number, (one, row) in enumerate(tried):
            first = 1 + 3 * number
            taken = cancelled.failed.get(first + 2) if cancelled is not None else None
            if cancelled is None or (taken is not None and taken.source == one.source()):
                left.remove(one)
                if taken is not None and taken.main_of != row.main_of and one.placed.main():
                    of = Resource.main_of.set(row.main_of) if row.main_of else Resource.main_of.remove()
                    _follow(guid, row, of)
            elif taken is not None:
                one.variant += 1
                _follow_main(guid, one, one.placed.file_ref(one.file.path, one.variant))
            elif first in cancelled.failed:
                logger.warning("a file of the project has gone meanwhile", guid=guid, file_id=one.file.file_id)
                _follow_main(guid, one, "")
                left.remove(one)
        _demand_progress(cancelled)

    while left:
        contend(attempt)


def _demand_progress(cancelled: TransactionCancelled | None) -> None:
    """Have the same tried again after a while if it merely met another transaction."""
    if cancelled is not None and not cancelled.failed:
        raise cancelled


def _follow_main(guid: str, file: _Wanted, main: str) -> None:
    """Let an asset know what its main is now, if it is this file that is elsewhere than it was to be, or nowhere."""
    if file.file.path == file.placed.asset.index_path:
        _follow(guid, Asset.at(guid, file.placed.ref()), Asset.main.set(main))


def _follow(guid: str, row: Asset | Resource, action: Action) -> None:
    """Change something about the main of a row that is there."""
    contend(lambda: _demand_progress(_tried(guid, [Update(row, [action], type(row).pk.exists())])))


def _tried(guid: str, steps: list[Step]) -> TransactionCancelled | None:
    """Write these rows if the workspace is still being cloned. Returns what kept them from being written."""
    try:
        transact(Check(Workspace.at(guid), _cloning()), *steps)
    except TransactionCancelled as cancelled:
        if 0 in cancelled.failed:
            raise _NoLongerCloning from None
        return cancelled
    return None


def _without_repetition(wanted: Iterable[_Wanted]) -> Iterator[list[_Wanted]]:
    """Files for one transaction each: in none of them one File twice."""
    waiting = list(wanted)
    while waiting:
        chosen: dict[str, _Wanted] = {}
        rest = []
        for one in waiting:
            if len(chosen) < _FILES_TOGETHER and one.file.file_id not in chosen:
                chosen[one.file.file_id] = one
            else:
                rest.append(one)
        yield list(chosen.values())
        waiting = rest


def _asset(guid: str, placed: _Placed, created: int) -> Asset:
    row = Asset.at(guid, placed.ref())
    row.ref, row.asset_id, row.source = placed.ref(), _id(guid, placed), placed.asset.asset_id
    row.revision, row.created, row.modified = 1, created, created
    row.main, row.dependencies = placed.main(), []
    row.body = {"comment": placed.asset.description or "", "tags": sorted(placed.asset.tags)}
    return row


def _resource(guid: str, wanted: _Wanted, created: int) -> Resource:
    file, ref = wanted.file, wanted.placed.file_ref(wanted.file.path, wanted.variant)
    row = Resource.at(guid, ref)
    row.ref, row.source, row.revision, row.created, row.modified = ref, wanted.source(), 1, created, created
    row.file_id, row.library_key, row.size, row.sha256 = file.file_id, file.library_key, file.size, file.sha256
    row.state = Verdict.CLEAN.value
    if file.path == wanted.placed.asset.index_path:
        row.main_of = _id(guid, wanted.placed)
    return row


def _id(guid: str, placed: _Placed) -> str:
    return _digest(f"{guid}/{placed.asset.asset_id}")


def _suffix(text: str, variant: int) -> str:
    digits = _VARIANTS[min(variant, len(_VARIANTS) - 1)]
    return f"-{_digest(text)[:digits]}" if digits else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
