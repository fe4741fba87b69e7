"""The first page of a PDF document as a picture, by PDFium."""

from pathlib import Path
from typing import Any

from chalicelib.sandboxed import child
from chalicelib.sandboxed.child import Refused

_NAME = "page.png"


def work(arguments: dict[str, Any], directory: Path) -> Any:
    """Draw the first page so that its longer side has `max_size` pixels."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(arguments["source"])
        page = document[0]
        width, height = page.get_size()
    except (pypdfium2.PdfiumError, IndexError) as error:
        if "password" in str(error).lower():
            raise Refused("the document is protected by a password") from None
        raise Refused("the document cannot be read: it has no page, or is damaged") from None
    if not (0 < width < 1e6 and 0 < height < 1e6):
        raise Refused("the document's first page has no size")
    scale = arguments["max_size"] / max(width, height)
    bitmap = page.render(scale=scale, may_draw_forms=False, rev_byteorder=True)
    _save(bitmap, directory / _NAME)
    return {"name": _NAME}


def _save(bitmap: Any, path: Path) -> None:
    import pyvips

    rows = bytes(bitmap.buffer)
    if bitmap.stride != bitmap.width * bitmap.n_channels:
        length = bitmap.width * bitmap.n_channels
        rows = b"".join(rows[at : at + length] for at in range(0, bitmap.stride * bitmap.height, bitmap.stride))
    picture = pyvips.Image.new_from_memory(rows, bitmap.width, bitmap.height, bitmap.n_channels, "uchar")
    picture.copy(interpretation="srgb" if bitmap.n_channels > 2 else "b-w").write_to_file(str(path))


def _import() -> None:
    import pypdfium2
    import pyvips  # noqa: F401

    _ = pypdfium2.PdfDocument


if __name__ == "__main__":
    child.run(work, ready=_import)
