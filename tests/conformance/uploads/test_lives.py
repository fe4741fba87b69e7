"""What becomes of an upload: completions refused, repeated and slow, quotas, and uploads that are abandoned."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from app import app
from chalicelib import aws
from chalicelib.files import intake, uploads
from chalicelib.files.models import File
from chalicelib.files.multipart import Part
from chalicelib.settings import settings
from tests.conformance.uploads.site import MIB, TEXT, Multipart, Site, sha256
from tests.support.calls import Call, lost_answers
from tests.support.client import Reply, deliver, sweep

QUOTA = {
    "title": "Too Many Requests",
    "description": "too many uploads are under way; use or abort some first",
}


def told(reply: Reply) -> tuple[int, str]:
    return reply.status, str(reply.json().get("description"))


# --- completion


def test_completion_names_every_part_as_it_arrived(site: Site) -> None:
    upload = site.begin()
    first, last = site.put_all(upload, b"a" * 5 * MIB, b"b")
    for parts, why in (
        ([], "the parts named are not the 2 parts that arrived"),
        ([first], "the parts named are not the 2 parts that arrived"),
        ([first, last, last], "the parts named are not the 2 parts that arrived"),
        ([first, {**last, "PartNumber": 3}], "the parts named are not the 2 parts that arrived"),
        ([first, {**last, "ETag": first["ETag"]}], "a part has another ETag than the one that arrived"),
    ):
        assert told(site.complete(upload, parts)) == (422, why)
    unquoted = [{**part, "ETag": part["ETag"].strip('"')} for part in (last, first)]
    assert site.complete(upload, unquoted).status == 200, "their order and quotes do not matter"


@pytest.mark.parametrize(
    "body", [None, {}, {"parts": {}}, {"parts": [1]}, {"parts": [{"PartNumber": "1", "ETag": "x"}]}]
)
def test_a_completion_of_another_shape_is_refused(site: Site, body: Any) -> None:
    reply = site.client.post(site.begin().path("/complete"), json=body)
    assert told(reply) == (400, "parts must be a list of {PartNumber, ETag}")


def test_completion_demands_the_declared_size_and_what_s3_demands(site: Site) -> None:
    upload = site.begin(size=100)
    parts = site.put_all(upload, TEXT)
    assert told(site.complete(upload, parts)) == (422, f"the parts have {len(TEXT)} bytes together, not 100")
    small = site.begin()
    reply = site.complete(small, site.put_all(small, b"a", b"b"))
    assert told(reply) == (422, "every part but the last must have at least 5242880 bytes")
    empty = site.begin()
    assert told(site.complete(empty, [])) == (422, "no part has arrived")
    assert site.use(upload.id).status == 422, "what is not complete cannot be used"
    # Nothing is lost: the client sends what is missing and completes again.
    assert site.complete(upload, site.put_all(upload, bytes(100))).status == 200


def test_the_declared_digest_is_checked_by_the_scan(site: Site) -> None:
    upload = site.begin(sha256=sha256(TEXT).upper())
    site.complete(upload, site.put_all(upload, TEXT))
    assert site.verdict(upload.id) == ("clean", None)


class Slow:
    """An S3 that takes its time to put an object together."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: float = 0.05) -> None:
        self.may_go_on, self.done = threading.Event(), threading.Event()
        real = intake.join_parts

        def join_parts(*request: Any) -> None:
            self.may_go_on.wait(20)
            try:
                real(*request)
            finally:
                self.done.set()

        monkeypatch.setattr(intake, "join_parts", join_parts)
        monkeypatch.setattr(uploads, "PATIENCE", seconds)

    def go_on(self) -> None:
        self.may_go_on.set()
        assert self.done.wait(20)


def test_a_slow_completion_is_told_to_be_busy_and_succeeds_when_asked_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(monkeypatch)
    upload = site.begin()
    parts = site.put_all(upload, TEXT)
    reply = site.complete(upload, parts)
    assert told(reply) == (503, "the parts are still being put together; please ask again")
    assert reply.headers["Retry-After"] == "1"
    slow.go_on()
    assert site.complete(upload, parts).status == 200
    assert site.verdict(upload.id)[0] == "clean", "and the work that was queued for it finds nothing left to do"


def test_a_completion_that_died_with_its_request_is_finished_by_the_work_queue(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = site.begin()
    parts = site.put_all(upload, TEXT)
    with monkeypatch.context() as patch:
        patch.setattr(uploads, "PATIENCE", 0.01)
        patch.setattr(intake, "join_parts", lambda *_: threading.Event().wait(0.2))  # frozen with its function
        assert site.complete(upload, parts).status == 503
    assert site.verdict(upload.id)[0] == "clean"
    assert site.complete(upload, parts).status == 200


def test_work_for_an_upload_that_changed_its_mind_does_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    upload, aborted = site.begin(), site.begin()
    with monkeypatch.context() as patch:
        patch.setattr(uploads, "PATIENCE", 0.01)
        patch.setattr(intake, "join_parts", lambda *_: threading.Event().wait(0.2))
        for one in (upload, aborted):
            assert site.complete(one, site.put_all(one, TEXT)).status == 503
    site.put(upload, 2, b"another part")
    site.client.delete(aborted.path())
    deliver(app)
    uploads.finish("no such upload")
    assert intake.arrived(upload.answer["key"]) is None
    assert site.complete(upload, site.client.get(upload.path()).json()).status == 422, "part 1 is too small now"


def test_of_many_completions_at_once_each_succeeds(site: Site) -> None:
    upload = site.begin()
    parts = site.put_all(upload, b"x" * 5 * MIB, b"y")
    replies = at_once(8, lambda: site.complete(upload, parts))
    assert {reply.status for reply in replies} <= {200, 503}
    assert 200 in {reply.status for reply in replies}
    assert site.complete(upload, parts).status == 200
    assert site.verdict(upload.id)[0] == "clean"


# --- quotas


def test_uploads_count_until_they_are_used_or_aborted(site: Site) -> None:
    form = site.form(TEXT)
    upload = site.begin(size=3)
    assert site.counted() == (2, len(TEXT) + 3)
    site.send(form)
    assert site.use(form["id"]).status == 201
    assert site.counted() == (1, 3)
    site.client.delete(upload.path())
    assert site.counted() == (0, 0)
    assert site.counted(site.other) == (0, 0)


def test_too_many_uploads_or_bytes_are_refused_and_leave_nothing(site: Site) -> None:
    site.set(UPLOAD_QUOTA_OPEN="2", UPLOAD_QUOTA_BYTES="1000")
    first = site.begin(size=600)
    for refused in (site.client.get("/s3/params?filename=a&size=401"), begin(site, 401), begin(site, 1001)):
        assert (refused.status, refused.json()) == (429, QUOTA)
    assert site.begin(size=400)
    assert begin(site, 0).status == 429, "two are under way"
    assert len(site.under_way()) == 2
    assert site.counted() == (2, 1000)
    assert site.other.client.get("/s3/params?filename=a&size=1000").status == 200, "each principal has its own"
    site.client.delete(first.path())
    assert begin(site, 600).status == 200


def test_an_upload_of_undeclared_size_counts_for_what_it_is_once_complete(site: Site) -> None:
    site.set(UPLOAD_QUOTA_BYTES=str(80 * MIB), UPLOAD_UNDECLARED_BYTES="100")
    upload = site.begin()
    assert site.counted() == (1, 64 * MIB + 1)
    site.complete(upload, site.put_all(upload, TEXT))
    assert site.counted() == (1, len(TEXT))
    site.set(UPLOAD_QUOTA_BYTES=str(64 * MIB + 40))
    larger = site.begin()
    parts = [{"PartNumber": 1, "ETag": '"x"'}]
    monster = [Part(1, 64 * MIB + 100, "x")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intake, "parts", lambda *_: monster)
        assert site.complete(larger, parts).json() == QUOTA
    assert site.counted() == (2, len(TEXT) + 64 * MIB + 1)


def test_of_many_begun_at_once_exactly_as_many_as_allowed_begin(site: Site) -> None:
    site.set(UPLOAD_QUOTA_OPEN="5")
    statuses = [reply.status for reply in at_once(12, lambda: begin(site, 1))]
    assert sorted(statuses) == [200] * 5 + [429] * 7
    assert site.counted() == (5, 5)
    assert len(site.under_way()) == 5


def test_of_many_uses_at_once_one_succeeds_and_the_counter_goes_down_once(site: Site) -> None:
    upload, kept = site.sent(), site.sent()
    statuses = [reply.status for reply in at_once(6, lambda: site.use(upload))]
    assert sorted(statuses) == [201] + [422] * 5
    assert site.counted() == (1, len(TEXT))
    assert kept


@pytest.mark.parametrize("attempt", range(4))
def test_an_abort_against_a_use_leaves_one_of_the_two(site: Site, attempt: int) -> None:
    upload = site.begin()
    site.complete(upload, site.put_all(upload, TEXT))
    use, abort = at_once(2, lambda: site.use(upload.id), lambda: site.client.delete(upload.path()))
    assert (use.status, abort.status) in {(201, 404), (422, 200)}
    assert site.counted() == (0, 0)
    deliver(app)
    sweep(app)
    file = File.get_by_id(upload.id)
    assert file is not None
    assert bool(file.purged) == (abort.status == 200)


def begin(site: Site, size: int) -> Reply:
    return site.client.post("/s3/multipart", json={"filename": "a", "size": size})


def at_once(count: int, *acts: Callable[[], Reply]) -> list[Reply]:
    """Do the acts in turn, each in a thread of its own, all at once."""
    replies: dict[int, Reply] = {}
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        barrier.wait()
        replies[number] = acts[number % len(acts)]()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [replies[number] for number in range(count)]


# --- abandoned


def test_abandoned_uploads_end_expired_and_nothing_of_them_is_left(site: Site, wait: Callable[[float], None]) -> None:
    form, upload = site.form(), site.begin()
    site.put(upload, 1, TEXT)
    wait(23)
    sweep(app)
    assert site.client.get(upload.path()).status == 200
    assert site.counted()[0] == 2
    wait(2)
    for _ in range(2):
        sweep(app)
        deliver(app)
    for file_id in (form["id"], upload.id):
        file = File.get_by_id(file_id)
        assert file is not None
        assert (file.verdict, file.reason, file.purged) == ("expired", "never_arrived", True)
        assert file.due_at is None
    assert site.under_way() == []
    assert site.counted() == (0, 0)
    for reply in (site.client.get(upload.path()), site.client.get(upload.path("/1")), site.complete(upload, [])):
        assert reply.status == 404
    assert site.client.delete(upload.path()).status == 200
    assert site.use(form["id"]).status == 422


def test_uploads_that_arrived_and_were_never_used_go_after_a_day(site: Site, wait: Callable[[float], None]) -> None:
    upload = site.begin()
    site.complete(upload, site.put_all(upload, TEXT))
    single = site.sent()
    assert (site.verdict(upload.id)[0], site.verdict(single)[0]) == ("clean", "clean")
    assert site.counted() == (2, 2 * len(TEXT))
    wait(25)
    sweep(app)
    deliver(app)
    sweep(app)
    assert site.counted() == (0, 0)
    assert site.use(single).status == 422
    assert "Contents" not in aws.s3().list_objects_v2(Bucket=settings().library_bucket)


def test_an_aborted_upload_that_was_complete_is_removed_by_the_sweep(site: Site) -> None:
    upload = site.begin()
    site.complete(upload, site.put_all(upload, TEXT))
    assert site.client.delete(upload.path()).status == 200
    assert site.counted() == (0, 0)
    assert site.client.get(upload.path()).status == 404
    sweep(app)
    deliver(app)
    assert intake.arrived(upload.answer["key"]) is None
    assert site.use(upload.id).status == 422


def test_a_used_upload_cannot_be_aborted_or_added_to(site: Site) -> None:
    upload = site.begin()
    parts = site.put_all(upload, TEXT)
    site.complete(upload, parts)
    assert site.use(upload.id).status == 201
    assert site.client.delete(upload.path()).status == 404
    assert site.client.get(upload.path("/1")).status == 404
    assert site.verdict(upload.id)[0] == "clean"


def test_a_lost_answer_of_any_call_counts_nothing_twice(site: Site) -> None:
    def transaction(call: Call) -> bool:
        return call.operation == "TransactWriteItems"

    with lost_answers(transaction) as lost:
        upload: Multipart = site.begin(size=5)
    assert lost
    assert site.counted() == (1, 5)
    with lost_answers(transaction) as lost:
        assert site.client.delete(upload.path()).status == 200
    assert lost
    assert site.counted() == (0, 0)
