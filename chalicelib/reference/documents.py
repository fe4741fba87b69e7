"""OpenAPI documents, put together from the route table and what each API's module adds to it."""

import importlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from chalicelib.reference.schemas import Schema, text

JSON = "application/json"
APIS = ("assets", "uploads", "stores", "projectassets", "workspaces", "jobs", "tokens")
"""The documents there are, by the names of their packages below `chalicelib.apis`."""

_VARIABLE = re.compile(r"\{(\w+)(\+?)\}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the query, or a header."""

    name: str
    schema: Schema
    note: str = ""
    required: bool = False
    place: str = "query"
    example: Any = None


@dataclass(frozen=True, slots=True)
class Body:
    """What a request may carry: schema and example by content type."""

    content: Mapping[str, tuple[Schema, Any]]
    required: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer looks like.

    Attributes:
        schema: of its body; None without one.
        content_type: of its body.
        example: of its body.
        note: when it is given; the status's own phrase if empty.
        headers: those worth knowing, with their meaning.
    """

    schema: Schema | None = None
    example: Any = None
    note: str = ""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """What a route's own code does not tell.

    Attributes:
        answers: by status.
        errors: statuses that are told in the API's own error shape.
        query: parameters, headers included.
        body: what it may carry.
        note: more than the view's first line says.
        callers: `token`, `anybody`, or `either` where a token makes a difference.
        servers: hosts that answer it; the API's alone if empty.
    """

    answers: Mapping[int, Answer]
    errors: Sequence[int] = ()
    query: Sequence[Parameter] = ()
    body: Body | None = None
    note: str = ""
    callers: str = "token"
    servers: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """What an API's module adds to its routes.

    Attributes:
        title, description: of the document; Markdown.
        calls: by method and pattern, such as `GET /assets/{id}`.
        schemas: components by name.
        error: the shape of its errors, and of the 401s, where they differ.
        examples: an example of an error, by status.
        variables: schema and meaning of path variables, by name.
    """

    title: str
    description: str
    calls: Mapping[str, Call]
    schemas: Mapping[str, Schema]
    error: Schema
    examples: Mapping[int, Any]
    variables: Mapping[str, tuple[Schema, Any]]
    unauthenticated: Schema | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


def words_of(api: str) -> Words:
    """What the module of an API adds."""
    return importlib.import_module(f"chalicelib.reference.{api}").WORDS  # type: ignore[no-any-return]


def routes_of(api: str, table: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """An API's views by method and pattern."""
    package = f"chalicelib.apis.{api}."
    return {
        f"{method} {pattern}": entry.view_function
        for pattern, methods in table.items()
        for method, entry in methods.items()
        if entry.view_function.__module__.startswith(package)
    }


def document(api: str, table: Mapping[str, Mapping[str, Any]], servers: Mapping[str, str]) -> dict[str, Any]:
    """The OpenAPI document of an API.

    Args:
        api: one of `APIS`.
        table: the application's routes: pattern to method to entry.
        servers: scheme and host of each of our hosts, by name.
    """
    words = words_of(api)
    paths: dict[str, dict[str, Any]] = {}
    named: set[str] = set()
    for name, view in routes_of(api, table).items():
        method, pattern = name.split(" ", 1)
        operation = _operation(name, view, words.calls.get(name, Call({})), words, servers)
        if operation["operationId"] in named:
            literal = [part for part in pattern.split("/")[2:] if part and not part.startswith("{")]
            operation["operationId"] = "_".join([operation["operationId"], *literal, method.lower()])
        named.add(operation["operationId"])
        paths.setdefault(pattern.replace("+}", "}"), {})[method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": words.title, "description": words.description, "version": "1"},
        "servers": [{"url": servers["api"]}],
        "security": [{"token": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {**words.schemas, "Error": words.error, "Unauthenticated": words.unauthenticated or words.error},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "An API token, from `make token`."}
            },
        },
    }


def _operation(name: str, view: Any, call: Call, words: Words, servers: Mapping[str, str]) -> dict[str, Any]:
    summary, *_ = (view.__doc__ or "").strip().split("\n\n")
    operation: dict[str, Any] = {"operationId": view.__name__, "summary": " ".join(summary.split())}
    if name.startswith("HEAD "):
        operation["summary"] += " (HEAD)"
    if call.note:
        operation["description"] = call.note
    parameters = [_variable(found, words) for found in _VARIABLE.finditer(name)]
    parameters += [_parameter(one) for one in call.query]
    if parameters:
        operation["parameters"] = parameters
    if call.body is not None:
        content = {kind: _medium(schema, example) for kind, (schema, example) in call.body.content.items()}
        operation["requestBody"] = {"required": call.body.required, "content": content}
    told = {status: _answer(status, answer) for status, answer in call.answers.items()}
    for status in (*_usual(name, call), *call.errors, 500, 503):
        told.setdefault(status, _error(status, words, name.startswith("HEAD ")))
    operation["responses"] = {str(status): told[status] for status in sorted(told)}
    if call.callers != "token":
        operation["security"] = [] if call.callers == "anybody" else [{}, {"token": []}]
    if call.servers:
        operation["servers"] = [{"url": servers[one]} for one in call.servers]
    return operation


def _usual(name: str, call: Call) -> list[int]:
    """The errors that follow from what a route is: who may call it, and that its path may be nonsense."""
    return [*([401] if call.callers != "anybody" else []), *([400, 404] if "{" in name else [])]


def _variable(found: "re.Match[str]", words: Words) -> dict[str, Any]:
    schema, example = words.variables.get(found[1], (text(minLength=1), None))
    made = {"name": found[1], "in": "path", "required": True, "schema": schema}
    if found[2]:
        made["description"] = "May hold slashes."
    return made if example is None else {**made, "example": example}


def _parameter(one: Parameter) -> dict[str, Any]:
    made: dict[str, Any] = {"name": one.name, "in": one.place, "required": one.required, "schema": one.schema}
    if one.note:
        made["description"] = one.note
    return made if one.example is None else {**made, "example": one.example}


def _answer(status: int, answer: Answer) -> dict[str, Any]:
    made: dict[str, Any] = {"description": answer.note or HTTPStatus(status).phrase}
    if answer.schema is not None:
        made["content"] = {answer.content_type: _medium(answer.schema, answer.example)}
    if answer.headers:
        made["headers"] = {name: {"description": note, "schema": text()} for name, note in answer.headers.items()}
    return made


def _error(status: int, words: Words, without_body: bool) -> dict[str, Any]:
    made: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if not without_body:
        name = "Unauthenticated" if status == 401 else "Error"
        made["content"] = {JSON: _medium({"$ref": f"#/components/schemas/{name}"}, words.examples.get(status))}
    if status == 401:
        made["headers"] = {"WWW-Authenticate": {"description": "How to say who calls.", "schema": text()}}
    return made


def _medium(schema: Schema, example: Any) -> dict[str, Any]:
    return {"schema": schema} if example is None else {"schema": schema, "example": example}
