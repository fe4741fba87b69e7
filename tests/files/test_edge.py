"""The edge forgets what is no longer published, however often things die in between, and not what never was."""

import json
from typing import Any
from urllib.parse import unquote

import pytest

from chalicelib import aws
from chalicelib.files import edge, publications
from chalicelib.settings import settings
from infra.template import Template
from tests.support import javascript
from tests.support.calls import Call, on_call
from tests.support.crashes import Scenario, survive
from tests.support.distribution import Distribution
from tests.support.world import World

PATH = "/media/1/ä b.txt"


def edition(world: World, content: bytes) -> publications.Edition:
    key = f"file-{content.decode()}/0"
    world.inspect("s3").put_object(Bucket=settings().library_bucket, Key=key, Body=content)
    return publications.Edition(
        PATH, f"file-{content.decode()}", key, len(content), "text/plain", "inline", "max-age=1"
    )


@pytest.fixture
def cached(world: World) -> World:
    """A world with an edge in front of it."""
    world.cloud.set(EDGE="cloudfront")
    return world


def forgotten(world: World) -> list[str]:
    """The paths that wait in the edge queue."""
    return [body["path"] for body in world.messages("edge_queue")]


def test_what_is_withdrawn_or_replaced_is_forgotten_and_what_is_new_is_not(cached: World) -> None:
    publications.publish(PATH, 1, None)
    publications.publish(PATH, 2, edition(cached, b"one"))
    assert forgotten(cached) == []
    publications.publish(PATH, 3, edition(cached, b"two"))
    assert forgotten(cached) == [PATH]
    publications.publish(PATH, 4, None)
    assert forgotten(cached) == [PATH, PATH]
    publications.publish(PATH, 5, edition(cached, b"one"))
    assert forgotten(cached) == [PATH] * 3  # a 404 may be remembered, too


def test_without_an_edge_nothing_is_sent(world: World) -> None:
    publications.publish(PATH, 1, edition(world, b"one"))
    publications.publish(PATH, 2, None)
    assert forgotten(world) == []


def test_the_bucket_has_changed_before_the_edge_is_told(cached: World) -> None:
    publications.publish(PATH, 1, edition(cached, b"one"))
    published = []

    def look(call: Call) -> None:
        if call.operation == "SendMessage":
            published.append(dict(cached.published()))

    with on_call(before=look):
        publications.publish(PATH, 2, None)
    assert published == [{}]


def test_a_withdrawal_that_dies_anywhere_is_forgotten_in_the_end(cached: World) -> None:
    distribution = Distribution(cached.cloud)

    def untold(world: World) -> list[str]:
        return [] if world.published() or distribution.told() else ["nobody told the edge"]

    def published(world: World) -> str:
        asset_id = world.upload(b"first")
        world.deliver()
        return asset_id

    withdrawal = Scenario("delete", published, lambda world, asset_id: world.client.delete(f"/assets/{asset_id}"))
    report = survive(cached, withdrawal, check=untold)
    assert report.failures == []
    assert "sqs.SendMessage" in report.calls


def test_an_invalidation_that_dies_anywhere_is_made_in_the_end(cached: World) -> None:
    distribution = Distribution(cached.cloud)

    def withdrawn(world: World) -> None:
        asset_id = world.upload(b"first")
        world.deliver()
        world.client.delete(f"/assets/{asset_id}")

    invalidation = Scenario("invalidate", withdrawn, lambda world, _: world.deliver("invalidate"), "message")
    report = survive(cached, invalidation, check=lambda world: [] if distribution.told() else ["nobody told the edge"])
    assert report.failures == []
    assert report.calls == ["cloudfront.CreateInvalidation"]


def records(*paths: str) -> dict[str, Any]:
    return {
        "Records": [{"messageId": str(number), "body": json.dumps({"path": path})} for number, path in enumerate(paths)]
    }


def test_a_batch_is_one_invalidation_of_its_paths_and_the_same_one_when_it_comes_again(cached: World) -> None:
    distribution = Distribution(cached.cloud)
    for _ in range(2):
        assert edge.invalidate(records("/media/1/b", "/media/1/a", "/media/1/a")) == {"batchItemFailures": []}
    references = {reference for reference, _ in distribution.told()}
    assert len(references) == 1
    assert distribution.told()[0][1] == ["/media/1/a", "/media/1/b"]
    edge.invalidate(records("/media/1/c"))
    assert len({reference for reference, _ in distribution.told()}) == 2


def test_a_call_has_so_many_paths_and_no_more(cached: World, monkeypatch: pytest.MonkeyPatch) -> None:
    distribution = Distribution(cached.cloud)
    monkeypatch.setattr(edge, "PATHS_A_CALL", 2)
    edge.invalidate(records("/a", "/b", "/c"))
    assert sorted(paths for _, paths in distribution.told()) == [["/a", "/b"], ["/c"]]


def test_a_batch_that_the_edge_does_not_take_comes_again(cached: World, monkeypatch: pytest.MonkeyPatch) -> None:
    cached.cloud.set(EDGE_DISTRIBUTION="gone")
    answer = edge.invalidate(records("/a", "/b"))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "0"}, {"itemIdentifier": "1"}]}


def test_a_message_goes_from_the_withdrawal_to_the_distribution(cached: World) -> None:
    distribution = Distribution(cached.cloud)
    publications.publish(PATH, 1, edition(cached, b"one"))
    publications.publish(PATH, 2, None)
    cached.deliver("invalidate")
    assert [paths for _, paths in distribution.told()] == [[edge.as_known_there(PATH)]]
    assert cached.waiting() == {}
    assert aws.cloudfront() is aws.cloudfront()


@pytest.mark.parametrize("path", [PATH, "/media/1/a+b.txt", "/media/1/it's (*)!~-_.txt", "/stores/s/p/a/1/%41/ü"])
def test_the_cache_knows_a_path_as_it_is_forgotten(path: str) -> None:
    function = Template().resources["EdgeRequest"].properties["FunctionCode"]["Fn::Sub"][0]
    known = edge.as_known_there(path)
    [answer] = javascript.run(function, [javascript.request(known)])
    assert answer["result"]["uri"] == known
    assert unquote(known) == path
