"""The files of bundles: put, found, listed, removed, and their verdicts heard (docs/apis/projectassets.md, "Bundles").

A bundle's file is a row that refers to a File. Putting one where one is refers to another File; the old one is released
by the sweep, since requests may delete no bytes.
Whoever writes a file demands of the project, in the same transaction, that it is neither being deleted nor copied to:
what a job has in hand nobody adds to.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib import clock
from chalicelib.apis.projectassets import access, errors, parameters, paths
from chalicelib.apis.projectassets.models import BundleFile, Project, shown
from chalicelib.errors import Conflict, NotFound
from chalicelib.files import names, receiving, references
from chalicelib.files.models import File, Verdict
from chalicelib.files.receiving import UploadUnknown
from chalicelib.identity import Principal
from chalicelib.logs import logger
from chalicelib.rows import (
    Check,
    ConditionFailed,
    Delete,
    Put,
    Step,
    absent,
    contend,
    find_each,
    transact,
    update,
)

OWNER = "file"
"""What the ids of owners begin with that are files of bundles."""

FILES = "project#file/"
"""What the sort keys of a bundle's files begin with."""

_AGAIN_SECONDS = 86400


@dataclass(frozen=True, slots=True)
class Content:
    """What a file is to hold: the bytes of a request, or those of a finished upload."""

    content: bytes = b""
    upload_id: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A path in the bundle of a project that the caller may read, and the file there, if there is one to be seen."""

    project: Project
    path: str
    entry: BundleFile | None

    @property
    def absolute(self) -> str:
        """The path that clients know."""
        return f"{self.project.bundle_root}{self.path}"


def owner_of(project: int, path: str) -> str:
    """How a file of a bundle is named as the owner of a reference to its File."""
    return f"projectassets:{OWNER}/{project}/{path}"


def path_of(text: str) -> str:
    """The path of a file below its bundle's root, from a decoded one. Raises FaultsFound."""
    try:
        found = paths.relative(unicodedata.normalize("NFC", text))
        if not found:
            raise paths.NoPath("The path must name a file.")
    except paths.NoPath as wrong:
        raise errors.invalid("path", str(wrong)) from None
    return found


def look(caller: Principal, raw_id: str, text: str) -> Place:
    """Where a path of a bundle leads. While files are being copied into a bundle, none of them are to be seen.

    Raises:
        NotFound: there is no such project, or the caller may not know of it.
        FaultsFound: the path is none.
    """
    number = parameters.id_of(raw_id)
    if number is None:
        raise errors.project_not_found(raw_id)
    path = path_of(text)
    project, entry = find_each(Project.at(number), BundleFile.at(number, path))
    if project is None or not access.of(caller).reads(int(project.production)):
        raise errors.project_not_found(raw_id)
    return Place(project, path, None if project.copy_job else entry)


def put(caller: Principal, raw_id: str, text: str, content: Content) -> tuple[Place, bool]:
    """Put a file into a bundle, in the place of the one that is there, if one is.

    Returns:
        Where it is now, and whether nothing was there before.

    Raises:
        NotFound, FaultsFound: see `look`; or there is no such upload.
        Forbidden: the caller may not write in the project's production.
        Conflict: files are being copied into the bundle.
    """
    arrival = _Arrival(caller, content)
    seen = [_writable(caller, raw_id, text)]

    def attempt() -> tuple[Place, bool]:
        place = seen.pop() if seen else _writable(caller, raw_id, text)
        number, old = place.project.number, place.entry
        owner = owner_of(number, place.path)
        file, steps = arrival.take(place.path, owner)
        entry = BundleFile.at(number, place.path)
        entry.file_id, entry.content_type, entry.updated_at = file.file_id, file.content_type, clock.now()
        _tell(entry, file)
        written: list[Step] = [_is_open(place.project), Put(entry, _unchanged(old))]
        if old is not None:
            written.append(references.release_from(old.file_id, owner, clock.epoch()))
        transact(*written, *steps)
        return Place(place.project, place.path, entry), old is None

    return contend(attempt)


def remove(caller: Principal, raw_id: str, text: str) -> None:
    """Remove a file from a bundle.

    Raises:
        NotFound: as `look`; or there is no such file.
        FaultsFound, Forbidden, Conflict: as `put`.
    """

    def attempt() -> None:
        place = _writable(caller, raw_id, text)
        if place.entry is None:
            raise no_file(place)
        owner, file_id = owner_of(place.project.number, place.path), place.entry.file_id
        gone = Delete(BundleFile.at(place.project.number, place.path), _unchanged(place.entry))
        transact(_is_open(place.project), gone, references.release_from(file_id, owner, clock.epoch()))

    contend(attempt)


def entries(project: Project, *, limit: int, after: str | None) -> Iterator[BundleFile]:
    """The files of a bundle in the order of their paths, at most so many, behind a path. None while it is copied to."""
    if project.copy_job:
        return iter(())
    key = None if after is None else FILES + after
    return BundleFile.below(project.pk, FILES, limit=limit, after=key)


def inventory(project: Project, rows: Iterable[BundleFile]) -> dict[str, Any]:
    """What a project asset shows of its files, by their absolute paths."""
    return {f"{project.bundle_root}{row.path}": _facts(row) for row in rows}


def presented(place: Place) -> dict[str, Any]:
    """A file as the files route tells of it."""
    assert place.entry is not None
    return {"path": place.path, "path_file": place.absolute, **_facts(place.entry)}


def no_file(place: Place) -> NotFound:
    """There is no such file in the bundle."""
    return NotFound(f"The project asset {place.project.number} has no file '{place.path}'.")


def hear_verdict(place: Sequence[str], file: File) -> None:
    """Write the verdict on a file of a bundle into its row, unless it has gone or refers to another File by now."""
    entry = BundleFile.at(int(place[0]), "/".join(place[1:]))
    facts = [BundleFile.state.set(file.verdict)]
    if file.library_key:
        facts.append(BundleFile.library_key.set(file.library_key))
    if file.size is not None:
        facts.append(BundleFile.size.set(file.size))
    if file.sha256:
        facts.append(BundleFile.sha256.set(file.sha256))
    unheard = (BundleFile.file_id == file.file_id) & (BundleFile.state == Verdict.PENDING.value)
    try:
        update(entry, facts, unheard)
    except ConditionFailed:
        logger.info("a verdict that a bundle has heard or does not need", file_id=file.file_id)


def may_release(place: Sequence[str], file_id: str) -> int | None:
    """When (epoch seconds) to ask again whether a bundle still needs a File; None if it does not."""
    key = BundleFile.at(int(place[0]), "/".join(place[1:]))
    row = BundleFile.find(key.pk, key.sk)
    return clock.epoch() + _AGAIN_SECONDS if row is not None and row.file_id == file_id else None


@dataclass(slots=True)
class _Arrival:
    """The bytes of a request: stored once, however often the put has to be tried."""

    caller: Principal
    wanted: Content
    stored: File | None = None

    def take(self, path: str, owner: str) -> tuple[File, list[Step]]:
        """The File, and the steps that write it and its reference. Raises FaultsFound."""
        if self.wanted.upload_id is not None:
            try:
                return receiving.use_upload(self.wanted.upload_id, owner=owner, uploader=self.caller.uid)
            except UploadUnknown:
                raise errors.invalid_parameter(
                    "upload", "The upload is unknown, has not arrived, or was used before."
                ) from None
        if self.stored is None:
            name = names.clean(path)
            self.stored, steps = receiving.receive(
                self.wanted.content,
                name=name,
                content_type=names.content_type_of(name),
                owner=owner,
                uploader=self.caller.uid,
            )
            return self.stored, steps
        return self.stored, receiving.owned(self.stored, owner)


def _tell(entry: BundleFile, file: File) -> None:
    """Let a row repeat what is known of its File, so that reading takes one read."""
    entry.state, entry.library_key = file.verdict, file.library_key
    entry.size, entry.sha256 = file.size, file.sha256


def _facts(row: BundleFile) -> dict[str, Any]:
    return {
        "size": None if row.size is None else int(row.size),
        "state": row.state,
        "content_type": row.content_type,
        "etag": row.sha256,
        "date_mod": shown(row.updated_at),
    }


def _writable(caller: Principal, raw_id: str, text: str) -> Place:
    """As `look`, for whoever may write there. Raises NotFound, FaultsFound, Forbidden, Conflict."""
    place = look(caller, raw_id, text)
    access.of(caller).demand_write(int(place.project.production))
    if place.project.delete_job:
        raise errors.project_not_found(raw_id)
    if place.project.copy_job:
        raise Conflict("Files are being copied into this project asset.")
    return place


def _is_open(project: Project) -> Step:
    """The step that demands that no job has the bundle in hand."""
    return Check(
        Project.at(project.number),
        Project.pk.exists() & Project.delete_job.does_not_exist() & Project.copy_job.does_not_exist(),
    )


def _unchanged(old: BundleFile | None) -> Any:
    return absent(BundleFile) if old is None else BundleFile.file_id == old.file_id
