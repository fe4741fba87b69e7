"""What a scanner says of a file, and how it says that it cannot say anything yet."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    """The three ways a scan can end."""

    CLEAN = "clean"
    INFECTED = "infected"
    UNSCANNABLE = "unscannable"


@dataclass(frozen=True, slots=True)
class Finding:
    """How a scan ended.

    Args:
        outcome: the verdict on the bytes that were read.
        reason: the signature that matched, or why the file cannot be scanned (a word of `docs/scanners.md`);
            None when clean. Never holds anything of the file's content or of names inside it.
    """

    outcome: Outcome
    reason: str | None = None


class ScannerUnavailable(Exception):
    """The scanner cannot answer now. Says nothing of the file: neither clean nor infected, try again later."""


class Readable(Protocol):
    """A forward-only source of bytes: an S3 body, an open file."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes, possibly fewer; empty only at the end."""
        ...


class Infected(Exception):
    """Internal: a signature matched; ends the reading at once."""

    def __init__(self, signature: str) -> None:
        super().__init__(signature)
        self.signature = signature


class Unscannable(Exception):
    """Internal: the file cannot be judged; ends the reading at once."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
