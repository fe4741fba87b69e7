"""Who is told when something happens to a File. APIs register here, so that the core need not know them.

A reference names its owner as `<api>:<id>`. `app.py` registers one `Owner` for each API name.
"""

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
