"""Tokens: minted, believed, expired, revoked."""

import hashlib
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from chalicelib import clock
from chalicelib.errors import NotFound
from chalicelib.identity import LOCAL_SUPERUSER, SIGNIN, Principal, authenticate, entries, mint, mint_another, revoke
from chalicelib.identity import tokens as module
from tests.support.calls import counting
from tests.support.cloud import Cloud


class Clock:
    """The time of day, moved by the test."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, seconds: int) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def time(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(clock, "now", found)
    return found


def test_a_minted_token_names_its_principal(cloud: Cloud) -> None:
    token, entry = mint(
        "alice", permissions=["Manage all Assets"], groups=["g1", "g2"], organisation="org", superuser=False
    )
    expected = Principal(
        uid=entry.principal.uid,
        name="alice",
        permissions=frozenset({SIGNIN, "Manage all Assets"}),
        groups=frozenset({"g1", "g2"}),
        organisation="org",
    )
    assert entry.principal == expected
    assert authenticate(token) == expected
    assert token.startswith(f"am_{expected.uid}_")


def test_a_principal_without_anything_reads_back_the_same(cloud: Cloud) -> None:
    token, entry = mint("bob", superuser=True)
    found = authenticate(token)
    assert found == entry.principal
    assert found is not None
    assert found.permissions == {SIGNIN}
    assert not found.groups
    assert found.organisation is None
    assert found.has("anything at all")
    assert LOCAL_SUPERUSER.has(SIGNIN)
    assert not Principal("u", "n").has(SIGNIN)


def test_tokens_differ_and_are_stored_only_hashed(cloud: Cloud) -> None:
    minted = [mint("alice")[0] for _ in range(20)]
    assert len(set(minted)) == 20
    stored = str(boto3.resource("dynamodb").Table(cloud.settings.identities_table).scan()["Items"])
    for token in minted:
        assert token not in stored
        assert token.split("_", 2)[2] not in stored
        assert hashlib.sha256(token.encode()).hexdigest() in stored


def test_whatever_is_not_a_token_is_nobodys_and_costs_no_call(cloud: Cloud) -> None:
    token, _ = mint("alice")
    broken = ["", "am_", "x", token[:-1], token + "x", token.upper(), token + "\n", " " + token, "am_" + "é" * 16 + "_"]
    with counting() as calls:
        assert [authenticate(one) for one in broken] == [None] * len(broken)
    assert calls.names() == []


def test_a_token_is_looked_up_in_one_call_a_minute(time: Clock) -> None:
    token, _ = mint("alice")
    with counting() as calls:
        for _ in range(5):
            assert authenticate(token) is not None
        time.forward(59)
        assert authenticate(token) is not None
        assert calls.names() == ["dynamodb.BatchGetItem"]
        time.forward(1)
        assert authenticate(token) is not None
        assert len(calls) == 2
    assert all(table["ConsistentRead"] for call in calls for table in call.params["RequestItems"].values())


def test_a_wrong_secret_is_not_remembered_and_does_not_harm_the_right_one(time: Clock) -> None:
    token, _ = mint("alice")
    wrong = token[:-1] + ("A" if token[-1] != "A" else "B")
    assert authenticate(wrong) is None
    assert authenticate(token) is not None
    assert authenticate(wrong) is None
    assert len(module._cache._known) <= 1_000


def test_another_principals_id_does_not_fit_the_secret(cloud: Cloud) -> None:
    (one, _), (other, _) = mint("alice"), mint("bob")
    mixed = "_".join(["am", other.split("_")[1], one.split("_", 2)[2]])
    assert authenticate(mixed) is None


def test_an_expired_token_is_nobodys_even_while_remembered(time: Clock) -> None:
    token, _ = mint("alice", expires_at=clock.epoch() + 30)
    assert authenticate(token) is not None
    time.forward(29)
    assert authenticate(token) is not None
    time.forward(1)
    assert authenticate(token) is None
    assert entries() == []


def test_a_revoked_token_is_nobodys_here_at_once_and_elsewhere_within_a_minute(time: Clock) -> None:
    token, entry = mint("alice")
    assert authenticate(token) is not None
    elsewhere = dict(module._cache._known)
    assert revoke(entry.id) == 1
    assert authenticate(token) is None
    module._cache._known = elsewhere
    assert authenticate(token) is not None
    time.forward(60)
    assert authenticate(token) is None


def test_revoking_one_token_leaves_the_principals_other_one(cloud: Cloud) -> None:
    first, entry = mint("alice", groups=["g"])
    second, other = mint_another(entry.principal.uid)
    assert authenticate(first) == authenticate(second) == entry.principal
    revoke(entry.id)
    assert authenticate(first) is None
    assert authenticate(second) == entry.principal
    assert [listed.id for listed in entries()] == [other.id]


def test_revoking_a_principal_takes_all_its_tokens_and_nobody_elses(cloud: Cloud) -> None:
    first, entry = mint("alice")
    second, _ = mint_another(entry.principal.uid)
    third, _ = mint("bob")
    assert revoke(entry.principal.uid) == 2
    assert [authenticate(token) is None for token in (first, second, third)] == [True, True, False]
    with pytest.raises(NotFound):
        mint_another(entry.principal.uid)


def test_what_is_not_there_cannot_be_revoked(cloud: Cloud) -> None:
    _, entry = mint("alice")
    revoke(entry.id)
    for identifier in (entry.id, "nobody", "nobody-1", "", "tokens"):
        with pytest.raises(NotFound):
            revoke(identifier)


def test_the_list_is_one_query_whatever_its_length_and_shows_no_secret(cloud: Cloud) -> None:
    minted = [mint(name) for name in ("carol", "alice", "bob") for _ in range(4)]
    with counting() as calls:
        listed = entries()
    assert calls.names() == ["dynamodb.Query"]
    assert [entry.principal.name for entry in listed] == ["alice"] * 4 + ["bob"] * 4 + ["carol"] * 4
    assert {entry.id for entry in listed} == {entry.id for _, entry in minted}
    for token, _ in minted:
        assert token.split("_", 2)[2] not in str(listed)


def test_minting_is_one_transaction(cloud: Cloud) -> None:
    with counting() as calls:
        mint("alice")
    assert calls.names() == ["dynamodb.TransactWriteItems"]


def test_what_is_remembered_is_bounded_and_safe_in_threads() -> None:
    cache = module._Cache()
    principal = Principal("u", "n")
    started = threading.Barrier(8)

    def fill(thread: int) -> None:
        started.wait()
        for number in range(1_000):
            key = f"{thread}-{number}"
            cache.put(key, principal, 0, None)
            cache.get(key, 0)
            if number % 100 == 0:
                cache.forget("nobody")

    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(fill, range(8)))
    finally:
        sys.setswitchinterval(usual)
    assert len(cache._known) <= 1_000
    cache.put("last", principal, 0, None)
    assert cache.get("last", 59) == principal
    assert cache.get("last", -1) is None


def test_a_principal_writes_for_its_groups_unless_it_was_given_others(cloud: Cloud) -> None:
    def minted(**groups: list[str]) -> frozenset[str]:
        token, _ = mint("alice", **groups)  # type: ignore[arg-type]
        principal = authenticate(token)
        assert principal is not None
        return principal.writes_for

    assert minted(groups=["a", "b"]) == {"a", "b"}
    assert minted(groups=["a", "b"], write_groups=["b"]) == {"b"}
    assert minted(groups=["a", "b"], write_groups=[]) == frozenset()
