"""Copying a range of a bundle's files into another bundle, 33 files a transaction (see `copying`).

Each copy is a row of its own that refers to the File of the original; or, where the bytes have a bucket of their own to
go to, to a File of its own, whose bytes are copied there first. What is there already is left as it is.

    batch 1: prepare | write
    batch 2:         | prepare | write
    batch 3:                   | prepare | write

While DynamoDB writes one batch those behind it are prepared, and the request of the next is made and signed. They are
written one after the other, since all of them hold to the one guard, and two transactions on one row are refused. Where
no bytes are copied, a part's batches are all prepared during the first answer: who prepares later takes the processor
from who writes.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event

from chalicelib import clock
from chalicelib.apis.projectassets import bundles
from chalicelib.apis.projectassets.models import BundleFile
from chalicelib.batches import batched
from chalicelib.files import duplicating, library, objects, receiving, references
from chalicelib.files.models import File, Verdict
from chalicelib.jobs.running import Hopeless, Unfinished
from chalicelib.rows import (
    ConditionFailed,
    Put,
    Step,
    Transaction,
    TransactionCancelled,
    absent,
    commit,
    contend,
    find_each,
    prepared,
)

TOGETHER = 33
"""Files of a transaction: three steps each, and one that guards them all."""

COPIES_AT_ONCE = -(-TOGETHER // 2)
"""Bytes of so many files are copied at a time: those of a transaction in two turns, and no third for the odd one."""

_BATCHES_AHEAD = 2
"""The bytes of so many batches may be there before their rows: nobody needs them if the part comes to an end."""

_AGAIN_SECONDS = 30


class Superseded(Exception):
    """The part has ended: somebody else did it."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where copies go.

    Attributes:
        project: the project that gets them.
        run_id: the copy's job, from which ids of Files of its own are made.
        guard: the step that every transaction begins with.
        bucket: where bytes are to go; None to refer to those of the originals.
        resumed: an attempt before this one may have left bytes without rows.
    """

    project: int
    run_id: str
    guard: Step
    bucket: str | None = None
    resumed: bool = False


def copy_each(rows: Iterable[BundleFile], to: Destination) -> None:
    """Copy the files of a part; no matter which of them have been copied before.

    Raises:
        Hopeless: a file's bytes are gone.
        Superseded: see there.
        Unfinished: all were copied but those that have not been scanned yet and whose bytes are to be copied.
    """
    postponed = False
    # No thread starts before there are bytes to copy, or another batch may have to be prepared meanwhile.
    with ThreadPoolExecutor(2) as writers, ThreadPoolExecutor(COPIES_AT_ONCE) as threads:
        writing: deque[Future[bool]] = deque()
        before: _Batch | None = None
        try:
            for together in batched(rows, TOGETHER):
                if to.bucket is not None and len(writing) == _BATCHES_AHEAD:
                    postponed |= writing.popleft().result()
                batch = before = _Batch(to, together, threads, before)
                batch.prepare()
                if len(together) == TOGETHER or writing:
                    batch.written = writers.submit(batch.write)
                    writing.append(batch.written)
                else:
                    postponed |= batch.write()
            for batch_written in writing:
                postponed |= batch_written.result()
        finally:
            writers.shutdown(cancel_futures=True)
    if postponed:
        raise Unfinished(_AGAIN_SECONDS)


@dataclass(slots=True)
class _Batch:
    """Files that are copied in one transaction."""

    to: Destination
    waiting: list[BundleFile]
    threads: Executor
    before: "_Batch | None"
    """The batch whose transaction comes before this one's, until this one is written."""
    written: Future[bool] | None = None
    """What `write` returns in a thread of its own, if there is one."""
    sent: Event = field(default_factory=Event)
    """Set once the transaction is on its way, or there is none to come."""
    made: dict[str, File] = field(default_factory=dict)
    """Files of their own whose bytes have been copied, by the ids of the originals."""
    postponed: bool = False
    transaction: Transaction | None = None
    """What is left to be copied, once it is prepared."""

    def prepare(self) -> None:
        """Copy the bytes of what is left, and put its transaction together. Raises Hopeless."""
        bucket = self.to.bucket
        if bucket is not None:
            contend(lambda: self._copy_bytes(bucket))
        steps = [step for row in self.waiting for step in self._steps(row)]
        self.transaction = prepared(self.to.guard, *steps) if steps else None

    def write(self) -> bool:
        """Write what was prepared; what others wrote meanwhile is prepared anew.

        Its request is made while the batch before is written, and not sooner: that one would have to wait for it.

        Returns whether some of it has to wait for its scan. Raises Hopeless, Superseded.
        """
        if self.before is not None:
            self.before.sent.wait()
        try:
            contend(self._commit)
        finally:
            self.sent.set()
            self.before = None
        return self.postponed

    def _commit(self) -> None:
        if self.transaction is None:
            self._wait_for_turn()
            return
        try:
            commit(self.transaction, after=self._wait_for_turn)
        except TransactionCancelled as cancelled:
            if 0 in cancelled.failed:
                raise Superseded from None
            if cancelled.failed:
                self.waiting = _as_they_are(self.waiting, self.to.project)
            self.prepare()
            raise

    def _wait_for_turn(self) -> None:
        """Let the batch before this one be written. Raises CancelledError if it was not."""
        before = self.before
        if before is not None and before.written is not None and before.written.exception() is not None:
            raise CancelledError
        self.sent.set()

    def _copy_bytes(self, bucket: str) -> None:
        scanned = [row for row in self.waiting if row.state != Verdict.PENDING]
        self.postponed |= len(scanned) < len(self.waiting)
        self.waiting = scanned
        missing = [row for row in scanned if self._has_own_bytes(row) and row.file_id not in self.made]

        def duplicate(row: BundleFile) -> File | None:
            original = duplicating.Original(row.path, row.library_key, int(row.size), row.content_type, row.sha256)
            try:
                return duplicating.duplicate(self.to.run_id, original, bucket, resumed=self.to.resumed)
            except objects.Missing:
                return None

        made = list(self.threads.map(duplicate, missing))
        self.made |= {row.file_id: file for row, file in zip(missing, made, strict=True) if file is not None}
        if lost := {row.path: row.file_id for row, file in zip(missing, made, strict=True) if file is None}:
            self.waiting = _as_they_are(self.waiting, self.to.project)
            for row in self.waiting:
                if lost.get(row.path) == row.file_id:
                    raise gone(row.path)
            raise ConditionFailed(None)  # it has been replaced meanwhile: once more, with what is there now

    def _has_own_bytes(self, row: BundleFile) -> bool:
        if self.to.bucket is None or row.state != Verdict.CLEAN:
            return False
        return library.bucket_of(row.library_key) != self.to.bucket

    def _steps(self, row: BundleFile) -> list[Step]:
        owner = bundles.owner_of(self.to.project, row.path)
        entry = BundleFile.at(self.to.project, row.path)
        entry.content_type, entry.updated_at = row.content_type, clock.now()
        entry.size, entry.sha256, entry.state = row.size, row.sha256, row.state
        if self._has_own_bytes(row):
            file = self.made[row.file_id]
            entry.file_id, entry.library_key = file.file_id, file.library_key
            steps = receiving.owned(file, owner)
        else:
            entry.file_id, entry.library_key = row.file_id, row.library_key
            steps = references.share(row.file_id, owner, verdict=row.state)
        return [*steps, Put(entry, absent(BundleFile))]


def _as_they_are(rows: Sequence[BundleFile], target: int) -> list[BundleFile]:
    """What is left to be copied of these files, read again: each as its bundle and its File say now."""
    source = int(rows[0].pk.removeprefix("project#"))
    originals = [BundleFile.at(source, row.path) for row in rows]
    copies = [BundleFile.at(target, row.path) for row in rows]
    found = find_each(*originals, *copies, *(File.at(row.file_id) for row in rows))
    left = []
    for row, fresh, copied, file in zip(rows, found, found[len(rows) :], found[2 * len(rows) :], strict=False):
        if copied is not None or fresh is None:
            continue
        if fresh.file_id == row.file_id:
            if file is None or file.purged:
                raise gone(row.path)
            fresh.state, fresh.library_key, fresh.size, fresh.sha256 = (
                file.verdict,
                file.library_key,
                file.size,
                file.sha256,
            )
        left.append(fresh)
    return left


def gone(path: str) -> Hopeless:
    """A file's bytes are not there any more."""
    return Hopeless(f"The bytes of the file '{path}' are gone.")
