"""A project becomes public or restricted: its row at once, its files by a job whose progress can be read."""

from typing import Any

import pytest

from chalicelib.apis.stores import publishing
from chalicelib.files import publications
from chalicelib.jobs import leases
from tests.conformance.stores.gallery import PROJECT, Gallery
from tests.support.client import Client

ACCESS = f"{PROJECT}/projectAccessMeta"
PUBLIC, RESTRICTED = ["g1", "public"], ["g1"]


def set_groups(gallery: Gallery, groups: list[str]) -> Any:
    reply = gallery.admin.post(ACCESS, json={"groups": groups})
    assert reply.status == 200, reply.text
    return reply.json()


def shown(client: Client) -> Any:
    return client.get(ACCESS).json()


@pytest.fixture
def filled(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> Gallery:
    """A restricted project of five files, of which a part takes two."""
    monkeypatch.setattr(publishing, "PART", 2)
    for number in range(5):
        gallery.uploaded(f"a{number}")
    return gallery


def published(gallery: Gallery) -> list[str]:
    return [key.split("/")[3] for key in gallery.published()]


def test_a_readers_look_at_the_groups_tells_how_far_publishing_is(filled: Gallery) -> None:
    assert shown(filled.bob) == {"groups": RESTRICTED}
    waiting = {"state": "queued", "done": 0, "total": None, "failed": 0}
    assert set_groups(filled, PUBLIC) == {"groups": PUBLIC, "publishing": waiting}
    assert shown(filled.bob) == {"groups": PUBLIC, "publishing": waiting}
    filled.deliver()
    assert shown(filled.bob)["publishing"] == {"state": "done", "done": 3, "total": 3, "failed": 0}
    assert published(filled) == ["a0", "a1", "a2", "a3", "a4"]


def test_a_change_that_leaves_a_project_public_plans_nothing(filled: Gallery) -> None:
    set_groups(filled, PUBLIC)
    filled.deliver()
    done = shown(filled.bob)["publishing"]
    set_groups(filled, ["g1", "g2", "public"])
    assert shown(filled.bob)["publishing"] == done


@pytest.mark.parametrize("last", [PUBLIC, RESTRICTED])
def test_a_change_of_mind_stops_the_job_before_and_the_last_word_counts(filled: Gallery, last: list[str]) -> None:
    """In mid-run: tests/faults/test_interruptions_of_stores.py."""
    first = RESTRICTED if last is PUBLIC else PUBLIC
    if last is PUBLIC:
        set_groups(filled, PUBLIC)
        filled.deliver()
    for groups in (first, last, first, last):
        set_groups(filled, groups)
    filled.deliver()
    assert shown(filled.bob)["publishing"]["state"] == "done"
    assert published(filled) == (["a0", "a1", "a2", "a3", "a4"] if last is PUBLIC else [])


def test_failures_are_counted_and_the_next_change_tries_again(filled: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    publish = publications.publish

    def broken(path: str, *rest: Any) -> None:
        if "/a2/" in path:
            raise RuntimeError("no luck")
        publish(path, *rest)

    monkeypatch.setattr(publications, "publish", broken)
    set_groups(filled, PUBLIC)
    for _ in range(leases.ATTEMPTS):
        filled.cloud.hand_back()
        deliver_failing(filled)
    assert shown(filled.bob)["publishing"] == {"state": "failed", "done": 3, "total": 3, "failed": 1}
    assert set(published(filled)) >= {"a0", "a1", "a4"}
    monkeypatch.setattr(publications, "publish", publish)
    again = set_groups(filled, PUBLIC)
    assert again["publishing"]["state"] == "queued"
    filled.deliver()
    assert shown(filled.bob)["publishing"] == {"state": "done", "done": 3, "total": 3, "failed": 0}
    assert published(filled) == ["a0", "a1", "a2", "a3", "a4"]


def deliver_failing(gallery: Gallery) -> None:
    try:
        gallery.deliver()
    except RuntimeError as error:
        assert str(error) == "no luck"  # noqa: PT017
