"""Workspaces as the model has them."""

from dataclasses import dataclass, field
from typing import Literal

from tests.survival.base import Held

Stage = Literal["cloning", "ready", "failed", "gone"]


@dataclass(slots=True, eq=False)
class Resource:
    """A file at a ref."""

    ref: str
    held: Held


@dataclass(slots=True, eq=False)
class Asset:
    """An asset at a ref. `comment` tells its contents apart; `needs` are the resources and assets that it names."""

    ref: str
    comment: str
    needs: "list[Asset | Resource]" = field(default_factory=list)
    main: Resource | None = None


@dataclass(slots=True, eq=False)
class Space:
    """A workspace.

    Attributes:
        versions: the number of the newest clean version of each asset of the project when the clone was asked for.
    """

    guid: str
    name: str
    stage: Stage
    versions: dict[str, int]
    assets: dict[str, Asset] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)

    def users(self, one: Asset | Resource) -> list[Asset]:
        """The assets that name something."""
        return [asset for asset in self.assets.values() if one in asset.needs or asset.main is one]
