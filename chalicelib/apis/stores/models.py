"""The rows of the stores table; those that only lead to others are in `index_rows`.

| pk                      | sk                       | row                                                          |
| ----------------------- | ------------------------ | ------------------------------------------------------------ |
| `stores`                | `store#<s>`              | `Store`: one there is; `default` is there without a row      |
| `store#<s>`             | `project#<p>`            | `Project`: its facts and groups                              |
| `tag#<s>/<tag>`         | `project#<p>`            | `Tagged`: a project with this tag                            |
| `group#<s>/<group>`     | `project#<p>`            | `Granted`: a project that this group may use                 |
| `project#<s>/<p>`       | `asset#<a>`              | `Asset`: everything its meta shows                           |
| `project#<s>/<p>`       | `version#<a>/<n>`        | `Version`: the n-th upload to an asset                       |
| `project#<s>/<p>`       | `file#<a>/<n>/<path>`    | `Entry`: a file of version n                                 |
| `project#<s>/<p>`       | `object#<o>`             | `Document`: a project's JSON object                          |
| `project#<s>/<p>`       | `named#<m>`              | `Named`: a named version of the project; the newest first    |
| `project#<s>/<p>`       | `named#<m>/<k>`          | `Named`: a piece of the asset versions it names              |
| `project#<s>/<p>`       | `label#<name>`           | `Label`: which named version is the newest of this name      |
| `tag#<s>/<p>/<tag>`     | `asset#<a>`              | `Tagged`: an asset with this tag                             |

`<s>`, `<p>`, `<a>` and `<o>` are ids and hold no slash; `<n>` and `<m>` are written with leading zeros, `<m>` counted
down. All that is listed lies in one partition in the order of the answer, so that a listing is one Query per started
MB. `revision` counts the writes of a row and is the condition of the next one. An asset's row holds its latest history
only (`RECENT`); the rest is told by its versions.
"""

from datetime import datetime
from typing import Any, Self

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)

from chalicelib.rows import Row

DEFAULT_STORE = "default"
PUBLIC = "public"
"""The reserved group that makes a project public."""

RECENT = 50
"""How many moments of its history an asset's own row holds."""

_VERSION_DIGITS = 9
_COUNTED_DOWN_FROM = 10**_VERSION_DIGITS - 1


class Store(Row):
    """A store."""

    table_setting = "stores_table"

    created_at = UTCDateTimeAttribute(null=True)

    @classmethod
    def at(cls, store_id: str) -> Self:
        """A blank row under the key of this store."""
        return cls(pk="stores", sk=f"store#{store_id}")

    @property
    def store_id(self) -> str:
        """The store's id."""
        return self.sk.removeprefix("store#")


class Project(Row):
    """A project: what its meta shows, who may use it."""

    table_setting = "stores_table"

    revision = NumberAttribute(null=True)
    created_at = UTCDateTimeAttribute(null=True)
    updated_at = UTCDateTimeAttribute(null=True)
    groups: ListAttribute[Any] = ListAttribute(null=True)
    access_revision = NumberAttribute(null=True)
    """Grows with every change of the groups: capabilities of before end, and publications know who spoke last."""

    publishing_job = UnicodeAttribute(null=True)
    """The id of the latest job that saw to what is published; its row vanishes two days after its end."""

    name = UnicodeAttribute(null=True)
    description = UnicodeAttribute(null=True)
    authors = UnicodeAttribute(null=True)
    publications = UnicodeAttribute(null=True)
    notes = UnicodeAttribute(null=True)
    thumbnail = UnicodeAttribute(null=True)
    controller = UnicodeAttribute(null=True)
    default_mode = UnicodeAttribute(null=True)
    presenter_notes = UnicodeAttribute(null=True)
    video_controller = BooleanAttribute(null=True)
    html_controller = BooleanAttribute(null=True)
    tags: ListAttribute[Any] = ListAttribute(null=True)

    has_sections = BooleanAttribute(null=True)
    named_count = NumberAttribute(null=True)
    named_recently = JSONAttribute(null=True)

    @classmethod
    def at(cls, store_id: str, project_id: str) -> Self:
        """A blank row under the key of this project."""
        return cls(pk=f"store#{store_id}", sk=f"project#{project_id}")

    @property
    def store_id(self) -> str:
        """The id of its store."""
        return self.pk.removeprefix("store#")

    @property
    def project_id(self) -> str:
        """The project's id."""
        return self.sk.removeprefix("project#")

    @property
    def partition(self) -> str:
        """The partition of everything in the project."""
        return partition(self.store_id, self.project_id)

    @property
    def is_public(self) -> bool:
        """Whether everybody may read its files."""
        return PUBLIC in (self.groups or ())

    def copy(self) -> Self:
        """A second object with the same values, to be changed."""
        return type(self).from_raw_data(self.serialize())


class Asset(Row):
    """An asset. `version` is the newest one, `index_version` the newest clean one with the path its index file has."""

    table_setting = "stores_table"

    revision = NumberAttribute(null=True)
    created_at = UTCDateTimeAttribute(null=True)
    updated_at = UTCDateTimeAttribute(null=True)
    name = UnicodeAttribute(null=True)
    description = UnicodeAttribute(null=True)
    tags: ListAttribute[Any] = ListAttribute(null=True)

    uploads = NumberAttribute(null=True)
    recent: ListAttribute[Any] = ListAttribute(null=True)
    """The moments of the latest uploads, the newest last, as epoch microseconds; at most `RECENT`."""

    filename = UnicodeAttribute(null=True)
    index_version = NumberAttribute(null=True)
    index_path = UnicodeAttribute(null=True)
    worker = UnicodeAttribute(null=True)
    processing_status = UnicodeAttribute(null=True)
    processing_error = UnicodeAttribute(null=True)
    task = UnicodeAttribute(null=True)
    """The task that is being worked on; only its end takes it away, so a second one waits."""

    processed = BooleanAttribute(null=True)
    """Whether a worker ever began with it, so that there may be outputs."""

    @classmethod
    def at(cls, store_id: str, project_id: str, asset_id: str) -> Self:
        """A blank row under the key of this asset."""
        return cls(pk=partition(store_id, project_id), sk=f"asset#{asset_id}")

    @property
    def asset_id(self) -> str:
        """The asset's id."""
        return self.sk.removeprefix("asset#")

    @property
    def store_id(self) -> str:
        """The id of its store."""
        return self.pk.removeprefix("project#").partition("/")[0]

    @property
    def project_id(self) -> str:
        """The id of its project."""
        return self.pk.removeprefix("project#").partition("/")[2]

    @property
    def version(self) -> int:
        """The number of its newest version; 1 before anything was uploaded."""
        return max(1, int(self.uploads or 0))

    def copy(self) -> Self:
        """A second object with the same values, to be changed."""
        return type(self).from_raw_data(self.serialize())


class Version(Row):
    """The n-th upload to an asset."""

    table_setting = "stores_table"

    filename = UnicodeAttribute(null=True)
    index_path = UnicodeAttribute(null=True)
    """Where the version begins: there once the uploaded file is clean, and moved by workers."""

    uploaded_at = UTCDateTimeAttribute(null=True)
    uploader = UnicodeAttribute(null=True)

    @classmethod
    def at(cls, store_id: str, project_id: str, asset_id: str, number: int) -> Self:
        """A blank row under the key of this version."""
        return cls(pk=partition(store_id, project_id), sk=f"version#{asset_id}/{padded(number)}")


class Entry(Row):
    """A file of a version: immutable, and served once its verdict is clean."""

    table_setting = "stores_table"

    file_id = UnicodeAttribute(null=True)
    library_key = UnicodeAttribute(null=True)
    size = NumberAttribute(null=True)
    sha256 = UnicodeAttribute(null=True)
    state = UnicodeAttribute(null=True)
    uploaded = BooleanAttribute(null=True)
    """Whether a user uploaded it, rather than a worker made it."""

    @classmethod
    def at(cls, store_id: str, project_id: str, asset_id: str, number: int, path: str) -> Self:
        """A blank row under the key of this file."""
        return cls(pk=partition(store_id, project_id), sk=f"{entries_prefix(asset_id, number)}{path}")

    @property
    def place(self) -> tuple[str, str, str, int, str]:
        """Store, project, asset, version number and path."""
        store_id, _, project_id = self.pk.removeprefix("project#").partition("/")
        asset_id, number, path = self.sk.removeprefix("file#").split("/", 2)
        return store_id, project_id, asset_id, int(number), path


class Document(Row):
    """A JSON object of a project: its text, or the File that holds it when it is large."""

    table_setting = "stores_table"

    revision = NumberAttribute(null=True)
    updated_at = UTCDateTimeAttribute(null=True)
    text = UnicodeAttribute(null=True)
    file_id = UnicodeAttribute(null=True)
    library_key = UnicodeAttribute(null=True)
    state = UnicodeAttribute(null=True)

    @classmethod
    def at(cls, store_id: str, project_id: str, object_id: str) -> Self:
        """A blank row under the key of this object."""
        return cls(pk=partition(store_id, project_id), sk=f"object#{object_id}")

    @property
    def object_id(self) -> str:
        """The object's id."""
        return self.sk.removeprefix("object#")


class Named(Row):
    """A named version of a project, or behind it a piece of what it names: compressed JSON, asset ids to numbers."""

    table_setting = "stores_table"

    name = UnicodeAttribute(null=True)
    description = UnicodeAttribute(null=True)
    added_at = UTCDateTimeAttribute(null=True)
    piece = BinaryAttribute(legacy_encoding=False, null=True)

    @classmethod
    def at(cls, store_id: str, project_id: str, number: int, piece: int | None = None) -> Self:
        """A blank row for the project's `number`-th named version, or for one of its pieces."""
        key = f"named#{padded(_COUNTED_DOWN_FROM - number)}"
        return cls(pk=partition(store_id, project_id), sk=key if piece is None else f"{key}/{padded(piece)}")

    @property
    def is_piece(self) -> bool:
        """Whether this is a piece of the named version before it."""
        return "/" in self.sk


def partition(store_id: str, project_id: str) -> str:
    """The partition of everything in a project."""
    return f"project#{store_id}/{project_id}"


def entries_prefix(asset_id: str, number: int) -> str:
    """What the sort keys of a version's files begin with."""
    return f"file#{asset_id}/{padded(number)}/"


def padded(number: int) -> str:
    """A number with leading zeros, so that keys sort by it."""
    return f"{number:0{_VERSION_DIGITS}}"


def microseconds(moment: datetime) -> int:
    """A moment as epoch microseconds, the form in which history is kept."""
    return round(moment.timestamp() * 1_000_000)
