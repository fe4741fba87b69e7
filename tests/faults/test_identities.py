"""Tokens, principals and users survive a crash at any AWS call: nobody gets in who should not, nothing is half done."""

from typing import Any

import pytest

from chalicelib.identity import tokens
from tests.support.crashes import Scenario, survive
from tests.support.world import World

USER = {"user": "anna", "password": "a long password"}


def mint(world: World, _: object = None) -> dict[str, Any]:
    reply = world.client.post("/tokens", json={"name": "anna"})
    assert reply.status == 201, reply.text
    answer: dict[str, Any] = reply.json()
    return answer


def minted(world: World) -> str:
    uid = str(mint(world)["id"]).partition("-")[0]
    tokens.mint_another(uid)
    return uid


def revoke(world: World, identifier: str) -> None:
    assert world.client.delete(f"/tokens/{identifier}").status in (200, 404)


def added(world: World) -> None:
    assert world.client.post("/api/user", json=USER).status == 200


def logged_in(world: World) -> None:
    added(world)
    assert world.client.post("/api/auth", json=USER).status == 200


def change(world: World, _: object) -> None:
    assert world.client.patch("/api/user", json={"user": "anna", "read_groups": ["g"]}).status == 200


def remove(world: World, _: object) -> None:
    assert world.client.delete("/api/user", json={"user": "anna"}).status == 200


SCENARIOS = [
    Scenario("mint", lambda w: None, mint),
    Scenario("revoke one", lambda w: str(mint(w)["id"]), revoke, repeatable=True),
    Scenario("revoke all", minted, revoke, repeatable=True),
    Scenario("add a user", lambda w: None, lambda w, _: added(w)),
    Scenario("change a user", logged_in, change, repeatable=True),
    Scenario("remove a user", logged_in, remove, repeatable=True),
]


def disagreements(world: World) -> list[str]:
    """What is wrong between tokens, the list of them, principals and users."""
    rows = world.rows("identities_table")
    principals = {row["pk"].removeprefix("principal#") for row in rows if row["sk"] == "principal"}
    held = {
        (row["pk"].removeprefix("principal#"), row["sk"].removeprefix("token#")): row
        for row in rows
        if row["pk"].startswith("principal#") and row["sk"].startswith("token#")
    }
    listed = {
        (row["sk"].removeprefix("token#").partition("-")[0], row["token_hash"]) for row in rows if "token_hash" in row
    }
    wrong = [f"only one side knows a token: {one}" for one in held.keys() ^ listed]
    # A user's tokens end by themselves, and are nobody's without the principal.
    wrong += [
        f"a token of nobody: {uid}"
        for (uid, _), row in held.items()
        if uid not in principals and "expires_at" not in row
    ]
    users = {row["uid"] for row in rows if row["sk"].startswith("user#")}
    changeable = {row["pk"].removeprefix("principal#") for row in rows if row.get("changeable")}
    return wrong + [f"a user without a principal, or the other way round: {uid}" for uid in users ^ changeable]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name.replace(" ", "-"))
def test_survives_a_crash_at_every_call(world: World, scenario: Scenario) -> None:
    report = survive(world, scenario, disagreements)
    print(f"{report.scenario}: {report.crash_points} crash points, {report.calls}")
    assert report.crash_points > 0
    assert not report.failures, "\n".join(report.failures)
