"""What the core is told here, as an owner of Files: `projectassets:<kind>/...`.

The kind `media` is a media asset's file, `file` one of a project's bundle.
"""

from chalicelib.apis.projectassets import bundles, media
from chalicelib.files.models import File
from chalicelib.files.owners import Owner

_HEAR = {media.OWNER: media.hear_verdict, bundles.OWNER: bundles.hear_verdict}
_MAY_RELEASE = {media.OWNER: media.may_release, bundles.OWNER: bundles.may_release}


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
    return kind, place.split("/", 1)
