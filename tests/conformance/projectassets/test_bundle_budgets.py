"""What files of bundles cost in AWS calls, one by one and by the tree; 20,000 of them in `make bench`."""

from collections.abc import Callable, Mapping

import pytest

from bench.table import MISS
from bench.trees import call_rows, counted, fill
from tests.support.bundles import OWN_ROOT, TARGET, Bundles, everything_wrong
from tests.support.calls import counting
from tests.support.world import World, world

__all__ = ["world"]

FILES = 70


@pytest.fixture
def bundles(world: World) -> Bundles:
    return Bundles(world).with_own_bucket()


def test_one_file(bundles: Bundles) -> None:
    project = bundles.project(a=b"a")
    for act, wanted in (
        (lambda: bundles.put(project, "b", b"b"), ["BatchGetItem", "PutObject", "TransactWriteItems"]),
        (lambda: bundles.put(project, "b", b"c"), ["BatchGetItem", "PutObject", "TransactWriteItems"]),
        (lambda: bundles.read(project, "a"), ["BatchGetItem", "GetObject"]),
        (lambda: bundles.client.head(bundles.url(project, "a")), ["BatchGetItem", "HeadObject"]),
        (lambda: bundles.client.delete(bundles.url(project, "b")), ["BatchGetItem", "TransactWriteItems"]),
        (lambda: bundles.files(project), ["GetItem", "Query"]),
    ):
        with counting() as calls:
            act()
        assert [call.operation for call in calls] == wanted


def test_trees(bundles: Bundles) -> None:
    source = bundles.project()
    size = fill(source, FILES, stored=True)
    copies: list[int] = []
    acts: list[tuple[str, Callable[[], object]]] = [
        ("copy by reference", lambda: copies.append(bundles.copy(source, TARGET))),
        ("copy with bytes", lambda: copies.append(bundles.copy(source, OWN_ROOT))),
        ("delete what others refer to", lambda: bundles.delete(copies[0])),
        ("delete the last with bytes", lambda: bundles.delete(copies[1])),
    ]
    for phase, act in acts:
        act()
        calls = counted(bundles.world.deliver)
        assert over_budget(phase, calls, size) == []
    assert [bundles.state(copy) for copy in copies] == [None, None]
    assert everything_wrong(bundles.world) == []


def test_a_budget_that_is_not_kept_is_seen() -> None:
    calls = {"transactions of Files": 4, "CopyObject": 1, "Query": 9, "GetItem": 200}
    assert len(over_budget("copy by reference", calls, 1)) == 4


def over_budget(phase: str, calls: Mapping[str, int], row_bytes: int) -> list[str]:
    """The rows of the bench's table that miss their marks."""
    found = {"calls": calls, "bytes": row_bytes}
    return [row.name for row in call_rows(phase, FILES, found) if row.verdict == MISS]
