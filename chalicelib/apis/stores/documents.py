"""The rules of objects: JSON documents of a project. A large one is a File, and is read once that is clean.

The object `project` is shown with the project's meta as its `Metadata`, and writing it writes that meta.
"""

import json
from collections.abc import Sequence
from typing import Any

from chalicelib import clock
from chalicelib.apis.stores import access, errors, ids, projects
from chalicelib.apis.stores.access import Right
from chalicelib.apis.stores.models import Document, Project
from chalicelib.apis.stores.projects import PROJECT_OBJECT
from chalicelib.files import library, receiving, references
from chalicelib.files.models import File, Verdict
from chalicelib.identity import Principal
from chalicelib.rows import ConditionFailed, Put, Step, TransactionCancelled, absent, contend, transact, update

LARGEST_ROW = 300_000
"""Bytes of JSON that a row holds; a larger document is a File."""

OWNER = "object"
_AGAIN_SECONDS = 86400


def read(principal: Principal, store_id: str, project_id: str, object_id: str) -> Any:
    """An object's JSON value, for a reader.

    Raises:
        MalformedRequest: there is none.
        Unauthenticated
        Conflict: it is large, and not clean.
    """
    project, row = find(principal, Right.READ, store_id, project_id, object_id)
    return value_of(project, row)


def find(
    principal: Principal, right: Right, store_id: str, project_id: str, object_id: str
) -> tuple[Project, Document]:
    """A project and one of its objects, for a caller who has this right. Raises Unauthenticated, MalformedRequest."""
    project, row = _look_for(principal, right, store_id, project_id, object_id)
    if row is None:
        raise errors.object_not_found(object_id)
    return project, row


def value_of(project: Project, row: Document) -> Any:
    """The JSON value of an object. Raises Conflict: it is large, and not clean."""
    found = json.loads(_text_of(row))
    if row.object_id != PROJECT_OBJECT:
        return found
    return {"Metadata": metadata(project), **found}


def metadata(project: Project) -> dict[str, Any]:
    """The meta of a project that its object `project` shows, and that may be written there."""
    shown: dict[str, Any] = {name: getattr(project, name) or "" for name in projects.TEXTS}
    shown |= {name: bool(getattr(project, name)) for name in projects.FLAGS}
    return shown | {"tags": list(project.tags), "versions": project.named_recently or ""}


def create(principal: Principal, store_id: str, project_id: str, object_id: str, value: Any) -> Any:
    """Make an object of a JSON value, and return that.

    Raises:
        MalformedRequest: there is one, or it cannot be called that.
        Unauthenticated
    """
    _, row = _look_for(principal, Right.WRITE, store_id, project_id, object_id)
    if not ids.is_object(object_id):
        raise errors.object_not_found(object_id)
    if row is not None:
        raise errors.object_in_use(object_id)
    new = Document.at(store_id, project_id, object_id)
    steps = _filled(new, value, principal)

    def attempt() -> None:
        new.revision, new.updated_at = 1, clock.now()
        try:
            transact(Put(new, absent(Document)), *steps)
        except TransactionCancelled as cancelled:
            if 0 in cancelled.failed:
                raise errors.object_in_use(object_id) from None
            raise

    contend(attempt)
    return value


def replace(principal: Principal, store_id: str, project_id: str, object_id: str, value: Any) -> Any:
    """Give an object another JSON value, and return that. Raises as `read`."""
    project, old = find(principal, Right.WRITE, store_id, project_id, object_id)
    if object_id == PROJECT_OBJECT:
        return _replace_project(principal, project, old, value)
    new = Document.at(store_id, project_id, object_id)
    steps = _filled(new, value, principal)
    fresh = [old]

    def attempt() -> None:
        seen = fresh.pop() if fresh else find(principal, Right.WRITE, store_id, project_id, object_id)[1]
        _write(seen, new, steps)

    contend(attempt)
    return value


def hear_verdict(place: Sequence[str], file: File) -> None:
    """Write the verdict on a large object's File into the object, unless it has another by now."""
    row = Document.at(*place)
    actions = [Document.state.set(file.verdict), Document.revision.set(Document.revision + 1)]
    if file.library_key:
        actions.append(Document.library_key.set(file.library_key))
    try:
        update(row, actions, (Document.file_id == file.file_id) & (Document.state == Verdict.PENDING.value))
    except ConditionFailed:
        return  # heard before, or replaced meanwhile


def may_release(place: Sequence[str], file_id: str) -> int | None:
    """When (epoch seconds) to ask again whether an object still needs a File; None if it does not."""
    key = Document.at(*place)
    row = Document.find(key.pk, key.sk)
    return clock.epoch() + _AGAIN_SECONDS if row is not None and row.file_id == file_id else None


def _replace_project(principal: Principal, project: Project, old: Document, value: Any) -> Any:
    """Write the object `project`: its `Metadata` is the project's meta, the rest is kept as it is."""
    if not isinstance(value, dict) or not isinstance(value.get("Metadata", {}), dict):
        raise errors.invalid_data("The object project has to be a JSON object, and so has its Metadata.")
    rest = {name: inner for name, inner in value.items() if name != "Metadata"}
    new = Document.at(project.store_id, project.project_id, PROJECT_OBJECT)
    steps = _filled(new, rest, principal)
    fresh = [(project, old)]

    def attempt() -> Any:
        before, seen = (
            fresh.pop() if fresh else find(principal, Right.WRITE, project.store_id, project.project_id, PROJECT_OBJECT)
        )
        after = before.copy()
        for name in (*projects.TEXTS, *projects.FLAGS):
            setattr(after, name, None)
        after.name, after.tags = before.project_id, []
        projects.apply(after, value.get("Metadata", {}))
        after.has_sections = bool(rest.get("Sections"))
        after.revision, after.updated_at = before.revision + 1, clock.now()
        _write(seen, new, [*steps, Put(after, Project.revision == before.revision), *projects.tag_steps(before, after)])
        return {"Metadata": metadata(after), **rest}

    return contend(attempt)


def _write(old: Document, new: Document, steps: Sequence[Step]) -> None:
    new.revision, new.updated_at = old.revision + 1, clock.now()
    let_go = [references.release_from(old.file_id, owner_of(old), clock.epoch())] if old.file_id else []
    transact(Put(new, Document.revision == old.revision), *steps, *let_go)


def owner_of(row: Document) -> str:
    """How an object is named as the owner of a reference to a File."""
    return f"stores:{OWNER}/{row.pk.removeprefix('project#')}/{row.object_id}"


def _filled(row: Document, value: Any, principal: Principal) -> list[Step]:
    """Put a value into a new row, or its bytes into intake; the steps that go with the row."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    content = text.encode()
    if len(content) <= LARGEST_ROW:
        row.text = text
        return []
    file, steps = receiving.receive(
        content,
        name=f"{row.object_id}.json",
        content_type="application/json",
        owner=owner_of(row),
        uploader=principal.uid,
    )
    row.file_id, row.state = file.file_id, file.verdict
    return steps


def _text_of(row: Document) -> str:
    if row.text is not None:
        return str(row.text)
    if row.state == Verdict.PENDING:
        raise errors.object_not_ready(row.object_id, "is large and still being scanned; try again in a moment")
    if row.state != Verdict.CLEAN:
        raise errors.object_not_ready(row.object_id, "was refused by the scanner; write it anew")
    body = library.open_bytes(row.library_key).body
    assert body is not None
    return body.read().decode()


def _look_for(
    principal: Principal, right: Right, store_id: str, project_id: str, object_id: str
) -> tuple[Project, Document | None]:
    wanted = [Document.at(store_id, project_id, object_id)] if ids.is_object(object_id) else []
    project, rows = access.enter(principal, right, store_id, project_id, *wanted)
    return project, rows[0] if rows else None
