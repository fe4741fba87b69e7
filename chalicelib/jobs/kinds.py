"""What doing a failed job once more means, by the kind of the job. Every Lambda imports this, so it stays light.

Each API says it beside what does the job, as a `Retry`; it is imported when somebody asks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.identity import Principal
    from chalicelib.jobs.models import Job
    from chalicelib.rows import Step


@dataclass(frozen=True, slots=True)
class Retry:
    """Whether the failed jobs of a kind can be done once more, each by a new job with the same arguments.

    Attributes:
        steps: what else the transaction that begins anew has to write and demand, from the failed job, the new one,
            which it may change, and whoever asks. It raises `Conflict` where that is not possible (any more), and
            `Forbidden` where it is not for them. None: nothing but the job.
        refused: why it is never possible.
    """

    steps: "Callable[[Job, Job, Principal], list[Step]] | None" = None
    refused: str | None = None


_retries: dict[str, Callable[[], Retry]] = {}


def register(kind: str, retry: Callable[[], Retry]) -> None:
    """Let this be what doing a failed job of a kind once more means."""
    _retries[kind] = retry


def retry_of(kind: str) -> Retry:
    """What doing a failed job of a kind once more means."""
    declared = _retries.get(kind)
    return Retry(refused="nobody knows how to do such a job") if declared is None else declared()
