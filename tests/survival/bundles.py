"""Project and media assets as the model has them."""

from dataclasses import dataclass, field
from typing import Literal

from tests.survival.base import Held

Stage = Literal["there", "copied", "failed", "leaving", "gone"]


@dataclass(slots=True, eq=False)
class Project:
    """A project asset as the model has it.

    Attributes:
        stage: `copied`: files are being copied into it. `leaving`: its deletion was taken on.
        seen: while it is copied, what each path of its source has been so far; None: nothing.
        canceled: the copy into it must not come to be.
        shares: it is a copy with which media assets were to be shared: those `asked` for.
    """

    number: int
    root: str
    stage: Stage = "there"
    files: dict[str, Held] = field(default_factory=dict)
    links: dict[int, "Clip"] = field(default_factory=dict)
    source: "Project | None" = None
    seen: dict[str, list[Held | None]] = field(default_factory=dict)
    canceled: bool = False
    shares: bool = False
    asked: set[int] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class Clip:
    """A media asset as the model has it.

    Attributes:
        path: where it says that it lies.
        held: its own file.
        inherits: the files of bundles that have gone, one of which it may have taken over.
    """

    number: int
    path: str
    held: Held | None = None
    gone: bool = False
    inherits: list[Held] = field(default_factory=list)

    @property
    def may_hold(self) -> list[Held]:
        """What its file may be, if it has one."""
        return [self.held] if self.held is not None else self.inherits
