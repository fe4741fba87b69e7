"""`dz-image`: every tile is where its description says, and shows what the picture shows there."""

import math
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from chalicelib.workers import WorkError, find, pyramids
from tests.files.scanners.samples import NOISE, zipped
from tests.workers.conftest import Bench, Stopped
from tests.workers.pictures import gradient, opened, written


def described(dzi: bytes) -> dict[str, Any]:
    root = ET.fromstring(dzi)  # noqa: S314
    size = next(iter(root)).attrib
    return {**root.attrib, "Width": int(size["Width"]), "Height": int(size["Height"])}


def expected(width: int, height: int, tile: int, suffix: str) -> set[str]:
    """The tiles that a viewer asks for."""
    top = math.ceil(math.log2(max(width, height)))
    found = set()
    for level in range(top + 1):
        scale = 2 ** (top - level)
        columns = math.ceil(math.ceil(width / scale) / tile)
        rows = math.ceil(math.ceil(height / scale) / tile)
        found |= {f"image_files/{level}/{x}_{y}.{suffix}" for x in range(columns) for y in range(rows)}
    return found


@pytest.mark.parametrize("extension", pyramids.EXTENSIONS)
def test_every_format_becomes_a_pyramid(bench: Bench, tmp_path: Path, extension: str) -> None:
    content = written(gradient(700, 500), tmp_path / f"made{extension}")
    made = bench.made("dz-image", bench.source(content, f"Photo{extension.upper()}"))
    assert set(made) == {"image.dzi", *expected(700, 500, 254, "png")}
    facts = described(made["image.dzi"])
    assert (facts["Width"], facts["Height"], facts["Format"]) == (700, 500, "png")
    assert (facts["TileSize"], facts["Overlap"]) == ("254", "1")


def test_a_tile_shows_its_place(bench: Bench, tmp_path: Path) -> None:
    made = bench.made("dz-image", bench.source(written(gradient(700, 500), tmp_path / "a.png"), "a.png"))
    tile = opened(made["image_files/10/1_1.png"])
    original = gradient(700, 500)
    assert (tile.width, tile.height) == (256, 500 - 253)
    assert tile(10, 20) == original(253 + 10, 253 + 20)
    half = opened(made["image_files/9/0_0.png"])(100, 50)
    assert half == pytest.approx(original(200, 100), abs=1)


@pytest.mark.parametrize(("kind", "first"), [("jpg", b"\xff\xd8"), ("webp", b"RIFF"), ("png", b"\x89PNG")])
def test_tiles_have_the_format_and_size_asked_for(bench: Bench, tmp_path: Path, kind: str, first: bytes) -> None:
    source = bench.source(written(gradient(600, 300, 4), tmp_path / "a.png"), "a.png")
    made = bench.made("dz-image", source, format=kind, tile_size=200.0, overlap=0.0)
    assert set(made) == {"image.dzi", *expected(600, 300, 200, kind)}
    assert all(content.startswith(first) for path, content in made.items() if path != "image.dzi")
    assert bench.plan("dz-image", source).index == "image.dzi"


def test_the_same_picture_gives_the_same_bytes_again(bench: Bench, tmp_path: Path) -> None:
    source = bench.source(written(gradient(600, 300), tmp_path / "a.jpg"), "a.jpg")
    assert bench.made("dz-image", source) == bench.made("dz-image", source)


def test_a_picture_that_was_taken_upright_stands_upright(bench: Bench, tmp_path: Path) -> None:
    picture = gradient(300, 200).copy()
    picture.set_type(_int_type(), "orientation", 6)
    made = bench.made("dz-image", bench.source(written(picture, tmp_path / "a.jpg"), "a.jpg"))
    facts = described(made["image.dzi"])
    assert (facts["Width"], facts["Height"]) == (200, 300)


@pytest.mark.parametrize("kind", ["cmyk", "16 bits", "grey"])
def test_pictures_of_other_colours_become_pictures_for_the_screen(bench: Bench, tmp_path: Path, kind: str) -> None:
    picture = {
        "cmyk": lambda: gradient(300, 200).colourspace("cmyk"),
        "16 bits": lambda: gradient(300, 200).colourspace("rgb16"),
        "grey": lambda: gradient(300, 200, 1),
    }[kind]()
    made = bench.made("dz-image", bench.source(written(picture, tmp_path / "a.tif"), "a.tif"), format="jpg")
    tile = opened(made["image_files/9/0_0.jpg"])
    assert (tile.format, tile.interpretation) == ("uchar", "b-w" if kind == "grey" else "srgb")


def test_too_many_pixels_are_refused(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyramids, "MOST_PIXELS", 100_000)
    source = bench.source(written(gradient(400, 400), tmp_path / "a.png"), "a.png")
    with pytest.raises(WorkError, match="160000 pixels, more than the 100000"):
        bench.made("dz-image", source)


@pytest.mark.parametrize(
    ("name", "options"),
    [("a.jpg", {"interlace": True}), ("a.png", {"interlace": True}), ("a.webp", {}), ("a.gif", {})],
)
def test_pictures_that_have_to_be_in_memory_whole_may_be_smaller(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, options: dict[str, Any]
) -> None:
    monkeypatch.setattr(pyramids, "MOST_PIXELS_WHOLE", 100_000)
    source = bench.source(written(gradient(400, 400), tmp_path / name, **options), name)
    with pytest.raises(WorkError, match="more than the 100000"):
        bench.made("dz-image", source)


def test_a_header_that_promises_too_much_is_refused_unread(bench: Bench, tmp_path: Path) -> None:
    """A few bytes that claim to be a picture of four billion pixels."""
    content = bytearray(written(gradient(10, 10), tmp_path / "a.png"))
    content[16:24] = (65_535).to_bytes(4, "big") * 2
    import zlib

    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    with pytest.raises(WorkError, match="pixels"):
        bench.made("dz-image", bench.source(bytes(content), "a.png"))


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/passwd"/></svg>'


@pytest.mark.parametrize(
    "content", [b"", NOISE, b"\x89PNG\r\n\x1a\n", SVG, b"1,2\n3,4\n", zipped({"a": b"a"}), b"P5 9 9 255 " + bytes(81)]
)
def test_what_is_no_picture_of_a_known_kind_is_refused(bench: Bench, content: bytes) -> None:
    with pytest.raises(WorkError, match="the picture"):
        bench.made("dz-image", bench.source(content, "a.png"))


def test_a_picture_of_a_kind_that_is_not_declared_is_refused_whatever_its_name(bench: Bench, tmp_path: Path) -> None:
    content = written(gradient(64, 64), tmp_path / "a.avif")
    with pytest.raises(WorkError, match="not in a supported format"):
        bench.made("dz-image", bench.source(content, "a.png"))


def test_a_picture_that_breaks_off_is_refused(bench: Bench, tmp_path: Path) -> None:
    whole = written(gradient(900, 900), tmp_path / "a.png")
    with pytest.raises(WorkError, match="damaged"):
        bench.made("dz-image", bench.source(whole[: len(whole) // 2], "a.png"))


def test_a_picture_with_too_many_bytes_is_not_even_fetched(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyramids, "MOST_BYTES", 100)
    with pytest.raises(WorkError, match="bytes"):
        bench.plan("dz-image", bench.source(NOISE, "a.png"))


def test_it_stops_between_two_tiles(bench: Bench, tmp_path: Path) -> None:
    source = bench.source(written(gradient(2000, 2000), tmp_path / "a.png"), "a.png")
    worker = find("dz-image")
    assert worker is not None
    made = worker.outputs(source, {}, {}, bench.work())
    next(made)
    bench.stop_after = bench.asked + 5
    with pytest.raises(Stopped):
        list(made)


def _int_type() -> Any:
    import pyvips

    return pyvips.GValue.gint_type
