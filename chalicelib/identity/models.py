"""The rows of the identities table.

    pk                  sk                    what
    principal#<id>      principal             a principal: name, permissions, groups, organisation, superuser
    principal#<id>      token#<sha256 hex>    one of its API tokens; `expires_at` if it ends by itself
    users               user#<name>           a user: the uid of its principal, and its password's hash
    member#<subject>    memberships           what `user/<uid>` or `group/<name>` may do, by production
    tokens              token#<token id>      the directory that `make token LIST=1` reads: all of it in one Query

A token id is `<principal id>-<first 12 digits of the hash>`. A token itself is nowhere stored. A directory row is
written and deleted in one transaction with its token row, and leaves with it by the same TTL.
"""

from typing import ClassVar, Self

from pynamodb.attributes import BooleanAttribute, JSONAttribute, ListAttribute, NumberAttribute, UnicodeAttribute

from chalicelib.identity.principal import Principal
from chalicelib.rows import Row

PRINCIPAL = "principal"
DIRECTORY = "tokens"
USERS = "users"


class Identity(Row):
    """A principal, a token or a directory entry: one class, since authentication reads two of them in one call."""

    table_setting: ClassVar[str] = "identities_table"

    name = UnicodeAttribute(null=True)
    permissions: ListAttribute[str] = ListAttribute(null=True)
    groups: ListAttribute[str] = ListAttribute(null=True)
    write_groups: ListAttribute[str] = ListAttribute(null=True)
    organisation = UnicodeAttribute(null=True)
    superuser = BooleanAttribute(null=True)
    changeable = BooleanAttribute(null=True)  # so its tokens are looked up at every use
    token_hash = UnicodeAttribute(null=True)
    created_at = NumberAttribute(null=True)
    expires_at = NumberAttribute(null=True)

    def describe(self, principal: Principal) -> None:
        """Take over everything about a principal but its id, which is in the key."""
        self.name = principal.name
        self.permissions = sorted(principal.permissions)
        self.groups = sorted(principal.groups)
        self.write_groups = None if principal.write_groups is None else sorted(principal.write_groups)
        self.organisation = principal.organisation
        self.superuser = principal.superuser

    def principal(self, uid: str) -> Principal:
        """The principal that this row describes."""
        return Principal(
            uid=uid,
            name=self.name or "",
            permissions=frozenset(self.permissions or ()),
            groups=frozenset(self.groups or ()),
            organisation=self.organisation,
            superuser=bool(self.superuser),
            write_groups=None if self.write_groups is None else frozenset(self.write_groups),
        )


class User(Identity):
    """A user, described as its principal is."""

    uid = UnicodeAttribute(null=True)
    password = UnicodeAttribute(null=True)
    revision = NumberAttribute(null=True)

    @classmethod
    def at(cls, name: str) -> Self:
        """A blank row under the key of this user."""
        return cls(pk=USERS, sk=f"user#{name}")


class Memberships(Row):
    """What a user or a group may do in which production: `w` to write, `d` to delete, beside reading."""

    table_setting: ClassVar[str] = "identities_table"

    productions = JSONAttribute(null=True)
    revision = NumberAttribute(null=True)

    @classmethod
    def at(cls, subject: str) -> Self:
        """A blank row under the key of this subject."""
        return cls(pk=f"member#{subject}", sk="memberships")


def principal_key(uid: str) -> str:
    """The partition that holds a principal and its tokens."""
    return f"principal#{uid}"


def token_key(name: str) -> str:
    """The sort key of a token: by its SHA-256 in hex below its principal, by its id in the directory."""
    return f"token#{name}"


def token_id(row: Identity) -> str:
    """The id of the token that a directory row lists."""
    return row.sk.removeprefix(token_key(""))
