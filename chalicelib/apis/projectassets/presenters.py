"""What the medialoopster API shows (docs/apis/projectassets.md, "Objects"). Every field is always there."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from chalicelib.apis.projectassets import bundles, listing
from chalicelib.apis.projectassets.access import Rights
from chalicelib.apis.projectassets.links import Link
from chalicelib.apis.projectassets.models import (
    Device,
    Import,
    Media,
    MediaType,
    Member,
    Production,
    Project,
    shown,
)
from chalicelib.apis.projectassets.records import Record
from chalicelib.files.models import Verdict
from chalicelib.identity.memberships import Membership
from chalicelib.web.responses import encode

ROOM = 3_900_000
"""Bytes of JSON that one answer may have."""

DEFAULT_DEVICE, DEFAULT_SITE = 1, 1

_TOGETHER, _LINKS_TOGETHER = 100, 1_000

_VIDEO_TEXTS = (
    "video_format", "video_codec", "video_size", "aspect_ratio", "fps", "abstract", "transcript", "codec_name",
    "display_aspect_ratio", "vpms_title", "vpms_description", "path_thumbnail", "poster_url",
)  # fmt: skip
_VIDEO_NUMBERS = ("duration", "offset_frames", "width", "height", "rotation")


class Viewer:
    """Shows assets to one caller.

    Args:
        rights: the caller's.
        base: scheme and host of the API.
    """

    def __init__(self, rights: Rights, base: str) -> None:
        self._rights = rights
        self._base = base
        self._media: dict[Link, tuple[dict[str, Any], int] | None] = {}

    def record(self, record: Record) -> dict[str, Any]:
        """A project with its files."""
        shown_files = bundles.inventory(record.project, record.files) if record.files else {}
        answer = self._project(record.project, shown_files)
        self._fetch(record.links)
        self._nest(answer, record.links, ROOM - len(encode(answer)))
        return answer

    def listed(self, projects: Iterable[tuple[Project, list[Link]]]) -> Iterator[dict[str, Any]]:
        """Projects of a list, as many as the answer has room for. Their files are not shown."""
        room = ROOM
        for together in _together(projects):
            self._fetch(link for _, linked in together for link in linked)
            for project, linked in together:
                answer = self._project(project, {})
                complete = self._nest(answer, linked, room - len(encode(answer)))
                size = len(encode(answer))
                if room < ROOM and (not complete or size > room):
                    return
                room -= size
                yield answer

    def media_listed(self, rows: Iterable[Media]) -> Iterator[dict[str, Any]]:
        """Media assets of a list, as many as the answer has room for."""
        room = ROOM
        for row in rows:
            answer = self.media(row)
            size = len(encode(answer))
            if size > room:
                return
            room -= size
            yield answer

    def media(self, row: Media) -> dict[str, Any]:
        """An audio, image or video asset."""
        is_clean = row.state == Verdict.CLEAN
        url = f"{self._base}/api/{row.media_type}assets/{row.number}/file/" if is_clean else ""
        answer = {
            "id": row.number,
            "name": row.name,
            "display_name": row.name,
            "description": row.description or "",
            "date_crt": _moment(row.date_crt),
            "date_add": _moment(row.date_add),
            "date_mod": _moment(row.date_mod),
            "date_del": _moment(row.date_del),
            "meta_field_store": row.meta_field_store or {},
            "status_asset": int(row.status_asset),
            "status_asset_description": row.status_asset_description or "",
            "status_editing": 0,
            "status_approval": int(row.status_approval),
            "path_file": row.path_file or "",
            "filename": (row.path_file or "").rpartition("/")[2],
            "is_archive": False,
            "is_production": True,
            "is_available": is_clean,
            "name_editor": row.name_editor or "",
            "locked_by": None,
            "production": int(row.production),
            "production_name": row.production_name or "",
            "device": int(row.device or DEFAULT_DEVICE),
            "projects": self._projects_of(row),
            "shared_with_productions": sorted(int(one) for one in row.shared_with or ()),
            "file_url": url,
            "file_size": None if row.size is None else int(row.size),
            "path_proxy": "",
            "name_proxy": "",
            "thumbnail_url": "",
            "proxy_url": "",
            "is_proxy_available": False,
        }
        if row.media_type is MediaType.VIDEO:
            answer |= dict.fromkeys(_VIDEO_TEXTS, "") | dict.fromkeys(_VIDEO_NUMBERS, 0) | {"video_url": url}
        return answer

    def _project(self, row: Project, files: Mapping[str, Any]) -> dict[str, Any]:
        nested: dict[str, Any] = {f"{kind}_assets": [] for kind in MediaType}
        return {
            "id": row.number,
            **nested,
            "name": row.name,
            "description": row.description or "",
            "date_crt": _moment(row.date_crt),
            "date_add": _moment(row.date_add),
            "date_mod": _moment(row.date_mod),
            "date_del": _moment(row.date_del),
            "meta_field_store": row.meta_field_store or {},
            "status_asset": int(row.status_asset),
            "status_asset_description": row.status_asset_description or "",
            "status_editing": 0,
            "status_approval": int(row.status_approval),
            "path_file": row.path_file or "",
            "bundle_root": row.bundle_root,
            "type": row.type or "",
            "is_archive": False,
            "is_production": bool(row.is_production),
            "files": dict(files),
            "name_editor": row.name_editor or "",
            "name_studio": row.name_studio or "",
            "locked_by": None,
            "production": int(row.production),
            "device": None if row.device is None else int(row.device),
        }

    def _fetch(self, linked: Iterable[Link]) -> None:
        """Get to know linked assets, 100 a call; of very large ones no more than fit into one answer."""
        unknown = [link for link in dict.fromkeys(linked) if link not in self._media]
        size = 0
        for row in listing.fetch(Media.at(MediaType(kind), number) for kind, number in unknown):
            key = row.media_type.value, row.number
            answer = self.media(row) if self._rights.reads_media(row) else {"id": row.number}
            length = len(encode(answer))
            self._media[key] = answer, length
            size += length
            if size > ROOM:
                self._media |= {link: None for link in unknown if link not in self._media}
                return

    def _nest(self, answer: dict[str, Any], linked: Iterable[Link], room: int) -> bool:
        """Put the linked assets into a project; those there is no room for are shown by their ids alone. Returns
        whether there was room for all.
        """
        complete = True
        for kind, number in linked:
            if (kind, number) not in self._media:
                continue  # deleted since it was linked
            shown_one, size = self._media[kind, number] or (None, 0)
            if shown_one is None or size + 1 > room:
                shown_one, complete = {"id": number}, False
            room -= min(size + 1, room)
            answer[f"{kind}_assets"].append(shown_one)
        return complete

    def _projects_of(self, row: Media) -> list[int]:
        marks = [mark.partition("/") for mark in row.projects or ()]
        return sorted(int(number) for production, _, number in marks if self._rights.reads(int(production)))


def _together(projects: Iterable[tuple[Project, list[Link]]]) -> Iterator[list[tuple[Project, list[Link]]]]:
    """Projects whose links are fetched together."""
    some: list[tuple[Project, list[Link]]] = []
    count = 0
    for project, linked in projects:
        some.append((project, linked))
        count += len(linked)
        if len(some) == _TOGETHER or count >= _LINKS_TOGETHER:
            yield some
            some, count = [], 0
    if some:
        yield some


def production(row: Production, rights: Rights, members: Iterable[Member] = ()) -> dict[str, Any]:
    """A production; plain ids and texts, nothing null that a client expects."""
    return {
        "id": row.number,
        "name": row.name,
        "codename": row.codename,
        "company": row.company or "",
        "storage_root": row.storage_root or "",
        "san_mount": "",
        "proxy_root": "",
        "proxy_url": "",
        "export_type": "",
        "default_approval_status": int(row.default_approval_status),
        "direct_attached_site": DEFAULT_SITE,
        "network_attached_site": [DEFAULT_SITE],
        "upload_device": DEFAULT_DEVICE,
        "audioasset_device": DEFAULT_DEVICE,
        "imageasset_device": DEFAULT_DEVICE,
        "videoasset_device": DEFAULT_DEVICE,
        "projectasset_device": None if row.projectasset_device is None else int(row.projectasset_device),
        "can_write": rights.writes(row.number),
        "can_delete_assets": rights.deletes(row.number),
        "members": [member(one) for one in members],
        "member_groups": [],
    }


def member(row: Member) -> dict[str, Any]:
    """What a user or a group may do in a production."""
    kind, _, name = row.subject.partition("/")
    rights = Membership(bool(row.write), bool(row.delete_assets))
    return {kind: name, "write": rights.write, "delete": rights.delete}


def device(row: Device) -> dict[str, Any]:
    """A device. It has no secrets, and would not show them."""
    return {
        "id": row.number,
        "name": row.name,
        "display_name": row.name,
        "path": row.path,
        "is_internal": True,
        "is_archive": False,
        "autoshot_detection": False,
        "allow_direct_writing": False,
        "recieve_xml_meta": False,  # the API spells it so
        "protocol": "copy",
        "anonymous": False,
        "server": "",
        "username": "",
        "password": None,
        "transcoding_profile": None,
        "archive_connector": None,
        "passthrough_profiles": [],
        "write_permission_groups": [],
    }


def import_log(row: Import, media: Media | None) -> dict[str, Any]:
    """What became of an import: as far as its asset is."""
    failed = media is None or int(media.status_asset) < 0
    why = "The asset was deleted." if media is None else media.status_asset_description or ""
    return {
        "id": row.number,
        "asset_import_id": row.import_id,
        "asset_type": f"{row.asset_type}asset",
        "asset_path": row.asset_path,
        "asset": None if media is None else media.number,
        "status": "ERROR" if failed else ("DONE" if media is not None and int(media.status_asset) else "RUNNING"),
        "error": why if failed else "",
        "warning": "",
        "payload": row.payload or {},
        "asset_config": {},
        "date_add": _moment(row.created_at),
        "production": int(row.production),
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else shown(moment)
