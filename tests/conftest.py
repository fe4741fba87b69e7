"""Fixtures of all tests."""

from tests.support.cloud import cloud

__all__ = ["cloud"]
