"""The sweep looks after every kind of row that is due, and work does whatever its messages say.

As with verdicts (`test_verdicts_by_function`), much of it is done by other functions too. Each may do it only because
it does it here by itself.
"""

from datetime import timedelta

from chalicelib.apis.assets import chains
from chalicelib.apis.projectassets import links
from chalicelib.apis.workspaces import uses
from chalicelib.files import intake, multipart, objects
from tests.conformance.stores.errands import employ, listing
from tests.faults import stores, workspaces
from tests.faults.arranged import DAY, due_to_be_released, failing_once, large_draft_published, missed_event
from tests.files.scanners.samples import EICAR
from tests.infra import parts
from tests.infra.parts import Part, does, dying, named, uploaded
from tests.support.bundles import DEVICE_BUCKET, OWN_ROOT, Bundles
from tests.support.distribution import Distribution
from tests.support.world import World, world

__all__ = ["world"]


def missed_large(world: World) -> None:
    world.cloud.monkeypatch.setattr(intake, "SMALL_LIMIT", 0)
    missed_event(world)
    world.travel(2 * 3600)


def never_used(world: World) -> None:
    """An upload in parts that never came and has expired, and one that came and was infected."""
    assert world.client.post("/s3/multipart", json={"filename": "a.txt", "size": 5}).status == 200
    world.travel(3600)
    parts.send_upload(world, EICAR)
    world.deliver()
    world.travel(23.5 * 3600)
    world.sweep()
    world.travel(3600)


def replaced_object(world: World) -> None:
    parts.large_object(world)
    world.deliver()
    assert world.client.put(f"{stores.PROJECT}/object/large", json=1).status == 200
    world.travel(2)


def replaced_bundle_file(world: World) -> None:
    bundles = Bundles(world)
    bundles.put(bundles.project(a=b"first"), "a", b"second")
    world.deliver()
    world.travel(2)


def replaced_on_a_device(world: World) -> None:
    bundles = Bundles(world).with_own_bucket()
    copy = bundles.copy(bundles.project(a=b"first"), OWN_ROOT)
    world.deliver()
    bundles.put(copy, "a", b"second")
    world.deliver()
    world.travel(2)


def replaced_resource(world: World) -> None:
    parts.resource(world)
    workspaces.upload(world, "/resources/x", b"second")
    world.deliver()
    world.travel(2)


def vanished_resource(world: World) -> None:
    parts.resource(world)
    parts.vanish(world)


def unpublished(world: World) -> None:
    """Whoever made a draft public died before the media bucket followed."""
    asset = uploaded(world, draft="true")
    with dying(before="CopyObject"):
        world.change(asset, draft="false")
    world.travel(1000)


def not_withdrawn(world: World) -> None:
    Distribution(world.cloud)
    asset = uploaded(world)
    with dying(before="DeleteObject"):
        world.change(asset, draft="true")
    world.travel(1000)


def large_draft_forgotten(world: World) -> None:
    large_draft_published(world)
    world.lose_messages()
    world.travel(1000)


def sent_in_vain(world: World) -> None:
    """The messages of a deletion and of a task for a worker have been lost."""
    Bundles(world).project()
    assert world.client.delete("/api/projectassets/1/").status == 202
    stores.project(world, "g1")
    stores.put(world, b"PK\5\6" + bytes(18), name="a.zip")
    world.deliver("scan_small")
    parts.schedule(world, "zip")
    world.lose_messages()
    world.travel(1000)


def silent_worker(world: World) -> None:
    parts.claimed(world)
    world.travel(1000)


def deleted_for_good(world: World) -> None:
    world.cloud.set(DELETED_DAYS="1")
    world.client.delete(f"/assets/{uploaded(world)}")
    world.travel(2 * DAY)


def left_behind(world: World) -> None:
    """A -> B -> C -> D: when C was published A was to follow B to C, but whoever did that died. B was deleted."""
    world.cloud.set(DELETED_DAYS="1")
    _, second, third = chained(world, draft="c")
    world.client.delete(f"/assets/{second}")
    with dying(after="TransactWriteItems"):
        world.change(third, draft="false")
    world.travel(2 * DAY)


def chained(world: World, draft: str = "") -> tuple[str, str, str]:
    """A -> B, C -> D, and B -> C, which A follows to C unless that is a draft; gives A, B and C."""
    first, second, third, fourth = (uploaded(world, name=f"{x}.txt", draft=str(x == draft).lower()) for x in "abcd")
    for asset, replacement in ((first, second), (third, fourth), (second, third)):
        assert world.change(asset, replacement_id=replacement).status == 200
    return first, second, third


def replacements(world: World) -> dict[str, str]:
    """The names of assets, and of those that replace them."""
    rows = {row["pk"].removeprefix("asset#"): row for row in world.rows("assets_table") if row["sk"] == "asset"}
    return {row["name"]: rows[row["replacement_id"]]["name"] for row in rows.values() if "replacement_id" in row}


def past_its_date(world: World) -> None:
    bundles = Bundles(world)
    bundles.linked(bundles.project(a=b"a"))
    moment = (world.now() + timedelta(days=1)).isoformat()
    for url in ("/api/projectassets/1/", "/api/videoassets/1/"):
        assert world.client.patch(url, json={"date_del": moment}).status == 200
    world.travel(2 * DAY)


def loose(world: World) -> None:
    """Whoever wrote an asset with many dependencies died ahead of the asset itself."""
    parts.workspace(world)
    for name in "abc":
        workspaces.put(world, f"/assets/{name}")
    world.cloud.monkeypatch.setattr(uses, "_TOGETHER", 0)
    with dying(after="TransactWriteItems"):
        workspaces.put(world, "/assets/all", dependencies=[f"/assets/{name}" for name in "abc"])
    world.travel(1000)


def loose_ends(world: World) -> list[str]:
    return [row["sk"] for row in world.rows("workspaces_table") if row["sk"].startswith(("used#", "loose#"))]


def waiting(world: World) -> set[str]:
    return {name.removeprefix("assetmanager-local-") for name in world.waiting()}


def kept(world: World) -> int:
    return len(world.keys("library_bucket"))


def public(world: World) -> list[bytes]:
    return list(world.published().values())


def arrivals(world: World) -> int:
    return len(world.objects("intake_bucket"))


def on_device(world: World) -> int:
    return len(world.inspect("s3").list_objects_v2(Bucket=DEVICE_BUCKET).get("Contents", []))


def statuses_of_tasks(world: World) -> list[str]:
    return [task["status"] for task in world.client.get("/api/workers/queue").json()]


def project_and_media(world: World) -> list[int]:
    return [world.client.get(f"/api/{kind}assets/1/").status for kind in ("project", "video")]


SWEEPS = [
    Part("event that was missed", missed_event, waiting, {"scan-small"},
         "Query files/index/due, GetItem files, ListBucket intake, UpdateItem files, SendMessage scan-small"),
    Part("event of a large file that was missed", missed_large, waiting, {"scan-large"}, "SendMessage scan-large"),
    Part("uploads that nobody used", never_used, arrivals, 0,
         "AbortMultipartUpload intake/small, ListBucketVersions intake, DeleteObjectVersion intake/small"),
    Part("replaced file of an asset", due_to_be_released, kept, 1,
         "GetItem assets, DeleteItem files, ListBucket library, DeleteObject library"),
    Part("replaced object of a store", replaced_object, kept, 0, "GetItem stores, DeleteItem files"),
    Part("replaced file of a bundle", replaced_bundle_file, kept, 1, "GetItem productions, DeleteItem files"),
    Part("replaced file on a device", replaced_on_a_device, on_device, 0,
         f"ListBucket {DEVICE_BUCKET}, DeleteObject {DEVICE_BUCKET}"),
    Part("replaced resource of a workspace", replaced_resource, kept, 1, "GetItem workspaces, DeleteItem files"),
    Part("resource that has vanished", vanished_resource, parts.resource_status, 404,
         "PutItem workspaces, ConditionCheckItem workspaces"),
    Part("file to be published", unpublished, public, [b"first"], "PutObject media, GetObject library"),
    Part("file to be withdrawn", not_withdrawn, public, [], "DeleteObject media, SendMessage edge"),
    Part("large file to be published", large_draft_forgotten, waiting, {"work"}, "SendMessage work"),
    Part("job and task whose messages were lost", sent_in_vain, waiting, {"work", "process"},
         "GetItem jobs, UpdateItem jobs, SendMessage work, GetItem stores, UpdateItem stores, SendMessage process"),
    Part("task whose worker has fallen silent", silent_worker, statuses_of_tasks, ["new"],
         "BatchGetItem stores, UpdateItem stores, PutItem stores, SendMessage process"),
    Part("asset that was deleted long ago", deleted_for_good, kept, 0,
         "GetItem assets, PutItem assets, DeleteItem assets, UpdateItem files"),
    Part("deleted asset that others point at", left_behind, replacements,
         {"a.txt": "c.txt", "b.txt": "c.txt", "c.txt": "d.txt"},
         "Query assets, ConditionCheckItem assets, PutItem jobs, UpdateItem jobs"),
    Part("project and media asset past their date", past_its_date, project_and_media, [200, 404],
         "GetItem productions, UpdateItem productions, Query productions, DeleteItem productions, PutItem jobs"),
    Part("dependencies without their asset", loose, loose_ends, [],
         "GetItem workspaces, BatchGetItem workspaces, UpdateItem workspaces, DeleteItem workspaces"),
]  # fmt: skip


@named(SWEEPS)
def test_the_sweep_looks_after_every_row_that_is_due(world: World, part: Part) -> None:
    part.check(world, "sweep", world.sweep)


# --- work


def relinked_later(world: World) -> None:
    """As `chained`; A is to follow B by a message."""
    world.cloud.monkeypatch.setattr(chains, "_AT_ONCE", 0)
    chained(world)


def linked_by_many(world: World) -> None:
    """A project that is to be copied links a media asset that as many projects link as it can name."""
    world.cloud.monkeypatch.setattr(links, "MARKED", 1)
    bundles = Bundles(world)
    project = bundles.project()
    bundles.linked(project)
    bundles.copy(project)


def infected_in_parts(world: World) -> None:
    """A project that is to be deleted has an infected file that came as an upload in parts."""
    bundles = Bundles(world)
    upload = world.client.post("/s3/multipart", json={"filename": "a.txt", "size": len(EICAR)}).json()
    request = {"Bucket": upload["bucket"], "Key": upload["key"], "UploadId": upload["uploadId"]}
    etag = world.inspect("s3").upload_part(**request, PartNumber=1, Body=EICAR)["ETag"]
    url = f"/s3/multipart/{upload['uploadId']}/complete?key={upload['key']}"
    assert world.client.post(url, json={"parts": [{"PartNumber": 1, "ETag": etag}]}).status == 200
    project = bundles.project()
    assert world.client.put(f"{bundles.url(project, 'a')}?upload={upload['id']}").status == 201
    world.deliver()
    bundles.delete(project)


def copied_in_parts(world: World) -> None:
    """A draft that is too large for one copy was made public, and copying fails once it has begun."""
    large_draft_published(world)
    world.cloud.monkeypatch.setattr(objects, "COPY_LIMIT", 0)
    failing_once(world, multipart, "spans", RuntimeError("not now"))


def copy_status(world: World) -> int:
    return int(world.client.get("/api/projectassets/2/").json()["status_asset"])


WORK = [
    Part("replacement to be followed", relinked_later, replacements,
         {"a.txt": "c.txt", "b.txt": "c.txt", "c.txt": "d.txt"},
         "Query assets, ConditionCheckItem assets, PutItem assets, UpdateItem assets, DeleteItem assets"),
    Part("copy of a project that links what many link", linked_by_many, copy_status, 6,
         "ConditionCheckItem productions"),
    Part("deletion of an infected file that came in parts", infected_in_parts, arrivals, 0,
         "AbortMultipartUpload intake/small, ListBucketVersions intake, DeleteObjectVersion intake/small"),
    Part("copy in parts that fails", copied_in_parts, public, [], "PutObject media, AbortMultipartUpload media"),
]  # fmt: skip


@named(WORK)
def test_work_does_what_its_messages_say(world: World, part: Part) -> None:
    part.check(world, "work", lambda: world.deliver("work", failing=True))


# --- and what the others do seldom


def test_a_worker_takes_back_what_an_attempt_before_made_otherwise(world: World) -> None:
    copyist = employ(world.cloud.monkeypatch)
    stores.project(world, "g1")
    stores.put(world, listing("a.txt", "b.txt"), name="all.list")
    world.deliver()
    parts.schedule(world, "copy")
    with dying(after="TransactWriteItems", over="made#map/000000001/copy/all/a/"):
        world.deliver("process")
    copyist.content = {"a.txt": b"anew"}
    world.travel(1000)
    world.cloud.hand_back()
    before = kept(world)
    with does("process", "PutObject library, DeleteObject library"):
        world.deliver("process")
    assert kept(world) == before


def test_a_request_demands_that_a_chain_of_replacements_stays(world: World) -> None:
    first, second, third = (uploaded(world, name=f"{name}.txt") for name in "abc")
    assert world.change(second, replacement_id=third).status == 200
    with does("api_handler", "ConditionCheckItem assets"):
        assert world.change(first, replacement_id=second).status == 200
