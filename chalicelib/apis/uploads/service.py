"""The rules of the upload routes: what a client gets to send its bytes with, and who may ask about which upload."""

import base64
from collections.abc import Callable, Sequence
from typing import TypeVar

from chalicelib.apis.uploads.presenters import Form
from chalicelib.errors import NotFound
from chalicelib.files import intake, uploads
from chalicelib.files.models import File
from chalicelib.files.multipart import Part
from chalicelib.files.receiving import UploadUnknown
from chalicelib.files.uploads import Announced
from chalicelib.identity import Principal
from chalicelib.settings import settings

_T = TypeVar("_T")


def begin_single(caller: Principal, announced: Announced) -> Form:
    """Begin an upload by form. S3 takes exactly what was announced, or, without a size, up to a setting's bytes.

    Raises:
        QuotaExceeded
    """
    file = uploads.begin_single(announced, caller.uid)
    fields = {"success_action_status": "201", "Content-Type": announced.content_type}
    fields |= {f"x-amz-meta-{name}": value for name, value in announced.metadata.items()}
    if announced.sha256 is not None:
        fields["x-amz-checksum-algorithm"] = "SHA256"
        fields["x-amz-checksum-sha256"] = base64.b64encode(bytes.fromhex(announced.sha256)).decode("ascii")
    smallest = 0 if announced.size is None else announced.size
    url, signed = intake.form(
        file.intake_key, smallest=smallest, largest=int(file.reserved), fields=fields, seconds=lifetime()
    )
    return Form(file, url, signed)


def begin_in_parts(caller: Principal, announced: Announced) -> File:
    """Begin an upload in parts.

    Raises:
        QuotaExceeded
    """
    return uploads.begin_in_parts(announced, caller.uid)


def sign(caller: Principal, key: str, upload_id: str, numbers: Sequence[int]) -> dict[int, str]:
    """A URL for each of these parts, as often as they are asked for.

    Raises:
        NotFound: there is no such upload of this caller, or no part can be sent to it any more.
    """

    def signed() -> dict[int, str]:
        uploads.demand_open(uploads.find(key, upload_id, caller.uid))
        return {number: intake.signed_part(key, upload_id, number, seconds=lifetime()) for number in numbers}

    return _or_not_found(signed)


def parts(caller: Principal, key: str, upload_id: str) -> list[Part]:
    """The parts that have arrived.

    Raises:
        NotFound: there is no such upload of this caller any more.
    """
    return _or_not_found(lambda: uploads.parts_of(uploads.find(key, upload_id, caller.uid)))


def complete(caller: Principal, key: str, upload_id: str, named: Sequence[tuple[int, str]]) -> File:
    """Put an upload's parts together; no matter if that was done before.

    Raises:
        NotFound: there is no such upload of this caller any more.
        ValidationFailed, QuotaExceeded, Busy: see `uploads.complete`.
    """

    def completed() -> File:
        file = uploads.find(key, upload_id, caller.uid)
        uploads.complete(file, named)
        return file

    return _or_not_found(completed)


def abort(caller: Principal, key: str, upload_id: str) -> None:
    """Give an upload up; no matter if that was done before.

    Raises:
        NotFound: there is no such upload of this caller, or it was used.
    """
    _or_not_found(lambda: uploads.abort(uploads.find(key, upload_id, caller.uid)))


def lifetime() -> int:
    """Seconds for which what is signed is good."""
    return settings().upload_minutes * 60


def _or_not_found(act: Callable[[], _T]) -> _T:
    try:
        return act()
    except UploadUnknown:
        raise NotFound("there is no such upload") from None
