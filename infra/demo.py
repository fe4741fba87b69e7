"""`make demo`: fills the running local cloud, over HTTP alone, and prints where to look.

Two stores: in one a public project with a large picture and a web site, in the other a project for its group with a
network and a paper. All of them are made on the spot, uploaded, processed by the workers, and waited for. May be run
again: every file then gets a new version. PORT names the cloud; TOKEN is needed where that has AUTH=required.
"""

import io
import json
import os
import random
import sys
import time
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    import pyvips

PATIENCE = 240.0
"""Seconds until every task has to have ended."""

_WIDTH, _HEIGHT = 4000, 3000
_SHOWN_LEVEL, _SHOWN_COLUMNS, _SHOWN_ROWS = 10, 4, 3
_POLL = 0.3


class DemoError(Exception):
    """What went wrong, in words for whoever typed the command."""


@dataclass(frozen=True, slots=True)
class Show:
    """One file that is uploaded and processed.

    Args:
        store, project, asset: where it goes.
        filename: its name.
        content: its bytes.
        worker: who processes it.
        parameters: with what.
    """

    store: str
    project: str
    asset: str
    filename: str
    content: bytes
    worker: str
    parameters: dict[str, Any]


def main() -> int:
    """Fill the cloud and print the addresses. Returns the exit code."""
    api = _Api(f"http://localhost:{os.environ.get('PORT') or 8000}", os.environ.get("TOKEN", ""))
    try:
        urls = _filled(api)
    except DemoError as error:
        print(error, file=sys.stderr)
        return 1
    for name, url in urls.items():
        print(f"{name + ':':18}{url}")
    return 0


def _filled(api: "_Api") -> dict[str, str]:
    for store, project, title, groups in (
        ("museum", "gallery", "Gallery", ["visitors", "public"]),
        ("laboratory", "networks", "Networks", ["researchers"]),
    ):
        api.make("/api/create", {"id": store})
        api.make(f"/api/{store}/create", {"id": project, "name": title, "groups": groups})
    photo = _photo()
    hills = Show("museum", "gallery", "hills", "hills.jpg", _jpeg(photo), "dz-image", {"format": "jpg"})
    before = [
        hills,
        Show("museum", "gallery", "hills-small", "hills.jpg", hills.content, "thumbnail", {"max_size": 400}),
        Show("laboratory", "networks", "friends", "friends.gml", _network(), "network-layout", {}),
        Show("laboratory", "networks", "paper", "paper.pdf", _paper(), "thumbnail", {"max_size": 300}),
    ]
    indexes = _processed(api, before)
    pyramid = indexes["hills"]
    site = Show("museum", "gallery", "site", "site.zip", _site(pyramid, photo), "extract", {})
    indexes |= _processed(api, [site])
    return {
        "site": indexes["site"],
        "pyramid": pyramid,
        "network": indexes["friends"],
        "small picture": _made(api, before[1], "thumbnail.jpg"),
        "page of a paper": _made(api, before[3], "thumbnail.jpg"),
    }


def _processed(api: "_Api", shows: list[Show]) -> dict[str, str]:
    """Upload, process and wait for all of them; where each asset begins then."""
    deadline = time.monotonic() + PATIENCE
    for show in shows:
        path = f"/api/{show.store}/{show.project}/upload/{show.asset}?filename={quote(show.filename)}"
        api.send(f"{path}&create=true&update=true", show.content)
        print(f"uploaded {show.store}/{show.project}/{show.asset}", file=sys.stderr)
    for show in shows:
        version = api.meta(show)["version"]
        _until(deadline, show, lambda show=show, version=version: f"/{version}/" in api.meta(show)["index_file"])
        place = {"store_id": show.store, "project_id": show.project, "asset_id": show.asset}
        api.post("/api/workers/queue", place | {"worker_type": show.worker, "parameters": show.parameters})
    indexes = {}
    for show in shows:
        _until(deadline, show, lambda show=show: api.meta(show)["processing_status"] == "done")
        print(f"processed {show.store}/{show.project}/{show.asset} by {show.worker}", file=sys.stderr)
        indexes[show.asset] = str(api.meta(show)["index_file"])
    return indexes


def _until(deadline: float, show: Show, done: Any) -> None:
    while not done():
        if time.monotonic() > deadline:
            raise DemoError(f"{show.asset} was not done in time")
        time.sleep(_POLL)


def _made(api: "_Api", show: Show, name: str) -> str:
    files = api.get(f"/api/{show.store}/{show.project}/files/{show.asset}")
    return next(str(file["url"]) for file in files if file["name"].endswith(name))


class _Api:
    """The stores API over HTTP."""

    def __init__(self, base: str, token: str) -> None:
        self._base = base
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str) -> Any:
        """Raises DemoError, as everything here."""
        return self._answer("GET", path, None, "application/json")

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._answer("POST", path, json.dumps(body).encode(), "application/json")

    def send(self, path: str, content: bytes) -> Any:
        return self._answer("POST", path, content, "application/octet-stream")

    def make(self, path: str, body: dict[str, Any]) -> None:
        """Make something that may be there already."""
        try:
            self.post(path, body)
        except DemoError:
            if body["id"] not in str(self.get(path.removesuffix("create") + "list")):
                raise

    def meta(self, show: Show) -> Any:
        """An asset's meta; an error of its processing ends the demo."""
        meta = self.get(f"/api/{show.store}/{show.project}/meta/{show.asset}")
        if meta["processing_status"] == "error":
            raise DemoError(f"{show.asset}: {meta['processing_error']}")
        return meta

    def _answer(self, method: str, path: str, body: bytes | None, content_type: str) -> Any:
        headers = self._headers | {"Content-Type": content_type}
        request = urllib.request.Request(self._base + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise DemoError(f"{method} {path}: {error.code} {error.read().decode(errors='replace')}") from None
        except OSError as error:
            raise DemoError(f"nothing answers at {self._base} ({error}): start it with `make run`") from None


def _photo() -> "pyvips.Image":
    """Hills with a lake, from a fractal."""
    import pyvips

    height = pyvips.Image.perlin(_WIDTH, _HEIGHT, cell_size=700, seed=11)
    for cell, weight in ((260, 0.45), (90, 0.2), (30, 0.09), (10, 0.04)):
        height += pyvips.Image.perlin(_WIDTH, _HEIGHT, cell_size=cell, seed=cell) * weight
    level = ((height + 1) * 110).cast("uchar")
    stops = [(0, 18, 44, 92), (90, 64, 128, 176), (100, 214, 200, 150), (120, 84, 140, 70), (165, 110, 96, 80)]
    return level.maplut(_colours([*stops, (210, 190, 186, 184), (255, 255, 255, 255)]))


def _colours(stops: list[tuple[int, int, int, int]]) -> "pyvips.Image":
    import pyvips

    pixels = bytearray()
    for (low, *dark), (high, *light) in pairwise(stops):
        for place in range(low, high):
            part = (place - low) / (high - low)
            pixels += bytes(round(a + (b - a) * part) for a, b in zip(dark, light, strict=True))
    pixels += bytes(stops[-1][1:])
    table = pyvips.Image.new_from_memory(bytes(pixels), 256, 1, 3, "uchar")
    return table.copy(interpretation="srgb")


def _jpeg(picture: "pyvips.Image", quality: int = 80) -> bytes:
    return bytes(picture.write_to_buffer(".jpg", Q=quality, keep="none"))


def _site(pyramid: str, photo: "pyvips.Image") -> bytes:
    """A web site of three pages whose links are relative, and that shows the pyramid's tiles."""
    tiles = pyramid.removesuffix("image.dzi") + f"image_files/{_SHOWN_LEVEL}"
    rows = [
        "".join(f'<img src="{tiles}/{column}_{row}.jpg" alt="">' for column in range(_SHOWN_COLUMNS))
        for row in range(_SHOWN_ROWS)
    ]
    small = photo.thumbnail_image(480)
    pages = {
        "index.html": '<h1>Hills</h1><p><img src="images/hills.jpg" alt="hills"></p>'
        '<p><a href="pages/about.html">About</a> - <a href="pages/tiles.html">The pyramid</a></p>',
        "pages/about.html": '<h1>About</h1><p>Made on the spot.</p><p><a href="../index.html">Back</a></p>',
        "pages/tiles.html": f'<h1>One level of the pyramid</h1><p class="tiles">{"<br>".join(rows)}</p>'
        '<p><a href="../index.html">Back</a></p>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, body in pages.items():
            up = "../" * path.count("/")
            head = f'<meta charset="utf-8"><title>Hills</title><link rel="stylesheet" href="{up}style.css">'
            script = f'<script src="{up}script.js"></script>'
            archive.writestr(path, f"<!DOCTYPE html><html><head>{head}</head><body>{body}{script}</body></html>")
        archive.writestr("style.css", "body{font-family:monospace;margin:2em} .tiles{line-height:0}")
        archive.writestr("script.js", _COUNTS_PICTURES)
        archive.writestr("images/hills.jpg", _jpeg(small))
    return out.getvalue()


_COUNTS_PICTURES = """addEventListener("load", () => {
  const pictures = [...document.images];
  const shown = pictures.filter((picture) => picture.naturalWidth > 0);
  document.body.dataset.shown = `${shown.length} of ${pictures.length}`;
  document.body.dataset.font = getComputedStyle(document.body).fontFamily;
});
"""


def _network() -> bytes:
    """Friends in four circles, as GML."""
    chance, circles, each = random.Random(4), 4, 30  # noqa: S311
    people = [(circle, number) for circle in range(circles) for number in range(each)]
    lines = ["graph [", "  directed 0"]
    for place, (circle, number) in enumerate(people):
        lines.append(f'  node [ id {place} label "{"ABCD"[circle]}{number}" ]')
    for a in range(len(people)):
        for b in range(a):
            near = people[a][0] == people[b][0]
            if chance.random() < (0.12 if near else 0.004):
                lines.append(f"  edge [ source {a} target {b} ]")
    return "\n".join([*lines, "]", ""]).encode()


def _paper() -> bytes:
    """A PDF document of one page."""
    text = b"BT /F1 28 Tf 60 700 Td (On hills, and who likes them) Tj 0 -60 Td /F1 14 Tf (Made on the spot.) Tj ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    body, offsets = b"%PDF-1.4\n", []
    for number, item in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj%s endobj\n" % (number, item)
    table = b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return body + table + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body)


if __name__ == "__main__":
    sys.exit(main())
