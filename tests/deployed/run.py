"""`make test-deployed`: the packaged template on a second engine, and one story of each API over HTTP through it."""

import io
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.deployed.engine import WITHOUT, Engine


def assets(engine: Engine) -> None:
    """GOV.UK: upload, scan, serve; an infected one is never served."""
    infected = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
    states = {}
    for name, content in (("a.txt", b"hello \x00\xff world"), ("b.txt", infected)):
        made = _form(engine, "/assets", "asset[file]", name, content)
        number = made["id"].rpartition("/")[2]
        states[name] = engine.until(
            "a verdict",
            lambda number=number: (found := engine.json("GET", f"/assets/{number}"))["state"] != "unscanned" and found,
        )
        status, served = engine.request("GET", f"/media/{number}/{name}")
        assert (status, served) == (200, content) if name == "a.txt" else status == 404, (status, served[:100])
    assert {name: found["state"] for name, found in states.items()} == {"a.txt": "clean", "b.txt": "infected"}


def uploads(engine: Engine) -> None:
    """A file that goes to S3 by itself, which takes no other, and is used as an asset afterwards."""
    content = b"past the API"
    params = engine.json("GET", f"/s3/params?filename=c.txt&type=text/plain&size={len(content)}")
    assert engine.send_form(params["url"], params["fields"], content + b"!") == 400, "more than was announced"
    assert engine.send_form(params["url"], params["fields"], content) == 201
    made = engine.json("POST", "/assets", {"upload": params["id"]})
    number = made["id"].rpartition("/")[2]
    engine.until("a verdict", lambda: engine.json("GET", f"/assets/{number}")["state"] == "clean")
    assert engine.request("GET", f"/media/{number}/c.txt") == (200, content)
    status, _ = engine.request("POST", "/assets", {"upload": params["id"]})
    assert status == 422, "an upload is used once"


def stores(engine: Engine) -> None:
    """OVE: a store, a project, an archive, and the worker that unpacks it."""
    engine.json("POST", "/api/create", {"id": "shelf"})
    engine.json("POST", "/api/shelf/create", {"id": "expo", "name": "Expo", "groups": ["public"]})
    octets = {"Content_Type": "application/octet-stream"}
    engine.json("POST", "/api/shelf/expo/upload/site?create=true&update=true&filename=site.zip", _archive(), **octets)
    task = {"worker_type": "extract", "store_id": "shelf", "project_id": "expo", "asset_id": "site"}
    replies: list[tuple[int, bytes]] = []

    def asked() -> bool:
        replies.append(engine.request("POST", "/api/workers/queue", task))
        return replies[-1][0] == 200

    try:
        engine.until("the archive is clean", asked, 90)
    except AssertionError as error:
        raise AssertionError(f"{error}: {replies[-1]}, {engine.json('GET', '/api/shelf/expo/meta/site')}") from None
    engine.until("the worker is done", lambda: _processed(engine), 300)
    status, served = engine.request("GET", "/stores/shelf/expo/site/1/extract/site/site/index.html")
    assert (status, served) == (200, b"<p>hello</p>"), (status, served[:200])


def _processed(engine: Engine) -> bool:
    found = engine.json("GET", "/api/shelf/expo/meta/site")
    assert found["processing_status"] != "error", found
    return bool(found["processing_status"] == "done")


def productions(engine: Engine) -> None:
    """medialoopster: a project asset with a media asset, and its copy."""
    root = "/mnt/edit/"
    news = engine.json("POST", "/api/productions/", {"name": "News", "codename": "news"})["id"]
    engine.json("POST", "/api/devices/", {"name": "Edit", "path": root})
    place = {"production_id": news, "bundle_root": f"{root}Election/"}
    project = engine.json("POST", "/api/projectassets/", {"name": "Election", **place})["id"]
    files = {f"bin {number}/take.mov": bytes([number]) * 1000 for number in range(12)}
    for path, content in files.items():
        engine.json("PUT", f"/api/projectassets/{project}/files/{quote(path)}", content, Content_Type="video/quicktime")
    engine.until("the bundle is clean", lambda: _bundle(engine, project, files) == files)
    clip = {"name": "clip", "production_id": news, "path_file": f"{root}clip.mxf"}
    linked = engine.json("POST", "/api/videoassets/", clip)["id"]
    engine.json(
        "POST", f"/api/projectassets/{project}/addasset/", {"asset_list": [{"asset_id": linked, "type": "video"}]}
    )
    body = {"copy_of": project, "name": "Copy", "bundle_root": f"{root}Copy/", "production_id": news}
    copied = engine.json("POST", "/api/projectassets/", body)["id"]
    copy = engine.until("the copy is there", lambda: _done(engine, copied))
    assert copy["is_production"] is True, copy
    assert _bundle(engine, copied, files) == files
    assert engine.request("DELETE", f"/api/projectassets/{project}/")[0] == 202
    engine.until("the source is gone", lambda: engine.request("GET", f"/api/projectassets/{project}/")[0] == 404)
    assert _bundle(engine, copied, files) == files, "the copy lost what it shared with its source"


def _bundle(engine: Engine, project: int, paths: Iterable[str]) -> dict[str, bytes]:
    replies = {path: engine.request("GET", f"/api/projectassets/{project}/files/{quote(path)}") for path in paths}
    return {path: content for path, (status, content) in replies.items() if status == 200}


def _done(engine: Engine, project: int) -> Any:
    found = engine.json("GET", f"/api/projectassets/{project}/")
    assert found["status_asset"] != -1, found
    return found["status_asset"] == 6 and found


def workspaces(engine: Engine) -> None:
    """Bilrost: a workspace cloned from the project of the OVE story, with its asset and the file of that."""
    body = {"name": "island", "file_uri": "file:///work/1", "organization": "shelf", "project_name": "expo"}
    made = engine.json("POST", "/assetmanager/workspaces", body)
    assert made["name"] == "island", made
    island = "/assetmanager/workspaces/island"
    engine.until("the clone is valid", lambda: engine.json("GET", f"{island}/status")["state"] == "VALID")
    asset = engine.json("GET", "/contentbrowser/workspaces/island/assets/site")
    assert asset["main"] == "/resources/site/extract/site/site/index.html", asset
    for path, expected in ((asset["main"], b"<p>hello</p>"), ("/resources/site/site.zip", _archive())):
        status, content = engine.request("GET", f"{island}{path}")
        assert (status, content) == (200, expected), (path, status, content[:100])


STORIES: list[Callable[[Engine], None]] = [assets, uploads, stores, productions, workspaces]


def _archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (("site/index.html", "<p>hello</p>"), ("site/a.txt", "text")):
            archive.writestr(zipfile.ZipInfo(name), text)  # of no time, so that it is the same whenever it is made
    return packed.getvalue()


def _form(engine: Engine, path: str, field: str, name: str, content: bytes) -> dict[str, str]:
    boundary = "boundary-of-the-test"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
    body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    made: dict[str, str] = engine.json("POST", path, body, Content_Type=f"multipart/form-data; boundary={boundary}")
    return made


def main() -> int:
    """Lead every story. Returns the exit code."""
    failed = 0
    with tempfile.TemporaryDirectory() as folder, Engine(Path(folder)).running() as engine:
        print(f"deployed; what this engine cannot run: {', '.join(sorted(WITHOUT))}", flush=True)
        for story in STORIES:
            started = time.monotonic()
            try:
                story(engine)
                print(f"  {story.__name__}: passed in {time.monotonic() - started:.0f} s", flush=True)
            except Exception:  # noqa: BLE001 - the other stories are to be heard, too
                failed += 1
                traceback.print_exc()
                print(engine.log(), flush=True)
                print(f"  {story.__name__}: FAILED", flush=True)
    print(f"{len(STORIES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
