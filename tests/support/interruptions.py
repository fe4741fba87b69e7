"""What happens between any two AWS calls of an operation: another one, entire, and perhaps much time.

`interrupt` runs an act once for each of its calls; ahead of that call something else happens, then the act goes on with
what it knew. That is every interleaving in which the other operation is not torn itself. With `pause` the act's
leases have run out by then: it is a late worker. With `dies` it makes the one call it was about to make, and no more:
what a worker that was thought dead does in its last moment. `World.repair` follows, and `check` says what is wrong.
"""

import gc
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.calls import Call, Crash, counting, on_call
from tests.support.crashes import Check, End, forked, warm_up
from tests.support.sites import READS
from tests.support.world import World


@dataclass(frozen=True, slots=True)
class Interruption:
    """An operation, and what comes in between.

    Args:
        name: for messages.
        arrange: makes the world; what it returns goes to `act` and `other`.
        act: the operation whose calls are held up.
        other: what happens meanwhile.
        pause: seconds that pass before `other`.
        dies: the act dies after the call that was held up.
        expect: says what is wrong in the end with this pair, beyond `check`; gets what `arrange` returned.
    """

    name: str
    arrange: Callable[[World], Any]
    act: Callable[[World, Any], object]
    other: Callable[[World, Any], object]
    pause: float = 0
    dies: bool = False
    expect: Callable[[World, Any], list[str]] = field(default=lambda world, arranged: [])


def interrupt(world: World, pair: Interruption, check: Check) -> tuple[int, list[str]]:
    """Hold an operation up ahead of each of its calls; see the module.

    Returns:
        How many interruptions there were, and what was wrong.
    """
    warm_up(world)
    arranged = pair.arrange(world)
    gc.unfreeze()
    gc.collect()
    gc.freeze()

    def undisturbed() -> End:
        end = End()
        with counting() as calls:
            pair.act(world, arranged)
        end.calls = [(str(call), call.operation.startswith(READS)) for call in calls]
        return end

    def interrupted(number: int) -> End:
        end = End()
        _held_up(world, pair, arranged, number)
        world.repair()
        end.problems += [*check(world), *pair.expect(world, arranged)]
        return end

    (whole,) = forked([undisturbed])
    assert whole.error is None, f"{pair.name}: {whole.error}"
    numbers = [number for number, (_, reads) in enumerate(whole.calls) if not (pair.dies and reads)]
    ends = forked([lambda number=number: interrupted(number) for number in numbers])  # type: ignore[misc]
    failures = [
        f"{pair.name}, held up at call {number + 1} ({whole.calls[number][0]}): {problem}"
        for number, end in zip(numbers, ends, strict=True)
        for problem in (end.problems if end.error is None else [end.error])
    ]
    return len(numbers), failures


def _held_up(world: World, pair: Interruption, arranged: Any, number: int) -> None:
    count, inside = -1, False

    def before(call: Call) -> None:
        nonlocal count, inside
        if inside:
            return
        count += 1
        if pair.dies and count > number:
            raise Crash
        if count == number:
            inside = True
            if pair.pause:
                world.travel(pair.pause)
                world.cloud.hand_back()
            pair.other(world, arranged)
            inside = False

    with on_call(before=before):
        try:
            pair.act(world, arranged)
        except Crash:
            return
