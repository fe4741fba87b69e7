"""What bundles, copies and deletions do survives a death at any AWS call, and messages that come again and again."""

import random
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from chalicelib.apis.projectassets import sharing
from chalicelib.files import multipart, objects
from chalicelib.jobs.leases import ATTEMPTS, UNSENT_SECONDS
from chalicelib.jobs.models import Job, Part
from chalicelib.rows import update
from tests.support.bundles import DEVICE_BUCKET, OWN_ROOT, SOURCE, TARGET, Bundles, disagreements, everything_wrong
from tests.support.calls import Call, counting, on_call
from tests.support.crashes import Scenario, survive
from tests.support.world import World

FILES = {"a": b"a", "dir_b": b"bb"}
CONTENTS = {"a": b"a", "dir/b": b"bb"}
DONE, NEW = (6, True), (0, False)


def arranged(world: World) -> tuple[Bundles, int]:
    """A project with files and a linked asset that has one of them for its own."""
    bundles = Bundles(world)
    project = bundles.project(**FILES)
    bundles.linked(project, path_file=SOURCE + "a")
    return bundles, project


def asked_to_copy_and_share(world: World) -> None:
    bundles, project = arranged(world)
    bundles.client.post("/api/productions/", json={"name": "Sport", "codename": "sport"})
    body = {"name": "Copy", "bundle_root": TARGET, "production_id": 2, "copy_of": project}
    assert bundles.client.post("/api/projectassets/?share_linked_assets=1", json=body).status == 201


def asked_to_copy_bytes(world: World) -> None:
    bundles, project = arranged(world)
    bundles.with_own_bucket().copy(project, OWN_ROOT)


def asked_to_delete(world: World) -> None:
    bundles, project = arranged(world)
    bundles.delete(project)


def target_deleted_meanwhile(world: World) -> None:
    bundles, project = arranged(world)
    bundles.delete(bundles.copy(project))


def verdict(world: World) -> None:
    bundles = Bundles(world)
    bundles.put(bundles.project(), "a", b"a")


def verdict_on_a_media_asset(world: World) -> None:
    Bundles(world)
    form = {"name": "Clip", "production_id": "1", "path_file": "/mnt/archive/clip.mov"}
    assert world.client.post("/api/videoassets/", form=form, files={"file": ("clip.mov", b"clip")}).status == 201


def canceled_copy(world: World) -> None:
    bundles, project = arranged(world)
    url = f"/api/projectassets/{bundles.copy(project)}/job/"
    assert world.client.delete(url).status == 202


def complete_share(media: int) -> None:
    assert sharing.begin(("video", media), 2)
    assert sharing.complete(("video", media), 2)


def past_its_time(world: World) -> None:
    """A project and a media asset whose `date_del` has come."""
    bundles, project = arranged(world)
    media = bundles.linked(bundles.project(TARGET), "image", path_file="/mnt/archive/x.png")
    shared = bundles.linked(bundles.project("/mnt/archive/c/"), path_file="/mnt/archive/y.mov")
    complete_share(shared)
    for url in (f"/api/projectassets/{project}/", f"/api/imageassets/{media}/", f"/api/videoassets/{shared}/"):
        assert world.client.patch(url, json={"date_del": (world.now() + timedelta(days=1)).isoformat()}).status == 200
    world.travel(2 * 86400)


def deletion_whose_message_was_lost(world: World) -> None:
    asked_to_delete(world)
    world.lose_messages()
    world.travel(UNSENT_SECONDS + 1)


def part_whose_message_was_lost(world: World) -> None:
    being_copied(world)
    world.deliver_batch("work")
    world.lose_messages()
    world.travel(UNSENT_SECONDS + 1)


def copy_canceled_when_files_were_there(world: World) -> None:
    number = being_copied(world)
    for _ in range(2):
        world.deliver_batch("work")
    cancel_copy(world, number)


def replaced_file(world: World) -> None:
    bundles, project = arranged(world)
    bundles.put(project, "a", b"new")
    world.deliver()
    world.travel(2)


def part_of_a_job_that_has_ended(world: World) -> None:
    """A part that one worker counted off is taken up once more."""
    bundles, project = arranged(world)
    bundles.copy(project)
    world.deliver()
    [part, *_] = [row for row in world.rows("jobs_table") if row["sk"].startswith("part#")]
    row = Part(pk=part["pk"], sk=part["sk"])
    update(row, [Part.state.set("queued"), *row.due_from(int(world.now().timestamp()))])
    world.send({"part": f"{row.job_id}/{row.number}"}, "work_queue")


def large_copy_of_bytes(world: World) -> None:
    """One of whose files is copied in parts."""
    world.cloud.monkeypatch.setattr(objects, "COPY_LIMIT", 1)
    world.cloud.monkeypatch.setattr(multipart, "COPY_PART", 5 * 1024**2)
    asked_to_copy_bytes(world)


def deletion_that_keeps_failing(world: World) -> None:
    """Every attempt but the last was made."""
    asked_to_delete(world)
    [job] = [row["pk"] for row in world.rows("jobs_table") if row.get("kind") == "projectassets.delete"]
    update(Job.at(job.removeprefix("job#")), [Job.attempts.set(ATTEMPTS)])


def deliver(world: World, _: object) -> None:
    world.deliver()


def sweep(world: World, _: object) -> None:
    world.sweep()


def cancel_copy(world: World, number: int) -> None:
    assert world.client.delete(f"/api/projectassets/{number}/job/").status in (202, 404, 409, 503)


def being_copied(world: World) -> int:
    bundles, project = arranged(world)
    return bundles.copy(project)


def put(world: World, found: tuple[Bundles, int]) -> None:
    found[0].put(found[1], "new", b"new")


def replace(world: World, found: tuple[Bundles, int]) -> None:
    found[0].put(found[1], "a", b"new")


def remove(world: World, found: tuple[Bundles, int]) -> None:
    found[0].client.delete(found[0].url(found[1], "a"))


def ask_copy(world: World, found: tuple[Bundles, int]) -> None:
    found[0].ask_copy(found[1])


def ask_delete(world: World, found: tuple[Bundles, int]) -> None:
    found[0].client.delete(f"/api/projectassets/{found[1]}/")


MESSAGES = [
    Scenario("part whose message was lost", part_whose_message_was_lost, sweep, "message"),
    Scenario("release of a replaced file", replaced_file, sweep, "message"),
    Scenario("verdict", verdict, deliver, "message"),
    Scenario("copy and share", asked_to_copy_and_share, deliver, "message"),
    Scenario("deletion", asked_to_delete, deliver, "message"),
    Scenario("deletion of a target", target_deleted_meanwhile, deliver, "message"),
    Scenario("verdict on a media asset", verdict_on_a_media_asset, deliver, "message"),
    Scenario("canceled copy", canceled_copy, deliver, "message"),
    Scenario("canceled copy with files", copy_canceled_when_files_were_there, deliver, "message"),
    Scenario("copy of bytes", asked_to_copy_bytes, deliver, "message"),
    Scenario("housekeeping", past_its_time, sweep, "message"),
    Scenario("deletion whose message was lost", deletion_whose_message_was_lost, sweep, "message"),
    Scenario("part of a job that has ended", part_of_a_job_that_has_ended, deliver, "message"),
    Scenario("large copy of bytes", large_copy_of_bytes, deliver, "message"),
]
REQUESTS = [
    Scenario("put", arranged, put),
    Scenario("replacement", arranged, replace),
    Scenario("removal", arranged, remove),
    Scenario("request for a copy", arranged, ask_copy),
    Scenario("request for a deletion", arranged, ask_delete, repeatable=True),
    Scenario("cancelling", being_copied, cancel_copy, repeatable=True),
]


@pytest.mark.parametrize("scenario", [*MESSAGES, *REQUESTS], ids=lambda scenario: scenario.name.replace(" ", "-"))
def test_survives_a_crash_at_every_call(world: World, scenario: Scenario) -> None:
    report = survive(world, scenario, disagreements)
    print(f"{report.scenario}: {report.crash_points} crash points, {report.calls}")
    assert report.crash_points > 0
    assert not report.failures, "\n".join(report.failures[:3])


def test_a_copy_of_bytes_that_are_gone_survives_a_crash_at_every_call(world: World) -> None:
    def lose(call: Call) -> None:
        if call.operation == "CopyObject" and call.params["Bucket"] == DEVICE_BUCKET:
            key = call.params["CopySource"]["Key"]
            named = [row["sk"] for row in world.rows("productions_table") if row.get("library_key") == key]
            if named[0].endswith("dir/b"):
                raise ClientError({"Error": {"Code": "NoSuchKey"}}, "CopyObject")

    scenario = Scenario("copy of bytes that are gone", asked_to_copy_bytes, deliver, "message")
    with on_call(before=lose):
        report = survive(world, scenario, lambda world: [*disagreements(world), *not_failed(world)])
    assert not report.failures, "\n".join(report.failures[:3])


def test_a_deletion_that_failed_too_often_survives_a_crash_at_every_call(world: World) -> None:
    def check(world: World) -> list[str]:
        """What could not be deleted keeps its files."""
        return [problem for problem in disagreements(world) if "has failed and has files" not in problem]

    scenario = Scenario("deletion that keeps failing", deletion_that_keeps_failing, deliver, "message")
    report = survive(world, scenario, check)
    assert not report.failures, "\n".join(report.failures[:3])


def not_failed(world: World) -> list[str]:
    states = {row["pk"]: row["status_asset"] for row in world.rows("productions_table") if row["sk"] == "project"}
    return [] if states == {"project#1": 6, "project#2": -1} else [f"the projects are {states}"]


def test_the_check_sees_what_is_wrong(world: World) -> None:
    arranged(world)
    assert everything_wrong(world) == []
    row = next(row for row in world.rows("productions_table") if row["sk"].endswith("dir/b"))
    key = {"pk": {"S": row["pk"]}, "sk": {"S": row["sk"]}}
    world.inspect("dynamodb").delete_item(TableName=world.cloud.settings.productions_table, Key=key)
    assert len(disagreements(world)) == 1


@pytest.mark.parametrize("seed", range(2))
def test_every_message_three_times_in_any_order_ends_as_once_in_order(world: World, seed: int) -> None:
    bundles, source = arranged(world)
    bundles.with_own_bucket()
    copies = [bundles.copy(source, f"/mnt/archive/copy/{number}/") for number in range(3)]
    own = bundles.copy(source, OWN_ROOT)
    doomed = bundles.copy(source, "/mnt/archive/doomed/")
    canceled = bundles.copy(source, "/mnt/archive/canceled/")
    bundles.delete(doomed)
    bundles.client.delete(f"/api/projectassets/{canceled}/job/")
    order = random.Random(seed)
    with counting() as calls:
        for _ in range(6):
            messages = world.messages("work_queue") * 3
            world.lose_messages()
            order.shuffle(messages)
            for message in messages:
                world.send(message, "work_queue")
                if order.random() < 0.5:
                    world.deliver(failing=True)
            world.deliver(failing=True)
            world.cloud.hand_back()
        world.repair()
    assert [bundles.state(copy) for copy in (*copies, own)] == [DONE] * 4
    assert all(bundles.contents(copy) == CONTENTS for copy in (*copies, own))
    assert (bundles.state(doomed), bundles.state(canceled)) == (None, (-1, False))
    assert calls.counts()["s3.CopyObject"] == len(FILES)
    bundles.delete(source)
    world.repair()
    assert all(bundles.contents(copy) == CONTENTS for copy in (*copies, own))
    assert everything_wrong(world) == []
