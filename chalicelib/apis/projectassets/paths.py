"""Paths as this API knows them: absolute, `/` between segments, normalised once. They are values and parts of row keys,
never keys of objects, and nothing in them is ever resolved: what could mean another place is refused.
"""

LONGEST = 900
"""Bytes in UTF-8. Two of them and some more fit into a key."""

_ABSOLUTE = "The path must be absolute: it has to begin with a slash."


class NoPath(Exception):
    """A text is no path; the message says why."""


def directory(text: str) -> str:
    """A directory's path, with one slash at its end. Raises NoPath."""
    if not text.startswith("/"):
        raise NoPath(_ABSOLUTE)
    inner = relative(text)
    return f"/{inner}/" if inner else "/"


def file(text: str) -> str:
    """A file's path, without a slash at its end. Raises NoPath."""
    if not text.startswith("/"):
        raise NoPath(_ABSOLUTE)
    inner = relative(text)
    if not inner or text.endswith("/"):
        raise NoPath("The path must name a file.")
    return f"/{inner}"


def relative(text: str) -> str:
    """The segments of a path with single slashes between them, and none around. Raises NoPath."""
    if "\\" in text or not text.isprintable():
        raise NoPath("The path must not contain backslashes or control characters.")
    segments = [segment for segment in text.split("/") if segment]
    if any(segment in (".", "..") for segment in segments):
        raise NoPath("The path must not contain the segments '.' or '..'.")
    if len(text.encode(errors="replace")) > LONGEST:
        raise NoPath(f"The path must have at most {LONGEST} bytes.")
    return "/".join(segments)


def rerooted(path: str, old_root: str, new_root: str) -> str:
    """A path below one root as it is below another; outside of the root it stays as it is."""
    return new_root + path.removeprefix(old_root) if path.startswith(old_root) else path
