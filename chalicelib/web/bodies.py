"""Request bodies: raw bytes, JSON, and the parameters of forms with Rails-style nested names.

What each content type means:

* `multipart/form-data` and `application/x-www-form-urlencoded`: `a=1` is a string, `a[]=1` a list, `a[b]=1` a
  dictionary, nested up to `NESTING` levels. Of a repeated scalar the last one wins; a name used in two shapes is an
  error. A part with a file name is a file, even an empty one.
* `application/json`, anything `+json`, and a body without a content type, which API Gateway too takes for JSON.
* No body at all: no parameters, whatever the content type.

Bodies are UTF-8, and their limits are below. Everything that cannot be read is a `MalformedRequest`.
"""

import json as json_text
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

from multipart import (  # type: ignore[import-untyped]
    MultipartSegment,
    PushMultipartParser,
    parse_options_header,
)

from chalicelib.errors import BodyTooLarge, MalformedRequest, UnsupportedMediaType
from chalicelib.settings import MEBIBYTE
from chalicelib.web.request import Request

LARGEST_BODY = 4 * MEBIBYTE  # bytes, multipart framing included
FIELDS = 1_000  # fields of one form
NAME_LENGTH = 256  # characters of one field name
NESTING = 8  # brackets in one field name
JSON_DEPTH = 50  # objects and arrays inside one another

_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_CHARSETS = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "utf-8", "ascii": "utf-8", "iso-8859-1": "latin-1"}
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])+)")
_KEY = re.compile(r"\[([^\[\]]*)\]")
_DISPOSITION_PARAMETER = re.compile(r';\s*([\w-]+\*?)\s*=\s*("(?:\\.|[^"\\])*"|"[^"]*"|[^";]*)', re.ASCII)


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file part of a form.

    Attributes:
        filename: as the client sent it, unquoted but not cleaned; may be empty or hold anything.
        content_type: of the part, None when it has none.
        content: its bytes.
    """

    filename: str
    content_type: str | None
    content: bytes = field(repr=False)


def body(request: Request) -> bytes:
    """The bytes of the body.

    Raises:
        BodyTooLarge: more than `LARGEST_BODY`, or so announced.
        MalformedRequest: fewer than `Content-Length` announced.
        UnsupportedMediaType: it is compressed.
    """
    announced = _content_length(request)
    if announced > LARGEST_BODY:
        raise BodyTooLarge
    content = request.raw_body
    if len(content) > LARGEST_BODY:
        raise BodyTooLarge
    if announced > len(content):
        raise MalformedRequest("the body is shorter than its Content-Length")
    if content and request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise UnsupportedMediaType
    return content


def content_type(request: Request) -> str:
    """The body's content type, lower case, without parameters; empty when there is none."""
    return str(request.headers.get("content-type", "")).partition(";")[0].strip().lower()


def parameters(request: Request) -> dict[str, Any]:
    """The body's parameters by name: strings, lists, dictionaries and `UploadedFile`s; any JSON value from JSON.

    Raises:
        BodyTooLarge, MalformedRequest, UnsupportedMediaType: as this module's docstring says.
    """
    content = body(request)
    if not content:
        return {}
    kind = content_type(request)
    if kind == _MULTIPART:
        return _nested(_multipart_fields(request, content))
    if kind == _FORM:
        return _nested(_form_fields(content))
    found = json(request)
    if not isinstance(found, dict):
        raise MalformedRequest("the JSON body must be an object")
    return found


def json(request: Request, *, any_type: bool = False) -> Any:
    """The JSON value in the body; None when there is no body.

    Args:
        any_type: whatever the content type says.

    Raises:
        BodyTooLarge: more than `LARGEST_BODY`.
        MalformedRequest: not JSON, not UTF-8, NaN or infinite numbers, deeper than `JSON_DEPTH`.
        UnsupportedMediaType: the content type is another.
    """
    content = body(request)
    if not content:
        return None
    kind = content_type(request)
    if not any_type and kind not in ("", "application/json") and not kind.endswith("+json"):
        raise UnsupportedMediaType
    return parsed(content)


def parsed(content: bytes) -> Any:
    """The JSON value that a text has.

    Raises:
        MalformedRequest: not JSON, not UTF-8, NaN or infinite numbers, deeper than `JSON_DEPTH`.
    """
    try:
        found = json_text.loads(content.decode("utf-8-sig"), parse_constant=_not_json, parse_float=_finite)
    except (ValueError, RecursionError):
        raise MalformedRequest("the body is not valid JSON") from None
    _check_json(found)
    return found


def _content_length(request: Request) -> int:
    text = request.headers.get("content-length", "")
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise MalformedRequest("Content-Length is not a number")
    return int(text)


def _not_json(name: str) -> object:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(text)
    return number


def _check_json(found: Any) -> None:
    """Walks without recursion, since the depth is the client's choice."""
    level, depth = [found], 0
    while level:
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                inner.extend(value)
                inner.extend(value.values())
            elif isinstance(value, list):
                inner.extend(value)
            elif isinstance(value, str) and not value.isascii():
                _check_text(value)
            if depth == JSON_DEPTH and isinstance(value, dict | list):
                raise MalformedRequest("the JSON body is nested too deeply")
        level, depth = inner, depth + 1


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise MalformedRequest("the body holds half a surrogate pair") from None


def _form_fields(content: bytes) -> Iterator[tuple[str, str]]:
    pairs = content.split(b"&", FIELDS)
    if len(pairs) > FIELDS:
        raise MalformedRequest(f"the form has more than {FIELDS} fields")
    for pair in pairs:
        if pair:
            name, _, value = pair.partition(b"=")
            yield _form_text(name), _form_text(value)


def _form_text(text: bytes) -> str:
    try:
        return unquote_to_bytes(text.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        raise MalformedRequest("the form is not valid UTF-8") from None


def _multipart_fields(request: Request, content: bytes) -> Iterator[tuple[str, str | UploadedFile]]:
    _, options = parse_options_header(request.headers.get("content-type", ""))
    try:
        with PushMultipartParser(options.get("boundary", ""), max_segment_count=FIELDS) as parser:
            segment: MultipartSegment | None = None
            chunks: list[bytes] = []
            for event in parser.parse(content):
                if isinstance(event, MultipartSegment):
                    segment, chunks = event, []
                elif event is not None:
                    chunks.append(bytes(event))
                elif segment is not None:
                    yield _part(segment, b"".join(chunks))
    except ValueError as error:  # MultipartError is one, and so is text that cannot be encoded
        raise MalformedRequest("the multipart body cannot be read") from error


def _part(segment: MultipartSegment, content: bytes) -> tuple[str, str | UploadedFile]:
    name, filename = _disposition(segment.header("Content-Disposition", ""))
    if filename is not None:
        return name, UploadedFile(filename, segment.content_type, content)
    charset = _CHARSETS.get((segment.charset or "utf-8").lower())
    if charset is None:
        raise MalformedRequest("a form field has an unknown character set")
    try:
        return name, content.decode(charset)
    except UnicodeDecodeError:
        raise MalformedRequest("a form field is not valid UTF-8") from None


def filename_of(disposition: str) -> str | None:
    """The file name in a Content-Disposition, None without one. An RFC 5987 `filename*` beats a plain one.

    Raises:
        MalformedRequest: it is in a character set that is not known, or not really in the one it says.
    """
    return _filename(_parameters(f";{disposition}"))  # its type may be left out


def _disposition(header: str) -> tuple[str, str | None]:
    """Name and file name of a part."""
    found = _parameters(header)
    if "name" not in found:
        raise MalformedRequest("a part of the form has no name")
    return _unquoted(found["name"]), _filename(found)


def _parameters(disposition: str) -> dict[str, str]:
    return {key.lower(): value.strip() for key, value in _DISPOSITION_PARAMETER.findall(disposition)}


def _filename(found: dict[str, str]) -> str | None:
    if "filename*" in found:
        return _extended(found["filename*"])
    return _unquoted(found["filename"]) if "filename" in found else None


def _unquoted(value: str) -> str:
    """Undo the quoting of a name. Browsers and curl escape `"` as `%22`, older clients as `\\"`, many do nothing."""
    quoted = len(value) >= 2 and value[0] == value[-1] == '"'
    if quoted:
        value = value[1:-1]
    if quoted and '\\"' in value:
        return value.replace("\\\\", "\\").replace('\\"', '"')
    return value.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")


def _extended(value: str) -> str:
    charset, _, rest = value.strip('"').partition("'")
    encoded = rest.partition("'")[2]
    known = _CHARSETS.get(charset.lower())
    if known is None:
        raise MalformedRequest("a file name has an unknown character set")
    try:
        return unquote_to_bytes(encoded).decode(known)
    except UnicodeDecodeError:
        raise MalformedRequest("a file name is not in the character set it names") from None


def _nested(fields: Iterator[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in fields:
        if len(name) > NAME_LENGTH:
            raise MalformedRequest("a form field's name is too long")
        nested = _NAME.fullmatch(name)
        if nested is None:
            _put(found, name, value)
            continue
        keys = [nested[1], *_KEY.findall(nested[2])]
        if len(keys) > NESTING or "" in keys[:-1]:
            raise MalformedRequest("a form field's name is nested in a way that is not understood")
        at = found
        for key in keys[:-2]:
            at = _container(at, key, dict)
        if keys[-1]:
            _put(_container(at, keys[-2], dict), keys[-1], value)
        else:
            _container(at, keys[-2], list).append(value)
    return found


def _put(at: dict[str, Any], key: str, value: Any) -> None:
    if isinstance(at.get(key), dict | list):
        raise MalformedRequest("a form field is used in two shapes")
    at[key] = value


def _container(at: dict[str, Any], key: str, shape: type[Any]) -> Any:
    inner = at.setdefault(key, shape())
    if not isinstance(inner, shape):
        raise MalformedRequest("a form field is used in two shapes")
    return inner
