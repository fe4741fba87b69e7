"""What the sweep does with due rows of the files table."""

from chalicelib import clock, metrics
from chalicelib.files import intake, owners, publications, references, scanning
from chalicelib.files.models import File, Publication, Reference, Verdict
from chalicelib.files.receiving import UPLOAD_SECONDS
from chalicelib.jobs.sweep import Attendant, register
from chalicelib.rows import update

_REMINDED_SECONDS = {False: 15 * 60, True: 2 * 3600}


def attend_file(pk: str, sk: str) -> None:
    """A File that is due: an event was missed, a worker died, an upload never came, or nobody refers to it."""
    file = File.find(pk, sk)
    if file is None or file.due_at is None:
        return
    row = File.at(file.file_id)
    unused_since = int(file.created_at.timestamp()) + UPLOAD_SECONDS
    given_up = file.references == 0 and (file.owner or (file.settled and unused_since <= clock.epoch()))
    if file.purged or given_up:
        references.purge(file.file_id)
    elif file.settled:
        due = File.no_longer_due() if file.references else row.due_from(unused_since)
        update(row, due, File.due_at == file.due_at)
    elif file.verdict != Verdict.PENDING or intake.arrived(file.intake_key) is not None:
        later = clock.epoch() + _REMINDED_SECONDS[intake.is_large(file.intake_key)]
        update(row, row.due_from(later), File.due_at == file.due_at)
        if file.verdict == Verdict.PENDING:
            age = (clock.now() - file.created_at).total_seconds()
            metrics.emit("UnscannedAge", age)
        scanning.remind(file.intake_key)
    elif unused_since <= clock.epoch():
        scanning.expire(file)
    else:
        update(row, row.due_from(unused_since), File.due_at == file.due_at)


def attend_reference(pk: str, sk: str) -> None:
    """A reference that is due: its owner says whether it may go."""
    reference = Reference.find(pk, sk)
    if reference is None or reference.due_at is None:
        return
    again = owners.ask_release(reference)
    if again is None:
        references.release(reference.file_id, reference.owner)
    else:
        row = Reference.at(reference.file_id, reference.owner)
        update(row, row.due_from(again), Reference.due_at == reference.due_at)


def attend_publication(pk: str, sk: str) -> None:
    """A publication that is due: the media bucket may not agree with it."""
    publication = Publication.find(pk, sk)
    if publication is not None and publication.due_at is not None:
        publications.converge_or_queue(publication.path, int(publication.size or 0), patient=False)


def register_all() -> None:
    """Have the sweep look after the files table."""
    register(Attendant(File, "file", attend_file))
    register(Attendant(Reference, "ref#", attend_reference))
    register(Attendant(Publication, "publication", attend_publication))
