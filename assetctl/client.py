"""Calls of a deployment: one connection pool, errors of every API as one exception, patience where that helps."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from assetctl.failures import Answered, Failure, Unavailable
from assetctl.profiles import Profile

ATTEMPTS = 5
_TIMEOUT = httpx.Timeout(60, connect=10)
_SAFE = ("GET", "HEAD")
_BUSY = (429, 503)


class Deployment:
    """A deployment, called with the profile's token. Safe in threads."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        headers = {"Authorization": f"Bearer {profile.token}"} if profile.token else {}
        self._api = httpx.Client(base_url=profile.url, headers=headers, timeout=_TIMEOUT)
        self.outside = httpx.Client(timeout=_TIMEOUT, follow_redirects=True)
        """For signed URLs and the public hosts: it carries no token."""

    def close(self) -> None:
        """End its connections."""
        self._api.close()
        self.outside.close()

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Make a call; again, after a moment, when it is busy, or where repeating is harmless and nothing came back.

        Raises:
            Answered: it was refused.
            Unavailable: there is no answer.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                reply = self._api.request(method, path, **options)
            except httpx.TransportError as error:
                unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                if attempt == ATTEMPTS or not (method in _SAFE or (unsent and attempt < 3)):
                    raise Unavailable(f"{self.profile.url} does not answer: {error}") from None
                time.sleep(pause(attempt))
                continue
            if reply.status_code in _BUSY and attempt < ATTEMPTS:
                time.sleep(pause(attempt, reply.headers))
                continue
            if reply.status_code == 401 and not self.profile.token:
                hint = f"ASSETCTL_TOKEN, or `assetctl login {self.profile.url}`, tells who calls"
                raise Answered(401, f"{message_of(reply)}; {hint}")
            return demanded(reply)
        raise AssertionError("the last attempt ends the loop")

    def json(self, method: str, path: str, **options: Any) -> Any:
        """The JSON of an answer. Raises as `call`."""
        reply = self.call(method, path, **options)
        try:
            return reply.json()
        except ValueError:
            raise Failure(f"{self.profile.url} answered with something that is no JSON: is it the API?") from None

    def pages(self, path: str, params: Mapping[str, str], most: int | None) -> Iterator[dict[str, Any]]:
        """The results of a listing, page by page, at most so many. Raises as `call`."""
        left, cursor = most, None
        while left is None or left > 0:
            size = 100 if left is None else min(100, left)
            wanted = {**params, "limit": str(size), **({"cursor": cursor} if cursor else {})}
            page = self.json("GET", path, params=wanted)
            yield from page["results"]
            cursor = page["next_cursor"]
            if cursor is None:
                return
            left = None if left is None else left - len(page["results"])


def demanded(reply: httpx.Response) -> httpx.Response:
    """The answer itself if it is no refusal. Raises Answered."""
    if reply.status_code >= 400:
        told = message_of(reply)
        raise Answered(reply.status_code, f"{told}: {reply.url.path}" if told == "not found" else told)
    return reply


def pause(attempt: int, headers: Mapping[str, str] | None = None) -> float:
    """Seconds to wait before the next attempt: what the answer says, else longer each time."""
    told = (headers or {}).get("Retry-After", "")
    return min(float(told), 30.0) if told.isdigit() else min(0.2 * 2.0**attempt, 10.0)


def message_of(reply: httpx.Response) -> str:
    """What an error says for people, in whichever of the APIs' shapes it comes."""
    try:
        told = reply.json()
    except ValueError:
        return f"{reply.status_code} {reply.reason_phrase}"
    match told:
        case {"_response_info": {"status": list(rules)}}:
            return "; ".join(map(str, rules))
        case {"_response_info": {"status": text}} | {"message": text} | str(text):
            return str(text)
        case {"title": title, "description": description}:
            return f"{title}: {description}"
        case {"errors": [*errors]}:
            return "; ".join(str(one.get("detail", one)) if isinstance(one, dict) else str(one) for one in errors)
    return f"{reply.status_code} {reply.reason_phrase}"
