"""The rows of the assets table.

| pk             | sk                     | row                                                                    |
| -------------- | ---------------------- | ---------------------------------------------------------------------- |
| `asset#<id>`   | `asset`                | `Asset`: everything an answer needs, so that reading it is one get      |
| `asset#<id>`   | `former#<name>#<n>`    | `Former`: the n-th name and File the asset had before                   |
| `asset#<id>`   | `replaces#<other id>`  | `Replaces`: the other asset's replacement is this one                   |
| `path#<path>`  | `path`                 | `LegacyPath`: who has this whitehall path, and how often it changed hands |
| `owner#<uid>`  | `kept#<id>`            | `Listed`: an undeleted asset of this owner, for listings                |
| `owner#<uid>`  | `deleted#<id>`         | `Listed`: a deleted one                                                 |
| `assets`       | the same two           | `Listed`: those of all owners, for who may manage all assets            |

An id begins with the second of creation, so listings are in order of creation. Their rows say nothing but which assets
there are: facts that change are read where they are written.

`version` counts the writes of an asset and is the condition of the next one. `Former` rows are found by name
(`former#<name>#`), because old names are looked up when somebody asks for one.
"""

import re
import secrets
from enum import StrEnum
from typing import Any, Self

from pynamodb.attributes import (
    BooleanAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)

from chalicelib import clock
from chalicelib.files import names
from chalicelib.files.models import Verdict
from chalicelib.rows import Row


class State(StrEnum):
    """The scan state an answer shows."""

    UNSCANNED = "unscanned"
    CLEAN = "clean"
    INFECTED = "infected"
    UNSCANNABLE = "unscannable"
    EXPIRED = "expired"


STATE_OF = {
    Verdict.PENDING: State.UNSCANNED,
    Verdict.CLEAN: State.CLEAN,
    Verdict.INFECTED: State.INFECTED,
    Verdict.UNSCANNABLE: State.UNSCANNABLE,
    Verdict.EXPIRED: State.EXPIRED,
}

ID = re.compile(r"[0-9a-f]{24}")
"""What an asset's id looks like."""

_GENERATIONS_PER_HOLDER = 10**12


class Asset(Row):
    """An asset of the GOV.UK API and its current file."""

    table_setting = "assets_table"

    version = NumberAttribute(null=True)
    owner = UnicodeAttribute(null=True)
    created_at = UTCDateTimeAttribute(null=True)
    updated_at = UTCDateTimeAttribute(null=True)
    deleted_at = UTCDateTimeAttribute(null=True)
    purged = BooleanAttribute(null=True)

    file_id = UnicodeAttribute(null=True)
    library_key = UnicodeAttribute(null=True)
    state = UnicodeAttribute(null=True)
    judged_at = UTCDateTimeAttribute(null=True)
    name = UnicodeAttribute(null=True)
    given_content_type = UnicodeAttribute(null=True)
    size = NumberAttribute(null=True)
    former_count = NumberAttribute(null=True)

    draft = BooleanAttribute(null=True)
    redirect_url = UnicodeAttribute(null=True)
    replacement_id = UnicodeAttribute(null=True)
    replaces_others = BooleanAttribute(null=True)
    parent_document_url = UnicodeAttribute(null=True)
    access_limited: ListAttribute[Any] = ListAttribute(null=True)
    access_limited_organisation_ids: ListAttribute[Any] = ListAttribute(null=True)
    auth_bypass_ids: ListAttribute[Any] = ListAttribute(null=True)

    legacy_url_path = UnicodeAttribute(null=True)
    legacy_etag = UnicodeAttribute(null=True)
    legacy_last_modified = UTCDateTimeAttribute(null=True)
    path_holder = NumberAttribute(null=True)

    @classmethod
    def at(cls, asset_id: str) -> Self:
        """A blank row under the key of this asset."""
        return cls(pk=f"asset#{asset_id}", sk="asset")

    @classmethod
    def get_by_id(cls, asset_id: str) -> Self | None:
        """The asset with this id, deleted or not, read consistently; none for a text that is no id."""
        return cls.find(f"asset#{asset_id}", "asset") if ID.fullmatch(asset_id) else None

    def copy(self) -> Self:
        """A second object with the same values, to be changed."""
        return type(self).from_raw_data(self.serialize())

    @property
    def asset_id(self) -> str:
        """The asset's id: 24 lower-case hex digits."""
        return self.pk.removeprefix("asset#")

    @property
    def reference(self) -> str:
        """How the asset is named as the owner of a reference to a File."""
        return f"assets:{self.asset_id}"

    @property
    def public_path(self) -> str:
        """The decoded path under which the file is served."""
        return self.legacy_url_path or f"/media/{self.asset_id}/{self.name}"

    @property
    def generation(self) -> int:
        """The generation of what this row says about its public path.

        A whitehall path may pass from one asset to another, so its count of holders ranks before the asset's version.
        """
        return int(self.path_holder or 0) * _GENERATIONS_PER_HOLDER + int(self.version)

    @property
    def content_type(self) -> str:
        """The content type a caller gave, else the one the name tells; without parameters."""
        return self.given_content_type or names.content_type_of(self.name)

    @property
    def access_is_limited(self) -> bool:
        """Whether only some users or organisations may see the asset as long as it is a draft."""
        return bool(self.access_limited or self.access_limited_organisation_ids)


class Former(Row):
    """A name and File that an asset had before."""

    table_setting = "assets_table"

    file_id = UnicodeAttribute(null=True)
    replaced_at = UTCDateTimeAttribute(null=True)

    @classmethod
    def at(cls, asset_id: str, name: str, number: int) -> Self:
        """A blank row for the asset's `number`-th former file."""
        return cls(pk=f"asset#{asset_id}", sk=f"former#{name}#{number:06}")


class Replaces(Row):
    """Says, below an asset, that another asset's replacement is this one."""

    table_setting = "assets_table"

    @classmethod
    def at(cls, asset_id: str, other_id: str) -> Self:
        """A blank row: the replacement of `other_id` is `asset_id`."""
        return cls(pk=f"asset#{asset_id}", sk=f"replaces#{other_id}")

    @property
    def other_id(self) -> str:
        """The asset that is replaced."""
        return self.sk.removeprefix("replaces#")


class LegacyPath(Row):
    """Which asset has a whitehall path. `holders` counts how often it changed hands."""

    table_setting = "assets_table"

    asset_id = UnicodeAttribute(null=True)
    holders = NumberAttribute(null=True)

    @classmethod
    def at(cls, path: str) -> Self:
        """A blank row under the key of this path."""
        return cls(pk=f"path#{path}", sk="path")


class Listed(Row):
    """Says that there is an asset, in one of the partitions that listings read."""

    table_setting = "assets_table"

    @classmethod
    def at(cls, partition: str, shelf: str, asset_id: str) -> Self:
        """A blank row for an asset on the shelf `kept` or `deleted`."""
        return cls(pk=partition, sk=f"{shelf}#{asset_id}")

    @property
    def asset_id(self) -> str:
        """The asset that is there."""
        return self.sk.partition("#")[2]


def new_asset_id() -> str:
    """A new asset's id: seconds since 1970 and 64 random bits, as 24 lower-case hex digits (an ObjectId in form)."""
    return f"{clock.epoch():08x}{secrets.token_hex(8)}"
