"""References: who refers to a File, and what happens when nobody does any more.

The File row counts its references; count and reference row change in one transaction. With the last one the File is
purged: marked first, so that no one can refer to it again, then its bytes are deleted. The marked row stays for a while
to tell late scan messages that there is nothing left to do.
"""

from chalicelib import clock
from chalicelib.files import intake, library, quotas
from chalicelib.files.models import File, Reference
from chalicelib.rows import ConditionFailed, Delete, Step, Update, contend, transact, update

REMEMBERED_SECONDS = 30 * 86400
"""How long the row of a purged File tells late messages that there is nothing left to do."""


def release_from(file_id: str, owner: str, at: int) -> Step:
    """The transaction step that lets the sweep ask, from `at` (epoch seconds) on, whether the reference may go."""
    reference = Reference.at(file_id, owner)
    return Update(reference, reference.due_from(at), Reference.pk.exists())


def release(file_id: str, owner: str) -> None:
    """Give up a reference; no matter if it is gone already. With the last one the File's bytes go."""
    if contend(lambda: _release(file_id, owner)) == 0:
        purge(file_id)


def purge(file_id: str) -> None:
    """Delete the bytes of a File nobody refers to, wherever they are. Does nothing while somebody does.

    May be repeated at any time: a crash between mark and deletion leaves the row due.
    """
    row = File.at(file_id)
    actions = [
        File.purged.set(True),
        File.expires_at.set(clock.epoch() + REMEMBERED_SECONDS),
        *row.due_from(clock.epoch()),
    ]
    try:
        file = update(row, actions, File.references == 0)
    except ConditionFailed:
        return
    library.discard_all(file_id)
    if file.upload_id:
        intake.abort_parts(file.intake_key, file.upload_id)
    intake.discard(file.intake_key, None)
    quotas.give_back(file)
    at_work = file.claimed_until is not None and file.claimed_until >= clock.epoch()
    # A worker in mid-scan may still copy, and die before it learns that the File is purged: look once more then.
    due = row.due_from(int(file.claimed_until) + 1) if at_work else File.no_longer_due()
    update(row, due, File.purged == True)  # noqa: E712


def _release(file_id: str, owner: str) -> int | None:
    file = File.get_by_id(file_id)
    reference = Reference.find(f"file#{file_id}", f"ref#{owner}")
    if file is None or reference is None:
        return int(file.references) if file is not None and not file.purged else None
    left = int(file.references) - 1
    row = File.at(file_id)
    actions = [File.references.set(left), *(row.due_from(clock.epoch()) if left == 0 else [])]
    transact(
        Delete(Reference.at(file_id, owner), Reference.pk.exists()),
        Update(row, actions, File.references == file.references),
    )
    return left
