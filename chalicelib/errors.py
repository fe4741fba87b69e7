"""Domain errors: each a code, a status, a message and details. Nothing here knows how an API words them.

An error is raised where the rule is broken and rendered once, at the edge, by the renderer of the API whose path
was asked for (`chalicelib.web.rendering`). `status` is the HTTP status that says the same thing; it is a plain number.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar


class AssetManagerError(Exception):
    """Base of every error the product raises on purpose.

    Args:
        message: one sentence for the caller; the class's own when left out. Never holds anything internal.
        details: further sentences, for example every broken validation rule in order.
    """

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    head_status: ClassVar[int | None] = None
    """What a HEAD is told instead, where an API tells the two apart."""

    message: str = "something went wrong on our side"

    def __init__(self, message: str | None = None, *, details: Sequence[str] = ()) -> None:
        if message is not None:
            self.message = message
        self.details = tuple(details)
        super().__init__(self.message)


class MalformedRequest(AssetManagerError):
    """The request cannot be read: a broken body, a missing parameter, impossible encoding."""

    code, status, message = "bad_request", 400, "bad request"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a request, and where.

    Attributes:
        code, detail: what is wrong.
        pointer: the field of the body, as a JSON pointer.
        parameter: the parameter of the query.
    """

    code: str
    detail: str
    pointer: str | None = None
    parameter: str | None = None


class FaultsFound(AssetManagerError):
    """Fields of the body or parameters of the query are wrong: `faults` has them all, in the order of their names."""

    code, status, message = "invalid", 400, "the request is not valid"

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = sorted(faults, key=lambda fault: fault.pointer or "")
        super().__init__(details=[fault.detail for fault in self.faults])


class Unauthenticated(AssetManagerError):
    """No credentials where some are needed."""

    code, status, message = "invalid_request", 401, "authentication is required"


class InvalidToken(AssetManagerError):
    """Credentials were given and are not valid."""

    code, status, message = "invalid_token", 401, "the token is not valid"


class Forbidden(AssetManagerError):
    """The principal is known and may not do this."""

    code, status, message = "forbidden", 403, "you do not have permission to do this"


class NotFound(AssetManagerError):
    """There is nothing here, or nothing this principal may know of."""

    code, status, message = "not_found", 404, "not found"


class MethodNotAllowed(AssetManagerError):
    """The path exists, the method does not. `details` lists the methods that do."""

    code, status, message = "method_not_allowed", 405, "method not allowed"


class Conflict(AssetManagerError):
    """The state of the thing does not allow it."""

    code, status, message = "conflict", 409, "conflict"


class Gone(AssetManagerError):
    """It was here and was deleted."""

    code, status, message = "gone", 410, "gone"


class BodyTooLarge(AssetManagerError):
    """The body is larger than a request may carry; larger files go by the upload route `/s3/params`."""

    code, status = "too_large", 413
    message = "the request body is too large; send large files by way of /s3/params"


class UnsupportedMediaType(AssetManagerError):
    """The body's content type is none that this route reads."""

    code, status, message = "unsupported_media_type", 415, "unsupported media type"


class QuotaExceeded(AssetManagerError):
    """The principal has as many uploads under way, or as many bytes in them, as is allowed."""

    code, status, message = "quota_exceeded", 429, "too many uploads are under way; use or abort some first"


class RangeNotSatisfiable(AssetManagerError):
    """The requested range lies outside the bytes there are. `details` holds the full size in bytes."""

    code, status, message = "range_not_satisfiable", 416, "range not satisfiable"


class ValidationFailed(AssetManagerError):
    """What was sent breaks rules; `details` lists them all, in the order the API's specification gives."""

    code, status, message = "invalid", 422, "validation failed"


class Busy(AssetManagerError):
    """Too many writers at one thing right now, or AWS throttles: the same request may succeed in a moment."""

    code, status, message = "busy", 503, "too busy, please try again"
