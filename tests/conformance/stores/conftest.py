"""Fixtures of the OVE API's conformance tests."""

import pytest

from tests.conformance.stores.gallery import Gallery
from tests.support.cloud import Cloud


@pytest.fixture
def gallery(cloud: Cloud) -> Gallery:
    """A product with an administrator, and with alice, bob and carol who have groups of their own."""
    return Gallery(cloud)
