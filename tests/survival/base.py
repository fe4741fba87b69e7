"""The ground of the histories: what messages, time and accidents do, and what must hold whatever happened."""

import random
from collections.abc import Callable
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.files.scanners.samples import EICAR, TEXT, encrypted, zipped
from tests.support import cloud
from tests.support.client import Reply
from tests.support.snapshots import disagreements
from tests.support.world import World
from tests.survival.mishaps import MISHAPS, Mishap, suffer

DAY = 86400
UNSCANNABLE = encrypted(zipped({"a.txt": TEXT}))
UNCLEAN = (EICAR, UNSCANNABLE)

VERDICTS = st.sampled_from(("clean", "clean", "clean", "infected", "unscannable"))


class Histories(RuleBasedStateMachine):
    """Rules that every API shares. A subclass adds those of an API, and what it holds of its own world."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        cloud.empty()
        cloud.forget()
        self.world.ahead = 0.0
        self.count = 0
        self.torn = False
        """Something went wrong, and nobody has put it right yet."""
        self.lost = False
        """Messages were lost."""

    def bytes_for(self, verdict: str) -> bytes:
        """Bytes that the scan will find to be so; clean ones are different every time."""
        self.count += 1
        if verdict == "clean":
            return f"content {self.count}".encode()
        return EICAR if verdict == "infected" else UNSCANNABLE

    def request(self, mishap: Mishap | None, send: Callable[[], Reply], expected: tuple[int, ...]) -> bool | None:
        """Send a request while something goes wrong.

        Returns:
            True: it was answered with an expected status. False: refused, nothing changed. None: nobody knows.
        """
        reply, disturbed = suffer(mishap, send)
        self.torn |= disturbed
        if reply is None:
            return None
        if disturbed and reply.status >= 500:
            assert reply.status == 503, reply.text
            assert "Retry-After" in reply.headers
            return None
        assert reply.status in expected, f"{reply.status} {reply.text}"
        return True

    # --- what the cloud does

    @rule(mishap=MISHAPS)
    def messages_are_delivered(self, mishap: Mishap | None) -> None:
        _, disturbed = suffer(mishap, lambda: self.world.deliver(failing=True))
        self.torn |= disturbed

    @rule()
    def messages_become_visible_again(self) -> None:
        self.world.cloud.hand_back()

    @rule(seed=st.integers(0, 99), share=st.sampled_from((0.3, 1.0)))
    def messages_are_duplicated_and_reordered(self, seed: int, share: float) -> None:
        self.world.disorder_messages(random.Random(seed), share)

    @rule(seed=st.integers(0, 99))
    def messages_are_lost(self, seed: int) -> None:
        self.torn = self.lost = True
        self.world.lose_messages(random.Random(seed))

    @rule(mishap=MISHAPS)
    def the_sweep_runs(self, mishap: Mishap | None) -> None:
        _, disturbed = suffer(mishap, lambda: self.world.sweep(failing=mishap is not None))
        self.torn |= disturbed

    @rule(seconds=st.sampled_from((1, 61, 100, 200, 16 * 60, 3 * 3600)))
    def time_passes(self, seconds: int) -> None:
        self.world.travel(seconds)

    @rule()
    def everything_is_put_right(self) -> None:
        self.settle()
        self.check_the_end()

    # --- what must hold

    @invariant()
    def nothing_unclean_leaves(self) -> None:
        for bucket in ("library_bucket", "media_bucket"):
            for stored in self.world.objects(bucket):
                assert stored.content not in UNCLEAN, f"{bucket} {stored.key} is not clean"

    def settle(self) -> None:
        """Do what the cloud does in the days after."""
        self.world.repair(horizon=3 * DAY, rounds=60)
        self.torn = False
        if self.lost:
            # A request died before its rows, and the message of its bytes was lost: the bucket's own rule, a month on.
            known = {row.get("intake_key") for row in rows(self.world, "files_table", "file")}
            self.world.expire_arrivals({stored.key for stored in self.world.objects("intake_bucket")} - known)

    def check_the_end(self) -> None:
        """Hold a settled world to what every end state keeps, and to the model."""
        assert disagreements(self.world) == []
        for name, count in self.world.waiting().items():
            assert name.endswith("-dead"), f"{count} messages are left in {name}"
        for row in self.world.rows("files_table"):
            if row["sk"] == "file":
                assert row["verdict"] != "pending" or row.get("purged"), f"{row['pk']} never ended"

    def teardown(self) -> None:
        self.settle()
        self.check_the_end()


def rows(world: World, table: str, sk: str) -> list[dict[str, Any]]:
    """The rows of a table under this sort key."""
    return [row for row in world.rows(table) if row["sk"] == sk]
