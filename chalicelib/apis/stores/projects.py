"""The rules of stores and projects: create, list, change what is known of them, change who may use them."""

from collections.abc import Container, Iterable, Iterator
from typing import Any

from chalicelib import clock
from chalicelib.apis.stores import access, errors, ids, parameters, publishing, shelves, tags
from chalicelib.apis.stores.access import Right
from chalicelib.apis.stores.index_rows import Granted, Tagged
from chalicelib.apis.stores.models import DEFAULT_STORE, PUBLIC, Document, Project, Store
from chalicelib.apis.stores.parameters import Page
from chalicelib.identity import Principal
from chalicelib.jobs import running
from chalicelib.jobs.models import Job
from chalicelib.rows import ConditionFailed, Put, Row, Step, TransactionCancelled, absent, contend, create, transact

PROJECT_OBJECT = "project"
"""The object that every project has: its Sections, shown together with its meta."""

NO_SECTIONS = '{"Sections":[]}'

TEXTS = (
    "name",
    "description",
    "authors",
    "publications",
    "notes",
    "thumbnail",
    "controller",
    "default_mode",
    "presenter_notes",
)
FLAGS = ("video_controller", "html_controller")
LONGEST_TEXT = 20_000
MOST_GROUPS = 90
LONGEST_GROUP = 200


def list_stores() -> list[str]:
    """The ids of all stores, `default` among them, in order."""
    return sorted({DEFAULT_STORE, *(store.store_id for store in Store.below("stores", "store#"))})


def create_store(principal: Principal, store_id: object, literals: Container[str]) -> str:
    """Make a store.

    Args:
        literals: the segments that the routes have in the place of a store's id.

    Raises:
        Unauthenticated: the caller is no administrator.
        MalformedRequest, Conflict
    """
    access.demand_admin(principal)
    if not store_id:
        raise errors.missing("id")
    made = ids.demand_store(store_id, literals)
    if made == DEFAULT_STORE:
        raise errors.store_in_use(made)
    row = Store.at(made)
    row.created_at = clock.now()
    try:
        create(row)
    except ConditionFailed:
        raise errors.store_in_use(made) from None
    return made


def create_project(principal: Principal, store_id: str, fields: dict[str, Any], literals: Container[str]) -> str:
    """Make a project from `id`, `name` and `groups`. Arguments and exceptions as for `create_store`."""
    access.demand_store(store_id)
    project_id = parameters.required(fields, "id")
    name = parameters.text_of(parameters.required_text(fields, "name"), "name", LONGEST_TEXT)
    groups = demand_groups(parameters.required(fields, "groups"))
    access.demand_create(principal, groups)
    row = Project.at(store_id, ids.demand_project(project_id, literals))
    row.name, row.groups, row.tags = name, groups, []
    row.revision = row.access_revision = 1
    row.created_at = row.updated_at = clock.now()
    sections = Document.at(store_id, row.project_id, PROJECT_OBJECT)
    sections.text, sections.revision, sections.updated_at = NO_SECTIONS, 1, row.created_at

    def attempt() -> None:
        try:
            granted = _granted([], groups, row)
            transact(Put(row, absent(Project)), Put(sections, absent(Document)), *granted)
        except TransactionCancelled as cancelled:
            if cancelled.failed:
                raise errors.project_in_use(row.project_id) from None
            raise

    contend(attempt)
    return row.project_id


def list_projects(principal: Principal, store_id: str, tag: str | None, page: Page) -> Iterator[Project]:
    """The projects of a store that the caller may read, in the order of their ids.

    Args:
        tag: only those that have it.
        page: what to begin behind; the caller of this takes no more than its limit and one.

    Raises:
        MalformedRequest: there is no such store.
    """
    access.demand_store(store_id)
    if access.is_admin(principal) and tag is None:
        return Project.below(f"store#{store_id}", "project#", limit=page.look, after=page.after)
    if tag is not None and not ids.is_tag(tag):
        return iter(())
    demands = [] if tag is None else [[_shelf(Tagged.project(store_id, tag, ""), page)]]
    if not access.is_admin(principal):
        groups = sorted({PUBLIC, *filter(is_group, principal.groups)})
        demands.append([_shelf(Granted.at(store_id, group, ""), page) for group in groups])
    keys = shelves.shared("project#", page.after, *demands)
    rows = shelves.found(keys, lambda key: Project(f"store#{store_id}", key), page.look)
    # Somebody may have changed a project between its index rows and its own.
    rows = (row for row in rows if tag is None or tag in row.tags)
    return (row for row in rows if access.may(principal, Right.READ, row.groups))


def writable(principal: Principal, pairs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these projects (store id, project id) the caller may write to: one BatchGetItem for each hundred.

    Administrators may write to all of them, which takes no call.
    """
    asked = dict.fromkeys(pairs)
    if access.is_admin(principal):
        return set(asked)
    rows = shelves.each_found(Project.at(*pair) for pair in asked)
    return {(row.store_id, row.project_id) for row in rows if access.may(principal, Right.WRITE, row.groups)}


def show(principal: Principal, store_id: str, project_id: str) -> Project:
    """The project, for a reader. Raises MalformedRequest, Unauthenticated."""
    project, _ = access.enter(principal, Right.READ, store_id, project_id)
    return project


def change(principal: Principal, store_id: str, project_id: str, fields: dict[str, Any]) -> Project:
    """Change what is known of a project; `name` has to be there, what is not there stays.

    Raises:
        MalformedRequest, Unauthenticated
    """

    def attempt() -> Project:
        old, _ = access.enter(principal, Right.WRITE, store_id, project_id)
        parameters.required_text(fields, "name")
        new = old.copy()
        apply(new, fields)
        return write(old, new)

    return contend(attempt)


def apply(project: Project, fields: dict[str, Any]) -> None:
    """Take over the fields of a project's meta that are there and may be changed.

    Raises:
        MalformedRequest
    """
    for name in TEXTS:
        if name in fields:
            setattr(project, name, parameters.text_of(fields[name], name, LONGEST_TEXT))
    for name in FLAGS:
        if name in fields:
            if not isinstance(fields[name], bool | None):
                raise errors.invalid_data(f"The {name} has to be true or false.")
            setattr(project, name, bool(fields[name]))
    if "tags" in fields:
        project.tags = tags.demand(fields["tags"])


def write(old: Project, new: Project, *more: Step) -> Project:
    """Write a changed project and what follows from it, unless somebody changed it since it was read.

    Raises:
        TransactionCancelled: somebody did.
    """
    new.revision, new.updated_at = old.revision + 1, clock.now()
    transact(Put(new, Project.revision == old.revision), *tag_steps(old, new), *more)
    return new


def tag_steps(old: Project, new: Project) -> list[Step]:
    """The steps that a project's changed tags need."""
    return tags.changed(old.tags, new.tags, lambda tag: Tagged.project(new.store_id, tag, new.project_id))


def change_groups(
    principal: Principal,
    store_id: str,
    project_id: str,
    value: Any,
) -> tuple[Project, Job | None]:
    """Change who may use a project.

    When it becomes public or restricted its row says so at once, and a job sees to what is published. It is returned.

    Raises:
        Unauthenticated: the caller is no administrator.
        MalformedRequest
    """
    access.demand_admin(principal)

    def attempt() -> tuple[Project, Project, Job | None]:
        old, _ = access.enter(principal, Right.READ, store_id, project_id)
        if not value:
            raise errors.missing("groups")
        new = old.copy()
        new.groups, new.access_revision = demand_groups(value), old.access_revision + 1
        job = publishing.planned(old, new)
        return old, write(old, new, *_granted(old.groups, new.groups, new), *running.steps(job)), job

    old, project, job = contend(attempt)
    if job is not None:
        publishing.begin(job, old)
    return project, job


def demand_groups(value: Any) -> list[str]:
    """A list of names of groups.

    Raises:
        MalformedRequest
    """
    groups = parameters.texts(value, "groups")
    if not all(map(is_group, groups)):
        raise errors.invalid_data(f"The name of a group has 1 to {LONGEST_GROUP} bytes and no control characters.")
    if len(groups) > MOST_GROUPS:
        raise errors.invalid_data(f"There can be at most {MOST_GROUPS} groups.")
    return groups


def is_group(name: str) -> bool:
    """Whether a group can be called that."""
    return ids.is_text(name, LONGEST_GROUP)


def _granted(before: Iterable[str], after: Iterable[str], project: Project) -> list[Step]:
    steps = shelves.changed(before, after, lambda group: Granted.at(project.store_id, group, project.project_id))
    if len(steps) > shelves.MOST_CHANGES:
        raise errors.invalid_data(f"At most {shelves.MOST_CHANGES} groups can be changed at once.")
    return steps


def _shelf(blank: Row, page: Page) -> shelves.Shelf:
    return shelves.Shelf(blank, "project#", page.look)
