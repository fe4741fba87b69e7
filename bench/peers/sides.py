"""What every side of the comparison can be asked to do, and the content that each of them is given."""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bench.peers.client import Client
from bench.peers.processes import Threads, Tree

OURS = "this product"
LARGE = 1024**3
"""Bytes of the large file."""
PIECE = 8_000_000
"""Bytes of a chunk or part of it. No divisor of its size: invenio-files-rest 6.1.0 refuses the last part of one."""
SMALL = 10_240
"""Bytes of a small file."""


@dataclass(frozen=True, slots=True)
class Servers:
    """The processes of a side.

    Args:
        application: what answers its API.
        behind: those threads of the application that do the work afterwards, if there are any.
        engine: what keeps rows and bytes, where that is a process of its own.
    """

    application: Tree
    behind: Threads | None = None
    engine: Tree | None = None


@dataclass(frozen=True, slots=True)
class About:
    """What a reader of the table has to know of a side.

    Args:
        name: what heads its column.
        version: of what was measured.
        engine: what keeps rows and bytes.
        served: how it is run and driven.
        through: what the bytes of files through the application over those stored must be, where that is promised.
    """

    name: str
    version: str
    engine: str
    served: str
    through: float | None = None


class Side(Protocol):
    """A running side."""

    about: About
    client: Client
    """Speaks to the application; what it sent went through it."""
    servers: Servers
    stored: Path
    """Where the engine keeps bytes."""

    def upload_large(self, content: "Content") -> None:
        """Send the large file as its own protocol sends one."""

    def upload_small(self, name: str, content: bytes) -> None:
        """Send a small file, in one request."""

    def read(self, name: str) -> None:
        """Ask what is known of a small file."""

    def listing(self, count: int) -> int:
        """Ask for so many entries in one page; tells how many came. -1: it has no listing."""

    def settle(self) -> None:
        """Return when everything is done that uploads began."""


@dataclass(frozen=True, slots=True)
class Content:
    """The large file: the same bytes for every side, made as they are sent."""

    size: int = LARGE
    _block: bytes = field(default_factory=lambda: random.Random(8).randbytes(PIECE), repr=False)

    def pieces(self) -> Iterator[bytes]:
        """Its pieces in order, no two of them the same."""
        for number, start in enumerate(range(0, self.size, PIECE)):
            yield (number.to_bytes(8, "big") + self._block[8:])[: self.size - start]

    def sha256(self) -> str:
        """Its digest."""
        digest = hashlib.sha256()
        for piece in self.pieces():
            digest.update(piece)
        return digest.hexdigest()

    def lies_in(self, folder: Path) -> bool:
        """Whether some file below a folder is it, byte for byte."""
        same_size = [path for path in folder.rglob("*") if path.is_file() and path.stat().st_size == self.size]
        return any(_digest(path) == self.sha256() for path in same_size)


def small(number: int) -> bytes:
    """The content of a small file."""
    return random.Random(number).randbytes(SMALL)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
