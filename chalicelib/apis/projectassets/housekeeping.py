"""Housekeeping: what is past its `date_del` is deleted, unless it is shared (docs/apis/projectassets.md,
"Housekeeping"). The sweep asks here, since such a row is due from that moment on.
"""

from chalicelib import clock
from chalicelib.apis.projectassets import deleting, media
from chalicelib.apis.projectassets.models import Media, Project
from chalicelib.jobs import running
from chalicelib.jobs.sweep import Attendant, register
from chalicelib.rows import TransactionCancelled, Update, transact, update

_AGAIN_SECONDS = 86400


def attend_project(pk: str, sk: str) -> None:
    """Have a project deleted whose time has come: as somebody's DELETE would."""
    project = Project.find(pk, sk)
    if project is None or project.due_at is None:
        return
    row = Project.at(project.number)
    seen = Project.due_at == project.due_at
    if project.date_del is None or project.delete_job:
        update(row, Project.no_longer_due(), seen)
    elif project.date_del > clock.now():
        update(row, row.due_from(int(project.date_del.timestamp())), seen)
    else:
        job = deleting.plan(project)
        marked = [
            Project.delete_job.set(job.job_id),
            Project.revision.set(Project.revision + 1),
            *Project.no_longer_due(),
        ]
        try:
            transact(Update(row, marked, seen & Project.delete_job.does_not_exist()), *running.steps(job))
        except TransactionCancelled:
            return  # it moved on by itself, and is due again if it has to be
        running.enqueue(job)


def attend_media(pk: str, sk: str) -> None:
    """Delete a media asset whose time has come, unless it is shared: then look again in a day."""
    row = Media.find(pk, sk)
    if row is None or row.due_at is None:
        return
    blank = Media.at(row.media_type, row.number)
    seen = Media.due_at == row.due_at
    if row.date_del is None:
        update(blank, Media.no_longer_due(), seen)
    elif row.date_del > clock.now():
        update(blank, blank.due_from(int(row.date_del.timestamp())), seen)
    elif row.shared_with:
        update(blank, blank.due_from(clock.epoch() + _AGAIN_SECONDS), seen)
    else:
        media.remove(row.media_type, row.number)


def register_all() -> None:
    """Have the sweep look after the productions table."""
    register(Attendant(Project, "project", attend_project))
    register(Attendant(Media, "media", attend_media))
