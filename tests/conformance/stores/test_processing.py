"""The product's own workers on real files, as clients see them: what comes of a site, a picture, a network and a paper,
and of archives that mean harm."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest

from tests.conformance.stores import errands
from tests.conformance.stores.errands import QUEUE
from tests.conformance.stores.gallery import Gallery
from tests.files.scanners.samples import EICAR, TEXT, encrypted, nested, pdf, zipped
from tests.support.calls import counting
from tests.workers import archives
from tests.workers.archives import SITE
from tests.workers.pictures import gradient, opened, written


def process(gallery: Gallery, asset: str, worker: str, **parameters: Any) -> dict[str, Any]:
    """Have an asset processed, and see what became of the task."""
    reply = gallery.alice.post(QUEUE, json=errands.task(asset, worker_type=worker, parameters=parameters))
    assert reply.status == 200, reply.text
    gallery.deliver()
    tasks: list[dict[str, Any]] = gallery.alice.get(QUEUE).json()
    return next(task for task in tasks if task["_id"] == reply.headers["X-Task-Id"])


def names(gallery: Gallery, asset: str) -> list[str]:
    return [file["name"] for file in gallery.files(asset)]


def test_a_site_can_be_walked_by_its_links(gallery: Gallery) -> None:
    gallery.uploaded("site", "My Site.zip", zipped(SITE))
    assert process(gallery, "site", "zip")["status"] == "done"
    index = gallery.meta("site")["index_file"]
    assert index.endswith("/site/1/extract/My%20Site/index.html")
    assert gallery.stranger.get(index).body == SITE["index.html"]
    page = urljoin(index, "pages/two.html")
    assert gallery.stranger.get(page).body == SITE["pages/two.html"]
    picture = gallery.stranger.get(urljoin(page, "../images/a.png"))
    assert (picture.body, picture.headers["Content-Type"]) == (SITE["images/a.png"], "image/png")


def test_a_site_begins_where_its_user_says(gallery: Gallery) -> None:
    gallery.uploaded("site", "site.zip", zipped(SITE))
    assert process(gallery, "site", "extract", index_file="two.html")["status"] == "done"
    assert gallery.meta("site")["index_file"].endswith("/extract/site/pages/two.html")


def test_a_picture_becomes_a_pyramid(gallery: Gallery, tmp_path: Path) -> None:
    gallery.uploaded("photo", "photo.JPG", written(gradient(600, 400), tmp_path / "photo.jpg"))
    assert process(gallery, "photo", "dzi", format="jpg")["status"] == "done"
    index = gallery.meta("photo")["index_file"]
    assert index.endswith("/photo/1/dz-image/photo/image.dzi")
    assert gallery.stranger.get(index).headers["Content-Type"] == "application/xml"
    tile = gallery.stranger.get(urljoin(index, "image_files/10/2_1.jpg"))
    assert opened(tile.body).width == 600 - 2 * 254 + 1


def test_a_network_gets_places(gallery: Gallery) -> None:
    gallery.uploaded("net", "net.edges", b"0 1\n1 2\n2 0\n")
    assert process(gallery, "net", "tulip", algorithm="circle", result_name="round.gml")["status"] == "done"
    index = gallery.meta("net")["index_file"]
    assert index.endswith("/network-layout/net/round.gml")
    assert len(json.loads(gallery.stranger.get(urljoin(index, "round.json")).body)["nodes"]) == 3


def test_a_thumbnail_leaves_the_beginning_alone(gallery: Gallery) -> None:
    gallery.uploaded("paper", "paper.pdf", pdf())
    assert process(gallery, "paper", "thumbnail", max_size=50)["status"] == "done"
    assert gallery.meta("paper")["index_file"].endswith("/paper/1/paper.pdf")
    assert names(gallery, "paper") == ["paper.pdf", "thumbnail/paper/thumbnail.jpg"]


@pytest.mark.parametrize(
    ("archive", "told"),
    [
        (zipped({"index.html": b"a", "../../evil.html": b"b"}), "unpacked outside of it (../../evil.html)"),
        (archives.link("passwords"), "a symbolic link (passwords)"),
        (archives.in_order([("a.html", b"a"), ("./a.html", b"b")]), "two files called a.html"),
        (archives.in_order([("a", b"a"), ("a/b", b"b")]), "a file and a folder called a"),
        (zipped({}), "the archive has no files"),
        (zipped({f"{number}.txt": TEXT for number in range(3)} | {"x" * 300: b"x"}), "too long"),
    ],
    ids=["slip", "link", "twice", "file and folder", "empty", "long name"],
)
def test_an_archive_that_may_not_be_unpacked_says_why_and_leaves_nothing(
    gallery: Gallery, archive: bytes, told: str
) -> None:
    gallery.uploaded("site", "site.zip", archive)
    task = process(gallery, "site", "extract")
    assert task["status"] == "error"
    assert told in task["error"]
    assert gallery.meta("site")["processing_error"] == task["error"]
    assert task["error"].startswith("Error: ")
    assert task["error"].endswith(".")
    assert names(gallery, "site") == ["site.zip"]
    assert gallery.meta("site")["index_file"].endswith("/site/1/site.zip")


@pytest.mark.parametrize(
    "archive",
    [
        archives.bomb(64 * 1024 * 1024),
        archives.lying_bomb(4 * 1024 * 1024),
        archives.overlapping(9, bytes(100_000)),
        encrypted(zipped(SITE)),
        nested(9, b"innermost"),
        zipped({"a.zip": zipped({"b": EICAR})}),
        archives.many(10_001),
    ],
    ids=["bomb", "lying bomb", "overlapping", "encrypted", "nested", "virus", "too many"],
)
def test_an_archive_that_the_scan_refuses_never_reaches_a_worker(gallery: Gallery, archive: bytes) -> None:
    gallery.uploaded("site", "site.zip", archive)
    assert gallery.meta("site")["processing_status"] == "error"
    refused = gallery.alice.post(QUEUE, json=errands.task("site", worker_type="extract"))
    assert refused.status == 400
    assert names(gallery, "site") == ["site.zip"]


def test_unpacking_costs_a_put_a_file_and_a_transaction_for_33(gallery: Gallery) -> None:
    gallery.uploaded("site", "site.zip", archives.many(330, ["index.html"]))
    with counting() as calls:
        assert process(gallery, "site", "extract")["status"] == "done"
    counts = calls.counts()
    assert counts["s3.PutObject"] == 330
    assert len(names(gallery, "site")) == 331
    # Two parts of 200 and 130 files: 7 and 4 transactions of files, and those of the task, the job and its parts.
    assert counts["dynamodb.TransactWriteItems"] <= 11 + 12
    assert counts["s3.GetObject"] <= 2 + 2 * 2
