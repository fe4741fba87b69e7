"""Files that the product makes itself: scanned in this process, then put straight into the library as clean.

    output --> scan, SHA-256 --+--> clean: library --> transaction: Files, references, owner's rows (33 Files at once)
                               +--> not clean: kept nowhere; `Unclean` names it when the rest has been looked at

What is made in one go is a run. Ids of Files are made from run and path, keys in the library from that and the bytes: a
message that comes again finds its Files there and writes nothing twice. Bytes that a dead worker left without a row lie
below the run's own prefix, where `unmake` finds them. An owner that gives up a run first writes that down in the row
that the run's `guards` look at, so that nothing of it is written any more.

With SCANNER=guardduty nothing can be judged in this process: the bytes go to intake, as what a client uploads does, and
the owner hears their verdicts later.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from chalicelib import clock
from chalicelib.batches import batched
from chalicelib.files import intake, library, names, receiving
from chalicelib.files.digests import Digesting
from chalicelib.files.models import File, Verdict
from chalicelib.files.outputs import Output, WorkError
from chalicelib.files.scanners import Finding, Outcome, scan
from chalicelib.rows import Step, TransactionCancelled, contend, transact
from chalicelib.settings import settings

__all__ = ["Made", "Output", "RowsRefused", "Run", "Unclean", "Unwanted", "WorkError", "file_id_of", "make", "unmake"]

THREADS = 8
"""Outputs that are scanned and stored at once; so many contents are in memory."""

_STEPS = 100
_NAMED = 5
_RUN_DIGITS = 16


class Unclean(WorkError):
    """Outputs that are infected or cannot be scanned. `found` holds their paths and reasons."""

    def __init__(self, found: Sequence[tuple[str, str]]) -> None:
        self.found = list(found)
        named = ", ".join(f"{path} ({reason})" for path, reason in found[:_NAMED])
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        super().__init__(f"the virus scan refused {named}{more}")


class Unwanted(Exception):
    """The run was given up, or its Files were: nothing of it may be written any more."""


class RowsRefused(Exception):
    """The conditions of the owner's own steps were not met. `failed` maps positions in the transaction to old rows."""

    def __init__(self, failed: dict[int, Any]) -> None:
        self.failed = failed
        super().__init__("the owner's rows did not allow it")


@dataclass(frozen=True, slots=True)
class Run:
    """On whose behalf Files are made.

    Args:
        run_id: the same for all parts and messages of a run, and never used for another.
        owner: names who will refer to the File of a path, as `<api>:<id>`.
        rows: the owner's steps for the File of a path, `rows_each` of them. What the File holds is known by then.
        uploader: uid of the principal.
        guards: steps that every transaction of the run begins with; they fail once the run is given up.
        content_type: tells a content type from a path.
    """

    run_id: str
    owner: Callable[[str], str]
    rows: Callable[[str, File], Sequence[Step]]
    uploader: str
    guards: Sequence[Step] = ()
    rows_each: int = 1
    content_type: Callable[[str], str] = names.content_type_of


@dataclass(frozen=True, slots=True)
class Made:
    """What was made: Files, and bytes in them."""

    count: int
    bytes: int


def make(run: Run, outputs: Iterable[Output]) -> Made:
    """Scan, store and write outputs. May be repeated with the same ones, and then writes what is missing.

    Raises:
        Unclean: some are not clean. The others may have been written: the run has failed.
        Unwanted: see there.
        ScannerUnavailable: the scanner cannot answer now.
        RowsRefused: see there.
        Exception: whatever the iterator of outputs raises; what it gave before may have been written.
    """
    together = (_STEPS - len(run.guards)) // (2 + run.rows_each)
    refused: list[tuple[str, str]] = []
    count = size = 0
    for made in batched(_stored(run, outputs, refused), together):
        if not refused:
            _write(run, made)
            count += len(made)
            size += sum(int(file.size) for _, file in made)
    if refused:
        raise Unclean(refused)
    return Made(count, size)


def unmake(run_id: str, bucket: str | None = None) -> None:
    """Delete the bytes of a run that no File has: those of a worker that died between storing and writing.

    The Files of the run are for their owner to release, before. Call it when the run has been given up and no worker of
    it can be alive any more.

    Args:
        bucket: where they went, if not into the library's own bucket.
    """
    for keys in batched(library.keys_of(_prefix(run_id), bucket), 100):
        ids = {key.rpartition(":")[2].partition("/")[0] for key in keys}
        files = File.find_many([(File.at(file_id).pk, "file") for file_id in ids])
        had = {file.library_key for file in files if not file.purged}
        library.discard_each([key for key in keys if key not in had])


def file_id_of(run_id: str, path: str) -> str:
    """The id of the File that a run makes of a path.

    Its second half is as unforeseeable as the run's id, so nobody can choose two paths that have the same.
    """
    return _prefix(run_id) + hashlib.sha256(f"{run_id}/{path}".encode(errors="surrogatepass")).hexdigest()[:16]


def _prefix(run_id: str) -> str:
    return hashlib.sha256(run_id.encode()).hexdigest()[:_RUN_DIGITS]


def _stored(run: Run, outputs: Iterable[Output], refused: list[tuple[str, str]]) -> Iterator[tuple[str, File]]:
    """The Files of clean outputs, in order, their bytes stored. Some outputs are worked on at once, but never many."""
    under_way: deque[tuple[str, Future[File | Finding]]] = deque()

    def earliest() -> Iterator[tuple[str, File]]:
        path, future = under_way.popleft()
        result = future.result()
        if isinstance(result, Finding):
            refused.append((path, f"{result.outcome.value}: {result.reason}"))
        else:
            yield path, result

    pool = ThreadPoolExecutor(THREADS)
    try:
        for output in outputs:
            under_way.append((output.path, pool.submit(_kept, run, output)))
            if len(under_way) == THREADS:
                yield from earliest()
        while under_way:
            yield from earliest()
    finally:
        pool.shutdown(cancel_futures=True)


def _kept(run: Run, output: Output) -> File | Finding:
    """The File of an output whose bytes have been judged and stored; or why they are not clean."""
    size, name = output.size, names.clean(output.path)
    file_id, kind = file_id_of(run.run_id, output.path), run.content_type(output.path)
    if settings().scanner == "guardduty":
        file = receiving.arriving(file_id, name=name, content_type=kind, size=size, uploader=run.uploader)
        with output.open() as content:
            intake.put(file.intake_key, content, content_type=kind)
        return file
    with output.open() as content:
        bytes_ = Digesting(content)
        finding = scan(bytes_, size=size)
        if finding.outcome is not Outcome.CLEAN:
            return finding
        sha256 = bytes_.digest()
    file = File.at(file_id)
    file.name, file.content_type, file.size, file.sha256 = name, kind, size, sha256
    file.uploader, file.created_at, file.attempts = run.uploader, clock.now(), 0
    file.verdict, file.settled = Verdict.CLEAN.value, True
    file.library_key = library.key_for(file_id, sha256)
    with output.open() as content:
        library.put(file.library_key, content, content_type=kind)
    return file


def _write(run: Run, made: Sequence[tuple[str, File]]) -> None:
    """Write Files and what refers to them, but for those that are there already."""
    missing = list(made)

    def attempt() -> None:
        groups = [_steps(run, path, file) for path, file in missing]
        try:
            transact(*run.guards, *(step for group in groups for step in group))
        except TransactionCancelled as cancelled:
            guards, each = len(run.guards), 2 + run.rows_each
            if any(position < guards for position in cancelled.failed):
                raise Unwanted from None
            found = {
                (position - guards) // each: old
                for position, old in cancelled.failed.items()
                if (position - guards) % each == 0
            }
            if cancelled.failed and not found:
                raise RowsRefused(cancelled.failed) from None
            for number in sorted(found, reverse=True):
                _, file = missing.pop(number)
                if found[number].purged:
                    raise Unwanted from None
                if found[number].library_key != file.library_key and file.library_key:
                    library.discard(file.library_key)
            if missing:
                raise

    if missing:
        contend(attempt)


def _steps(run: Run, path: str, file: File) -> list[Step]:
    steps = receiving.owned(file, run.owner(path))
    steps += run.rows(path, file)
    assert len(steps) == 2 + run.rows_each, "a run says truly how many rows its owner writes"
    return steps
