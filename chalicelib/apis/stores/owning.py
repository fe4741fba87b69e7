"""What the core is told here, as an owner of Files: `stores:<kind>/<store>/<project>/...`.

The kind `object` is an object's document, `file` a file of a version of an asset, `made` what a worker made of one.
"""

from chalicelib.apis.stores import documents, outputs, uploads
from chalicelib.files.models import File
from chalicelib.files.owners import Owner

_HEAR = {
    documents.OWNER: documents.hear_verdict,
    uploads.OWNER: uploads.hear_verdict,
    outputs.OWNER: outputs.hear_verdict,
}
_MAY_RELEASE = {
    documents.OWNER: documents.may_release,
    uploads.OWNER: uploads.may_release,
    outputs.OWNER: outputs.may_release,
}


def hear_verdict(owner_id: str, file: File) -> None:
    """Pass a verdict on to whatever has this File."""
    kind, place = _parsed(owner_id)
    _HEAR[kind](place, file)


def may_release(owner_id: str, file_id: str) -> int | None:
    """When (epoch seconds) to ask again whether a File is still needed; None if it is not."""
    kind, place = _parsed(owner_id)
    return _MAY_RELEASE[kind](place, file_id)


OWNER = Owner(hear_verdict, may_release)


def _parsed(owner_id: str) -> tuple[str, list[str]]:
    kind, _, place = owner_id.partition("/")
    return kind, place.split("/", 4)
