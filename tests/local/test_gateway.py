"""The local gateway over real sockets, in front of an app that tells what it was given."""

import base64
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.gateway import MAX_REQUEST, Gateway
from infra.local.server import HttpServer
from infra.template import Template

MEBIBYTE = 1024 * 1024


class Echo:
    """Stands for the app: answers with the event it got, or with the result that a test put here."""

    def __init__(self) -> None:
        self.result: Any = None
        self.entered = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.go_on.set()

    def __call__(self, event: dict[str, Any], context: Any) -> Any:
        assert context.get_remaining_time_in_millis() > 0
        self.entered.release()
        self.go_on.wait(10)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result or {"statusCode": 200, "body": json.dumps(event)}


@pytest.fixture
def app() -> Echo:
    return Echo()


@pytest.fixture
def server(app: Echo) -> Iterator[HttpServer]:
    server = HttpServer(0)
    gateway = Gateway(app)  # type: ignore[arg-type]
    server.start(gateway, max_body=MAX_REQUEST, refuse=gateway.bad_request)
    yield server
    app.go_on.set()
    server.stop()


def raw(server: HttpServer, *parts: bytes) -> bytes:
    """Send bytes and read until the server closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        for part in parts:
            connection.sendall(part)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return received


def get(server: HttpServer, target: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.putrequest("GET", target, skip_host=True)
    connection.putheader("Host", "localhost")
    connection.endheaders()
    response = connection.getresponse()
    return response, response.read()


def test_the_target_reaches_the_app_as_sent(server: HttpServer) -> None:
    answer = raw(server, b"GET //a/%2Fb%20c//?q=%20 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    event = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert event["path"] == "//a/%2Fb%20c//"
    assert event["queryStringParameters"] == {"q": " "}


def test_headers_with_underscores_and_repeated_ones_reach_the_app(server: HttpServer) -> None:
    answer = raw(server, b"GET / HTTP/1.1\r\nHost: x\r\nAUTH_TOKEN: t\r\nX-A: 1\r\nx-a: 2\r\nConnection: close\r\n\r\n")
    event = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert event["headers"]["AUTH_TOKEN"] == "t"
    assert (event["multiValueHeaders"]["X-A"], event["multiValueHeaders"]["x-a"]) == (["1"], ["2"])


def test_a_chunked_body_arrives_whole(server: HttpServer) -> None:
    head = b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    answer = raw(server, head, b"3\r\nabc\r\n", b"4;x=y\r\n\x00\xff\r\n\r\n", b"0\r\n\r\n")
    event = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert base64.b64decode(event["body"]) == b"abc\x00\xff\r\n"


def test_a_client_that_asks_first_is_told_to_go_on(server: HttpServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"abc")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_a_head_answer_has_the_length_the_app_gave_and_no_body(app: Echo, server: HttpServer) -> None:
    app.result = {"statusCode": 200, "headers": {"Content-Length": "1234"}, "body": ""}
    answer = raw(server, b"HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Content-Length: 1234" in head
    assert body == b""


def test_the_length_of_any_other_answer_is_counted_and_not_believed(app: Echo, server: HttpServer) -> None:
    app.result = {"statusCode": 200, "headers": {"Content-Length": "1234"}, "body": "four"}
    response, body = get(server, "/x")
    assert response.headers.get_all("Content-Length") == ["4"]
    assert body == b"four"


@pytest.mark.parametrize("status", [204, 304])
def test_answers_without_a_body_say_nothing_of_its_length(app: Echo, server: HttpServer, status: int) -> None:
    app.result = {"statusCode": status, "headers": {"ETag": '"a"'}, "body": ""}
    response, body = get(server, "/x")
    assert (response.status, response.headers["ETag"], body) == (status, '"a"', b"")
    assert "Content-Length" not in response.headers


def test_a_connection_carries_many_requests(server: HttpServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    local = None
    for number in range(5):
        connection.request("POST", f"/{number}", body=b"x" * number)
        assert json.loads(connection.getresponse().read())["path"] == f"/{number}"
        assert local in (None, connection.sock.getsockname())
        local = connection.sock.getsockname()


def too_large() -> dict[str, Any]:
    body: dict[str, Any] = json.loads(Template().gateway_response("REQUEST_TOO_LARGE")[1])
    return body


@pytest.mark.parametrize("size", [5 * MEBIBYTE, MAX_REQUEST, MAX_REQUEST + 1, 20 * MEBIBYTE])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_what_aws_would_not_take_gets_the_templates_answer(server: HttpServer, size: int, chunked: bool) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    body = (bytes(MEBIBYTE) for _ in range(size // MEBIBYTE + 1)) if chunked else bytes(size)
    connection.request("POST", "/assets", body=body, encode_chunked=chunked)
    response = connection.getresponse()
    assert response.status == 413
    assert json.loads(response.read()) == too_large()


def test_a_body_just_below_what_lambda_takes_reaches_the_app(app: Echo, server: HttpServer) -> None:
    app.result = {"statusCode": 200, "body": "taken"}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("POST", "/assets", body=bytes(4 * MEBIBYTE + 400 * 1024))
    assert connection.getresponse().read() == b"taken"


@pytest.mark.parametrize(
    "result",
    [
        RuntimeError("inside"),
        {"no": "status"},
        {"statusCode": 200, "body": base64.b64encode(bytes(5 * MEBIBYTE)).decode(), "isBase64Encoded": True},
    ],
    ids=["raises", "malformed", "too large"],
)
def test_what_lambda_cannot_return_is_a_502_that_tells_nothing(app: Echo, server: HttpServer, result: Any) -> None:
    app.result = result
    response, body = get(server, "/x")
    assert response.status == 502
    assert json.loads(body).keys() == {"_response_info", "title", "description", "errors"}
    assert b"inside" not in body


def test_a_method_that_is_not_declared_never_reaches_the_app(app: Echo, server: HttpServer) -> None:
    answer = raw(server, b"BREW /pot HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["title"] == "Method Not Allowed"
    assert not app.entered.acquire(blocking=False)


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nBad Header: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: " + b"a" * 10_300 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000,
    ],
    ids=["no request line", "raw bytes", "length", "header", "chunk", "long header", "endless header"],
)
def test_what_is_not_http_is_refused_and_never_reaches_the_app(app: Echo, server: HttpServer, sent: bytes) -> None:
    answer = raw(server, sent)
    assert answer.split(b" ")[1] in (b"400", b"431")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["_response_info"]["status"]
    assert not app.entered.acquire(blocking=False)


def test_a_body_that_ends_early_never_reaches_the_app(app: Echo, server: HttpServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1000).startswith(b"HTTP/1.1 400 ")
    assert not app.entered.acquire(blocking=False)


def test_64_clients_at_once_see_only_their_own_answers(app: Echo, server: HttpServer) -> None:
    app.go_on.clear()
    wrong: list[Any] = []

    def call(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        for turn in range(4):
            connection.request("POST", f"/{number}/{turn}?n={number}", body=str(number) * 100)
            event = json.loads(connection.getresponse().read())
            own = (f"/{number}/{turn}", {"n": str(number)}, str(number) * 100)
            seen = (event["path"], event["queryStringParameters"], base64.b64decode(event["body"]).decode())
            if seen != own:
                wrong.append((own, seen))

    threads = [threading.Thread(target=call, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for _ in threads:  # all of them are inside the app at the same time
        assert app.entered.acquire(timeout=10)
    app.go_on.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_stopping_lets_an_answer_be_finished_and_accepts_nothing_new(app: Echo, server: HttpServer) -> None:
    app.go_on.clear()
    answers: list[int] = []
    caller = threading.Thread(target=lambda: answers.append(get(server, "/slow")[0].status))
    caller.start()
    assert app.entered.acquire(timeout=10)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    time.sleep(0.3)
    assert stopping.is_alive()
    app.go_on.set()
    stopping.join(10)
    caller.join(10)
    assert answers == [200]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=5)


def test_a_taken_port_refuses_connections_until_the_server_starts(app: Echo) -> None:
    server = HttpServer(0)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=5)
    server.server_close()


def test_a_port_that_somebody_listens_on_cannot_be_taken(server: HttpServer) -> None:
    with pytest.raises(OSError, match="in use"):
        HttpServer(server.port)
