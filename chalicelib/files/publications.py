"""Publications: what the media bucket holds under each public path, and who may touch it.

A publication's row says what is to be there and in which generation that was said. Whoever wants to change the media
bucket takes the row's lease first, makes the bucket agree with the row, and then settles it, provided the row still
says the same. An older generation never undoes a newer one:

    worker of file 1 (generation 5)         request deletes the asset (generation 6)
      row: 5, copy file 1 <- lease A
                                              row: 6, nothing there; A holds the lease, so wait
      copy library -> media
      settle if row is 5: no, it is 6
      delete from media, settle 6             settled: done

A lease that ran out may be taken; its late holder finds it lost when it settles, takes the lease again and makes the
bucket agree once more, so that what it did late does not stay. It may also die before it finds out, so whoever takes a
lease that ran out leaves the path due: when no function can still be alive that held it, the sweep makes the bucket
agree once more.

What changes under a path that was published before is forgotten at the edge, too: the path is put on its queue between
the change and the settling, so that a publication is due until it is there.

Nothing but clean bytes can be published, because the source is the library. IAM: media bucket s3:PutObject,
s3:DeleteObject, s3:GetObject; library s3:GetObject.
"""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib import clock
from chalicelib.files import edge, intake, objects
from chalicelib.files.models import Publication
from chalicelib.jobs import queues
from chalicelib.logs import logger
from chalicelib.rows import ConditionFailed, Update, update
from chalicelib.settings import settings

LEASE_SECONDS = 120
_LARGE_LEASE_SECONDS = 960
_LONGEST_LIFE = 960
"""Seconds after which no function can be running any more that was running before."""

_REMEMBERED_SECONDS = 30 * 86400
_WAITS = (0.05, 0.1, 0.2, 0.4, 0.8)


@dataclass(frozen=True, slots=True)
class Edition:
    """What is to be served under a public path.

    Args:
        path: decoded public path with its leading slash.
        file_id, library_key, size: the clean File; size in bytes.
        content_type, content_disposition, cache_control: the headers it is served with.
    """

    path: str
    file_id: str
    library_key: str
    size: int
    content_type: str
    content_disposition: str
    cache_control: str


def intend(path: str, generation: int, edition: Edition | None) -> Update:
    """The transaction step that says what is to be under a path from now on; `converge` then makes it so.

    The step fails if a newer generation was said already.
    """
    row = Publication.at(path)
    actions = [*_said(generation, edition), *row.due_from(clock.epoch())]
    return Update(row, actions, _newer(generation))


def publish(path: str, generation: int, edition: Edition | None) -> None:
    """Say what is to be under a path and make it so. A no-op if this or a newer generation was said already."""
    try:
        held = _lease(path, _newer(generation), _said(generation, edition))
    except ConditionFailed as failure:
        old = failure.old
        if old is None or old.generation >= generation:
            if old is not None and not old.settled:
                converge(path)
            return
        try:
            row = Publication.at(path)
            update(row, [*_said(generation, edition), *row.due_from(clock.epoch())], _newer(generation))
        except ConditionFailed:
            return
        converge(path)
        return
    _settle(held)


def converge(path: str, *, even_if_settled: bool = False, patient: bool = True) -> None:
    """Make the media bucket agree with a publication's row. Does nothing without a row, or if it is settled.

    Waits a moment for another holder of the lease, if `patient`; if that takes longer, the holder or the sweep will
    finish.
    """
    wanted = Publication.generation.exists()
    if not even_if_settled:
        wanted &= (Publication.settled == False) | (Publication.recheck_at <= clock.epoch())  # noqa: E712
    for wait in (*_WAITS, None) if patient else (None,):
        try:
            held = _lease(path, wanted, [Publication.settled.set(False)])
        except ConditionFailed as failure:
            if failure.old is None or (failure.old.settled and not even_if_settled):
                return
            if wait is not None:
                time.sleep(wait)
        else:
            _settle(held)
            return
    logger.info("another worker is at this path; it or the sweep will finish", path=path)


def converge_or_queue(path: str, size: int, *, patient: bool = True) -> None:
    """`converge` at once when little is to be copied; by a message when it could outlast a request."""
    if size <= intake.SMALL_LIMIT:
        converge(path, patient=patient)
    else:
        queues.send(settings().work_queue, {"publication": path})


def open_bytes(path: str, *, first: int | None = None, last: int | None = None) -> objects.StoredObject:
    """Open what is published under a path, or a range of it (inclusive).

    Raises:
        objects.Missing: nothing is.
        objects.RangeOutside: the range begins behind the end.
    """
    return objects.get(settings().media_bucket, _key(path), first=first, last=last)


def describe(path: str) -> objects.StoredObject:
    """Describe what is published under a path. Raises `objects.Missing`."""
    return objects.head(settings().media_bucket, _key(path))


def _key(path: str) -> str:
    return path.removeprefix("/")


def _newer(generation: int) -> Condition:
    newer: Condition = Publication.generation.does_not_exist() | (Publication.generation < generation)
    return newer


def _said(generation: int, edition: Edition | None) -> list[Action]:
    cls = Publication
    facts = (cls.file_id, cls.library_key, cls.size, cls.content_type, cls.content_disposition, cls.cache_control)
    actions: list[Action] = [cls.generation.set(generation), cls.settled.set(False), cls.expires_at.remove()]
    if edition is None:
        return [*actions, *(fact.remove() for fact in facts)]
    actions.append(cls.first_generation.set(cls.first_generation | generation))
    return [*actions, *(fact.set(getattr(edition, fact.attr_name)) for fact in facts)]


def _lease(path: str, condition: Condition, actions: Sequence[Action]) -> Publication:
    row, now = Publication.at(path), clock.epoch()
    until = now + LEASE_SECONDS
    taken = [
        *actions,
        Publication.lease.set(uuid.uuid4().hex),
        Publication.leased_until.set(until),
        *row.due_from(until),
    ]
    try:
        return update(row, taken, condition & Publication.lease.does_not_exist())
    except ConditionFailed as failure:
        old = failure.old
        if old is None or old.lease is None or old.leased_until >= now:
            raise
    # Its holder may be late rather than dead.
    taken.append(Publication.recheck_at.set(now + _LONGEST_LIFE))
    return update(row, taken, condition & (Publication.lease == old.lease))


def _settle(held: Publication) -> None:
    while True:
        _make_it_so(held)
        if held.first_generation is not None and held.first_generation < held.generation:
            edge.forget(held.path)
        released: list[Action] = [
            Publication.settled.set(True),
            Publication.lease.remove(),
            Publication.leased_until.remove(),
            *_until_recheck(held),
        ]
        if held.file_id is None:
            # Longer than any message of an older generation can still be under way.
            released.append(Publication.expires_at.set(clock.epoch() + _REMEMBERED_SECONDS))
        mine = (Publication.lease == held.lease) & (Publication.generation == held.generation)
        try:
            update(Publication.at(held.path), released, mine)
        except ConditionFailed as failure:
            if failure.old is None or failure.old.lease != held.lease:
                logger.warning("a lease ran out; making the path agree once more", path=held.path)
                converge(held.path, even_if_settled=True)
                return
            held = failure.old
        else:
            return


def _until_recheck(held: Publication) -> list[Action]:
    """The actions that leave a settled row due if it has to be looked at once more, else at rest."""
    if held.recheck_at is not None and held.recheck_at > clock.epoch():
        return Publication.at(held.path).due_from(int(held.recheck_at))
    return [Publication.recheck_at.remove(), *Publication.no_longer_due()]


def _make_it_so(held: Publication) -> None:
    bucket, key = settings().media_bucket, _key(held.path)
    if held.file_id is None:
        objects.delete(bucket, key)
        return
    headers = {
        "ContentType": held.content_type,
        "ContentDisposition": held.content_disposition,
        "CacheControl": held.cache_control,
    }
    if held.size > intake.SMALL_LIMIT:
        row, until = Publication.at(held.path), clock.epoch() + _LARGE_LEASE_SECONDS
        update(row, [Publication.leased_until.set(until), *row.due_from(until)], Publication.lease == held.lease)
    source = (settings().library_bucket, held.library_key, None)
    objects.copy(source, bucket, key, size=int(held.size), headers=headers)
