"""The JSON schemas that workers declare: those of the product are looked at here, others in a process of its own."""

import tempfile
from pathlib import Path
from typing import Any

from chalicelib.files.outputs import WorkError
from chalicelib.sandboxed.schemas import problems
from chalicelib.settings import MEBIBYTE

__all__ = ["LONGEST", "problems", "problems_by_registered", "schema_problems"]

LONGEST = 10
"""Seconds for which a registered schema is looked at."""


def problems_by_registered(schema: dict[str, Any], parameters: Any) -> list[str]:
    """What is wrong with parameters by a registered schema, as `problems` says it, or that it takes too long to say."""
    return _apart(schema=schema, parameters=parameters)


def schema_problems(schema: Any) -> list[str]:
    """Why this is no schema for parameters of ours, a sentence each and at most a handful; empty when it is one."""
    return _apart(schema=schema)


def _apart(**arguments: Any) -> list[str]:
    from chalicelib.workers import sandbox
    from chalicelib.workers.model import Work

    limits = sandbox.Limits(memory=256 * MEBIBYTE, file=MEBIBYTE, seconds=LONGEST)
    with tempfile.TemporaryDirectory() as folder:
        work = Work(Path(folder), lambda: None)
        try:
            found: list[str] = sandbox.run(
                "chalicelib.sandboxed.schemas", arguments, work, subject="the worker's schema", limits=limits
            )
        except WorkError as error:
            return [str(error)]
    return found
