"""The rows of the productions table.

| pk                         | sk                       | row                                                         |
| -------------------------- | ------------------------ | ----------------------------------------------------------- |
| `project#<i>`              | `project`                | `Project`: a project asset                                  |
| `project#<i>`              | `project#assets/<page>`  | `LinkPage`: more linked media assets than its own row names |
| `project#<i>`              | `project#file/<path>`    | `BundleFile`: a file of its bundle, by its path             |
| `project#<i>`              | `lease#<j>`              | `Lease`: project j is being copied from this one            |
| `<type>#<i>`               | `media`                  | `Media`: an audio, image or video asset                     |
| `<type>#<i>`               | `media#share/<p>`        | `Share`: the asset is shared with production p              |
| `import#<i>`               | `import`                 | `Import`: what an import did                                |
| `productions`              | `production#<p>`         | `Production`                                                |
| `production#<p>`           | `member#<user or group>` | `Member`: who may use the production                        |
| `devices`                  | `device#<d>`             | `Device`; number 1 is built in and has no row               |
| `claim#<kind>/<value>`     | `claim`                  | `Claim`: a name or path that only one may have              |
| `root#<bundle root>`       | `root`                   | `Root`: how many projects have it                           |
| `ids#<kind>`               | `last`                   | `LastId`: the id that was given out last                    |
| `list#<kind>/<p or all>`   | `id#<i>`                 | `Listed`: it is listed, below its production and `all`      |
| `found#<kind>/<field>/<v>` | `id#<i>`                 | `Listed`: its field has this value                          |
| `count#<kind>/<p or all>`  | `block#<block>/<shard>`  | `Counted`: how many of a block of ids are listed            |
| `count#<kind>/<p or all>`  | `total#<shard>`          | `Counted`: how many there are in all                        |

`<type>` is audio, image or video; `<kind>` is one of them, project or import. Ids in sort keys have leading zeros. What
the GET of a project shows lies below one prefix, in the order project, links, files: one Query a started MB.

Lists are in the order of ids. The first page takes its total from the counters of everything. A page at an offset is
found by the counters of blocks of `BLOCK` ids: blocks before it are skipped unread, the keys of at most one block are
read over, and the rows behind the keys wanted are fetched by key, 100 a call. Counters change in the transaction that
lists or unlists, each spread over `SHARDS` rows by the id, so that neighbours do not meet.

A project's own row names its first `LINKS_INLINE` links; the others lie on pages. Links are only ever added, and who
does so demands that there are as many as were read: so the pages have one writer at a time. A link whose media asset is
gone shows nowhere, since ids are never given again. `revision` counts the writes of a row.
"""

from datetime import datetime
from enum import StrEnum
from typing import Self

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    NumberAttribute,
    NumberSetAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
)

from chalicelib.rows import Row

NEW, DONE, FAILED = 0, 6, -1
"""The values of `status_asset` that are known."""

EVERYTHING = "all"
"""Stands for all productions in the key of a list."""

BLOCK = 1_000
SHARDS = 4

LISTED, COUNTED, TOTAL = "id#", "block#", "total#"
"""What the sort keys of `Listed`, and those of `Counted` by blocks and in all, begin with."""

LINKS_INLINE = 100
LINKS_A_PAGE = 500

ID_DIGITS = 12


class MediaType(StrEnum):
    """What a media asset is."""

    AUDIO = "audio"
    IMAGE = "image"
    VIDEO = "video"


PROJECT, IMPORT = "project", "import"
"""The kinds of what is listed, beside the types of media assets."""


class Project(Row):
    """A project asset."""

    table_setting = "productions_table"

    revision = NumberAttribute(null=True)
    name = UnicodeAttribute(null=True)
    description = UnicodeAttribute(null=True)
    date_crt = UTCDateTimeAttribute(null=True)
    date_add = UTCDateTimeAttribute(null=True)
    date_mod = UTCDateTimeAttribute(null=True)
    date_del = UTCDateTimeAttribute(null=True)
    meta_field_store = JSONAttribute(null=True)
    status_asset = NumberAttribute(null=True)
    status_asset_description = UnicodeAttribute(null=True)
    status_approval = NumberAttribute(null=True)
    path_file = UnicodeAttribute(null=True)
    bundle_root = UnicodeAttribute(null=True)
    type = UnicodeAttribute(null=True)
    is_production = BooleanAttribute(null=True)
    name_editor = UnicodeAttribute(null=True)
    name_studio = UnicodeAttribute(null=True)
    production = NumberAttribute(null=True)
    device = NumberAttribute(null=True)
    created_by = UnicodeAttribute(null=True)

    links = JSONAttribute(null=True)
    """The first links, as [type, id]; at most `LINKS_INLINE`."""
    link_count = NumberAttribute(null=True)
    link_pages = NumberAttribute(null=True)

    copy_of = NumberAttribute(null=True)
    copy_job = UnicodeAttribute(null=True)
    """The job that copies into this project, as long as it runs: until then its files are not shown."""
    delete_job = UnicodeAttribute(null=True)
    """The job that deletes it; never taken back unless deleting fails."""

    @classmethod
    def at(cls, number: int) -> Self:
        """A blank row under the key of this project."""
        return cls(pk=project_partition(number), sk=PROJECT)

    @property
    def number(self) -> int:
        """The project's id."""
        return int(self.pk.removeprefix("project#"))

    def copy(self) -> Self:
        """A second object with the same values, to be changed."""
        return type(self).from_raw_data(self.serialize())


class LinkPage(Row):
    """Up to `LINKS_A_PAGE` links of a project, in the order in which they were added."""

    table_setting = "productions_table"

    links = JSONAttribute(null=True)

    @classmethod
    def at(cls, project: int, page: int) -> Self:
        """A blank row under the key of this page; the first one is 0."""
        return cls(pk=project_partition(project), sk=f"project#assets/{page:06}")


class BundleFile(Row):
    """A file of a project's bundle."""

    table_setting = "productions_table"

    file_id = UnicodeAttribute(null=True)
    library_key = UnicodeAttribute(null=True)
    size = NumberAttribute(null=True)
    sha256 = UnicodeAttribute(null=True)
    state = UnicodeAttribute(null=True)
    content_type = UnicodeAttribute(null=True)
    updated_at = UTCDateTimeAttribute(null=True)

    @classmethod
    def at(cls, project: int, path: str) -> Self:
        """A blank row under the key of this file; the path is below the bundle's root, without a leading slash."""
        return cls(pk=project_partition(project), sk=f"project#file/{path}")

    @property
    def path(self) -> str:
        """The path below the bundle's root."""
        return self.sk.removeprefix("project#file/")


class Lease(Row):
    """Says that a project is being copied from: it is deleted once all of them are gone."""

    table_setting = "productions_table"

    job = UnicodeAttribute(null=True)

    @classmethod
    def at(cls, source: int, target: int) -> Self:
        """A blank row under the key of the lease that the copy `target` has on its source."""
        return cls(pk=project_partition(source), sk=f"lease#{padded(target)}")


class Media(Row):
    """An audio, image or video asset. Without a `file_id` its bytes are not here."""

    table_setting = "productions_table"

    revision = NumberAttribute(null=True)
    name = UnicodeAttribute(null=True)
    description = UnicodeAttribute(null=True)
    date_crt = UTCDateTimeAttribute(null=True)
    date_add = UTCDateTimeAttribute(null=True)
    date_mod = UTCDateTimeAttribute(null=True)
    date_del = UTCDateTimeAttribute(null=True)
    meta_field_store = JSONAttribute(null=True)
    status_asset = NumberAttribute(null=True)
    status_asset_description = UnicodeAttribute(null=True)
    status_approval = NumberAttribute(null=True)
    path_file = UnicodeAttribute(null=True)
    name_editor = UnicodeAttribute(null=True)
    production = NumberAttribute(null=True)
    production_name = UnicodeAttribute(null=True)
    device = NumberAttribute(null=True)
    created_by = UnicodeAttribute(null=True)

    file_id = UnicodeAttribute(null=True)
    library_key = UnicodeAttribute(null=True)
    size = NumberAttribute(null=True)
    state = UnicodeAttribute(null=True)
    content_type = UnicodeAttribute(null=True)

    projects: UnicodeSetAttribute = UnicodeSetAttribute(null=True)
    """Some projects that link it, as `<production>/<id>`: as many as fit (`links.MARKED`), for people to find them."""
    shared_with: NumberSetAttribute = NumberSetAttribute(null=True)
    """The productions that it is shared with and available in."""

    @classmethod
    def at(cls, media_type: str, number: int) -> Self:
        """A blank row under the key of this media asset."""
        return cls(pk=f"{media_type}#{number}", sk="media")

    @property
    def media_type(self) -> MediaType:
        """Its type."""
        return MediaType(self.pk.partition("#")[0])

    @property
    def number(self) -> int:
        """Its id, unique among those of its type."""
        return int(self.pk.partition("#")[2])

    def copy(self) -> Self:
        """A second object with the same values, to be changed."""
        return type(self).from_raw_data(self.serialize())


class Share(Row):
    """Production content: a media asset that is being shared with a production, or is available there."""

    table_setting = "productions_table"

    number = NumberAttribute(null=True)
    status = UnicodeAttribute(null=True)
    source_production = NumberAttribute(null=True)
    created_at = UTCDateTimeAttribute(null=True)

    @classmethod
    def at(cls, media_type: str, number: int, production: int) -> Self:
        """A blank row under the key of the share of this asset with this production."""
        return cls(pk=f"{media_type}#{number}", sk=f"media#share/{padded(production)}")


class Import(Row):
    """What an import was asked for and did."""

    table_setting = "productions_table"

    import_id = UnicodeAttribute(null=True)
    asset_type = UnicodeAttribute(null=True)
    asset_path = UnicodeAttribute(null=True)
    asset = NumberAttribute(null=True)
    payload = JSONAttribute(null=True)
    production = NumberAttribute(null=True)
    created_at = UTCDateTimeAttribute(null=True)
    created_by = UnicodeAttribute(null=True)

    @classmethod
    def at(cls, number: int) -> Self:
        """A blank row under the key of this import."""
        return cls(pk=f"import#{number}", sk=IMPORT)

    @property
    def number(self) -> int:
        """The import's id."""
        return int(self.pk.removeprefix("import#"))


class Production(Row):
    """A production."""

    table_setting = "productions_table"

    name = UnicodeAttribute(null=True)
    codename = UnicodeAttribute(null=True)
    company = UnicodeAttribute(null=True)
    storage_root = UnicodeAttribute(null=True)
    default_approval_status = NumberAttribute(null=True)
    projectasset_device = NumberAttribute(null=True)
    created_at = UTCDateTimeAttribute(null=True)

    @classmethod
    def at(cls, number: int) -> Self:
        """A blank row under the key of this production."""
        return cls(pk="productions", sk=f"production#{padded(number)}")

    @property
    def number(self) -> int:
        """The production's id."""
        return int(self.sk.removeprefix("production#"))


class Member(Row):
    """What a user or a group may do in a production. The identities table has the same from the other side."""

    table_setting = "productions_table"

    write = BooleanAttribute(null=True)
    delete_assets = BooleanAttribute(null=True)

    @classmethod
    def at(cls, production: int, subject: str) -> Self:
        """A blank row under the key of this membership; the subject is `user/<uid>` or `group/<name>`."""
        return cls(pk=f"production#{production}", sk=f"member#{subject}")

    @property
    def subject(self) -> str:
        """Whose it is: `user/<uid>` or `group/<name>`."""
        return self.sk.removeprefix("member#")


class Device(Row):
    """A device: a part of the paths that bundles and media assets have."""

    table_setting = "productions_table"

    name = UnicodeAttribute(null=True)
    path = UnicodeAttribute(null=True)
    bucket = UnicodeAttribute(null=True)
    """Where the bytes of copies to this device go, if not into the library that all share."""
    created_at = UTCDateTimeAttribute(null=True)

    @classmethod
    def at(cls, number: int) -> Self:
        """A blank row under the key of this device."""
        return cls(pk="devices", sk=f"device#{padded(number)}")

    @property
    def number(self) -> int:
        """The device's id."""
        return int(self.sk.removeprefix("device#"))


class Claim(Row):
    """Says who has a name or path that only one may have."""

    table_setting = "productions_table"

    number = NumberAttribute(null=True)

    @classmethod
    def at(cls, kind: str, value: str) -> Self:
        """A blank row under the key of this name or path."""
        return cls(pk=f"claim#{kind}/{value}", sk="claim")


class Root(Row):
    """How many projects have a bundle root. A copy demands that none has its own."""

    table_setting = "productions_table"

    projects = NumberAttribute(null=True)

    @classmethod
    def at(cls, bundle_root: str) -> Self:
        """A blank row under the key of this root."""
        return cls(pk=f"root#{bundle_root}", sk="root")


class LastId(Row):
    """The id of a kind that was given out last."""

    table_setting = "productions_table"

    last = NumberAttribute(null=True)

    @classmethod
    def at(cls, kind: str) -> Self:
        """A blank row under the key of this kind."""
        return cls(pk=f"ids#{kind}", sk="last")


class Listed(Row):
    """Says that something is listed, or has a value it can be found by."""

    table_setting = "productions_table"

    production = NumberAttribute(null=True)

    @classmethod
    def below_production(cls, kind: str, production: int | str, number: int) -> Self:
        """A blank row that lists this below a production, or below `EVERYTHING`."""
        return cls(pk=listed_below(kind, production), sk=listed_key(number))

    @classmethod
    def by(cls, kind: str, field: str, value: str, number: int) -> Self:
        """A blank row that makes this found by the value of one of its fields."""
        return cls(pk=found_by(kind, field, value), sk=listed_key(number))

    @property
    def number(self) -> int:
        """The id of what is listed."""
        return int(self.sk.removeprefix(LISTED))


class Counted(Row):
    """How many ids of a block, or in all, of those that fall to one shard, are listed below a production or
    `EVERYTHING`.
    """

    table_setting = "productions_table"

    live = NumberAttribute(null=True)

    @classmethod
    def of(cls, kind: str, production: int | str, number: int) -> Self:
        """A blank row for the counter that this id falls to."""
        return cls(pk=counted_below(kind, production), sk=f"{COUNTED}{padded(number // BLOCK)}/{number % SHARDS}")

    @classmethod
    def in_all(cls, kind: str, production: int | str, number: int) -> Self:
        """A blank row for the counter of everything that this id falls to."""
        return cls(pk=counted_below(kind, production), sk=f"{TOTAL}{number % SHARDS}")

    @property
    def block(self) -> int:
        """The block it counts."""
        return int(self.sk.removeprefix(COUNTED).partition("/")[0])


def listed_below(kind: str, production: int | str) -> str:
    """The partition of what is listed below a production, or below `EVERYTHING`."""
    return f"list#{kind}/{production}"


def listed_key(number: int) -> str:
    """The sort key of what is listed."""
    return f"{LISTED}{padded(number)}"


def counted_below(kind: str, production: int | str) -> str:
    """The partition of the counters of what `listed_below` lists."""
    return f"count#{kind}/{production}"


def found_by(kind: str, field: str, value: str) -> str:
    """The partition of what has this value."""
    return f"found#{kind}/{field}/{value}"


def project_partition(number: int) -> str:
    """The partition of everything a project has."""
    return f"project#{number}"


def padded(number: int) -> str:
    """An id with leading zeros, so that keys sort by it."""
    return f"{number:0{ID_DIGITS}}"


def shown(moment: datetime) -> str:
    """A moment as this API writes it: UTC, always with six digits of a second."""
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
