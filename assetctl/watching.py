"""Waiting for what goes on by itself: a scan, a job."""

import time
from collections.abc import Callable, Iterable
from typing import Any

from assetctl.client import Deployment
from assetctl.failures import NotClean, Unavailable
from assetctl.places import Asset, InStore

_FIRST, _LONGEST = 0.3, 5.0
JUDGED = ("clean", "infected", "unscannable", "expired")
ENDED = ("done", "failed", "canceled")


def until(look: Callable[[], tuple[str, Any]], final: tuple[str, ...], seconds: float) -> tuple[str, Any]:
    """Look again and again until the state is a final one. Returns state and what was seen.

    Raises:
        Unavailable: it took too long.
    """
    deadline, wait = time.monotonic() + seconds, _FIRST
    while True:
        state, seen = look()
        if state in final:
            return state, seen
        if time.monotonic() + wait > deadline:
            raise Unavailable(f"still {state} after {seconds:g} s")
        time.sleep(wait)
        wait = min(wait * 1.5, _LONGEST)


def state_of(to: Deployment, place: Asset | InStore) -> tuple[str, dict[str, Any]]:
    """The scan state of an asset, or of the newest version of a store's asset, and what is known of it."""
    if isinstance(place, Asset):
        seen: dict[str, Any] = to.json("GET", place.path)
        return str(seen["state"]), seen
    files = to.json("GET", place.path("files"))
    uploaded = [one for one in files if one["default"]] or files
    return (str(uploaded[0]["state"]) if uploaded else "pending"), {"files": files}


def judged(to: Deployment, place: Asset | InStore, seconds: float) -> str:
    """Wait until a file is judged. Returns its state then.

    Raises:
        Unavailable: it took too long.
    """
    return until(lambda: state_of(to, place), JUDGED, seconds)[0]


def demand_clean(states: Iterable[tuple[str, str]]) -> None:
    """Demand that files, by name and state, are clean.

    Raises:
        NotClean: one of them is infected, unscannable, or never came.
    """
    if wrong := [f"{name} ({state})" for name, state in states if state != "clean"]:
        raise NotClean(f"not clean: {', '.join(wrong)}")
