"""GET /jobs, GET /jobs/{id}, POST /jobs/{id}/cancel and GET /jobs/queues: who sees what, and who may stop it."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from app import app
from chalicelib import clock, identity
from chalicelib.apis.assets import chains
from chalicelib.identity import Principal
from chalicelib.jobs import queues, running
from chalicelib.jobs.models import Job, JobState
from chalicelib.rows import delete, transact
from chalicelib.settings import settings
from infra.template import Template
from tests.support.callers import Caller, new_caller
from tests.support.calls import counting
from tests.support.client import Client, deliver
from tests.support.cloud import Cloud

KIND = "tests.shown"
NOT_FOUND = {"_response_info": {"status": "not found"}}
FORBIDDEN = {"_response_info": {"status": "Forbidden. You don't have permission to access this resource."}}


@pytest.fixture(autouse=True)
def kind(cloud: Cloud) -> Iterator[None]:
    """Jobs of these tests end as soon as they run."""
    running.register(KIND, lambda job: None)
    yield
    running._kinds.pop(KIND, None)


def principal(caller: Caller) -> Principal:
    found = identity.authenticate(caller.token)
    assert found is not None
    return found


def planned(caller: Caller | None = None, job_id: str | None = None) -> Job:
    job = running.plan(KIND, {"secret": "arguments"}, job_id=job_id, requester=principal(caller) if caller else None)
    transact(*running.steps(job))
    return job


def listed(caller: Caller, query: str = "") -> list[str]:
    reply = caller.client.get(f"/jobs{query}")
    assert reply.status == 200, reply.text
    return [job["id"] for job in reply.json()["results"]]


def test_a_job_tells_how_far_it_is_and_nothing_of_its_arguments(cloud: Cloud) -> None:
    alice = new_caller("alice")
    job = planned(alice)
    running.enqueue(job)
    shown = alice.client.get(f"/jobs/{job.job_id}")
    assert shown.json() == {
        "_response_info": {"status": "ok"},
        "id": job.job_id,
        "kind": KIND,
        "state": "queued",
        "done": 0,
        "total": None,
        "failed": 0,
        "attempts": 0,
        "error": None,
        "cancel_requested": False,
        "may_cancel": True,
        "may_retry": False,
        "retry_of": None,
        "retried_as": None,
        "requester": alice.uid,
        "created_at": job.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "ended_at": None,
    }
    deliver(app)
    ended = alice.client.get(f"/jobs/{job.job_id}").json()
    assert (ended["state"], ended["attempts"], ended["may_cancel"]) == ("done", 1, False)
    assert ended["ended_at"] >= ended["created_at"]


def test_a_job_that_failed_says_why(cloud: Cloud) -> None:
    def give_up(_: Job) -> None:
        raise running.Hopeless("the source is gone")

    running.register(KIND, give_up)
    alice = new_caller("alice")
    running.enqueue(job := planned(alice))
    deliver(app)
    shown = alice.client.get(f"/jobs/{job.job_id}").json()
    assert (shown["state"], shown["error"]) == ("failed", "the source is gone")


def test_a_job_is_its_requesters_his_organisations_and_superusers(cloud: Cloud) -> None:
    alice, bob = new_caller("alice", organisation="o1"), new_caller("bob", organisation="o1")
    eve, root = new_caller("eve", organisation="o2"), new_caller("root", superuser=True)
    hers, own = planned(alice).job_id, planned().job_id
    assert [caller.client.get(f"/jobs/{hers}").status for caller in (alice, bob, root)] == [200, 200, 200]
    hidden = eve.client.get(f"/jobs/{hers}")
    assert (hidden.status, hidden.json()) == (404, NOT_FOUND)
    assert [caller.client.get(f"/jobs/{own}").status for caller in (alice, bob, eve, root)] == [404, 404, 404, 200]
    assert (listed(alice), listed(bob), listed(eve), listed(new_caller("nobody"))) == ([hers], [], [], [])
    assert listed(bob, "?whose=organisation") == [hers]
    assert listed(eve, "?whose=organisation") == []
    assert sorted(listed(root)) == sorted([hers, own])
    assert listed(root, "?whose=mine") == []


def test_two_callers_without_an_organisation_have_none_in_common(cloud: Cloud) -> None:
    job = planned(new_caller("alice"))
    assert new_caller("bob").client.get(f"/jobs/{job.job_id}").status == 404


@pytest.mark.parametrize("query", ["?whose=all", "?whose=organisation"])
def test_a_list_that_is_not_the_callers_is_refused(cloud: Cloud, query: str) -> None:
    reply = new_caller("alice").client.get(f"/jobs{query}")
    assert (reply.status, reply.json()) == (403, FORBIDDEN)


@pytest.mark.parametrize("query", ["?whose=others", "?limit=0", "?cursor=x", "?cursor=AAAA"])
def test_a_list_that_cannot_be_is_refused(cloud: Cloud, query: str) -> None:
    assert new_caller("alice").client.get(f"/jobs{query}").status == 400


def test_pages_hold_every_job_once_the_newest_first(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, started = new_caller("alice"), datetime.now(UTC)
    made = []
    for number in range(5):
        monkeypatch.setattr(clock, "now", partial(started.__add__, timedelta(seconds=number)))
        made.append(planned(alice).job_id)
    found: list[str] = []
    cursor = ""
    while cursor is not None:
        with counting() as calls:
            page = alice.client.get(f"/jobs?limit=2{cursor and '&cursor='}{cursor}").json()
        assert calls.counts() == Counter({"dynamodb.Query": 1, "dynamodb.BatchGetItem": 1})
        found += [job["id"] for job in page["results"]]
        cursor = page["next_cursor"]
    assert found == made[::-1]


def test_a_job_that_vanished_is_left_out(cloud: Cloud) -> None:
    alice = new_caller("alice")
    kept, gone = planned(alice), planned(alice)
    delete(gone)
    assert listed(alice) == [kept.job_id]


def test_a_requester_and_a_superuser_may_cancel(cloud: Cloud) -> None:
    alice, root = new_caller("alice"), new_caller("root", superuser=True)
    for caller in (alice, root):
        job = planned(alice)
        for _ in range(2):
            reply = caller.client.post(f"/jobs/{job.job_id}/cancel")
            assert reply.status == 200
            assert reply.json()["_response_info"] == {"status": "success"}
            assert (reply.json()["cancel_requested"], reply.json()["may_cancel"]) == (True, False)
        row = Job.get_by_id(job.job_id)
        assert row is not None
        assert row.canceled


def test_nobody_else_may_cancel_and_nothing_that_has_to_follow(cloud: Cloud) -> None:
    alice, bob = new_caller("alice", organisation="o1"), new_caller("bob", organisation="o1")
    root = new_caller("root", superuser=True)
    hers, own = planned(alice), planned()
    ended = planned(alice)
    running.enqueue(ended)
    deliver(app)
    answers = [
        (bob, hers, 403),
        (new_caller("eve"), hers, 404),
        (root, own, 409),
        (alice, own, 404),
        (alice, ended, 409),
    ]
    for caller, job, status in answers:
        assert caller.client.post(f"/jobs/{job.job_id}/cancel").status == status
    for job in (hers, own, ended):
        row = Job.get_by_id(job.job_id)
        assert row is not None
        assert not row.canceled


def test_unknown_jobs_are_not_found(cloud: Cloud) -> None:
    root = new_caller("root", superuser=True)
    for job_id in ("0" * 32, "x" * 3000, "a%20b", "%C3%A9"):
        for reply in (root.client.get(f"/jobs/{job_id}"), root.client.post(f"/jobs/{job_id}/cancel")):
            assert (reply.status, reply.json()) == (404, NOT_FOUND)


def test_what_the_product_does_by_itself_is_listed_for_superusers(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chains, "_AT_ONCE", 0)
    alice, root = new_caller("alice"), new_caller("root", superuser=True)
    first, second, third = (
        alice.client.post("/assets", files={"asset[file]": ("a.txt", b"a")}).json()["id"][-24:] for _ in range(3)
    )
    alice.client.put(f"/assets/{first}", json={"replacement_id": second})
    alice.client.put(f"/assets/{second}", json={"replacement_id": third})
    [job] = root.client.get("/jobs").json()["results"]
    assert (job["kind"], job["state"], job["may_cancel"]) == (chains.KIND, JobState.QUEUED, False)
    assert listed(alice) == []


def test_superusers_see_how_deep_the_queues_are(cloud: Cloud) -> None:
    root = new_caller("root", superuser=True)
    running.enqueue(planned(root))
    found = {queue["name"]: queue for queue in root.client.get("/jobs/queues").json()["queues"]}
    assert {"scan-small", "scan-large", "work"} <= found.keys()
    assert found["work"] == {"name": "work", "waiting": 1, "in_flight": 0, "delayed": 0, "dead": 0}
    reply = new_caller("alice").client.get("/jobs/queues")
    assert (reply.status, reply.json()) == (403, FORBIDDEN)


def test_what_was_given_up_is_counted(cloud: Cloud) -> None:
    from chalicelib import aws

    root = new_caller("root", superuser=True)
    aws.sqs().send_message(QueueUrl=queues.dead_letters(settings().work_queue), MessageBody="{}")
    found = {queue["name"]: queue["dead"] for queue in root.client.get("/jobs/queues").json()["queues"]}
    assert found["work"] == 1


def test_every_queue_has_dead_letters_by_that_name(cloud: Cloud) -> None:
    names = {
        logical: resource.properties["QueueName"]["Fn::Sub"]
        for logical, resource in Template().resources.items()
        if resource.type == "AWS::SQS::Queue"
    }
    for logical, name in names.items():
        if logical.endswith("Queue"):
            assert queues.dead_letters(name) in names.values()


def test_jobs_need_a_token(cloud: Cloud) -> None:
    for path in ("/jobs", "/jobs/queues", f"/jobs/{'0' * 32}"):
        assert Client(app).get(path).status == 401


def test_a_page_of_queues_costs_two_calls_each(cloud: Cloud) -> None:
    root = new_caller("root", superuser=True)
    with counting() as calls:
        found: Any = root.client.get("/jobs/queues").json()["queues"]
    assert calls.counts()["sqs.GetQueueAttributes"] == 2 * len(found)
