"""The operations that are measured: what arranges each, and what does it once more.

No route may be without one: `tests/test_costs.py` holds them to the route table.
"""

from collections.abc import Iterator

from bench.operations import assets, jobs, projectassets, stores, tokens, uploads, work, workspaces
from bench.operations.building import Operation

__all__ = ["Operation", "all_operations"]


def all_operations() -> Iterator[Operation]:
    """Every operation, in the order of the table."""
    for module in (assets, uploads, stores, work, projectassets, workspaces, jobs, tokens):
        yield from module.OPERATIONS
