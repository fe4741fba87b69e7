"""A source in the library, and what a worker is lent."""

from pathlib import Path
from typing import Any

import pytest

from chalicelib.files import library
from chalicelib.workers import Plan, Source, Work, find
from tests.support.cloud import Cloud


class Stopped(Exception):
    """The work is no longer wanted."""


class Bench:
    """Where a worker works: its directory, its source, and the word to stop.

    `stop_after` is how many times it may go on; None: for ever.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.stop_after: int | None = None
        self.asked = 0
        self._number = 0

    def source(self, content: bytes, name: str) -> Source:
        """A clean file."""
        self._number += 1
        key = f"{self._number:032x}/{'0' * 16}"
        library.put(key, content, content_type="application/octet-stream")
        return Source(name, len(content), key)

    def work(self) -> Work:
        """A fresh directory."""
        self._number += 1
        directory = self.directory / str(self._number)
        directory.mkdir()
        return Work(directory, self._stop)

    def plan(self, worker_type: str, source: Source, **parameters: Any) -> Plan:
        worker = find(worker_type)
        assert worker is not None
        assert worker.problems(parameters) == []
        return worker.plan(source, parameters, self.work())

    def made(self, worker_type: str, source: Source, **parameters: Any) -> dict[str, bytes]:
        """Everything that comes of a file, part by part as the queue would have it done."""
        worker = find(worker_type)
        assert worker is not None
        found: dict[str, bytes] = {}
        for part in self.plan(worker_type, source, **parameters).parts:
            for output in worker.outputs(source, parameters, part, self.work()):
                assert output.path not in found
                with output.open() as content:
                    found[output.path] = content.read()
        return found

    def _stop(self) -> None:
        self.asked += 1
        if self.stop_after is not None and self.asked > self.stop_after:
            raise Stopped


@pytest.fixture
def bench(cloud: Cloud, tmp_path: Path) -> Bench:
    return Bench(tmp_path)
