"""Who may do what: memberships of productions, and permissions for whole kinds of deeds (docs/apis/projectassets.md,
"Permissions").
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from chalicelib.apis.projectassets.models import Media
from chalicelib.errors import Forbidden
from chalicelib.identity import Principal, memberships
from chalicelib.identity.memberships import Membership

COPY = "browser.copy_projectasset"
SHARE = "browser.share_production_asset"
DELETE = "browser.delete_%sasset"
"""For a kind of asset: project, audio, image or video."""
UPLOAD = "browser.upload_%sasset"


@dataclass(frozen=True, slots=True)
class Rights:
    """What a caller may do in which production."""

    principal: Principal
    members: Mapping[int, Membership]

    @property
    def productions(self) -> list[int] | None:
        """The productions that the caller reads; None for all."""
        return None if self.principal.superuser else sorted(self.members)

    def reads(self, production: int) -> bool:
        """Whether the caller may read what is in a production."""
        return self.principal.superuser or production in self.members

    def writes(self, production: int) -> bool:
        """Whether the caller may make and change assets there."""
        return self.principal.superuser or (production in self.members and self.members[production].write)

    def deletes(self, production: int) -> bool:
        """Whether the caller may delete assets there."""
        return self.principal.superuser or (production in self.members and self.members[production].delete)

    def reads_media(self, media: Media) -> bool:
        """Whether the caller may read a media asset: it is in, or shared with, a production that they read."""
        return self.reads(int(media.production)) or any(self.reads(int(one)) for one in media.shared_with or ())

    def demand_write(self, production: int) -> None:
        """Raises Forbidden unless the caller may write there."""
        if not self.writes(production):
            raise Forbidden

    def demand_delete(self, production: int, kind: str) -> None:
        """Raises Forbidden unless the caller may delete assets of this kind there."""
        demand(self.principal, DELETE % kind)
        if not self.deletes(production):
            raise Forbidden


def of(principal: Principal) -> Rights:
    """The rights of a principal."""
    return Rights(principal, {} if principal.superuser else memberships.of(principal))


def demand(principal: Principal, permission: str) -> None:
    """Raises Forbidden unless the principal has this permission."""
    if not principal.has(permission):
        raise Forbidden


def refuse() -> NoReturn:
    """Raises Forbidden."""
    raise Forbidden


def demand_superuser(principal: Principal) -> None:
    """Raises Forbidden unless the principal may everything."""
    if not principal.superuser:
        raise Forbidden
