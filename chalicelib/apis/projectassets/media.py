"""The rules of audio, image and video assets: make, find, change, delete, hear the verdict on their files
(docs/apis/projectassets.md, "Media assets").
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib import clock, rows
from chalicelib.apis.projectassets import access, errors, ids, listing, parameters, productions
from chalicelib.apis.projectassets.access import Rights
from chalicelib.apis.projectassets.fields import LONGEST_NAME, Fields
from chalicelib.apis.projectassets.models import DONE, FAILED, NEW, Media, MediaType, Production, Share
from chalicelib.files import names, receiving, references
from chalicelib.files.models import File, Verdict
from chalicelib.files.receiving import UploadUnknown
from chalicelib.rows import ConditionFailed, Delete, Put, Step, absent, contend, transact, update
from chalicelib.web.bodies import UploadedFile

OWNER = "media"
"""The kind of owner that a media asset is of its File: `projectassets:media/<type>/<id>`."""

_AGAIN_SECONDS = 86400
MODELS = {MediaType.AUDIO: "AudioAsset", MediaType.IMAGE: "ImageAsset", MediaType.VIDEO: "VideoAsset"}
_STATUS = {Verdict.PENDING: NEW, Verdict.CLEAN: DONE}
_PROBLEMS = {
    Verdict.INFECTED: "The file is infected and will not be served",
    Verdict.UNSCANNABLE: "The file could not be scanned and will not be served",
    Verdict.EXPIRED: "The file never arrived",
}
_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Facts:
    """What a new media asset is to be."""

    media_type: MediaType
    name: str
    path_file: str
    description: str = ""
    name_editor: str = ""
    date_crt: Any = None
    status_approval: int | None = None
    meta_field_store: dict[str, Any] | None = None
    file: UploadedFile | None = None
    upload: str | None = None


def create(rights: Rights, media_type: MediaType, fields: Fields) -> Media:
    """Make a media asset, with the bytes of a file in a form or of a finished upload, or without any.

    Raises:
        FaultsFound
        Forbidden: the caller may not upload assets of this type to the production.
    """
    file = fields.raw("file")
    facts = Facts(
        media_type=media_type,
        name=fields.text("name", required=True, longest=LONGEST_NAME) or "",
        path_file=fields.path("path_file", required=True) or "",
        description=fields.text("description") or "",
        name_editor=fields.text("name_editor", longest=LONGEST_NAME) or "",
        date_crt=fields.moment("date_crt"),
        status_approval=fields.choice("status_approval", (0, 1)),
        meta_field_store=fields.dictionary("meta_field_store"),
        file=file if isinstance(file, UploadedFile) else None,
        upload=fields.text("upload") or None,
    )
    if file not in (None, "") and facts.file is None:
        fields.wrong("file", "The submitted data was not a file. Check the encoding type on the form.")
    if facts.file is not None and facts.upload is not None:
        fields.wrong("upload", "An upload cannot be given together with a file.")
    one = productions.wanted(fields)
    fields.demand_valid()
    production = productions.named(one)
    demand_upload(rights, media_type, production.number)
    return add(rights, facts, production)


def demand_upload(rights: Rights, media_type: MediaType, production: int) -> None:
    """Raises Forbidden unless the caller may bring assets of this type into this production."""
    access.demand(rights.principal, access.UPLOAD % media_type)
    rights.demand_write(production)


def add(
    rights: Rights, facts: Facts, production: Production, more: Callable[[Media], list[Step]] = lambda row: []
) -> Media:
    """Write a new media asset, and its File if it has one.

    Args:
        more: gives the steps that go with the asset's row.

    Raises:
        FaultsFound: there is no such upload.
    """
    row = Media.at(facts.media_type, ids.next_id(facts.media_type))
    moment = clock.now()
    row.revision, row.date_add, row.date_mod, row.date_crt = 1, moment, moment, facts.date_crt
    row.name, row.description, row.name_editor = facts.name, facts.description, facts.name_editor
    row.path_file, row.meta_field_store = facts.path_file, facts.meta_field_store or {}
    approval = production.default_approval_status if facts.status_approval is None else facts.status_approval
    row.status_asset, row.status_asset_description, row.status_approval = DONE, "", approval
    row.production, row.production_name = production.number, production.name
    device = productions.device_of(facts.path_file, productions.devices())
    row.device = device.number if device is not None else ids.BUILT_IN_DEVICE
    row.created_by = rights.principal.uid
    stored: list[tuple[File, list[Step]]] = []

    def attempt() -> None:
        steps: list[Step] = []
        if facts.upload is not None:
            file, steps = _used(facts.upload, row, rights)
            _take(row, file)
        elif facts.file is not None:
            if not stored:
                stored.append(_received(facts, facts.file, row, rights))
            file, steps = stored[0]
            _take(row, file)
        listed = listing.added(facts.media_type, row.number, production.number, {"path_file": facts.path_file})
        transact(Put(row, absent(Media)), *steps, *listed, *more(row))

    contend(attempt)
    return row


def find(rights: Rights, media_type: MediaType, raw_id: str) -> Media:
    """The media asset that a path names, for whoever may read it. Raises NotFound."""
    number = parameters.id_of(raw_id)
    found = Media.find(Media.at(media_type, number).pk, "media") if number is not None else None
    if found is None or not rights.reads_media(found):
        raise errors.not_found(MODELS[media_type], raw_id)
    return found


def delete(rights: Rights, media_type: MediaType, raw_id: str) -> None:
    """Delete a media asset. Raises NotFound, Forbidden."""
    row = find(rights, media_type, raw_id)
    rights.demand_delete(int(row.production), media_type)
    remove(media_type, row.number)


def remove(media_type: MediaType | str, number: int) -> None:
    """End a media asset: its shares, its row and lists, its file. Projects that link it show it no longer. No matter if
    there is none.
    """
    owner = owner_of(media_type, number)
    key = Media.at(media_type, number)

    def attempt() -> Media | None:
        row = Media.find(key.pk, key.sk)
        if row is None:
            return None
        shares = list(Share.below(key.pk, "media#share/"))
        for early in shares[_AT_ONCE:]:
            rows.delete(early)
        listed = listing.removed(row.media_type, number, int(row.production), {"path_file": row.path_file})
        let_go = [references.release_from(row.file_id, owner, clock.epoch())] if row.file_id else []
        ended = [Delete(share) for share in shares[:_AT_ONCE]]
        transact(Delete(key, Media.revision == row.revision), *listed, *let_go, *ended)
        return row

    row = contend(attempt)
    if row is not None and row.file_id:
        references.release(row.file_id, owner)


def owner_of(media_type: MediaType | str, number: int) -> str:
    """How a media asset is named as the owner of a reference to its File."""
    return f"projectassets:{OWNER}/{media_type}/{number}"


def hear_verdict(place: Sequence[str], file: File) -> None:
    """Write the verdict on a media asset's file into the asset; hearing it again changes nothing."""
    row = Media.at(place[0], int(place[1]))
    heard = Media()
    _take(heard, file)
    actions = [
        Media.state.set(heard.state),
        Media.status_asset.set(heard.status_asset),
        Media.status_asset_description.set(heard.status_asset_description),
        Media.date_mod.set(clock.now()),
        Media.revision.set(Media.revision + 1),
    ]
    if heard.library_key:
        actions.append(Media.library_key.set(heard.library_key))
    if heard.size is not None:
        actions.append(Media.size.set(heard.size))
    try:
        update(row, actions, (Media.file_id == file.file_id) & (Media.state == Verdict.PENDING.value))
    except ConditionFailed:
        return  # heard before, or deleted meanwhile


def may_release(place: Sequence[str], file_id: str) -> int | None:
    """When (epoch seconds) to ask again whether a media asset still needs a File; None if it does not."""
    row = Media.find(Media.at(place[0], int(place[1])).pk, "media")
    return clock.epoch() + _AGAIN_SECONDS if row is not None and row.file_id == file_id else None


def status_of(verdict: Verdict, reason: str | None = None) -> tuple[int, str]:
    """The status that an asset with such a file has, and what is told of it."""
    problem = _PROBLEMS.get(verdict)
    told = "" if problem is None else f"{problem}{f' ({reason})' if reason else ''}."
    return _STATUS.get(verdict, FAILED), told


def _take(row: Media, file: File) -> None:
    """Have an asset show what is known of its File."""
    verdict = Verdict(file.verdict)
    row.file_id, row.state, row.library_key, row.size = file.file_id, verdict.value, file.library_key, file.size
    row.content_type = file.content_type
    row.status_asset, row.status_asset_description = status_of(verdict, file.reason)


def _used(upload: str, row: Media, rights: Rights) -> tuple[File, list[Step]]:
    try:
        return receiving.use_upload(upload, owner=owner_of(row.media_type, row.number), uploader=rights.principal.uid)
    except UploadUnknown:
        detail = "There is no such upload: it is unknown, has not arrived, or was used before."
        raise errors.invalid("upload", detail, "does_not_exist") from None


def _received(facts: Facts, file: UploadedFile, row: Media, rights: Rights) -> tuple[File, list[Step]]:
    name = names.clean(facts.path_file)
    return receiving.receive(
        file.content,
        name=name,
        content_type=names.content_type_of(name),
        owner=owner_of(row.media_type, row.number),
        uploader=rights.principal.uid,
    )
