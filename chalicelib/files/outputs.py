"""What work on a file gives: outputs, or a reason that its user can read."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO


class WorkError(Exception):
    """The work cannot be done, and never will be with this file. Its text is for the user: one clause, no full stop."""


@dataclass(frozen=True, slots=True)
class Output:
    """A file that was made.

    Args:
        path: where it belongs, relative and with `/`; unique within its run.
        content: its bytes, or where they lie on the local disk.
    """

    path: str
    content: bytes | Path

    @property
    def size(self) -> int:
        """Its bytes."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.stat().st_size

    def open(self) -> BinaryIO:
        """Open its bytes for reading."""
        return io.BytesIO(self.content) if isinstance(self.content, bytes) else self.content.open("rb")
