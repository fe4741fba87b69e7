"""Requests that run at the same time see nothing of one another."""

import json
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.web.application import AssetManager
from chalicelib.web.request import current_request
from infra.local.proxy import http_response, proxy_event

THREADS = 32
REQUESTS = 640


def test_32_threads_see_only_their_own_request(app: AssetManager, log: list[dict[str, Any]]) -> None:
    def call(number: int) -> tuple[int, Any, str]:
        headers = [("X-Number", str(number)), ("Content-Type", "text/plain")]
        event = proxy_event("POST", f"/own/{number}?number={number}", headers, str(number).encode())
        answer = app(event, SimpleNamespace(number=number, aws_request_id="-"))
        return number, json.loads(http_response(answer)[2]), event["requestContext"]["requestId"]

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(call, range(REQUESTS)))

    for number, body, _ in answers:
        text = str(number)
        own = [text, text, text, text, number]
        assert body == {"number": text, "before": own, "after": own}
    logged = {line["correlation_id"]: line["path"] for line in log if line["message"] == "request"}
    assert logged == {request_id: f"/own/{number}" for number, _, request_id in answers}


def test_nothing_of_a_request_is_left_when_it_is_answered(app: AssetManager) -> None:
    app(proxy_event("GET", "/assets/1", [], b""), object())
    assert app.current_request is None
    assert app.lambda_context is None
    with pytest.raises(LookupError):
        current_request()


def test_the_current_request_cannot_be_set_by_others(app: AssetManager) -> None:
    with pytest.raises(AttributeError):
        app.current_request = None
    with pytest.raises(AttributeError):
        app.lambda_context = None
