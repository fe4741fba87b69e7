"""Fixtures of the core's tests."""

from tests.support.world import world

__all__ = ["world"]
