"""References: who refers to a File, and what happens when nobody does any more.

The File row counts its references; count and reference row change in one transaction. With the last one the File is
purged: marked first, so that no one can refer to it again, then its bytes are deleted. The marked row stays for a while
to tell late scan messages that there is nothing left to do.
"""

import functools
from collections.abc import Iterable

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib import clock
from chalicelib.batches import batched
from chalicelib.files import intake, library, quotas
from chalicelib.files.models import File, Reference, Verdict
from chalicelib.rows import (
    ConditionFailed,
    Delete,
    Put,
    Step,
    TransactionCancelled,
    Update,
    absent,
    contend,
    find_each,
    transact,
    update,
)

_AT_ONCE = 1_000
_TOGETHER = 33

REMEMBERED_SECONDS = 30 * 86400
"""How long the row of a purged File tells late messages that there is nothing left to do."""


def share(file_id: str, *owners: str, verdict: str = Verdict.CLEAN) -> list[Step]:
    """The transaction steps that make further owners refer to a File that somebody refers to.

    Each File may be shared once a transaction; a File and one owner are two steps of the hundred.

    Args:
        verdict: the File's as the caller knows it. The first step fails if it is another by now, or if the File is
            purged; who shares a File that is still pending is told of its verdict as any owner is.
    """
    made = []
    for owner in owners:
        reference = Reference.at(file_id, owner)
        reference.created_at = clock.now()
        made.append(Put(reference, absent(Reference)))
    return [Update(File.at(file_id), _counted(len(owners)), _alive(verdict)), *made]


@functools.cache
def _counted(more: int) -> tuple[Action, ...]:
    """The actions that count further references. One object for all Files, so that a transaction has it once."""
    return File.references.set(File.references + more), File.shared.set(True)


@functools.cache
def _alive(verdict: str) -> Condition:
    """The condition that a File may be referred to and has this verdict. One object for all Files, too."""
    alive: Condition = (File.verdict == verdict) & (File.references > 0) & File.purged.does_not_exist()
    return alive


def release_from(file_id: str, owner: str, at: int) -> Step:
    """The transaction step that lets the sweep ask, from `at` (epoch seconds) on, whether the reference may go."""
    reference = Reference.at(file_id, owner)
    return Update(reference, reference.due_from(at), Reference.pk.exists())


def release(file_id: str, owner: str) -> None:
    """Give up a reference; no matter if it is gone already. With the last one the File's bytes go."""
    if contend(lambda: _release(file_id, owner)) == 0:
        purge(file_id)


def release_each(pairs: Iterable[tuple[str, str]]) -> None:
    """Give up many references, each as (File's id, owner); no matter which of them are gone already.

    One BatchGetItem and one transaction for each `_TOGETHER` of them, and one DeleteObjects for a thousand Files that
    nobody refers to any more. A crash leaves those due.
    """
    for thousand in batched(pairs, _AT_ONCE):
        purged: list[File] = []
        for together in batched(thousand, _TOGETHER):
            try:
                purged += _release_together(together)
            except TransactionCancelled:
                # Somebody else counts at one of these Files, which must not keep the others waiting.
                for file_id, owner in together:
                    release(file_id, owner)
        _purge_each(purged)


def purge(file_id: str) -> None:
    """Delete the bytes of a File nobody refers to, wherever they are. Does nothing while somebody does.

    May be repeated at any time: a crash between mark and deletion leaves the row due.
    """
    row = File.at(file_id)
    try:
        file = update(row, _purged(row), File.references == 0)
    except ConditionFailed:
        return
    library.discard_all(file_id, file.library_key)
    if file.upload_id:
        intake.abort_parts(file.intake_key, file.upload_id)
    if file.intake_key:  # what was made here never lay there
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


def _release_together(pairs: list[tuple[str, str]]) -> list[File]:
    """Give up a few references in one transaction. Returns the Files it marked as purged."""
    once = dict.fromkeys(pairs)
    found = find_each(*(row for file_id, owner in once for row in (File.at(file_id), Reference.at(file_id, owner))))
    files: dict[str, File] = {}
    given_up: dict[str, list[Step]] = {}
    for file, reference in zip(found[::2], found[1::2], strict=True):
        if file is not None and reference is not None:
            files[file.file_id] = file
            mine = Reference.at(file.file_id, reference.owner)
            given_up.setdefault(file.file_id, []).append(Delete(mine, Reference.pk.exists()))
    steps: list[Step] = []
    purged = []
    for file_id, deletions in given_up.items():
        row, left = File.at(file_id), int(files[file_id].references) - len(deletions)
        actions = [File.references.set(left), *(_purged(row) if left == 0 else [])]
        steps += [*deletions, Update(row, actions, File.references == files[file_id].references)]
        if left == 0:
            purged.append(files[file_id])
    if steps:
        transact(*steps)
    return purged


def _purge_each(files: list[File]) -> None:
    """Delete the bytes of Files that are marked as purged."""
    plain = [file for file in files if file.settled and file.verdict == Verdict.CLEAN and file.attempts <= 1]
    library.discard_each([file.library_key for file in plain])
    for together in batched(plain, 100):
        transact(*(Update(File.at(file.file_id), File.no_longer_due()) for file in together))
    for file_id in {file.file_id for file in files} - {file.file_id for file in plain}:
        purge(file_id)


def _purged(row: File) -> list[Action]:
    """The actions that mark a File, so that nobody can refer to it again and its bytes go."""
    return [
        File.purged.set(True),
        File.expires_at.set(clock.epoch() + REMEMBERED_SECONDS),
        *row.due_from(clock.epoch()),
    ]
