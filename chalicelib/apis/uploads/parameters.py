"""What a client says in its query or JSON body, read and checked (docs/apis/uploads.md)."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from chalicelib.errors import MalformedRequest, ValidationFailed
from chalicelib.files import names
from chalicelib.files.multipart import LARGEST, MOST_PARTS
from chalicelib.files.uploads import Announced

LARGEST_SINGLE = 5 * 1024**3
"""Bytes that S3 takes in one request."""

LARGEST_BATCH = 1_000
"""Parts that one request can have signed; more would not fit into an answer."""

_METADATA_BYTES = 2 * 1024  # S3's own limit for names and values together
_METADATA_NAME = re.compile(r"[\w!#$&'*+.^`|~-]{1,128}", re.ASCII)
_TYPE = re.compile(r"[\w!#$&^.+-]{1,127}/[\w!#$&^.+-]{1,127}( ?; ?[\w-]+=[\w\"'.:+-]+)*", re.ASCII)
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
_NUMBER = re.compile(r"[0-9]{1,15}")
_QUERY_METADATA = re.compile(r"metadata\[(.+)\]", re.DOTALL)
_UNKNOWN_TYPE = "application/octet-stream"


def announced_in_query(query: Mapping[str, str]) -> Announced:
    """What `GET /s3/params` says of a file: `filename`, `type`, and optionally `size`, `sha256`, `metadata[name]`.

    Raises:
        ValidationFailed
    """
    metadata = {match[1]: value for name, value in query.items() if (match := _QUERY_METADATA.fullmatch(name))}
    return _announced({**query, "metadata": metadata}, LARGEST_SINGLE)


def announced_in_json(body: Any) -> Announced:
    """What `POST /s3/multipart` says of a file, by the same names.

    Raises:
        MalformedRequest: the body is no JSON object.
        ValidationFailed
    """
    if not isinstance(body, dict):
        raise MalformedRequest("the body must be a JSON object")
    return _announced(body, LARGEST)


def part_number(text: str) -> int:
    """One part's number. Raises ValidationFailed."""
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= MOST_PARTS:
        raise ValidationFailed(details=[f"a part's number is from 1 to {MOST_PARTS}"])
    return int(text)


def part_numbers(text: str) -> list[int]:
    """The parts of `partNumbers=1,2,3`. Raises ValidationFailed."""
    wanted = text.split(",")
    if len(wanted) > LARGEST_BATCH:
        raise ValidationFailed(details=[f"at most {LARGEST_BATCH} parts are signed at once"])
    return [part_number(one) for one in wanted]


def named_parts(body: Any) -> list[tuple[int, str]]:
    """The parts of a completion, `{"parts": [{"PartNumber": 1, "ETag": "..."}]}`: numbers and tags without quotes.

    Raises:
        MalformedRequest: it has another shape.
    """
    parts = body.get("parts") if isinstance(body, dict) else None
    if not isinstance(parts, list) or not all(_is_part(part) for part in parts):
        raise MalformedRequest("parts must be a list of {PartNumber, ETag}")
    return [(part["PartNumber"], part["ETag"].strip('"')) for part in parts]


def _is_part(part: Any) -> bool:
    return isinstance(part, dict) and type(part.get("PartNumber")) is int and isinstance(part.get("ETag"), str)


def _announced(given: Mapping[str, Any], largest: int) -> Announced:
    wrong: list[str] = []
    name, kind = given.get("filename"), given.get("type") or _UNKNOWN_TYPE
    if not isinstance(name, str) or not name:
        wrong.append("filename is missing")
    if not isinstance(kind, str) or not _TYPE.fullmatch(kind):
        wrong.append("type is not a content type")
    size = _size(given.get("size"), largest, wrong)
    sha256 = given.get("sha256") or None
    if sha256 is not None and not (isinstance(sha256, str) and _DIGEST.fullmatch(sha256)):
        wrong.append("sha256 must be 64 hexadecimal digits")
    metadata = _metadata(given.get("metadata") or {}, wrong)
    if wrong:
        raise ValidationFailed(details=wrong)
    return Announced(
        name=names.clean(str(name)),
        content_type=str(kind),
        size=size,
        sha256=sha256.lower() if isinstance(sha256, str) else None,
        metadata=metadata,
    )


def _size(given: Any, largest: int, wrong: list[str]) -> int | None:
    if given is None or given == "":
        return None
    if type(given) is not int and not (isinstance(given, str) and _NUMBER.fullmatch(given)):
        wrong.append("size must be a whole number of bytes")
        return None
    size = int(given)
    if size < 0:
        wrong.append("size must be a whole number of bytes")
    elif size > largest:
        instead = "; send a larger file by /s3/multipart" if largest < LARGEST else ""
        wrong.append(f"size is at most {largest} bytes{instead}")
    return size


def _metadata(given: Any, wrong: list[str]) -> dict[str, str]:
    """S3's user metadata: what is not printable ASCII is percent-encoded, nulls are left out."""
    if not isinstance(given, Mapping) or any(isinstance(value, dict | list) for value in given.values()):
        wrong.append("metadata must be an object of texts")
        return {}
    found = {str(name): _encoded(value) for name, value in given.items() if value is not None}
    if not all(_METADATA_NAME.fullmatch(name) for name in found):
        wrong.append("a metadata name holds a character that no header may")
    if sum(len(name) + len(value) for name, value in found.items()) > _METADATA_BYTES:
        wrong.append(f"metadata has more than {_METADATA_BYTES} bytes")
    if len({name.lower() for name in found}) != len(found):
        wrong.append("a metadata name is given twice")
    return found


def _encoded(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if text.isascii() and text.isprintable() and text == text.strip():
        return text
    return quote(text.strip(" "), safe=" !\"#$&'()*+,/:;<=>?@[]^`{|}~", errors="replace")
