"""The scan: claim a File, judge the bytes that arrived, make them a verdict, tell the owner.

    scan message --> claim --> open newest version --> scanner, SHA-256 --+--> clean: copy that version to the library
         |             |                                                  +--> not clean: tag it, leave it in intake
         |             +-- no row: handed back, after an hour an orphan         |
         +-- duplicate: one failed claim                        verdict (conditional) --> owner told --> intake version
                                                                                          deleted --> settled

Where GuardDuty scans, its announcement stands in the scanner's place: of one version, which then is the one opened. An
arrival by itself does nothing there, nor does a reminder, unless the version's tag has the announcement that got lost.

The verdict is written only by the claim's holder, for the version its bytes came from. Everything after it can be
repeated by whoever claims the File next, which happens as long as it is not settled. IAM: the scan functions alone read
intake objects.
"""

import uuid
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from chalicelib import clock, metrics
from chalicelib.files import intake, library, objects, owners
from chalicelib.files.digests import Digesting
from chalicelib.files.models import File, Verdict
from chalicelib.files.receiving import UPLOAD_SECONDS
from chalicelib.files.scanners import Finding, Outcome, ScannerUnavailable, check_ready, guardduty, scan
from chalicelib.jobs import queues
from chalicelib.jobs.queues import Message, NotYet
from chalicelib.logs import follow, logger
from chalicelib.rows import ConditionFailed, update
from chalicelib.settings import settings

CLAIM_SECONDS = {False: 90, True: 960}
"""How long a worker may take, by whether the key is a large one: its function's time and a little more."""

_ORPHAN_SECONDS = 3600
_LATER_SECONDS = 60


def handle(message: Message) -> None:
    """Handle one message of a scan queue: an S3 event notification, or the sweep's reminder in the same shape.

    Raises:
        NotYet: the row has not appeared, another worker is at it, or the scanner cannot answer.
    """
    announced = guardduty.announcement(message.body)
    if announced is not None:
        _heed(announced, message)
        return
    for record in message.body.get("Records", []):
        described = record["s3"]["object"]
        key, version = unquote_plus(described["key"]), described.get("versionId")
        if settings().scanner == "guardduty":
            _look_for_announcement(key, version, message)
        else:
            scan_arrival(key, version, message)


def remind(key: str) -> None:
    """Send the scan message that an arrival should have caused itself."""
    queue = settings().scan_large_queue if intake.is_large(key) else settings().scan_small_queue
    queues.send(queue, {"Records": [{"s3": {"object": {"key": quote_plus(key)}}}]})


def _look_for_announcement(key: str, version: str | None, message: Message) -> None:
    """What an arrival's event or a reminder comes to where GuardDuty scans: its tag may be there already."""
    try:
        newest, tags = intake.tags(key)
        announced = guardduty.tagged(key, newest or "", tags)
    except objects.Missing:
        announced = None
    if announced is not None:
        _heed(announced, message)
        return
    file = File.get_by_id(intake.file_id_of(key))
    if file is None or file.purged or file.settled:
        _not_claimed(file, key, version, message)


def _heed(announced: guardduty.Announcement, message: Message) -> None:
    if announced.finding is None:
        # Nobody scans it again by itself: the alarm calls somebody, and the File stays due until then.
        logger.error("GuardDuty could not scan", key=announced.key, status=announced.status)
        metrics.emit("ScansRefused", status=announced.status)
        return
    scan_arrival(announced.key, announced.version, message, announced.finding)


def scan_arrival(key: str, version: str | None, message: Message, announced: Finding | None = None) -> None:
    """Bring the File that arrives under `key` to its verdict, and settle it. See `handle`.

    Args:
        announced: the finding on `version`, where it was scanned elsewhere.
    """
    try:
        file = _claim(key)
    except ConditionFailed as failure:
        _not_claimed(failure.old, key, version, message)
        return
    follow(file.correlation_id)
    if file.verdict == Verdict.PENDING:
        if file.attempts == 1:
            metrics.emit("Uploads")
        try:
            judged = _judge(file, version, announced)
        except (ScannerUnavailable, objects.Missing, *objects.VENDOR_ERRORS) as unavailable:
            # An attempt counts against the file only where the scanner is there for others.
            at_fault = isinstance(unavailable, ScannerUnavailable) and _scanner_answers()
            _unclaim(file, *([] if at_fault else [File.attempts.set(File.attempts - 1)]))
            metrics.emit("ScansPutOff", reason=type(unavailable).__name__)
            raise NotYet(f"cannot be scanned now: {type(unavailable).__name__}", _LATER_SECONDS) from None
        except Exception:
            _unclaim(file)
            raise
        if judged is None:
            return
        file = judged
    finish(file)
    if version not in (None, file.intake_version):
        _too_many(file, version)


def finish(file: File) -> None:
    """Do everything that follows a verdict, by the holder of the claim. Any of it may have been done before."""
    owners.tell_verdict(file)
    if file.verdict == Verdict.CLEAN:
        intake.discard(file.intake_key, file.intake_version)
    elif file.attempts > 1:
        # An attempt before this one may have found it clean, and have died between its copy and its verdict.
        library.discard_all(file.file_id)
    row = File.at(file.file_id)
    unused = not file.references
    due = row.due_from(int(file.created_at.timestamp()) + UPLOAD_SECONDS) if unused else File.no_longer_due()
    actions = [File.settled.set(True), File.claim.remove(), File.claimed_until.remove(), *due]
    try:
        update(row, actions, File.claim == file.claim)
    except ConditionFailed:
        logger.info("another worker settles this file", file_id=file.file_id)


def expire(file: File) -> None:
    """End an upload that never came.

    Raises:
        ConditionFailed: somebody is at it.
    """
    claimed = _claim(file.intake_key)
    if claimed.verdict != Verdict.PENDING:
        finish(claimed)
        return
    finish(_write_verdict(claimed, Verdict.EXPIRED, reason="never_arrived"))


def _claim(key: str) -> File:
    row, now = File.at(intake.file_id_of(key)), clock.epoch()
    until = now + CLAIM_SECONDS[intake.is_large(key)]
    return update(
        row,
        [
            File.claim.set(uuid.uuid4().hex),
            File.claimed_until.set(until),
            File.attempts.set(File.attempts + 1),
            *row.due_from(until),
        ],
        File.intake_key.exists()
        & File.settled.does_not_exist()
        & File.purged.does_not_exist()
        & (File.claimed_until.does_not_exist() | (File.claimed_until < now)),
    )


def _unclaim(file: File, *more: Any) -> None:
    try:
        update(
            File.at(file.file_id),
            [File.claim.remove(), File.claimed_until.remove(), *more],
            File.claim == file.claim,
        )
    except ConditionFailed:
        logger.info("the claim had passed to another worker", file_id=file.file_id)


def _not_claimed(old: File | None, key: str, version: str | None, message: Message) -> None:
    if old is None:
        if _age(message.sent_at) < _ORPHAN_SECONDS:
            raise NotYet("no row for this arrival yet", message.growing_delay())
        logger.warning("an orphan goes", key=key)
        intake.discard(key, version)
    elif old.purged:
        intake.discard(key, version)
    elif old.settled:
        metrics.emit("Duplicates")
        if version not in (None, old.intake_version):
            _too_many(old, version)
    else:
        raise NotYet("another worker is at this file", max(1, int(old.claimed_until) - clock.epoch() + 1))


def _too_many(file: File, version: str) -> None:
    """Bytes that arrived beside those that were judged: sent twice, or after the verdict."""
    logger.warning("bytes beside the judged ones go", file_id=file.file_id)
    intake.discard(file.intake_key, version)


def _judge(file: File, version: str | None, announced: Finding | None) -> File | None:
    """Scan what has arrived, or take what was announced of one version, and write the verdict.

    None: the world moved on, and nothing of this attempt is left.
    """
    if announced is None:
        arrived = intake.open_newest(file.intake_key)
    else:
        try:
            arrived = intake.open_version(file.intake_key, version or "")
        except objects.Missing:
            _unclaim(file, File.attempts.set(File.attempts - 1))  # a verdict on bytes that are gone is about nothing
            return None
    assert arrived.body is not None
    bytes_ = Digesting(arrived.body)
    if file.attempts > settings().scan_attempts:
        finding = Finding(Outcome.UNSCANNABLE, "scan_kept_crashing")
    else:
        finding = announced or scan(bytes_, size=arrived.size)
    facts: dict[str, Any] = {"size": arrived.size, "intake_version": arrived.version}
    if finding.outcome is not Outcome.CLEAN:
        arrived.body.close()
        verdict = _verdict(finding)
        intake.mark(file.intake_key, arrived.version, verdict)
        return _written_or_undone(file, verdict, reason=finding.reason, **facts)
    facts["sha256"] = bytes_.digest()
    if file.declared_sha256 not in (None, facts["sha256"]):
        intake.mark(file.intake_key, arrived.version, Verdict.UNSCANNABLE)
        return _written_or_undone(file, Verdict.UNSCANNABLE, reason="digest_mismatch", **facts)
    facts["library_key"] = library.accept(file, arrived.version, arrived.size)
    return _written_or_undone(file, Verdict.CLEAN, **facts)


def _verdict(finding: Finding) -> Verdict:
    return Verdict.INFECTED if finding.outcome is Outcome.INFECTED else Verdict.UNSCANNABLE


def _written_or_undone(file: File, verdict: Verdict, **facts: Any) -> File | None:
    try:
        return _write_verdict(file, verdict, **facts)
    except ConditionFailed as failure:
        mine, old = facts.get("library_key"), failure.old
        # While the verdict is open, another worker may be relying on a copy under the very same key.
        undecided = old is not None and not old.purged and old.verdict == Verdict.PENDING
        if mine is not None and not undecided and (old is None or old.purged or old.library_key != mine):
            library.discard(mine)
        if old is None or old.purged:
            intake.discard(file.intake_key, None)
        logger.info("the world moved on during a scan", file_id=file.file_id)
        return None


def _write_verdict(file: File, verdict: Verdict, **facts: Any) -> File:
    actions = [File.verdict.set(verdict.value)]
    actions += [getattr(File, name).set(value) for name, value in facts.items() if value is not None]
    mine = (File.claim == file.claim) & (File.verdict == Verdict.PENDING.value) & File.purged.does_not_exist()
    judged = update(File.at(file.file_id), actions, mine)
    logger.info("verdict", file_id=file.file_id, verdict=verdict.value, reason=facts.get("reason"))
    metrics.emit("Verdicts", verdict=verdict.value)
    metrics.emit("TimeToVerdict", _age(file.created_at))
    return judged


def _scanner_answers() -> bool:
    try:
        check_ready()
    except ScannerUnavailable:
        return False
    return True


def _age(moment: datetime) -> float:
    return (clock.now() - moment).total_seconds()
