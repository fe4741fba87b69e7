"""A server on 127.0.0.1 that answers AWS calls from a recording, one answer after the other.

As `Player` it speaks HTTP for other processes, from a thread of this one. As `players` it has a process of its own, so
that its CPU is in nobody's figures, and speaks TLS under the names of AWS, so that clients in this process make every
call as they would there: same host names, same bytes, over connections that are kept open.
"""

import http.client
import http.server
import multiprocessing
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from unittest import mock

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Answer = tuple[int, dict[str, Any], bytes]
"""Status, headers, and body of an answer."""

_LENGTHS = ("content-length", "transfer-encoding", "connection")


class Player:
    """The server, in a thread of this process for as long as the block runs.

    Args:
        context: how it speaks TLS; without one it speaks HTTP.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._answers: Sequence[Answer] = ()
        self._position = 0
        player = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self) -> None:
                _read_body(self)
                self.wfile.write(player._next(self.command == "HEAD"))

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer  # noqa: N815

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port

    def __enter__(self) -> "Player":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def play(self, answers: Sequence[Answer]) -> None:
        """Give these answers from now on, and after the last the first again."""
        self._answers, self._position = answers, 0

    def _next(self, head: bool) -> bytes:
        status, headers, body = self._answers[self._position % len(self._answers)]
        self._position += 1
        kept = {name: value for name, value in headers.items() if name.lower() not in _LENGTHS}
        told = next((value for name, value in headers.items() if head and name.lower() == "content-length"), len(body))
        lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, '')}", f"Content-Length: {told}"]
        lines += [f"{name}: {value}" for name, value in kept.items()]
        return "\r\n".join([*lines, "", ""]).encode() + (b"" if head else body)


def _read_body(request: http.server.BaseHTTPRequestHandler) -> None:
    if request.headers.get("Transfer-Encoding", "").lower() != "chunked":
        request.rfile.read(int(request.headers.get("Content-Length") or 0))
        return
    while size := int(request.rfile.readline().split(b";")[0], 16):
        request.rfile.read(size + 2)
    while request.rfile.readline().strip():
        pass


class Players:
    """What leads the server in the other process."""

    def __init__(self, port: int, told: Connection) -> None:
        self._port, self._told = port, told

    @contextmanager
    def playing(self, answers: Sequence[Answer]) -> Iterator[None]:
        """Have every connection lead to the server while the block runs, and these answers come from it in turn."""
        self._told.send(list(answers))
        self._told.recv()
        connect = socket.create_connection

        def connected(_: tuple[str, int], *args: Any, **kwargs: Any) -> socket.socket:
            timeout = args[0] if args else kwargs.get("timeout")
            found = connect(("127.0.0.1", self._port), timeout if isinstance(timeout, int | float) else None)
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return found

        with mock.patch("urllib3.util.connection.create_connection", connected):
            yield


@contextmanager
def players(names: Sequence[str]) -> Iterator[tuple[Players, Path]]:
    """The server in a process of its own, with a certificate for these host names (`*.` for any first label).

    Yields:
        What leads it, and the file of the authority that clients have to trust.
    """
    with tempfile.TemporaryDirectory() as folder:
        certificate = Path(folder, "certificate.pem")
        private = _write_certificate(names, certificate)
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        child = context.Process(target=_serve, args=(theirs, str(certificate), str(private)))
        child.start()
        theirs.close()
        try:
            yield Players(ours.recv(), ours), certificate
        finally:
            ours.close()
            child.join()


def _serve(told: Connection, certificate: str, private: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    with Player(context) as player:
        told.send(player.port)
        while True:
            try:
                player.play(told.recv())
            except EOFError:
                return
            told.send(None)


def _write_certificate(names: Sequence[str], certificate: Path) -> Path:
    """Write a certificate that vouches for itself. Returns the file of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the bench")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = certificate.with_name("key.pem")
    unencrypted = serialization.NoEncryption()
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unencrypted))
    return private
