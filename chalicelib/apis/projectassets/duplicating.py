"""The rules of asking for a copy of a project asset (docs/apis/projectassets.md, "Copy"). The copy itself is a job.

Nothing is written before everything has been checked; then one transaction writes the new project with its links, a
lease on the source that keeps it from being deleted meanwhile, and the job.
"""

from chalicelib.apis.projectassets import access, copying, creating, errors, ids, links, paths, productions, records
from chalicelib.apis.projectassets.access import Rights
from chalicelib.apis.projectassets.creating import Asked
from chalicelib.apis.projectassets.fields import Fields
from chalicelib.apis.projectassets.links import Link
from chalicelib.apis.projectassets.models import (
    NEW,
    PROJECT,
    Device,
    Lease,
    LinkPage,
    Production,
    Project,
    project_partition,
)
from chalicelib.apis.projectassets.parameters import TOO_LARGE
from chalicelib.jobs import running
from chalicelib.jobs.models import Job
from chalicelib.rows import Check, Put, Step, TransactionCancelled, absent, contend, transact

_ROOT_TAKEN = "There is a project asset with this bundle root already."
_ROOT_AT = 1


def copy(rights: Rights, fields: Fields, *, share: bool) -> tuple[Project, list[Link]]:
    """Make a project asset that a job will copy another's files into. Call `demand_copier` first.

    Args:
        share: whether linked assets are to be shared with the target production.

    Raises:
        FaultsFound
        Forbidden: the caller may not read the source's production, write in the target's, or share.
    """
    wanted = creating.asked(fields)
    number = None if fields.raw("copy_of") == "" else fields.integer("copy_of")
    if number is None and not any(fault.pointer == "/copy_of" for fault in fields.faults):
        fields.wrong("copy_of", "A valid integer is required.")
    fields.demand_valid()
    assert number is not None
    source = _source(number)
    production = productions.named(wanted.production)
    if not rights.reads(int(source.production)):
        access.refuse()
    rights.demand_write(production.number)
    if share:
        access.demand(rights.principal, access.SHARE)
    device = _demand_place(source, wanted)
    target_number = ids.next_id(PROJECT)
    fresh = [source]

    def attempt() -> tuple[Project, list[Link], Job]:
        seen = fresh.pop() if fresh else _source(number)
        _demand_copyable(seen)
        linked = links.of(seen, links.pages_of(seen))
        target, pages = _target(target_number, seen, wanted, production, device, linked)
        target.created_by = rights.principal.uid
        job = copying.plan(seen, target, share=share, reads=rights.productions, requester=rights.principal)
        target.copy_job = job.job_id
        try:
            transact(*_steps(seen, target, pages), *running.steps(job))
        except TransactionCancelled as cancelled:
            if _ROOT_AT in cancelled.failed:
                raise errors.invalid("bundle_root", _ROOT_TAKEN, "unique") from None
            raise
        return target, linked, job

    target, linked, job = contend(attempt)
    running.enqueue(job)
    return target, linked


def demand_copier(rights: Rights) -> None:
    """Raises Forbidden unless the caller may copy projects at all: told before anything is said of the body."""
    access.demand(rights.principal, access.COPY)


def _source(number: int) -> Project:
    found = Project.find(project_partition(number), PROJECT) if 0 < number < TOO_LARGE else None
    if found is None:
        raise errors.unknown_pk("copy_of", number)
    return found


def _demand_copyable(source: Project) -> None:
    if not source.is_production or source.delete_job is not None:
        raise errors.invalid("copy_of", f"The project asset {source.number} is not in production.")


def _demand_place(source: Project, wanted: Asked) -> Device:
    """The device that the copy will lie on. Raises FaultsFound."""
    _demand_copyable(source)
    creating.demand_inside(wanted)
    device = productions.device_of(wanted.bundle_root, productions.devices())
    if device is None:
        raise errors.invalid("bundle_root", "The bundle root is not located on a device.")
    if wanted.bundle_root.startswith(source.bundle_root) or source.bundle_root.startswith(wanted.bundle_root):
        detail = "The bundle root must not be, contain or lie inside the bundle root that is copied."
        raise errors.invalid("bundle_root", detail)
    return device


def _target(
    number: int, source: Project, wanted: Asked, production: Production, device: Device, linked: list[Link]
) -> tuple[Project, list[LinkPage]]:
    """The copy's row, everything not asked for as its source has it, and its pages of links."""
    row = creating.blank(number, wanted, production, device)
    for name in ("description", "name_editor", "name_studio"):
        setattr(row, name, wanted.texts.get(name, getattr(source, name)))
    row.date_crt = source.date_crt if wanted.date_crt is None else wanted.date_crt
    row.status_approval = source.status_approval if wanted.status_approval is None else wanted.status_approval
    row.meta_field_store, row.type = source.meta_field_store, source.type
    row.path_file = wanted.path_file or paths.rerooted(source.path_file, source.bundle_root, wanted.bundle_root)
    row.status_asset, row.is_production, row.copy_of = NEW, False, source.number
    return row, links.laid_out(row, linked)


def _steps(source: Project, target: Project, pages: list[LinkPage]) -> list[Step]:
    """In this order: the source must be as it was read, then the claim to the root, then everything else."""
    as_read = (
        (Project.is_production == True)  # noqa: E712
        & Project.delete_job.does_not_exist()
        & (Project.link_count == source.link_count)
    )
    claim, *listed = records.steps_added(target, claiming=True)
    lease = Lease.at(source.number, target.number)
    lease.job = target.copy_job
    return [
        Check(Project.at(source.number), as_read),
        claim,
        Put(target, absent(Project)),
        Put(lease, absent(Lease)),
        *[Put(page, absent(LinkPage)) for page in pages],
        *listed,
    ]
