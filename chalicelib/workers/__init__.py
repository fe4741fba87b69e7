"""The workers that come with the product: each makes files of one file (docs/workers.md).

They know no rows: a `Source` gives them bytes, a `Work` a directory and the word to stop, and what they make are
`Output`s. Who runs them, keeps what they made and tells the user is not their business.
"""

from chalicelib.files.outputs import Output, WorkError
from chalicelib.workers.extract import WORKER as EXTRACT
from chalicelib.workers.graphs import WORKER as NETWORK_LAYOUT
from chalicelib.workers.model import Plan, Source, Work, Worker
from chalicelib.workers.pyramids import WORKER as DZ_IMAGE
from chalicelib.workers.schemas import problems, problems_by_registered, schema_problems
from chalicelib.workers.thumbnails import WORKER as THUMBNAIL

__all__ = [
    "BUILT_IN",
    "Output",
    "Plan",
    "Source",
    "Work",
    "WorkError",
    "Worker",
    "find",
    "problems",
    "problems_by_registered",
    "schema_problems",
]

BUILT_IN: tuple[Worker, ...] = (EXTRACT, DZ_IMAGE, NETWORK_LAYOUT, THUMBNAIL)
"""All of them, in the order in which they are listed."""


def find(worker_type: str) -> Worker | None:
    """The built-in worker of this type, by one of its names; None when there is none."""
    return next((worker for worker in BUILT_IN if worker_type in (worker.type, *worker.aliases)), None)
