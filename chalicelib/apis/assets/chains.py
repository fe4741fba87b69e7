"""Replacement chains: who replaces whom, kept short and free of loops (docs/apis/assets.md, "Replacements").

`A -> B` says that B is A's replacement. When B gets a live replacement C itself, A's becomes C as well; a draft C takes
A over only when it is published. Each arrow is a `Replaces` row below the replacement.
"""

from collections.abc import Callable
from functools import partial

from chalicelib.apis.assets.models import Asset, Replaces
from chalicelib.errors import ValidationFailed
from chalicelib.jobs import running
from chalicelib.jobs.kinds import Retry
from chalicelib.jobs.models import Job
from chalicelib.logs import logger
from chalicelib.rows import Check, Delete, Put, Step, Update, absent, contend, delete

KIND = "assets.relink"
_AT_ONCE = 20
_LONGEST_CHAIN = 20

Save = Callable[[Asset, Asset], Asset]

RETRY = Retry()
"""It looks at how the chain is now, so that it can be done at any time."""


def links(old: Asset | None, new: Asset) -> list[Step]:
    """The steps that move an asset's arrow from its old replacement to its new one.

    Every asset the new arrow leads to must stay as it was seen, so that two writers cannot close a loop between them.

    Raises:
        ValidationFailed: there is no such replacement, or the arrow would close a loop.
    """
    before = old.replacement_id if old is not None else None
    if new.replacement_id == before:
        return []
    steps: list[Step] = []
    if before:
        steps.append(Delete(Replaces.at(before, new.asset_id)))
    if new.replacement_id:
        first, *others = _led_to(new)
        row = Replaces.at(new.replacement_id, new.asset_id)
        steps.append(Put(row, absent(Replaces)))
        told = [Asset.replaces_others.set(True), Asset.version.set(first.version + 1)]
        steps.append(Update(Asset.at(first.asset_id), told, Asset.version == first.version))
        steps += [Check(Asset.at(other.asset_id), Asset.version == other.version) for other in others]
    return steps


def planned(old: Asset | None, new: Asset) -> Job | None:
    """The job that a change makes necessary because other assets point at this one; None when nothing follows."""
    if not new.replaces_others:
        return None
    published = old is not None and bool(old.draft) and not new.draft
    if not new.replacement_id and not published:
        return None
    return running.plan(KIND, {"asset": new.asset_id, "published": published})


def start(job: Job, save: Save) -> None:
    """Run a planned job at once when it is small, so that the caller reads what it wrote; else by its message."""
    followers = list(Replaces.below(f"asset#{job.arguments['asset']}", "replaces#", limit=_AT_ONCE + 1))
    if len(followers) > _AT_ONCE:
        running.enqueue(job)
        return
    try:
        running.run(job.job_id, partial(relink, save=save))
    except Exception:  # noqa: BLE001
        # The change itself has committed; the sweep runs what follows from it.
        logger.exception("a relink job is left to the sweep", job_id=job.job_id)


def relink(job: Job, save: Save) -> None:
    """Do a planned job: hand over whoever points at an asset that has a live replacement itself.

    Args:
        save: writes an asset (as it was, as it is to be) together with everything that follows from the change.
    """
    asset_id = job.arguments["asset"]
    _hand_over(asset_id, save)
    if job.arguments["published"]:
        for follower in Replaces.below(f"asset#{asset_id}", "replaces#"):
            _hand_over(follower.other_id, save)


def _hand_over(asset_id: str, save: Save) -> None:
    asset = Asset.get_by_id(asset_id)
    if asset is None or not asset.replacement_id:
        return
    replacement = Asset.get_by_id(asset.replacement_id)
    if replacement is None or replacement.draft:
        return
    for follower in Replaces.below(f"asset#{asset_id}", "replaces#"):
        if follower.other_id != replacement.asset_id:
            contend(partial(_move, follower.other_id, asset_id, replacement.asset_id, save))


def _move(other_id: str, from_id: str, to_id: str, save: Save) -> None:
    old = Asset.get_by_id(other_id)
    if old is None or old.replacement_id != from_id:
        delete(Replaces.at(from_id, other_id))
        return
    new = old.copy()
    new.replacement_id = to_id
    save(old, new)


def _led_to(asset: Asset) -> list[Asset]:
    """The assets that an asset's new arrow leads to, in order."""
    found: list[Asset] = []
    next_id = asset.replacement_id
    while next_id:
        if next_id == asset.asset_id:
            raise ValidationFailed(details=["Replacement cannot lead back to the asset itself"])
        follower = Asset.get_by_id(next_id)
        if follower is None:
            if not found:
                raise ValidationFailed(details=["Replacement not found"])
            break
        if asset.legacy_url_path and follower.legacy_url_path == asset.legacy_url_path:
            # Whoever had the path before would send its readers to where they came from.
            raise ValidationFailed(details=["Replacement cannot lead back to the asset itself"])
        found.append(follower)
        if len(found) > _LONGEST_CHAIN:
            raise ValidationFailed(details=["Replacement leads to too long a chain of replacements"])
        next_id = follower.replacement_id
    return found
