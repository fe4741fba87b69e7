"""Fixtures of the fault tests."""

from tests.support.world import world

__all__ = ["world"]
