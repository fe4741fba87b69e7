"""Workers for tests, and tasks as clients see them."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib import workers
from chalicelib.files.outputs import Output, WorkError
from chalicelib.workers import Plan, Source, Work, Worker

QUEUE = "/api/workers/queue"


@dataclass
class Copyist:
    """What the worker `copy` does with a `.list` or `.tlp.gz` file: makes the files that it names, `PER_PART` a part.

    The file is a JSON object of paths and contents; the first is the index. Hooks let a test act at each step.
    """

    before_part: list[Callable[[int], None]] = field(default_factory=list)
    before_plan: list[Callable[[], None]] = field(default_factory=list)
    before_output: list[Callable[[str], None]] = field(default_factory=list)
    made: list[str] = field(default_factory=list)

    PER_PART = 3

    def plan(self, source: Source, parameters: dict[str, Any], work: Work) -> Plan:
        for hook in self.before_plan:
            hook()
        files = _read(source)
        if "plan" in parameters.get("fail", ""):
            raise WorkError("this list cannot be read")
        parts = [{"from": first} for first in range(0, len(files), self.PER_PART)]
        return Plan(parts, next(iter(files), None))

    def outputs(
        self, source: Source, parameters: dict[str, Any], part: dict[str, Any], work: Work
    ) -> Iterator[Output]:
        for hook in self.before_part:
            hook(part["from"])
        files = list(_read(source).items())[part["from"] : part["from"] + self.PER_PART]
        for path, content in files:
            work.stop()
            if path == parameters.get("fail"):
                raise WorkError(f"{path} cannot be made")
            for output_hook in self.before_output:
                output_hook(path)
            self.made.append(path)
            yield Output(path, content.encode())


def _read(source: Source) -> dict[str, str]:
    files: dict[str, str] = json.loads(source.read(0, source.size - 1))
    return files


def employ(monkeypatch: pytest.MonkeyPatch) -> Copyist:
    """Have the product's own workers be one: `copy`, also called `cp`."""
    copyist = Copyist()
    schema = {"type": "object", "properties": {"fail": {"type": "string"}}, "additionalProperties": False}
    worker = Worker(
        "copy", ("cp",), "makes what a list names", (".list", ".tlp.gz"), schema, "docs", copyist.plan, copyist.outputs
    )
    monkeypatch.setattr(workers, "BUILT_IN", (worker,))
    monkeypatch.setattr(workers, "find", lambda name: worker if name in ("copy", "cp") else None)
    return copyist


def listing(*paths: str, content: str = "") -> bytes:
    """A `.list` file that names these paths; each holds its own path, or this."""
    return json.dumps({path: content or path for path in paths}).encode()


def task(asset_id: str, **fields: Any) -> dict[str, Any]:
    """The body that schedules a task."""
    return {"worker_type": "copy", "store_id": "default", "project_id": "expo", "asset_id": asset_id, **fields}
