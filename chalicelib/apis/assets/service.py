"""The rules of the GOV.UK API: create, change, delete and restore assets, and hear about their files' verdicts.

Every change reads the asset, decides, and writes asset, file, history, links and publication in one transaction that
demands the asset as it was read; who comes second reads again. What is public is made so after the transaction; a crash
between the two is found by the sweep, because the publication's row is part of the transaction.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from chalicelib import clock
from chalicelib.apis.assets import chains, publishing, validation
from chalicelib.apis.assets.models import STATE_OF, Asset, Former, LegacyPath, State, new_asset_id
from chalicelib.apis.assets.parameters import Changes
from chalicelib.errors import Forbidden, NotFound, ValidationFailed
from chalicelib.files import names, publications, receiving, references
from chalicelib.files.models import File, Verdict
from chalicelib.identity import Principal
from chalicelib.jobs.models import Job
from chalicelib.rows import Check, ConditionFailed, Put, Step, absent, contend, transact, update
from chalicelib.settings import settings

MANAGE_ALL = "Manage all Assets"
_DAY = 86400

Arrival = tuple[File, list[Step]]


def show(principal: Principal, asset_id: str) -> Asset:
    """The undeleted asset with this id.

    Raises:
        NotFound: there is none.
        Forbidden: it is another's.
    """
    asset = _found(asset_id)
    if asset.deleted_at:
        raise NotFound
    return _owned(principal, asset)


def holder_of(path: str) -> str | None:
    """The id of the asset that has, or last had, a whitehall path; None if no asset ever had it."""
    if len(path.encode()) > validation.LONGEST_PATH:
        return None
    held = LegacyPath.find(f"path#{path}", "path")
    return None if held is None else str(held.asset_id)


def create(principal: Principal, changes: Changes) -> Asset:
    """Create an asset from a file in the body or a finished upload.

    Raises:
        ValidationFailed: with all broken rules.
    """
    return _create(principal, changes, _no_path)


def create_whitehall(principal: Principal, changes: Changes) -> Asset:
    """Create an asset under a whitehall path; an undeleted asset that has the path is deleted in the same step.

    Raises:
        ValidationFailed: with all broken rules.
    """
    return _create(principal, changes, _take_path)


def demand_changeable(principal: Principal, asset_id: str) -> Asset:
    """The asset with this id as far as this principal may change it: undeleted, or a draft.

    Raises:
        NotFound, Forbidden
    """
    asset = _found(asset_id)
    if asset.deleted_at and not asset.draft:
        raise NotFound
    return _owned(principal, asset)


def change(principal: Principal, seen: Asset, changes: Changes) -> Asset:
    """Change an asset, and replace its file if one was sent.

    Args:
        seen: the asset as `demand_changeable` gave it; read again whenever somebody else was faster.

    Raises:
        NotFound, Forbidden: it was deleted meanwhile.
        ValidationFailed: with all broken rules.
    """
    arrival = _Arrival(principal, seen.reference, changes)
    fresh = [seen]

    def attempt() -> Asset:
        old = fresh.pop() if fresh else demand_changeable(principal, seen.asset_id)
        new = old.copy()
        for name, value in changes.values.items():
            setattr(new, name, value)
        return _write(old, new, arrival, _Path())

    return contend(attempt)


def remove(principal: Principal, asset_id: str) -> Asset:
    """Mark an asset as deleted: from now on nobody gets its file.

    Raises:
        NotFound, Forbidden
    """

    def attempt() -> Asset:
        old = show(principal, asset_id)
        return commit(old, deleted(old))

    return contend(attempt)


def restore(principal: Principal, asset_id: str) -> Asset:
    """Take a deletion back; no matter if there was none.

    Raises:
        NotFound: there is no such asset, or its file is gone for good.
        Forbidden
        ValidationFailed: another asset has its whitehall path now.
    """

    def attempt() -> Asset:
        old = _owned(principal, _found(asset_id))
        if not old.deleted_at:
            return old
        new = old.copy()
        new.deleted_at = new.due_at = new.due_shard = None
        return commit(old, new, _take_back_path(old, new))

    return contend(attempt)


def commit(old: Asset | None, new: Asset, steps: list[Step] | None = None, displaced: Asset | None = None) -> Asset:
    """Write an asset and everything that follows from the change, then carry out what follows outside the tables.

    Args:
        old: the asset as it was read; None to create it.
        new: as it is to be.
        steps: what else belongs into the transaction.
        displaced: the asset, as it was read, that loses its public path to this one.

    Raises:
        TransactionCancelled: somebody changed it, or something it depends on, since it was read.
        ValidationFailed: its replacement does not exist or would close a loop.
    """
    new.version = 1 if old is None else old.version + 1
    new.updated_at = clock.now()
    job = chains.planned(old, new)
    intentions = publishing.intentions([old, displaced], new)
    transact(
        Put(new, absent(Asset) if old is None else Asset.version == old.version),
        *(steps or []),
        *chains.links(old, new),
        *intentions,
        *([Put(job)] if job is not None else []),
    )
    publishing.carry_out(intentions, new)
    if job is not None:
        chains.start(job, commit)
    return new


def relink(job: Job) -> None:
    """Do the job that a changed replacement made necessary; see `chains`."""
    chains.relink(job, commit)


def deleted(old: Asset) -> Asset:
    """The asset as it is once deleted."""
    new = old.copy()
    new.deleted_at = clock.now()
    days = settings().deleted_days
    if days is not None:
        new.make_due(clock.epoch() + days * _DAY)
    return new


def hear_verdict(asset_id: str, file: File) -> None:
    """Write the verdict on an asset's current file into the asset, and publish it if it is clean and public.

    Hearing of a file the asset no longer has changes nothing. Hearing the same again repairs what a crash left undone.
    """
    state = STATE_OF[Verdict(file.verdict)]
    actions = [
        Asset.state.set(state.value),
        Asset.judged_at.set(clock.now()),
        Asset.updated_at.set(clock.now()),
        Asset.version.set(Asset.version + 1),
    ]
    if file.library_key:
        actions += [Asset.library_key.set(file.library_key), Asset.size.set(file.size)]
    unheard = (Asset.file_id == file.file_id) & (Asset.state == State.UNSCANNED.value)
    try:
        asset = update(Asset.at(asset_id), actions, unheard)
    except ConditionFailed as failure:
        heard: Asset | None = failure.old
        if heard is not None and heard.file_id == file.file_id and file.verdict == Verdict.CLEAN:
            publications.publish(heard.public_path, heard.generation, publishing.edition_of(heard))
            publications.converge(heard.public_path, even_if_settled=True)
        return
    edition = publishing.edition_of(asset)
    if edition is not None:
        publications.publish(edition.path, asset.generation, edition)


def may_release(asset_id: str, file_id: str) -> int | None:
    """When (epoch seconds) to ask again whether an asset still needs a File; None if it does not.

    A replaced file is kept until its replacement has been clean for some days; a purged asset needs none.
    """
    asset = Asset.get_by_id(asset_id)
    if asset is None or asset.purged:
        return None
    if asset.file_id == file_id or asset.state != State.CLEAN or asset.judged_at is None:
        return clock.epoch() + _DAY
    kept_until = int(asset.judged_at.timestamp()) + settings().replaced_days * _DAY
    return None if kept_until <= clock.epoch() else kept_until


def attend(pk: str, sk: str) -> None:
    """What the sweep does with a due asset: one that has been deleted for long enough loses its file for good."""
    old = Asset.find(pk, sk)
    # The index may lag behind a restoration and another deletion, whose time has not come.
    if old is None or old.due_at is None or old.due_at > clock.epoch() or not old.deleted_at:
        return
    new = old.copy()
    new.purged, new.due_at, new.due_shard = True, None, None
    commit(old, new, [references.release_from(old.file_id, old.reference, clock.epoch())])
    references.release(old.file_id, old.reference)


@dataclass(slots=True)
class _Arrival:
    """The file of a request: stored once, however often the change has to be tried."""

    principal: Principal
    owner: str
    changes: Changes
    stored: Arrival | None = None

    def wanted(self) -> bool:
        return self.changes.file is not None or self.changes.upload is not None

    def take(self, given_content_type: str | None) -> Arrival:
        if self.changes.upload is not None:
            try:
                return receiving.use_upload(self.changes.upload, owner=self.owner, uploader=self.principal.uid)
            except receiving.UploadUnknown:
                raise ValidationFailed(details=["Upload not found"]) from None
        if self.stored is None:
            assert self.changes.file is not None
            name = names.clean(self.changes.file.filename)
            self.stored = receiving.receive(
                self.changes.file.content,
                name=name,
                content_type=given_content_type or names.content_type_of(name),
                owner=self.owner,
                uploader=self.principal.uid,
            )
        return self.stored


@dataclass(slots=True)
class _Path:
    """What becoming the holder of a public path takes: broken rules, steps, and the asset that loses it."""

    errors: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    displaced: Asset | None = None


def _create(principal: Principal, changes: Changes, take_path: Callable[[Asset, Changes], _Path]) -> Asset:
    asset_id = new_asset_id()
    arrival = _Arrival(principal, f"assets:{asset_id}", changes)

    def attempt() -> Asset:
        new = Asset.at(asset_id)
        new.version, new.owner, new.created_at, new.former_count = 1, principal.uid, clock.now(), 0
        new.draft, new.state = False, State.UNSCANNED.value
        new.access_limited, new.access_limited_organisation_ids, new.auth_bypass_ids = [], [], []
        for name, value in changes.values.items():
            setattr(new, name, value)
        return _write(None, new, arrival, take_path(new, changes))

    return contend(attempt)


def _write(old: Asset | None, new: Asset, arrival: _Arrival, path: _Path) -> Asset:
    changed = old is None or old.replacement_id != new.replacement_id
    lost = bool(new.replacement_id) and changed and Asset.get_by_id(new.replacement_id) is None
    errors = [*_file_rules(old, arrival.changes), *validation.broken_rules(new, old, lost_replacement=lost)]
    if errors or path.errors:
        raise ValidationFailed(details=[*errors, *path.errors])
    steps = list(path.steps)
    if arrival.wanted():
        file, arrived = arrival.take(new.given_content_type)
        steps += [*arrived, *_replaced_file(old, new)]
        new.file_id, new.name, new.size = file.file_id, names.clean(file.name), file.size
        new.state, new.library_key = STATE_OF[Verdict(file.verdict)].value, file.library_key
        new.judged_at = None if file.verdict == Verdict.PENDING else clock.now()
    return commit(old, new, steps, path.displaced)


def _replaced_file(old: Asset | None, new: Asset) -> list[Step]:
    """The steps that put the file an asset has now into its history."""
    if old is None:
        return []
    new.former_count = old.former_count + 1
    former = Former.at(old.asset_id, old.name, int(new.former_count))
    former.file_id, former.replaced_at = old.file_id, clock.now()
    ask_from = clock.epoch() + settings().replaced_days * _DAY
    return [Put(former, absent(Former)), references.release_from(old.file_id, old.reference, ask_from)]


def _file_rules(old: Asset | None, changes: Changes) -> Iterator[str]:
    missing = changes.file is None and changes.upload is None
    if changes.unreadable_file or (missing and old is None):
        yield "File can't be blank"
    if changes.file is not None and changes.upload is not None:
        yield "Upload cannot be given together with a file"


def _no_path(new: Asset, changes: Changes) -> _Path:
    return _Path()


def _take_path(new: Asset, changes: Changes) -> _Path:
    """Give a new asset its whitehall path, and delete whoever has it."""
    path = new.legacy_url_path = changes.legacy.get("legacy_url_path")
    taken = _Path(list(validation.broken_path_rules(path)))
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
        gone = deleted(holder)
        gone.version, gone.updated_at = holder.version + 1, clock.now()
        taken.steps.append(Put(gone, Asset.version == holder.version))
        taken.displaced = holder
    return taken


def _take_back_path(old: Asset, new: Asset) -> list[Step]:
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


def _found(asset_id: str) -> Asset:
    asset = Asset.get_by_id(asset_id)
    if asset is None or asset.purged:
        raise NotFound
    return asset


def _owned(principal: Principal, asset: Asset) -> Asset:
    if principal.uid != asset.owner and not principal.has(MANAGE_ALL):
        raise Forbidden
    return asset
