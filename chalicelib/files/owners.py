"""Who is told when something happens to a File. APIs register here, so that the core need not know them.

A reference names its owner as `<api>:<id>`. `app.py` registers one `Owner` for each API name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from chalicelib.files.models import File, Reference


class OnVerdict(Protocol):
    """Told that the verdict on a File fell. May be told the same again at any time, and must end the same."""

    def __call__(self, owner_id: str, file: File, /) -> None: ...


class OnReleaseDue(Protocol):
    """Asked, when a reference's time has come, whether the File may go now.

    Returns None for yes, or the moment (epoch seconds) at which to ask again.
    """

    def __call__(self, owner_id: str, file_id: str, /) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Owner:
    """What one API wants to hear."""

    on_verdict: OnVerdict
    on_release_due: OnReleaseDue


OfPlace = tuple[Callable[[list[str], File], None], Callable[[list[str], str], int | None]]
"""What a kind of owner wants to hear, as `Owner`, with the parts of its place instead of an id."""


def by_kind(kinds: Mapping[str, OfPlace], *, parts: int) -> Owner:
    """What an API wants to hear that has several kinds of owners, named `<api>:<kind>/<place>`.

    Args:
        kinds: told of a verdict, and asked for a release, by the kind's name.
        parts: how many parts a place has; the last one may hold slashes.
    """

    def parsed(owner_id: str) -> tuple[OfPlace, list[str]]:
        kind, _, place = owner_id.partition("/")
        return kinds[kind], place.split("/", parts - 1)

    def on_verdict(owner_id: str, file: File) -> None:
        (hear_verdict, _), place = parsed(owner_id)
        hear_verdict(place, file)

    def on_release_due(owner_id: str, file_id: str) -> int | None:
        (_, may_release), place = parsed(owner_id)
        return may_release(place, file_id)

    return Owner(on_verdict, on_release_due)


_owners: dict[str, Owner] = {}


def register(api: str, owner: Owner) -> None:
    """Let the owners of references `<api>:...` be told by these functions."""
    _owners[api] = owner


def tell_verdict(file: File) -> None:
    """Tell everyone who refers to this File its verdict. The references are read only if there may be several."""
    if file.shared:
        owners = [reference.owner for reference in Reference.below(file.pk, "ref#")]
    else:
        owners = [file.owner] if file.owner else []
    for owner in owners:
        api, _, owner_id = owner.partition(":")
        _owners[api].on_verdict(owner_id, file)


def ask_release(reference: Reference) -> int | None:
    """Ask the owner of a due reference; see `OnReleaseDue`."""
    api, _, owner_id = reference.owner.partition(":")
    return _owners[api].on_release_due(owner_id, reference.file_id)
