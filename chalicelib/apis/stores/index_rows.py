"""Rows of the stores table that only lead to others; the key design is in `models`.

They change in the transactions of what they lead to, so a consistent Query of them is never behind.
"""

from typing import Self

from pynamodb.attributes import NumberAttribute

from chalicelib.apis.stores.models import partition
from chalicelib.rows import Row


class Label(Row):
    """Which of a project's named versions is the newest of a name."""

    table_setting = "stores_table"

    number = NumberAttribute(null=True)

    @classmethod
    def at(cls, store_id: str, project_id: str, name: str) -> Self:
        """A blank row under the key of this name."""
        return cls(pk=partition(store_id, project_id), sk=f"label#{name}")


class Tagged(Row):
    """Says, below a tag, that a project or an asset has it."""

    table_setting = "stores_table"

    @classmethod
    def project(cls, store_id: str, tag: str, project_id: str) -> Self:
        """A blank row: this project of the store has the tag."""
        return cls(pk=f"tag#{store_id}/{tag}", sk=f"project#{project_id}")

    @classmethod
    def asset(cls, store_id: str, project_id: str, tag: str, asset_id: str) -> Self:
        """A blank row: this asset of the project has the tag."""
        return cls(pk=f"tag#{store_id}/{project_id}/{tag}", sk=f"asset#{asset_id}")


class Granted(Row):
    """Says, below a group, that a project is its to use."""

    table_setting = "stores_table"

    @classmethod
    def at(cls, store_id: str, group: str, project_id: str) -> Self:
        """A blank row: this project of the store has the group."""
        return cls(pk=f"group#{store_id}/{group}", sk=f"project#{project_id}")
