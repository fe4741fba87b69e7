"""Bytes whose verdict is not clean never leave, whichever way they are asked for (invariant 1)."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest

from app import app
from chalicelib import aws, identity
from chalicelib.files import objects
from tests.files.scanners.samples import EICAR
from tests.support.client import Client, Reply, deliver
from tests.support.cloud import ORIGIN_SECRET, Cloud

SECRET = b"never to be seen before it is scanned"
BYPASS = "bypass-secret-of-the-tests-0123456789"

HOSTS = ("http://api.test", "http://assets.test", "http://draft-assets.test", "http://stores.test", "http://else.test")
FORGED: tuple[dict[str, str], ...] = (
    {},
    {"X-Forwarded-Host": "assets.test"},
    {"X-Forwarded-Host": "assets.test", "X-Origin-Secret": "wrong"},
    {"X-Forwarded-Host": "assets.test", "X-Origin-Secret": ORIGIN_SECRET},
    {"X-Forwarded-Host": "draft-assets.test", "X-Origin-Secret": ORIGIN_SECRET},
    {"Range": "bytes=0-9"},
    {"If-None-Match": "*"},
)


@pytest.fixture
def root(cloud: Cloud) -> Client:
    """A client who may do everything."""
    cloud.set(AUTH_BYPASS_SECRET=BYPASS)
    token, _ = identity.mint("root", superuser=True)
    return Client(app, {"Authorization": f"Bearer {token}"})


def attempts(client: Client, *paths: str) -> Iterator[Reply]:
    """Every way of asking for these paths: hosts, forged hosts, methods, ranges, with and without credentials."""
    everything = jwt.encode({"sub": "x", "draft_asset_manager_access": True}, BYPASS, "HS256")
    stranger = Client(app)
    for path, host, headers in itertools.product(paths, HOSTS, FORGED):
        for caller in (client, stranger):
            yield caller.get(f"{host}{path}", headers=headers)
        yield client.head(f"{host}{path}", headers=headers)
        yield stranger.get(f"{host}{path}?token={everything}", headers=headers)


def bytes_in(bucket: str) -> list[bytes]:
    """The content of every object of a bucket."""
    keys = [found["Key"] for found in aws.s3().list_objects_v2(Bucket=bucket).get("Contents", [])]
    return [body.read() for key in keys if (body := objects.get(bucket, key).body) is not None]


def assert_hidden(cloud: Cloud, client: Client, content: bytes, *paths: str) -> None:
    """No way of asking gives a piece of `content`, and neither library nor media hold it."""
    for reply in attempts(client, *paths):
        assert content[:10] not in reply.body
        assert reply.status not in (200, 206, 304) or reply.headers["content-type"].startswith("application/json")
        assert "X-Amz-Signature" not in reply.headers.get("location", "")
    for bucket in (cloud.settings.library_bucket, cloud.settings.media_bucket):
        assert not any(content in stored for stored in bytes_in(bucket))


def created(reply: Reply) -> str:
    """The id of the asset that was created."""
    assert reply.status in (200, 201), reply.text
    return str(reply.json()["id"].rpartition("/")[2])


def test_an_unscanned_file_is_served_nowhere(cloud: Cloud, root: Client) -> None:
    asset = created(root.post("/assets", files={"asset[file]": ("a.txt", SECRET)}))
    assert_hidden(cloud, root, SECRET, f"/media/{asset}/a.txt", f"/media/{asset}/", f"//media//{asset}//a.txt")
    deliver(app)
    assert Client(app).get(f"http://assets.test/media/{asset}/a.txt").body == SECRET


@pytest.mark.parametrize(
    ("content", "state"),
    [
        pytest.param(EICAR, "infected", id="infected"),
        pytest.param(b"7z\xbc\xaf\x27\x1c" + SECRET, "unscannable", id="unscannable"),
    ],
)
def test_what_is_not_clean_is_served_nowhere(cloud: Cloud, root: Client, content: bytes, state: str) -> None:
    path = f"/government/uploads/{state}.bin"
    asset = created(root.post("/assets", files={"asset[file]": ("a.bin", content)}))
    whitehall = created(
        root.post("/whitehall_assets", files={"asset[file]": ("a.bin", content)}, form={"asset[legacy_url_path]": path})
    )
    deliver(app)
    assert [root.get(f"/assets/{one}").json()["state"] for one in (asset, whitehall)] == [state, state]
    for change in ({"draft": True}, {"draft": False}):
        root.put(f"/assets/{asset}", json={"asset": change})
    root.delete(f"/assets/{asset}")
    root.post(f"/assets/{asset}/restore")
    deliver(app)
    assert_hidden(cloud, root, content, f"/media/{asset}/a.bin", path)


def test_a_replaced_file_hides_the_new_bytes_under_the_old_name_too(cloud: Cloud, root: Client) -> None:
    asset = created(root.post("/assets", files={"asset[file]": ("old.txt", b"the old and clean bytes")}))
    deliver(app)
    root.put(f"/assets/{asset}", files={"asset[file]": ("new.txt", SECRET)})
    assert_hidden(cloud, root, SECRET, f"/media/{asset}/old.txt", f"/media/{asset}/new.txt")
    media = bytes_in(cloud.settings.media_bucket)
    assert media == [], "what was replaced is withdrawn at once"


def test_a_clean_file_replaced_by_an_infected_one_leaves_nothing_public(cloud: Cloud, root: Client) -> None:
    asset = created(root.post("/assets", files={"asset[file]": ("same.txt", b"clean")}))
    deliver(app)
    root.put(f"/assets/{asset}", files={"asset[file]": ("same.txt", EICAR)})
    deliver(app)
    assert root.get(f"/assets/{asset}").json()["state"] == "infected"
    assert_hidden(cloud, root, EICAR, f"/media/{asset}/same.txt")
    assert bytes_in(cloud.settings.media_bucket) == []


@pytest.mark.parametrize(
    "hide",
    [
        pytest.param(lambda root, asset: root.delete(f"/assets/{asset}"), id="deleted"),
        pytest.param(lambda root, asset: root.put(f"/assets/{asset}", json={"asset": {"draft": True}}), id="drafted"),
    ],
)
def test_what_is_taken_back_leaves_the_media_bucket_before_the_answer(
    cloud: Cloud, root: Client, hide: Callable[[Client, str], Any]
) -> None:
    asset = created(root.post("/assets", files={"asset[file]": ("a.txt", b"was public")}))
    deliver(app)
    assert bytes_in(cloud.settings.media_bucket) == [b"was public"]
    assert hide(root, asset).status == 200
    assert bytes_in(cloud.settings.media_bucket) == []
    assert Client(app).get(f"http://assets.test/media/{asset}/a.txt").body != b"was public"
