"""Holds answers of the app against the OpenAPI documents that describe them."""

import functools
import re
from typing import Any

from jsonschema import Draft202012Validator

from app import app
from chalicelib.reference import documents
from tests.support.client import Reply

SERVERS = {name: f"http://{host}.test" for name, host in
           (("api", "api"), ("assets", "assets"), ("draft", "draft-assets"), ("stores", "stores"))}  # fmt: skip


@functools.cache
def document(api: str) -> dict[str, Any]:
    """The document of an API, as the tests' hosts serve it."""
    return documents.document(api, app.routes, SERVERS)


def operations(api: str) -> list[tuple[str, str, str]]:
    """API, method and path of every operation of a document."""
    found = document(api)["paths"]
    return [(api, method, path) for path, methods in found.items() for method in methods]


EVERY = [one for api in documents.APIS for one in operations(api)]
NAMES = [f"{api}-{method}-{path}" for api, method, path in EVERY]


def errors_of(whole: dict[str, Any], schema: dict[str, Any], value: Any) -> list[str]:
    """What is wrong with a value, by a schema of this document."""
    validator = Draft202012Validator({**schema, "components": whole["components"]})
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in validator.iter_errors(value)]


def undocumented(whole: dict[str, Any], operation: dict[str, Any], reply: Reply) -> list[str]:
    """What of an answer its document does not say: its status, content type or body."""
    told = operation["responses"].get(str(reply.status))
    if told is None:
        return [f"{reply.status} is not documented: {reply.body[:300]!r}"]
    if "content" not in told:
        return [f"a body was not documented: {reply.body[:300]!r}"] if reply.body else []
    if not reply.body:
        return []
    [(content_type, medium)] = told["content"].items()
    given = reply.headers.get("Content-Type", "").partition(";")[0]
    if not re.fullmatch(re.escape(content_type).replace(r"\*", "[^/]+"), given):
        return [f"{given} is not {content_type}"]
    return errors_of(whole, medium["schema"], reply.json()) if given == "application/json" else []
