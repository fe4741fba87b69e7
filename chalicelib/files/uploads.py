"""Uploads that go straight to S3: begun here, sent by the client to intake itself, and used as an owner's File later.

    begin  ----> File and quota, one transaction        single: a form for one key; in parts: S3's id of the upload
    (client sends bytes to S3; parts are signed, listed and signed again as often as it likes)
    complete --> parts compared, File says how many      in parts only; may be repeated
    use    ----> `receiving.use_upload`                  S3 is asked whether the bytes are there; ends the counting
    abort, or 24 hours without use --> purged            by `abort`, or by the sweep, which ends it `expired`

Crashes. S3's upload is created before the row: without a row nobody can have a part signed, so what a crash leaves
there is empty, and the lifecycle rule of the bucket removes it; row first would cost a second write. A completion is
the client's to repeat, or the work queue's when it outlasts the request: a completed upload is told from an unknown one
by what lies in intake, and afterwards by the verdict. Aborting marks the row first, and it stays due until the sweep
has cleaned up.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from chalicelib import clock
from chalicelib.errors import Busy, QuotaExceeded, ValidationFailed
from chalicelib.files import intake, multipart, quotas, receiving
from chalicelib.files.models import File, Verdict
from chalicelib.files.multipart import Part
from chalicelib.files.objects import Missing
from chalicelib.files.receiving import UploadUnknown
from chalicelib.files.references import REMEMBERED_SECONDS
from chalicelib.jobs import queues
from chalicelib.logs import logger
from chalicelib.rows import ConditionFailed, Step, TransactionCancelled, Update, contend, transact, update
from chalicelib.settings import settings

PATIENCE = 20.0
"""Seconds for which a request waits until S3 has put an object together. API Gateway gives a request 29."""

WORK = "upload"
"""The name of the work that finishes a completion; its argument is the File's id."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What a client says of the file it is about to send. `size` is bytes, `sha256` hex; None: it does not say."""

    name: str
    content_type: str
    size: int | None = None
    sha256: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


def begin_single(announced: Announced, uploader: str) -> File:
    """Begin an upload that comes by one form.

    Raises:
        QuotaExceeded
    """
    counted = settings().upload_undeclared_bytes if announced.size is None else announced.size
    file, write = _new(announced, counted, uploader)
    quotas.begin(file, write, counted)
    return file


def begin_in_parts(announced: Announced, uploader: str) -> File:
    """Begin an upload that comes in parts.

    Raises:
        QuotaExceeded
    """
    # Without a declared size it may become any: it goes the large way, and its completion counts it anew.
    unknown = max(settings().upload_undeclared_bytes, intake.SMALL_LIMIT + 1)
    counted = unknown if announced.size is None else announced.size
    file, write = _new(announced, counted, uploader)
    file.upload_id = intake.begin_parts(
        file.intake_key, content_type=announced.content_type, metadata=announced.metadata
    )
    try:
        quotas.begin(file, write, counted)
    except QuotaExceeded:
        intake.abort_parts(file.intake_key, file.upload_id)
        raise
    return file


def find(key: str, upload_id: str, uploader: str) -> File:
    """The upload in parts that S3 knows by this key and id, whatever became of it.

    Raises:
        UploadUnknown: there is none of this uploader.
    """
    file = receiving.find(intake.file_id_of(key))
    if file is None or (file.intake_key, file.upload_id, file.uploader) != (key, upload_id, uploader):
        raise UploadUnknown
    return file


def demand_open(file: File) -> None:
    """Refuse an upload that no part can be sent to any more.

    Raises:
        UploadUnknown: it was used, aborted, judged or has expired.
    """
    if file.purged or file.owner or file.verdict != Verdict.PENDING:
        raise UploadUnknown


def parts_of(file: File) -> list[Part]:
    """The parts that have arrived, by number.

    Of a completed upload S3 knows no parts any more. They are told all the same, so that a client that never heard of
    its completion can complete again: their numbers as they were, their sizes in equal shares, one entity tag for all.

    Raises:
        UploadUnknown: it was aborted, or has expired.
    """
    if not _is_done(file):
        try:
            return intake.parts(file.intake_key, file.upload_id)
        except Missing:
            _demand_done(file)
    count, size = int(file.parts or 0), int(file.size or 0)
    bounds = [size * number // count for number in range(count + 1)] if count else []
    return [Part(number, bounds[number] - bounds[number - 1], file.file_id) for number in range(1, count + 1)]


def complete(file: File, named: Sequence[tuple[int, str]]) -> None:
    """Put the parts together, once every one of them and their size are as they should be. May be repeated.

    Args:
        named: the parts as the client has them: number and entity tag without quotes.

    Raises:
        UploadUnknown: it was aborted, or has expired.
        ValidationFailed: the parts are not what the client says or S3 takes; `details` says why.
        QuotaExceeded: its size was not declared, and is too much.
        Busy: S3 takes long; it will be finished whether or not the client asks again.
    """
    if _is_done(file):
        return
    try:
        listed = intake.parts(file.intake_key, file.upload_id)
    except Missing:
        _demand_done(file)
        return
    if wrong := _what_is_wrong(file, listed, named):
        raise ValidationFailed(details=wrong)
    _note(file, listed)
    _join(file, listed)


def finish(file_id: str) -> None:
    """Finish a completion that outlasted its request; called by the work queue."""
    file = receiving.find(file_id)
    if file is None or file.parts is None or file.purged or file.owner or file.verdict != Verdict.PENDING:
        return
    try:
        listed = intake.parts(file.intake_key, file.upload_id)
        if (len(listed), _size(listed)) == (file.parts, file.size):
            intake.join_parts(file.intake_key, file.upload_id, listed)
    except Missing:
        logger.info("an upload was completed or aborted meanwhile", file_id=file_id)
    except multipart.PartsChanged:
        logger.warning("the parts of an upload changed after they had been checked", file_id=file_id)


def abort(file: File) -> None:
    """Give an upload up; no matter if that was done before. The sweep removes what has arrived of it.

    Raises:
        UploadUnknown: it was used.
    """

    def attempt() -> None:
        counted, no_longer_counted = quotas.given_back(file)
        row, now = File.at(file.file_id), clock.epoch()
        actions = [File.purged.set(True), File.expires_at.set(now + REMEMBERED_SECONDS), *row.due_from(now), *counted]
        unused = (File.references == 0) & File.owner.does_not_exist() & File.purged.does_not_exist()
        try:
            transact(Update(row, actions, unused & quotas.counts_for(file)), *no_longer_counted)
        except TransactionCancelled as cancelled:
            old = cancelled.failed.get(0)
            if old is None:
                raise
            if old.owner:
                raise UploadUnknown from None
            if not old.purged:
                raise Busy from None

    if not file.purged:
        contend(attempt)
    intake.abort_parts(file.intake_key, file.upload_id)


def _new(announced: Announced, size: int, uploader: str) -> tuple[File, Step]:
    file, write = receiving.begin_upload(
        name=announced.name, content_type=announced.content_type, size=size, uploader=uploader
    )
    file.size = file.declared_size = announced.size
    file.declared_sha256 = announced.sha256
    return file, write


def _is_done(file: File) -> bool:
    """Whether the row alone tells that the bytes were there.

    Raises:
        UploadUnknown: it tells that they never will be.
    """
    if file.purged or file.verdict == Verdict.EXPIRED:
        raise UploadUnknown
    return bool(file.owner) or file.verdict != Verdict.PENDING


def _demand_done(file: File) -> None:
    """Of an upload that S3 does not know, find out whether that is because it was completed."""
    if intake.arrived(file.intake_key) is not None:
        return
    again = receiving.find(file.file_id)
    if again is None or not _is_done(again):
        raise UploadUnknown


def _what_is_wrong(file: File, listed: Sequence[Part], named: Sequence[tuple[int, str]]) -> list[str]:
    there = {part.number: part for part in listed}
    wrong = []
    if dict(named).keys() != there.keys() or len(named) != len(there):
        wrong.append(f"the parts named are not the {len(there)} parts that arrived")
    elif any(there[number].etag != etag for number, etag in named):
        wrong.append("a part has another ETag than the one that arrived")
    if not listed:
        wrong.append("no part has arrived")
    if any(part.size < multipart.SMALLEST_PART for part in listed[:-1]):
        wrong.append(f"every part but the last must have at least {multipart.SMALLEST_PART} bytes")
    size = _size(listed)
    if file.declared_size is not None and size != file.declared_size:
        wrong.append(f"the parts have {size} bytes together, not {file.declared_size}")
    if size > multipart.LARGEST:
        wrong.append(f"a file has at most {multipart.LARGEST} bytes")
    return wrong


def _note(file: File, listed: Sequence[Part]) -> None:
    """Write down what is about to be put together, and count it for what it is."""
    size = _size(listed)
    if (file.parts, file.size, file.reserved) == (len(listed), size, size):
        return
    actions = [File.parts.set(len(listed)), File.size.set(size)]
    unused = File.owner.does_not_exist() & File.purged.does_not_exist()
    if file.reserved not in (None, size):
        quotas.recount(file, actions, unused, size)
    else:
        try:
            update(File.at(file.file_id), actions, unused)
        except ConditionFailed:
            raise Busy from None
    file.parts, file.size = len(listed), size


def _join(file: File, listed: Sequence[Part]) -> None:
    """Have S3 put the parts together, or leave that to the work queue when it takes longer than a request may."""
    joining = _Patiently(lambda: intake.join_parts(file.intake_key, file.upload_id, listed))
    try:
        joining.wait(PATIENCE)
    except Missing:
        _demand_done(file)
    except multipart.PartsChanged:
        raise ValidationFailed(details=["the parts changed while they were put together"]) from None
    except TimeoutError:
        queues.send(settings().work_queue, {WORK: file.file_id})
        raise Busy("the parts are still being put together; please ask again") from None


class _Patiently:
    """A call in a thread of its own. S3 keeps a slow answer alive with blanks, so that no read ever times out."""

    def __init__(self, call: Callable[[], None]) -> None:
        self._call = call
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def wait(self, seconds: float) -> None:
        """Start the call, and return or raise as it does.

        Raises:
            TimeoutError: it is not done yet, and goes on.
        """
        self._thread.start()
        self._thread.join(seconds)
        if self._thread.is_alive():
            raise TimeoutError
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            self._call()
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            self._error = error


def _size(listed: Sequence[Part]) -> int:
    return sum(part.size for part in listed)
