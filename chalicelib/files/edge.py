"""The edge's cache: told to forget public paths under which something else, or nothing, is published now.

    withdrawn or replaced --> media bucket changed --> path on the edge queue --> publication settled
                                                              |
                                                              +--> batch --> one invalidation

The edge takes few invalidations at once but many paths in each, so the queue gathers them. A batch that is handed over
twice is the same invalidation, by its reference; a path that is forgotten twice costs one more look at the bucket. IAM
actions: sqs:SendMessage on the edge queue; cloudfront:CreateInvalidation.
"""

import hashlib
import json
from typing import Any
from urllib.parse import quote

from chalicelib import aws, metrics
from chalicelib.jobs import queues
from chalicelib.logs import logger
from chalicelib.settings import settings

PATHS_A_CALL = 500
"""Paths in one invalidation. The edge works on 3,000 at a time."""


def forget(path: str) -> None:
    """Have the edge's cache forget a public path (decoded, with its leading slash); nothing to do without an edge."""
    if settings().edge:
        queues.send(settings().edge_queue, {"path": path})


def as_known_there(path: str) -> str:
    """A decoded path as the edge's cache writes it: each segment percent-encoded in its shortest form."""
    return "/".join(quote(segment, safe="") for segment in path.split("/"))


def invalidate(event: dict[str, Any]) -> dict[str, Any]:
    """Handle a batch of the edge queue, as a Lambda SQS event.

    Returns:
        The answer Lambda wants: the records that have to come again, all of them or none.
    """
    records = event["Records"]
    paths = sorted({as_known_there(json.loads(record["body"])["path"]) for record in records})
    batch = ",".join(sorted(record["messageId"] for record in records))
    try:
        for start in range(0, len(paths), PATHS_A_CALL):
            _invalidate(paths[start : start + PATHS_A_CALL], batch)
    except Exception:  # noqa: BLE001
        # Too many at once, most likely: the queue's visibility timeout is the pause.
        logger.exception("invalidation failed", extra={"paths": len(paths)})
        metrics.emit("MessagesFailed", queue=settings().edge_queue.rpartition("/")[2])
        return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in records]}
    logger.info("invalidated", extra={"paths": len(paths)})
    return {"batchItemFailures": []}


def _invalidate(paths: list[str], batch: str) -> None:
    distribution = settings().edge_distribution
    if not distribution:
        return
    reference = hashlib.sha256("\n".join([batch, *paths]).encode()).hexdigest()
    aws.cloudfront().create_invalidation(
        DistributionId=distribution,
        InvalidationBatch={"Paths": {"Quantity": len(paths), "Items": paths}, "CallerReference": reference},
    )
