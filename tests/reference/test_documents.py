"""The documents are sound OpenAPI 3.1, and say neither less nor more than the routes there are."""

import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from app import app
from chalicelib.reference import documents
from tests.reference.checking import EVERY, NAMES, document, errors_of

PACKAGES = Path("chalicelib/apis")


def test_every_api_has_a_document() -> None:
    there = {path.parent.name for path in PACKAGES.glob("*/routes.py")}
    assert there == set(documents.APIS)


@pytest.mark.parametrize("api", documents.APIS)
def test_a_document_is_openapi(api: str) -> None:
    validate(document(api))


@pytest.mark.parametrize("api", documents.APIS)
def test_every_route_is_described_and_nothing_else(api: str) -> None:
    assert documents.routes_of(api, app.routes).keys() == documents.words_of(api).calls.keys()


def test_every_route_belongs_to_a_document() -> None:
    known = {name for api in documents.APIS for name in documents.routes_of(api, app.routes)}
    for pattern, methods in app.routes.items():
        for method, entry in methods.items():
            if entry.view_function.__module__.startswith("chalicelib.apis."):
                assert f"{method} {pattern}" in known


@pytest.mark.parametrize("api", documents.APIS)
def test_no_two_operations_have_one_name(api: str) -> None:
    named = [operation["operationId"] for methods in document(api)["paths"].values() for operation in methods.values()]
    assert len(named) == len(set(named))


@pytest.mark.parametrize(("api", "method", "path"), EVERY, ids=NAMES)
def test_an_operation_has_what_a_reader_needs(api: str, method: str, path: str) -> None:
    operation = document(api)["paths"][path][method]
    assert operation["summary"].endswith((".", "(HEAD)"))
    assert {"500", "503"} <= operation["responses"].keys()
    variables = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
    assert variables == set(re.findall(r"\{(\w+)\}", path))
    for one in operation.get("parameters", []):
        assert not one["required"] or "example" in one, one["name"]
    for medium in operation.get("requestBody", {}).get("content", {}).values():
        assert "example" in medium
    for status, answer in operation["responses"].items():
        for kind, medium in answer.get("content", {}).items():
            assert "example" in medium or kind != "application/json", status


@pytest.mark.parametrize(("api", "method", "path"), EVERY, ids=NAMES)
def test_every_example_fits_its_schema(api: str, method: str, path: str) -> None:
    whole = document(api)
    operation = whole["paths"][path][method]
    media = [*operation.get("requestBody", {}).get("content", {}).values()]
    media += [medium for answer in operation["responses"].values() for medium in answer.get("content", {}).values()]
    for medium in [*media, *operation.get("parameters", [])]:
        if "example" in medium:
            assert errors_of(whole, medium["schema"], medium["example"]) == []


@pytest.mark.parametrize("api", documents.APIS)
def test_every_schema_is_one_and_is_used(api: str) -> None:
    whole = document(api)
    used = set(_references(whole))
    for name, schema in whole["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert f"#/components/schemas/{name}" in used, name


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for one in value.values() for found in _references(one)]
    return [found for one in value for found in _references(one)] if isinstance(value, list) else []
