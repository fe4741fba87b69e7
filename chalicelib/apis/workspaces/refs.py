"""What may be a ref, a name or a file URI, and the folded keys that make them unique whatever their case
(docs/apis/workspaces.md, "Names").

A ref is a path below `/assets/` or `/resources/`. Its key is folded, and the last slash is doubled: what is directly in
a namespace begins with `<namespace>//`, what is anywhere below it with `<namespace>/`, and both are one Query.
"""

import re
import unicodedata

from chalicelib.apis.workspaces import errors

ASSETS, RESOURCES = "/assets/", "/resources/"

LONGEST_PART = 255
LONGEST_KEY = 900
LONGEST_PATH = 700
LONGEST_NAME = 100
LONGEST_URI = 900
"""All in bytes of UTF-8, but for the name, which is ASCII: together they have to fit into DynamoDB's keys."""

_FORBIDDEN = re.compile(r'[/?<>\\:*|"&;@$=+,\x00-\x1f\x80-\x9f]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE | re.DOTALL)
_GUID = re.compile(r"[A-Za-z0-9]{40}")
_NAME = re.compile(r"[\[A-Za-z0-9_/.-]{1,100}")
_NOT_IN_NAME = re.compile(r"[^\[A-Za-z0-9_/.-]+")
_SLASHES = re.compile("/{2,}")
_URI = "file:///"


def fold(text: str) -> str:
    """A text as it is compared: without case, and however its accents are composed."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


def key(ref: str) -> str:
    """The key under which a ref can be taken once."""
    namespace, _, name = fold(ref).rpartition("/")
    return f"{namespace}//{name}"


def single(text: str) -> str:
    """A path in which slashes stand alone."""
    return _SLASHES.sub("/", text)


def is_namespace(ref: str) -> bool:
    """Whether a ref names a namespace, not something in it."""
    return ref.endswith("/")


def demand_asset(ref: str) -> str:
    """A ref that an asset can have.

    Raises:
        MalformedRequest
    """
    ref = single(ref)
    if not ref.startswith(ASSETS):
        raise errors.corrupted(errors.ASSET, "Ref doesn't start with '/assets/' suffix")
    if is_namespace(ref):
        raise errors.corrupted(errors.ASSET, ref)
    wrong = [part for part in ref.split("/")[2:] if not is_part(part)]
    if wrong:
        raise errors.corrupted(errors.ASSET, wrong[-1])
    if len(key(ref).encode()) > LONGEST_KEY:
        raise errors.corrupted(errors.ASSET, ref)
    return ref


def is_part(part: str) -> bool:
    """Whether every file system takes a text as the name of a file."""
    if not part or not part.strip(".") or part[-1] in ". " or _FORBIDDEN.search(part) or _RESERVED.fullmatch(part):
        return False
    return len(part.encode()) <= LONGEST_PART


def as_part(text: str) -> str:
    """A text made fit to be a part of a ref, the same for the same text; for one that is fit, the text itself."""
    cleaned = _FORBIDDEN.sub("_", text).rstrip(". ")
    if not cleaned or _RESERVED.fullmatch(cleaned):
        cleaned = f"{cleaned}_".lstrip(".")
    return cleaned.encode()[:LONGEST_PART].decode(errors="ignore")


def demand_resource(path: str) -> str:
    """A ref that a resource can have: any path of names that S3, browsers and we understand alike.

    Raises:
        MalformedRequest
    """
    path = single(path)
    if is_namespace(path) or not is_resource(path):
        raise errors.corrupted(errors.RESOURCE, path)
    return path


def is_resource(path: str) -> bool:
    """Whether a text can be the ref of a resource."""
    if not path.startswith(RESOURCES) or len(path.encode()) > LONGEST_PATH or len(key(path).encode()) > LONGEST_KEY:
        return False
    return all(_is_resource_part(part) for part in path.split("/")[2:])


def is_guid(identifier: str) -> bool:
    """Whether an identifier is a guid."""
    return _GUID.fullmatch(identifier) is not None


def is_name(identifier: str) -> bool:
    """Whether an identifier can be the name of a workspace; a guid cannot."""
    return _NAME.fullmatch(identifier) is not None and not is_guid(identifier)


def is_uri(identifier: str) -> bool:
    """Whether an identifier is the file URI of a directory."""
    return identifier.startswith(_URI) and bool(location(identifier).removeprefix(_URI.rstrip("/")))


def location(uri: str) -> str:
    """A file URI without the slashes at its end, which change nothing."""
    return uri.rstrip("/")


def name_from(uri: str) -> str:
    """The name for a workspace that got none: the last part of its file URI, made fit."""
    name = _NOT_IN_NAME.sub("-", location(uri).rpartition("/")[2])[:LONGEST_NAME]
    return name if is_name(name) else f"{name[: LONGEST_NAME - 3]}-ws"


def _is_resource_part(part: str) -> bool:
    if not part or part in (".", "..") or len(part.encode()) > LONGEST_PART:
        return False
    return not any(unicodedata.category(character) in ("Cc", "Cs") for character in part)
