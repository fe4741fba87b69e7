"""Which media assets a project links: in its own row first, then on pages (see `models`)."""

from collections.abc import Iterable, Iterator, Sequence

from pynamodb.expressions.update import Action

from chalicelib.apis.projectassets import listing
from chalicelib.apis.projectassets.models import LINKS_A_PAGE, LINKS_INLINE, LinkPage, Media, MediaType, Project
from chalicelib.batches import batched
from chalicelib.rows import Check, Put, Step, TransactionCancelled, Update, contend, transact

Link = tuple[str, int]
"""Type and id of a media asset."""

MARKED = 100
"""Projects that a media asset names as those that link it. Further ones link it all the same."""

_AT_ONCE = 50


def of(project: Project, pages: Iterable[LinkPage]) -> list[Link]:
    """The links of a project in the order in which they were added."""
    rows = [project.links or [], *(page.links for page in pages)]
    return [(str(kind), int(number)) for row in rows for kind, number in row]


def pages_of(project: Project) -> list[LinkPage]:
    """The pages of a project's links; one Query, none if it has no pages."""
    if not project.link_pages:
        return []
    return list(LinkPage.below(project.pk, "project#assets/"))


def pages_wanted(project: Project) -> list[LinkPage]:
    """Blank rows under the keys of a project's pages."""
    return [LinkPage.at(project.number, page) for page in range(int(project.link_pages or 0))]


def laid_out(project: Project, links: Sequence[Link]) -> list[LinkPage]:
    """Give a project, not yet written, these links; the pages that belong to it."""
    project.links, project.link_count = [list(link) for link in links[:LINKS_INLINE]], len(links)
    pages = [_page(project.number, page, some) for page, some in enumerate(batched(links[LINKS_INLINE:], LINKS_A_PAGE))]
    project.link_pages = len(pages)
    return pages


def appended(project: Project, known: Sequence[Link], new: Sequence[Link]) -> tuple[list[Action], list[Step]]:
    """What adds links to a project: actions for its row, under the condition that its `link_count` is that of the known
    ones, and steps beside them.
    """
    everything = [*known, *new]
    actions: list[Action] = [Project.link_count.set(len(everything))]
    if len(known) < LINKS_INLINE:
        actions.append(Project.links.set([list(link) for link in everything[:LINKS_INLINE]]))
    pages = list(batched(everything[LINKS_INLINE:], LINKS_A_PAGE))
    actions.append(Project.link_pages.set(len(pages)))
    full = max(0, len(known) - LINKS_INLINE) // LINKS_A_PAGE
    steps: list[Step] = [Put(_page(project.number, page, pages[page])) for page in range(full, len(pages))]
    return actions, steps


def marking(media: Media, project: Project) -> Step:
    """The step that has a media asset name a project that links it; it fails if the asset is gone."""
    if len(media.projects or ()) >= MARKED:
        return Check(_key(media), Media.pk.exists())
    return Update(_key(media), [Media.projects.add({mark_of(project)})], Media.pk.exists())


def mark_of(project: Project) -> str:
    """How a media asset names a project."""
    return f"{int(project.production)}/{project.number}"


def mark(project: Project) -> None:
    """Have all media assets that a project links name it; those that are gone are left out. May be repeated."""
    found = listing.fetch(_blanks(project))
    _in_turn(marking(media, project) for media in found)


def unmark(project: Project) -> None:
    """Have no media asset name a project any more. May be repeated."""
    taken = [Media.projects.delete({mark_of(project)})]
    _in_turn(Update(blank, taken, Media.pk.exists()) for blank in _blanks(project))


def _blanks(project: Project) -> list[Media]:
    return [Media.at(MediaType(kind), number) for kind, number in of(project, pages_of(project))]


def _in_turn(steps: Iterator[Step]) -> None:
    for together in batched(steps, _AT_ONCE):
        contend(lambda left=list(together): _skipping_lost(left))  # type: ignore[misc]


def _skipping_lost(left: list[Step]) -> None:
    """Do the steps, without those whose asset is gone; `left` keeps those that are still to be done."""
    try:
        if left:
            transact(*left)
    except TransactionCancelled as cancelled:
        for position in sorted(cancelled.failed, reverse=True):
            del left[position]
        raise


def _key(media: Media) -> Media:
    return Media.at(media.media_type, media.number)


def _page(project: int, page: int, links: Sequence[Link]) -> LinkPage:
    row = LinkPage.at(project, page)
    row.links = [list(link) for link in links]
    return row
