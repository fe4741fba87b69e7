"""Whose an asset is: only its owner, and whoever may manage all assets, may show or change it."""

from chalicelib.apis.assets.models import Asset
from chalicelib.errors import Forbidden
from chalicelib.identity import Principal

MANAGE_ALL = "Manage all Assets"


def may(principal: Principal, asset: Asset) -> bool:
    """Whether this principal may manage an asset."""
    return principal.uid == asset.owner or principal.has(MANAGE_ALL)


def demand(principal: Principal, asset: Asset) -> Asset:
    """The asset, if this principal may manage it.

    Raises:
        Forbidden: it is another's.
    """
    if not may(principal, asset):
        raise Forbidden
    return asset
