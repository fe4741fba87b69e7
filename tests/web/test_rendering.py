"""Every API tells every error in its own shape."""

from typing import Any

import pytest

from chalicelib import errors
from chalicelib.web.rendering import render
from chalicelib.web.request import Request
from tests.support.client import Client
from tests.web.sample import Trouble


class PreconditionFailed(errors.AssetManagerError):
    """As an API may declare one of its own."""

    code, status, message = "precondition", 412, "Last-Modified precondition failed"


ALL = [
    errors.MalformedRequest,
    errors.Unauthenticated,
    errors.InvalidToken,
    errors.Forbidden,
    errors.NotFound,
    errors.MethodNotAllowed,
    errors.Conflict,
    PreconditionFailed,
    errors.Gone,
    errors.BodyTooLarge,
    errors.UnsupportedMediaType,
    errors.RangeNotSatisfiable,
    errors.QuotaExceeded,
    errors.ValidationFailed,
    errors.AssetManagerError,
    errors.Busy,
]
GOVUK = ["/assets", "/media/1/a", "/", "/nope", "/apis/projectassets", "/healthcheck/live"]
STORES = ["/api", "/api/list", "/api/s1/p1/meta/a", "/s3/params", "/stores/s1", "/api/projectassetsx"]
PROJECTASSETS = ["/api/projectassets", "/api/projectassets/1/addasset", "/api/ping", "/api/%70roductions/1"]
WORKSPACES = ["/assetmanager/workspaces", "/contentbrowser/x"]


def told(error: errors.AssetManagerError, path: str, method: str = "GET", content_type: str = "") -> tuple[Any, Any]:
    request = Request({"httpMethod": method, "path": path, "headers": {"Content-Type": content_type}})
    request.decode_path()
    response = render(error, request)
    assert response.status_code == error.status
    import json

    return json.loads(response.body), response.headers


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_error_has_a_body_in_every_shape(kind: type[errors.AssetManagerError]) -> None:
    for path in GOVUK:
        body, _ = told(kind(), path)
        assert list(body) == (["message"] if kind().status == 401 else ["_response_info"])
    for path in STORES:
        body, _ = told(kind(), path)
        assert list(body) == ["title", "description"]
        assert all(isinstance(text, str) and text for text in body.values())
    for path in PROJECTASSETS:
        body, _ = told(kind(), path)
        [one] = body["errors"]
        assert one["status"] == str(kind().status)
        assert all(isinstance(one[key], str) and one[key] for key in ("code", "detail", "title"))
    for path in WORKSPACES:
        body, _ = told(kind(), path)
        assert isinstance(body, str)
        assert body


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.NotFound(), "not found"),
        (errors.NotFound("there is no such asset"), "not found"),
        (errors.Gone(), "gone"),
        (errors.Forbidden(), "Forbidden. You don't have permission to access this resource."),
        (errors.ValidationFailed(details=["File can't be blank", "b"]), ["File can't be blank", "b"]),
        (errors.ValidationFailed(), ["validation failed"]),
        (errors.MalformedRequest("the form has more than 1000 fields"), "the form has more than 1000 fields"),
    ],
)
def test_govuk_sentences_are_those_of_the_specification(error: errors.AssetManagerError, status: Any) -> None:
    assert told(error, "/assets/1")[0] == {"_response_info": {"status": status}}


def test_govuk_401_challenges_as_the_specification_says() -> None:
    body, headers = told(errors.InvalidToken(), "/assets")
    assert body == {"message": "Bearer token does not appear to be valid"}
    assert headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    _, headers = told(errors.Unauthenticated(), "/assets")
    assert headers["WWW-Authenticate"] == 'Bearer error="invalid_request"'


@pytest.mark.parametrize("path", [GOVUK[0], STORES[0], PROJECTASSETS[0], WORKSPACES[0]])
def test_413_names_the_upload_route(path: str) -> None:
    assert "/s3/params" in str(told(errors.BodyTooLarge(), path)[0])


def test_stores_errors_have_title_and_description() -> None:
    assert told(errors.InvalidToken(), "/api/list")[0] == {
        "title": "Access token required",
        "description": "Please provide a valid access token as part of the request.",
    }
    own = errors.NotFound("The provided store 's' is invalid", details=["The store may not exist"])
    assert told(own, "/api/s")[0] == {
        "title": "The provided store 's' is invalid",
        "description": "The store may not exist",
    }


@pytest.mark.parametrize(
    ("error", "code", "detail", "title"),
    [
        (
            errors.Unauthenticated(),
            "not_authenticated",
            "Authentication credentials were not provided.",
            "Unauthorized",
        ),
        (errors.InvalidToken(), "authentication_failed", "Invalid token.", "Unauthorized"),
        (errors.InvalidToken("spaces"), "authentication_failed", "spaces", "Unauthorized"),
        (
            errors.Forbidden(),
            "permission_denied",
            "You do not have permission to perform this action.",
            "Forbidden",
        ),
        (
            errors.MethodNotAllowed(details=["GET"]),
            "method_not_allowed",
            'Method "PATCH" not allowed.',
            "Method Not Allowed",
        ),
        (
            errors.UnsupportedMediaType(),
            "unsupported_media_type",
            'Unsupported media type "text/{x}" in request.',
            "Unsupported Media Type",
        ),
        (errors.AssetManagerError(), "internal_error", "something went wrong on our side", "Internal Server Error"),
    ],
)
def test_projectassets_errors_are_those_of_the_specification(
    error: errors.AssetManagerError, code: str, detail: str, title: str
) -> None:
    body, headers = told(error, "/api/projectassets/1", "PATCH", "text/{x}")
    assert body == {"errors": [{"status": str(error.status), "code": code, "detail": detail, "title": title}]}
    assert headers.get("WWW-Authenticate") == ("Token" if error.status == 401 else None)


def test_projectassets_list_every_validation_error() -> None:
    body, _ = told(errors.ValidationFailed(details=["a", "b"]), "/api/projectassets")
    assert [(one["detail"], one["title"]) for one in body["errors"]] == [
        ("a", "Validation Error"),
        ("b", "Validation Error"),
    ]


def test_workspaces_errors_are_bare_strings() -> None:
    assert told(errors.NotFound("Asset(s) not found, /assets/x"), "/assetmanager/x")[0] == (
        "Asset(s) not found, /assets/x"
    )
    assert told(errors.ValidationFailed(details=["a", "b"]), "/assetmanager/x")[0] == "a,b"
    assert told(errors.AssetManagerError(), "/contentbrowser/x")[0] == (
        '"content browser" encoutered an unexpected failure: something went wrong on our side'
    )


def test_headers_go_with_their_errors() -> None:
    assert told(errors.MethodNotAllowed(details=["GET", "HEAD"]), "/x")[1]["Allow"] == "GET, HEAD"
    assert told(errors.RangeNotSatisfiable(details=["12"]), "/x")[1]["Content-Range"] == "bytes */12"
    assert told(errors.Busy(), "/x")[1]["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("path", "missing", "wrong_method", "unexpected"),
    [
        (
            "/api/s1",
            {"title": "Not Found", "description": "not found"},
            {"title": "Method Not Allowed", "description": "method not allowed"},
            {"title": "Internal Server Error", "description": "something went wrong on our side"},
        ),
        (
            "/assetmanager",
            "not found",
            "method not allowed",
            '"asset manager" encoutered an unexpected failure: something went wrong on our side',
        ),
    ],
)
def test_the_web_layers_own_errors_come_in_the_shape_of_the_path(
    client: Client, path: str, missing: Any, wrong_method: Any, unexpected: Any
) -> None:
    assert client.get(f"{path}/nope/nope/nope").json() == missing
    assert client.post(f"{path}/only-get").json() == wrong_method
    assert client.get(f"{path}/only-get").json() == unexpected


def test_projectassets_get_their_shape_for_404_405_and_500(client: Client, trouble: type[Trouble]) -> None:
    statuses = []
    for method, path in (("GET", "nope/x"), ("PUT", "only-get"), ("GET", "only-get"), ("GET", "%ff")):
        reply = client.request(method, f"/api/projectassets/{path}")
        [one] = reply.json()["errors"]
        assert one["status"] == str(reply.status)
        statuses.append(reply.status)
    assert statuses == [404, 405, 500, 400]
