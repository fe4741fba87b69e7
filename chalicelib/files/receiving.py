"""How a File begins: its bytes arrive first, then one transaction writes File, reference and owner.

Crash between the two: the bytes lie in intake without a row; their scan message is handed back for an hour, then they
are an orphan and go.
"""

import re
import secrets

from chalicelib import clock
from chalicelib.files import intake, quotas
from chalicelib.files.models import File, Reference, Verdict
from chalicelib.logs import correlation_id
from chalicelib.rows import Put, Step, Update, absent

UPLOAD_SECONDS = 24 * 3600
"""How long an upload that was begun may take to arrive and be used."""

_ID = re.compile(r"[0-9a-f]{32}")
_LOST_EVENT_SECONDS = {False: 15 * 60, True: 2 * 3600}


class UploadUnknown(Exception):
    """There is no such upload for this principal, it has not arrived, or it was used already."""


def receive(content: bytes, *, name: str, content_type: str, owner: str, uploader: str) -> tuple[File, list[Step]]:
    """Store the bytes of a request body, and say how to write their File and the reference to it.

    Args:
        content: the bytes, at most what a request may carry.
        name: the cleaned file name.
        owner: who will refer to the File, as `<api>:<id>`.
        uploader: uid of the principal.

    Returns:
        The File, and the steps for the transaction that also writes the owner's row.
    """
    file = arriving(secrets.token_hex(16), name=name, content_type=content_type, size=len(content), uploader=uploader)
    intake.put(file.intake_key, content, content_type=content_type)
    return file, owned(file, owner)


def owned(file: File, owner: str) -> list[Step]:
    """The steps that write a File of `receive` or `arriving` for this owner, whomever it was made for."""
    file.references, file.owner = 1, owner
    return [Put(file, absent(File)), Put(_reference(file.file_id, owner), absent(Reference))]


def begin_upload(*, name: str, content_type: str, size: int, uploader: str) -> tuple[File, Step]:
    """A File whose bytes the client will send to S3 itself; `use_upload` gives it its owner.

    Returns:
        The File, whose id is the upload's id and whose `intake_key` is where the bytes go; and the step that writes it.
    """
    file = arriving(secrets.token_hex(16), name=name, content_type=content_type, size=size, uploader=uploader)
    file.references = 0
    return file, Put(file, absent(File))


def find(upload_id: str) -> File | None:
    """The File of this id, which a client sent and which may therefore be anything."""
    return File.get_by_id(upload_id) if _ID.fullmatch(upload_id) else None


def use_upload(upload_id: str, *, owner: str, uploader: str) -> tuple[File, list[Step]]:
    """Take a finished upload as an owner's File. S3 itself is asked whether the bytes are there.

    Returns:
        The File as it is, its verdict perhaps already known, and the steps for the transaction that writes the owner's
        row; they fail if the verdict falls or the upload is used meanwhile.

    Raises:
        UploadUnknown: see there.
    """
    file = find(upload_id)
    if file is None or file.purged or file.uploader != uploader or file.references or file.owner:
        raise UploadUnknown
    if file.verdict == Verdict.EXPIRED:
        raise UploadUnknown
    if file.verdict == Verdict.PENDING:
        size = intake.arrived(file.intake_key)
        if size is None:
            file = _judged_meanwhile(upload_id)
        else:
            file.size = size
    unchanged = ((File.references == 0) & File.owner.does_not_exist() & File.purged.does_not_exist()) & (
        File.verdict == file.verdict
    )
    if file.size is None:  # it was never declared, and the scan did not get as far as the bytes
        file.size = intake.arrived(file.intake_key) or 0
    counted, no_longer_counted = quotas.given_back(file)
    actions = [File.references.set(1), File.owner.set(owner), File.size.set(file.size), *counted]
    used = Update(File.at(upload_id), actions, unchanged & quotas.counts_for(file))
    return file, [used, Put(_reference(upload_id, owner), absent(Reference)), *no_longer_counted]


def _judged_meanwhile(upload_id: str) -> File:
    """A File whose bytes were seen neither judged nor in intake: promoted between the two looks, or never there."""
    file = File.get_by_id(upload_id)
    if file is None or file.purged or file.verdict in (Verdict.PENDING, Verdict.EXPIRED):
        raise UploadUnknown
    return file


def arriving(file_id: str, *, name: str, content_type: str, size: int, uploader: str) -> File:
    """A File, not yet written, whose bytes have no verdict. Its `intake_key` is where they go."""
    file = File.at(file_id)
    file.name, file.content_type, file.size, file.uploader = name, content_type, size, uploader
    file.created_at, file.correlation_id = clock.now(), correlation_id()
    file.intake_key = intake.key_for(file_id, size)
    file.verdict, file.attempts = Verdict.PENDING.value, 0
    file.make_due(clock.epoch() + _LOST_EVENT_SECONDS[intake.is_large(file.intake_key)])
    return file


def _reference(file_id: str, owner: str) -> Reference:
    reference = Reference.at(file_id, owner)
    reference.created_at = clock.now()
    return reference
