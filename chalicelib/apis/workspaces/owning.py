"""What the core is told here, as an owner of Files: `workspaces:resource/<guid>/resources/<path>`."""

from chalicelib.apis.workspaces import resources
from chalicelib.files.models import File
from chalicelib.files.owners import Owner


def hear_verdict(owner_id: str, file: File) -> None:
    """Pass a verdict on to the resource that has this File."""
    resources.hear_verdict(owner_id.partition("/")[2], file)


def may_release(owner_id: str, file_id: str) -> int | None:
    """When (epoch seconds) to ask again whether a resource still needs its File; None if it does not."""
    return resources.may_release(owner_id.partition("/")[2], file_id)


OWNER = Owner(hear_verdict, may_release)
