"""What happens between any two AWS calls of an operation: another one, entire, and perhaps much time.

`interrupt` runs an act once for each of its calls; ahead of that call something else happens, then the act goes on with
what it knew. That is every interleaving in which the other operation is not torn itself. With `pause` the act's
leases have run out by then: it is a late worker. With `dies` it makes the one call it was about to make, and no more:
what a worker that was thought dead does in its last moment. `World.repair` follows, and `check` says what is wrong;
once for each state in which the two leave the cloud, since which of them was first often makes no difference.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.calls import Call, Crash
from tests.support.crashes import Check, begin
from tests.support.forks import End, Point, at_calls
from tests.support.snapshots import fingerprint
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
    arranged, known = begin(world, pair.arrange)

    def ways(point: Point) -> list[_Meanwhile]:
        held_up = point.moment == "before" and not (pair.dies and point.reads)
        return [_Meanwhile(world, pair, arranged)] if held_up else []

    def ended(suffered: tuple[Point, _Meanwhile] | None, raised: BaseException | None, others: Sequence[End]) -> End:
        if raised is not None and not (suffered is not None and isinstance(raised, Crash)):
            raise raised
        if suffered is None:
            return End()
        end = End(left=fingerprint(world, known))
        if end.left not in [other.left for other in others]:
            world.repair()
            end.problems += [*check(world), *pair.expect(world, arranged)]
        return end

    whole, ends = at_calls(lambda: pair.act(world, arranged), ways, ended)
    assert whole.error is None, f"{pair.name}: {whole.error}"
    failures = [
        f"{pair.name}, held up {point}: {problem}"
        for point, _, end in ends
        for problem in (end.problems if end.error is None else [end.error])
    ]
    return len(ends), failures


@dataclass(slots=True)
class _Meanwhile:
    """The other operation of a pair."""

    world: World
    pair: Interruption
    arranged: Any
    goes_on: bool = False

    def strike(self, call: Call) -> None:
        self.goes_on = True
        if self.pair.pause:
            self.world.travel(self.pair.pause)
            self.world.cloud.hand_back()
        self.pair.other(self.world, self.arranged)
        self.goes_on = False

    def later(self, call: Call) -> None:
        if self.pair.dies and not self.goes_on:
            raise Crash
