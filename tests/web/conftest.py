"""Fixtures of the web layer's tests."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.logs import logger
from chalicelib.web.application import AssetManager
from tests.support.client import Client
from tests.web.sample import Trouble, sample_app


@pytest.fixture(scope="session")
def app() -> AssetManager:
    """The sample app, made once: it keeps nothing between requests."""
    return sample_app()


@pytest.fixture
def client(app: AssetManager) -> Client:
    """A client of the sample app."""
    return Client(app)


@pytest.fixture
def trouble() -> Iterator[type[Trouble]]:
    """Set `error` or `answer` to make /trouble raise or answer it."""
    Trouble.error, Trouble.answer = None, None
    yield Trouble
    Trouble.error, Trouble.answer = None, None


@pytest.fixture
def log() -> Iterator[list[dict[str, Any]]]:
    """Every line logged during the test, as written."""
    lines: list[dict[str, Any]] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(logger.registered_formatter.format(record)))

    handler = Keep()
    target = logging.getLogger(logger.service)
    target.addHandler(handler)
    yield lines
    target.removeHandler(handler)
