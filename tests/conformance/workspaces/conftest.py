"""Fixtures of the Bilrost API's conformance tests."""

import pytest

from tests.conformance.workspaces.studio import Studio, Workspace
from tests.support.cloud import Cloud


@pytest.fixture
def studio(cloud: Cloud) -> Studio:
    """A product with a project that can be cloned."""
    return Studio(cloud)


@pytest.fixture
def island(studio: Studio) -> Workspace:
    """The workspace `island`, cloned by alice."""
    return studio.cloned("island")
