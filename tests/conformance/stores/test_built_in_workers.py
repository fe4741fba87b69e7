"""The product's own workers, from the upload to the page that a reader sees."""

import io
import zipfile

import pyvips

from tests.conformance.stores import errands
from tests.conformance.stores.errands import QUEUE
from tests.conformance.stores.gallery import Gallery


def process(gallery: Gallery, worker_type: str, filename: str, content: bytes) -> list[str]:
    """Upload a file and have it processed; the names of the version's files."""
    gallery.uploaded("map", filename, content)
    assert gallery.alice.post(QUEUE, json=errands.task("map", worker_type=worker_type)).status == 200
    gallery.deliver()
    meta = gallery.meta("map")
    assert (meta["processing_status"], meta["processing_error"]) == ("done", "")
    return [file["name"] for file in gallery.files("map")]


def test_a_zipped_site_is_unpacked_and_its_links_work(gallery: Gallery) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.html", "<script src='js/a.js'></script>")
        archive.writestr("js/a.js", "1")
        archive.writestr("zz/notindex.html", "not this one")
    names = process(gallery, "zip", "site.zip", packed.getvalue())
    assert names == [
        "site.zip",
        "extract/site/index.html",
        "extract/site/js/a.js",
        "extract/site/zz/notindex.html",
    ]
    index = gallery.meta("map")["index_file"]
    assert gallery.stranger.get(index).body.startswith(b"<script")
    script = gallery.stranger.get(index.replace("index.html", "js/a.js"))
    assert (script.body, script.headers["Content-Type"].partition(";")[0]) == (b"1", "text/javascript")


def test_a_picture_becomes_a_pyramid(gallery: Gallery) -> None:
    picture = pyvips.Image.black(700, 300, bands=3).write_to_buffer(".png")
    names = process(gallery, "dzi", "sea.png", picture)
    assert all(name.startswith("dz-image/sea/image") for name in names[1:])
    index = gallery.meta("map")["index_file"]
    reply = gallery.stranger.get(index)
    assert index.endswith("/dz-image/sea/image.dzi")
    assert b'Width="700"' in reply.body
    assert len(names) > 10


def test_a_graph_is_laid_out(gallery: Gallery) -> None:
    graph = b"graph [ node [ id 0 ] node [ id 1 ] edge [ source 0 target 1 ] ]"
    names = process(gallery, "tulip", "net.gml", graph)
    assert any(name.startswith("network-layout/net/") for name in names)
    assert gallery.stranger.get(gallery.meta("map")["index_file"]).status == 200
