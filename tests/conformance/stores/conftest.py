"""Fixtures of the OVE API's conformance tests."""

import pytest

from tests.conformance.stores.errands import Office, employ
from tests.conformance.stores.gallery import Gallery
from tests.support.cloud import Cloud


@pytest.fixture
def gallery(cloud: Cloud) -> Gallery:
    """A product with an administrator, and with alice, bob and carol who have groups of their own."""
    return Gallery(cloud)


@pytest.fixture
def office(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> Office:
    """The queue of a product whose only worker of its own is one for tests."""
    return Office(gallery, employ(monkeypatch))
