"""Whose an asset is: only its owner, and whoever may manage all assets, may show or change it."""

from chalicelib.apis.assets.models import Asset
from chalicelib.errors import Forbidden
from chalicelib.identity import Principal

MANAGE_ALL = "Manage all Assets"


def demand(principal: Principal, asset: Asset) -> Asset:
    """The asset, if this principal may manage it.

    Raises:
        Forbidden: it is another's.
    """
    if principal.uid != asset.owner and not principal.has(MANAGE_ALL):
        raise Forbidden
    return asset
