"""Pictures made in code."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyvips


def gradient(width: int, height: int, bands: int = 3) -> "pyvips.Image":
    """Red grows to the right and green downwards; further bands are constant."""
    import pyvips

    place = pyvips.Image.xyz(width, height)
    red, green = (place[axis] * 255 / max(size - 1, 1) for axis, size in ((0, width), (1, height)))
    picture = red.bandjoin([green] + [200] * (bands - 2)) if bands > 1 else red
    return picture.cast("uchar").copy(interpretation="srgb" if bands > 2 else "b-w")


def written(picture: "pyvips.Image", path: Path, **options: Any) -> bytes:
    """The bytes of a picture in the format that the path's extension names."""
    picture.write_to_file(str(path), **options)
    return path.read_bytes()


def opened(content: bytes) -> "pyvips.Image":
    import pyvips

    return pyvips.Image.new_from_buffer(content, "")
