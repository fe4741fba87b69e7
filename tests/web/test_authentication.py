"""Who calls: tokens in all their places, and callers without one."""

import base64

import pytest

from chalicelib.identity import mint, revoke
from chalicelib.web.application import AssetManager
from tests.support.client import Client, Reply, basic
from tests.support.cloud import Cloud


@pytest.fixture
def token(cloud: Cloud) -> str:
    return mint("alice")[0]


def who(client: Client, headers: dict[str, str] | list[tuple[str, str]], path: str = "/whoami") -> Reply:
    return client.get(path, headers=headers)


def test_a_token_counts_in_every_place(client: Client, token: str) -> None:
    for name, value in (
        ("Authorization", "Bearer {}"),
        ("authorization", "bearer   {}  "),
        ("Authorization", "Token {}"),
        ("Authorization", "token {}"),
        ("AUTH_TOKEN", "{}"),
        ("AUTH-TOKEN", "{}"),
        ("auth-token", " {} "),
    ):
        reply = who(client, {name: value.format(token)})
        assert (reply.status, reply.json()) == (200, {"uid": token.split("_")[1]}), (name, value)


def test_a_basic_password_is_the_token_whatever_the_user(client: Client, token: str) -> None:
    for user in ("", "alice", "résumé"):
        assert who(client, {"Authorization": basic(user, token)}).status == 200
    assert who(client, {"Authorization": basic(token, "")}).status == 401


def test_without_credentials_a_caller_is_nobody(client: Client, cloud: Cloud) -> None:
    for headers in ({}, {"Authorization": ""}, {"Authorization": "Digest x"}, {"Cookie": "AUTH_TOKEN=x"}):
        reply = who(client, headers)
        assert reply.status == 401
        assert reply.headers["x-amzn-remapped-www-authenticate"] == 'Bearer error="invalid_request"'


def test_credentials_that_are_not_valid_are_refused(client: Client, token: str) -> None:
    for value in (
        "Bearer",
        "Token ",
        "Bearer a b",
        "Bearer wrong",
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"\xff").decode(),
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Bearer am_0123456789abcdef_" + "x" * 43,
        "Bearer \ud800",
        "Bearer am_" + "0" * 100_000,
        f"Bearer {token}x",
    ):
        reply = who(client, {"Authorization": value})
        assert reply.status == 401, value
        assert reply.json() == {"message": "Bearer token does not appear to be valid"}
        assert reply.headers["x-amzn-remapped-www-authenticate"] == 'Bearer error="invalid_token"'


def test_the_authorization_header_wins(client: Client, token: str) -> None:
    assert who(client, {"Authorization": f"Bearer {token}", "AUTH_TOKEN": "wrong"}).status == 200
    assert who(client, {"Authorization": "Bearer wrong", "AUTH_TOKEN": token}).status == 401
    assert who(client, {"Authorization": "Digest x", "AUTH_TOKEN": token}).status == 200


def test_two_authorization_headers_are_none(client: Client, token: str) -> None:
    twice = [("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {token}")]
    assert who(client, twice).status == 401


def test_a_query_parameter_is_no_credential(client: Client, token: str) -> None:
    assert who(client, {}, f"/whoami?AUTH_TOKEN={token}&token={token}").status == 401


def test_open_access_makes_a_caller_without_a_token_the_local_superuser(client: Client, cloud: Cloud) -> None:
    cloud.set(AUTH="open")
    assert who(client, {}).json() == {"uid": "local"}


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 401), ("same-site", 200), ("same-origin", 200), ("none", 200)]
)
def test_a_page_of_another_site_is_no_local_superuser(client: Client, cloud: Cloud, site: str, status: int) -> None:
    cloud.set(AUTH="open")
    assert who(client, {"Sec-Fetch-Site": site}).status == status


def test_under_open_access_a_presented_token_still_counts(client: Client, cloud: Cloud) -> None:
    token, entry = mint("alice")
    cloud.set(AUTH="open")
    assert who(client, {"AUTH-TOKEN": token}).json() == {"uid": entry.principal.uid}
    assert who(client, {"AUTH-TOKEN": "wrong"}).status == 401
    assert who(client, {"AUTH-TOKEN": ""}).status == 401


def test_the_access_log_names_the_caller_and_never_the_token(
    app: AssetManager, token: str, log: list[dict[str, object]]
) -> None:
    client = Client(app, {"Authorization": f"Bearer {token}"})
    assert client.get("/whoami").status == 200
    assert log[-1]["uid"] == token.split("_")[1]
    revoke(token.split("_")[1])
    assert client.get("/whoami").status == 401
    assert token not in str(log)
