"""Everything that consumers do, by kind: what is registered in `app.py` and `chalicelib/consumers.py`.

Which of it is at work is told by the frames that whoever asks is called from. `failed` is what AWS failed in, and what
bore it, for as long as the process lives.
"""

import importlib
import sys
from collections.abc import Iterator
from types import FrameType

import app
from chalicelib.apis.stores import runs
from chalicelib.files import owners
from chalicelib.jobs import running, sweep, trees, work

failed: set[str] = set()


def everything() -> set[str]:
    """All that there is, once `chalicelib.consumers` has been imported."""
    return {
        *(f"consumer {source.name}" for source in app.app.event_sources),
        *(f"message {name}" for name in (*work._functions, runs.NEXT)),
        *(f"job {kind}" for kind in running._kinds if not kind.startswith("tests.")),
        *(f"part of {kind}" for kind in trees._trees if not kind.startswith("tests.")),
        *(f"due {_due(attendant)}" for attendant in sweep._attendants),
        *(
            f"{told} of {api}"
            for told in ("verdict", "release")
            for api in owners._owners
            if not api.startswith("tests")
        ),
    }


def judge() -> list[str]:
    """The kinds in which AWS never failed."""
    importlib.import_module("chalicelib.consumers")
    return sorted(everything() - failed)


def at_work() -> set[str]:
    """What the caller is called by."""
    frame: FrameType | None = sys._getframe(1)
    found: set[str] = set()
    while frame is not None:
        found.update(_names(frame))
        frame = frame.f_back
    return found


def _names(frame: FrameType) -> Iterator[str]:
    there = frame.f_locals
    match frame.f_globals.get("__name__"), frame.f_code.co_name:
        case "app", name:
            yield f"consumer {name}"
        case "chalicelib.jobs.work" | "chalicelib.consumers", "handle" | "_process":
            yield f"message {there['name']}"
        case "chalicelib.jobs.running", "run" if there.get("job") is not None:
            yield f"job {there['job'].kind}"
        case "chalicelib.jobs.trees", "run_part" if there.get("job") is not None:
            yield f"part of {there['job'].kind}"
        case "chalicelib.jobs.sweep", "_attend":
            yield f"due {_due(there['attendant'])}"
        case "chalicelib.files.owners", "tell_verdict" if "api" in there:
            yield f"verdict of {there['api']}"
        case "chalicelib.files.owners", "ask_release":
            yield f"release of {there['api']}"


def _due(attendant: sweep.Attendant) -> str:
    return f"{attendant.table.__name__} {attendant.prefix}"
