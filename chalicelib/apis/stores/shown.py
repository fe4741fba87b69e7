"""The files of a version as readers see them: what was uploaded, then what workers made of it.

An output is to be seen if its tree's row shows its run. Trees may change while they are read: `within` looks at a
tree's row before and after it reads what lies below, so that what it gives was to be seen at one moment.
"""

from collections.abc import Iterable, Iterator
from itertools import islice, takewhile
from typing import Any, TypeVar

from chalicelib.apis.stores.models import Entry, Project, entries_prefix
from chalicelib.apis.stores.output_models import MADE, SIDES, Output, OutputOrTree, OutputTree, made_prefix
from chalicelib.batches import batched
from chalicelib.rows import Row, find_each

FILES = "file#"

_E = TypeVar("_E", bound=Entry)

Span = dict[str, str]
"""Part of a project's files: they begin with `prefix`, behind the sort key `after`, up to `last`."""


def blanks(project_key: Row, asset_id: str, number: int, path: str) -> list[Row]:
    """The blank rows of which `chosen` tells the file of this path, for one BatchGetItem.

    Args:
        project_key: any row whose sort key does not matter; its partition is the one of the project's files.
    """
    partition = project_key.pk
    if "/" not in path:
        return [Entry(pk=partition, sk=f"{entries_prefix(asset_id, number)}{path}")]
    segments = path.split("/", 2)
    if len(segments) < 3 or not all(segments):
        return []
    tree = OutputTree(pk=partition, sk=f"{made_prefix(asset_id, number)}{segments[0]}/{segments[1]}/")
    return [tree, *(Output.on(tree, side, segments[2]) for side in SIDES)]


def chosen(rows: list[Any]) -> Entry | None:
    """The file that is to be seen, of the rows under the keys of `blanks`."""
    if len(rows) < 2:
        return rows[0] if rows else None
    tree, *outputs = rows
    if tree is None or tree.shown is None:
        return None
    return next((row for row in outputs if row is not None and row.run == tree.shown), None)


def find(project: Project, asset_id: str, number: int, path: str) -> Entry | None:
    """The file of a version that is to be seen under a path: one BatchGetItem."""
    wanted = blanks(Entry(pk=project.partition, sk=""), asset_id, number, path)
    return chosen(find_each(*wanted)) if wanted else None


def entries(
    project: Project,
    asset_id: str,
    number: int,
    *,
    limit: int | None = None,
    after: str | None = None,
    processed: bool = True,
) -> Iterator[Entry]:
    """The files of a version: uploaded ones, then outputs, each in the order of their paths.

    Args:
        limit: at most so many are wanted.
        after: begin behind this path.
        processed: whether there may be outputs at all, as the asset says.
    """
    if after is None or "/" not in after:
        prefix = entries_prefix(asset_id, number)
        behind = None if after is None else prefix + after
        yield from Entry.below(project.partition, prefix, limit=limit, after=behind)
        after = None
    if processed:
        yield from islice(_outputs(project, asset_id, number, after), limit)


def spans(partition: str, size: int, *, behind: Span | None = None) -> Iterator[Span]:
    """All files of a project in spans of at most `size` rows, those that are not to be seen counted too.

    Args:
        behind: begin behind this span.
    """
    for prefix in (FILES, MADE):
        after = prefix
        if behind is not None:
            if (prefix, behind["prefix"]) == (FILES, MADE):
                continue
            after = behind["last"] if prefix == behind["prefix"] else prefix
        rows = Entry.below(partition, prefix, after=after)
        while part := list(islice(rows, size)):
            yield {"prefix": prefix, "after": after, "last": part[-1].sk}
            after = part[-1].sk


def within(partition: str, span: Span) -> list[Entry]:
    """The files of a span that are to be seen."""
    if span["prefix"] == FILES:
        return _read(Entry, partition, span)
    while True:
        before = _trees(partition, _read(OutputOrTree, partition, span))
        rows = _read(OutputOrTree, partition, span)
        if before == _trees(partition, rows):
            return [row.as_output() for row in rows if not row.is_tree and row.run == before[row.tree_key]]


def _read(cls: type[_E], partition: str, span: Span) -> list[_E]:
    rows = cls.below(partition, span["prefix"], after=span["after"])
    return list(takewhile(lambda row: row.sk <= span["last"], rows))


def _trees(partition: str, rows: Iterable[OutputOrTree]) -> dict[str, int | None]:
    """What each tree shows that one of these rows belongs to, or is."""
    keys = sorted({row.sk if row.is_tree else row.tree_key for row in rows})
    shown: dict[str, int | None] = dict.fromkeys(keys)
    for some in batched(keys, 100):
        for tree in OutputTree.find_many([(partition, key) for key in some]):
            shown[tree.sk] = None if tree.shown is None else int(tree.shown)
    return shown


def _outputs(project: Project, asset_id: str, number: int, after: str | None) -> Iterator[Entry]:
    prefix, behind, key, shown = made_prefix(asset_id, number), None, "", None
    if after is not None:
        kind, place, path = [*after.split("/", 2), "", ""][:3]
        tree = OutputTree.find(project.partition, f"{prefix}{kind}/{place}/")
        key = f"{prefix}{kind}/{place}/"
        shown = tree.shown if tree is not None else None
        behind = f"{key}{tree.side if tree is not None and tree.side else ''}/{path}"
    for row in OutputOrTree.below(project.partition, prefix, after=behind):
        if row.is_tree:
            key, shown = row.sk, row.shown
        elif shown is not None and row.tree_key == key and row.run == shown:
            yield row.as_output()
