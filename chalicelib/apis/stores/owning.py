"""What the core is told here, as an owner of Files: `stores:object/<store>/<project>/<object>` are objects."""

from chalicelib.apis.stores import documents
from chalicelib.files.models import File
from chalicelib.files.owners import Owner


def hear_verdict(owner_id: str, file: File) -> None:
    """Pass a verdict on to whatever has this File."""
    _, _, place = owner_id.partition("/")
    documents.hear_verdict(place.split("/"), file)


def may_release(owner_id: str, file_id: str) -> int | None:
    """When (epoch seconds) to ask again whether a File is still needed; None if it is not."""
    _, _, place = owner_id.partition("/")
    return documents.may_release(place.split("/"), file_id)


OWNER = Owner(hear_verdict, may_release)
