"""`thumbnail`: one small picture, of pictures and of documents."""

from pathlib import Path

import pytest

from chalicelib.workers import WorkError, find, pyramids, thumbnails
from tests.files.scanners.samples import NOISE, pdf
from tests.workers.conftest import Bench
from tests.workers.pictures import gradient, opened, written


@pytest.mark.parametrize("extension", pyramids.EXTENSIONS)
def test_every_format_gets_a_thumbnail(bench: Bench, tmp_path: Path, extension: str) -> None:
    content = written(gradient(800, 400), tmp_path / f"a{extension}")
    made = bench.made("thumbnail", bench.source(content, f"a{extension}"))
    assert list(made) == ["thumbnail.jpg"]
    small = opened(made["thumbnail.jpg"])
    assert (small.width, small.height) == (256, 128)
    assert small(128, 64) == pytest.approx([128, 128, 200], abs=6)


@pytest.mark.parametrize(("kind", "first"), [("jpg", b"\xff\xd8"), ("webp", b"RIFF"), ("png", b"\x89PNG")])
def test_it_has_the_size_and_format_asked_for(bench: Bench, tmp_path: Path, kind: str, first: bytes) -> None:
    source = bench.source(written(gradient(400, 800, 4), tmp_path / "a.png"), "a.png")
    made = bench.made("thumbnail", source, max_size=100.0, format=kind)
    assert made[f"thumbnail.{kind}"].startswith(first)
    small = opened(made[f"thumbnail.{kind}"])
    assert (small.width, small.height) == (50, 100)


def test_a_small_picture_is_not_blown_up(bench: Bench, tmp_path: Path) -> None:
    made = bench.made("thumbnail", bench.source(written(gradient(40, 30), tmp_path / "a.png"), "a.png"))
    assert opened(made["thumbnail.jpg"]).width == 40


@pytest.mark.parametrize("name", ["paper.pdf", "PAPER.PDF"])
def test_a_document_is_shown_by_its_first_page(bench: Bench, name: str) -> None:
    made = bench.made("thumbnail", bench.source(pdf(), name), max_size=64)
    small = opened(made["thumbnail.jpg"])
    assert (small.width, small.height) == (64, 64)
    # The page is white and empty but for a line from corner to corner.
    assert small(60, 58) == pytest.approx([255, 255, 255], abs=40)


def test_where_the_asset_begins_is_left_alone(bench: Bench) -> None:
    plan = bench.plan("thumbnail", bench.source(pdf(), "a.pdf"))
    assert (plan.index, len(plan.parts)) == (None, 1)


@pytest.mark.parametrize("content", [b"", NOISE, b"%PDF-1.4\n%%EOF", pdf()[:200]])
def test_what_is_no_document_is_refused(bench: Bench, content: bytes) -> None:
    with pytest.raises(WorkError, match="the document"):
        bench.made("thumbnail", bench.source(content, "a.pdf"))


def test_a_page_of_any_claimed_size_is_drawn_small(bench: Bench) -> None:
    """The page says that it is two kilometres high."""
    wide = pdf().replace(b"[0 0 100 100]", b"[0 0 10 9e5]".ljust(13))
    made = bench.made("thumbnail", bench.source(wide, "a.pdf"), max_size=200)
    assert max(opened(made["thumbnail.jpg"]).width, opened(made["thumbnail.jpg"]).height) <= 200


def test_a_document_with_too_many_bytes_is_not_even_fetched(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thumbnails, "MOST_DOCUMENT_BYTES", 100)
    with pytest.raises(WorkError, match="more than the 100"):
        bench.plan("thumbnail", bench.source(pdf(), "a.pdf"))


def test_it_takes_documents_and_pictures() -> None:
    worker = find("thumbnail")
    assert worker is not None
    assert worker.takes("a.PDF")
    assert worker.takes("a.tiff")
    assert not worker.takes("a.svg")
