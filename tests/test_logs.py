"""What log lines hold."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from chalicelib.logs import LineFormatter

FORMATTERS = [one(service="asset-manager") for one in (LineFormatter, LambdaPowertoolsFormatter)]


def record(message: object, *args: object, error: bool = False, **extra: object) -> logging.LogRecord:
    try:
        raise ValueError(message)
    except ValueError:
        exc_info = sys.exc_info() if error else None
    made = logging.LogRecord("asset-manager", logging.WARNING, "place.py", 12, message, args, exc_info, "func")
    vars(made).update(extra)
    return made


def told(formatter: logging.Formatter, of: logging.LogRecord) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(formatter.format(of))
    assert found.pop("timestamp")
    return found


@pytest.mark.parametrize(
    "of",
    [
        record("request", method="GET", path="/ä", status=200, ms=1.25, uid=None),
        record("verdict", moment=datetime(2026, 1, 2, tzinfo=UTC), status=None),
        record("nothing else"),
        record("%s of %s", 1, 2, kind="part"),
        record("job failed", error=True, job_id="17"),
    ],
    ids=lambda one: str(one.msg),
)
def test_a_line_is_the_one_that_powertools_writes(of: logging.LogRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1")
    for formatter in FORMATTERS:
        formatter.thread_safe_append_keys(correlation_id="c1", receive_count=3)
    try:
        ours, theirs = (told(formatter, of) for formatter in FORMATTERS)
    finally:
        FORMATTERS[0].thread_safe_clear_keys()
    assert ours == theirs
    assert ours["xray_trace_id"] == "1-5759e988-bd862e3fe1be46a994272793"
    assert (ours["service"], ours["correlation_id"]) == ("asset-manager", "c1")


def test_a_line_tells_its_moment_in_utc() -> None:
    of = record("request")
    of.created = datetime(2026, 11, 30, 12, 13, 14, 567_000, tzinfo=UTC).timestamp()
    assert json.loads(FORMATTERS[0].format(of))["timestamp"] == "2026-11-30T12:13:14.567+00:00"
