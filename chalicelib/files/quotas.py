"""How much a principal may have in uploads that were begun and not used.

A File counts from its beginning until it is used, aborted, or purged because nobody used it. Its `reserved` and its
uploader's `Quota` always change in one transaction, each conditionally, so nothing is counted twice or forgotten.
"""

from collections.abc import Sequence

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.errors import Busy, QuotaExceeded
from chalicelib.files.models import File, Quota
from chalicelib.rows import Step, TransactionCancelled, Update, contend, transact
from chalicelib.settings import settings


def begin(file: File, write: Step, size: int) -> None:
    """Write an upload's File, counting for `size` bytes from now on.

    Raises:
        QuotaExceeded: that would be too much.
    """
    file.reserved = size
    most, uploads = settings().upload_quota_bytes, settings().upload_quota_open
    if size > most:
        raise QuotaExceeded
    there_is_room = Quota.uploads.does_not_exist() | ((Quota.uploads < uploads) & (Quota.bytes <= most - size))
    counted = [Quota.uploads.add(1), Quota.bytes.add(size)]
    _transact(write, Update(Quota.at(file.uploader), counted, there_is_room))


def recount(file: File, actions: Sequence[Action], condition: Condition, size: int) -> None:
    """Change an upload's File, which turned out to have `size` bytes, and count it for those.

    Raises:
        QuotaExceeded: that would be too much.
        Busy: somebody changed the File.
    """
    more = size - int(file.reserved)
    there_is_room = Quota.bytes <= settings().upload_quota_bytes - more if more > 0 else Quota.bytes.exists()
    _transact(
        Update(File.at(file.file_id), [*actions, File.reserved.set(size)], condition & counts_for(file)),
        Update(Quota.at(file.uploader), [Quota.bytes.add(more)], there_is_room),
    )


def counts_for(file: File) -> Condition:
    """The condition that a File counts for what it did when it was read."""
    return File.reserved.does_not_exist() if file.reserved is None else File.reserved == file.reserved


def given_back(file: File) -> tuple[list[Action], list[Step]]:
    """What ends a File's counting: actions for the File, under the condition `counts_for`, and steps beside them."""
    if file.reserved is None:
        return [], []
    less = [Quota.uploads.add(-1), Quota.bytes.add(-int(file.reserved))]
    return [File.reserved.remove()], [Update(Quota.at(file.uploader), less)]


def give_back(file: File) -> None:
    """End a File's counting; no matter if it has ended already."""

    def attempt() -> None:
        actions, steps = given_back(file)
        try:
            if steps:
                transact(Update(File.at(file.file_id), actions, counts_for(file)), *steps)
        except TransactionCancelled as cancelled:
            if not cancelled.failed:
                raise

    contend(attempt)


def _transact(write: Step, count: Step) -> None:
    def attempt() -> None:
        try:
            transact(write, count)
        except TransactionCancelled as cancelled:
            if 0 in cancelled.failed:
                raise Busy from None
            if 1 in cancelled.failed:
                raise QuotaExceeded from None
            raise

    contend(attempt)
