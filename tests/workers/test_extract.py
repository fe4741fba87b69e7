"""`extract`: what is in a zip comes out byte for byte, and nothing else ever does."""

import random
import stat
import warnings
import zipfile

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as some

from chalicelib.workers import Output, WorkError, extract, find
from tests.files.scanners.samples import EICAR, NOISE, encrypted, nested, zipped
from tests.support.calls import counting
from tests.support.cloud import Cloud
from tests.workers import archives
from tests.workers.archives import SITE
from tests.workers.conftest import Bench, Stopped

FILES = {name: content for name, content in SITE.items() if not name.endswith("/")}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
@pytest.mark.parametrize("shape", [{}, {"comment": b"made by us"}, {"zip64": True}])
def test_every_file_comes_out_as_it_went_in(bench: Bench, method: int, shape: dict[str, bool]) -> None:
    source = bench.source(zipped(SITE, method, **shape), "site.zip")  # type: ignore[arg-type]
    assert bench.made("extract", source) == FILES


def test_an_archive_that_was_written_without_seeking_comes_out(bench: Bench) -> None:
    """Sizes and checksums stand behind each entry then."""
    assert bench.made("extract", bench.source(zipped(SITE, streamed=True), "site.zip")) == FILES


def test_a_large_entry_goes_by_the_disk(bench: Bench) -> None:
    content = random.Random(7).randbytes(3_000_000)
    source = bench.source(zipped({"a.txt": b"small", "large.bin": content}), "a.zip")
    worker = find("extract")
    assert worker is not None
    plan = bench.plan("extract", source)
    made = list(worker.outputs(source, {}, plan.parts[0], bench.work()))
    assert [isinstance(output.content, bytes) for output in made] == [True, False]
    assert bench.made("extract", source)["large.bin"] == content


def test_an_archive_is_planned_once_and_cut_into_bounded_parts(bench: Bench) -> None:
    source = bench.source(archives.many(1001, ["site/index.html"]), "many.zip")
    with counting() as planning:
        plan = bench.plan("extract", source)
    assert planning.counts() == {"s3.GetObject": 2}  # the end, and the directory
    assert (len(plan.parts), plan.index) == (6, "site/index.html")
    assert bench.plan("extract", source) == plan
    with counting() as unpacking:
        made = bench.made("extract", source)
    assert len(made) == 1001
    assert made["000/000042.txt"] == b"42"
    assert unpacking.counts() == {"s3.GetObject": 2 + 2 * 6}


def test_parts_are_bounded_by_what_they_unpack_too(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extract, "PART_BYTES", 100_000)
    entries = {f"{number}.bin": NOISE[: 40_000 if number != 3 else 200_000] for number in range(7)}
    source = bench.source(zipped(entries, zipfile.ZIP_STORED), "a.zip")
    assert len(bench.plan("extract", source).parts) == 5
    assert bench.made("extract", source) == entries


def test_folders_between_and_behind_files_are_skipped(bench: Bench) -> None:
    names = ["a/", "a/1", "b/", "c/", "c/2", "d/", "e/"]
    source = bench.source(archives.in_order([(name, b"" if name[-1] == "/" else b"x") for name in names]), "a.zip")
    assert bench.made("extract", source) == {"a/1": b"x", "c/2": b"x"}


@pytest.mark.parametrize(
    "name",
    [
        "../evil.html",
        "a/../../evil.html",
        "a/../b.html",
        "/etc/passwd",
        "//server/share/file",
        "C:/windows/evil.html",
        "c:evil.html",
        "..\\..\\evil.html",
        "\\evil.html",
        "a\\..\\b.html",
        "..",
    ],
)
def test_zip_slip_is_refused(bench: Bench, name: str) -> None:
    source = bench.source(archives.in_order([("index.html", b"hello"), (name, b"evil")]), "slip.zip")
    with pytest.raises(WorkError, match="outside of it"):
        bench.plan("extract", source)


@pytest.mark.parametrize("name", [b"a\x00b", b"a\nb.html", b"\x1b[31mred"])
def test_control_characters_in_names_are_refused(bench: Bench, name: bytes) -> None:
    with pytest.raises(WorkError, match="control characters") as refused:
        bench.plan("extract", bench.source(archives.raw_named(name), "a.zip"))
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("./site/./index.html", "site/index.html"),
        ("site//index.html", "site/index.html"),
        ("site\\pages\\a.html", "site/pages/a.html"),
        ("été/ÿ€.html", "été/ÿ€.html"),
    ],
)
def test_harmless_names_are_cleaned(bench: Bench, name: str, path: str) -> None:
    assert bench.made("extract", bench.source(archives.in_order([(name, b"x")]), "a.zip")) == {path: b"x"}


def test_old_names_are_read_as_the_format_has_them(bench: Bench) -> None:
    assert bench.made("extract", bench.source(archives.raw_named(b"caf\x82.txt"), "a.zip")) == {"café.txt": b"content"}


def test_a_name_that_lies_about_being_text_is_refused(bench: Bench) -> None:
    with pytest.raises(WorkError, match="not text"):
        bench.plan("extract", bench.source(archives.raw_named(b"caf\x82.txt", utf8=True), "a.zip"))


@pytest.mark.parametrize("name", ["a" * 256, "/".join(["folder"] * 80)])
def test_names_that_are_too_long_are_refused(bench: Bench, name: str) -> None:
    with pytest.raises(WorkError, match="too long") as refused:
        bench.plan("extract", bench.source(archives.in_order([(name, b"x")]), "a.zip"))
    assert len(str(refused.value)) < 200


def test_symbolic_links_are_refused(bench: Bench) -> None:
    with pytest.raises(WorkError, match=r"symbolic link \(link\)"):
        bench.plan("extract", bench.source(archives.link(), "a.zip"))


@pytest.mark.parametrize("kind", [stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_what_is_neither_file_nor_folder_is_refused(bench: Bench, kind: int) -> None:
    with pytest.raises(WorkError, match="neither file nor folder"):
        bench.plan("extract", bench.source(archives.special("strange", kind), "a.zip"))


def test_encrypted_archives_are_refused(bench: Bench) -> None:
    with pytest.raises(WorkError, match="encrypted"):
        bench.plan("extract", bench.source(encrypted(zipped(SITE)), "a.zip"))


def test_two_files_of_one_path_are_refused(bench: Bench) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        twice = archives.in_order([("a.html", b"first"), ("./a.html", b"second")])
    with pytest.raises(WorkError, match=r"two files called a\.html"):
        bench.plan("extract", bench.source(twice, "a.zip"))


def test_a_file_that_is_also_a_folder_is_refused(bench: Bench) -> None:
    with pytest.raises(WorkError, match="a file and a folder called a/b"):
        bench.plan("extract", bench.source(archives.in_order([("a/b", b"x"), ("a/b/c", b"y")]), "a.zip"))


def test_entries_that_share_bytes_are_refused(bench: Bench) -> None:
    with pytest.raises(WorkError, match="overlap"):
        bench.plan("extract", bench.source(archives.overlapping(9, bytes(1_000_000)), "a.zip"))


def test_an_entry_that_reaches_into_the_directory_is_refused(bench: Bench) -> None:
    archive = archives.central_changed(zipped(SITE, zipfile.ZIP_STORED), 3, 20, "<I", 1_000_000)
    with pytest.raises(WorkError, match="damaged"):
        bench.plan("extract", bench.source(archive, "a.zip"))


def test_a_bomb_is_refused_before_it_is_unpacked(bench: Bench) -> None:
    source = bench.source(archives.bomb(64 * 1024 * 1024), "bomb.zip")
    with pytest.raises(WorkError, match="too densely"):
        bench.plan("extract", source)


def test_a_bomb_that_lies_about_its_size_is_stopped_while_it_unpacks(bench: Bench) -> None:
    source = bench.source(archives.lying_bomb(64 * 1024 * 1024), "bomb.zip")
    with pytest.raises(WorkError, match="contradicts itself"):
        bench.made("extract", source)


def test_all_entries_together_are_bounded(bench: Bench, cloud: Cloud) -> None:
    cloud.set(ARCHIVE_MAX_BYTES="1000000")
    entries = {f"{number}.bin": NOISE[:150_000] for number in range(7)}
    with pytest.raises(WorkError, match="1000000 bytes allowed"):
        bench.plan("extract", bench.source(zipped(entries), "a.zip"))


def test_too_many_entries_are_refused_by_the_end_of_the_archive_alone(bench: Bench, cloud: Cloud) -> None:
    cloud.set(ARCHIVE_MAX_ENTRIES="500")
    source = bench.source(archives.many(501), "many.zip")
    with counting() as calls, pytest.raises(WorkError, match="501 entries"):
        bench.plan("extract", source)
    assert calls.counts() == {"s3.GetObject": 1}


def test_a_directory_that_counts_fewer_entries_than_it_has_is_refused(bench: Bench, cloud: Cloud) -> None:
    archive = bytearray(archives.many(50))
    end = archive.rindex(b"PK\x05\x06")
    archive[end + 8 : end + 12] = b"\x05\0\x05\0"
    with pytest.raises(WorkError, match="damaged"):
        bench.plan("extract", bench.source(bytes(archive), "many.zip"))


def test_an_archive_in_an_archive_stays_a_file(bench: Bench) -> None:
    inner = nested(2, EICAR)
    assert bench.made("extract", bench.source(zipped({"inner.zip": inner}), "a.zip")) == {"inner.zip": inner}


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all" * 100, NOISE, zipped(SITE)[:-30], zipped(SITE)[40:]])
def test_what_is_no_archive_is_refused(bench: Bench, content: bytes) -> None:
    with pytest.raises(WorkError):
        bench.made("extract", bench.source(content, "a.zip"))


@pytest.mark.parametrize("entries", [{}, {"only/": b"", "folders/": b""}])
def test_an_archive_without_files_is_refused(bench: Bench, entries: dict[str, bytes]) -> None:
    with pytest.raises(WorkError, match="no files"):
        bench.plan("extract", bench.source(zipped(entries), "a.zip"))


@pytest.mark.parametrize(("at", "form", "value"), [(16, "<I", 1), (24, "<I", 3), (10, "<H", 0), (42, "<I", 9)])
def test_a_directory_that_disagrees_with_its_entries_is_refused(bench: Bench, at: int, form: str, value: int) -> None:
    archive = archives.central_changed(zipped(FILES), 1, at, form, value)
    with pytest.raises(WorkError):
        bench.made("extract", bench.source(archive, "a.zip"))


@pytest.mark.parametrize(
    ("names", "wanted", "index"),
    [
        (["index.html", "zz/notindex.html", "zz/index.html"], None, "index.html"),
        (["zz/notindex.html", "a/b/index.html", "site/INDEX.HTM"], None, "site/INDEX.HTM"),
        (["b/index.js", "a/index.js"], None, "a/index.js"),
        (["site/index.js", "site/index.html"], None, "site/index.html"),
        (["__MACOSX/._index.html", "z.txt", "b.txt"], None, "b.txt"),
        (["z.txt", "b.txt"], None, "b.txt"),
        (["index.html", "deep/start.html", "deep/er/start.html"], "start.html", "deep/start.html"),
        (["index.html", "deep/er/start.html"], "/deep/er/start.html", "deep/er/start.html"),
        (["restart.html", "a/start.html"], "start.html", "a/start.html"),
    ],
)
def test_the_beginning_is_what_was_asked_for_or_the_topmost_index(
    bench: Bench, names: list[str], wanted: str | None, index: str
) -> None:
    source = bench.source(archives.in_order([(name, b"x") for name in names]), "a.zip")
    assert bench.plan("extract", source, **({"index_file": wanted} if wanted else {})).index == index


def test_a_beginning_that_is_not_there_is_an_error(bench: Bench) -> None:
    with pytest.raises(WorkError, match=r"no file start\.html"):
        bench.plan("extract", bench.source(zipped(SITE), "a.zip"), index_file="start.html")


def test_it_stops_between_two_entries(bench: Bench) -> None:
    source = bench.source(archives.many(50), "many.zip")
    worker = find("extract")
    assert worker is not None
    plan = bench.plan("extract", source)
    bench.stop_after = bench.asked + 20
    made: list[Output] = []
    with pytest.raises(Stopped):
        made.extend(worker.outputs(source, {}, plan.parts[0], bench.work()))
    assert bench.asked < bench.stop_after + 2


@trying(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flips=some.lists(some.tuples(some.integers(0, 2000), some.integers(1, 255)), min_size=1, max_size=6))
def test_a_damaged_archive_gives_what_was_packed_or_a_clear_error(bench: Bench, flips: list[tuple[int, int]]) -> None:
    archive = bytearray(zipped({"a.txt": b"a" * 300, "b/c.txt": NOISE[:200], "d.txt": b"d"}, comment=b"comment"))
    for at, change in flips:
        archive[at % len(archive)] ^= change
    try:
        made = bench.made("extract", bench.source(bytes(archive), "a.zip"))
    except WorkError:
        return
    assert set(made.values()) <= {b"a" * 300, NOISE[:200], b"d"}
    assert not any(path.startswith("/") or ".." in path.split("/") for path in made)
