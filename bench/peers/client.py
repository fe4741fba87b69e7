"""The client that drives every side: one connection that is kept, one request at a time, and a count of bytes sent."""

import http.client
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_KEPT_SECONDS = 2.0


class Refused(Exception):
    """A server answered otherwise than it should."""


class Late(Exception):
    """The time that a side may take is over."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One response."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        """The body, which is JSON."""
        return json.loads(self.body)


class Client:
    """A connection to a server on 127.0.0.1.

    Args:
        port: the server's.
        deadline: when to give up, by the monotonic clock.
        headers: sent along with each request.
    """

    def __init__(self, port: int, deadline: float, headers: Mapping[str, str] | None = None) -> None:
        self._port, self._deadline = port, deadline
        self._headers = dict(headers or {})
        self._connection: http.client.HTTPConnection | None = None
        self._used = time.monotonic()
        self.sent = 0
        """Bytes of bodies that are not JSON, so far: bytes of files."""
        self.said = 0
        """Bytes of JSON, so far: what client and server have to say to one another."""

    def request(
        self,
        method: str,
        target: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        length: int | None = None,
        statuses: Iterable[int] = (200, 201, 204),
    ) -> Answer:
        """Send a request and read its answer.

        Args:
            method: the verb.
            target: path and query.
            body: the bytes, or pieces of them; then `length` says how many.
            headers: besides those of every request.
            length: bytes of a body in pieces.
            statuses: what the answer may be.

        Raises:
            Late: the deadline has come.
            Refused: the status is none of those.
        """
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise Late
        if time.monotonic() - self._used > _KEPT_SECONDS:
            self.close()  # servers close what is silent for longer
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port)
        self._connection.timeout = left
        if self._connection.sock is not None:
            self._connection.sock.settimeout(left)
        given = self._headers | dict(headers or {})
        if length is not None:
            given["Content-Length"] = str(length)
        size = length if length is not None else len(body) if isinstance(body, bytes) else 0
        if given.get("Content-Type") == "application/json":
            self.said += size
        else:
            self.sent += size
        try:
            self._connection.request(method, target, body, given)
            response = self._connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        except TimeoutError:
            raise Late from None
        self._used = time.monotonic()
        if response.will_close:
            self.close()
        if answer.status not in statuses:
            raise Refused(f"{method} {target.partition('?')[0]}: {answer.status} {answer.body[:300]!r}")
        return answer

    def close(self) -> None:
        """End the connection; another request makes another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
