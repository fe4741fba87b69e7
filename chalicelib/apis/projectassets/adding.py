"""The rules of linking media assets to a project asset (docs/apis/projectassets.md, "Add media assets").

First the whole list is judged, then it is linked, in transactions of `_AT_ONCE` assets that demand the project as it
was read. Who adds the same at the same time finds it linked already.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chalicelib import clock
from chalicelib.apis.projectassets import errors, links, listing, records
from chalicelib.apis.projectassets.access import Rights
from chalicelib.apis.projectassets.fields import FALSE, TRUE
from chalicelib.apis.projectassets.links import Link
from chalicelib.apis.projectassets.models import Media, MediaType, Project
from chalicelib.apis.projectassets.parameters import TOO_LARGE
from chalicelib.rows import TransactionCancelled, Update, contend, transact

LONGEST_LIST = 1_000
MOST_LINKS = 5_000
"""Media assets that one project links."""

_AT_ONCE = 90
_UNSUPPORTED = (
    "The provided asset type '{}' at asset list entry at index '{}' is not supported. "
    "Must be one of 'audio', 'image' or 'video'"
)
_UNKNOWN = "The provided {} asset '{}' at asset list entry at index '{}' does not exist."
_NO_ENTRY = "The provided asset list entry at index '{}' is invalid. {}"


@dataclass(slots=True)
class Outcome:
    """What became of a list: its entries in their order, each in one of three lists."""

    new: list[Any] = field(default_factory=list)
    known: list[Any] = field(default_factory=list)
    invalid: list[Any] = field(default_factory=list)


@dataclass(slots=True)
class _Entry:
    """One entry of the list: as it came, what it names, and why it cannot be linked."""

    index: int
    raw: Any
    link: Link | None = None
    problem: str | None = None


def add(rights: Rights, raw_id: str, body: dict[str, Any]) -> Outcome:
    """Link the media assets of a list to a project.

    Raises:
        NotFound: there is no such project, or it is being deleted.
        Forbidden: the caller may not write in its production.
        AddRefused: the list, or without `silent_mode` one of its entries, is wrong; nothing was linked.
    """
    project = _project(rights, raw_id)
    silent = _silent(body.get("silent_mode"))
    entries = [_entry(index, raw) for index, raw in enumerate(_list(body.get("asset_list")))]
    media = {(row.media_type.value, row.number): row for row in listing.fetch(_wanted(entries))}
    for entry in entries:
        if entry.link is not None and (entry.link not in media or not rights.reads_media(media[entry.link])):
            entry.problem = _UNKNOWN.format(*entry.link, entry.index)
    if not silent:
        _demand_sound(entries)
    wanted = dict.fromkeys(entry.link for entry in entries if entry.link is not None and entry.problem is None)
    linking = _Linking(rights, raw_id, media, None if silent else entries)
    linking.link(project, list(wanted))
    return linking.outcome(entries)


class _Linking:
    """Links assets chunk by chunk, and remembers what became of them.

    Args:
        strict: the entries of a list that may have nothing wrong; None in silent mode.
    """

    def __init__(self, rights: Rights, raw_id: str, media: dict[Link, Media], strict: list[_Entry] | None) -> None:
        self._rights, self._raw_id, self._media, self._strict = rights, raw_id, media, strict
        self._linked: set[Link] = set()
        self._lost: set[Link] = set()

    def link(self, project: Project, wanted: list[Link]) -> None:
        """Link these assets, as far as they are not."""
        fresh = [project]

        def attempt() -> bool:
            seen = fresh.pop() if fresh else _project(self._rights, self._raw_id)
            known = links.of(seen, links.pages_of(seen))
            there = set(known)
            missing = [link for link in wanted if link not in there and link not in self._lost]
            if len(known) + len(missing) > MOST_LINKS:
                raise errors.AddRefused(f"A project asset links at most {MOST_LINKS} assets.", 400)
            if missing:
                self._write(seen, known, missing[:_AT_ONCE])
            return len(missing) <= _AT_ONCE

        _until_true(attempt)

    def outcome(self, entries: list[_Entry]) -> Outcome:
        """What became of each entry; one that comes again was linked by the first."""
        told = Outcome()
        left = set(self._linked)
        for entry in entries:
            if entry.link is None or entry.problem is not None or entry.link in self._lost:
                told.invalid.append(entry.raw)
            elif entry.link in left:
                left.remove(entry.link)
                told.new.append(_shown(entry.link))
            else:
                told.known.append(_shown(entry.link))
        return told

    def _write(self, project: Project, known: list[Link], new: list[Link]) -> None:
        actions, pages = links.appended(project, known, new)
        actions += [Project.date_mod.set(clock.now()), Project.revision.set(Project.revision + 1)]
        as_read = Project.delete_job.does_not_exist() & (Project.link_count == len(known))
        marks = [links.marking(self._media[link], project) for link in new]
        first_mark = 1 + len(pages)
        try:
            transact(Update(Project.at(project.number), actions, as_read), *pages, *marks)
        except TransactionCancelled as cancelled:
            lost = [new[position - first_mark] for position in cancelled.failed if position >= first_mark]
            if lost and self._strict is not None and not self._linked:
                # It went between the look at the list and now, and so the list is as wrong as if it had come later.
                entry = next(entry for entry in self._strict if entry.link in lost)
                raise errors.AddRefused(_UNKNOWN.format(*(entry.link or ()), entry.index)) from None
            self._lost.update(lost)
            raise
        self._linked.update(new)


def _until_true(attempt: Callable[[], bool]) -> None:
    while not contend(attempt):
        pass


def _project(rights: Rights, raw_id: str) -> Project:
    project = records.find(rights, raw_id)
    if project.delete_job is not None:
        raise errors.project_not_found(raw_id)
    rights.demand_write(int(project.production))
    return project


def _list(given: Any) -> list[Any]:
    if given is None:
        raise errors.AddRefused("The field 'asset_list' is required to add assets to a project.", 400)
    if not isinstance(given, list):
        raise errors.AddRefused("The field 'asset_list' must be a list.", 400)
    if len(given) > LONGEST_LIST:
        raise errors.AddRefused(f"The field 'asset_list' must have at most {LONGEST_LIST} entries.", 400)
    return given


def _silent(given: Any) -> bool:
    if given is None or given == "":
        return False
    word = str(given).lower() if isinstance(given, bool | int | str) else ""
    if word not in TRUE and word not in FALSE:
        raise errors.AddRefused("The field 'silent_mode' must be a boolean.", 400)
    return word in TRUE


def _entry(index: int, raw: Any) -> _Entry:
    entry = _Entry(index, raw)
    if not isinstance(raw, dict):
        entry.problem = _NO_ENTRY.format(index, "It must be an object.")
    elif raw.get("type") is None:
        entry.problem = _NO_ENTRY.format(index, "The field 'type' is required.")
    elif not isinstance(raw["type"], str) or raw["type"] not in tuple(MediaType):
        entry.problem = _UNSUPPORTED.format(raw["type"], index)
    else:
        number = _number(raw.get("asset_id"))
        if number is None:
            entry.problem = _NO_ENTRY.format(index, "The field 'asset_id' must be an integer.")
        elif not 0 < number < TOO_LARGE:
            entry.problem = _UNKNOWN.format(raw["type"], number, index)
        else:
            entry.link = raw["type"], number
    return entry


def _number(given: Any) -> int | None:
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) <= 40:
        return int(given)
    return None


def _wanted(entries: list[_Entry]) -> list[Media]:
    wanted = dict.fromkeys(entry.link for entry in entries if entry.link is not None)
    return [Media.at(MediaType(kind), number) for kind, number in wanted]


def _demand_sound(entries: list[_Entry]) -> None:
    for entry in entries:
        if entry.problem is not None:
            raise errors.AddRefused(entry.problem)


def _shown(link: Link) -> dict[str, Any]:
    kind, number = link
    return {"asset_id": number, "type": kind}
