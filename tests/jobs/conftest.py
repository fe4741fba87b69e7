"""Fixtures of the jobs' tests."""

from tests.support.world import world

__all__ = ["world"]
