"""A failed job that is retried: the end state of each kind, one new job of many requests, a death at any AWS call."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib import identity
from chalicelib.apis.projectassets import copied_files, copying
from chalicelib.apis.projectassets.copied_files import Destination
from chalicelib.apis.projectassets.models import BundleFile
from chalicelib.apis.stores import shown
from chalicelib.apis.workspaces import deletions
from chalicelib.files import references
from chalicelib.jobs import kinds, queues, running, trees
from chalicelib.jobs.models import JobState
from chalicelib.jobs.running import Hopeless
from chalicelib.rows import transact
from chalicelib.settings import settings
from tests.faults import stores, workspaces
from tests.support.bundles import OWN_ROOT, TARGET, Bundles, bundle_rows, disagreements, everything_wrong
from tests.support.calls import counting
from tests.support.client import Reply
from tests.support.crashes import Scenario, survive
from tests.support.world import World

FILES = {"a": b"a", "dir_b": b"bb"}
CONTENTS = {"a": b"a", "dir/b": b"bb"}
DONE, NEW, FAILED = (6, True), (0, False), (-1, False)


@contextmanager
def hopeless(module: Any, name: str) -> Iterator[None]:
    """A function that never works."""

    def give_up(*_: Any, **__: Any) -> None:
        raise Hopeless("the tape is torn")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, give_up)
        yield


def failed_copy(world: World, root: str = TARGET) -> tuple[Bundles, int, int]:
    """A project and its copy, which failed at its second file and was cleared away."""
    bundles = Bundles(world).with_own_bucket()
    source = bundles.project(**FILES)
    copy = bundles.copy(source, root)
    whole = copied_files.copy_each

    def copy_each(rows: Iterable[BundleFile], to: Destination) -> None:
        found = list(rows)
        if found[0].path != "a":
            raise Hopeless("the tape is torn")
        whole(found, to)
        assert len(bundle_rows(world)) == len(FILES) + 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copying, "FILES", 1)
        patch.setattr(copied_files, "copy_each", copy_each)
        world.deliver()
    world.repair()
    assert bundles.state(copy) == FAILED
    assert len(bundle_rows(world)) == len(FILES)
    return bundles, source, copy


def failed(world: World, kind: str) -> str:
    """The id of the one job of a kind that failed."""
    [job] = [
        job for job in world.client.get("/jobs").json()["results"] if (job["kind"], job["state"]) == (kind, "failed")
    ]
    return str(job["id"])


def retry(world: World, kind: str) -> Reply:
    return world.client.post(f"/jobs/{failed(world, kind)}/retry")


def refused(world: World, kind: str) -> str:
    reply = retry(world, kind)
    assert reply.status == 409, reply.text
    status: str = reply.json()["_response_info"]["status"]
    return status


def test_a_copy_that_is_retried_is_as_one_that_never_failed(world: World) -> None:
    bundles, source, copy = failed_copy(world)
    bundles.put(source, "new", b"new")
    world.deliver()
    job = failed(world, "projectassets.copy")
    with counting() as calls:
        assert world.client.post(f"/jobs/{job}/retry").status == 201
    reads = {"dynamodb.GetItem": 2, "dynamodb.BatchGetItem": 1, "dynamodb.Query": 1}
    assert calls.counts() == Counter({**reads, "dynamodb.TransactWriteItems": 1, "sqs.SendMessage": 1})
    assert bundles.state(copy) == NEW
    told = bundles.client.get(f"/api/projectassets/{copy}/job/").json()
    assert (told["kind"], told["state"]) == ("copy", "queued")
    world.deliver()
    assert bundles.state(copy) == DONE
    assert bundles.contents(copy) == {**CONTENTS, "new": b"new"}
    found = bundles.shown(copy)
    assert found is not None
    assert found["status_asset_description"] == ""
    assert everything_wrong(world) == []


def test_a_copy_of_bytes_that_is_retried_leaves_none_of_the_first_attempt(world: World) -> None:
    bundles, _, copy = failed_copy(world, OWN_ROOT)
    assert bundles.own_objects() == []
    assert retry(world, "projectassets.copy").status == 201
    world.deliver()
    assert bundles.contents(copy) == CONTENTS
    assert len(bundles.own_objects()) == len(FILES)
    assert everything_wrong(world) == []


def test_a_retry_that_fails_too_can_be_retried_itself(world: World) -> None:
    bundles, _, copy = failed_copy(world)
    first = failed(world, "projectassets.copy")
    second = world.client.post(f"/jobs/{first}/retry").json()["id"]
    with hopeless(copied_files, "copy_each"):
        world.deliver()
    world.repair()
    assert bundles.state(copy) == FAILED
    assert world.client.post(f"/jobs/{first}/retry").json()["id"] == second
    third = world.client.post(f"/jobs/{second}/retry")
    assert (third.status, third.json()["retry_of"]) == (201, second)
    world.deliver()
    assert bundles.contents(copy) == CONTENTS
    assert everything_wrong(world) == []


def test_a_copy_is_not_retried_over_what_has_become_of_it(world: World) -> None:
    bundles, source, copy = failed_copy(world)
    bundles.put(copy, "own", b"own")
    assert "in use" in refused(world, "projectassets.copy")
    world.deliver()
    assert bundles.contents(copy) == {"own": b"own"}
    bundles.client.delete(bundles.url(copy, "own"))
    bundles.delete(source)
    assert "gone" in refused(world, "projectassets.copy")
    bundles.delete(copy)
    assert "deleted" in refused(world, "projectassets.copy")
    world.deliver()
    assert "deleted" in refused(world, "projectassets.copy")
    assert bundles.state(copy) is None


def test_a_copy_is_not_retried_before_what_it_left_has_been_cleared_away(world: World) -> None:
    bundles = Bundles(world)
    copy = bundles.copy(bundles.project(**FILES))
    with pytest.MonkeyPatch.context() as patch, hopeless(copied_files, "copy_each"):
        patch.setattr(trees, "is_quiet", lambda _: False)
        world.deliver()
        assert bundles.state(copy) == FAILED
        assert "cleared away" in refused(world, "projectassets.copy")
    world.repair()
    assert retry(world, "projectassets.copy").status == 201
    world.deliver()
    assert bundles.contents(copy) == CONTENTS
    assert everything_wrong(world) == []


def test_of_many_requests_for_a_retry_one_begins_it_and_all_tell_the_same(world: World) -> None:
    bundles, _, copy = failed_copy(world)
    job = failed(world, "projectassets.copy")
    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(lambda _: world.client.post(f"/jobs/{job}/retry"), range(8)))
    assert sorted(reply.status for reply in replies) == [200] * 7 + [201]
    assert len({reply.json()["id"] for reply in replies}) == 1
    world.deliver()
    assert bundles.contents(copy) == CONTENTS
    copies = [row for row in world.client.get("/jobs").json()["results"] if row["kind"] == "projectassets.copy"]
    assert sorted(row["state"] for row in copies) == ["done", "failed"]


def failed_deletion(world: World) -> tuple[Bundles, int]:
    bundles = Bundles(world)
    project = bundles.project(**FILES)
    bundles.delete(project)
    with hopeless(references, "release_each"):
        world.deliver()
    assert bundles.state(project) == FAILED
    return bundles, project


def test_a_deletion_that_is_retried_leaves_nothing(world: World) -> None:
    bundles, project = failed_deletion(world)
    assert retry(world, "projectassets.delete").status == 201
    world.deliver()
    assert bundles.state(project) is None
    assert everything_wrong(world) == []
    again = [row for row in world.client.get("/jobs").json()["results"] if row["state"] == "failed"]
    assert world.client.post(f"/jobs/{again[0]['id']}/retry").status == 200, "it was retried, whatever came of it"


def test_a_deletion_is_not_retried_while_another_runs(world: World) -> None:
    bundles, project = failed_deletion(world)
    bundles.delete(project)
    assert "being deleted" in refused(world, "projectassets.delete")
    world.deliver()
    assert "has been deleted" in refused(world, "projectassets.delete")


def failed_publishing(world: World) -> None:
    """The project `expo` with a file, which became public; the job that publishes the file failed."""
    stores.project(world, "g1")
    stores.put(world, b"map", "map", "map.txt")
    world.deliver()
    with hopeless(shown, "within"):
        set_groups(world, ["g1", "public"])
        world.deliver()
    assert world.published() == {}


def set_groups(world: World, groups: list[str]) -> None:
    assert world.client.post("/api/default/expo/projectAccessMeta", json={"groups": groups}).status == 200


def test_what_was_to_be_public_is_once_its_job_is_retried(world: World) -> None:
    failed_publishing(world)
    new = retry(world, "stores.republish")
    assert new.status == 201
    told = world.client.get("/api/default/expo/projectAccessMeta").json()["publishing"]
    assert told["state"] == "queued", "it is the new job that the project tells of"
    world.deliver()
    assert list(world.published().values()) == [b"map"]
    assert everything_wrong(world) == []


def test_a_publishing_that_a_later_change_has_seen_to_is_not_retried(world: World) -> None:
    failed_publishing(world)
    set_groups(world, ["g1"])
    world.deliver()
    assert "later change" in refused(world, "stores.republish")
    assert world.published() == {}


def test_a_workspace_that_was_not_taken_away_goes_when_that_is_retried(world: World) -> None:
    workspaces.cloned(world)
    with hopeless(deletions, "_rows"):
        assert world.client.delete(workspaces.ISLAND).status < 300
        world.repair(rounds=25)
    assert len(world.rows("workspaces_table")) > 0
    assert retry(world, "workspaces.delete").status == 201
    world.deliver()
    assert [row for row in world.rows("workspaces_table") if row["pk"].startswith("workspace#")] == []
    assert everything_wrong(world) == []


REFUSED = ("projectassets.clear", "stores.adopt", "stores.outputs", "stores.process", "workspaces.clone")


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_done_again_without_harm_says_what_to_do_instead(world: World, kind: str) -> None:
    job = running.plan(kind, {}, requester=identity.LOCAL_SUPERUSER)
    job.state = JobState.FAILED.value
    transact(*running.steps(job))
    assert not world.client.get(f"/jobs/{job.job_id}").json()["may_retry"]
    assert refused(world, kind) == kinds.retry_of(kind).refused
    assert len(world.client.get("/jobs").json()["results"]) == 1


def test_every_kind_of_job_says_what_a_retry_means(world: World) -> None:
    world.sweep()  # which imports all that does jobs
    assert {kind for kind in running._kinds if not kind.startswith("tests.")} == set(kinds._retries)
    assert {kind for kind in kinds._retries if kinds.retry_of(kind).refused} == set(REFUSED)


def ask(world: World, job: str) -> None:
    world.client.post(f"/jobs/{job}/retry")


def copy_to_retry(world: World) -> str:
    failed_copy(world)
    return failed(world, "projectassets.copy")


def deletion_to_retry(world: World) -> str:
    failed_deletion(world)
    return failed(world, "projectassets.delete")


def given_up(world: World) -> None:
    """The message of a deletion lies among the dead letters."""
    bundles = Bundles(world)
    bundles.delete(bundles.project(a=b"a"))
    [body] = world.messages("work_queue")
    world.lose_messages()
    dead = queues.dead_letters(settings().work_queue)
    world.inspect("sqs").send_message(QueueUrl=dead, MessageBody=json.dumps(body))


def look(world: World, _: object) -> None:
    world.client.get("/jobs/queues/work/dead")


def redrive(world: World, _: object) -> None:
    world.client.post("/jobs/queues/work/redrive")


def redrive_a_minute_later(world: World, _: object) -> None:
    """What a dead worker had received is hidden for so long."""
    world.cloud.hand_back()
    redrive(world, None)


SCENARIOS = [
    Scenario("look at dead letters", given_up, look, repeatable=True),
    Scenario("redrive", given_up, redrive, repeatable=True, again=redrive_a_minute_later),
    Scenario("request for a retry of a copy", copy_to_retry, ask, repeatable=True),
    Scenario("request for a retry of a deletion", deletion_to_retry, ask, repeatable=True),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name.replace(" ", "-"))
def test_survives_a_crash_at_every_call(world: World, scenario: Scenario) -> None:
    def check(world: World) -> list[str]:
        """A project that could not be deleted keeps its files, which no other failed project does."""
        return [problem for problem in disagreements(world) if "has failed and has files" not in problem]

    report = survive(world, scenario, check)
    print(f"{report.scenario}: {report.crash_points} crash points, {report.calls}")
    assert report.crash_points > 0
    assert not report.failures, "\n".join(report.failures[:3])
