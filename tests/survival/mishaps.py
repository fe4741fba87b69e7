"""What goes wrong with an operation: its process dies at an AWS call, or AWS itself fails."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from botocore.exceptions import ClientError, ReadTimeoutError
from hypothesis import strategies as st

from tests.support.calls import Call, Crash, on_call

_T = TypeVar("_T")

Kind = Literal["dies before", "dies after", "throttled", "times out", "fails"]


@dataclass(frozen=True, slots=True)
class Mishap:
    """What goes wrong, at which call of the operation; nothing does if it makes fewer."""

    kind: Kind
    number: int


MISHAPS = st.one_of(
    st.none(),
    st.none(),
    st.builds(
        Mishap,
        st.sampled_from(("dies before", "dies after", "throttled", "times out", "fails")),
        st.integers(min_value=0, max_value=9),
    ),
)


def suffer(mishap: Mishap | None, act: Callable[[], _T]) -> tuple[_T | None, bool]:
    """Do something while it goes wrong.

    Returns:
        Its answer, None if its process died; and whether anything went wrong at all.
    """
    if mishap is None:
        return act(), False
    count, struck = -1, False

    def before(call: Call) -> None:
        nonlocal count, struck
        count += 1
        if struck and mishap.kind.startswith("dies"):
            raise Crash
        if count == mishap.number and mishap.kind != "dies after":
            struck = True
            raise _failure(mishap.kind, call)

    def after(call: Call) -> None:
        nonlocal struck
        if count == mishap.number and mishap.kind == "dies after" and not struck:
            struck = True
            raise Crash

    with on_call(before=before, after=after):
        try:
            answer = act()
        except Crash:
            return None, True
    return answer, struck


def _failure(kind: Kind, call: Call) -> BaseException:
    if kind == "dies before":
        return Crash()
    if kind == "times out":
        return ReadTimeoutError(endpoint_url=f"https://{call.service}")
    if kind == "throttled":
        code = "SlowDown" if call.service == "s3" else "ThrottlingException"
        return ClientError({"Error": {"Code": code, "Message": "slow down"}}, call.operation)
    code = "InternalError" if call.service == "s3" else "InternalServerError"
    return ClientError({"Error": {"Code": code, "Message": "failed"}}, call.operation)
