"""How answers leave: byte for byte, with headers nobody breaks out of, and errors that tell nothing internal."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from chalice.app import Response
from hypothesis import given
from hypothesis import strategies as st
from pynamodb.exceptions import GetError, PutError

from chalicelib.errors import Conflict
from chalicelib.web.responses import LARGEST_ANSWER, header_value, json_response, redirect
from tests.support.client import Client
from tests.web.sample import Trouble

EVERY_BYTE = bytes(range(256)) * 4
ACCEPTS = [None, "", "*/*", "text/html", "application/json", "image/png", "image/webp,*/*;q=0.8", "nonsense"]


def _accept(value: str | None) -> dict[str, Any]:
    return {"headers": {"Accept": value}} if value is not None else {"headers": {"Accept": []}}


@pytest.mark.parametrize("accept", ACCEPTS)
def test_bytes_leave_as_they_are_whatever_is_accepted(client: Client, accept: str | None) -> None:
    reply = client.get("/bytes", **_accept(accept))
    assert (reply.status, reply.body, reply.headers["Content-Type"]) == (200, EVERY_BYTE, "image/png")


@pytest.mark.parametrize("accept", ACCEPTS)
@pytest.mark.parametrize("content_type", ["image/png", "text/plain", "application/json", "application/octet-stream"])
def test_bytes_arrive_as_they_are_whatever_they_are_called(
    client: Client, accept: str | None, content_type: str
) -> None:
    options = _accept(accept)
    options["headers"]["Content-Type"] = content_type
    assert client.post("/echo", body=EVERY_BYTE, **options).body == EVERY_BYTE


@pytest.mark.parametrize(
    ("answer", "body", "content_type"),
    [
        ({"a": "é"}, '{"a":"é"}'.encode(), "application/json; charset=utf-8"),
        (None, b"", "application/json"),
        ("é", "é".encode(), "text/plain; charset=utf-8"),
        ([1, None], b"[1,null]", "application/json; charset=utf-8"),
        (json_response({"a": 1}, 201), b'{"a":1}', "application/json; charset=utf-8"),
        (Response(body=b"", status_code=204), b"", "application/json"),
        (Response(body={"a": 1}, headers={"content-type": "application/x"}), b'{"a":1}', "application/x"),
        (redirect("/x", body="<html>"), b"<html>", "text/html; charset=utf-8"),
        ("\ud800", b"?", "text/plain; charset=utf-8"),
    ],
)
def test_what_a_view_returns_is_told_as_it_should(
    client: Client, trouble: type[Trouble], answer: Any, body: bytes, content_type: str
) -> None:
    trouble.answer = answer
    reply = client.get("/trouble")
    assert (reply.body, reply.headers["Content-Type"]) == (body, content_type)


def test_an_answer_is_private_and_not_sniffed_unless_the_view_says_otherwise(
    client: Client, trouble: type[Trouble]
) -> None:
    reply = client.get("/assets/1")
    assert reply.headers["Cache-Control"] == "private, no-store"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get("/nope").headers["Cache-Control"] == "private, no-store"
    trouble.answer = json_response(1, headers={"cache-control": "max-age=60, public"})
    assert client.get("/trouble").headers.all("cache-control") == ["max-age=60, public"]


def test_a_header_may_have_several_values(client: Client, trouble: type[Trouble]) -> None:
    trouble.answer = json_response(1, headers={"Set-Cookie": ["a=1", "b=2\r\nX: y"]})
    assert client.get("/trouble").headers.all("Set-Cookie") == ["a=1", "b=2%0D%0AX: y"]


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("/a\r\nSet-Cookie: x=1", "/a%0D%0ASet-Cookie: x=1"),
        ("a\nb", "a%0Ab"),
        ("a\0b", "a%00b"),
        ("résumé", "r%C3%A9sum%C3%A9"),
        ("\u202egpj.exe", "%E2%80%AEgpj.exe"),
        ("\u2028", "%E2%80%A8"),
        ("a\x85b", "a%C2%85b"),
        ("\ud800", "%3F"),
        ('inline; filename="a b%20c"', 'inline; filename="a b%20c"'),
        ("a\tb", "a\tb"),
    ],
)
def test_a_header_cannot_be_broken_out_of(client: Client, trouble: type[Trouble], value: str, sent: str) -> None:
    trouble.answer = redirect(value)
    reply = client.get("/trouble")
    assert reply.status == 302
    assert reply.headers.all("Location") == [sent]


@given(st.text())
def test_every_header_value_is_printable_ascii(text: str) -> None:
    sent = header_value(text)
    assert all(" " <= character <= "~" or character == "\t" for character in sent)


def test_a_header_name_that_is_none_is_our_mistake(client: Client, trouble: type[Trouble]) -> None:
    trouble.answer = json_response(1, headers={"X-A\r\nX-B": "1"})
    assert client.get("/trouble").status == 500


def test_an_answer_that_lambda_would_refuse_is_a_500(client: Client, trouble: type[Trouble]) -> None:
    trouble.answer = Response(body=bytes(LARGEST_ANSWER))
    assert client.get("/trouble").status == 200
    trouble.answer = Response(body=bytes(LARGEST_ANSWER + 1))
    assert client.get("/trouble").status == 500


@pytest.mark.parametrize("error", [RuntimeError("secret-in-text"), KeyError("secret-in-text"), RecursionError()])
def test_the_unexpected_tells_nothing_internal_and_is_logged(
    client: Client, trouble: type[Trouble], log: list[dict[str, Any]], error: Exception
) -> None:
    trouble.error = error
    reply = client.get("/trouble")
    assert (reply.status, reply.json()) == (500, {"_response_info": {"status": "something went wrong on our side"}})
    assert "secret" not in str(reply.headers.pairs)
    [line] = [line for line in log if line["level"] == "ERROR"]
    assert line["exception_name"] == type(error).__name__
    assert "Traceback" in line["exception"]
    assert line["correlation_id"]


def test_an_unserialisable_answer_is_a_500(client: Client, trouble: type[Trouble]) -> None:
    for answer in ({"a": object()}, float("nan")):
        trouble.answer = answer
        assert client.get("/trouble").status == 500


def _client_error(code: str, **more: Any) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "internal detail"}, **more}
    return ClientError(response, "GetItem")


def _caused(by: Exception) -> Exception:
    error = RuntimeError("wrapped")
    error.__cause__ = by
    return error


@pytest.mark.parametrize(
    "error",
    [
        _client_error("ThrottlingException"),
        _client_error("SlowDown"),
        _client_error("ProvisionedThroughputExceededException"),
        _client_error("TransactionInProgressException"),
        _client_error(
            "TransactionCanceledException", CancellationReasons=[{"Code": "None"}, {"Code": "ThrottlingError"}]
        ),
        GetError("x", cause=_client_error("RequestLimitExceeded")),
        EndpointConnectionError(endpoint_url="http://internal.example"),
        ReadTimeoutError(endpoint_url="http://internal.example"),
        PutError("x", cause=ReadTimeoutError(endpoint_url="http://internal.example")),
        _caused(_client_error("ServiceUnavailable")),
    ],
    ids=repr,
)
def test_aws_being_busy_is_a_503_worth_repeating(client: Client, trouble: type[Trouble], error: Exception) -> None:
    trouble.error = error
    reply = client.get("/trouble")
    assert (reply.status, reply.headers["Retry-After"]) == (503, "1")
    assert b"internal" not in reply.body


@pytest.mark.parametrize(
    "error",
    [
        _client_error("AccessDenied"),
        _client_error("ResourceNotFoundException"),
        _client_error("TransactionCanceledException", CancellationReasons=[{"Code": "ConditionalCheckFailed"}]),
        _client_error("TransactionCanceledException"),
    ],
    ids=repr,
)
def test_aws_refusing_is_a_500(client: Client, trouble: type[Trouble], error: Exception) -> None:
    trouble.error = error
    assert client.get("/trouble").status == 500


def test_every_request_is_one_line_without_query_or_token(client: Client, log: list[dict[str, Any]]) -> None:
    client.get("/assets/x%0Ay?token=secret-one", headers={"Authorization": "Bearer secret-two", "Cookie": "c=secret-3"})
    [line] = log
    assert (line["method"], line["path"], line["status"]) == ("GET", "/assets/x%0Ay", 200)
    assert line["ms"] >= 0
    assert "secret" not in str(line)


def test_a_domain_error_is_no_noise_in_the_log(
    client: Client, trouble: type[Trouble], log: list[dict[str, Any]]
) -> None:
    trouble.error = Conflict()
    assert client.get("/trouble").status == 409
    assert [line["level"] for line in log] == ["INFO"]
