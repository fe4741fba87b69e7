"""CPU of a warm handler over the CPU of the same AWS calls made bare with boto3: `python -m bench.cpu [NAME]`.

Both sides make the same calls with the same parameters and get the same recorded answers, turn about in one process;
the figure is the ratio of the fastest rounds. DESIGN.md allows 1.25.
"""

import gc
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3

from bench.operations import Operation, all_operations
from bench.stage import Act, Recording, Stage, played, stage

ALLOWED = 1.25
_ROUNDS = 15
_ROUND_SECONDS = 0.08


@dataclass(frozen=True, slots=True)
class Figure:
    """What one operation took: its calls, and microseconds of CPU on both sides."""

    operation: Operation
    calls: Counter[str]
    handler: float
    bare: float

    @property
    def ratio(self) -> float:
        """The handler's CPU over the bare calls'."""
        return self.handler / self.bare


def measure(on: Stage, operation: Operation) -> Figure:
    """Measure one operation."""
    act = operation.arrange(on)
    recording = on.record(act)
    bare = _bare(recording)
    with played(recording) as rewind:
        handler, alone = _fastest(_rewound(act, rewind), _rewound(bare, rewind))
    names = Counter(f"{service}.{name}" for service, name, _ in recording.calls)
    return Figure(operation, names, handler, alone)


def _bare(recording: Recording) -> Act:
    """The same calls made with boto3 and nothing else."""
    clients: dict[str, Any] = {name: boto3.client(name) for name in {service for service, _, _ in recording.calls}}

    def act() -> None:
        for service, operation, params in recording.calls:
            answer = clients[service]._make_api_call(operation, params)
            if "Body" in answer:
                answer["Body"].read()

    return act


def _rewound(act: Act, rewind: Callable[[], None]) -> Act:
    def again() -> None:
        rewind()
        act()

    return again


def _fastest(first: Act, second: Act) -> tuple[float, float]:
    """Microseconds of CPU for one run of each, taken from the fastest of many rounds, turn about."""
    for act in (first, second):
        for _ in range(20):
            act()
    size = max(1, int(_ROUND_SECONDS / _timed(second, 10)))
    gc.collect()
    gc.freeze()
    rounds = [(_timed(first, size), _timed(second, size)) for _ in range(_ROUNDS)]
    return min(one for one, _ in rounds) * 1e6, min(two for _, two in rounds) * 1e6


def _timed(act: Act, times: int) -> float:
    started = time.process_time()
    for _ in range(times):
        act()
    return (time.process_time() - started) / times


def main() -> None:
    """Print a line an operation."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    with stage() as on:
        for operation in all_operations():
            if wanted not in f"{operation.api} {operation.name}":
                continue
            figure = measure(on, operation)
            mark = "ok" if figure.ratio <= ALLOWED else "MISS"
            print(
                f"{operation.api:9} {operation.name:28} {figure.handler:7.0f} us {figure.bare:7.0f} us "
                f"{figure.ratio:5.2f} {mark:5} {dict(figure.calls)}",
                flush=True,
            )


if __name__ == "__main__":
    main()
