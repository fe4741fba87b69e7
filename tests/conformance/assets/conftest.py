"""Fixtures of the GOV.UK API's conformance tests."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib import clock
from tests.conformance.assets.site import Site
from tests.support.cloud import Cloud


@pytest.fixture
def site(cloud: Cloud) -> Site:
    """An empty product with one editor who is signed in, and a reader who is not."""
    return Site(cloud)


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let so many days pass, for everything that asks the product's clock."""
    passed = timedelta()

    def wait_for(days: float) -> None:
        nonlocal passed
        passed += timedelta(days=days)
        monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + passed)

    return wait_for
