"""docs/costs.md tells the calls that operations really make."""

from app import app
from bench import counts
from bench.stage import Stage
from tests.support.cloud import Cloud


def test_the_table_of_costs_is_true(cloud: Cloud) -> None:
    assert counts.table(Stage(app)).splitlines() == counts.written().splitlines()
