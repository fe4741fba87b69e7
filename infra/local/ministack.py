"""The AWS emulator behind the local cloud: a process and Python packages of its own, its state in a folder.

It listens on 127.0.0.1 only. A clean stop keeps everything; after a kill, S3 is as it was, and DynamoDB and SQS are as
they were when it started.
"""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

EXECUTABLE = Path(__file__).parents[2] / ".venv-local" / "bin" / "ministack"

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0


class MinistackError(Exception):
    """The emulator did not start. The message says why, as far as its log does."""


class Ministack:
    """One emulator.

    Args:
        state: folder for its state, its port and its log.
        executable: the `ministack` command.
    """

    def __init__(self, state: Path, executable: Path = EXECUTABLE) -> None:
        self._state = state
        self._executable = executable
        self._log = state / "ministack.log"
        self.port = _port(state / "ministack-port")
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            MinistackError: it ended, or does not answer in time.
        """
        if not self._executable.exists():
            raise MinistackError(f"{self._executable} is missing; `make run` installs it")
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MINISTACK_", "S3_"))
        } | {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "AUTH": "true",  # signatures count, also those of forms, and buckets answer by their own CORS rules
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self._state / "aws"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self._state / "s3"),
        }
        with self._log.open("wb") as log:
            self._running = subprocess.Popen(
                [str(self._executable)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for its parent, which stops it when nothing needs it any more
                preexec_fn=_end_with_parent,  # no threads run yet
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self.ended():
                raise MinistackError(f"the local AWS ended at once:\n{self._tail()}")
            if time.monotonic() > deadline:
                raise MinistackError(f"the local AWS does not answer on {self.endpoint}:\n{self._tail()}")
            time.sleep(0.05)

    def ended(self) -> bool:
        """Whether it is no longer running."""
        return self._running is None or self._running.poll() is not None

    def stop(self) -> None:
        """Let it write its state and end; kill it when it does not."""
        if self._running is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._running.send_signal(signal.SIGTERM)
        try:
            self._running.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._running.kill()
            self._running.wait()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _tail(self) -> str:
        return "\n".join(self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])


def _port(memory: Path) -> int:
    """The port remembered from the last time, so that URLs handed out then stay good; another one if it is taken."""
    with contextlib.suppress(OSError, ValueError):
        remembered = int(memory.read_text(encoding="ascii"))
        if _free(remembered):
            return remembered
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    memory.write_text(str(port), encoding="ascii")
    return port


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _end_with_parent() -> None:
    """Ask Linux to end this process when its parent is killed, so that it never stays behind."""
    if sys.platform == "linux":
        parent_death_signal = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGTERM)
