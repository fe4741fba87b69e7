"""Fixtures of the medialoopster API's conformance tests."""

import pytest

from tests.conformance.projectassets.studio import Studio
from tests.support.cloud import Cloud


@pytest.fixture
def studio(cloud: Cloud) -> Studio:
    """A product with a superuser, two productions and a device."""
    return Studio(cloud)
