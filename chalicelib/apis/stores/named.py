"""Named versions of a project: what version each of its assets had when somebody gave that a name."""

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib import clock
from chalicelib.apis.stores import access, errors, parameters, projects
from chalicelib.apis.stores.access import Right
from chalicelib.apis.stores.index_rows import Label
from chalicelib.apis.stores.models import Asset, Named, Project
from chalicelib.identity import Principal
from chalicelib.rows import Put, absent, contend
from chalicelib.web.responses import encode

LONGEST_NAME = 200
LONGEST_DESCRIPTION = 1_000
"""Both in bytes."""

_LISTED = 10
_PIECE = 300_000
_MOST_PIECES = 11
"""A transaction takes 4 MB."""

_ROOM, _ROOM_FOR_HEADS = 2_400_000, 900_000
"""Bytes of an answer that asset versions may take, and names and descriptions."""

_MOST_READ = 16_000_000
"""Bytes of compressed asset versions that are read for one answer."""


@dataclass(frozen=True, slots=True)
class NamedVersion:
    """A named version: `versions` maps asset ids to version numbers as text; None where there was no room for them."""

    name: str
    description: str
    added_at: datetime
    versions: dict[str, str] | None


def add(principal: Principal, store_id: str, project_id: str, fields: dict[str, Any]) -> Project:
    """Name the versions that all assets of a project have now: `version_name`, `version_description`.

    Assets are read one page after the other; an asset that changes meanwhile is named with its old or its new version.

    Raises:
        MalformedRequest, Unauthenticated
    """

    def attempt() -> Project:
        old, _ = access.enter(principal, Right.WRITE, store_id, project_id)
        name = _short(parameters.required_text(fields, "version_name"), "version_name", LONGEST_NAME)
        if "version_description" not in fields:
            raise errors.missing("version_description")
        description = _short(fields["version_description"] or "", "version_description", LONGEST_DESCRIPTION)
        new = old.copy()
        number = int(old.named_count or 0) + 1
        row = Named.at(store_id, project_id, number)
        row.name, row.description, row.added_at = name, description, clock.now()
        shown = {"name": name, "description": description, "date_added": f"{row.added_at:%Y-%m-%d %H:%M:%S.%f}"}
        new.named_count, new.named_recently = number, [shown, *(old.named_recently or [])][:_LISTED]
        pieces = []
        for position, piece in enumerate(_pieces(old)):
            part = Named.at(store_id, project_id, number, position)
            part.piece = piece
            pieces.append(Put(part, absent(Named)))
        label = Label.at(store_id, project_id, name)
        label.number = number
        return projects.write(old, new, Put(row, absent(Named)), Put(label), *pieces)

    return contend(attempt)


def of(project: Project) -> list[NamedVersion]:
    """The named versions of a project, the newest first; no call when there is none.

    Older ones come without their asset versions once these have taken up the room of an answer, and are left out once
    there is no room for their names either, or too much would have to be read.
    """
    if not project.named_count:
        return []
    found: list[NamedVersion] = []
    room, room_for_heads, left = _ROOM, _ROOM_FOR_HEADS, _MOST_READ
    for row, packed in _rows(project):
        room_for_heads -= len(encode([row.name, row.description])) + 100
        left -= len(packed)
        if min(room_for_heads, left) < 0 and found:
            break
        versions = None
        if room > 0:
            text = zlib.decompress(packed)
            room -= len(text)
            versions = json.loads(text) if room > 0 else None
        found.append(NamedVersion(row.name, row.description, row.added_at, versions))
    return found


def versions_of(store_id: str, project_id: str, number: int) -> dict[str, int]:
    """What a project's `number`-th named version names: asset ids to version numbers. One Query for each started MB."""
    key = Named.at(store_id, project_id, number)
    pieces = [row.piece for row in Named.below(key.pk, f"{key.sk}/")]
    found: dict[str, str] = json.loads(zlib.decompress(b"".join(pieces)))
    return {asset_id: int(version) for asset_id, version in found.items()}


def _rows(project: Project) -> Iterator[tuple[Named, bytes]]:
    current: Named | None = None
    pieces: list[bytes] = []
    for row in Named.below(project.partition, "named#"):
        if row.is_piece:
            pieces.append(row.piece)
            continue
        if current is not None:
            yield current, b"".join(pieces)
        current, pieces = row, []
    if current is not None:
        yield current, b"".join(pieces)


def _pieces(project: Project) -> list[bytes]:
    versions = {asset.asset_id: str(asset.version) for asset in Asset.below(project.partition, "asset#")}
    packed = zlib.compress(json.dumps(versions, ensure_ascii=False, separators=(",", ":")).encode())
    pieces = [packed[first : first + _PIECE] for first in range(0, len(packed), _PIECE)]
    if len(pieces) > _MOST_PIECES:
        raise errors.invalid_data("The project has too many assets to name their versions.")
    return pieces


def _short(value: Any, name: str, longest: int) -> str:
    if not isinstance(value, str) or len(value.encode(errors="replace")) > longest:
        raise errors.invalid_data(f"The {name} has to be a text of at most {longest} bytes.")
    return value
