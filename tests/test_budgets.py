"""AWS calls per operation, counted against the budgets. The token lookup, once a minute a token, is left out."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from app import app
from chalicelib import aws, clock, identity
from chalicelib.files import receiving
from chalicelib.rows import DUE_SHARDS, transact
from infra.local.pump import Pump
from tests.files.scanners.samples import EICAR
from tests.support.calls import counting
from tests.support.client import Client, Reply, deliver
from tests.support.cloud import Cloud
from tests.support.world import TABLES

FILE = {"asset[file]": ("a.txt", b"hello")}


@dataclass
class Site:
    """A product with one clean, public asset, and a client that owns it."""

    cloud: Cloud
    owner: Client
    uid: str
    asset: str

    def create(self, **form: str) -> str:
        """The id of a new asset."""
        fields = {f"asset[{name}]": value for name, value in form.items()}
        return str(self.owner.post("/assets", files=FILE, form=fields).json()["id"][-24:])


@pytest.fixture
def site(cloud: Cloud) -> Site:
    """One clean asset; the owner's token is known already."""
    token, entry = identity.mint("owner")
    owner = Client(app, {"Authorization": f"Bearer {token}"})
    site = Site(cloud, owner, entry.principal.uid, "")
    site.asset = site.create()
    deliver(app)
    return site


def calls(act: Callable[[], object]) -> Counter[str]:
    """The AWS calls that an act makes."""
    with counting() as recorded:
        act()
    return recorded.counts()


def budget(**counts: int) -> Counter[str]:
    """Calls by their short names."""
    names = {
        "get": "dynamodb.GetItem",
        "batch": "dynamodb.BatchGetItem",
        "query": "dynamodb.Query",
        "update": "dynamodb.UpdateItem",
        "transaction": "dynamodb.TransactWriteItems",
        "s3_put": "s3.PutObject",
        "s3_get": "s3.GetObject",
        "s3_head": "s3.HeadObject",
        "s3_copy": "s3.CopyObject",
        "s3_delete": "s3.DeleteObject",
        "s3_list": "s3.ListObjectsV2",
        "s3_tag": "s3.PutObjectTagging",
        "s3_begin": "s3.CreateMultipartUpload",
        "s3_parts": "s3.ListParts",
        "s3_join": "s3.CompleteMultipartUpload",
        "s3_abort": "s3.AbortMultipartUpload",
        "delay": "sqs.ChangeMessageVisibility",
    }
    return Counter({names[name]: count for name, count in counts.items()})


def public(site: Site, name: str = "a.txt") -> Reply:
    """The asset's file from the public host."""
    return Client(app).get(f"http://assets.test/media/{site.asset}/{name}")


def test_reading_an_asset_is_one_get(site: Site) -> None:
    assert calls(lambda: site.owner.get(f"/assets/{site.asset}")) == budget(get=1)


def test_a_page_of_assets_is_one_query_and_one_batch_get(site: Site) -> None:
    for _ in range(4):
        site.create()
    one_page = budget(query=1, batch=1)
    assert calls(lambda: site.owner.get("/assets")) == one_page
    assert calls(lambda: site.owner.get("/assets?limit=2")) == one_page
    assert calls(lambda: site.owner.get("/assets?deleted=true")) == budget(query=1), "there is nothing to look up"


def test_a_direct_upload_is_one_put_and_one_transaction(site: Site) -> None:
    assert calls(lambda: site.owner.post("/assets", files=FILE)) == budget(s3_put=1, transaction=1)


def test_a_clean_verdict_with_its_publication(site: Site) -> None:
    site.create()
    verdict = Counter(budget(update=4, s3_get=1, s3_copy=1, s3_delete=1))  # claim, verdict, owner's write, settled
    publication = Counter(budget(update=2, s3_copy=1))  # lease, settled
    assert calls(lambda: deliver(app)) == verdict + publication


def test_a_clean_verdict_of_a_draft(site: Site) -> None:
    site.create(draft="true")
    assert calls(lambda: deliver(app)) == budget(update=4, s3_get=1, s3_copy=1, s3_delete=1)


def test_an_infected_verdict(site: Site) -> None:
    site.owner.post("/assets", files={"asset[file]": ("a.txt", EICAR)})
    assert calls(lambda: deliver(app)) == budget(update=4, s3_get=1, s3_tag=1)


def test_a_duplicate_message_afterwards_is_one_failed_claim(site: Site) -> None:
    site.create()
    queue = site.cloud.settings.scan_small_queue
    body = aws.sqs().receive_message(QueueUrl=queue, MaxNumberOfMessages=1)["Messages"][0]["Body"]
    site.cloud.hand_back()
    deliver(app)
    aws.sqs().send_message(QueueUrl=queue, MessageBody=body)
    assert calls(lambda: deliver(app)) == budget(update=1)


def test_inline_media_is_one_read_and_one_s3_get(site: Site) -> None:
    assert calls(lambda: public(site)) == budget(get=1, s3_get=1)


def test_a_range_and_a_head_cost_no_more(site: Site) -> None:
    path = f"http://assets.test/media/{site.asset}/a.txt"
    assert calls(lambda: Client(app).get(path, headers={"Range": "bytes=1-2"})) == budget(get=1, s3_get=1)
    assert calls(lambda: Client(app).head(path)) == budget(get=1, s3_head=1)


def test_an_old_name_is_one_query_more(site: Site) -> None:
    site.owner.put(f"/assets/{site.asset}", files={"asset[file]": ("b.txt", b"new")})
    deliver(app)
    assert calls(lambda: public(site)) == budget(get=1, query=1)


def test_replacing_a_file_withdraws_the_old_one(site: Site) -> None:
    replace = calls(lambda: site.owner.put(f"/assets/{site.asset}", files={"asset[file]": ("b.txt", b"new")}))
    assert replace == budget(get=1, s3_put=1, transaction=1) + Counter(budget(update=2, s3_delete=1))


def test_changing_facts_is_one_get_and_one_transaction(site: Site) -> None:
    change = {"asset": {"access_limited": ["a"]}}
    assert calls(lambda: site.owner.put(f"/assets/{site.asset}", json=change)) == budget(get=1, transaction=1)


def test_deleting_withdraws_and_restoring_publishes(site: Site) -> None:
    withdrawal, publication = budget(update=2, s3_delete=1), budget(update=2, s3_copy=1)
    write = budget(get=1, transaction=1)
    assert calls(lambda: site.owner.delete(f"/assets/{site.asset}")) == write + withdrawal
    assert calls(lambda: site.owner.post(f"/assets/{site.asset}/restore")) == write + publication


def test_using_an_upload_is_one_read_one_list_and_one_transaction(site: Site) -> None:
    file, step = receiving.begin_upload(name="a.txt", content_type="text/plain", size=5, uploader=site.uid)
    transact(step)
    aws.s3().put_object(Bucket=site.cloud.settings.intake_bucket, Key=file.intake_key, Body=b"hello")
    use = {"asset": {"upload": file.file_id}}
    assert calls(lambda: site.owner.post("/assets", json=use)) == budget(get=1, s3_list=1, transaction=1)


def test_starting_an_upload_is_one_transaction(site: Site) -> None:
    assert calls(lambda: site.owner.get("/s3/params?filename=a&size=5")) == budget(transaction=1)
    begin = {"filename": "a", "size": 5}
    assert calls(lambda: site.owner.post("/s3/multipart", json=begin)) == budget(s3_begin=1, transaction=1)


def test_the_parts_of_an_upload_cost_one_read_and_what_s3_is_asked(site: Site) -> None:
    upload = site.owner.post("/s3/multipart", json={"filename": "a"}).json()
    path, key = f"/s3/multipart/{upload['uploadId']}", f"?key={upload['key']}"
    assert calls(lambda: site.owner.get(f"{path}/1{key}")) == budget(get=1)
    assert calls(lambda: site.owner.get(f"{path}/batch{key}&partNumbers=1,2,3")) == budget(get=1)
    request = {"Bucket": upload["bucket"], "Key": upload["key"], "UploadId": upload["uploadId"]}
    etag = aws.s3().upload_part(**request, PartNumber=1, Body=b"hello")["ETag"]
    assert calls(lambda: site.owner.get(f"{path}{key}")) == budget(get=1, s3_parts=1)
    parts = {"parts": [{"PartNumber": 1, "ETag": etag}]}
    complete = calls(lambda: site.owner.post(f"{path}/complete{key}", json=parts))
    assert complete == budget(get=1, s3_parts=1, transaction=1, s3_join=1)
    again = calls(lambda: site.owner.post(f"{path}/complete{key}", json=parts))
    assert again == budget(get=1, s3_parts=1, s3_list=1)
    use = {"asset": {"upload": upload["id"]}}
    assert calls(lambda: site.owner.post("/assets", json=use)) == budget(get=1, s3_list=1, transaction=1)


def test_aborting_an_upload_is_one_read_and_one_transaction(site: Site) -> None:
    upload = site.owner.post("/s3/multipart", json={"filename": "a"}).json()
    path = f"/s3/multipart/{upload['uploadId']}?key={upload['key']}"
    assert calls(lambda: site.owner.delete(path)) == budget(get=1, transaction=1, s3_abort=1)


def test_a_whitehall_path_costs_one_read_more(site: Site) -> None:
    path = "/government/uploads/a.txt"
    form = {"asset[legacy_url_path]": path}
    upload = calls(lambda: site.owner.post("/whitehall_assets", files=FILE, form=form))
    assert upload == budget(get=1, s3_put=1, transaction=1)
    deliver(app)
    assert calls(lambda: Client(app).get(f"http://assets.test{path}")) == budget(get=2, s3_get=1)


def test_an_idle_sweep_asks_each_shard_of_each_table_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    once_each = budget(query=DUE_SHARDS * len(TABLES))
    assert calls(lambda: Pump(app).run_schedules("sweep")) == once_each
    later = clock.now() + timedelta(days=366)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert calls(lambda: Pump(app).run_schedules("sweep")) == once_each, "a settled asset is never due"
