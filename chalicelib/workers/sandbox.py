"""Runs the readers of hostile files (`chalicelib.sandboxed`) as processes without credentials, within limits."""

import ctypes
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib.files.outputs import WorkError
from chalicelib.logs import logger
from chalicelib.settings import MEBIBYTE
from chalicelib.workers.model import Work

_POLL_SECONDS = 0.05
_PR_SET_DUMPABLE = 4
_PASSED_ON = ("LD_LIBRARY_PATH", "LANG", "PATH")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a process may take.

    Args:
        memory: bytes of its own; not counted is what it maps from files.
        file: bytes of the largest file it may write.
        seconds: of the clock, and twice as many of processors.
    """

    memory: int = 2048 * MEBIBYTE
    file: int = 2048 * MEBIBYTE
    seconds: int = 600


def run(module: str, arguments: dict[str, Any], work: Work, *, subject: str, limits: Limits | None = None) -> Any:
    """Run a reader and return its answer. What it makes lies in the work's directory.

    Args:
        module: full name of a module that runs `chalicelib.sandboxed.child.run`.
        arguments: plain JSON.
        subject: what it reads, for messages: "the picture".

    Raises:
        WorkError: it refused the file, died of it, or took too long.
        Exception: whatever `work.stop` raises; the process is dead by then.
    """
    limits = limits or Limits()
    _hide()
    answer = work.directory / "answer.json"
    answer.unlink(missing_ok=True)
    request = {
        "arguments": arguments,
        "directory": str(work.directory),
        "answer": str(answer),
        "limits": {"memory": limits.memory, "file": limits.file, "seconds": 2 * limits.seconds},
    }
    with (work.directory / "messages").open("wb") as messages:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=messages,
            stderr=messages,
            cwd=work.directory,
            env=_environment(work.directory),
            start_new_session=True,
        )
        try:
            _feed(process, json.dumps(request).encode())
            code = _wait(process, work, time.monotonic() + limits.seconds)
        finally:
            process.kill()
            process.wait()
    if code is None:
        raise WorkError(f"{subject} took longer than the {limits.seconds} seconds allowed")
    if code != 0 or not answer.exists():
        logger.warning("a reader died", reader=module, exit_code=code)
        raise WorkError(f"{subject} cannot be read: it is damaged, or needs more memory than there is")
    said = json.loads(answer.read_text(encoding="utf-8"))
    if "error" in said:
        raise WorkError(said["error"])
    return said["done"]


def _hide() -> None:
    """Keep other processes of this user, the readers among them, from this one's environment and memory in /proc."""
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _environment(directory: Path) -> dict[str, str]:
    """Nothing of this process's own environment, which holds credentials, but what finding libraries takes."""
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    paths = [str(Path(__file__).parents[2]), *(path for path in sys.path if path)]
    return passed | {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(directory),
        "TMPDIR": str(directory),
        "VIPS_BLOCK_UNTRUSTED": "1",
        "VIPS_CONCURRENCY": str(os.cpu_count() or 1),
    }


def _feed(process: "subprocess.Popen[bytes]", request: bytes) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(request)
        process.stdin.close()
    except BrokenPipeError:
        logger.warning("a reader died before it was asked")


def _wait(process: "subprocess.Popen[bytes]", work: Work, deadline: float) -> int | None:
    """The exit code of a process; None when the time is up."""
    while process.poll() is None:
        if time.monotonic() > deadline:
            return None
        work.stop()
        time.sleep(_POLL_SECONDS)
    return process.returncode
