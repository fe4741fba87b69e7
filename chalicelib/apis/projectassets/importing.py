"""Imports of media assets, and their logs, in the documented minimum (docs/apis/projectassets.md, "Imports").

An import makes its asset at once; the log tells how far the scan of the asset's file is.
"""

import uuid
from typing import Any

from chalicelib import clock
from chalicelib.apis.projectassets import ids, listing, media, productions
from chalicelib.apis.projectassets.access import Rights
from chalicelib.apis.projectassets.fields import LONGEST_NAME, Fields
from chalicelib.apis.projectassets.models import IMPORT, Import, Media, MediaType
from chalicelib.apis.projectassets.parameters import Page
from chalicelib.errors import Fault
from chalicelib.rows import Put, Step, absent

_TYPES = {f"{kind}{ending}": kind for kind in MediaType for ending in ("", "asset", "assets")}
_META, _ASSET = "asset/asset_meta", "asset"


def run(rights: Rights, fields: Fields) -> Import:
    """Import a media asset.

    Raises:
        FaultsFound
        Forbidden: the caller may not upload assets of this type to the production.
    """
    number = fields.integer("production", nullable=True)
    if number is None and not fields.faults:
        fields.wrong("production", "This field is required.", "required")
    media_type = _TYPES.get(str(fields.text("type", required=True)).lower())
    if media_type is None and not any(fault.pointer == "/type" for fault in fields.faults):
        fields.wrong("type", f'"{fields.raw("type")}" is not a valid choice.', "invalid_choice")
    asset = _inner(fields, fields.raw("asset"), _ASSET)
    meta = _inner(fields, asset.raw("asset_meta"), _META)
    name = meta.text("name", required=True, longest=LONGEST_NAME)
    path_file = meta.path("path_file", required=True)
    description = meta.text("description") if meta.is_set("description") else None
    approval = meta.choice("approval", (0, 1))
    store = meta.dictionary("meta_field_store") if meta.is_set("meta_field_store") else None
    upload = asset.text("upload") if asset.is_set("upload") else None
    fields.faults += _below(meta, _META) + _below(asset, _ASSET)
    fields.demand_valid()
    assert number is not None
    assert media_type is not None
    assert name is not None
    assert path_file is not None
    facts = media.Facts(
        media_type=media_type,
        name=name,
        path_file=path_file,
        description=description or "",
        status_approval=approval,
        meta_field_store=store,
        upload=upload,
    )
    production = productions.named(productions.Wanted(number, None), "production")
    media.demand_upload(rights, media_type, production.number)
    log = Import.at(ids.next_id(IMPORT))
    log.import_id, log.asset_type, log.asset_path = uuid.uuid4().hex, media_type.value, path_file
    # What was understood, not what came: that may be larger than a row.
    told = {"name": name, "path_file": path_file, "description": description or "", "approval": approval}
    asset_meta = {**told, "meta_field_store": store or {}}
    log.payload = {"production": number, "type": media_type.value, "asset": {"asset_meta": asset_meta}}
    log.production, log.created_at, log.created_by = production.number, clock.now(), rights.principal.uid

    def logged(row: Media) -> list[Step]:
        log.asset = row.number
        found = {"asset_path": path_file}
        return [Put(log, absent(Import)), *listing.added(IMPORT, log.number, production.number, found)]

    media.add(rights, facts, production, logged)
    return log


def page(rights: Rights, asset_path: str | None, wanted: Page) -> tuple[int, list[tuple[Import, Media | None]]]:
    """How many logs there are for the caller, and a page of them with the assets they speak of."""
    if asset_path is not None:
        found = listing.search(IMPORT, "asset_path", asset_path, rights.reads, wanted)
    else:
        found = listing.page(IMPORT, rights.productions, wanted)
    logs = list(listing.fetch(Import.at(number) for number in found.ids))
    assets = {row.pk: row for row in listing.fetch(Media.at(log.asset_type, int(log.asset)) for log in logs)}
    return found.total, [(log, assets.get(Media.at(log.asset_type, int(log.asset)).pk)) for log in logs]


def _inner(fields: Fields, value: Any, name: str) -> Fields:
    if not isinstance(value, dict):
        if value is not None:
            fields.wrong(name, "Expected a dictionary of items.", "not_a_dict")
        value = {}
    return Fields(value, is_form=False)


def _below(inner: Fields, name: str) -> list[Fault]:
    return [Fault(fault.code, fault.detail, pointer=f"/{name}{fault.pointer}") for fault in inner.faults]
