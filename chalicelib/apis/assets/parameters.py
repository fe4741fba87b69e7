"""The `asset[...]` parameters of a request, made into the changes they ask for (docs/apis/assets.md, "Parameters").

Unknown names are dropped silently, and so is a value of the wrong shape (a mapping for a text, a text for a list).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.errors import MalformedRequest
from chalicelib.web.bodies import UploadedFile

_TRUE = re.compile(r"true|t|yes|y|on|1(\.0)?", re.IGNORECASE)
_TEXTS = ("redirect_url", "replacement_id", "parent_document_url")
_LISTS = ("access_limited", "access_limited_organisation_ids", "auth_bypass_ids")
_LEGACY = ("legacy_url_path", "legacy_etag", "legacy_last_modified")
_NAMES = frozenset((*_TEXTS, *_LISTS, *_LEGACY, "file", "upload", "draft", "content_type", "access_limited_user_ids"))


@dataclass(frozen=True, slots=True)
class Changes:
    """What a request wants of an asset.

    Attributes:
        values: attribute name to new value; an absent name stays as it is, None clears it.
        legacy: what only the creation of a whitehall asset looks at.
        file: the file that came in the body.
        upload: id of a finished upload that stands for a file.
        unreadable_file: something that is no file was sent in the place of one.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    legacy: Mapping[str, str | None] = field(default_factory=dict)
    file: UploadedFile | None = None
    upload: str | None = None
    unreadable_file: bool = False


def read(parameters: Mapping[str, Any], *, is_json: bool) -> Changes:
    """The changes that a request's parameters ask for.

    Args:
        parameters: the body as nested names.
        is_json: the body was JSON; then a flat one counts as its own `asset`.

    Raises:
        MalformedRequest: there is no `asset`, or it is empty.
    """
    flat = {name: value for name, value in parameters.items() if name in _NAMES} if is_json else None
    asset = parameters.get("asset", flat)
    if not isinstance(asset, Mapping) or not asset:
        raise MalformedRequest("param is missing or the value is empty: asset")
    file = asset.get("file")
    if isinstance(file, UploadedFile) and not file.filename:
        file = None  # what a browser sends for a file field that was left empty
    values: dict[str, Any] = {}
    for name in _TEXTS:
        if name in asset and _is_scalar(asset[name]):
            values[name] = _text(asset[name])
    if "content_type" in asset and _is_scalar(asset["content_type"]):
        values["given_content_type"] = _text(asset["content_type"])
    if "draft" in asset and _is_scalar(asset["draft"]):
        values["draft"] = _TRUE.fullmatch(_text(asset["draft"]) or "") is not None
    for name in _LISTS:
        if name in asset and (found := _list(asset[name])) is not None:
            values[name] = found
    if (users := _list(asset.get("access_limited_user_ids", {}))) is not None:
        values["access_limited"] = users
    return Changes(
        values=values,
        legacy={name: _text(asset[name]) for name in _LEGACY if name in asset and _is_scalar(asset[name])},
        file=file if isinstance(file, UploadedFile) else None,
        upload=_text(asset.get("upload")) if _is_scalar(asset.get("upload")) else None,
        unreadable_file=not isinstance(file, UploadedFile) and file not in (None, ""),
    )


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | bool | int | float)


def _text(value: Any) -> str | None:
    """A scalar as text; None for null and for blank."""
    if value is None:
        return None
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text.strip() or None


def _list(value: Any) -> list[str] | None:
    """A list of texts. The empty text means the empty list, as the public client sends it; None: not a list."""
    if value == "":
        return []
    if not isinstance(value, list) or not all(_is_scalar(item) for item in value):
        return None
    return [text for item in value if (text := _text(item)) is not None]
