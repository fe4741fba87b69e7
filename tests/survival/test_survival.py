"""Whatever happens, in whatever order, the promises hold (invariants 1 to 8).

Two hundred histories here, which take about 80 s of one core; `make soak` runs ten thousand.
"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support import permissions
from tests.support.world import World, world
from tests.survival.base import Histories
from tests.survival.everything import AllHistories
from tests.survival.projects import ProjectHistories
from tests.survival.uploads import UploadHistories
from tests.survival.workspaces import WorkspaceHistories

__all__ = ["world"]

HISTORIES = int(os.environ.get("HISTORIES", "200"))
SHARES: dict[type[Histories], float] = {
    UploadHistories: 0.2,
    ProjectHistories: 0.2,
    WorkspaceHistories: 0.2,
    AllHistories: 0.4,
}
"""How many of the histories are of each kind. Those of all APIs find what comes of Files that several of them share."""

SHRINKING = os.environ.get("SHRINK", "1") == "1"
"""Whether a history that ends badly is made shorter, which takes minutes."""


def settings_for(share: float) -> settings:
    """What Hypothesis is to do."""
    return settings(
        max_examples=max(1, round(HISTORIES * share)),
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink] if SHRINKING else [Phase.generate],
        report_multiple_bugs=False,
        print_blob=False,
        database=None,
    )


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else is running, so waiting is for nothing."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)


@pytest.fixture(autouse=True)
def by_chance() -> Iterator[None]:
    """No function may do something only because a history came upon it."""
    with permissions.by_chance():
        yield


@pytest.mark.parametrize("kind", SHARES, ids=lambda kind: kind.__name__)
def test_histories_end_well(world: World, kind: type[Histories]) -> None:
    run = type("Run", (kind,), {"world": world})
    run_state_machine_as_test(run, settings=settings_for(SHARES[kind]))
