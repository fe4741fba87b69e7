"""Calls that nobody would think of, made from the documents and sent through the local gateway: no 500, and no answer
that the document does not tell. `make test-reference` makes many more of them, of things that are not there.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app import app
from chalicelib.reference import documents
from infra.local.gateway import MAX_REQUEST, Gateway
from infra.local.server import HttpServer
from tests.reference.test_examples import ARRANGED, Names, filled, moment, turn
from tests.support.client import Client, deliver
from tests.support.cloud import Cloud

CALLS = 2
"""Calls of each operation and of each kind: those that fit its document, and those that do not."""

EXPECTED = ["2xx", "3xx", "4xx", "501", "503"]
"""What is no fault of ours: refusals, what is never supported, and what may be tried again."""

CHECKS: list[Any] = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def gateway(cloud: Cloud) -> Iterator[str]:
    """The app behind the local gateway, open to everybody; gives its URL."""
    server = HttpServer(0)
    url = f"http://localhost:{server.port}"
    cloud.set(AUTH="open", STAGE="local", API_ORIGIN=url)
    answers = Gateway(app)
    server.start(answers, max_body=MAX_REQUEST, refuse=answers.bad_request)
    yield url
    server.stop()


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("api", documents.APIS)
def test_no_call_is_answered_otherwise_than_documented(gateway: str, api: str, there: bool) -> None:
    """Calls of things that anybody may make up, and of what there is: then paths lead to what the examples speak of."""
    client = Client(app)
    names = ARRANGED[api](client) if there else {}
    deliver(app, "scan_small", "work")
    servers = dict.fromkeys(("api", "assets", "draft", "stores"), gateway)
    schema = schemathesis.openapi.from_dict(documents.document(api, app.routes, servers))
    schema.config.update(base_url=gateway)
    schema.config.checks.not_a_server_error.expected_statuses = EXPECTED
    made = 0
    operations: list[Any] = [found.ok() for found in schema.get_all_operations()]  # type: ignore[union-attr]
    for operation in sorted(operations, key=lambda one: turn((api, one.method, one.path))):
        parameters = [one for one in operation.path_parameters if "example" in one.definition]
        shown = {one.name: one.definition["example"] for one in parameters}
        for mode in GenerationMode:
            made += calls(operation, mode, filled(shown, names | moment(client, names)) if there else {})
    assert made >= len(documents.routes_of(api, app.routes))


def calls(operation: Any, mode: GenerationMode, path: Names) -> int:
    """Make and check calls of an operation, with these path parameters wherever they are named. Returns how many."""
    made = []

    @settings(
        max_examples=CALLS,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case: Case[Any]) -> None:
        case.headers.pop("Authorization", None)
        case.path_parameters.update(path)
        made.append(case)
        case.call_and_validate(checks=CHECKS)

    # Of some operations no call can be made that does not fit.
    with contextlib.suppress(Unsatisfiable) if mode is GenerationMode.NEGATIVE else contextlib.nullcontext():
        call()
    return len(made)
