"""Whatever is wrong with a request, the answer is one that the operation's document tells."""

import copy
import json
import re

import pytest

from app import app
from chalicelib.reference import documents
from chalicelib.settings import MEBIBYTE
from tests.reference.checking import document, operations, undocumented
from tests.support.client import Client
from tests.support.cloud import Cloud

BODIES = {
    "broken JSON": ("application/json", b"{"),
    "a JSON text": ("application/json", b'"text"'),
    "an empty object": ("application/json", b"{}"),
    "numbers in the place of texts": (
        "application/json",
        json.dumps(dict.fromkeys(("id", "name", "user"), 7)).encode(),
    ),
    "nothing": ("application/json", b""),
    "another type": ("text/plain", b"text"),
    "a broken form": ("multipart/form-data; boundary=x", b"no boundary"),
    "too much": ("application/json", b'"' + b"x" * (5 * MEBIBYTE) + b'"'),
    "no encoding": ("application/json", b'{"id": "\xff"}'),
}


def url(path: str) -> str:
    """A path on which nothing is."""
    return re.sub(r"\{(\w+)\}", lambda name: "0" * 24 if name[1] in ("id", "task_id") else "nothing", path)


def strange(path: str) -> list[str]:
    """Paths that mean nothing."""
    nonsense = ("%FF", "%00", "%F0%9F%97%BA", "x" * 3000) if "{" in path else ()
    return [url(path), *(re.sub(r"\{\w+\}", one, path) for one in nonsense)]


@pytest.mark.parametrize("api", documents.APIS)
def test_callers_paths_and_hosts_that_are_wrong(cloud: Cloud, api: str) -> None:
    whole = document(api)
    forged = {"Authorization": "Bearer am_0123456789abcdef_" + "x" * 43}
    wrong: list[str] = []
    for _, method, path in operations(api):
        operation = whole["paths"][path][method]
        cloud.set(AUTH="required")
        replies = [Client(app).request(method.upper(), url(path), headers=headers) for headers in ({}, forged)]
        if "security" not in operation:
            assert [reply.status for reply in replies] == [401, 401]
        cloud.set(AUTH="open", STAGE="local")
        replies += [Client(app).request(method.upper(), told) for told in strange(path)]
        for reply in replies:
            found = undocumented(whole, operation, reply)
            if found or reply.status == 500:
                wrong.append(f"{method} {path} {reply.status}: {found}")
        if "servers" not in operation and operation.get("security") != []:
            assert Client(app).request(method.upper(), f"http://assets.test{url(path)}").status == 404
    assert wrong == []


@pytest.mark.parametrize("api", documents.APIS)
def test_bodies_that_are_wrong(cloud: Cloud, api: str) -> None:
    cloud.set(AUTH="open", STAGE="local")
    whole = document(api)
    wrong: list[str] = []
    for _, method, path in operations(api):
        if method in ("post", "put", "patch"):
            for name, (content_type, body) in BODIES.items():
                headers = {"Content-Type": content_type}
                reply = Client(app).request(method.upper(), url(path), body=body, headers=headers)
                found = undocumented(whole, whole["paths"][path][method], reply)
                if found or reply.status == 500:
                    wrong.append(f"{method} {path}, {name}, {reply.status}: {found}")
    assert wrong == []


def test_an_answer_that_no_document_tells_is_found(cloud: Cloud) -> None:
    whole = document("assets")
    operation = copy.deepcopy(whole["paths"]["/assets/{id}"]["get"])
    reply = Client(app).post("/assets")
    assert undocumented(whole, operation, reply) == []
    del operation["responses"]["401"]
    assert undocumented(whole, operation, reply) != []
