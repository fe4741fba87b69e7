"""Whatever happens, in whatever order, the promises hold (invariants 1 to 8).

Sixty histories here; `make soak` runs ten thousand.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.world import World, world
from tests.survival.uploads import UploadHistories

__all__ = ["world"]

HISTORIES = int(os.environ.get("HISTORIES", "60"))

SETTINGS = settings(
    max_examples=HISTORIES,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
    print_blob=False,
    database=None,
)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else is running, so waiting is for nothing."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)


def test_histories_end_well(world: World) -> None:
    class Run(UploadHistories):
        pass

    Run.world = world
    run_state_machine_as_test(Run, settings=SETTINGS)
