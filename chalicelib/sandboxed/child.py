"""The frame of a sandboxed process: limits first, then the work, then one JSON answer in a file.

The answer is `{"done": ...}` or `{"error": text for the user}`; without one the process died.
"""

import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Refused(Exception):
    """The file cannot be worked on. Its text is for the user: one clause, no full stop."""


def run(work: Callable[[dict[str, Any], Path], Any], *, ready: Callable[[], object]) -> None:
    """Do what standard input asks for; the process ends behind it.

    Args:
        work: gets the arguments and the directory to make files in.
        ready: imports what is large, before memory is limited to what the work itself may take.
    """
    request = json.loads(sys.stdin.read())
    ready()
    _limit(request["limits"])
    try:
        answer = {"done": work(request["arguments"], Path(request["directory"]))}
    except Refused as refused:
        answer = {"error": str(refused)}
    except MemoryError:
        answer = {"error": "the file needs more memory than there is"}
    Path(request["answer"]).write_text(json.dumps(answer), encoding="utf-8")


def _limit(limits: dict[str, int]) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (limits["memory"], limits["memory"]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits["file"], limits["file"]))
    resource.setrlimit(resource.RLIMIT_CPU, (limits["seconds"], limits["seconds"]))
