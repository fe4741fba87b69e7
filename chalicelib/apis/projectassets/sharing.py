"""Sharing media assets with productions: a record for each asset and production, `TRANSFERRING`, then `AVAILABLE`.

Whoever reads a production reads what is available there, by its id and in projects that link it. Nothing is moved.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum

from chalicelib import clock
from chalicelib.apis.projectassets import ids, links, listing
from chalicelib.apis.projectassets.links import Link
from chalicelib.apis.projectassets.models import Media, MediaType, Project, Share
from chalicelib.rows import (
    Delete,
    Put,
    TransactionCancelled,
    Update,
    absent,
    contend,
    transact,
)


class Status(StrEnum):
    """How far a share is."""

    TRANSFERRING = "TRANSFERRING"
    AVAILABLE = "AVAILABLE"


def wanted(project: Project, reads: Sequence[int] | None, production: int) -> Iterator[Link]:
    """Which linked assets of a project are to be shared with a production: those in productions that the caller reads
    (None: all), and not there already.
    """
    linked = links.of(project, links.pages_of(project))
    for media in listing.fetch(Media.at(MediaType(kind), number) for kind, number in linked):
        home, shared = int(media.production), {int(one) for one in media.shared_with or ()}
        if home != production and production not in shared and (reads is None or home in reads):
            yield media.media_type.value, media.number


def begin(link: Link, production: int) -> bool:
    """Record that an asset is being shared; False if it is gone, there already, or its share was begun before."""
    kind, number = link
    media = Media.find(Media.at(kind, number).pk, "media")
    if media is None or int(media.production) == production:
        return False
    row = Share.at(kind, number, production)
    row.number, row.status = ids.next_id(ids.SHARE), Status.TRANSFERRING.value
    row.source_production, row.created_at = int(media.production), clock.now()
    # Who deletes the asset meanwhile sees by its revision that there is one more share.
    seen = Update(Media.at(kind, number), [Media.revision.set(Media.revision + 1)], Media.pk.exists())
    return _done(seen, Put(row, absent(Share)))


def complete(link: Link, production: int) -> bool:
    """Make a share available; False if it was so before, or was withdrawn."""
    kind, number = link
    share = Share.at(kind, number, production)
    return _done(
        Update(share, [Share.status.set(Status.AVAILABLE.value)], Share.status == Status.TRANSFERRING.value),
        Update(Media.at(kind, number), [Media.shared_with.add({production})], Media.pk.exists()),
    )


def withdraw(link: Link, production: int) -> bool:
    """Take a share back; False if there is none."""
    kind, number = link
    share = Share.at(kind, number, production)
    return _done(
        Delete(share, Share.pk.exists()),
        Update(Media.at(kind, number), [Media.shared_with.delete({production})], Media.pk.exists()),
    )


def _done(*steps: Put | Update | Delete) -> bool:
    def attempt() -> bool:
        try:
            transact(*steps)
        except TransactionCancelled as cancelled:
            if cancelled.failed:
                return False
            raise
        return True

    return contend(attempt)
