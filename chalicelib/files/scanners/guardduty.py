"""GuardDuty Malware Protection for S3: scans in the bucket, and says what it found by event and by tag.

Both name the object version they are for, and count for no other. The tag can be believed because the bucket lets
nobody else set tags. What GuardDuty could not look at is no verdict: it stays open until somebody looks again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.files.scanners.findings import Finding, Outcome

RESULT = "GuardDuty Malware Protection Object Scan Result"
TAG = "GuardDutyMalwareScanStatus"

_UNNAMED = "GuardDuty.ThreatsFound"


@dataclass(frozen=True, slots=True)
class Announcement:
    """What GuardDuty said of one object version.

    Attributes:
        key, version: of the object in the intake bucket.
        status: GuardDuty's word.
        finding: what that means; None: not yet.
    """

    key: str
    version: str
    status: str
    finding: Finding | None


def announcement(body: Mapping[str, Any]) -> Announcement | None:
    """What an event announces; None for anything but a scan result."""
    if body.get("detail-type") != RESULT or body.get("source") != "aws.guardduty":
        return None
    described, result = body["detail"]["s3ObjectDetails"], body["detail"]["scanResultDetails"]
    threats = [str(threat["name"]) for threat in result.get("threats") or []]
    status = str(result["scanResultStatus"])
    return Announcement(described["objectKey"], described["versionId"], status, _finding(status, threats))


def tagged(key: str, version: str, tags: Mapping[str, str]) -> Announcement | None:
    """What the tags of an object version say; None if they say nothing."""
    status = tags.get(TAG)
    return None if status is None else Announcement(key, version, status, _finding(status, []))


def _finding(status: str, threats: list[str]) -> Finding | None:
    match status:
        case "NO_THREATS_FOUND":
            return Finding(Outcome.CLEAN)
        case "THREATS_FOUND":
            return Finding(Outcome.INFECTED, threats[0] if threats else _UNNAMED)
        case "UNSUPPORTED":
            return Finding(Outcome.UNSCANNABLE, "unsupported_by_scanner")
    return None
