"""The time of day, in one place, so that tests can move it."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, aware and in UTC."""
    return datetime.now(UTC)


def epoch() -> int:
    """The present moment in whole seconds since 1970, the form that DynamoDB's TTL and the `due` index use."""
    return int(now().timestamp())
