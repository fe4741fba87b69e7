"""File names and content types: cleaning a name that a client sent, and telling a type from a name.

Source: specification of the GOV.UK asset manager, section 6 (docs/apis/assets.md, "Names and types").
"""

import re
import unicodedata

LONGEST_NAME = 255
"""Bytes in UTF-8 that a cleaned name may have: what common file systems and Content-Disposition readers accept."""

_ALLOWED_PUNCTUATION = frozenset("._-+")
_RFC6838 = re.compile(r"\w[\w!#&\-^.+]{1,126}/\w[\w!#&\-^.+]{1,126}", re.ASCII)
_UNKNOWN = "application/octet-stream"


def clean(name: str) -> str:
    """The name under which a file is kept, made from the one the client sent.

    The last path segment (with either slash), every character but letters, digits, marks, `_`, `.`, `-` and `+`
    replaced by `_`; a name of dots only gets a `_` in front, an empty one becomes `unnamed`.
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    cleaned = "".join(character if _is_kept(character) else "_" for character in last)
    if not cleaned:
        return "unnamed"
    if not cleaned.strip("."):
        return f"_{cleaned}"
    return _shortened(cleaned)


def content_type_of(name: str) -> str:
    """The content type that the last extension of a name tells, without parameters."""
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    return _TYPES.get(extension, _UNKNOWN)


def is_content_type(text: str) -> bool:
    """Whether a text is a content type as RFC 6838 has it: 2 to 127 characters each side, no parameters."""
    return _RFC6838.fullmatch(text) is not None


def served_as(content_type: str) -> str:
    """The Content-Type header for a stored content type: plain text is served as UTF-8."""
    return f"{content_type}; charset=utf-8" if content_type == "text/plain" else content_type


def _is_kept(character: str) -> bool:
    return character in _ALLOWED_PUNCTUATION or unicodedata.category(character)[0] in "LNM"


def _shortened(name: str) -> str:
    """Cut a name to `LONGEST_NAME` bytes, keeping its extension when there is room for it."""
    if len(name.encode()) <= LONGEST_NAME:
        return name
    stem, dot, extension = name.rpartition(".")
    tail = f"{dot}{extension}"
    if not stem or len(tail.encode()) > 20:
        stem, tail = name, ""
    return stem.encode()[: LONGEST_NAME - len(tail.encode())].decode(errors="ignore") + tail


def _table(text: str) -> dict[str, str]:
    rows = (line.split() for line in text.strip().splitlines())
    return {extension: kind for kind, *extensions in rows for extension in extensions}


_TYPES = _table(
    """
    application/atom+xml atom
    application/dxf dxf
    application/gml+xml gml
    application/gzip gz gzip
    application/json json
    application/msword doc dot
    application/pdf pdf
    application/rdf+xml rdf
    application/rss+xml rss
    application/vnd.ms-excel xls xlt
    application/vnd.ms-excel.sheet.macroEnabled.12 xlsm
    application/vnd.ms-powerpoint ppt
    application/vnd.oasis.opendocument.presentation odp
    application/vnd.oasis.opendocument.spreadsheet ods
    application/vnd.oasis.opendocument.text odt
    application/vnd.openxmlformats-officedocument.presentationml.presentation pptx
    application/vnd.openxmlformats-officedocument.spreadsheetml.sheet xlsx
    application/vnd.openxmlformats-officedocument.wordprocessingml.document docx
    application/x-www-form-urlencoded url_encoded_form
    application/x-yaml yaml yml
    application/xml xml
    application/zip zip
    audio/aac aac m4a mpg4
    audio/mpeg mp1 mp2 mp3
    audio/ogg oga ogg opus spx
    font/otf otf
    font/ttf ttf
    font/woff woff
    font/woff2 woff2
    image/bmp bmp
    image/gif gif
    image/jpeg jpe jpeg jpg pjpeg
    image/png png
    image/svg+xml svg
    image/tiff tif tiff
    multipart/form-data multipart_form
    text/calendar ics
    text/css css
    text/csv csv
    text/html html xhtml
    text/javascript js
    text/plain text txt
    text/rtf rtf
    text/vcard vcf
    text/vtt vtt
    video/mp4 m4v mp4
    video/mpeg mpe mpeg mpg
    video/webm webm
    """
)
