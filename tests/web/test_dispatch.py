"""Which view answers, what it is given, and what happens when there is none."""

import base64
import json
from typing import Any

import pytest
from chalice.app import Blueprint
from chalice.deploy.models import RestAPI
from chalice.deploy.swagger import TemplatedSwaggerGenerator
from chalice.deploy.validate import validate_route_content_types, validate_routes
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.web.application import VERBS, AssetManager
from chalicelib.web.routing import Router, conflicts
from infra.local.proxy import proxy_event
from tests.support.client import Client
from tests.web.sample import sample_app

ONE_ID = "597b098a759b743e0b759a96"
APP = sample_app()


@pytest.mark.parametrize(
    ("path", "filename"),
    [
        ("a.txt", "a.txt"),
        ("my%20file.txt", "my file.txt"),
        ("a+b.txt", "a+b.txt"),
        ("r%C3%A9sum%C3%A9.txt", "résumé.txt"),
        ("%2e%2e", ".."),
        ("..", ".."),
        ("a/./../b", "a/./../b"),
        ("a%2Fb", "a/b"),
        ("a%252Fb", "a%2Fb"),
        ("100%", "100%"),
        ("a//b///c", "a/b/c"),
        ("a.txt/", "a.txt"),
        ("a%0Ab", "a\nb"),
        ("%3Fq%23f", "?q#f"),
    ],
)
def test_each_segment_is_decoded_exactly_once(client: Client, path: str, filename: str) -> None:
    assert client.get(f"/media/{ONE_ID}/{path}").json() == {"id": ONE_ID, "filename": filename}


def test_an_encoded_slash_stays_inside_its_segment(client: Client) -> None:
    assert client.get("/assets/a%2Fb").json() == {"route": "variable", "id": "a/b"}
    assert client.get("/assets%2Fa").status == 404


@pytest.mark.parametrize("path", ["/assets/x", "//assets/x", "/assets//x", "/assets/x/", "///assets///x///"])
def test_slashes_are_folded_and_a_trailing_one_is_nothing(client: Client, path: str) -> None:
    assert client.get(path).json() == {"route": "variable", "id": "x"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/assets/special", {"route": "literal"}),
        ("/assets/%73pecial", {"route": "literal"}),
        ("/assets/special/1/deep", {"route": "deep", "id": "1"}),
        ("/assets/special/1/other", {"route": "greedy", "id": "special", "part": "1", "tail": "other"}),
        ("/assets/a/b/c/d", {"route": "greedy", "id": "a", "part": "b", "tail": "c/d"}),
    ],
)
def test_a_literal_beats_a_variable_beats_a_greedy_one_and_dead_ends_are_left(
    client: Client, path: str, expected: dict[str, str]
) -> None:
    assert client.get(path).json() == expected


@pytest.mark.parametrize("path", ["/", "/nope", "/media", f"/media/{ONE_ID}", "/assets/a/b", "/media/a%00b/c"])
def test_a_path_without_a_route_is_404(client: Client, path: str) -> None:
    reply = client.get(path)
    assert (reply.status, reply.json()) == (404, {"_response_info": {"status": "not found"}})


@pytest.mark.parametrize("path", ["/assets/%ff", "/assets/%c3%28", "/media/%ED%A0%80/x"])
def test_a_path_that_is_not_utf8_is_400(client: Client, path: str) -> None:
    assert client.get(path).status == 400


@pytest.mark.parametrize("method", ["DELETE", "POST", "PATCH", "BREW", "get", "TRACE", "CONNECT"])
def test_a_path_without_the_method_is_405_and_names_those_it_has(client: Client, method: str) -> None:
    reply = client.request(method, "/assets/1")
    assert reply.status == 405
    assert reply.headers["Allow"] == "GET, HEAD, OPTIONS, PUT"
    assert reply.json() == {"_response_info": {"status": "method not allowed"}}


def test_the_best_pattern_decides_the_methods(client: Client) -> None:
    assert client.put("/assets/special").status == 405


def test_options_tells_the_methods(client: Client) -> None:
    reply = client.request("OPTIONS", "/echo")
    assert (reply.status, reply.headers["Allow"], reply.body) == (204, "OPTIONS, POST, PUT", b"")
    assert client.request("OPTIONS", "/nope").status == 404


@pytest.mark.parametrize("path", ["/assets/1", "/bytes", "/nope", "/nothing"])
def test_head_is_get_without_the_body(client: Client, path: str) -> None:
    got, head = client.get(path), client.head(path)
    assert head.body == b""
    assert head.status == got.status
    headers = dict(head.headers)
    if got.status != 204:
        assert headers.pop("content-length") == str(len(got.body))
    assert headers == dict(got.headers)


def test_head_without_a_get_is_405(client: Client) -> None:
    reply = client.head("/echo")
    assert (reply.status, reply.body) == (405, b"")


def test_what_api_gateway_thinks_of_the_route_is_ignored() -> None:
    event = proxy_event("GET", "/assets/1", [], b"")
    event.update(resource="/media/{id}", pathParameters={"id": "2"})
    event["requestContext"]["resourcePath"] = "/media/{id}"
    assert _json(APP(event, None)) == {"route": "variable", "id": "1"}


def test_an_event_of_nulls_is_answered() -> None:
    event = {
        "httpMethod": "GET",
        "path": "/assets/1",
        "headers": None,
        "multiValueHeaders": None,
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": None,
        "body": None,
        "isBase64Encoded": None,
    }
    assert _json(APP(event, None)) == {"route": "variable", "id": "1"}
    assert _json(APP({"httpMethod": "GET", "path": "/assets/1"}, None)) == {"route": "variable", "id": "1"}


@pytest.mark.parametrize(
    "event", [None, [], "x", 1, {}, {"path": "/"}, {"path": 1, "httpMethod": "GET"}, {"Records": []}]
)
def test_an_event_that_is_no_request_is_a_500_in_shape(event: Any) -> None:
    answer = APP(event, None)
    assert answer["statusCode"] == 500
    assert _json(answer) == {"_response_info": {"status": "something went wrong on our side"}}


def test_a_blueprint_may_have_a_prefix_and_the_root_a_view() -> None:
    app = AssetManager("other")
    routes = Blueprint("other")

    @routes.route("/{name+}", methods=["GET"])
    def anything(name: str) -> Any:
        return name

    @app.route("/", methods=["GET"])
    def home() -> Any:
        return "home"

    app.register_blueprint(routes, url_prefix="/below")
    client = Client(app)
    assert client.get("/below/a/b%20c").text == "a/b c"
    assert client.get("/").text == "home"
    assert client.post("/").status == 405
    assert set(app.routes["/"]) == set(VERBS)


def test_middleware_stands_around_the_view() -> None:
    app = AssetManager("other")

    @app.middleware("http")
    def twice(request: Any, answer: Any) -> Any:
        return [answer(request), request.path]

    @app.route("/x/{id}")
    def view(id: str) -> Any:
        return id

    assert Client(app).get("/x/1").json() == ["1", "/x/{id}"]


def test_everything_is_packaged_so_that_api_gateway_hands_it_over() -> None:
    for path in ("/", "/{proxy+}"):
        assert list(APP.routes[path]) == ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    validate_routes(APP.routes)
    validate_route_content_types(APP.routes, APP.api.binary_types)
    swagger = TemplatedSwaggerGenerator().generate_swagger(APP, _rest_api())
    assert swagger["x-amazon-apigateway-binary-media-types"] == ["*/*"]
    parameters = swagger["paths"]["/media/{id}/{filename+}"]["get"]["parameters"]
    assert [one["name"] for one in parameters] == ["id", "filename"]
    assert set(swagger["paths"]["/{proxy+}"]) == {verb.lower() for verb in VERBS}


def test_patterns_that_cannot_work_are_refused_at_first_use() -> None:
    for pattern in ("/a/{x+}/b", "/a/b{x}", "/{x"):
        with pytest.raises(ValueError, match="variable must"):
            Router({pattern: {}})


def test_two_names_at_one_position_are_found() -> None:
    assert conflicts(["/a/{x}", "/a/{x}/b", "/c/{y}", "/a/{x+}"]) == []
    assert len(conflicts(["/a/{x}", "/a/{y}/b"])) == 1
    assert len(conflicts(["/a/{x+}", "/a/{y+}"])) == 1


@given(st.text(), st.sampled_from([*VERBS, "BREW", ""]))
@example("\ud800", "GET")
@example("%00", "GET")
@example("/" * 5000, "GET")
@example("/a" * 5000, "GET")
def test_no_path_breaks_it(path: str, method: str) -> None:
    for prefix in ("", "/", "/media/", "/api/projectassets/", "/assetmanager/", "/s3/"):
        answer = APP({**proxy_event(method, "/", [], b""), "path": prefix + path}, None)
        assert answer["statusCode"] in (200, 204, 400, 404, 405)
        json.dumps(answer)


@given(st.dictionaries(st.text(), st.none() | st.text() | st.integers() | st.lists(st.text() | st.none())), st.text())
def test_no_junk_in_an_event_raises(junk: dict[str, Any], text: str) -> None:
    event = {
        "httpMethod": "POST",
        "path": "/parameters",
        "headers": junk,
        "multiValueHeaders": junk,
        "multiValueQueryStringParameters": junk,
        "requestContext": junk,
        "body": text,
        "isBase64Encoded": bool(junk),
    }
    assert APP(event, None)["statusCode"] in (200, 400, 413, 415)


def _json(answer: dict[str, Any]) -> Any:
    return json.loads(base64.b64decode(answer["body"]))


def _rest_api() -> Any:
    missing: Any = None
    return RestAPI(
        resource_name="rest_api",
        swagger_doc={},
        minimum_compression="",
        endpoint_type="REGIONAL",
        api_gateway_stage="api",
        xray=False,
        lambda_function=missing,
    )
