"""The ground of the histories: what messages, time and accidents do, and what must hold whatever happened."""

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.files.scanners.samples import EICAR, TEXT, encrypted, zipped
from tests.support import cloud
from tests.support.client import Reply
from tests.support.failures import wrong_with
from tests.support.snapshots import branches, disagreements
from tests.support.world import World
from tests.survival.mishaps import MISHAPS, Mishap, suffer

DAY = 86400
UNSCANNABLE = encrypted(zipped({"a.txt": TEXT}))
UNCLEAN = (EICAR, UNSCANNABLE)

VERDICTS = st.sampled_from(("clean", "clean", "clean", "infected", "unscannable"))


@dataclass(frozen=True, slots=True)
class Held:
    """Bytes that a client sent, and what the scan will find of them. Whoever refers to the same File holds the same."""

    content: bytes
    verdict: str
    number: int

    @property
    def name(self) -> str:
        """A name that nothing else has."""
        return f"n{self.number}.txt"


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
        self.struck = 0
        """How often something went wrong."""
        self.lost = False
        """Messages were lost."""
        self._stamps: dict[str, Any] = {}
        self.files: dict[str, Held] = {}
        """What each File holds that a client was told of, or that was found."""

    def held(self, verdict: str) -> Held:
        """Bytes that the scan will find to be so; clean ones are different every time."""
        self.count += 1
        clean = f"content {self.count}".encode()
        return Held({"clean": clean, "infected": EICAR}.get(verdict, UNSCANNABLE), verdict, self.count)

    def bytes_for(self, verdict: str) -> bytes:
        """As `held`, the bytes alone."""
        return self.held(verdict).content

    def request(self, mishap: Mishap | None, send: Callable[[], Reply], expected: tuple[int, ...]) -> bool | None:
        """Send a request while something goes wrong.

        Returns:
            True: it was answered with the first of the expected statuses. False: with another of them, nothing changed.
            None: nobody knows.
        """
        reply, disturbed = suffer(mishap, send)
        self._disturbed(disturbed)
        if reply is None:
            return None
        if disturbed and reply.status >= 500:
            assert self.world.client.last is not None
            assert wrong_with(self.world.client.last[0], reply) is None
            return None
        assert reply.status in expected, f"{reply.status} {reply.text}, not {expected}"
        return reply.status == expected[0]

    def _disturbed(self, disturbed: bool) -> None:
        self.torn |= disturbed
        self.struck += disturbed

    def is_news(self, name: str, *tables: str) -> bool:
        """Whether anything was written to these tables since this was last asked for under this name.

        What the answers of an API tell depends on nothing else, so an invariant need not look again.
        """
        stamps = [self.world.stamps(table) for table in tables]
        is_news = self._stamps.get(name) != stamps
        self._stamps[name] = stamps
        return is_news

    # --- what the cloud does

    @rule(mishap=MISHAPS)
    def messages_are_delivered(self, mishap: Mishap | None) -> None:
        _, disturbed = suffer(mishap, lambda: self.world.deliver(failing=True))
        self._disturbed(disturbed)

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
        self._disturbed(disturbed)

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
        assert not any(content in UNCLEAN for content in branches().values())

    @invariant()
    def what_is_referred_to_is_there(self) -> None:
        if not self.is_news("files", "files_table"):
            return
        kept = {stored.key: stored.content for stored in self.world.objects("library_bucket")} | branches()
        for row in rows(self.world, "files_table", "file"):
            if row["verdict"] == "clean" and row.get("references") and not row.get("purged"):
                content = kept.get(row["library_key"])
                assert content is not None, f"{row['pk']} has lost its bytes"
                assert hashlib.sha256(content).hexdigest() == row["sha256"]
                told = self.files.get(row["pk"].removeprefix("file#"))
                assert told is None or told.content == content

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
