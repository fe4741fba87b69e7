"""What goes wrong with an operation: its process dies at an AWS call, or AWS itself fails, once or all the time."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Literal, TypeVar

from hypothesis import strategies as st

from tests.support.calls import Call, Crash, on_call
from tests.support.troubles import FAILURES, Failure, failing

_T = TypeVar("_T")

Kind = Literal["dies before", "dies after", "answer lost", "storm"] | Failure

KINDS: tuple[Kind, ...] = ("dies before", "dies after", "answer lost", *FAILURES, "storm")
_STORMY = 0.15


@dataclass(frozen=True, slots=True)
class Mishap:
    """What goes wrong, at which call of the operation; nothing does if it makes fewer.

    In a storm about every seventh call fails, or loses its answer; which ones is up to the number.
    """

    kind: Kind
    number: int


MISHAPS = st.one_of(
    st.none(),
    st.none(),
    st.builds(Mishap, st.sampled_from(KINDS), st.one_of(st.integers(0, 9), st.integers(0, 60))),
)


def suffer(mishap: Mishap | None, act: Callable[[], _T]) -> tuple[_T | None, bool]:
    """Do something while it goes wrong.

    Returns:
        Its answer, None if its process died; and whether anything went wrong at all.
    """
    if mishap is None:
        return act(), False
    trouble = _Storm(mishap.number) if mishap.kind == "storm" else _Trouble(mishap)
    with on_call(before=trouble.before, after=trouble.after):
        try:
            answer = act()
        except Crash:
            return None, True
    return answer, trouble.struck


class _Trouble:
    """One thing that goes wrong, at one call."""

    def __init__(self, mishap: Mishap) -> None:
        self.mishap, self.count, self.struck = mishap, -1, False

    def before(self, call: Call) -> None:
        self.count += 1
        kind = self.mishap.kind
        if self.struck and kind.startswith("dies"):
            raise Crash
        if self.count != self.mishap.number:
            return
        if kind == "dies before":
            self.struck = True
            raise Crash
        if kind in FAILURES:
            self.struck = True
            raise failing(kind, call)

    def after(self, call: Call) -> None:
        if self.count != self.mishap.number or self.struck:
            return
        if self.mishap.kind in ("dies after", "answer lost"):
            self.struck = True
            raise Crash if self.mishap.kind == "dies after" else failing("times out", call)


class _Storm:
    """Calls fail again and again."""

    def __init__(self, seed: int) -> None:
        self.chance, self.struck = Random(seed), False

    def before(self, call: Call) -> None:
        if self.chance.random() < _STORMY / 2:
            self.struck = True
            raise failing(self.chance.choice(FAILURES), call)

    def after(self, call: Call) -> None:
        if self.chance.random() < _STORMY / 2:
            self.struck = True
            raise failing("times out", call)
