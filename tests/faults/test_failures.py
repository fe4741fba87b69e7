"""AWS throttles, does not answer or fails at any call of any request: it is done, or refused with its API's own 503."""

import pytest

from tests.faults import (
    agreement,
    stores,
    test_crashes,
    test_projectassets_crashes,
    test_store_tasks,
    test_stores,
    test_upload_crashes,
    test_workspaces,
    workspaces,
)
from tests.faults.test_store_tasks import copyist
from tests.support import bundles
from tests.support.crashes import Check, Scenario
from tests.support.failures import endure
from tests.support.world import World

__all__ = ["copyist"]

CHECKS: list[tuple[Check, list[Scenario]]] = [
    (agreement.disagreements, test_crashes.REQUESTS),
    (test_upload_crashes.agreed, [one for one in test_upload_crashes.SCENARIOS if one.kind == "request"]),
    (stores.disagreements, [*test_stores.REQUESTS, *test_store_tasks.REQUESTS]),
    (bundles.disagreements, test_projectassets_crashes.REQUESTS),
    (workspaces.disagreements, test_workspaces.REQUESTS),
]
CASES = [
    pytest.param(scenario, check, seed, id=f"{check.__module__.rpartition('.')[2]}-{scenario.name.replace(' ', '-')}")
    for check, scenarios in CHECKS
    for seed, scenario in enumerate(scenarios)
]


@pytest.mark.parametrize(("scenario", "check", "seed"), CASES)
def test_a_request_bears_a_failure_at_every_call(world: World, scenario: Scenario, check: Check, seed: int) -> None:
    failures, wrong = endure(world, scenario, seed, check)
    print(f"{scenario.name}: {failures} failures")
    assert failures > 0
    assert not wrong, "\n".join(wrong[:3])
