"""The rules an asset must keep, and their sentences, in the order in which they are told.

Source: docs/apis/assets.md, "Validation".
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from chalicelib.apis.assets.models import Asset
from chalicelib.files import names

MOST_ENTRIES = 1000
MOST_LIST_BYTES = 200_000
LONGEST_TEXT = 2048
LONGEST_PATH = 1000

LEGACY_ROOT = "/government/uploads"

_URL = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_ETAG = re.compile(r"[\x21\x23-\x7e]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PER_LIST = {
    "access_limited": "Access limited",
    "access_limited_organisation_ids": "Access limited organisation ids",
    "auth_bypass_ids": "Auth bypass ids",
}


def broken_rules(new: Asset, old: Asset | None, *, lost_replacement: bool) -> Iterator[str]:
    """The sentences of all rules that `new` breaks, but those about its file and its path.

    Args:
        new: the asset as it would be.
        old: the asset as it is stored; None when it is being created.
        lost_replacement: it names a replacement that does not exist.
    """
    if new.given_content_type and not names.is_content_type(new.given_content_type):
        yield "Content type must match the format defined in rfc6838"
    if lost_replacement:
        yield "Replacement not found"
    if old is not None and new.draft and not old.draft:
        if new.replacement_id:
            yield "Draft cannot be true, because already replaced"
        if new.redirect_url:
            yield "Draft cannot be true, because already redirected"
    if new.parent_document_url:
        yield from _parent_document_url(new.parent_document_url, bool(new.draft))
    if new.redirect_url and _CONTROL.search(new.redirect_url):
        yield "Redirect url must be a URL"
    if new.redirect_url and len(new.redirect_url.encode()) > LONGEST_TEXT:
        yield f"Redirect url is too long (maximum is {LONGEST_TEXT} bytes)"
    yield from _lists(new)


def _lists(new: Asset) -> Iterator[str]:
    total = 0
    for name, label in _PER_LIST.items():
        entries = getattr(new, name) or []
        if len(entries) > MOST_ENTRIES:
            yield f"{label} is too long (maximum is {MOST_ENTRIES} entries)"
        elif any(len(entry) > LONGEST_TEXT // 8 for entry in entries):
            yield f"{label} holds an entry that is too long (maximum is {LONGEST_TEXT // 8} characters)"
        total += sum(len(entry.encode()) for entry in entries)
    if total > MOST_LIST_BYTES:
        yield f"Access lists are too long together (maximum is {MOST_LIST_BYTES} bytes)"


def broken_path_rules(path: str | None) -> Iterator[str]:
    """The sentences of the rules that a whitehall path breaks."""
    if not path:
        yield "Legacy url path can't be blank"
        return
    root, segments = path[: len(LEGACY_ROOT) + 1], path.split("/")[1:]
    if root != f"{LEGACY_ROOT}/" or any(part in ("", ".", "..") for part in segments) or _CONTROL.search(path):
        yield f"Legacy url path must start with {LEGACY_ROOT}"
    if len(path.encode()) > LONGEST_PATH:
        yield f"Legacy url path is too long (maximum is {LONGEST_PATH} bytes)"


def legacy_etag(text: str | None) -> str | None:
    """The opaque part of a legacy ETag, given with or without quotes.

    Raises:
        ValueError: it could not stand in a header.
    """
    if text is None:
        return None
    opaque = text.removeprefix("W/").strip('"')
    if not _ETAG.fullmatch(opaque) or len(opaque) > LONGEST_TEXT // 8:
        raise ValueError("not an etag")
    return opaque


def legacy_last_modified(text: str | None) -> datetime | None:
    """The moment of a legacy date, in ISO 8601, or as HTTP or Ruby write dates; without a zone it is UTC.

    Raises:
        ValueError: it is none of these.
    """
    if text is None:
        return None
    zoned = f"{text.removesuffix('UTC')}+0000" if text.endswith(" UTC") else text  # as Ruby writes a time in UTC
    try:
        try:
            moment = datetime.fromisoformat(zoned)
        except ValueError:
            moment = parsedate_to_datetime(zoned)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC).replace(microsecond=0)
    except (OverflowError, IndexError, TypeError) as error:
        raise ValueError("not a moment that a calendar has") from error


def _parent_document_url(url: str, draft: bool) -> Iterator[str]:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if not _URL.fullmatch(url) or parts.scheme not in ("http", "https") or not parts.hostname:
        yield "Parent document url must be an http(s) URL"
    elif parts.hostname.startswith("draft-origin") and not draft:
        yield "Parent document url must be a public GOV.UK URL"
    elif len(url) > LONGEST_TEXT:
        yield f"Parent document url is too long (maximum is {LONGEST_TEXT} characters)"
