"""The rules of productions, their members, and devices (docs/apis/projectassets.md, "Productions and devices")."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib import clock
from chalicelib.apis.projectassets import access, errors, ids, parameters
from chalicelib.apis.projectassets.access import Rights
from chalicelib.apis.projectassets.fields import LONGEST_NAME, Fields
from chalicelib.apis.projectassets.models import Claim, Device, Member, Production
from chalicelib.files import library
from chalicelib.identity import Principal, memberships
from chalicelib.identity.memberships import Membership
from chalicelib.rows import Delete, Put, Step, TransactionCancelled, absent, contend, transact

BUILT_IN_PATH = "/medialoopster/"
"""Where the device lies that is there without being made."""

_CODENAME = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_CODENAME = 50
_SUBJECT = re.compile(r"[^\x00-\x1f\x7f]{1,200}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The production that a body names: by its id, which comes first, or by its name."""

    production_id: int | None
    name: str | None


def wanted(fields: Fields) -> Wanted:
    """The production that a body names; whether there is one is told by `named`."""
    number = fields.integer("production_id", nullable=True)
    name = fields.text("production_name") if fields.raw("production_name") is not None else None
    return Wanted(number, name or None)


def named(one: Wanted, pointer: str = "production_id") -> Production:
    """The production that is wanted.

    Args:
        pointer: the field that names it by its id.

    Raises:
        FaultsFound: none is named, or there is none.
    """
    if one.production_id is not None:
        found = find(one.production_id)
        if found is None:
            raise errors.unknown_pk(pointer, one.production_id)
        return found
    if one.name is None:
        detail = "Either production_id or production_name is required."
        raise errors.invalid("production_id", detail, "required")
    claim = Claim.find(Claim.at("production", one.name).pk, "claim") if len(one.name) <= LONGEST_NAME else None
    found = find(int(claim.number)) if claim is not None else None
    if found is None:
        raise errors.invalid("production_name", f"Object with name={one.name} does not exist.", "does_not_exist")
    return found


def find(number: int) -> Production | None:
    """The production with this id."""
    if not 0 < number < parameters.TOO_LARGE:
        return None
    key = Production.at(number)
    return Production.find(key.pk, key.sk)


def show(rights: Rights, raw_id: str) -> Production:
    """The production that a path names, for its members. Raises NotFound."""
    number = parameters.id_of(raw_id)
    found = find(number) if number is not None and rights.reads(number) else None
    if found is None:
        raise errors.not_found("Production", raw_id)
    return found


def readable(rights: Rights, storage_root: str | None) -> list[Production]:
    """The productions that the caller is a member of, all in one Query; with a storage root only those that have it."""
    return [
        row
        for row in Production.below("productions", "production#")
        if rights.reads(row.number) and (storage_root is None or row.storage_root == storage_root)
    ]


def create(caller: Principal, fields: Fields) -> Production:
    """Make a production.

    Raises:
        Forbidden: the caller is no superuser.
        FaultsFound: a field is wrong, or the name is taken.
    """
    access.demand_superuser(caller)
    name = fields.text("name", required=True, longest=LONGEST_NAME)
    codename = fields.text("codename", required=True, longest=_LONGEST_CODENAME)
    if codename and not _CODENAME.fullmatch(codename):
        detail = 'Enter a valid "slug" consisting of letters, numbers, underscores or hyphens.'
        fields.wrong("codename", detail)
    company = fields.text("company", longest=LONGEST_NAME)
    storage_root = fields.directory("storage_root")
    approval = fields.choice("default_approval_status", (0, 1))
    device = fields.integer("projectasset_device", nullable=True)
    fields.demand_valid()
    if device is not None and device not in {one.number for one in devices()}:
        raise errors.unknown_pk("projectasset_device", device)
    row = Production.at(ids.next_id(ids.PRODUCTION))
    row.name, row.codename, row.company, row.storage_root = name, codename, company or "", storage_root or ""
    row.default_approval_status, row.projectasset_device = 1 if approval is None else approval, device
    row.created_at = clock.now()
    assert name is not None
    _claimed(row, Claim.at("production", name), row.number, "name", "production with this name already exists.")
    return row


def members(production: Production) -> list[Member]:
    """Who may use a production."""
    return list(Member.below(f"production#{production.number}", "member#"))


def enrol(caller: Principal, production: Production, fields: Fields) -> Member:
    """Make a user or a group a member of a production, or change what a member may do.

    Raises:
        Forbidden: the caller is no superuser.
        FaultsFound
    """
    access.demand_superuser(caller)
    write, delete = fields.flag("write"), fields.flag("delete")
    user, group = fields.text("user"), fields.text("group")
    fields.demand_valid()
    subject = _subject(user, group)
    membership = Membership(bool(write), bool(delete))
    row = Member.at(production.number, subject)
    row.write, row.delete_assets = membership.write, membership.delete
    contend(lambda: transact(memberships.changed(subject, production.number, membership), Put(row)))
    memberships.forget()
    return row


def expel(caller: Principal, production: Production, user: str | None, group: str | None) -> None:
    """End a membership; no matter if there is none. Raises Forbidden, FaultsFound."""
    access.demand_superuser(caller)
    subject = _subject(user, group)
    row = Member.at(production.number, subject)
    contend(lambda: transact(memberships.changed(subject, production.number, None), Delete(row)))
    memberships.forget()


def devices() -> list[Device]:
    """All devices, the built-in one first, in one Query."""
    return [_built_in(), *Device.below("devices", "device#")]


def device_of(path: str, among: Iterable[Device]) -> Device | None:
    """The device that a path lies on: the one with the longest path that it begins with."""
    on = [device for device in among if path.startswith(device.path)]
    return max(on, key=lambda device: len(device.path), default=None)


def show_device(raw_id: str) -> Device:
    """The device that a path names. Raises NotFound."""
    number = parameters.id_of(raw_id)
    if number == ids.BUILT_IN_DEVICE:
        return _built_in()
    key = Device.at(number or 0)
    found = Device.find(key.pk, key.sk) if number is not None else None
    if found is None:
        raise errors.not_found("Device", raw_id)
    return found


def create_device(caller: Principal, fields: Fields) -> Device:
    """Make a device.

    Raises:
        Forbidden: the caller is no superuser.
        FaultsFound: a field is wrong, or the path is taken.
    """
    access.demand_superuser(caller)
    name = fields.text("name", required=True, longest=LONGEST_NAME)
    path = fields.directory("path", required=True)
    bucket = fields.text("bucket")
    if bucket and bucket not in library.branches():
        fields.wrong("bucket", "Devices may not use this bucket: DEVICE_BUCKETS does not name it.")
    if path == BUILT_IN_PATH:
        fields.wrong("path", _PATH_TAKEN, "unique")
    fields.demand_valid()
    row = Device.at(ids.next_id(ids.DEVICE))
    row.name, row.path, row.bucket, row.created_at = name, path, bucket or None, clock.now()
    assert path is not None
    _claimed(row, Claim.at("device", path), row.number, "path", _PATH_TAKEN)
    return row


_PATH_TAKEN = "device with this path already exists."


def _built_in() -> Device:
    device = Device.at(ids.BUILT_IN_DEVICE)
    device.name, device.path = "Built-in device", BUILT_IN_PATH
    return device


def _claimed(row: Production | Device, claim: Claim, number: int, field: str, taken: str) -> None:
    """Write a row together with its claim to a name or path that only one may have. Raises FaultsFound."""
    claim.number = number
    steps: list[Step] = [Put(claim, absent(Claim)), Put(row, absent(type(row)))]

    def attempt() -> None:
        try:
            transact(*steps)
        except TransactionCancelled as cancelled:
            if 0 in cancelled.failed:
                raise errors.invalid(field, taken, "unique") from None
            raise

    contend(attempt)


def _subject(user: str | None, group: str | None) -> str:
    if bool(user) == bool(group):
        raise errors.invalid("user", "Either user or group is required.", "required")
    name = user or group or ""
    if not _SUBJECT.fullmatch(name):
        raise errors.invalid("user" if user else "group", "Not the name of a user or group.")
    return memberships.user(name) if user else memberships.group(name)
