"""What of an asset is public, and keeping the media bucket to it."""

from collections.abc import Sequence

from chalicelib.apis.assets.models import Asset, State
from chalicelib.files import names, objects, publications
from chalicelib.files.models import Publication
from chalicelib.files.publications import Edition
from chalicelib.rows import Update

PUBLIC_CACHE = "max-age=1800, public"


def edition_of(asset: Asset) -> Edition | None:
    """What the media bucket is to hold for an asset; None when nothing.

    A bucket can neither redirect nor send a `Link` or another's ETag and date, so assets that need those are served by
    the API alone (docs/apis/assets.md, "Serving").
    """
    if asset.state != State.CLEAN or asset.deleted_at or asset.draft:
        return None
    if asset.redirect_url or asset.replacement_id or asset.parent_document_url:
        return None
    if asset.legacy_etag or asset.legacy_last_modified:
        return None
    return Edition(
        path=asset.public_path,
        file_id=asset.file_id,
        library_key=asset.library_key,
        size=int(asset.size),
        content_type=names.served_as(asset.content_type),
        content_disposition=objects.disposition(asset.name),
        cache_control=PUBLIC_CACHE,
    )


def intentions(before: Sequence[Asset | None], new: Asset) -> list[Update]:
    """The steps, for the transaction that changes an asset, that say what is to be public from then on.

    Args:
        before: the assets as they were whose public files the change may take away: itself, and who loses its path.
        new: the asset as it is to be.
    """
    editions = [edition for asset in before if asset is not None and (edition := edition_of(asset)) is not None]
    after = edition_of(new)
    if after in editions:
        return []
    gone = {edition.path for edition in editions} - {after.path if after is not None else None}
    steps = [publications.intend(path, new.generation, None) for path in sorted(gone)]
    if after is not None:
        steps.append(publications.intend(after.path, new.generation, after))
    return steps


def carry_out(intentions: Sequence[Update], new: Asset) -> None:
    """Make the media bucket agree with these intentions, once their transaction has committed."""
    for intention in intentions:
        assert isinstance(intention.row, Publication)
        publications.converge_or_queue(intention.row.path, int(new.size))
