"""A real clamd with one hand-made signature (the EICAR test string), for every test that wants the second engine.

Import the fixture `clamd` into the conftest or module that uses it. Without the daemon's program the tests are skipped.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.files.scanners.samples import EICAR

STREAM_LIMIT = 12 * 1024 * 1024
FILE_LIMIT = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Clamd:
    """A running daemon: its addresses, as CLAMD_ADDRESS wants them, and its process.

    Streams over STREAM_LIMIT bytes are cut off; files over FILE_LIMIT are reported as beyond the limits.
    """

    unix: str
    tcp: str
    process: subprocess.Popen[bytes]
    config: Path

    def stop(self) -> None:
        """End the daemon and wait for it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


@contextmanager
def running_clamd(folder: Path) -> Iterator[Clamd]:
    """Start a clamd of our own in a folder, and stop it at the end.

    Raises:
        FileNotFoundError: clamd is not installed.
    """
    program = shutil.which("clamd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise FileNotFoundError("clamd")
    # A unix socket's path may have about a hundred characters, and pytest's folders are long.
    short = Path(tempfile.mkdtemp(prefix="clamd-"))
    port = _free_port()
    database = folder / "database"
    database.mkdir()
    (database / "test.ndb").write_text(f"AssetManager.Eicar-Test-Signature:0:*:{EICAR.hex()}\n")
    config = folder / "clamd.conf"
    config.write_text(
        "\n".join(
            [
                "Foreground yes",
                f"LocalSocket {short}/socket",
                f"TCPSocket {port}",
                "TCPAddr 127.0.0.1",
                f"DatabaseDirectory {database}",
                f"TemporaryDirectory {short}",
                f"User {pwd.getpwuid(os.getuid()).pw_name}",
                f"LogFile {folder}/log",
                f"StreamMaxLength {STREAM_LIMIT}",
                f"MaxFileSize {FILE_LIMIT}",
                f"MaxScanSize {FILE_LIMIT}",
                "AlertExceedsMax yes",
                "AlertEncrypted yes",
                "Bytecode no",
                "",
            ]
        )
    )
    process = subprocess.Popen(
        [program, "--config-file", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    clamd = Clamd(f"unix:{short}/socket", f"tcp://127.0.0.1:{port}", process, config)
    try:
        # It opens the two one after the other.
        _wait_for(lambda: _listens(socket.AF_INET, ("127.0.0.1", port)), process)
        _wait_for(lambda: _listens(socket.AF_UNIX, f"{short}/socket"), process)
        yield clamd
    finally:
        if process.poll() is None:
            clamd.stop()
        shutil.rmtree(short, ignore_errors=True)


@pytest.fixture(scope="session")
def clamd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clamd]:
    """One daemon for the whole test session."""
    try:
        with running_clamd(tmp_path_factory.mktemp("clamd")) as daemon:
            yield daemon
    except FileNotFoundError as error:
        if error.args != ("clamd",):
            raise
        pytest.skip("clamd is not installed (Debian: clamav-daemon), the real ClamAV is not tested")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _listens(family: socket.AddressFamily, address: tuple[str, int] | str) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        return connection.connect_ex(address) == 0


def _wait_for(ready: Callable[[], bool], process: subprocess.Popen[bytes], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"clamd did not start (exit status {process.poll()})")
        time.sleep(0.02)
