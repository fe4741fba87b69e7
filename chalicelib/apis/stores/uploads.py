"""The rules of an asset's files: upload, list, hear the verdict (docs/apis/stores.md, "Versions").

Every upload is a version of its own: an immutable file under its number. It, the asset's history and the File are
written in one transaction that demands the asset as it was read; who comes second reads again and gets the next number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib import clock
from chalicelib.apis.stores import assets, errors, ids, publishing, types
from chalicelib.apis.stores.access import Right
from chalicelib.apis.stores.models import Asset, Entry, Project, Version
from chalicelib.apis.stores.parameters import Wanted
from chalicelib.files import publications, receiving
from chalicelib.files.models import File, Verdict
from chalicelib.files.receiving import UploadUnknown
from chalicelib.identity import Principal
from chalicelib.rows import Check, Put, Step, TransactionCancelled, Update, absent, contend, transact

OWNER = "file"

ERROR = "error"
_AGAIN_SECONDS = 86400

_PROBLEMS = {
    Verdict.INFECTED: "Error: the file is infected and will not be served",
    Verdict.UNSCANNABLE: "Error: the file could not be scanned and will not be served",
    Verdict.EXPIRED: "Error: the file never arrived",
}


def upload(principal: Principal, store_id: str, project_id: str, asset_id: str, wanted: Wanted) -> str:
    """Make a file the next version of an asset, and return the file's name.

    Raises:
        MalformedRequest, Unauthenticated
        Conflict: the asset has a file and `update` was not asked for; or no asset can have this id.
        FileNameForbidden
    """
    seen = assets.look_for(principal, Right.WRITE, store_id, project_id, asset_id)
    _demand_place(seen[1], asset_id, wanted)
    arrival = _Arrival(principal, wanted)
    fresh = [seen]

    def attempt() -> str:
        project, old = fresh.pop() if fresh else assets.look_for(principal, Right.WRITE, store_id, project_id, asset_id)
        _demand_place(old, asset_id, wanted)
        return _write(project, old, asset_id, arrival)

    return contend(attempt)


def list_files(
    principal: Principal, store_id: str, project_id: str, asset_id: str, number: int | None
) -> tuple[Project, Asset, int]:
    """A project, an asset of it, and the number of the version whose files are wanted: the newest when none is named.

    Raises:
        MalformedRequest, Unauthenticated
    """
    project, asset = assets.find(principal, Right.READ, store_id, project_id, asset_id)
    return project, asset, asset.version if number is None else number


def hear_verdict(place: Sequence[str], file: File) -> None:
    """Write the verdict on an uploaded file into its row and its asset, and publish it if it is clean and public.

    Hearing the same again repairs what a crash left undone.
    """
    store_id, project_id, asset_id, number_, path = place
    number = int(number_)
    entry = Entry.at(store_id, project_id, asset_id, number, path)
    contend(lambda: _heard(entry, Asset.at(store_id, project_id, asset_id), number, path, file))
    if file.verdict == Verdict.CLEAN:
        entry.file_id, entry.library_key, entry.size, entry.state = (
            file.file_id,
            file.library_key,
            file.size,
            file.verdict,
        )
        publishing.follow(entry)


def may_release(place: Sequence[str], file_id: str) -> int | None:
    """When (epoch seconds) to ask again whether a version still needs its File; None if it does not."""
    store_id, project_id, asset_id, number, path = place
    key = Entry.at(store_id, project_id, asset_id, int(number), path)
    row = Entry.find(key.pk, key.sk)
    return clock.epoch() + _AGAIN_SECONDS if row is not None and row.file_id == file_id else None


def owner_of(store_id: str, project_id: str, asset_id: str, number: int, path: str) -> str:
    """How a file of a version is named as the owner of a reference to its File."""
    return f"stores:{OWNER}/{store_id}/{project_id}/{asset_id}/{number}/{path}"


@dataclass(slots=True)
class _Arrival:
    """The bytes of a request: stored once, however often the upload has to be tried."""

    principal: Principal
    wanted: Wanted
    stored: File | None = None

    def take(self, filename: str, owner: str) -> tuple[File, list[Step]]:
        if self.wanted.upload_id is not None:
            try:
                return receiving.use_upload(self.wanted.upload_id, owner=owner, uploader=self.principal.uid)
            except UploadUnknown:
                raise errors.invalid_data(
                    "Upload not found: it is unknown, has not arrived, or was used before."
                ) from None
        if self.stored is None:
            self.stored, steps = receiving.receive(
                self.wanted.content,
                name=filename,
                content_type=types.served_as(filename),
                owner=owner,
                uploader=self.principal.uid,
            )
            return self.stored, steps
        return self.stored, receiving.owned(self.stored, owner)

    def filename(self) -> str:
        """What the file is to be called."""
        if not self.wanted.filename and self.wanted.upload_id is not None:
            file = receiving.find(self.wanted.upload_id)
            return ids.demand_filename(file.name or "" if file is not None else "unknown")
        return ids.demand_filename(self.wanted.filename)


def _demand_place(asset: Asset | None, asset_id: str, wanted: Wanted) -> None:
    """Refuse what the table of create and update does not allow."""
    if asset is None and not wanted.create:
        raise errors.asset_not_created()
    if asset is None:
        ids.demand_asset(asset_id)
    elif asset.uploads and not wanted.update:
        raise errors.asset_exists(asset_id)


def _write(project: Project, old: Asset | None, asset_id: str, arrival: _Arrival) -> str:
    filename = arrival.filename()
    store_id, project_id = project.store_id, project.project_id
    new = old.copy() if old is not None else assets.blank(store_id, project_id, asset_id, name=asset_id)
    moment = clock.now()
    number = assets.remember(new, moment)
    new.filename = filename
    new.processing_status = new.processing_error = None
    file, steps = arrival.take(filename, owner_of(store_id, project_id, asset_id, number, filename))
    version = Version.at(store_id, project_id, asset_id, number)
    version.filename, version.uploaded_at, version.uploader = filename, moment, arrival.principal.uid
    entry = Entry.at(store_id, project_id, asset_id, number, filename)
    entry.file_id, entry.size, entry.state, entry.uploaded = file.file_id, file.size, file.verdict, True
    entry.library_key, entry.sha256 = file.library_key, file.sha256
    steps += [Put(version, absent(Version)), Put(entry, absent(Entry))]
    edition = None
    if file.verdict == Verdict.CLEAN:
        new.index_version, new.index_path, version.index_path = number, filename, filename
        edition = publishing.edition_of(project, entry)
    elif file.verdict != Verdict.PENDING:
        new.processing_status, new.processing_error = ERROR, _problem(file)
    if edition is not None:
        # Nobody will tell of this verdict any more, so the groups it is published by must be those of this moment.
        revision = int(project.access_revision)
        key = Project.at(store_id, project_id)
        steps.append(Check(key, Project.access_revision == revision))
        steps.append(publications.intend(edition.path, revision, edition))
    assets.write(old, new, *steps)
    if edition is not None:
        publications.converge_or_queue(edition.path, edition.size)
    return filename


def _heard(entry: Entry, asset: Asset, number: int, path: str, file: File) -> None:
    """Write a verdict into the row of a file, into its version, and, if it counts for the asset, into the asset."""
    facts = [Entry.state.set(file.verdict)]
    for fact in (Entry.library_key, Entry.size, Entry.sha256):
        value: Any = getattr(file, fact.attr_name)
        if value is not None:
            facts.append(fact.set(value))
    heard = [Update(entry, facts, (Entry.file_id == file.file_id) & (Entry.state == Verdict.PENDING.value))]
    if file.verdict == Verdict.CLEAN:
        version = Version.at(asset.store_id, asset.project_id, asset.asset_id, number)
        heard.append(Update(version, [Version.index_path.set(path)]))
    told = [Asset.revision.set(Asset.revision + 1), Asset.updated_at.set(clock.now())]
    if file.verdict == Verdict.CLEAN:
        told += [Asset.index_version.set(number), Asset.index_path.set(path)]
        counts = Asset.index_version.does_not_exist() | (Asset.index_version < number)
    else:
        told += [Asset.processing_status.set(ERROR), Asset.processing_error.set(_problem(file))]
        counts = Asset.uploads == number
    try:
        transact(*heard, Update(asset, told, Asset.revision.exists() & counts))
    except TransactionCancelled as cancelled:
        if 0 in cancelled.failed:
            return  # heard before
        if len(heard) not in cancelled.failed:
            raise
        # A newer version has taken the asset over: only the file's own rows are told.
        try:
            transact(*heard)
        except TransactionCancelled as again:
            if not again.failed:
                raise


def _problem(file: File) -> str:
    told = _PROBLEMS[Verdict(file.verdict)]
    return f"{told} ({file.reason})." if file.reason else f"{told}."
