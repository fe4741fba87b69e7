"""How long an asset keeps its files: the current one until it is deleted for good, former ones for some days.

Source: the settings DELETED_DAYS and REPLACED_DAYS.
"""

from chalicelib import clock
from chalicelib.apis.assets.models import Asset, Former, State
from chalicelib.files import references
from chalicelib.rows import Put, Step, absent
from chalicelib.settings import settings

_DAY = 86400


def deleted(old: Asset) -> Asset:
    """The asset as it is once deleted."""
    new = old.copy()
    new.deleted_at = clock.now()
    days = settings().deleted_days
    if days is not None:
        new.make_due(clock.epoch() + days * _DAY)
    return new


def replaced(old: Asset | None, new: Asset) -> list[Step]:
    """The steps that put the file an asset has now into its history, and let it go when its time has come.

    Args:
        new: the asset as it will be with its next file; its count of former files is set.
    """
    if old is None:
        return []
    new.former_count = old.former_count + 1
    former = Former.at(old.asset_id, old.name, int(new.former_count))
    former.file_id, former.replaced_at = old.file_id, clock.now()
    ask_from = clock.epoch() + settings().replaced_days * _DAY
    return [Put(former, absent(Former)), references.release_from(old.file_id, old.reference, ask_from)]


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
