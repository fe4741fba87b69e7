"""The SHA-256 of bytes on their way to somebody else."""

import hashlib
from typing import Any

_CHUNK = 1024 * 1024


class Digesting:
    """Passes bytes through and takes their SHA-256 on the way."""

    def __init__(self, body: Any) -> None:
        self._body = body
        self._sha256 = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes, all of them when it is negative."""
        chunk: bytes = self._body.read(size if size >= 0 else None)
        self._sha256.update(chunk)
        return chunk

    def digest(self) -> str:
        """The SHA-256 of everything, in hex; reads what nobody has read."""
        while self.read(_CHUNK):
            pass
        return self._sha256.hexdigest()
