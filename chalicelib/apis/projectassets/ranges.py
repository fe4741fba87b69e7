"""Bounded ranges of a bundle's files: what the parts of long trees are made of."""

from collections.abc import Iterator
from typing import Any

from chalicelib.apis.projectassets.bundles import FILES
from chalicelib.apis.projectassets.models import BundleFile, project_partition

Range = dict[str, Any]
"""Arguments of a part: the paths `first` and `last`, both included."""


def cut(
    project: int, most: int, *, behind: Range | None = None, most_bytes: int | None = None, alone: int | None = None
) -> Iterator[Range]:
    """The ranges of a bundle, in the order of paths; one Query a started MB, however many there are.

    Args:
        most: files of a range.
        behind: a range to go on behind.
        most_bytes: bytes of a range of several files.
        alone: a file with more bytes is a range of its own.
    """
    after = None if behind is None else FILES + behind["last"]
    first, last, count, size = "", "", 0, 0
    for row in BundleFile.below(project_partition(project), FILES, after=after, only=["pk", "sk", "size"]):
        more = int(row.size or 0)
        is_alone = alone is not None and more > alone
        if count and (count == most or is_alone or (most_bytes is not None and size + more > most_bytes)):
            yield {"first": first, "last": last}
            count = 0
        if count == 0:
            first, size = row.path, 0
        last, count, size = row.path, count + 1, size + more
        if is_alone:
            yield {"first": first, "last": last}
            count = 0
    if count:
        yield {"first": first, "last": last}


def rows(project: int, wanted: Range) -> Iterator[BundleFile]:
    """The files that a range has by now."""
    pk = project_partition(project)
    return BundleFile.below(pk, FILES, first=FILES + wanted["first"], last=FILES + wanted["last"])
