"""The errors of the medialoopster API (docs/apis/projectassets.md, "Errors"). The rest are the core's own."""

from chalicelib.errors import AssetManagerError, Fault, FaultsFound, NotFound

REQUIRED = "This field is required."
NOT_NULL = "This field may not be null."
NOT_BLANK = "This field may not be blank."


class NotAcceptable(AssetManagerError):
    """The client wants another version of the API, or an answer that is not JSON."""

    code, status, message = "not_acceptable", 406, 'Invalid version in "Accept" header.'


class ProjectNotDeletable(NotFound):
    """There is no project asset to delete; told otherwise than on reading."""

    code = "does_not_exist"


class AddRefused(Exception):
    """Media assets cannot be linked. This one error is told as a flat object, `{"detail": ...}`."""

    def __init__(self, detail: str, status: int = 422) -> None:
        self.detail, self.status = detail, status
        super().__init__(detail)


def not_found(model: str, raw_id: str) -> NotFound:
    """There is no such object, or none that the caller may know of. The id is echoed as it came."""
    return NotFound(f"{model} object with pk=u'{raw_id}' does not exist.")


def project_not_found(raw_id: str) -> NotFound:
    """There is no such project asset."""
    return not_found("ProjectAsset", raw_id)


def project_not_deletable(raw_id: str) -> ProjectNotDeletable:
    """There is no such project asset to delete."""
    return ProjectNotDeletable(f"The project asset {raw_id} does not exist.")


def invalid(pointer: str, detail: str, code: str = "invalid") -> FaultsFound:
    """One field of the body is wrong."""
    return FaultsFound([Fault(code, detail, pointer=f"/{pointer}")])


def invalid_parameter(name: str, detail: str) -> FaultsFound:
    """A parameter of the query is wrong."""
    return FaultsFound([Fault("invalid", detail, parameter=name)])


def unknown_pk(pointer: str, value: object) -> FaultsFound:
    """A field names an object by an id that there is not."""
    return invalid(pointer, f'Invalid pk "{value}" - object does not exist.', "does_not_exist")


def not_dictionary(value: object) -> FaultsFound:
    """The body is JSON, but no object."""
    kind = {bool: "bool", int: "int", float: "float", str: "str", list: "list"}.get(type(value), "NoneType")
    return invalid("non_field_errors", f"Invalid data. Expected a dictionary, but got {kind}.")
