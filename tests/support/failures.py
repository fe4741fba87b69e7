"""How AWS fails: it throttles, it does not answer, it answers that something went wrong. And: does a request bear it?

`endure` has each AWS call of a request fail in turn. The request must then be done all the same, or be answered with
its API's own 503. A 503 must leave the cloud as it was ahead of that call (what becomes of that is what
`tests.support.crashes` goes through) or, where the request has put something in order itself, in a state that repairs
as if it had been done entirely, or not at all.

    states of the undisturbed run:  s0 --call 1--> s1 --call 2--> s2 ...
    call 2 fails, 503:              s0 --call 1--> s1 --x         s1? good. Another? repair, and compare
    call 2 fails, done:             s0 --call 1--> ..             repair, and compare
"""

import contextlib
import gc
from collections.abc import Sequence
from typing import Any, Literal

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.support.calls import Call, on_call
from tests.support.client import Reply
from tests.support.cloud import forget
from tests.support.crashes import Check, End, Scenario, forked, warm_up
from tests.support.sites import READS
from tests.support.snapshots import Snapshot, difference, disagreements, ids, snapshot
from tests.support.world import World

Failure = Literal["throttled", "times out", "fails"]
FAILURES: tuple[Failure, ...] = ("throttled", "times out", "fails")

_THROTTLED = {"s3": "SlowDown", "sqs": "RequestThrottled"}
_FAILED = {"s3": "InternalError", "sqs": "InternalFailure"}
_STORES, _PROJECTASSETS = {"title", "description"}, {"status", "code", "detail", "title"}


def failing(kind: Failure, call: Call) -> Exception:
    """What the SDK raises, having tried often enough, when a call fails like this."""
    if kind == "times out":
        return ReadTimeoutError(endpoint_url=f"https://{call.service}")
    if kind == "throttled":
        code = _THROTTLED.get(call.service, "ThrottlingException")
        return ClientError({"Error": {"Code": code, "Message": "slow down"}}, call.operation)
    code = _FAILED.get(call.service, "InternalServerError")
    return ClientError({"Error": {"Code": code, "Message": "failed"}}, call.operation)


def wrong_with(path: str, reply: Reply) -> str | None:
    """What is wrong with the answer to a request during which AWS failed; None if it is its API's own 503."""
    if reply.status != 503:
        return f"{path} is answered {reply.status} {reply.text}"
    if not reply.headers.get("Retry-After", "").isdigit():
        return f"{path} is not told when to try again"
    return None if _is_own(path.split("?")[0].strip("/").split("/"), reply.json()) else f"{path} is told {reply.text}"


def _is_own(segments: Sequence[str], body: Any) -> bool:
    """Whether an error is in the shape of the API whose path this is (docs/apis)."""
    projects = ("projectassets", "videoassets", "audioassets", "imageassets", "productions", "devices", "asset")
    match segments:
        case ["assetmanager" | "contentbrowser", *_]:
            return isinstance(body, str)
        case ["api", name, *_] if name in projects:
            return isinstance(body, dict) and all(error.keys() == _PROJECTASSETS for error in body["errors"])
        case ["api" | "s3" | "stores", *_]:
            return isinstance(body, dict) and body.keys() == _STORES
    return isinstance(body, dict) and body.keys() == {"_response_info"}


def endure(world: World, scenario: Scenario, seed: int, check: Check | None = None) -> tuple[int, list[str]]:
    """Have each call of a request fail, and each write lose its answer; see the module.

    Args:
        seed: which way calls fail: every way in turn, beginning with this one.

    Returns:
        How often something failed, and what was wrong.
    """
    warm_up(world)
    arranged = scenario.arrange(world)
    known = ids(world)
    gc.unfreeze()
    gc.collect()
    gc.freeze()

    def undisturbed() -> End:
        end = End()
        states: list[Snapshot] = []

        def before(call: Call) -> None:
            states.append(snapshot(world, known))
            end.calls.append((str(call), call.operation.startswith(READS)))

        forget()
        with on_call(before=before):
            scenario.act(world, arranged)
        end.states = [*states, snapshot(world, known)]
        return _repaired(end)

    def nothing() -> End:
        return _repaired(End())

    def failed(points: Sequence[tuple[int, bool]]) -> End:
        """Have calls fail one after the other, as long as nothing comes of it."""
        end = End()
        for number, is_lost in points:
            kind = FAILURES[(number + seed) % len(FAILURES)]
            answered = _with_failure(world, scenario, arranged, number, None if is_lost else kind)
            state = snapshot(world, known)
            left = states[number + is_lost]
            if answered is None and state == left:
                continue
            end.problems += [answered] if answered and answered != _DONE else []
            _repaired(end)
            if end.state not in ([whole] if answered == _DONE else [whole, none]):
                assert end.state is not None
                end.problems.append(f"call {number + 1} fails, another end:\n{difference(whole, end.state)}")
            break
        return end

    def _repaired(end: End) -> End:
        world.repair()
        end.problems += disagreements(world) + (check(world) if check else [])
        end.state = snapshot(world, known)
        return end

    told, untouched = forked([undisturbed, nothing])
    for one in (told, untouched):
        assert one.error is None, f"{scenario.name}: {one.error}"
        assert not one.problems, f"{scenario.name}, undisturbed: {one.problems}"
    assert told.state is not None
    assert untouched.state is not None
    whole, none, states = told.state, untouched.state, told.states
    runs = list(_runs([reads for _, reads in told.calls]))
    ends = forked([lambda points=points: failed(points) for points in runs])  # type: ignore[misc]
    wrong = [
        f"{scenario.name}, {told.calls[points[0][0]][0]} fails: {problem}"
        for points, end in zip(runs, ends, strict=True)
        for problem in (end.problems if end.error is None else [end.error])
    ]
    return sum(map(len, runs)), wrong


_DONE = "done"


def _runs(calls: Sequence[bool]) -> list[list[tuple[int, bool]]]:
    """The points at which to fail, as (call, whether it has taken effect), those of a run in one process.

    Ahead of the first write a failure leaves nothing behind, so these need no process each.
    """
    first = next((number for number, reads in enumerate(calls) if not reads), len(calls) - 1)
    runs = [[(number, False) for number in range(first + 1)]]
    runs += [[(number, False)] for number in range(first + 1, len(calls))]
    return runs + [[(number, True)] for number, reads in enumerate(calls) if not reads]


def _with_failure(world: World, scenario: Scenario, arranged: Any, number: int, kind: Failure | None) -> str | None:
    """Send the request with a call that fails, or without a kind loses its answer.

    Returns:
        None: it was answered with its API's 503. `_DONE`: it was done all the same. Else what is wrong.
    """
    count = -1

    def before(call: Call) -> None:
        nonlocal count
        count += 1
        if count == number and kind is not None:
            raise failing(kind, call)

    def after(call: Call) -> None:
        if count == number and kind is None:
            raise failing("times out", call)

    forget()
    # The act may expect another answer than a 503.
    with on_call(before=before, after=after), contextlib.suppress(AssertionError, LookupError, TypeError):
        scenario.act(world, arranged)
    assert world.client.last is not None
    path, reply = world.client.last
    return _DONE if reply.status < 300 else wrong_with(path, reply)
