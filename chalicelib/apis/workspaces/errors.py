"""The errors of the Bilrost API: each one sentence, which clients compare (docs/apis/workspaces.md, "Errors")."""

from collections.abc import Iterable

from chalicelib.errors import AssetManagerError, BodyTooLarge, Forbidden, MalformedRequest, NotFound

ASSET, RESOURCE, WORKSPACE, PROJECT, BRANCH = "Asset", "Resource", "Workspace", "Project", "Branch"
MANAGER, BROWSER = "asset manager", "content browser"


class PreconditionFailed(AssetManagerError):
    """The client changes something it has not seen the latest of."""

    code, status, message = "precondition_failed", 412, "Last-Modified precondition failed"


class NotSupported(AssetManagerError):
    """The original has the route and does nothing there."""

    code, status, message = "not_supported", 501, "asset manager not found, this is not supported yet"


def not_found(api: str, what: str) -> NotFound:
    """There is no such thing, or none that the caller may know of."""
    return NotFound(f"{api}(s) not found, {what}")


def corrupted(api: str, what: str) -> MalformedRequest:
    """Something that was sent is wrong, or names what is not there."""
    return MalformedRequest(f'{api} corrupted, "{what}" cannot be found or is invalid')


def exists(what: str) -> Forbidden:
    """The place is taken."""
    return Forbidden(f"{what} already exist")


def workspace_not_found(identifier: str) -> NotFound:
    """No workspace of the caller's is called that."""
    return not_found(WORKSPACE, identifier)


def name_exists() -> Forbidden:
    """The name of a workspace is taken, or is a favourite already."""
    return Forbidden("Workspace name already exist")


def locked() -> Forbidden:
    """Nothing can be written to a workspace that is being cloned, or whose cloning failed."""
    return Forbidden("workspace is locked")


def in_use(ref: str, users: Iterable[str]) -> Forbidden:
    """Assets name this."""
    return exists(f"{ref} reference defined by other assets {','.join(users)}")


def not_in_workspace(ref: str) -> MalformedRequest:
    """An asset names what is not in its workspace."""
    return corrupted(ASSET, f"{ref} not found in the database")


def main_taken(ref: str) -> MalformedRequest:
    """Another asset has this main."""
    return corrupted(ASSET, f"{ref} main already defined by another asset")


def nothing_to_remove(ref: str) -> NotFound:
    """An asset to be deleted is not there."""
    return not_found("Locki", f"{ref} to remove is not found!")


def too_large(what: str, most: int) -> BodyTooLarge:
    """Something is larger than a row or an answer can hold."""
    return BodyTooLarge(f"{what} has more than {most} bytes")


def not_supported(api: str, what: str) -> NotSupported:
    """A route that is there and does nothing."""
    return NotSupported(f"{api} not found, {what} is not supported yet")
