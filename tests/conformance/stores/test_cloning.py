"""What the workspaces API is told of a project: its assets with their clean files, at a named version or as it is."""

import hashlib
import json
import random
from dataclasses import asdict
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.apis.stores import access, cloning
from chalicelib.apis.stores.cloning import BranchUnknown, ClonedAsset, ProjectUnknown, Source
from chalicelib.apis.stores.models import Asset, Entry, Version
from chalicelib.apis.stores.output_models import Output, OutputTree
from chalicelib.identity import Principal
from chalicelib.rows import Row
from tests.conformance.stores.gallery import PROJECT, Gallery, stock
from tests.files.scanners.samples import EICAR
from tests.support.calls import Call, counting, on_call

ALICE = Principal("a", "alice", groups=frozenset({"g1"}))
STRANGER = Principal("s", "stranger", groups=frozenset({"g2"}))
ROOT = Principal("r", "root", permissions=frozenset({access.ADMINISTER}))


def name_version(gallery: Gallery, name: str) -> None:
    body = {"version_name": name, "version_description": ""}
    assert gallery.alice.post(f"{PROJECT}/version", json=body).status == 200


def opened(branch: str = "master") -> Source:
    return cloning.open_source(ALICE, "default", "expo", branch)


def everything(source: Source, files: int = 500) -> list[ClonedAsset]:
    return [asset for page in cloning.pages(source, files=files) for asset in page.assets]


def told(source: Source, files: int = 500) -> dict[str, tuple[int, str | None, list[str]]]:
    """Version, index path and files of each asset, however many pages it takes."""
    found: dict[str, tuple[int, str | None, list[str]]] = {}
    for asset in everything(source, files):
        assert asset.begins == (asset.asset_id not in found)
        before = found.get(asset.asset_id, (0, None, []))[2]
        found[asset.asset_id] = (asset.version, asset.index_path, before + [file.path for file in asset.files])
    return found


def test_an_asset_comes_with_what_is_known_of_it_and_its_clean_files(gallery: Gallery) -> None:
    gallery.uploaded("map", "a b.txt", b"the map")
    gallery.alice.post(f"{PROJECT}/meta/map", json={"name": "Map", "description": "of it", "tags": ["b", "a"]})
    [asset] = everything(opened())
    [file] = asset.files
    assert (asset.asset_id, asset.name, asset.description, asset.tags) == ("map", "Map", "of it", ["b", "a"])
    assert (asset.version, asset.index_path, asset.begins) == (1, "a b.txt", True)
    assert (file.path, file.size, file.content_type) == ("a b.txt", 7, "text/plain; charset=utf-8")
    assert file.sha256 == hashlib.sha256(b"the map").hexdigest()
    assert file.library_key.startswith(file.file_id)


def test_a_named_version_is_what_it_named_and_master_what_is_there_now(gallery: Gallery) -> None:
    gallery.uploaded("map", "one.txt")
    gallery.make_asset("empty")
    name_version(gallery, "v1")
    gallery.uploaded("map", "two.txt")
    gallery.uploaded("later", "l.txt")
    name_version(gallery, "v2")
    gallery.uploaded("map", "three.txt")
    assert told(opened("v1")) == {"map": (1, "one.txt", ["one.txt"]), "empty": (1, None, [])}
    assert told(opened("v2"))["map"] == (2, "two.txt", ["two.txt"])
    assert told(opened()) == {
        "map": (3, "three.txt", ["three.txt"]),
        "empty": (1, None, []),
        "later": (1, "l.txt", ["l.txt"]),
    }
    assert told(opened("")) == told(opened("master"))


def test_of_two_named_versions_of_one_name_the_newer_counts_and_master_stays_master(gallery: Gallery) -> None:
    gallery.uploaded("map", "one.txt")
    for name in ("v1", "master"):
        name_version(gallery, name)
    gallery.uploaded("map", "two.txt")
    name_version(gallery, "v1")
    gallery.uploaded("map", "three.txt")
    assert told(opened("v1"))["map"][0] == 2
    assert told(opened("master"))["map"][0] == 3


def test_what_is_not_clean_is_not_told(gallery: Gallery) -> None:
    gallery.uploaded("map", "one.txt")
    gallery.uploaded("map", "bad.txt", EICAR)
    name_version(gallery, "with a virus")
    gallery.upload("map", "pending.txt", update="true")
    gallery.upload("fresh", "pending.txt", create="true")
    assert told(opened()) == {"map": (1, "one.txt", ["one.txt"]), "fresh": (1, None, [])}
    assert told(opened("with a virus")) == {"map": (2, None, [])}


def test_what_may_not_be_read_is_unknown_like_what_is_not_there(gallery: Gallery) -> None:
    name_version(gallery, "v1")
    for principal, store, project in (
        (STRANGER, "default", "expo"),
        (STRANGER, "default", "nothing"),
        (ALICE, "default", "nothing"),
        (ALICE, "nowhere", "expo"),
        (ROOT, "default", "nothing"),
        (ROOT, "no/where", "a/b"),
        (ALICE, "", ""),
    ):
        for branch in ("master", "v1", "nothing"):
            with pytest.raises(ProjectUnknown):
                cloning.open_source(principal, store, project, branch)
    for branch in ("nothing", "V1", "x" * 201, "a\nb", "x" * 3000):
        with pytest.raises(BranchUnknown):
            opened(branch)
    gallery.admin.post(f"{PROJECT}/projectAccessMeta", json={"groups": ["g9", "public"]})
    source = cloning.open_source(STRANGER, "default", "expo", "v1")
    assert (source.groups, source.public, source.project_name) == (("g9", "public"), True, "Expo")
    assert cloning.may_read(STRANGER, source.groups)
    assert not cloning.may_write(STRANGER, source.groups)


def test_a_source_and_the_bounds_of_its_pages_can_be_json(gallery: Gallery) -> None:
    gallery.uploaded("map", "one.txt")
    name_version(gallery, "v1")
    for branch in ("v1", "master"):
        source = opened(branch)
        again = Source(**json.loads(json.dumps(asdict(source))))
        [page] = cloning.pages(source)
        assert cloning.page(again, json.loads(json.dumps(page.bounds))) == page


IDS = ("a", "a-b", "a.b", "a b", "ab", "b", "b!", "ü", "z#", "z")
"""Some come before others as an id and behind them as the beginning of a path."""


def fill(count: int, *, versions: int = 3, files: int = 3) -> dict[str, tuple[int, str | None, list[str]]]:
    """Assets with files behind the API's back; what is to be told of them."""
    dice = random.Random(3)
    rows: list[Row] = []
    expected: dict[str, tuple[int, str | None, list[str]]] = {}
    for number in range(count):
        asset_id = f"{IDS[number % len(IDS)]}{number // len(IDS) or ''}"
        asset = Asset.at("default", "expo", asset_id)
        newest = dice.randint(1, versions)
        asset.name, asset.tags, asset.recent, asset.uploads, asset.revision = asset_id, [], [], newest, 1
        asset.created_at = asset.updated_at = clock.now()
        asset.index_version, asset.index_path = newest, "0.txt"
        rows.append(asset)
        for version in range(1, newest + 1):
            rows.append(Version.at("default", "expo", asset_id, version))
            rows += [entry(asset_id, version, f"{index}.txt") for index in range(files)]
        expected[asset_id] = (newest, "0.txt", [f"{index}.txt" for index in range(files)])
    stock(rows)
    return expected


def entry(asset_id: str, version: int, path: str) -> Entry:
    row = Entry.at("default", "expo", asset_id, version, path)
    row.file_id, row.library_key, row.size, row.state, row.uploaded = "f" * 32, f"{'f' * 32}/v", 3, "clean", True
    return row


@pytest.mark.parametrize("files", [1, 2, 7, 500])
def test_pages_follow_one_another_without_gap_or_overlap_and_can_be_read_again(gallery: Gallery, files: int) -> None:
    expected = fill(12)
    source = opened()
    assert told(source, files) == expected
    pages = list(cloning.pages(source, files=files))
    assert max(sum(len(asset.files) for asset in page.assets) for page in pages) <= files
    assert [cloning.page(source, page.bounds) for page in pages] == pages
    for position in (0, len(pages) // 3, len(pages) - 1):
        assert list(cloning.pages(source, pages[position].bounds, files=files)) == pages[position + 1 :]


def test_batches_follow_one_another(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloning, "_BATCH", 4)
    expected = fill(18)
    source = opened()
    for files in (2, 500):
        assert told(source, files) == expected
        pages = list(cloning.pages(source, files=files))
        assert [cloning.page(source, page.bounds) for page in pages] == pages
        for position in (1, len(pages) // 2, len(pages) - 1):
            assert list(cloning.pages(source, pages[position].bounds, files=files)) == pages[position + 1 :]


def test_assets_made_while_pages_are_read_disturb_none_of_them(gallery: Gallery) -> None:
    expected = fill(30)
    source = opened()
    pages = list(cloning.pages(source, files=5))
    gallery.make_asset("aa")
    gallery.uploaded("a bb", "x.txt")
    again: dict[str, list[str]] = {}
    for page in pages:
        for asset in cloning.page(source, page.bounds).assets:
            again.setdefault(asset.asset_id, []).extend(file.path for file in asset.files)
    assert {name: again[name] for name in expected} == {name: files for name, (_, _, files) in expected.items()}
    assert again.keys() - expected.keys() <= {"aa", "a bb"}


def test_reads_are_queries_of_a_megabyte_and_none_an_asset(gallery: Gallery) -> None:
    costs: list[Any] = []
    for count in (10, 400):
        fill(count, files=1)
        with counting() as calls:
            assert len(everything(opened())) == count
        costs.append(calls.counts())
    assert costs[0] == costs[1]
    assert costs[0] == {"dynamodb.BatchGetItem": 1, "dynamodb.Query": 3}  # assets, that there are no more, files


def test_versions_that_are_not_wanted_are_leapt_over(gallery: Gallery) -> None:
    fill(2, versions=1, files=1)  # `a` and `a-b`
    name_version(gallery, "v1")
    long = "x" * 240
    stock([entry("a", 2, f"{long}{number}") for number in range(4000)])
    stock([entry("a", 1, f"{long}{number}") for number in range(10)])
    source = opened("v1")
    with counting() as calls:
        found = told(source)
    assert len(found["a"][2]) == 11
    assert len(found["a-b"][2]) == 1
    assert calls.counts()["dynamodb.Query"] <= 6  # the pieces, assets twice, versions, files in one or two stretches


def processed(count: int) -> dict[str, list[str]]:
    """Assets of which a worker's second run is to be seen, behind the API's back; the files that are to be told."""
    fill(count, versions=2, files=2)
    rows: list[Row] = []
    expected: dict[str, list[str]] = {}
    for asset in list(Asset.below("project#default/expo", "asset#")):
        asset.processed, version = True, int(asset.index_version)
        tree = OutputTree.at("default", "expo", asset.asset_id, version, "extract/0")
        tree.runs, tree.shown, tree.side = 3, 2, "b"
        never = OutputTree.at("default", "expo", asset.asset_id, version, "thumbnail/0")
        rows += [asset, tree, never, output(tree, "a", "index.html", 3), output(never, "a", "0.png", 1)]
        rows += [output(tree, "b", path, 2) for path in ("css/a.css", "index.html")]
        rows += [output(OutputTree.at("default", "expo", asset.asset_id, 9, "extract/0"), "b", "x", 2)]
        expected[asset.asset_id] = ["0.txt", "1.txt", "extract/0/css/a.css", "extract/0/index.html"]
    stock(rows)
    return expected


def output(tree: OutputTree, side: str, path: str, run: int) -> Output:
    row = Output.on(tree, side, path)
    row.file_id, row.library_key, row.size, row.state, row.run = "e" * 32, f"{'e' * 32}/v", 3, "clean", run
    return row


@pytest.mark.parametrize("files", [1, 3, 500])
def test_what_workers_made_is_told_as_readers_see_it(gallery: Gallery, files: int) -> None:
    expected = processed(8)
    source = opened()
    found: dict[str, list[str]] = {}
    pages = list(cloning.pages(source, files=files))
    for page in pages:
        for asset in page.assets:
            assert asset.begins == (asset.asset_id not in found)
            found.setdefault(asset.asset_id, []).extend(file.path for file in asset.files)
    assert found == expected
    assert [cloning.page(source, page.bounds) for page in pages] == pages
    for position in (len(pages) // 2, len(pages) - 1):
        assert list(cloning.pages(source, pages[position].bounds, files=files)) == pages[position + 1 :]


def test_a_run_that_is_shown_while_files_are_read_is_told_whole(gallery: Gallery) -> None:
    processed(3)
    asset = next(Asset.below("project#default/expo", "asset#", limit=1))
    tree = OutputTree.at("default", "expo", asset.asset_id, int(asset.index_version), "extract/0")
    tree.runs, tree.shown, tree.side = 3, 3, "a"
    turns = iter([True])

    def show_another(call: Call) -> None:
        if str(call) == "dynamodb.BatchGetItem" and next(turns, False):
            stock([tree])

    source = opened()
    with on_call(before=show_another):
        found = told(source)
    assert found[asset.asset_id][2] == ["0.txt", "1.txt", "extract/0/index.html"]
    assert not list(turns)
