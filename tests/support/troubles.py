"""How AWS fails: it throttles, it does not answer, it answers that something went wrong, once or for a while.

With `EVERY_FAILURE` in the environment, every call of a scenario fails in every way. Without it each place that calls
AWS, which is a stack of the product's functions, fails once in a file of tests, in a way that goes by the place; and
once more where that is for something in which nothing ever failed.
"""

import os
import zlib
from typing import Literal

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.support import kinds
from tests.support.calls import Call
from tests.support.forks import Point

Failure = Literal["throttled", "times out", "fails"]
FAILURES: tuple[Failure, ...] = ("throttled", "times out", "fails")

Way = Failure | Literal["loses its answer", "fails from then on"]

EVERY = "EVERY_FAILURE" in os.environ

_THROTTLED = {"s3": "SlowDown", "sqs": "RequestThrottled"}
_FAILED = {"s3": "InternalError", "sqs": "InternalFailure"}


def failing(kind: Failure, call: Call) -> Exception:
    """What the SDK raises, having tried often enough, when a call fails like this."""
    if kind == "times out":
        return ReadTimeoutError(endpoint_url=f"https://{call.service}")
    if kind == "throttled":
        code = _THROTTLED.get(call.service, "ThrottlingException")
        return ClientError({"Error": {"Code": code, "Message": "slow down"}}, call.operation)
    code = _FAILED.get(call.service, "InternalServerError")
    return ClientError({"Error": {"Code": code, "Message": "failed"}}, call.operation)


class Trouble:
    """What befalls a call, and perhaps those behind it. `at_work` is what was at work then (`tests.support.kinds`)."""

    def __init__(self, way: Way) -> None:
        self.way = way
        self.at_work: set[str] = set()

    def __str__(self) -> str:
        return self.way

    def strike(self, call: Call) -> None:
        """Have the call fail, or its answer get lost."""
        self.at_work = kinds.at_work()
        if self.way == "loses its answer":
            raise failing("times out", call)
        raise failing("fails" if self.way == "fails from then on" else self.way, call)

    def later(self, call: Call) -> None:
        """Have a later call fail."""
        if self.way == "fails from then on":
            raise failing("fails", call)


def of_message(point: Point, met: frozenset[str], failed: frozenset[str]) -> list[Trouble]:
    """What may befall a message at a point; a request that comes in between does not come again, and is spared.

    Args:
        met: the places at which something did already, in other scenarios.
        failed: the kinds of what was at work then.
    """
    if "web/application.py" in point.place:
        return []
    ways: tuple[Way, ...] = (*FAILURES, "fails from then on")
    if not point.reads:
        ways = (*ways, "loses its answer")
    if not EVERY:
        if point.times or (point.place in met and point.at_work <= failed):
            return []
        ways = (ways[zlib.crc32(point.place.encode()) % len(ways)],)
    return [Trouble(way) for way in ways if (way == "loses its answer") == (point.moment == "after")]
