"""docs/costs.md tells the calls that operations really make, and no route is left out."""

from app import app
from bench import counts
from bench.stage import Stage, remembering
from bench.table import between
from tests.support.cloud import Cloud


def test_the_table_of_costs_is_true_and_has_every_route(cloud: Cloud) -> None:
    with remembering():
        on = Stage(app)
        found = list(counts.costs(on))
    assert counts.uncovered(on, found) == set()
    assert counts.table(found).splitlines() == between(counts.PAGE, "calls").splitlines()
