"""The errors of the OVE API: each a title that clients compare, and a description for people (docs/apis/stores.md,
"Errors").
"""

from chalicelib.errors import AssetManagerError, Conflict, MalformedRequest, Unauthenticated


class NotAcceptable(AssetManagerError):
    """The client wants an answer that is not JSON."""

    code, status, message = "not_acceptable", 406, "Media type not acceptable"


class NotThere(MalformedRequest):
    """What is asked for is not there: 400 as the document has it, and 404 for a HEAD."""

    head_status = 404


class FileNameForbidden(AssetManagerError):
    """The file may not be called that."""

    code, status, message = "invalid_filename", 403, "Invalid filename"


def store_not_found(store_id: str) -> NotThere:
    """There is no such store."""
    return _not_there("Store not found", f"There is no store '{store_id}', or you have no access to it.")


def project_not_found(store_id: str, project_id: str) -> NotThere:
    """There is no such project."""
    return _not_there("Project not found", f"There is no project '{project_id}' in store '{store_id}'.")


def asset_not_found(project_id: str, asset_id: str) -> NotThere:
    """There is no such asset."""
    return _not_there("Asset not found", f"There is no asset '{asset_id}' in project '{project_id}'.")


def asset_not_created() -> NotThere:
    """Something was uploaded to an asset that is not there."""
    return _not_there("Asset not found", "You have not created this asset yet.")


def object_not_found(object_id: str) -> NotThere:
    """There is no such object, or no object can be called that."""
    return _not_there("Object not found", f"There is no object '{object_id}' in this project.")


def object_in_use(object_id: str) -> MalformedRequest:
    """The object is there already."""
    return _bad("Object already in use", f"The object '{object_id}' already exists in this project.")


def object_not_ready(object_id: str, why: str) -> Conflict:
    """A large object cannot be read."""
    return Conflict("Object not ready", details=[f"The object '{object_id}' {why}."])


def store_in_use(store_id: str) -> Conflict:
    """The store is there already, or its id is reserved."""
    return Conflict("Store already in use", details=[f"A store '{store_id}' already exists, or the id is reserved."])


def project_in_use(project_id: str) -> Conflict:
    """The project is there already, or its id is reserved."""
    return Conflict(
        "Project already in use", details=[f"A project '{project_id}' already exists, or the id is reserved."]
    )


def asset_in_use(asset_id: str) -> Conflict:
    """The asset is there already, or its id is reserved."""
    return Conflict("Asset already in use", details=[f"An asset '{asset_id}' already exists, or the id is reserved."])


def asset_exists(asset_id: str) -> Conflict:
    """The asset has a file already."""
    return Conflict("Asset exists", details=[f"The asset '{asset_id}' has a file already; use update=true."])


def worker_not_found() -> NotThere:
    """There is no such worker."""
    return _not_there("Worker not found", "There is no worker of this name.")


def worker_in_use(name: str) -> Conflict:
    """The worker is there already, or its name is reserved."""
    return Conflict("Worker already in use", details=[f"A worker '{name}' already exists, or the name is reserved."])


def task_lost() -> Conflict:
    """A worker speaks of a task that is not, or no longer, its own."""
    return Conflict("Task not held", details=["The lease of this task has ended, or was never yours."])


def no_worker(worker_type: str) -> MalformedRequest:
    """No registered worker can take a task."""
    return _bad("No worker available for task", f"No registered worker of type '{worker_type}' can take this file.")


def processing_refused() -> Unauthenticated:
    """The caller may not have an asset processed."""
    return Unauthenticated("Unable to process asset", details=["Insufficient write access to process asset"])


def user_in_use(name: str) -> Conflict:
    """The user is there already."""
    return Conflict("User already in use", details=[f"A user '{name}' already exists."])


def user_not_found() -> NotThere:
    """There is no such user."""
    return _not_there("Invalid user", "User not found")


def missing(field: str) -> MalformedRequest:
    """A required field is absent, or empty."""
    return _bad(f"Missing {field}", f"The {field} parameter is required")


def invalid_name(field: str) -> MalformedRequest:
    """An id that cannot be one."""
    return _bad(f"Invalid name {field}", "Please check you have no invalid characters")


def invalid_filename(why: str) -> MalformedRequest:
    """A file name that cannot be one, or none."""
    return _bad("Invalid filename", why)


def invalid_data(why: str) -> MalformedRequest:
    """A value of the wrong shape."""
    return _bad("Invalid data", why)


def invalid_json() -> MalformedRequest:
    """The body is not JSON."""
    return _bad("Invalid JSON", "Could not parse JSON body")


def too_long_to_list() -> MalformedRequest:
    """A listing that does not fit into one answer."""
    return _bad("Listing too large", "The answer does not fit into one; page through it with limit and cursor.")


def access_required(right: str) -> Unauthenticated:
    """The caller lacks a right: READ, WRITE or ADMIN."""
    return Unauthenticated(
        f"Access token required for {right} operation",
        details=["Please provide a valid access token as part of the request."],
    )


def _bad(title: str, description: str) -> MalformedRequest:
    return MalformedRequest(title, details=[description])


def _not_there(title: str, description: str) -> NotThere:
    return NotThere(title, details=[description])
