"""ClamAV's daemon over its socket: the INSTREAM command, and what its answers mean here."""

import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.files.scanners.findings import Finding, Outcome, Readable, ScannerUnavailable
from chalicelib.settings import BadSetting, settings

CHUNK = 64 * 1024
CONNECT_SECONDS = 5.0
SEND_SECONDS = 60.0
ANSWER_SECONDS = 300.0
_LONGEST_ANSWER = 4096

# Not malware, but clamd's words for "I did not look at all of it".
_HEURISTICS = (
    ("Heuristics.Limits.Exceeded", "scanner_limit_exceeded"),
    ("Heuristics.Encrypted.PDF", "encrypted_document"),
    ("Heuristics.Encrypted.Doc", "encrypted_document"),
    ("Heuristics.Encrypted", "encrypted_archive"),
)


def scan(stream: Readable, *, size: int) -> Finding:
    """Judge a stream; see `chalicelib.files.scanners.scan`.

    clamd may stop in the middle of the sending, close its end and leave the reason in the socket: that answer is read
    whatever became of the sending.
    """
    with _connection() as connection:
        complete = _send(connection, stream, size)
        answer = _answer(connection)
    return _finding(answer, complete=complete)


def check_ready() -> None:
    """Ask clamd whether it is there.

    Raises:
        ScannerUnavailable: it is not.
        BadSetting: CLAMD_ADDRESS is missing or malformed.
    """
    with _connection() as connection:
        _deliver(connection, b"zPING\0")
        answer = _answer(connection, CONNECT_SECONDS)
    if answer != "PONG":
        raise ScannerUnavailable("clamd did not answer a ping with a pong")


def _finding(answer: str, *, complete: bool) -> Finding:
    if "INSTREAM size limit exceeded" in answer and answer.endswith("ERROR"):
        return Finding(Outcome.UNSCANNABLE, "larger_than_scanner_limit")
    verdict = answer.removeprefix("stream: ")
    if verdict.endswith(" FOUND"):
        name = verdict.removesuffix(" FOUND")
        for prefix, reason in _HEURISTICS:
            if name.startswith(prefix):
                return Finding(Outcome.UNSCANNABLE, reason)
        return Finding(Outcome.INFECTED, name)
    if verdict == "OK" and complete:
        return Finding(Outcome.CLEAN)
    raise ScannerUnavailable("clamd gave no verdict")


def _send(connection: socket.socket, stream: Readable, size: int) -> bool:
    """Send the whole stream; False when clamd stopped listening before its end.

    Raises:
        ScannerUnavailable: the stream did not hold `size` bytes; what was sent must not be judged.
    """
    if not _deliver(connection, b"zINSTREAM\0"):
        return False
    spoke = select.poll()
    spoke.register(connection, select.POLLIN)
    left = size
    # An error of the stream is not caught here: it says nothing of the file, and nothing of clamd.
    while chunk := stream.read(CHUNK):
        left -= len(chunk)
        if left < 0:
            break
        # clamd speaks before the end only to say that it gave up: what is sent after that may destroy its answer.
        if spoke.poll(0) or not _deliver(connection, len(chunk).to_bytes(4, "big"), chunk):
            return False
    if left:
        raise ScannerUnavailable(f"the stream did not hold the {size} bytes it was said to hold")
    return _deliver(connection, b"\0\0\0\0")


def _deliver(connection: socket.socket, *parts: bytes) -> bool:
    """Send; False when the other end is closed.

    Raises:
        ScannerUnavailable: it takes nothing for too long.
    """
    connection.settimeout(SEND_SECONDS)
    try:
        for part in parts:
            connection.sendall(part)
    except TimeoutError:
        raise ScannerUnavailable("clamd takes no data") from None
    except OSError:
        return False
    return True


def _answer(connection: socket.socket, seconds: float | None = None) -> str:
    """clamd's answer up to its terminating zero, without it.

    Raises:
        ScannerUnavailable: none came in time, or it broke off.
    """
    deadline = time.monotonic() + (ANSWER_SECONDS if seconds is None else seconds)
    answer = b""
    while b"\0" not in answer:
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            received = connection.recv(_LONGEST_ANSWER)
        except TimeoutError:
            raise ScannerUnavailable("clamd did not answer in time") from None
        except OSError as error:
            raise ScannerUnavailable(f"the connection to clamd broke: {type(error).__name__}") from None
        if not received or len(answer) > _LONGEST_ANSWER:
            raise ScannerUnavailable("clamd gave no answer")
        answer += received
    return answer.partition(b"\0")[0].decode("utf-8", "replace").strip()


@contextmanager
def _connection() -> Iterator[socket.socket]:
    """A fresh connection to CLAMD_ADDRESS; the daemon takes one stream on each."""
    connection = _connect(settings().clamd_address)
    with connection:
        yield connection


def _connect(address: str) -> socket.socket:
    scheme, _, rest = address.partition(":")
    host, colon, port = rest.removeprefix("//").rpartition(":")
    try:
        if scheme == "unix" and rest:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.settimeout(CONNECT_SECONDS)
                connection.connect(rest)
            except OSError:
                connection.close()
                raise
            return connection
        if scheme == "tcp" and colon and port.isdigit():
            return socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS)
    except OSError as error:
        raise ScannerUnavailable(f"clamd cannot be reached: {type(error).__name__}") from None
    raise BadSetting("CLAMD_ADDRESS must be unix:/path or tcp://host:port")
