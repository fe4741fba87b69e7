"""A small threaded HTTP/1.1 server: one thread a connection, the protocol itself is h11's.

It exists because the request must arrive as sent: the raw target (`//a/%2Fb`), every header with its own name and as
often as it came, bodies with a length or in chunks. Responses are streamed.
"""

import logging
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus

import h11

logger = logging.getLogger(__name__)

_READ_SIZE = 64 * 1024
_IDLE_TIMEOUT = 65.0  # seconds that a connection may stay silent
_LINGER_BYTES = 64 * 1024 * 1024  # read and forgotten after an early answer, so that the client gets to read it
_LINGER_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request as sent. `body` is None when it is larger than the server takes."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes | None
    client: str

    def header(self, name: str) -> str | None:
        """The first value of a header; `name` in lower case."""
        return next((value for given, value in self.headers if given.lower() == name), None)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response. Without a Content-Length among `headers`, `body` must be bytes, and theirs is sent."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | Iterable[bytes] = b""


Answer = Callable[[HttpRequest], HttpResponse]


class HttpServer(socketserver.ThreadingTCPServer):
    """Takes its port on 127.0.0.1 at construction, but refuses connections until `start`.

    Args:
        port: 0 for any free one.

    Raises:
        OSError: the port cannot be had.
    """

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    answer: Answer
    refuse: Callable[[int, str], HttpResponse]
    max_body: int

    def __init__(self, port: int) -> None:
        self.stopping = False
        self._busy = 0
        self._quiet = threading.Condition()
        self._thread: threading.Thread | None = None
        super().__init__(("127.0.0.1", port), _Connection, bind_and_activate=False)
        try:
            self.server_bind()
        except OSError:
            self.server_close()
            raise

    @property
    def port(self) -> int:
        """Its port."""
        return int(self.server_address[1])

    def start(self, answer: Answer, *, max_body: int, refuse: Callable[[int, str], HttpResponse]) -> None:
        """Listen, and answer in threads.

        Args:
            answer: called in the connection's thread; must not raise.
            max_body: bytes; what is larger is not kept, and `answer` sees no body.
            refuse: makes the answer to what is not HTTP, from status and reason.

        Raises:
            OSError: somebody else began to listen on the port in the meantime.
        """
        self.answer, self.max_body, self.refuse = answer, max_body, refuse
        self.server_activate()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.1,), name=f"http-{self.port}", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Accept no more, and give requests that are being answered up to `timeout` seconds."""
        self.stopping = True
        if self._thread is not None:
            self.shutdown()
        self.server_close()
        with self._quiet:
            self._quiet.wait_for(lambda: self._busy == 0, timeout)

    def count(self, change: int) -> None:
        """Keep count of the requests being answered."""
        with self._quiet:
            self._busy += change
            self._quiet.notify_all()


class _Connection(socketserver.BaseRequestHandler):
    """One client's connection."""

    server: HttpServer
    request: socket.socket

    def handle(self) -> None:
        self.request.settimeout(_IDLE_TIMEOUT)
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=64 * 1024)
        try:
            while self._serve_one():
                self._http.start_next_cycle()
        except OSError:
            pass  # the client went away, or stayed silent for too long
        except h11.LocalProtocolError:
            logger.exception("a response broke off")

    def _serve_one(self) -> bool:
        """Answer one request; tells whether the connection can carry another."""
        try:
            head = self._next_event()
            if not isinstance(head, h11.Request):
                return False
            self.server.count(+1)
            try:
                body = self._body(head)
                request = HttpRequest(
                    head.method.decode("ascii"),
                    head.target.decode("latin-1"),
                    [(name.decode("ascii"), value.decode("latin-1")) for name, value in head.headers.raw_items()],
                    body,
                    str(self.client_address[0]),
                )
                self._send(self.server.answer(request), head_only=head.method == b"HEAD")
            finally:
                self.server.count(-1)
        except h11.RemoteProtocolError as error:
            if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                self._send(self.server.refuse(error.error_status_hint, str(error)), head_only=False)
            self._linger()
            return False
        if self._http.their_state is not h11.DONE:
            self._linger()
            return False
        return self._http.our_state is h11.DONE and not self.server.stopping

    def _body(self, head: h11.Request) -> bytes | None:
        length = next((int(value) for name, value in head.headers if name == b"content-length"), 0)
        if length > self.server.max_body:
            return None
        if self._http.they_are_waiting_for_100_continue:
            self.request.sendall(self._http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
        chunks: list[bytes] = []
        size = 0
        while isinstance(event := self._next_event(), h11.Data):
            size += len(event.data)
            if size > self.server.max_body:
                return None
            chunks.append(bytes(event.data))
        if not isinstance(event, h11.EndOfMessage):
            raise h11.RemoteProtocolError("the body ended early")
        return b"".join(chunks)

    def _next_event(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(self.request.recv(_READ_SIZE))
        return event

    def _send(self, response: HttpResponse, *, head_only: bool) -> None:
        names = {name.lower() for name, _ in response.headers}
        headers = list(response.headers)
        if "content-length" not in names and response.status not in (204, 304):
            length = len(response.body) if isinstance(response.body, bytes) else 0
            headers.append(("Content-Length", str(length)))
        headers.append(("Date", formatdate(usegmt=True)))
        if self._http.their_state is not h11.DONE or self.server.stopping:
            headers.append(("Connection", "close"))
        phrase = HTTPStatus(response.status).phrase if response.status in HTTPStatus._value2member_map_ else ""
        parts = [self._sent(h11.Response(status_code=response.status, headers=_encoded(headers), reason=phrase))]
        if not head_only and response.status not in (204, 304):
            for chunk in [response.body] if isinstance(response.body, bytes) else response.body:
                parts.append(self._sent(h11.Data(data=chunk)))
                if sum(map(len, parts)) > _READ_SIZE:
                    self.request.sendall(b"".join(parts))
                    parts.clear()
        parts.append(self._sent(h11.EndOfMessage()))
        self.request.sendall(b"".join(parts))

    def _sent(self, event: h11.Event) -> bytes:
        return self._http.send(event) or b""

    def _linger(self) -> None:
        """Read on for a while after an early answer: closing on unread bytes would throw the answer away."""
        self.request.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + _LINGER_SECONDS
        left = _LINGER_BYTES
        while left > 0 and (seconds := deadline - time.monotonic()) > 0:
            self.request.settimeout(seconds)
            received = len(self.request.recv(_READ_SIZE))
            if not received:
                return
            left -= received


def _encoded(headers: list[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("ascii"), value.encode("utf-8")) for name, value in headers]
