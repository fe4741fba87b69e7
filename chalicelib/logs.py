"""The one logger: structured lines, with the running request's or message's ids.

A correlation id is that of the request in which something began. It goes along with messages and Files, so that one
search finds everything from the upload to the verdict. Never log a token, a presigned URL, a query string or a file's
content.
"""

import logging

from aws_lambda_powertools import Logger

# No line tells them, and every line would have them looked up.
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False

# Not the Chalice app's name: Powertools would log every line twice.
logger = Logger(service="asset-manager")


def follow(correlation_id: str | None) -> None:
    """Carry this correlation id from now on, in this thread; without one, what is carried stays."""
    if correlation_id:
        logger.thread_safe_append_keys(correlation_id=correlation_id)


def correlation_id() -> str | None:
    """The correlation id that this thread's lines carry."""
    found = logger.thread_safe_get_current_keys().get("correlation_id")
    return str(found) if found else None
