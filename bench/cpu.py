"""CPU of a warm handler over the CPU of the same AWS calls made bare with boto3, operation by operation.

Both sides make the same calls with the same parameters, sign the same URLs and forms, and get the same recorded
answers over connections that are kept open, in one process; what answers is in another. They take turns in many short
rounds, and the figure is the median of the ratios of neighbours, which other load on the machine touches alike. The
handler's side is everything from the event to the answer: matching, authentication, bodies, rows, the access log. The
lookup of a token is left out, as it is in the counts.
"""

import contextlib
import gc
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from bench.operations import Operation, all_operations
from bench.stage import Act, Recording, Stage, played, stage
from bench.table import Row
from chalicelib.logs import logger

SECTION = "cpu"
ALLOWED = 1.25
ROUNDS = 31
_ROUND_SECONDS = 0.012

REASONS = {
    "stores: sign in with a password": "scrypt, which is meant to be slow",
    "stores: add a user": "scrypt, which is meant to be slow",
    "assets: verdict: clean, published": "the scan itself and the digest, and a metric's line",
}
"""Why an operation cannot keep its mark, where that is known."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What one operation took: the median of the ratios, and the fastest rounds of both sides in microseconds."""

    ratio: float
    handler: float
    bare: float


def rows() -> Iterator[Row]:
    """A row an operation; before them one of bare calls over themselves, which tells how exact the others are."""
    with stage() as on, _quiet_log():
        for position, operation in enumerate(all_operations()):
            act = operation.arrange(on)
            recording = on.record(act)
            if position == 0:
                same = compared(bare(recording), bare(recording), recording)
                yield Row(SECTION, "bare calls over themselves", same.ratio, told="how exact these figures are")
            yield _row(operation, act, recording)


def _row(operation: Operation, act: Act, recording: Recording) -> Row:
    name = f"{operation.api}: {operation.name}"
    if not recording.calls and not recording.signed:
        return Row(SECTION, name, None, told="it calls nothing")
    found = compared(act, bare(recording), recording)
    told = f"{found.handler:.0f} us over {found.bare:.0f} us"
    if found.ratio > ALLOWED and name in REASONS:
        told += f": {REASONS[name]}"
    return Row(SECTION, name, found.ratio, ALLOWED, told=told)


def measure(on: Stage, operation: Operation) -> Row:
    """The row of one operation."""
    act = operation.arrange(on)
    return _row(operation, act, on.record(act))


def bare(recording: Recording) -> Act:
    """The same calls made with boto3 and nothing else, and the same signatures."""
    names = {service for service, _, _ in recording.calls} | ({"s3"} if recording.signed else set())
    config = Config(signature_version="s3v4")
    session = boto3.Session()  # the default one has parts of the product's own
    clients: dict[str, Any] = {name: session.client(name, config=config if name == "s3" else None) for name in names}

    def act() -> None:
        for service, operation, params in recording.calls:
            with contextlib.suppress(ClientError):  # where the handler was told the same
                answer = clients[service]._make_api_call(operation, params)
                if "Body" in answer:
                    answer["Body"].read()
        for name, args, kwargs in recording.signed:
            getattr(clients["s3"], name)(*args, **kwargs)

    return act


def compared(first: Act, second: Act, recording: Recording, rounds: int = ROUNDS) -> Figure:
    """Both in turn, answered from the recording."""
    with played(recording) as rewind:
        one, two = _rewound(first, rewind), _rewound(second, rewind)
        for act in (one, two):
            for _ in range(8):
                act()
        size = max(1, int(_ROUND_SECONDS / timed(two, 5)))
        gc.collect()
        gc.freeze()
        pairs = [(timed(one, size), timed(two, size)) for _ in range(rounds)]
        gc.unfreeze()
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    return Figure(ratio, min(ours for ours, _ in pairs) * 1e6, min(theirs for _, theirs in pairs) * 1e6)


def timed(act: Act, times: int) -> float:
    """Seconds of CPU for one run."""
    started = time.process_time()
    for _ in range(times):
        act()
    return (time.process_time() - started) / times


def _rewound(act: Act, rewind: Callable[[], None]) -> Act:
    def again() -> None:
        rewind()
        act()

    return again


@contextlib.contextmanager
def _quiet_log() -> Iterator[None]:
    """Write log lines as a deployment does, and throw them away."""
    handlers: list[Any] = list(logger.handlers)
    streams, level = [handler.stream for handler in handlers], logger.log_level
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        for handler in handlers:
            handler.setStream(nowhere)
        logger.setLevel("INFO")
        try:
            yield
        finally:
            logger.setLevel(level)
            for handler, stream in zip(handlers, streams, strict=True):
                handler.setStream(stream)
