"""Reading forward only, with a look ahead: what the unpackers stand on."""

from collections.abc import Callable, Iterator

from chalicelib.files.scanners.findings import Readable, ScannerUnavailable

CHUNK = 64 * 1024
_READ = 256 * 1024


def pieces(stream: Readable, size: int) -> Iterator[bytes]:
    """The bytes of a stream, piece by piece.

    Raises:
        ScannerUnavailable: the stream holds more or fewer than `size` bytes. A verdict on a part would be no verdict.
    """
    left = size
    while piece := stream.read(_READ):
        left -= len(piece)
        if left < 0:
            break
        yield piece
    if left:
        raise ScannerUnavailable(f"the stream did not hold the {size} bytes it was said to hold")


class Source:
    """A stream of bytes that can be looked at before it is taken.

    Args:
        chunks: the bytes, in order.
        watch: called once with every chunk as it arrives, whoever takes it later.
    """

    def __init__(self, chunks: Iterator[bytes], watch: Callable[[bytes], None]) -> None:
        self._chunks = chunks
        self._watch = watch
        self._held = b""
        self._at = 0
        self.position = 0
        """How many bytes were taken."""

    def peek(self, size: int) -> bytes:
        """The next `size` bytes without taking them; fewer only at the end."""
        while len(self._held) - self._at < size and self._more():
            pass
        return self._held[self._at : self._at + size]

    def take(self, size: int) -> bytes:
        """The next `size` bytes; fewer only at the end."""
        taken = self.peek(size)
        self._at += len(taken)
        self.position += len(taken)
        return taken

    def chunk(self, limit: int = CHUNK) -> bytes:
        """Some of the next bytes, at most `limit`; empty only at the end."""
        while self._at == len(self._held) and self._more():
            pass
        return self.take(min(limit, len(self._held) - self._at))

    def unread(self, data: bytes) -> None:
        """Put back what was taken last."""
        self._held = data + self._held[self._at :]
        self._at = 0
        self.position -= len(data)

    def skip_zeros(self) -> bool:
        """Take zero bytes as long as there are some; whether that was the end of the stream."""
        while chunk := self.chunk():
            if rest := chunk.lstrip(b"\0"):
                self.unread(rest)
                return False
        return True

    def drain(self) -> None:
        """Take everything that is left."""
        self.position += len(self._held) - self._at
        self._held, self._at = b"", 0
        for chunk in self._chunks:
            self._watch(chunk)
            self.position += len(chunk)

    def _more(self) -> bool:
        chunk = next(self._chunks, None)
        if chunk is None:
            return False
        self._watch(chunk)
        self._held = self._held[self._at :] + chunk
        self._at = 0
        return True
