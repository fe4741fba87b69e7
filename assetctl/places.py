"""How things are named on the command line.

| written | is |
| --- | --- |
| `6b03085d963ba7c755c49321`, or a URL that ends so | an asset of the assets API |
| `assets` | that API's list |
| `stores`, `stores/STORE`, `stores/STORE/PROJECT` | stores, their projects, a project's assets |
| `stores/STORE/PROJECT/ASSET`, and `.../FILE` | an asset of a store, and a file of it |
| `productions`, `productions/NUMBER` | productions, and one's project assets |
| anything else | a file or folder here |
"""

import re
from dataclasses import dataclass
from urllib.parse import quote

from assetctl.failures import WrongUsage

_ASSET = re.compile(r"(?:https?://\S*/assets/)?([0-9a-f]{24})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asset:
    """An asset of the assets API."""

    id: str

    @property
    def path(self) -> str:
        """Its path on the API."""
        return f"/assets/{self.id}"


@dataclass(frozen=True, slots=True)
class InStore:
    """Something in stores, as far as it is named; empty where it is not."""

    store: str = ""
    project: str = ""
    asset: str = ""
    file: str = ""

    def path(self, what: str) -> str:
        """The path on the API of this about the thing, such as `meta`."""
        parts = [self.store, self.project, what, self.asset] if self.project else [self.store, what]
        return "/api/" + "/".join(quote(part, safe="") for part in parts if part)


@dataclass(frozen=True, slots=True)
class Productions:
    """All productions, or the one of a number."""

    number: int | None = None


Place = Asset | InStore | Productions


def find(text: str) -> Place | None:
    """What a text names on the deployment; None when it names something here.

    Raises:
        WrongUsage: it begins like one of ours and goes on like none.
    """
    if found := _ASSET.fullmatch(text):
        return Asset(found[1])
    first, *rest = text.split("/")
    if first == "stores":
        if any(not part for part in rest):
            raise WrongUsage(f"{text} has an empty part")
        store, project, asset = (*rest, "", "", "")[:3]
        return InStore(store, project, asset, "/".join(rest[3:]))
    if first == "productions" and len(rest) < 2:
        if rest and not rest[0].isdecimal():
            raise WrongUsage(f"{rest[0]} is no number of a production")
        return Productions(int(rest[0]) if rest else None)
    return None


def asset(text: str) -> Asset:
    """The asset of the assets API that a text names. Raises WrongUsage."""
    found = find(text)
    if not isinstance(found, Asset):
        raise WrongUsage(f"{text} is no asset: an id has 24 hexadecimal digits")
    return found
