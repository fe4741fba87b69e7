"""The rows of the files table: Files, the references to them, and publications.

| pk            | sk            | row                                                              |
| ------------- | ------------- | ---------------------------------------------------------------- |
| `file#<id>`   | `file`        | `File`: immutable bytes and what is known of them                |
| `file#<id>`   | `ref#<owner>` | `Reference`: this owner refers to the File                       |
| `uid#<uid>`   | `quota`       | `Quota`: the uploads that a principal has under way              |
| `path#<path>` | `publication` | `Publication`: what the media bucket holds under this public path |

A File is due (see `chalicelib.rows`) from its creation until it is settled; a reference when it is to be released; a
publication while the media bucket may disagree with it.
"""

from enum import StrEnum
from typing import Self

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute, UTCDateTimeAttribute

from chalicelib.rows import Row


class Verdict(StrEnum):
    """What is known of a File's bytes. Everything but PENDING is final."""

    PENDING = "pending"
    CLEAN = "clean"
    INFECTED = "infected"
    UNSCANNABLE = "unscannable"
    EXPIRED = "expired"


class File(Row):
    """Immutable bytes and what is known of them. Logs up to the verdict carry the id of the request it came by.

    What only an upload has: `reserved`, the bytes it counts for in its uploader's `Quota`, there as long as it counts;
    what the client declared of its bytes; and for one in parts S3's id of it and, from its completion on, their number.
    """

    table_setting = "files_table"

    name = UnicodeAttribute(null=True)
    content_type = UnicodeAttribute(null=True)
    size = NumberAttribute(null=True)
    sha256 = UnicodeAttribute(null=True)
    uploader = UnicodeAttribute(null=True)
    created_at = UTCDateTimeAttribute(null=True)
    correlation_id = UnicodeAttribute(null=True)

    intake_key = UnicodeAttribute(null=True)
    intake_version = UnicodeAttribute(null=True)
    library_key = UnicodeAttribute(null=True)

    reserved = NumberAttribute(null=True)
    declared_size = NumberAttribute(null=True)
    declared_sha256 = UnicodeAttribute(null=True)
    upload_id = UnicodeAttribute(null=True)
    parts = NumberAttribute(null=True)

    verdict = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    claim = UnicodeAttribute(null=True)
    claimed_until = NumberAttribute(null=True)
    attempts = NumberAttribute(null=True)
    settled = BooleanAttribute(null=True)

    references = NumberAttribute(null=True)
    owner = UnicodeAttribute(null=True)
    shared = BooleanAttribute(null=True)
    purged = BooleanAttribute(null=True)
    expires_at = NumberAttribute(null=True)

    @classmethod
    def at(cls, file_id: str) -> Self:
        """A blank row under the key of this File, to update or to check."""
        return cls(pk=f"file#{file_id}", sk="file")

    @classmethod
    def get_by_id(cls, file_id: str) -> Self | None:
        """The File with this id, read consistently."""
        return cls.find(f"file#{file_id}", "file")

    @property
    def file_id(self) -> str:
        """The File's id."""
        return self.pk.removeprefix("file#")


class Reference(Row):
    """One owner's reference to a File. It grants no access; the File's bytes go when the last one is released."""

    table_setting = "files_table"

    created_at = UTCDateTimeAttribute(null=True)

    @classmethod
    def at(cls, file_id: str, owner: str) -> Self:
        """A blank row under the key of this owner's reference."""
        return cls(pk=f"file#{file_id}", sk=f"ref#{owner}")

    @property
    def file_id(self) -> str:
        """The id of the File referred to."""
        return self.pk.removeprefix("file#")

    @property
    def owner(self) -> str:
        """Who refers, as `<api>:<id>`."""
        return self.sk.removeprefix("ref#")


class Quota(Row):
    """How many uploads a principal has under way, and the bytes they count for.

    It changes only in one transaction with the `reserved` of a File, so it is always the sum of those.
    """

    table_setting = "files_table"

    uploads = NumberAttribute(null=True)
    bytes = NumberAttribute(null=True)

    @classmethod
    def at(cls, uid: str) -> Self:
        """A blank row under the key of this principal."""
        return cls(pk=f"uid#{uid}", sk="quota")


class Publication(Row):
    """What the media bucket is to hold under a public path, by whose word, and who is at it.

    `generation` orders the words: an older one never undoes a newer. Without a `file_id` nothing is to be there.
    `first_generation` is the one in which something was first to be there: the edge may hold what a later one changes.
    `settled` says that the media bucket agrees with the row; it is looked at once more at `recheck_at` (epoch seconds),
    because a holder whose lease ran out may still have been at it.
    """

    table_setting = "files_table"

    generation = NumberAttribute(null=True)
    first_generation = NumberAttribute(null=True)
    file_id = UnicodeAttribute(null=True)
    library_key = UnicodeAttribute(null=True)
    size = NumberAttribute(null=True)
    content_type = UnicodeAttribute(null=True)
    content_disposition = UnicodeAttribute(null=True)
    cache_control = UnicodeAttribute(null=True)
    settled = BooleanAttribute(null=True)
    lease = UnicodeAttribute(null=True)
    leased_until = NumberAttribute(null=True)
    recheck_at = NumberAttribute(null=True)
    expires_at = NumberAttribute(null=True)

    @classmethod
    def at(cls, path: str) -> Self:
        """A blank row under the key of this public path (decoded, with its leading slash)."""
        return cls(pk=f"path#{path}", sk="publication")

    @property
    def path(self) -> str:
        """The public path, decoded, with its leading slash."""
        return self.pk.removeprefix("path#")
