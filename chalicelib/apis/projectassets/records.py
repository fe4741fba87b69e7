"""Reading project assets, and the rows that go with one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from chalicelib.apis.projectassets import errors, links, listing, parameters
from chalicelib.apis.projectassets.access import Rights
from chalicelib.apis.projectassets.links import Link
from chalicelib.apis.projectassets.models import PROJECT, BundleFile, LinkPage, Project, Root, project_partition
from chalicelib.rows import Row, Step, Update, each_below
from chalicelib.web.responses import encode

FILES_SHOWN = 10_000
"""Files of a bundle that a project shows at most; the route of its files pages them all."""

_FILES_BYTES = 3_000_000

_KINDS: Mapping[str, type[Row]] = {"project#assets/": LinkPage, "project#file/": BundleFile, "project": Project}


@dataclass(frozen=True, slots=True)
class Record:
    """A project with what its answer shows beside its own row."""

    project: Project
    links: list[Link]
    files: list[BundleFile] = field(default_factory=list)


def find(rights: Rights, raw_id: str) -> Project:
    """The project that a path names, for a reader of its production. Raises NotFound."""
    number = parameters.id_of(raw_id)
    found = Project.find(project_partition(number), PROJECT) if number is not None else None
    if found is None or not rights.reads(int(found.production)):
        raise errors.project_not_found(raw_id)
    return found


def read(rights: Rights, raw_id: str) -> Record:
    """The project that a path names with its links and files, in one Query a started MB. Raises NotFound."""
    number = parameters.id_of(raw_id)
    rows = iter(()) if number is None else each_below(project_partition(number), PROJECT, _KINDS)
    project = next(rows, None)
    if not isinstance(project, Project) or not rights.reads(int(project.production)):
        raise errors.project_not_found(raw_id)
    pages: list[LinkPage] = []
    files: list[BundleFile] = []
    for row in _shown(project, rows):
        if isinstance(row, LinkPage):
            pages.append(row)
        elif isinstance(row, BundleFile):
            files.append(row)
    return Record(project, links.of(project, pages), files)


def steps_added(project: Project, *, claiming: bool = False) -> list[Step]:
    """The steps that go with a new project's row: it is listed, found by its paths, and counts at its root.

    Args:
        claiming: the first of them fails if another project has the root.
    """
    root = Root.at(project.bundle_root)
    free = Root.projects.does_not_exist() | (Root.projects == 0)
    counted = Update(root, [Root.projects.add(1)], free if claiming else None)
    return [counted, *listing.added(PROJECT, project.number, int(project.production), _paths(project))]


def steps_removed(project: Project) -> list[Step]:
    """The steps that go with the end of a project's row."""
    counted = Update(Root.at(project.bundle_root), [Root.projects.add(-1)])
    return [counted, *listing.removed(PROJECT, project.number, int(project.production), _paths(project))]


def _shown(project: Project, rows: Iterator[Row]) -> Iterator[Row]:
    """The rows behind a project's own as far as they are shown: what is being copied into it is not, and of very many
    files only the first.
    """
    count = size = 0
    for row in rows:
        if isinstance(row, BundleFile):
            count, size = count + 1, size + _size_of(project, row)
            if project.copy_job is not None or count > FILES_SHOWN or size > _FILES_BYTES:
                return
        yield row


def _size_of(project: Project, row: BundleFile) -> int:
    """The bytes of JSON that a file takes in its project's answer, at most."""
    return len(encode(f"{project.bundle_root}{row.path}")) + len(row.content_type or "") + 200


def _paths(project: Project) -> dict[str, str]:
    return {"bundle_root": project.bundle_root, "path_file": project.path_file}
