"""Pictures by libvips: a deep zoom pyramid, or a thumbnail."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.sandboxed import child
from chalicelib.sandboxed.child import Refused

if TYPE_CHECKING:
    import pyvips

_STREAMED = {"jpegload": "jpeg-multiscan", "pngload": "interlaced", "tiffload": None}
"""The formats that can be read line by line, and what says of a file that it cannot."""

_WHOLE = ("gifload", "webpload")
_LARGEST_PIECE = 4096
_SUFFIXES = {"png": ".png", "jpg": ".jpg[Q=85]", "webp": ".webp[Q=80]"}


def work(arguments: dict[str, Any], directory: Path) -> Any:
    """Do one of the two; `source` and the limits `streamed` and `whole`, in pixels, are arguments of both."""
    import pyvips

    try:
        return _DEEDS[arguments["deed"]](arguments, directory)
    except pyvips.Error:
        raise Refused("the picture cannot be read: its format is not supported, or it is damaged") from None


def _pyramid(arguments: dict[str, Any], directory: Path) -> Any:
    import pyvips

    picture = _opened(arguments)
    if "orientation" in picture.get_fields() and picture.get("orientation") > 1:
        # Turning needs the picture's lines in another order: libvips unpacks it to disk for that.
        picture = pyvips.Image.new_from_file(arguments["source"], access="random").autorot()
    size = {"width": picture.width, "height": picture.height}
    _plain(picture, alpha=arguments["format"] != "jpg").dzsave(
        str(directory / "image"),
        suffix=_SUFFIXES[arguments["format"]],
        tile_size=arguments["tile_size"],
        overlap=arguments["overlap"],
        keep="none",
    )
    (directory / "image_files" / "vips-properties.xml").unlink(missing_ok=True)
    return size


def _thumbnail(arguments: dict[str, Any], directory: Path) -> Any:
    import pyvips

    _opened(arguments)
    longest = arguments["max_size"]
    picture = pyvips.Image.thumbnail(arguments["source"], longest, height=longest, size="down")
    kind = arguments["format"]
    name = f"thumbnail.{kind}"
    picture = _plain(picture, alpha=kind != "jpg")
    picture.write_to_file(str(directory / f"thumbnail{_SUFFIXES[kind]}"), keep="none")
    return {"name": name, "width": picture.width, "height": picture.height}


def _opened(arguments: dict[str, Any]) -> "pyvips.Image":
    """The picture, its header read and found to be within the limits."""
    import pyvips

    picture = pyvips.Image.new_from_file(arguments["source"], access="sequential", fail_on="error")
    loader = picture.get("vips-loader")
    if loader not in (*_STREAMED, *_WHOLE):
        raise Refused("the picture is not in a supported format")
    pixels = picture.width * picture.height
    most = arguments["streamed"] if _is_streamed(picture, loader) else arguments["whole"]
    if pixels > most:
        raise Refused(f"the picture has {pixels} pixels, more than the {most} allowed for its kind")
    return picture


def _is_streamed(picture: "pyvips.Image", loader: str) -> bool:
    """Whether the picture is read line by line, in memory that does not grow with it."""
    if loader not in _STREAMED:
        return False
    fields = picture.get_fields()
    marker = _STREAMED[loader]
    if marker is not None and marker in fields and picture.get(marker):
        return False
    tile = max((picture.get(name) for name in ("tile-width", "tile-height") if name in fields), default=0)
    return int(tile) <= _LARGEST_PIECE


def _plain(picture: "pyvips.Image", *, alpha: bool) -> "pyvips.Image":
    """The picture as 8 bit sRGB or grey."""
    if picture.interpretation not in ("srgb", "b-w"):
        picture = picture.colourspace("srgb")
    if picture.hasalpha() and not alpha:
        picture = picture.flatten(background=[255])
    return picture.cast("uchar") if picture.format != "uchar" else picture


_DEEDS = {"pyramid": _pyramid, "thumbnail": _thumbnail}


def _import() -> None:
    import pyvips  # noqa: F401


if __name__ == "__main__":
    child.run(work, ready=_import)
