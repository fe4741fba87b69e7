"""The rules of changing project and media assets, and of asking for a project's deletion
(docs/apis/projectassets.md, "Change" and "Delete").
"""

from typing import Any

from pynamodb.expressions.update import Action

from chalicelib import clock
from chalicelib.apis.projectassets import deleting, errors, media, records
from chalicelib.apis.projectassets.access import Rights
from chalicelib.apis.projectassets.creating import APPROVALS
from chalicelib.apis.projectassets.fields import LONGEST_NAME, Fields
from chalicelib.apis.projectassets.models import Media, MediaType, Project
from chalicelib.errors import NotFound
from chalicelib.jobs import running
from chalicelib.jobs.models import Job
from chalicelib.rows import ConditionFailed, TransactionCancelled, Update, contend, transact, update


def change(rights: Rights, raw_id: str, fields: Fields) -> None:
    """Change what may be changed of a project, the fields that are there.

    Raises:
        NotFound: there is none, or it is being deleted.
        Forbidden: the caller may not write in its production.
        FaultsFound
    """
    project = records.find(rights, raw_id)
    if project.delete_job is not None:
        raise errors.project_not_found(raw_id)
    rights.demand_write(int(project.production))
    values = _values(fields, "name_editor", "name_studio")
    try:
        update(project, _actions(project, values), Project.pk.exists() & Project.delete_job.does_not_exist())
    except ConditionFailed:
        raise errors.project_not_found(raw_id) from None


def change_media(rights: Rights, media_type: MediaType, raw_id: str, fields: Fields) -> Media:
    """Change what may be changed of a media asset. Raises NotFound, Forbidden, FaultsFound."""
    row = media.find(rights, media_type, raw_id)
    rights.demand_write(int(row.production))
    values = _values(fields, "name_editor")
    try:
        return update(row, _actions(row, values), Media.pk.exists())
    except ConditionFailed:
        raise errors.not_found(media.MODELS[media_type], raw_id) from None


def delete(rights: Rights, raw_id: str) -> None:
    """Have a job delete a project and its files. No matter if that was asked for before.

    Raises:
        NotFound: there is no such project.
        Forbidden: the caller may not delete in its production.
    """

    def attempt() -> Job | None:
        project = _deletable(rights, raw_id)
        if project.delete_job is not None:
            return None
        job = deleting.plan(project, rights.principal)
        actions = [Project.delete_job.set(job.job_id), Project.revision.set(Project.revision + 1)]
        unasked = Project.pk.exists() & Project.delete_job.does_not_exist()
        try:
            transact(Update(Project.at(project.number), actions, unasked), *running.steps(job))
        except TransactionCancelled as cancelled:
            if cancelled.failed.get(0) is None and 0 in cancelled.failed:
                raise errors.project_not_deletable(raw_id) from None
            raise
        return job

    job = contend(attempt)
    if job is not None:
        running.enqueue(job)


def _deletable(rights: Rights, raw_id: str) -> Project:
    try:
        project = records.find(rights, raw_id)
    except NotFound:
        raise errors.project_not_deletable(raw_id) from None
    rights.demand_delete(int(project.production), "project")
    return project


def _values(fields: Fields, *texts: str) -> dict[str, Any]:
    """The valid new values of the fields that are there and may be changed. Raises FaultsFound."""
    found: dict[str, Any] = {
        "name": fields.text("name", required=fields.has("name"), longest=LONGEST_NAME),
        "description": fields.text("description"),
        "status_approval": fields.choice("status_approval", APPROVALS),
        "date_crt": fields.moment("date_crt"),
        "date_add": fields.moment("date_add", nullable=False),
        "date_del": fields.moment("date_del"),
        "meta_field_store": fields.dictionary("meta_field_store"),
        **{name: fields.text(name, longest=LONGEST_NAME) for name in texts},
    }
    fields.demand_valid()
    clearable = ("date_crt", "date_del")
    return {
        name: value for name, value in found.items() if value is not None or (name in clearable and fields.has(name))
    }


def _actions(row: Project | Media, values: dict[str, Any]) -> list[Action]:
    """What writes these values. With `date_del` the row becomes due then, and the sweep looks at it."""
    cls = type(row)
    actions: list[Action] = [cls.date_mod.set(clock.now()), cls.revision.set(cls.revision + 1)]
    for name, value in values.items():
        attribute = getattr(cls, name)
        actions.append(attribute.remove() if value is None else attribute.set(value))
    if "date_del" in values:
        moment = values["date_del"]
        actions += row.no_longer_due() if moment is None else row.due_from(int(moment.timestamp()))
    return actions
