"""What the workers say of themselves: stable names, schemas that are schemas, a page that describes them."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chalicelib import workers
from chalicelib.workers import BUILT_IN, Worker, find

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("extract", "extract"),
        ("dz-image", "dz-image"),
        ("tulip", "network-layout"),
        ("network-layout", "network-layout"),
        ("thumbnail", "thumbnail"),
        ("zip", "extract"),
        ("dzi", "dz-image"),
    ],
)
def test_a_worker_is_found_by_its_type_and_by_the_originals(asked: str, name: str) -> None:
    worker = find(asked)
    assert worker is not None
    assert worker.name == worker.type == name


def test_there_is_no_worker_of_another_type() -> None:
    assert find("Extract") is None
    assert find("") is None


@pytest.mark.parametrize("worker", BUILT_IN, ids=lambda worker: worker.type)
def test_every_worker_declares_itself(worker: Worker) -> None:
    assert workers.schema_problems(worker.schema) == []
    assert worker.parameters == {"schema": worker.schema}
    assert worker.problems({}) == []
    assert worker.problems({"no such parameter": 1}) != []
    assert worker.description
    assert all(extension.startswith(".") and extension == extension.lower() for extension in worker.extensions)
    page, _, anchor = worker.docs.partition("#")
    assert f"\n## `{anchor}`" in (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("worker", BUILT_IN, ids=lambda worker: worker.type)
def test_every_parameter_and_extension_is_described(worker: Worker) -> None:
    page = (ROOT / "docs/workers.md").read_text(encoding="utf-8")
    section = page.partition(f"\n## `{worker.type}`")[2].partition("\n## ")[0]
    for name in (*worker.schema["properties"], *worker.aliases):
        assert f"`{name}`" in section, name
    for extension in worker.extensions:
        assert extension in section


@pytest.mark.parametrize(
    ("schema", "parameters", "problem"),
    [
        ({"type": "object", "required": ["a"]}, {}, "parameters: 'a' is a required property"),
        ({"properties": {"a": {"type": "integer"}}}, {"a": "x"}, "a: 'x' is not of type 'integer'"),
        ({"properties": {"a": {"items": {"maximum": 3}}}}, {"a": [1, 9]}, "a.1: 9 is greater than the maximum of 3"),
    ],
)
def test_a_problem_says_where_it_is(schema: dict[str, Any], parameters: Any, problem: str) -> None:
    assert workers.problems(schema, parameters) == [problem]


def test_problems_are_a_handful() -> None:
    schema = {"additionalProperties": {"type": "integer"}}
    assert len(workers.problems(schema, {str(number): "x" for number in range(100)})) == 5


@pytest.mark.parametrize(
    "schema",
    [
        [],
        "object",
        {"type": "nothing"},
        {"properties": []},
        {"$ref": "https://example.com/schema.json"},
        {"properties": {"a": {"$ref": "#"}}},
        {"anyOf": [{"$dynamicRef": "#x"}]},
    ],
)
def test_what_is_no_schema_of_ours_is_told(schema: Any) -> None:
    assert workers.schema_problems(schema) != []


def test_a_schema_without_end_is_refused() -> None:
    schema: dict[str, Any] = {}
    for _ in range(100):
        schema = {"not": schema}
    assert workers.schema_problems(schema) != []


def test_knowing_the_workers_imports_nothing_heavy() -> None:
    code = (
        "import sys; from chalicelib import workers; "
        "print([name for name in ('pyvips', 'igraph', 'pypdfium2', 'jsonschema', 'yara_x') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
