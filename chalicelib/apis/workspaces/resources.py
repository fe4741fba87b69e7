"""The rules of resources: put, fetch, delete, and hear the verdict (docs/apis/workspaces.md, "Resources")."""

from chalicelib import clock
from chalicelib.apis.workspaces import access, assets, errors, refs, uses
from chalicelib.apis.workspaces.access import Entered, Right
from chalicelib.apis.workspaces.models import Mark, Resource, target
from chalicelib.files import names, receiving, references
from chalicelib.files.models import File, Verdict
from chalicelib.files.receiving import UploadUnknown
from chalicelib.identity import Principal
from chalicelib.rows import Delete, Put, Step, TransactionCancelled, Update, absent, contend, transact

OWNER = "resource"
_AGAIN_SECONDS = 86400


def put(
    principal: Principal, identifier: str, ref: str, content: bytes, upload_id: str | None
) -> tuple[bool, Resource]:
    """Put a file at a ref, be there one or not. Returns whether there was none, and what is there now.

    Args:
        upload_id: the finished upload of the caller's to take instead of the content.

    Raises:
        MalformedRequest, NotFound
        Forbidden: a ref that differs in case alone is taken; the caller may not write; the workspace is locked.
    """
    ref = refs.demand_resource(ref)
    stored: list[File] = []

    def attempt() -> tuple[bool, Resource]:
        entered = access.enter(principal, Right.WRITE, identifier, lambda guid: [Resource.at(guid, ref)])
        (old,) = entered.rows
        if old is not None and old.ref != ref:
            raise errors.exists(ref)
        new = _new(entered, old, ref)
        file, steps = _taken(principal, new, content, upload_id, stored)
        new.file_id, new.library_key, new.state = file.file_id, file.library_key, file.verdict
        new.size, new.sha256 = file.size, file.sha256
        unchanged = absent(Resource) if old is None else Resource.revision == old.revision
        transact(uses.is_ready(entered.workspace), Put(new, unchanged), *steps, *_marks(new), *_released(old))
        return old is None, new

    return contend(attempt)


def find(principal: Principal, identifier: str, ref: str) -> Resource:
    """A clean resource, for a reader.

    Raises:
        NotFound: there is none, or it is not clean.
    """
    entered = access.enter(
        principal, Right.READ, identifier, lambda guid: [Resource.at(guid, ref)] if refs.is_resource(ref) else []
    )
    row = entered.rows[0] if entered.rows else None
    if row is None or row.ref != ref or row.state != Verdict.CLEAN:
        raise errors.not_found(errors.RESOURCE, ref)
    return row  # type: ignore[no-any-return]


def delete(principal: Principal, identifier: str, ref: str) -> None:
    """Delete a resource that no asset names.

    Raises:
        MalformedRequest: it is no ref of a resource.
        NotFound
        Forbidden: assets name it; the caller may not write; the workspace is locked.
    """
    ref = refs.demand_resource(ref)

    def attempt() -> None:
        entered = access.enter(principal, Right.WRITE, identifier, lambda guid: [Resource.at(guid, ref)])
        (old,) = entered.rows
        if old is None or old.ref != ref:
            raise errors.not_found(errors.RESOURCE, ref)
        users = users_of(old)
        if users:
            raise errors.in_use(ref, users)
        guid = entered.workspace.guid
        unchanged = (Resource.revision == old.revision) & Resource.main_of.does_not_exist()
        transact(
            uses.is_unchanged(entered.workspace),
            Delete(Resource.at(guid, ref), unchanged),
            Delete(Mark.unjudged(guid, ref)),
            Delete(Mark.faulty(guid, ref)),
            *_released(old),
        )

    contend(attempt)


def users_of(row: Resource) -> list[str]:
    """The refs of the assets that name a resource, the first hundred of them."""
    found = uses.of(row.guid, target(row.ref))
    if row.main_of is not None:
        found = [*uses.refs_of(row.guid, [row.main_of]).values(), *found]
    return list(dict.fromkeys(found))


def served_as(row: Resource) -> str:
    """The Content-Type with which a resource is served, by its name."""
    return names.served_as(names.content_type_of(row.ref))


def hear_verdict(place: str, file: File) -> None:
    """Write the verdict on a resource's File into the resource, unless it has another by now.

    Args:
        place: the guid of the workspace and the ref.
    """
    guid, slash, path = place.partition("/")
    row = Resource.at(guid, slash + path)
    facts = [Resource.state.set(file.verdict)]
    if file.library_key:
        facts.append(Resource.library_key.set(file.library_key))
    if file.size is not None:
        facts.append(Resource.size.set(file.size))
    if file.sha256:
        facts.append(Resource.sha256.set(file.sha256))
    unheard = (Resource.file_id == file.file_id) & (Resource.state == Verdict.PENDING.value)
    steps: list[Step] = [Update(row, facts, unheard), Delete(Mark.unjudged(guid, slash + path))]
    if file.verdict != Verdict.CLEAN:
        steps += [Put(Mark.faulty(guid, slash + path)), uses.is_there(guid)]

    def attempt() -> None:
        try:
            transact(*steps)
        except TransactionCancelled as cancelled:
            if not cancelled.failed:
                raise  # heard before, or replaced meanwhile, if there was something

    contend(attempt)


def may_release(place: str, file_id: str) -> int | None:
    """When (epoch seconds) to ask again whether a resource still needs a File; None if it does not."""
    guid, slash, path = place.partition("/")
    key = Resource.at(guid, slash + path)
    row = Resource.find(key.pk, key.sk)
    needed = row is not None and row.ref == slash + path and row.file_id == file_id
    return clock.epoch() + _AGAIN_SECONDS if needed else None


def _new(entered: Entered, old: Resource | None, ref: str) -> Resource:
    new = Resource.at(entered.workspace.guid, ref)
    new.ref = ref
    if old is None:
        new.revision, new.created = 1, assets.milliseconds()
        new.modified = new.created
    else:
        new.revision, new.created, new.main_of = old.revision + 1, old.created, old.main_of
        new.modified = assets.later_than(int(old.modified))
    return new


def _taken(
    principal: Principal, row: Resource, content: bytes, upload_id: str | None, stored: list[File]
) -> tuple[File, list[Step]]:
    """The File that a resource is to have, and the steps that make it its own. The bytes are stored once."""
    if upload_id is not None:
        try:
            return receiving.use_upload(upload_id, owner=row.owner, uploader=principal.uid)
        except UploadUnknown:
            raise errors.corrupted(errors.RESOURCE, "upload") from None
    if stored:
        return stored[0], receiving.owned(stored[0], row.owner)
    name = row.ref.rpartition("/")[2]
    file, steps = receiving.receive(
        content,
        name=name,
        content_type=names.content_type_of(name),
        owner=row.owner,
        uploader=principal.uid,
    )
    stored.append(file)
    return file, steps


def _marks(row: Resource) -> list[Step]:
    """What tells the status of the workspace of a resource just put."""
    unjudged, faulty = Mark.unjudged(row.guid, row.ref), Mark.faulty(row.guid, row.ref)
    if row.state == Verdict.PENDING:
        return [Put(unjudged), Delete(faulty)]
    return [Delete(unjudged), Delete(faulty) if row.state == Verdict.CLEAN else Put(faulty)]


def _released(old: Resource | None) -> list[Step]:
    """The sweep asks at once whether the File that a resource had may go."""
    return [] if old is None else [references.release_from(old.file_id, old.owner, clock.epoch())]
