"""What may be an id, a tag or a file name here (docs/apis/stores.md, "Names")."""

import re
import unicodedata
from collections.abc import Container

from chalicelib.apis.stores import errors

LONGEST_ASSET_ID = 200
LONGEST_OBJECT_ID = 200
LONGEST_FILENAME = 255
LONGEST_TAG = 100
"""All in bytes of UTF-8: together they have to fit into the keys of S3 and DynamoDB."""

RESERVED = frozenset({"list", "validate", "create", "new", ".ovemeta"})

_STORE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
_NO_BUCKET = re.compile(r"\.\.|\.-|-\.|^\d+\.\d+\.\d+\.\d+$", re.ASCII)


def demand_store(store_id: object, literals: Container[str]) -> str:
    """A new store's id.

    Args:
        literals: the segments that the routes have in its place.

    Raises:
        MalformedRequest, Conflict
    """
    if not isinstance(store_id, str) or not _STORE.fullmatch(store_id):
        raise errors.invalid_name("id")
    if store_id in RESERVED or store_id in literals:
        raise errors.store_in_use(store_id)
    return store_id


def demand_project(project_id: object, literals: Container[str]) -> str:
    """A new project's id: what S3 lets a bucket be called. Arguments and exceptions as for `demand_store`."""
    if isinstance(project_id, str) and (project_id in RESERVED or project_id in literals):
        raise errors.project_in_use(project_id)
    if not isinstance(project_id, str) or not _BUCKET.fullmatch(project_id) or _NO_BUCKET.search(project_id):
        raise errors.invalid_name("id")
    return project_id


def demand_asset(asset_id: object) -> str:
    """A new asset's id. Raises MalformedRequest, Conflict."""
    if isinstance(asset_id, str) and asset_id in RESERVED:
        raise errors.asset_in_use(asset_id)
    if not isinstance(asset_id, str) or not is_segment(asset_id, LONGEST_ASSET_ID):
        raise errors.invalid_name("id")
    return asset_id


def demand_filename(name: str) -> str:
    """An uploaded file's name, which stays as it is. Raises MalformedRequest, FileNameForbidden."""
    if name == ".ovemeta":
        raise errors.FileNameForbidden(details=["The name .ovemeta is reserved."])
    if not name:
        raise errors.invalid_filename("No filename specified in the query param")
    if not is_segment(name, LONGEST_FILENAME):
        raise errors.invalid_filename(
            f"A filename has at most {LONGEST_FILENAME} bytes, no slash and no control characters, and is not . or .."
        )
    return name


def is_object(object_id: str) -> bool:
    """Whether an object can be called that: letters and digits alone."""
    return object_id.isalnum() and len(object_id.encode(errors="replace")) <= LONGEST_OBJECT_ID


def is_tag(tag: object) -> bool:
    """Whether something can be a tag."""
    return isinstance(tag, str) and is_text(tag, LONGEST_TAG)


def is_text(text: str, longest: int) -> bool:
    """Whether a text has 1 to `longest` bytes and no control characters."""
    return 0 < len(text.encode(errors="replace")) <= longest and _is_printable(text)


def is_segment(text: str, longest: int) -> bool:
    """Whether a text can be one segment of a path that S3, browsers and we understand alike."""
    if not text or text in (".", "..") or "/" in text or not _is_printable(text):
        return False
    return len(text.encode()) <= longest


def _is_printable(text: str) -> bool:
    return not any(unicodedata.category(character) in ("Cc", "Cs") for character in text)
