"""/tokens: superusers make, list and withdraw tokens; everybody sees who they are."""

from typing import Any

import pytest

from app import app
from tests.support.callers import Caller, new_caller
from tests.support.client import Client
from tests.support.cloud import Cloud

FORBIDDEN = {"_response_info": {"status": "Forbidden. You don't have permission to access this resource."}}
NOT_FOUND = {"_response_info": {"status": "not found"}}


@pytest.fixture
def root(cloud: Cloud) -> Caller:
    return new_caller("root", superuser=True)


def with_token(token: str) -> Client:
    return Client(app, {"Authorization": f"Bearer {token}"})


def test_a_token_that_was_made_works_and_says_whose_it_is(root: Caller) -> None:
    wanted = {"name": "alice", "permissions": ["Manage all Assets"], "groups": ["g2", "g1"], "organisation": "o1"}
    made = root.client.post("/tokens", json=wanted)
    assert made.status == 201
    body = made.json()
    assert body["_response_info"] == {"status": "created"}
    shown = with_token(body["token"]).get("/tokens/self").json()
    assert shown == {
        "_response_info": {"status": "ok"},
        "uid": body["uid"],
        "name": "alice",
        "permissions": ["Manage all Assets", "signin"],
        "groups": ["g1", "g2"],
        "write_groups": ["g1", "g2"],
        "organisation": "o1",
        "superuser": False,
    }


def test_a_token_is_shown_once_and_listed_without_itself(root: Caller) -> None:
    made = root.client.post("/tokens", json={"name": "alice", "days": 7}).json()
    listed = root.client.get("/tokens")
    assert made["token"] not in listed.text
    assert made["token"].split("_", 2)[2] not in listed.text
    [entry] = [one for one in listed.json()["results"] if one["name"] == "alice"]
    assert entry == {name: value for name, value in made.items() if name not in ("_response_info", "token")}
    assert entry["expires_at"] > entry["created_at"]


def test_a_withdrawn_token_is_refused(root: Caller) -> None:
    made = root.client.post("/tokens", json={"name": "alice"}).json()
    revoked = root.client.delete(f"/tokens/{made['id']}")
    assert (revoked.status, revoked.json()) == (200, {"_response_info": {"status": "success"}, "revoked": 1})
    assert with_token(made["token"]).get("/tokens/self").status == 401
    again = root.client.delete(f"/tokens/{made['id']}")
    assert (again.status, again.json()) == (404, NOT_FOUND)


def test_a_principal_is_withdrawn_with_all_its_tokens(root: Caller) -> None:
    made = root.client.post("/tokens", json={"name": "alice"}).json()
    assert root.client.delete(f"/tokens/{made['uid']}").json()["revoked"] == 1
    assert with_token(made["token"]).get("/tokens/self").status == 401


@pytest.mark.parametrize("permissions", [[], ["Manage all Assets", "Administer stores"]])
def test_only_superusers_may(root: Caller, permissions: list[str]) -> None:
    alice = new_caller("alice", permissions=permissions)
    before = root.client.get("/tokens").json()
    answers = [
        alice.client.get("/tokens"),
        alice.client.post("/tokens", json={"name": "x", "superuser": True}),
        alice.client.post("/tokens", body=b"{"),
        alice.client.delete(f"/tokens/{root.uid}"),
        alice.client.delete("/tokens/nothing"),
    ]
    assert [(answer.status, answer.json()) for answer in answers] == [(403, FORBIDDEN)] * 5
    assert root.client.get("/tokens").json() == before


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, ["name must be a text of 1 to 200 bytes"]),
        ({"name": ""}, ["name must be a text of 1 to 200 bytes"]),
        ({"name": "x" * 201}, ["name must be a text of 1 to 200 bytes"]),
        ({"name": "a\nb"}, ["name must be a text of 1 to 200 bytes"]),
        ({"name": "x", "organisation": 1}, ["organisation must be a text of 1 to 200 bytes"]),
        ({"name": "x", "groups": "g1"}, ["groups must be a list of up to 100 texts"]),
        ({"name": "x", "permissions": [""]}, ["permissions must be a list of up to 100 texts"]),
        ({"name": "x", "superuser": "yes"}, ["superuser must be true or false"]),
        ({"name": "x", "days": 0}, ["days must be a number from 1 to 36500"]),
        ({"name": "x", "days": True}, ["days must be a number from 1 to 36500"]),
        (
            {"days": "1", "superuser": None},
            [
                "name must be a text of 1 to 200 bytes",
                "superuser must be true or false",
                "days must be a number from 1 to 36500",
            ],
        ),
    ],
)
def test_what_is_wrong_is_told_and_nothing_made(root: Caller, fields: dict[str, Any], told: list[str]) -> None:
    before = root.client.get("/tokens").json()
    reply = root.client.post("/tokens", json=fields)
    assert (reply.status, reply.json()) == (422, {"_response_info": {"status": told}})
    assert root.client.get("/tokens").json() == before


@pytest.mark.parametrize("body", [b"[]", b"", b"{", b"null"])
def test_a_body_that_is_no_object_is_refused(root: Caller, body: bytes) -> None:
    assert root.client.post("/tokens", body=body, headers={"Content-Type": "application/json"}).status == 400


@pytest.mark.parametrize("token", ["0" * 16, "0" * 16 + "-" + "0" * 12, "x", "x" * 3000, "%C3%A9"])
def test_unknown_tokens_are_not_found(root: Caller, token: str) -> None:
    reply = root.client.delete(f"/tokens/{token}")
    assert (reply.status, reply.json()) == (404, NOT_FOUND)
