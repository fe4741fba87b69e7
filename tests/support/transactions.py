"""moto's transactions at the cost of what they touch.

To be able to take a transaction back, moto copies the whole table, once for each of its items. Here only the items that
the transaction names are copied, and put back if it fails. Importing this module puts it in the place of moto's own.
"""

import copy
from typing import Any

from moto.dynamodb import models
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table

_original: Any = DynamoDBBackend.transact_write_items
_Held = list[tuple[Table, Any, Any, Any]]


class _Copying:
    """What moto takes for the module `copy`: tables are not copied, since their items are held here."""

    @staticmethod
    def deepcopy(value: Any) -> Any:
        return value if isinstance(value, Table) else copy.deepcopy(value)

    @staticmethod
    def copy(value: Any) -> Any:
        return copy.copy(value)


def _transact(self: Any, transact_items: list[dict[str, Any]]) -> None:
    held = list(_held(self, transact_items))
    try:
        _original(self, transact_items)
    except BaseException:
        for table, partition, sort, item in held:
            if item is not None:
                table.items[partition][sort] = item
            elif partition in table.items:
                table.items[partition].pop(sort, None)
        raise


def _held(backend: Any, transact_items: list[dict[str, Any]]) -> _Held:
    held: _Held = []
    for wanted in transact_items:
        [(kind, step)] = wanted.items()
        table = backend.get_table(step["TableName"])
        keys = step["Item"] if kind == "Put" else step["Key"]
        named = {name: keys[name] for name in (table.hash_key_attr, table.range_key_attr)}
        partition, sort = backend.get_keys_value(table, named)
        held.append((table, partition, sort, copy.deepcopy(table.get_item(partition, sort))))
    return held


DynamoDBBackend.transact_write_items = _transact  # type: ignore[method-assign]
models.copy = _Copying  # type: ignore[assignment, attr-defined]
