"""The rows of the workspaces table.

| pk                   | sk                       | row                                                              |
| -------------------- | ------------------------ | ---------------------------------------------------------------- |
| `organisation#<o>`   | `name#<folded name>`     | `Claim`: the workspace that has this name in the organisation    |
| `organisation#<o>`   | `uri#<folded file URI>`  | `Claim`: the workspace at this file URI                          |
| `workspace#<guid>`   | `workspace`              | `Workspace`: its facts, its state, its sequence number           |
| `workspace#<guid>`   | `ref#<key>`              | `Asset`: everything it shows, under its folded ref               |
| `workspace#<guid>`   | `ref#<key>`              | `Resource`: a file, under its folded ref                         |
| `workspace#<guid>`   | `id#<asset id>`          | `Name`: the ref that an asset has now                            |
| `workspace#<guid>`   | `used#<target>#<id>`     | `Use`: the asset with this id depends on the target              |
| `workspace#<guid>`   | `unjudged#<key>`         | `Mark`: a resource whose verdict has not fallen                  |
| `workspace#<guid>`   | `faulty#<key>`           | `Mark`: a resource that will never be fetched                    |
| `workspace#<guid>`   | `fan#<uid>`              | `Mark`: this principal has a `Favourite` row for the workspace   |
| `principal#<uid>`    | `favourite#<guid>`       | `Favourite`: a workspace that a principal keeps, or has forgotten |

Keys of refs are folded (`refs.key`), so that of two refs that differ in case alone one can be there. Assets are named
by their ids wherever one speaks of another, so a rename writes two or three rows, however many depend on the asset. A
target is an asset's id, or `r` and a digest of a resource's key.

What one write must not lose to another is held thus:

* a ref, a name, a file URI: the row under the folded key, put if there is none;
* an asset's content: its `revision`;
* that a resource is the main of one asset: `Resource.main_of`, which also keeps the resource from being deleted;
* that what an asset depends on is there: `Workspace.sequence`. Whoever adds a dependency, and whoever deletes
  something, reads it first, looks, and commits only if it is still the same, counting it up;
* that nothing is written to a workspace that is not ready: a check of `Workspace.state` in every other transaction.
"""

import hashlib
import json
from enum import StrEnum
from typing import Any, Self

from pynamodb.attributes import (
    JSONAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)

from chalicelib.apis.workspaces import refs
from chalicelib.rows import Row

OF_RESOURCES = "r"
"""What the targets begin with that are resources; ids of assets are hex digits."""


class CompactJSONAttribute(JSONAttribute):
    """JSON as answers have it, without needless blanks and escapes: as large in the row as it was counted."""

    def serialize(self, value: Any) -> str | None:
        """The text of a value."""
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class State(StrEnum):
    """Where a workspace stands."""

    CLONING = "cloning"
    READY = "ready"
    FAILED = "failed"
    DELETING = "deleting"


class WorkspaceRow(Row):
    """Base of all rows in a workspace's partition."""

    table_setting = "workspaces_table"

    @property
    def guid(self) -> str:
        """The guid of the workspace."""
        return self.pk.removeprefix(partition(""))


class Workspace(WorkspaceRow):
    """A workspace: whose it is, what it was cloned from, and what holds its writes together."""

    name = UnicodeAttribute(null=True)
    description = UnicodeAttribute(null=True)
    file_uri = UnicodeAttribute(null=True)
    organisation = UnicodeAttribute(null=True)
    store_id = UnicodeAttribute(null=True)
    project_id = UnicodeAttribute(null=True)
    branch = UnicodeAttribute(null=True)
    created_at = UTCDateTimeAttribute(null=True)
    state = UnicodeAttribute(null=True)
    error = UnicodeAttribute(null=True)
    job_id = UnicodeAttribute(null=True)
    sequence = NumberAttribute(null=True)

    @classmethod
    def at(cls, guid: str) -> Self:
        """A blank row under the key of this workspace."""
        return cls(pk=partition(guid), sk="workspace")


class Claim(Row):
    """Who has a name, or is at a file URI; and the project it comes from, to be read in one call with the rest."""

    table_setting = "workspaces_table"

    value = UnicodeAttribute(null=True)
    guid = UnicodeAttribute(null=True)
    store_id = UnicodeAttribute(null=True)
    project_id = UnicodeAttribute(null=True)

    @classmethod
    def name(cls, organisation: str, name: str) -> Self:
        """A blank row for a name."""
        return cls(pk=f"organisation#{organisation}", sk=f"name#{refs.fold(name)}")

    @classmethod
    def uri(cls, organisation: str, uri: str) -> Self:
        """A blank row for a file URI."""
        return cls(pk=f"organisation#{organisation}", sk=f"uri#{refs.fold(refs.location(uri))}")


class Asset(WorkspaceRow):
    """An asset. `created` and `modified` are epoch milliseconds, `body` is what was sent but for `main` and
    `dependencies`; of those, resources are named by ref and assets by id, in the order they are shown.
    """

    ref = UnicodeAttribute(null=True)
    asset_id = UnicodeAttribute(null=True)
    revision = NumberAttribute(null=True)
    created = NumberAttribute(null=True)
    modified = NumberAttribute(null=True)
    main = UnicodeAttribute(null=True)
    dependencies: ListAttribute[Any] = ListAttribute(null=True)
    body = CompactJSONAttribute(null=True)
    source = UnicodeAttribute(null=True)
    """The asset of the project that it was cloned from."""

    @classmethod
    def at(cls, guid: str, ref: str) -> Self:
        """A blank row under the key of this ref."""
        return cls(pk=partition(guid), sk=f"ref#{refs.key(ref)}")

    @property
    def uses(self) -> list[str]:
        """The targets of its dependencies."""
        return [target(one) for one in self.dependencies or ()]


class Resource(WorkspaceRow):
    """A file of a workspace, which is fetched once it is clean. `modified` is in epoch milliseconds."""

    ref = UnicodeAttribute(null=True)
    file_id = UnicodeAttribute(null=True)
    library_key = UnicodeAttribute(null=True)
    state = UnicodeAttribute(null=True)
    size = NumberAttribute(null=True)
    sha256 = UnicodeAttribute(null=True)
    revision = NumberAttribute(null=True)
    created = NumberAttribute(null=True)
    modified = NumberAttribute(null=True)
    main_of = UnicodeAttribute(null=True)
    source = UnicodeAttribute(null=True)
    """The asset, version and file of the project that it was cloned from."""

    @classmethod
    def at(cls, guid: str, ref: str) -> Self:
        """A blank row under the key of this ref."""
        return cls(pk=partition(guid), sk=f"ref#{refs.key(ref)}")

    @property
    def owner(self) -> str:
        """How it is named as the owner of a reference to its File."""
        return f"workspaces:resource/{self.guid}{self.ref}"


class Name(WorkspaceRow):
    """The ref that an asset has now."""

    ref = UnicodeAttribute(null=True)

    @classmethod
    def at(cls, guid: str, asset_id: str) -> Self:
        """A blank row under the key of this asset's id."""
        return cls(pk=partition(guid), sk=f"id#{asset_id}")

    @property
    def asset_id(self) -> str:
        """The asset's id."""
        return self.sk.removeprefix("id#")


class Use(WorkspaceRow):
    """An asset depends on something."""

    @classmethod
    def at(cls, guid: str, used: str, asset_id: str) -> Self:
        """A blank row: the asset with this id depends on the target `used`."""
        return cls(pk=partition(guid), sk=f"{uses_prefix(used)}{asset_id}")

    @property
    def used(self) -> str:
        """The target that it depends on."""
        return self.sk.split("#")[1]

    @property
    def asset_id(self) -> str:
        """The id of the asset that depends."""
        return self.sk.rpartition("#")[2]


class Mark(WorkspaceRow):
    """Says something by being there."""

    @classmethod
    def unjudged(cls, guid: str, ref: str) -> Self:
        """A blank row: the verdict on this resource has not fallen."""
        return cls(pk=partition(guid), sk=f"unjudged#{refs.key(ref)}")

    @classmethod
    def faulty(cls, guid: str, ref: str) -> Self:
        """A blank row: this resource is not clean, and never will be."""
        return cls(pk=partition(guid), sk=f"faulty#{refs.key(ref)}")

    @classmethod
    def fan(cls, guid: str, uid: str) -> Self:
        """A blank row: this principal has a row about the workspace among its favourites."""
        return cls(pk=partition(guid), sk=f"fan#{uid}")


class Favourite(Row):
    """A workspace that a principal keeps, or has forgotten (`docs/apis/workspaces.md`, "Favourites")."""

    table_setting = "workspaces_table"

    store_id = UnicodeAttribute(null=True)
    project_id = UnicodeAttribute(null=True)
    forgotten_at = UTCDateTimeAttribute(null=True)

    @classmethod
    def at(cls, uid: str, guid: str) -> Self:
        """A blank row under the key of this principal and workspace."""
        return cls(pk=f"principal#{uid}", sk=f"favourite#{guid}")

    @property
    def guid(self) -> str:
        """The guid of the workspace."""
        return self.sk.removeprefix("favourite#")


def partition(guid: str) -> str:
    """The partition of everything in a workspace."""
    return f"workspace#{guid}"


def target(dependency: str) -> str:
    """How a dependency, as an asset's row has it, is named in keys: an asset by its id, a resource by a digest."""
    if not dependency.startswith("/"):
        return dependency
    return OF_RESOURCES + hashlib.sha256(refs.key(dependency).encode()).hexdigest()[:31]


def uses_prefix(used: str) -> str:
    """What the sort keys of the uses of a target begin with."""
    return f"used#{used}#"
