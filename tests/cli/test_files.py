"""put, get, ls, info, rm, restore, cp and watch against a local cloud."""

import hashlib
import json
import os
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from assetctl import fetching, sending
from assetctl.failures import Unavailable
from tests.cli.conftest import Command, Site
from tests.files.scanners.samples import EICAR

MEBIBYTE = 1024 * 1024


def file(path: Path, size: int = 100) -> Path:
    path.write_bytes(os.urandom(size))
    return path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Parts:
    """Sees which parts are sent, and cuts the line after so many."""

    real = staticmethod(sending._part)

    def __init__(self, monkeypatch: pytest.MonkeyPatch, most: int | None = None) -> None:
        self.sent: list[int] = []
        self.most = most
        self._lock = threading.Lock()
        monkeypatch.setattr(sending, "_part", self._part)

    def _part(self, *arguments: Any) -> str:
        with self._lock:
            if self.most is not None and len(self.sent) >= self.most:
                raise Unavailable("the line is cut")
        tag = self.real(*arguments)
        with self._lock:
            self.sent.append(arguments[3])
        return tag


def test_where_an_asset_is_served_is_told_as_soon_as_it_is_put(ctl: Command, tmp_path: Path) -> None:
    [[identifier, *_, address]] = ctl("put", file(tmp_path / "a.txt"), "--wait").cells
    assert address == dict(ctl("info", identifier).cells)["file_url"]
    assert address.endswith(f"/media/{identifier}/a.txt")


def test_a_file_goes_there_and_comes_back(ctl: Command, tmp_path: Path) -> None:
    source = file(tmp_path / "a picture.png")
    put = ctl("put", source, "--wait", "--json")
    assert put.code == 0
    [made] = put.json
    assert (made["state"], made["size"], made["content_type"]) == ("clean", 100, "image/png")
    assert len(ctl("ls", "-n", "1").cells) == 1
    assert [made["id"], "a_picture.png", "100", "clean", "no", "image/png"] in ctl("ls").cells
    assert dict(ctl("info", made["id"]).cells)["state"] == "clean"
    got = ctl("get", made["id"], "-o", "back.png", "--json")
    assert got.json == {"path": "back.png", "size": 100, "sha256": digest(source)}
    assert digest(tmp_path / "back.png") == digest(source)
    assert ctl("get", made["url"]).code == 0
    assert digest(tmp_path / "a_picture.png") == digest(source)


def test_a_file_is_deleted_and_restored(ctl: Command, tmp_path: Path) -> None:
    [[identifier, *_]] = ctl("put", file(tmp_path / "a.txt"), "--wait").cells
    assert ctl("rm", identifier).cells[0][3] == "yes"
    assert ctl("info", identifier).code == 4
    assert identifier in ctl("ls", "--deleted").out
    assert ctl("restore", identifier).code == 0
    assert ctl("watch", identifier).cells == [[identifier, "clean"]]


def test_a_file_is_replaced_and_kept_as_a_draft(ctl: Command, tmp_path: Path) -> None:
    [[identifier, *_]] = ctl("put", file(tmp_path / "a.txt"), "--draft", "--wait").cells
    newer = file(tmp_path / "b.txt")
    [replaced] = ctl("put", newer, "--to", identifier, "--wait", "--json").json
    assert (replaced["id"], replaced["name"], replaced["draft"]) == (identifier, "b.txt", True)
    assert ctl("get", identifier, "-o", "draft.txt").code == 0
    assert digest(tmp_path / "draft.txt") == digest(newer)


def test_a_file_that_is_not_clean_is_named_and_cannot_be_had(ctl: Command, tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_bytes(EICAR)
    put = ctl("put", "bad.txt", "--wait")
    assert (put.code, "infected" in put.err) == (6, True)
    [identifier] = [cells[0] for cells in ctl("ls").cells if cells[1] == "bad.txt"]
    assert ctl("watch", identifier).code == 6
    got = ctl("get", identifier)
    assert (got.code, "infected" in got.err) == (6, True)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["bad.txt"]


def test_of_several_files_each_is_told_of_though_one_is_not_clean(ctl: Command, tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_bytes(EICAR)
    put = ctl("put", "bad.txt", file(tmp_path / "good.txt"), "--wait")
    assert [cells[1:4] for cells in put.cells] == [["bad.txt", "68", "infected"], ["good.txt", "100", "clean"]]
    assert (put.code, put.err) == (6, "not clean: bad.txt (infected)")
    bad, good = (cells[0] for cells in put.cells)
    watched = ctl("watch", bad, good, "--json")
    assert watched.json == [{"id": bad, "state": "infected"}, {"id": good, "state": "clean"}]
    assert (watched.code, watched.err) == (6, f"not clean: {bad} (infected)")


def test_what_was_done_is_told_though_the_rest_fails(ctl: Command, tmp_path: Path) -> None:
    [[identifier, *_]] = ctl("put", file(tmp_path / "a.txt"), "--wait").cells
    removed = ctl("rm", identifier, "0" * 24)
    assert ([cells[0] for cells in removed.cells], removed.code) == ([identifier], 4)
    assert removed.err == f"not found: /assets/{'0' * 24}"
    nothing = ctl("rm", "0" * 24, "--json")
    assert (nothing.out, nothing.code) == ("", 4)


def test_a_large_file_goes_in_parts_and_goes_on_after_an_interruption(
    ctl: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = file(tmp_path / "large.bin", 33 * MEBIBYTE)
    parts = Parts(monkeypatch, most=2)
    assert ctl("put", source, "--parallel", "2").code == 7
    first, parts = parts.sent, Parts(monkeypatch)
    assert 2 <= len(first) < 5
    put = ctl("put", source, "--wait", "--json")
    assert put.code == 0
    assert sorted([*first, *parts.sent]) == [1, 2, 3, 4, 5]
    assert ctl("get", put.json[0]["id"], "-o", "back.bin").code == 0
    assert digest(tmp_path / "back.bin") == digest(source)
    assert list((tmp_path / "cache" / "assetctl" / "uploads").iterdir()) == []


def test_a_file_that_was_changed_is_sent_anew(ctl: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = file(tmp_path / "large.bin", 17 * MEBIBYTE)
    Parts(monkeypatch, most=0)
    assert ctl("put", source).code == 7
    file(source, 17 * MEBIBYTE)
    os.utime(source, (1, 1))
    parts = Parts(monkeypatch)
    assert ctl("put", source, "--wait").code == 0
    assert sorted(parts.sent) == [1, 2, 3]


def test_a_part_that_breaks_off_is_sent_again(ctl: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = file(tmp_path / "large.bin", 17 * MEBIBYTE)
    real = httpx.Client.put
    broken: list[str] = []

    def put(self: httpx.Client, url: str, **options: object) -> httpx.Response:
        if len(broken) < 2:
            broken.append(url)
            raise httpx.WriteError("the line is cut")
        return real(self, url, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(httpx.Client, "put", put)
    assert ctl("put", source, "--wait").code == 0
    assert len(broken) == 2


def test_a_download_goes_on_where_it_broke_off(ctl: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = file(tmp_path / "a.bin", 6 * MEBIBYTE)
    [[identifier, *_]] = ctl("put", source, "--wait").cells
    assert ctl("get", identifier, "-o", "whole.bin").code == 0
    asked: list[str | None] = []
    real = httpx.Client.stream

    def stream(self: httpx.Client, method: str, url: str, **options: dict[str, str]) -> object:
        asked.append(options["headers"].get("Range"))
        return real(self, method, url, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(httpx.Client, "stream", stream)
    monkeypatch.setattr(fetching, "ATTEMPTS", 1)
    with monkeypatch.context() as patch:
        patch.setattr(httpx.Response, "iter_raw", _cut_after(MEBIBYTE))
        assert ctl("get", identifier, "-o", "b.bin").code == 7
    part = (tmp_path / "b.bin.part").stat().st_size
    assert 0 < part < 6 * MEBIBYTE
    assert ctl("get", identifier, "-o", "b.bin").code == 0
    assert asked == [None, f"bytes={part}-"]
    assert digest(tmp_path / "b.bin") == digest(source)
    assert not list(tmp_path.glob("b.bin.part*"))


def _cut_after(size: int) -> object:
    real = httpx.Response.iter_raw

    def iter_raw(self: httpx.Response, chunk_size: int | None = None) -> object:
        came = 0
        for chunk in real(self, chunk_size):
            yield chunk
            came += len(chunk)
            if came >= size:
                raise httpx.ReadError("the line is cut")

    return iter_raw


def test_two_versions_are_never_mixed(ctl: Command, tmp_path: Path) -> None:
    [[identifier, *_]] = ctl("put", file(tmp_path / "a.bin", 5000), "--wait").cells
    (tmp_path / "b.bin.part").write_bytes(b"x" * 3000)
    (tmp_path / "b.bin.part.etag").write_text('"of another file"')
    assert ctl("get", identifier, "-o", "b.bin").code == 0
    assert digest(tmp_path / "b.bin") == digest(tmp_path / "a.bin")


def test_bytes_that_were_not_wanted_are_refused(ctl: Command, tmp_path: Path) -> None:
    source = file(tmp_path / "a.bin")
    [[identifier, *_]] = ctl("put", source, "--wait").cells
    refused = ctl("get", identifier, "-o", "b.bin", "--sha256", "0" * 64)
    assert (refused.code, digest(source) in refused.err) == (1, True)
    assert not list(tmp_path.glob("b.bin*"))
    assert ctl("get", identifier, "-o", "b.bin", "--sha256", digest(source)).code == 0


def test_files_of_stores(ctl: Command, tmp_path: Path) -> None:
    assert ctl("stores", "new-project", "default", "shelf", "--groups", "g1").cells == [["id", "stores/default/shelf"]]
    source = file(tmp_path / "map.png")
    put = ctl("put", source, "--to", "stores/default/shelf/map", "--wait")
    assert put.cells == [["stores/default/shelf/map", "map.png", "100", "clean"]]
    assert [cells[:3] for cells in ctl("ls", "stores/default/shelf").cells] == [["map", "map", "1"]]
    assert [cells[:3] for cells in ctl("ls", "stores/default/shelf/map").cells] == [["map.png", "clean", "yes"]]
    assert "shelf" in ctl("ls", "stores/default").out
    assert ctl("info", "stores/default/shelf/map", "--json").json["version"] == "1"
    assert ctl("info", "stores/default/shelf", "--json").json["access"] == ["g1"]
    assert ctl("get", "stores/default/shelf/map", "-o", "back.png").code == 0
    assert digest(tmp_path / "back.png") == digest(source)
    newer = file(tmp_path / "newer.png")
    assert ctl("put", newer, "--to", "stores/default/shelf/map", "--wait").code == 0
    assert ctl("get", "stores/default/shelf/map", "--version", "1", "-o", "first.png").code == 0
    assert digest(tmp_path / "first.png") == digest(source)
    assert ctl("info", "stores/default/shelf/nothing").code == 4
    assert ctl("get", "stores/default/shelf/map", "--version", "9").code == 4
    assert ctl("get", "stores/default/shelf/map/other.png").code == 4


def test_cp_copies_whichever_way(ctl: Command, tmp_path: Path) -> None:
    ctl("stores", "new-project", "default", "copies", "--groups", "g1")
    source = file(tmp_path / "a.txt")
    [[identifier, *_]] = ctl("cp", source, "assets").cells
    assert ctl("watch", identifier).code == 0
    assert ctl("cp", identifier, "stores/default/copies/a").code == 0
    assert ctl("watch", "stores/default/copies/a").code == 0
    assert ctl("cp", "stores/default/copies/a", "b.txt").code == 0
    assert digest(tmp_path / "b.txt") == digest(source)
    assert ctl("cp", source, "c.txt").code == 2


def test_a_dry_run_changes_nothing(ctl: Command, tmp_path: Path, site: Site) -> None:
    source = file(tmp_path / "a.txt")
    [[identifier, *_]] = ctl("put", source, "--wait").cells
    before = ctl("ls").out
    for arguments in (
        ("put", source),
        ("cp", source, "assets"),
        ("rm", identifier),
        ("restore", identifier),
        ("get", identifier, "-o", "b.txt"),
        ("cp", identifier, "stores/default/copies/b"),
    ):
        done = ctl(*arguments, "--dry-run")
        assert (done.code, done.out, done.err.startswith("would ")) == (0, "", True), arguments
        told = ctl(*arguments, "--dry-run", "--json")
        assert (told.code, told.err) == (0, ""), arguments
        assert [f"would {one['would']}" for one in json.loads(told.out)] == done.err.splitlines(), arguments
    assert ctl("ls").out == before
    assert not (tmp_path / "b.txt").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("put", "not-there.txt"),
        ("put", ".", "--to", "assets"),
        ("get", "something"),
        ("info", "stores/default"),
        ("rm", "stores/default/shelf/map"),
        ("watch", "stores/default"),
        ("ls", "nonsense"),
        ("ls", "stores//x"),
        ("put",),
        ("nonsense",),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(ctl: Command, arguments: tuple[str, ...]) -> None:
    assert ctl(*arguments).code == 2
