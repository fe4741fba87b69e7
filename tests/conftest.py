"""Fixtures of all tests, and the order of the last."""

import pytest

from tests.support import permissions
from tests.support.cloud import cloud

__all__ = ["cloud", "permissions"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put what judges all tests behind them, and skip it where not all are run."""
    whole = set(config.args) <= {"tests", str(config.rootpath / "tests")} and not config.option.keyword
    last = [item for item in items if item.get_closest_marker("last")]
    items[:] = [item for item in items if item not in last] + last
    if not whole:
        for item in last:
            item.add_marker(pytest.mark.skip(reason="judges the whole suite, which is not being run"))
