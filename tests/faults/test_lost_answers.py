"""The answer is lost below the SDK's own retry: the call is repeated, and the winner does not become a loser.

moto knows no ClientRequestToken, so a repeated transaction meets its own effect, which is harder than AWS makes it.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.faults import agreement
from tests.faults.arranged import PATH, chained, deleted, uploaded
from tests.support.calls import Call, counting, lost_answers
from tests.support.world import World

Arrange = Callable[[World], Any]
Act = Callable[[World, Any], Any]

REQUESTS: dict[str, tuple[Arrange, Act]] = {
    "upload": (lambda w: None, lambda w, _: w.client.post("/assets", files={"asset[file]": ("a.txt", b"x")})),
    "whitehall": (
        lambda w: w.upload_whitehall(b"first", PATH),
        lambda w, _: w.client.post(
            "/whitehall_assets",
            form={"asset[legacy_url_path]": PATH},
            files={"asset[file]": ("a.txt", b"second")},
        ),
    ),
    "publish": (lambda w: uploaded(w, draft="true"), lambda w, a: w.change(a, draft="false")),
    "withdraw": (uploaded, lambda w, a: w.change(a, draft="true")),
    "replace": (uploaded, lambda w, a: w.replace(a, b"second")),
    "delete": (uploaded, lambda w, a: w.client.delete(f"/assets/{a}")),
    "restore": (deleted, lambda w, a: w.client.post(f"/assets/{a}/restore")),
    "relink": (chained, lambda w, pair: w.change(pair[0], replacement_id=pair[1])),
}


class _EveryOther:
    """Picks every first try of a conditional write, and lets its second one be answered."""

    def __init__(self) -> None:
        self._just_lost = False

    def __call__(self, call: Call) -> bool:
        self._just_lost = call.operation in ("PutItem", "UpdateItem", "TransactWriteItems") and not self._just_lost
        return self._just_lost


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK does not wait before it repeats a call."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_whose_writes_all_lose_their_answer_once_is_answered_as_if_not(world: World, name: str) -> None:
    arrange, act = REQUESTS[name]
    arranged = arrange(world)
    with lost_answers(_EveryOther(), times=100) as lost:
        reply = act(world, arranged)
    assert "dynamodb.TransactWriteItems" in lost.names()
    assert reply.status in (200, 201), reply.text
    world.repair()
    assert agreement.everything_wrong(world) == []


def test_a_scan_whose_writes_all_lose_their_answer_once_makes_no_call_more(world: World) -> None:
    world.upload(b"first")
    with counting() as undisturbed:
        world.deliver()
    asset_id = world.upload(b"first")
    with lost_answers(_EveryOther(), times=100) as lost, counting() as calls:
        world.deliver()
    assert len(lost) == calls.counts()["dynamodb.UpdateItem"]
    assert calls.names() == undisturbed.names()
    assert world.shown(asset_id)["state"] == "clean"
    assert world.waiting() == {}
    assert agreement.everything_wrong(world) == []
