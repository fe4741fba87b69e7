"""The rules of the GOV.UK API: create, change, delete and restore assets.

Every change reads the asset, decides, and writes asset, file, history, links and publication in one transaction that
demands the asset as it was read; who comes second reads again. What is public is made so after the transaction; a crash
between the two is found by the sweep, because the publication's row is part of the transaction.
"""

from collections.abc import Callable

from chalicelib import clock
from chalicelib.apis.assets import chains, listing, ownership, publishing, retention, validation, whitehall
from chalicelib.apis.assets.arrivals import Arrival
from chalicelib.apis.assets.models import STATE_OF, Asset, State, new_asset_id
from chalicelib.apis.assets.parameters import Changes
from chalicelib.errors import NotFound, ValidationFailed
from chalicelib.files import names, references
from chalicelib.files.models import Verdict
from chalicelib.identity import Principal
from chalicelib.jobs import running
from chalicelib.jobs.models import Job
from chalicelib.rows import Put, Step, absent, contend, transact


def show(principal: Principal, asset_id: str) -> Asset:
    """The undeleted asset with this id.

    Raises:
        NotFound: there is none.
        Forbidden: it is another's.
    """
    asset = _found(asset_id)
    if asset.deleted_at:
        raise NotFound
    return ownership.demand(principal, asset)


def create(principal: Principal, changes: Changes) -> Asset:
    """Create an asset from a file in the body or a finished upload.

    Raises:
        ValidationFailed: with all broken rules.
    """
    return _create(principal, changes, _no_claim)


def create_whitehall(principal: Principal, changes: Changes) -> Asset:
    """Create an asset under a whitehall path; an undeleted asset that has the path is deleted in the same step.

    Raises:
        ValidationFailed: with all broken rules.
    """
    return _create(principal, changes, whitehall.claim)


def demand_changeable(principal: Principal, asset_id: str) -> Asset:
    """The asset with this id as far as this principal may change it: undeleted, or a draft.

    Raises:
        NotFound, Forbidden
    """
    asset = _found(asset_id)
    if asset.deleted_at and not asset.draft:
        raise NotFound
    return ownership.demand(principal, asset)


def change(principal: Principal, seen: Asset, changes: Changes) -> Asset:
    """Change an asset, and replace its file if one was sent.

    Args:
        seen: the asset as `demand_changeable` gave it; read again whenever somebody else was faster.

    Raises:
        NotFound, Forbidden: it was deleted meanwhile.
        ValidationFailed: with all broken rules.
    """
    arrival = Arrival(principal, seen.reference, changes)
    fresh = [seen]

    def attempt() -> Asset:
        old = fresh.pop() if fresh else demand_changeable(principal, seen.asset_id)
        new = old.copy()
        for name, value in changes.values.items():
            setattr(new, name, value)
        return _write(old, new, arrival, whitehall.Claim())

    return contend(attempt)


def remove(principal: Principal, asset_id: str) -> Asset:
    """Mark an asset as deleted: from now on nobody gets its file.

    Raises:
        NotFound, Forbidden
    """

    def attempt() -> Asset:
        old = show(principal, asset_id)
        return commit(old, retention.deleted(old))

    return contend(attempt)


def restore(principal: Principal, asset_id: str) -> Asset:
    """Take a deletion back; no matter if there was none.

    Raises:
        NotFound: there is no such asset, or its file is gone for good.
        Forbidden
        ValidationFailed: another asset has its whitehall path now.
    """

    def attempt() -> Asset:
        old = ownership.demand(principal, _found(asset_id))
        if not old.deleted_at:
            return old
        new = old.copy()
        new.deleted_at = new.due_at = new.due_shard = None
        return commit(old, new, whitehall.claim_back(old, new))

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
        *listing.moves(old, new),
        *chains.links(old, new),
        *intentions,
        *running.steps(job),
    )
    publishing.carry_out(intentions, new)
    if job is not None:
        chains.start(job, commit)
    return new


def relink(job: Job) -> None:
    """Do the job that a changed replacement made necessary; see `chains`."""
    chains.relink(job, commit)


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


def _create(
    principal: Principal, changes: Changes, claim: Callable[[Principal, Asset, Changes], whitehall.Claim]
) -> Asset:
    asset_id = new_asset_id()
    arrival = Arrival(principal, f"assets:{asset_id}", changes)

    def attempt() -> Asset:
        new = Asset.at(asset_id)
        new.version, new.owner, new.created_at, new.former_count = 1, principal.uid, clock.now(), 0
        new.draft, new.state = False, State.UNSCANNED.value
        new.access_limited, new.access_limited_organisation_ids, new.auth_bypass_ids = [], [], []
        for name, value in changes.values.items():
            setattr(new, name, value)
        return _write(None, new, arrival, claim(principal, new, changes))

    return contend(attempt)


def _no_claim(principal: Principal, new: Asset, changes: Changes) -> whitehall.Claim:
    return whitehall.Claim()


def _write(old: Asset | None, new: Asset, arrival: Arrival, path: whitehall.Claim) -> Asset:
    changed = old is None or old.replacement_id != new.replacement_id
    lost = bool(new.replacement_id) and changed and Asset.get_by_id(new.replacement_id) is None
    errors = [*arrival.broken_rules(old), *validation.broken_rules(new, old, lost_replacement=lost)]
    if errors or path.errors:
        raise ValidationFailed(details=[*errors, *path.errors])
    steps = list(path.steps)
    if arrival.wanted():
        file, arrived = arrival.take(new.given_content_type)
        steps += [*arrived, *retention.replaced(old, new)]
        new.file_id, new.name, new.size = file.file_id, names.clean(file.name), file.size
        new.state, new.library_key = STATE_OF[Verdict(file.verdict)].value, file.library_key
        new.judged_at = None if file.verdict == Verdict.PENDING else clock.now()
    return commit(old, new, steps, path.displaced)


def _found(asset_id: str) -> Asset:
    asset = Asset.get_by_id(asset_id)
    if asset is None or asset.purged:
        raise NotFound
    return asset
