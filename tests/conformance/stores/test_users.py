"""Logging in, and users (specification section 2)."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from app import app
from chalicelib import clock
from chalicelib.identity import users
from tests.conformance.stores.gallery import JSON, PROJECT, Gallery, title
from tests.support.client import Client, Reply

OK = {"result": "OK"}


COST = users._COST


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords that are guessed fast, for fast tests."""
    monkeypatch.setattr(users, "_COST", 2)


@pytest.fixture
def add(gallery: Gallery) -> Callable[..., Client]:
    """Makes a user, logs in, and gives the client."""

    def made(name: str = "dora", **fields: Any) -> Client:
        reply = gallery.admin.post("/api/user", json={"user": name, "password": "secret", **fields})
        assert (reply.status, reply.json()) == (200, OK)
        return Client(app, {"AUTH_TOKEN": token(log_in(gallery, name))})

    return made


def log_in(gallery: Gallery, name: str = "dora", password: str = "secret") -> Reply:  # noqa: S107
    return gallery.stranger.post("/api/auth", json={"user": name, "password": password})


def token(reply: Reply) -> str:
    assert reply.status == 200, reply.text
    assert reply.json().keys() == {"token"}
    return str(reply.json()["token"])


def patch(gallery: Gallery, **fields: Any) -> Reply:
    return gallery.admin.patch("/api/user", json={"user": "dora", **fields})


def test_a_user_logs_in_and_gets_a_token(gallery: Gallery, add: Callable[..., Client]) -> None:
    dora = add(read_groups=["g1"], write_groups=["g2"])
    assert dora.get(f"{PROJECT}/list").status == 200
    assert title(dora.post(f"{PROJECT}/create", json={"name": "x"}), 401).endswith("WRITE operation")
    assert dora.get("/api/user/info").json() == {
        "user": "dora",
        "read_groups": ["g1"],
        "write_groups": ["g2"],
        "admin_access": False,
    }


@pytest.mark.parametrize(("name", "password"), [("dora", "wrong"), ("nobody", "secret"), ("dora", "x" * 2000),
                                                ("x" * 3000, "secret")])  # fmt: skip
def test_a_wrong_pair_gets_no_token(gallery: Gallery, add: Callable[..., Client], name: str, password: str) -> None:
    add()
    reply = log_in(gallery, name, password)
    assert (reply.status, reply.json()) == (401, {"token": None})


def test_logging_in_takes_both(gallery: Gallery) -> None:
    assert title(gallery.stranger.post("/api/auth", json={"password": "x"})) == "Missing user"
    assert title(gallery.stranger.post("/api/auth", json={"user": "x"})) == "Missing password"
    assert title(gallery.stranger.post("/api/auth", json={"user": "x", "password": ["y"]})) == "Invalid data"
    assert title(gallery.stranger.post("/api/auth", body=b"user=x&password=y"), 415)
    assert title(gallery.stranger.get("/api/auth"), 405)


def test_a_token_from_logging_in_ends(gallery: Gallery, add: Callable[..., Client]) -> None:
    dora = add()
    later = datetime.now(UTC) + timedelta(hours=11)
    gallery.cloud.monkeypatch.setattr(clock, "now", lambda: later)
    assert dora.get("/api/list").status == 200
    much_later = later + timedelta(hours=2)
    gallery.cloud.monkeypatch.setattr(clock, "now", lambda: much_later)
    assert dora.get("/api/list").status == 401


def test_changed_groups_count_at_once_also_for_tokens_there_are(gallery: Gallery, add: Callable[..., Client]) -> None:
    dora = add(read_groups=["g1"], write_groups=["g1"], admin_access=True)
    assert dora.get("/api/user").status == 200
    assert patch(gallery, admin_access=False).json() == OK
    assert dora.get("/api/user").status == 401
    assert dora.post(f"{PROJECT}/create", json={"name": "x"}).status == 200
    assert patch(gallery, write_groups=[]).json() == OK
    assert dora.post(f"{PROJECT}/create", json={"name": "y"}).status == 401
    assert dora.get(f"{PROJECT}/list").status == 200
    assert patch(gallery, read_groups=[]).json() == OK
    assert dora.get(f"{PROJECT}/list").status == 401
    assert patch(gallery, read_groups=["g1"]).json() == OK
    assert dora.get(f"{PROJECT}/list").status == 200


def test_a_user_that_ended_is_nobody_at_once(gallery: Gallery, add: Callable[..., Client]) -> None:
    dora = add(read_groups=["g1"])
    assert dora.get("/api/list").status == 200
    for _ in range(2):
        reply = gallery.admin.delete("/api/user", json={"user": "dora"})
        assert (reply.status, reply.json()) == (200, OK)
    assert dora.get("/api/list").status == 401
    assert log_in(gallery).status == 401
    again = add()
    assert again.get("/api/user/info").json()["read_groups"] == []
    assert dora.get("/api/list").status == 401


def test_a_user_never_logged_in_ends_too(gallery: Gallery) -> None:
    gallery.admin.post("/api/user", json={"user": "dora", "password": "x"})
    assert gallery.admin.delete("/api/user", json={"user": "dora"}).json() == OK
    assert gallery.admin.get("/api/user").json() == []


def test_users_are_listed_and_shown_to_administrators(gallery: Gallery, add: Callable[..., Client]) -> None:
    add("zoe", read_groups=["b"], write_groups=["c"])
    add("dora", read_groups=["a"], admin_access=True)
    listed = gallery.admin.get("/api/user").json()
    assert [user["user"] for user in listed] == ["dora", "zoe"]
    assert gallery.admin.get("/api/user?user=dora").json() == listed[0]
    assert listed[0] == {"user": "dora", "read_groups": ["a"], "write_groups": [], "admin_access": True}
    assert title(gallery.admin.get("/api/user?user=none")) == "Invalid user"
    assert gallery.nobody.get("/api/user/groups").json() == ["a", "b", "c"]


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_users_are_the_administrators_business(gallery: Gallery, method: str) -> None:
    reply = gallery.alice.request(method, "/api/user", json={"user": "x", "password": "y"}, headers=JSON)
    assert title(reply, 401) == "Access token required for ADMIN operation"


def test_a_name_is_one_users(gallery: Gallery, add: Callable[..., Client]) -> None:
    add()
    again = gallery.admin.post("/api/user", json={"user": "dora", "password": "other"})
    assert title(again, 409) == "User already in use"
    assert log_in(gallery).status == 200


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"user": ""}, "Missing user"),
        ({"password": None}, "Missing password"),
        ({"password": 1}, "Invalid data"),
        ({"password": "x" * 1025}, "Invalid data"),
        ({"user": "a\nb"}, "Invalid name user"),
        ({"user": "x" * 201}, "Invalid name user"),
        ({"read_groups": "g1"}, "Invalid data"),
        ({"write_groups": [1]}, "Invalid data"),
        ({"write_groups": ["public"]}, "Invalid data"),
        ({"admin_access": "yes"}, "Invalid data"),
    ],
)
def test_what_makes_no_user_is_refused(gallery: Gallery, fields: dict[str, Any], problem: str) -> None:
    body = {"user": "dora", "password": "x", **fields}
    assert title(gallery.admin.post("/api/user", json=body)) == problem
    assert gallery.admin.get("/api/user").json() == []


def test_what_is_not_sent_stays_and_a_password_can_be_changed(gallery: Gallery, add: Callable[..., Client]) -> None:
    add(read_groups=["g1"], write_groups=["g2"], admin_access=True)
    before = gallery.admin.get("/api/user?user=dora").json()
    assert patch(gallery, password="new").json() == OK
    assert gallery.admin.get("/api/user?user=dora").json() == before
    assert log_in(gallery).status == 401
    assert log_in(gallery, password="new").status == 200
    assert title(gallery.admin.patch("/api/user", json={"user": "none"})) == "Invalid user"
    assert title(patch(gallery, password="")) == "Missing password"


def test_passwords_are_kept_as_salted_scrypt_hashes_alone(gallery: Gallery, add: Callable[..., Client]) -> None:
    add("dora")
    add("zoe")
    rows: list[Any] = boto3.client("dynamodb").scan(TableName=gallery.cloud.settings.identities_table)["Items"]
    hashes = [row["password"]["S"] for row in rows if "password" in row]
    assert len(set(hashes)) == 2
    assert all(kept.startswith("scrypt-") for kept in hashes)
    assert "secret" not in repr(rows)
    assert base64.b64encode(b"secret").decode() not in repr(rows)


def test_guessing_a_password_is_expensive() -> None:
    assert (COST, users._BLOCK) == (2**14, 8)
