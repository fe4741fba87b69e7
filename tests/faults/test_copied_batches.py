"""The batches of a copy are written one after the other, in order, and none behind one that could not be written."""

import json
import threading
import time
from typing import Any

import pytest
from moto.core.botocore_stubber import BotocoreStubber

from chalicelib.apis.projectassets import copied_files
from chalicelib.apis.projectassets.bundles import FILES
from tests.support.bundles import Bundles, everything_wrong
from tests.support.calls import Call, on_call
from tests.support.world import World

NAMES = ["a", "b", "c", "d", "e"]


class Engine:
    """Takes its time with transactions that write files of a bundle, and tells which came, and how many at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.written: list[str] = []
        self.most_at_once = 0
        self._busy = 0
        self._counting = threading.Lock()
        original: Any = BotocoreStubber.__call__

        def slow(stubber: Any, event_name: str, request: Any, **others: Any) -> Any:
            is_transaction = "TransactWriteItems" in str(request.headers.get("X-Amz-Target"))
            paths = paths_of(json.loads(request.body)["TransactItems"]) if is_transaction else []
            with self._counting:
                self._busy += bool(paths)
                self.most_at_once = max(self.most_at_once, self._busy)
                self.written += paths
            time.sleep(0.02 if paths else 0)
            answer = original(stubber, event_name, request, **others)
            with self._counting:
                self._busy -= bool(paths)
            return answer

        monkeypatch.setattr(BotocoreStubber, "__call__", slow)


def paths_of(steps: list[dict[str, Any]]) -> list[str]:
    """The paths of the files whose rows a transaction writes."""
    keys = [step["Put"]["Item"]["sk"]["S"] for step in steps if "Put" in step]
    return [key.removeprefix(FILES) for key in keys if key.startswith(FILES)]


@pytest.fixture
def bundles(world: World, monkeypatch: pytest.MonkeyPatch) -> Bundles:
    monkeypatch.setattr(copied_files, "TOGETHER", 1)
    return Bundles(world)


def test_one_at_a_time_and_in_order(bundles: Bundles, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = bundles.copy(bundles.project(**dict.fromkeys(NAMES, b"x")))
    engine = Engine(monkeypatch)
    bundles.world.deliver()
    assert (engine.written, engine.most_at_once) == (NAMES, 1)
    assert bundles.state(copy) == (6, True)
    assert everything_wrong(bundles.world) == []


def test_none_behind_one_that_cannot_be_written(bundles: Bundles, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = bundles.copy(bundles.project(**dict.fromkeys(NAMES, b"x")))
    engine = Engine(monkeypatch)

    def refuse(call: Call) -> None:
        if call.operation == "TransactWriteItems" and paths_of(call.params["TransactItems"]) == ["b"]:
            raise RuntimeError("this one cannot be written")

    with on_call(before=refuse):
        bundles.world.repair()
    assert set(engine.written) == {"a"}
    assert bundles.state(copy) == (-1, False)
    assert everything_wrong(bundles.world) == []
