"""The one logger: structured lines, with the running request's or message's ids.

A correlation id is that of the request in which something began. It goes along with messages and Files, so that one
search finds everything from the upload to the verdict. Never log a token, a presigned URL, a query string or a file's
content.
"""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import RESERVED_LOG_ATTRS, LambdaPowertoolsFormatter

# No line tells them, and every line would have them looked up.
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False

_OF_EVERY_RECORD = frozenset(RESERVED_LOG_ATTRS)
_encode = json.JSONEncoder(default=str, separators=(",", ":"), ensure_ascii=False).encode


class LineFormatter(LambdaPowertoolsFormatter):
    """Writes what Powertools writes, with moments in UTC. A line without an error, which every request ends with, takes
    half as long: its message is not looked at for JSON, and nothing is looked for that it does not tell."""

    def __init__(self, **options: Any) -> None:
        super().__init__(use_rfc3339=True, utc=True, **options)

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        if record.exc_info or record.args:
            return super().format(record)
        line = {
            "level": record.levelname,
            "location": f"{record.funcName}:{record.lineno}",
            "message": record.msg,
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "service": self.log_format["service"],
            **self.thread_safe_get_current_keys(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _OF_EVERY_RECORD}
        line["xray_trace_id"] = self._get_latest_trace_id()
        return _encode({name: value for name, value in line.items() if value is not None})


# Not the Chalice app's name: Powertools would log every line twice.
logger = Logger(service="asset-manager", logger_formatter=LineFormatter())


def follow(correlation_id: str | None) -> None:
    """Carry this correlation id from now on, in this thread; without one, what is carried stays."""
    if correlation_id:
        logger.thread_safe_append_keys(correlation_id=correlation_id)


def correlation_id() -> str | None:
    """The correlation id that this thread's lines carry."""
    found = logger.thread_safe_get_current_keys().get("correlation_id")
    return str(found) if found else None
