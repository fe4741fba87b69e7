"""clamd: what its answers mean, against the real daemon; and its faults, against a socket that plays them."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from chalicelib.files.scanners import Finding, Outcome, ScannerUnavailable, check_ready, scan
from chalicelib.files.scanners import clamd as client
from chalicelib.settings import BadSetting
from tests.files.scanners import samples
from tests.files.scanners.conftest import Configure, judge
from tests.files.scanners.samples import EICAR, TEXT, Stream
from tests.support.clamd import FILE_LIMIT, STREAM_LIMIT, Clamd, clamd, running_clamd

__all__ = ["clamd"]

CLEAN = Finding(Outcome.CLEAN)
INFECTED = Finding(Outcome.INFECTED, "AssetManager.Eicar-Test-Signature.UNOFFICIAL")
Script = Callable[[socket.socket], object]


@pytest.fixture(params=["unix", "tcp"])
def daemon(request: pytest.FixtureRequest, clamd: Clamd, configure: Configure) -> Clamd:
    """The real daemon, as the configured scanner, over each kind of socket."""
    configure(SCANNER="clamd", CLAMD_ADDRESS=clamd.unix if request.param == "unix" else clamd.tcp)
    return clamd


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        pytest.param(EICAR, INFECTED, id="test virus"),
        pytest.param(b"x" * 200_000 + EICAR, INFECTED, id="test virus in the last bytes"),
        pytest.param(samples.docx(EICAR), INFECTED, id="test virus in an office document"),
        pytest.param(TEXT, CLEAN, id="text"),
        pytest.param(b"", CLEAN, id="empty file"),
        pytest.param(samples.pdf(), CLEAN, id="pdf"),
        pytest.param(samples.jpeg(), CLEAN, id="jpeg"),
    ],
)
@pytest.mark.parametrize("most", [7_001, 1 << 20])
def test_the_real_daemon_judges(daemon: Clamd, content: bytes, finding: Finding, most: int) -> None:
    assert judge(content, most) == finding


def test_a_file_over_the_stream_limit_is_unscannable_though_the_daemon_hangs_up_in_mid_send(daemon: Clamd) -> None:
    content = b"\0" * (STREAM_LIMIT + 8_000_000)
    assert judge(content) == Finding(Outcome.UNSCANNABLE, "larger_than_scanner_limit")


def test_a_file_over_the_daemons_scan_limits_is_unscannable_and_not_infected(daemon: Clamd) -> None:
    content = b"a" * (FILE_LIMIT + 1_000_000)
    assert judge(content) == Finding(Outcome.UNSCANNABLE, "scanner_limit_exceeded")


def test_an_encrypted_archive_is_unscannable_for_the_real_daemon(daemon: Clamd) -> None:
    content = samples.encrypted(samples.zipped({"secret": TEXT}))
    assert judge(content) == Finding(Outcome.UNSCANNABLE, "encrypted_archive")


def test_the_real_daemon_is_ready(daemon: Clamd) -> None:
    check_ready()


def test_parallel_scans_each_get_their_own_verdict(daemon: Clamd) -> None:
    findings: dict[int, Finding] = {}

    def one(number: int) -> None:
        findings[number] = judge(b"x" * number * 1000 + (EICAR if number % 2 else b""), 4096)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert findings == {number: INFECTED if number % 2 else CLEAN for number in range(16)}


def test_a_daemon_that_stopped_means_not_yet(configure: Configure, tmp_path_factory: pytest.TempPathFactory) -> None:
    try:
        with running_clamd(tmp_path_factory.mktemp("stopping")) as daemon:
            configure(SCANNER="clamd", CLAMD_ADDRESS=daemon.unix)
            assert judge(TEXT) == CLEAN
            daemon.stop()
            with pytest.raises(ScannerUnavailable):
                judge(TEXT)
            with pytest.raises(ScannerUnavailable):
                check_ready()
    except FileNotFoundError:
        pytest.skip("clamd is not installed (Debian: clamav-daemon), the real ClamAV is not tested")


class Actor:
    """A server that plays one script to every connection and keeps what a stream sent."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self._server.getsockname()[1]}"
        self._script: Script = socket.socket.close
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def plays(self, script: Script) -> None:
        self._script = script

    def close(self) -> None:
        self._server.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection:
                try:
                    self._script(connection)
                except OSError:
                    continue


@pytest.fixture
def actor(configure: Configure) -> Iterator[Actor]:
    actor = Actor()
    configure(SCANNER="clamd", CLAMD_ADDRESS=actor.address)
    yield actor
    actor.close()


def received(connection: socket.socket) -> bytes:
    """Everything a well-formed INSTREAM command carries."""
    file = connection.makefile("rb")
    assert file.read(10) == b"zINSTREAM\0"
    content = b""
    while size := int.from_bytes(file.read(4), "big"):
        content += file.read(size)
    return content


def answers(text: bytes) -> Script:
    """Read the whole stream, then answer."""

    def script(connection: socket.socket) -> None:
        received(connection)
        connection.sendall(text)

    return script


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        (b"stream: OK\0", CLEAN),
        (b"stream: Win.Test.EICAR_HDB-1 FOUND\0", Finding(Outcome.INFECTED, "Win.Test.EICAR_HDB-1")),
        (b"stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0", "scanner_limit_exceeded"),
        (b"stream: Heuristics.Limits.Exceeded FOUND\0", "scanner_limit_exceeded"),
        (b"stream: Heuristics.Encrypted.Zip FOUND\0", "encrypted_archive"),
        (b"stream: Heuristics.Encrypted.RAR FOUND\0", "encrypted_archive"),
        (b"stream: Heuristics.Encrypted.PDF FOUND\0", "encrypted_document"),
        (b"INSTREAM size limit exceeded. ERROR\0", "larger_than_scanner_limit"),
        (b"stream: Heuristics.Phishing.Email FOUND\0", Finding(Outcome.INFECTED, "Heuristics.Phishing.Email")),
    ],
)
def test_an_answer_of_clamd_becomes_a_verdict(actor: Actor, answer: bytes, finding: Finding | str) -> None:
    actor.plays(answers(answer))
    expected = Finding(Outcome.UNSCANNABLE, finding) if isinstance(finding, str) else finding
    assert judge(TEXT) == expected


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0",
        b"stream: OK",
        b"stream: ",
        b"stream: Can't allocate memory ERROR\0",
        b"UNKNOWN COMMAND\0",
        b"PONG\0",
        b"stream: OKAY\0",
        b"FOUND\0",
        b"\xff\xfe\0",
        b"x" * 100_000,
    ],
)
def test_any_other_answer_means_not_yet(actor: Actor, answer: bytes) -> None:
    actor.plays(answers(answer))
    with pytest.raises(ScannerUnavailable):
        judge(TEXT)


def test_the_daemon_gets_every_byte_in_order_however_the_stream_is_cut(actor: Actor) -> None:
    content = bytes(range(256)) * 2_000
    seen: list[bytes] = []

    def script(connection: socket.socket) -> None:
        seen.append(received(connection))
        connection.sendall(b"stream: OK\0")

    actor.plays(script)
    assert judge(content, 999) == CLEAN
    assert seen == [content]


def test_an_answer_in_pieces_is_put_together(actor: Actor) -> None:
    def script(connection: socket.socket) -> None:
        received(connection)
        for byte in b"stream: OK\0":
            connection.sendall(bytes([byte]))
            time.sleep(0.002)

    actor.plays(script)
    assert judge(TEXT) == CLEAN


def test_the_reason_is_read_after_the_socket_closed_in_mid_send(actor: Actor) -> None:
    def script(connection: socket.socket) -> None:
        connection.recv(100_000)
        connection.sendall(b"INSTREAM size limit exceeded. ERROR\0")

    actor.plays(script)
    assert judge(b"x" * 30_000_000) == Finding(Outcome.UNSCANNABLE, "larger_than_scanner_limit")


def test_clean_said_before_the_end_of_the_stream_is_not_believed(actor: Actor) -> None:
    def script(connection: socket.socket) -> None:
        connection.recv(100_000)
        connection.sendall(b"stream: OK\0")

    actor.plays(script)
    with pytest.raises(ScannerUnavailable):
        judge(b"x" * 30_000_000)


def test_a_connection_that_breaks_in_mid_send_means_not_yet(actor: Actor) -> None:
    actor.plays(lambda connection: connection.recv(10))
    with pytest.raises(ScannerUnavailable):
        judge(b"x" * 30_000_000)


def test_silence_means_not_yet(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(client, "ANSWER_SECONDS", 0.1)
    actor.plays(lambda connection: (received(connection), over.wait(10)))
    with pytest.raises(ScannerUnavailable, match="in time"):
        judge(TEXT)
    over.set()


def test_a_daemon_that_stops_taking_bytes_means_not_yet(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(client, "SEND_SECONDS", 0.1)
    actor.plays(lambda connection: over.wait(10))
    with pytest.raises(ScannerUnavailable, match="takes no data"):
        judge(b"x" * 30_000_000)
    over.set()


def test_nobody_listening_means_not_yet(actor: Actor, configure: Configure) -> None:
    actor.close()
    for address in (actor.address, "unix:/nowhere/at/all"):
        configure(CLAMD_ADDRESS=address)
        with pytest.raises(ScannerUnavailable):
            judge(TEXT)
        with pytest.raises(ScannerUnavailable):
            check_ready()


def test_a_ping_that_gets_something_else_back_is_not_ready(actor: Actor) -> None:
    actor.plays(lambda connection: connection.sendall(b"stream: OK\0"))
    with pytest.raises(ScannerUnavailable):
        check_ready()


@pytest.mark.parametrize("address", ["", "localhost", "tcp://localhost", "tcp://localhost:x", "http://a:1", "unix:"])
def test_an_address_that_is_none_is_a_bad_setting(configure: Configure, address: str) -> None:
    configure(SCANNER="clamd", CLAMD_ADDRESS=address)
    with pytest.raises(BadSetting, match="CLAMD_ADDRESS"):
        judge(TEXT)
    with pytest.raises(BadSetting, match="CLAMD_ADDRESS"):
        check_ready()


class Broken:
    """A stream that fails after some bytes, as a lost connection to S3 does."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, size: int = -1, /) -> bytes:
        content, self._content = self._content, b""
        if not content:
            raise ConnectionResetError("the source broke")
        return content


def test_an_error_of_the_stream_is_neither_a_verdict_nor_the_scanners(actor: Actor) -> None:
    actor.plays(answers(b"stream: OK\0"))
    with pytest.raises(ConnectionResetError, match="the source broke"):
        scan(Broken(TEXT), size=10_000)


@pytest.mark.parametrize("size", [len(TEXT) - 1, len(TEXT) + 1, 0])
def test_a_stream_of_another_size_than_said_is_never_judged(actor: Actor, size: int) -> None:
    actor.plays(answers(b"stream: OK\0"))
    with pytest.raises(ScannerUnavailable):
        scan(Stream(TEXT), size=size)
