"""The rules of creating a project asset (docs/apis/projectassets.md, "Create").

In two phases: first every field is looked at by itself, and all that is wrong is told together; then what the fields
name has to be there.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib import clock
from chalicelib.apis.projectassets import errors, ids, productions, records
from chalicelib.apis.projectassets.access import Rights
from chalicelib.apis.projectassets.fields import LONGEST_NAME, LONGEST_TEXT, Fields
from chalicelib.apis.projectassets.models import DONE, PROJECT, Device, Production, Project
from chalicelib.rows import Put, absent, contend, transact

TYPES = {".prproj": "Adobe Premiere Pro"}
"""Which application a project file belongs to, by its ending."""

APPROVALS = (0, 1)
_TEXTS = {"description": LONGEST_TEXT, "name_editor": LONGEST_NAME, "name_studio": LONGEST_NAME}


@dataclass(frozen=True, slots=True)
class Asked:
    """The fields of a body that makes a project, each valid by itself; None: it is not there."""

    name: str
    bundle_root: str
    production: productions.Wanted
    path_file: str | None
    date_crt: datetime | None
    status_approval: int | None
    meta_field_store: dict[str, Any] | None
    texts: dict[str, str]


def asked(fields: Fields) -> Asked:
    """What a body asks for. The caller of this may add to the faults; `Fields.demand_valid` ends the first phase."""
    return Asked(
        name=fields.text("name", required=True, longest=LONGEST_NAME) or "",
        bundle_root=fields.directory("bundle_root", required=True) or "",
        production=productions.wanted(fields),
        path_file=fields.path("path_file"),
        date_crt=fields.moment("date_crt"),
        status_approval=fields.choice("status_approval", APPROVALS),
        meta_field_store=fields.dictionary("meta_field_store"),
        texts={
            name: text for name, longest in _TEXTS.items() if (text := fields.text(name, longest=longest)) is not None
        },
    )


def create(rights: Rights, fields: Fields) -> Project:
    """Create a project asset.

    Raises:
        FaultsFound
        Forbidden: the caller may not write in the production.
    """
    wanted = asked(fields)
    fields.demand_valid()
    production = productions.named(wanted.production)
    rights.demand_write(production.number)
    demand_inside(wanted)
    row = blank(ids.next_id(PROJECT), wanted, production, _device(wanted.bundle_root, production))
    approval = production.default_approval_status if wanted.status_approval is None else wanted.status_approval
    row.status_approval, row.status_asset, row.is_production = approval, DONE, True
    row.date_crt, row.meta_field_store = wanted.date_crt, wanted.meta_field_store or {}
    row.path_file, row.type = wanted.path_file or "", type_of(wanted.path_file or "")
    row.links, row.link_count, row.link_pages = [], 0, 0
    row.created_by = rights.principal.uid
    steps = records.steps_added(row)
    contend(lambda: transact(Put(row, absent(Project)), *steps))
    return row


def blank(number: int, wanted: Asked, production: Production, device: Device | None) -> Project:
    """A new project's row with what creating and copying have in common."""
    row = Project.at(number)
    row.revision, row.date_add, row.date_mod = 1, clock.now(), clock.now()
    row.name, row.bundle_root, row.production = wanted.name, wanted.bundle_root, production.number
    row.device = device.number if device is not None else None
    row.status_asset_description = ""
    for name in _TEXTS:
        setattr(row, name, wanted.texts.get(name, ""))
    return row


def demand_inside(wanted: Asked) -> None:
    """Raises FaultsFound if the project's file lies outside of its bundle."""
    if wanted.path_file and not wanted.path_file.startswith(wanted.bundle_root):
        raise errors.invalid("path_file", "The path lies outside of the bundle root.")


def type_of(path: str) -> str:
    """Which application a project file belongs to; empty if that is not known."""
    return next((told for ending, told in TYPES.items() if path.lower().endswith(ending)), "")


def _device(bundle_root: str, production: Production) -> Device | None:
    """The device that a bundle lies on, else the one its production has for projects; None where nobody made any."""
    devices = productions.devices()
    found = productions.device_of(bundle_root, devices)
    if found is None and production.projectasset_device is not None:
        found = next((one for one in devices if one.number == production.projectasset_device), None)
    if found is None and len(devices) > 1:
        raise errors.invalid("bundle_root", "The bundle root is not located on a device.")
    return found
