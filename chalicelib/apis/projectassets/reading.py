"""The rules of listing project and media assets (docs/apis/projectassets.md, "Lists")."""

from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.apis.projectassets import links, listing, parameters
from chalicelib.apis.projectassets.access import Rights
from chalicelib.apis.projectassets.links import Link
from chalicelib.apis.projectassets.listing import Found
from chalicelib.apis.projectassets.models import PROJECT, LinkPage, Media, MediaType, Project
from chalicelib.apis.projectassets.parameters import Page
from chalicelib.batches import batched
from chalicelib.web.request import Request

_PATHS = ("bundle_root", "path_file")
_LONGEST = 1_000
_TOGETHER = 100


@dataclass(frozen=True, slots=True)
class Filter:
    """What is wanted of a list.

    Attributes:
        field, value: only what has this path; None for all.
        production: only what is in it.
        nothing: there can be nothing of the kind that was asked for.
    """

    field: str | None = None
    value: str = ""
    production: int | None = None
    nothing: bool = False


def wanted(request: Request) -> Filter:
    """What the query of a list asks for. Nothing here is archived. Raises FaultsFound."""
    archived = parameters.query_flag(request, "is_archive")
    for field in _PATHS:
        value = parameters.query_text(request, field)
        if value is not None:
            too_long = len(value.encode(errors="replace")) > _LONGEST
            production = parameters.query_number(request, "production")
            return Filter(field, value, production, nothing=bool(archived) or too_long)
    return Filter(production=parameters.query_number(request, "production"), nothing=bool(archived))


def page(rights: Rights, asked: Filter, wanted: Page) -> tuple[int, Iterator[tuple[Project, list[Link]]]]:
    """How many projects there are for the caller, and those of a page with their links, as they are asked for."""
    found = _found(rights, PROJECT, asked, wanted)
    return found.total, _with_links(listing.fetch(Project.at(number) for number in found.ids))


def page_of_media(rights: Rights, media_type: MediaType, asked: Filter, wanted: Page) -> tuple[int, Iterator[Media]]:
    """How many media assets of a type there are for the caller, and those of a page."""
    found = _found(rights, media_type, asked, wanted)
    return found.total, listing.fetch(Media.at(media_type, number) for number in found.ids)


def _found(rights: Rights, kind: str, asked: Filter, wanted: Page) -> Found:
    productions = rights.productions
    if asked.production is not None:
        productions = [asked.production] if rights.reads(asked.production) else []
    if asked.nothing or productions == []:
        return Found(0, [])
    if asked.field is None:
        return listing.page(kind, productions, wanted)
    allowed = None if productions is None else set(productions)
    return listing.search(kind, asked.field, asked.value, lambda one: allowed is None or one in allowed, wanted)


def _with_links(projects: Iterator[Project]) -> Iterator[tuple[Project, list[Link]]]:
    for some in batched(projects, _TOGETHER):
        rows = listing.fetch(page for project in some for page in links.pages_wanted(project))
        pages: dict[str, list[LinkPage]] = {}
        for row in rows:
            pages.setdefault(row.pk, []).append(row)
        for project in some:
            yield project, links.of(project, pages.get(project.pk, []))
