"""`dz-image`: a large picture becomes a deep zoom pyramid, `image.dzi` and its tiles in `image_files`.

libvips reads the picture line by line and writes tiles as it goes, so memory does not grow with the picture. It does so
in a process of its own (`chalicelib.workers.sandbox`), in one part: no format gives one region of a picture alone.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chalicelib.files.outputs import Output, WorkError
from chalicelib.settings import MEBIBYTE
from chalicelib.workers import sandbox
from chalicelib.workers.model import Parameters, Part, Plan, Source, Work, Worker

MOST_PIXELS = 500_000_000
"""Pixels of the largest picture; its tiles and itself have to fit the function's disk."""

MOST_PIXELS_WHOLE = 100_000_000
"""Pixels of the largest picture of a kind that has to be in memory as a whole: interlaced, GIF, WebP."""

MOST_BYTES = 1536 * MEBIBYTE
"""Bytes of the largest picture."""

EXTENSIONS = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".gif", ".webp")

_INDEX = "image.dzi"


def demand_size(source: Source) -> None:
    """Refuse a picture with too many bytes. Raises WorkError."""
    if source.size > MOST_BYTES:
        raise WorkError(f"the picture has {source.size} bytes, more than the {MOST_BYTES} allowed")


def plan(source: Source, parameters: Parameters, work: Work) -> Plan:
    """One part. Raises WorkError."""
    demand_size(source)
    return Plan([{}], _INDEX)


def outputs(source: Source, parameters: Parameters, part: Part, work: Work) -> Iterator[Output]:
    """The tiles level by level, and at last the file that describes them."""
    demand_size(source)
    picture = source.download(work.directory / "picture", work.stop)
    arguments = {
        "deed": "pyramid",
        "source": str(picture),
        "streamed": MOST_PIXELS,
        "whole": MOST_PIXELS_WHOLE,
        "format": parameters.get("format", "png"),
        # A schema takes 254.0 for an integer, libvips does not.
        "tile_size": int(parameters.get("tile_size", 254)),
        "overlap": int(parameters.get("overlap", 1)),
    }
    sandbox.run("chalicelib.sandboxed.pictures", arguments, work, subject="the picture")
    picture.unlink()
    for path in _tiles(work.directory / "image_files"):
        work.stop()
        yield Output(path.relative_to(work.directory).as_posix(), path)
    yield Output(_INDEX, work.directory / _INDEX)


def _tiles(root: Path) -> Iterator[Path]:
    for level in sorted(root.iterdir(), key=lambda one: int(one.name)):
        yield from sorted(level.iterdir())


SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "format": {
            "type": "string",
            "title": "Format of the tiles",
            "enum": ["png", "jpg", "webp"],
            "default": "png",
        },
        "tile_size": {"type": "integer", "title": "Size of a tile", "minimum": 128, "maximum": 2048, "default": 254},
        "overlap": {"type": "integer", "title": "Overlap of tiles", "minimum": 0, "maximum": 16, "default": 1},
    },
    "additionalProperties": False,
}

WORKER = Worker(
    type="dz-image",
    aliases=("dzi",),
    description="Cuts a large picture into a deep zoom pyramid",
    extensions=EXTENSIONS,
    schema=SCHEMA,
    docs="docs/workers.md#dz-image",
    plan=plan,
    outputs=outputs,
)
