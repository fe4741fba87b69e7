"""Virus scanners behind one function: a stream goes in, a finding comes out. Which one: the setting SCANNER.

`docs/scanners.md` lists what each scanner opens, and every reason for which a file ends unscannable.
"""

from chalicelib.files.scanners.findings import Finding, Outcome, Readable, ScannerUnavailable
from chalicelib.settings import BadSetting, settings

__all__ = ["Finding", "Outcome", "Readable", "ScannerUnavailable", "check_ready", "scan"]


def scan(stream: Readable, *, size: int) -> Finding:
    """Judge the bytes of a stream, with the scanner that SCANNER names.

    Reads forward only and in bounded memory. May stop before the end: on a match, or when the file turns out to be
    unscannable. An error of the stream itself comes out as it is.

    Args:
        stream: the whole file, from its first byte.
        size: how many bytes the stream holds. More than SCAN_MAX_BYTES is unscannable without a look.

    Raises:
        ScannerUnavailable: no verdict could be reached now, or the stream did not hold `size` bytes.
        BadSetting: the scanner is not configured, or judges elsewhere (`guardduty`).
    """
    name = settings().scanner
    if name == "guardduty":
        raise BadSetting("SCANNER=guardduty judges inside AWS: its verdicts come as events, nothing is scanned here")
    if not name:
        raise BadSetting("SCANNER is not set: a stage names its scanner")
    if size > settings().scan_max_bytes:
        return Finding(Outcome.UNSCANNABLE, "larger_than_scanner_limit")
    if name == "clamd":
        from chalicelib.files.scanners.clamd import scan as scan_with_clamd

        return scan_with_clamd(stream, size=size)
    from chalicelib.files.scanners.yara import scan as scan_with_yara

    return scan_with_yara(stream, size=size)


def check_ready() -> None:
    """Return if the configured scanner could judge a file now.

    Raises:
        ScannerUnavailable: it does not answer.
        BadSetting: it is not configured, or not well.
    """
    name = settings().scanner
    if not name:
        raise BadSetting("SCANNER is not set: a stage names its scanner")
    if name == "clamd":
        from chalicelib.files.scanners.clamd import check_ready as check_clamd

        check_clamd()
    elif name == "yara":
        from chalicelib.files.scanners.yara import check_ready as check_yara

        check_yara()
