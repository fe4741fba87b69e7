"""Events are those of a REST API with Lambda proxy integration; results become responses as API Gateway makes them."""

import base64
from typing import Any

import pytest

from infra.local.proxy import MalformedResult, http_response, proxy_event


def event(method: str = "GET", target: str = "/", headers: Any = (), body: bytes = b"", **options: Any) -> Any:
    return proxy_event(method, target, list(headers), body, **options)


def test_the_path_stays_as_it_was_sent() -> None:
    made = event(target="//government/uploads/a%2Fb%20c.pdf/?x=1")
    assert made["path"] == "//government/uploads/a%2Fb%20c.pdf/"
    assert made["resource"] == "/{proxy+}"
    assert made["pathParameters"] == {"proxy": "/government/uploads/a/b c.pdf/"}
    assert made["requestContext"]["resourcePath"] == "/{proxy+}"
    assert made["requestContext"]["path"] == "/local//government/uploads/a%2Fb%20c.pdf/"


def test_the_root_has_a_resource_of_its_own() -> None:
    made = event(target="/")
    assert made["resource"] == "/"
    assert made["pathParameters"] is None


def test_an_absolute_target_is_its_path() -> None:
    assert event(target="http://elsewhere.test/assets?x=1")["path"] == "/assets"
    assert event(target="http://elsewhere.test")["path"] == "/"


def test_the_query_comes_decoded_with_its_last_and_all_its_values() -> None:
    made = event(target="/x?a=1&a=2&b%20c=d+e%2B&empty=&bare")
    assert made["queryStringParameters"] == {"a": "2", "b c": "d e+", "empty": "", "bare": ""}
    assert made["multiValueQueryStringParameters"]["a"] == ["1", "2"]
    assert event(target="/x")["queryStringParameters"] is None


def test_headers_keep_their_names_and_all_their_values() -> None:
    made = event(headers=[("X-Thing", "1"), ("AUTH_TOKEN", "t"), ("X-Thing", "2"), ("Transfer-Encoding", "chunked")])
    assert made["headers"]["X-Thing"] == "2"
    assert made["multiValueHeaders"]["X-Thing"] == ["1", "2"]
    assert made["headers"]["AUTH_TOKEN"] == "t"
    assert "Transfer-Encoding" not in made["headers"]


def test_the_client_cannot_pretend_to_be_another_address() -> None:
    made = event(headers=[("X-Forwarded-For", "9.9.9.9"), ("x-forwarded-proto", "https")], source_ip="10.0.0.1")
    assert made["headers"]["X-Forwarded-For"] == "9.9.9.9, 10.0.0.1"
    assert made["headers"]["X-Forwarded-Proto"] == "http"
    assert made["requestContext"]["identity"]["sourceIp"] == "10.0.0.1"


def test_bodies_are_base64_and_an_empty_one_is_none() -> None:
    made = event("POST", body=b"\x00\xfftext")
    assert made["isBase64Encoded"] is True
    assert base64.b64decode(made["body"]) == b"\x00\xfftext"
    assert (event("POST")["body"], event("POST")["isBase64Encoded"]) == (None, False)


def test_every_event_has_a_request_id_of_its_own() -> None:
    made = event("PUT", headers=[("Host", "localhost:8000"), ("User-Agent", "curl")])
    context = made["requestContext"]
    assert context["requestId"] != event()["requestContext"]["requestId"]
    assert (context["httpMethod"], context["stage"], context["domainName"]) == ("PUT", "local", "localhost")
    assert context["identity"]["userAgent"] == "curl"


def test_binary_results_arrive_exactly() -> None:
    body = base64.b64encode(b"\x00\xff").decode()
    result = {"statusCode": 200, "headers": {"Content-Type": "image/png"}, "body": body, "isBase64Encoded": True}
    assert http_response(result) == (200, [("Content-Type", "image/png")], b"\x00\xff")


def test_headers_that_the_gateway_keeps_for_itself_are_renamed() -> None:
    names = ["WWW-Authenticate", "Date", "Server", "Connection", "ETag"]
    _, headers, _ = http_response({"statusCode": 401, "headers": dict.fromkeys(names, "x"), "body": ""})
    assert [name for name, _ in headers] == [
        "x-amzn-Remapped-WWW-Authenticate",
        "x-amzn-Remapped-Date",
        "x-amzn-Remapped-Server",
        "x-amzn-Remapped-Connection",
        "ETag",
        "Content-Type",
    ]


def test_single_and_multiple_headers_are_merged_without_repeating_a_pair() -> None:
    result = {
        "statusCode": 200,
        "headers": {"Set-Cookie": "a", "X": "1"},
        "multiValueHeaders": {"Set-Cookie": ["a", "b"]},
        "body": None,
    }
    _, headers, body = http_response(result)
    assert headers == [
        ("Set-Cookie", "a"),
        ("Set-Cookie", "b"),
        ("X", "1"),
        ("Content-Type", "application/json"),
    ]
    assert body == b""


@pytest.mark.parametrize(
    "result",
    [
        None,
        "text",
        {},
        {"statusCode": "many"},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "body": "not base64!", "isBase64Encoded": True},
        {"statusCode": 200, "headers": {"X": "a\r\nSet-Cookie: b"}},
    ],
)
def test_results_that_the_gateway_cannot_use_are_an_error(result: Any) -> None:
    with pytest.raises(MalformedResult):
        http_response(result)
