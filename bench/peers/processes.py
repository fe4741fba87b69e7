"""Servers as processes: started on 127.0.0.1, stopped by their ids, and what CPU and memory they took meanwhile.

All figures are Linux's own, from /proc. CPU is that of every process of a tree, with the children that ended and were
waited for, in steps of 10 ms. The peak of memory is the sum of every process's own peak since `forget_peaks`, so it is
never too low; pages of files in the kernel's cache are in nobody's figure.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_START_SECONDS = 120.0
_STOP_SECONDS = 30.0
_SHOWN = 8  # lines of a log


class NotRunning(Exception):
    """A server did not start. The message says why, as far as its log does."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A process and its descendants.

    Args:
        root: process id.
        without: the process ids of descendants that are counted elsewhere, with theirs.
    """

    root: int
    without: frozenset[int] = frozenset()

    def processes(self) -> list[int]:
        """The ids of all that live."""
        return list(_descend(self.root, self.without))

    def cpu(self) -> float:
        """Seconds of CPU so far."""
        return sum(_cpu(Path(f"/proc/{process}/stat"), children=True) for process in self.processes())

    def forget_peaks(self) -> None:
        """Let the peaks begin anew from what is used now."""
        for process in self.processes():
            Path(f"/proc/{process}/clear_refs").write_text("5", encoding="ascii")

    def peak(self) -> int:
        """Bytes of memory at most, since the last `forget_peaks`."""
        return sum(_peak(process) for process in self.processes())


@dataclass(frozen=True, slots=True)
class Threads:
    """Some threads of a process, which live as long as it does."""

    process: int
    ids: frozenset[int]

    @classmethod
    def of(cls, process: int) -> "Threads":
        """Those that a process has now, but for the first."""
        ids = {int(path.name) for path in Path(f"/proc/{process}/task").iterdir()}
        return cls(process, frozenset(ids - {process}))

    def cpu(self) -> float:
        """Seconds of CPU so far."""
        tasks = Path(f"/proc/{self.process}/task")
        return sum(_cpu(tasks / str(thread) / "stat", children=False) for thread in self.ids)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def server(command: Sequence[str], port: int, log: Path, environment: Mapping[str, str], folder: Path) -> Iterator[int]:
    """Run a server until the block ends; gives its process id once its port is open.

    Args:
        command: what to run.
        port: where it listens on 127.0.0.1.
        log: what it says is kept here.
        environment: variables besides PATH and HOME.
        folder: where it runs.

    Raises:
        NotRunning
    """
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    with log.open("wb") as output:
        running = subprocess.Popen(
            command, cwd=folder, env=kept | dict(environment), stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not _open(port):
            if running.poll() is not None or time.monotonic() > deadline:
                raise NotRunning(said(log))
            time.sleep(0.1)
        yield running.pid
    finally:
        stop(running)


def stop(running: "subprocess.Popen[bytes]") -> None:
    """End a server and whatever it started: asked first, then killed."""
    if running.poll() is None:
        running.send_signal(signal.SIGTERM)
    try:
        running.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)


def said(log: Path) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-_SHOWN:])


def _open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _descend(process: int, without: frozenset[int]) -> Iterator[int]:
    yield process
    with contextlib.suppress(FileNotFoundError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text(encoding="ascii").split():
                if int(child) not in without:
                    yield from _descend(int(child), without)


def _cpu(stat: Path, *, children: bool) -> float:
    try:
        fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(") ")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, fields[11 : 15 if children else 13])) / _TICKS


def _peak(process: int) -> int:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{process}/status").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0
