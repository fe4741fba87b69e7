"""What can go wrong, each with the exit code that tells it to a script (docs/cli.md, "Exit codes")."""

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    ACCESS = 3
    NOT_FOUND = 4
    REFUSED = 5
    NOT_CLEAN = 6
    UNAVAILABLE = 7


class Failure(Exception):
    """A command cannot do what it was asked; `code` is what it exits with."""

    code = Exit.FAILED


class WrongUsage(Failure):
    """The command line, the environment or the profile does not make sense."""

    code = Exit.USAGE


class NotThere(Failure):
    """There is no such thing on the deployment."""

    code = Exit.NOT_FOUND


class NotClean(Failure):
    """A file was judged, and not clean; or a job failed."""

    code = Exit.NOT_CLEAN


class Unavailable(Failure):
    """The deployment is out of reach, too busy, or did not get done in time."""

    code = Exit.UNAVAILABLE


class Answered(Failure):
    """The deployment refused; `status` is HTTP's."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.code = _code(status, message)
        super().__init__(message)


def _code(status: int, message: str) -> Exit:
    if status in (401, 403):
        return Exit.ACCESS
    if status in (404, 410) or (status == 400 and "not found" in message.lower()):
        return Exit.NOT_FOUND
    if status in (429, 502, 503, 504):
        return Exit.UNAVAILABLE
    return Exit.REFUSED if 400 <= status < 500 else Exit.FAILED
