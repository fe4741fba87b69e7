"""POST /jobs/{id}/retry: who may have which job done once more, and what the answers tell."""

from collections import Counter
from collections.abc import Iterator

import pytest

from app import app
from chalicelib import identity
from chalicelib.errors import Conflict
from chalicelib.identity import Principal
from chalicelib.jobs import kinds, running
from chalicelib.jobs.kinds import Retry
from chalicelib.jobs.models import Job, JobState
from chalicelib.rows import Step, delete, transact, update
from tests.support.callers import Caller, new_caller
from tests.support.calls import counting
from tests.support.client import Client, Reply, deliver
from tests.support.cloud import Cloud

KIND = "tests.retried"
FORBIDDEN = {"_response_info": {"status": "Forbidden. You don't have permission to access this resource."}}


@pytest.fixture(autouse=True)
def kind(cloud: Cloud) -> Iterator[None]:
    """Jobs of these tests fail until they are retried."""

    def does(job: Job) -> None:
        if job.retry_of is None:
            raise running.Hopeless("the tape is torn")

    running.register(KIND, does)
    kinds.register(KIND, Retry)
    yield
    running._kinds.pop(KIND, None)
    kinds._retries.pop(KIND, None)


def failed(caller: Caller | None = None) -> str:
    found = None if caller is None else identity.authenticate(caller.token)
    job = running.plan(KIND, {"secret": "arguments"}, requester=found)
    job.state = JobState.FAILED.value
    transact(*running.steps(job))
    return job.job_id


def retry(caller: Caller, job_id: str) -> Reply:
    return caller.client.post(f"/jobs/{job_id}/retry")


def status_of(reply: Reply) -> str:
    status: str = reply.json()["_response_info"]["status"]
    return status


def test_a_failed_job_is_done_once_more_by_a_new_one(cloud: Cloud) -> None:
    alice = new_caller("alice")
    job = running.plan(KIND, {}, requester=identity.authenticate(alice.token))
    transact(*running.steps(job))
    running.enqueue(job)
    deliver(app)
    old = alice.client.get(f"/jobs/{job.job_id}").json()
    assert (old["state"], old["may_retry"], old["retried_as"]) == ("failed", True, None)
    reply = retry(alice, job.job_id)
    new = reply.json()
    assert reply.status == 201
    assert status_of(reply) == "success"
    assert (new["kind"], new["state"], new["requester"], new["retry_of"]) == (KIND, "queued", alice.uid, job.job_id)
    assert (new["may_cancel"], new["may_retry"]) == (True, False)
    old = alice.client.get(f"/jobs/{job.job_id}").json()
    assert (old["state"], old["may_retry"], old["retried_as"]) == ("failed", False, new["id"])
    deliver(app)
    assert alice.client.get(f"/jobs/{new['id']}").json()["state"] == "done"
    assert {one["id"] for one in alice.client.get("/jobs").json()["results"]} == {job.job_id, new["id"]}


def test_a_retry_that_is_asked_for_again_is_the_same(cloud: Cloud) -> None:
    alice = new_caller("alice")
    job_id = failed(alice)
    first, second = retry(alice, job_id), retry(alice, job_id)
    assert (first.status, second.status) == (201, 200)
    assert first.json() == second.json()


def test_a_job_is_retried_by_its_requester_and_superusers_and_stays_the_requesters(cloud: Cloud) -> None:
    alice, bob = new_caller("alice", organisation="o1"), new_caller("bob", organisation="o1")
    eve, root = new_caller("eve"), new_caller("root", superuser=True)
    hers, own = failed(alice), failed()
    shown = [caller.client.get(f"/jobs/{hers}").json().get("may_retry") for caller in (alice, bob, root)]
    assert shown == [True, False, True]
    assert (retry(bob, hers).status, retry(bob, hers).json()) == (403, FORBIDDEN)
    assert [retry(eve, hers).status, retry(alice, own).status, retry(alice, "0" * 32).status] == [404, 404, 404]
    assert retry(root, hers).json()["requester"] == alice.uid
    seen = bob.client.get("/jobs?whose=organisation").json()["results"]
    assert {job["retry_of"] for job in seen} == {None, hers}
    assert (retry(root, own).status, retry(root, own).json()["requester"]) == (201, None)
    assert Client(app).post(f"/jobs/{hers}/retry").status == 401


@pytest.mark.parametrize("state", [state for state in JobState if state is not JobState.FAILED])
def test_only_a_job_that_failed_is_retried(cloud: Cloud, state: JobState) -> None:
    alice = new_caller("alice")
    job = Job.get_by_id(failed(alice))
    assert job is not None
    update(job, [Job.state.set(state.value)])
    reply = retry(alice, job.job_id)
    assert (reply.status, status_of(reply)) == (409, "only a job that failed can be retried")
    assert len(alice.client.get("/jobs").json()["results"]) == 1


def test_a_retry_whose_outcome_has_been_forgotten_is_not_begun_again(cloud: Cloud) -> None:
    alice = new_caller("alice")
    job_id = failed(alice)
    delete(Job.at(retry(alice, job_id).json()["id"]))
    assert retry(alice, job_id).status == 409


def test_who_comes_between_a_retry_and_what_it_changes_is_told_of_it(cloud: Cloud) -> None:
    alice = new_caller("alice")
    job_id = failed(alice)
    faster: list[Reply] = []

    def in_the_way(job: Job, new: Job, principal: Principal) -> list[Step]:
        if not faster:
            kinds.register(KIND, Retry)
            faster.append(retry(alice, job_id))
            raise Conflict("somebody is at it")
        return []

    kinds.register(KIND, lambda: Retry(in_the_way))
    reply = retry(alice, job_id)
    assert (faster[0].status, reply.status) == (201, 200)
    assert reply.json() == faster[0].json()


def test_what_is_in_the_way_of_a_retry_is_told(cloud: Cloud) -> None:
    def refuse(job: Job, new: Job, principal: Principal) -> list[Step]:
        raise Conflict("the tape is lent out")

    alice = new_caller("alice")
    job_id = failed(alice)
    kinds.register(KIND, lambda: Retry(refuse))
    reply = retry(alice, job_id)
    assert (reply.status, status_of(reply)) == (409, "the tape is lent out")
    assert len(alice.client.get("/jobs").json()["results"]) == 1


def test_a_retry_costs_two_reads_a_transaction_and_a_message(cloud: Cloud) -> None:
    alice = new_caller("alice")
    job_id = failed(alice)
    alice.client.get("/jobs")
    with counting() as calls:
        assert retry(alice, job_id).status == 201
    expected = {"dynamodb.GetItem": 2, "dynamodb.TransactWriteItems": 1, "sqs.SendMessage": 1}
    assert calls.counts() == Counter(expected)
