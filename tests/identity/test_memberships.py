"""Memberships: what users and groups may do in productions."""

from chalicelib.identity import memberships, mint
from chalicelib.identity.memberships import Membership
from chalicelib.identity.principal import Principal
from chalicelib.rows import transact
from tests.support.calls import counting
from tests.support.cloud import Cloud


def enrol(subject: str, production: int, membership: Membership | None) -> None:
    transact(memberships.changed(subject, production, membership))
    memberships.forget()


def principal(*groups: str) -> Principal:
    memberships.forget()
    return mint("anna", groups=groups)[1].principal


def test_memberships_of_a_user_and_its_groups_add_up(cloud: Cloud) -> None:
    anna = principal("a", "b")
    enrol(memberships.user(anna.uid), 1, Membership(delete=True))
    enrol(memberships.group("a"), 1, Membership(write=True))
    enrol(memberships.group("b"), 2, Membership())
    enrol(memberships.group("c"), 3, Membership(write=True))
    assert memberships.of(anna) == {1: Membership(write=True, delete=True), 2: Membership()}
    enrol(memberships.group("a"), 1, None)
    assert memberships.of(anna) == {1: Membership(delete=True), 2: Membership()}


def test_who_is_named_as_a_group_is_no_member(cloud: Cloud) -> None:
    anna = principal()
    enrol(memberships.group(anna.uid), 1, Membership(write=True))
    assert memberships.of(anna) == {}


def test_they_are_one_call_a_minute(cloud: Cloud) -> None:
    anna = principal(*(f"g{number}" for number in range(50)))
    with counting() as calls:
        for _ in range(3):
            memberships.of(anna)
    assert calls.names() == ["dynamodb.BatchGetItem"]


def test_many_groups_are_asked_for_in_pieces(cloud: Cloud) -> None:
    anna = principal(*(f"g{number}" for number in range(150)))
    enrol(memberships.group("g149"), 7, Membership(write=True))
    with counting() as calls:
        assert memberships.of(anna) == {7: Membership(write=True)}
    assert len(calls) == 2


def test_a_change_counts_within_a_minute_wherever_it_was_made(cloud: Cloud) -> None:
    anna = principal()
    assert memberships.of(anna) == {}
    transact(memberships.changed(memberships.user(anna.uid), 1, Membership()))
    memberships._cache._known = {key: (since - 60, found) for key, (since, found) in memberships._cache._known.items()}
    assert memberships.of(anna) == {1: Membership()}
