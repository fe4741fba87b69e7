"""A small app with every kind of route, for the tests of the web layer."""

import time
from typing import Any

from chalice.app import Blueprint, Response

from chalicelib.errors import AssetManagerError
from chalicelib.web import authentication, bodies
from chalicelib.web.application import AssetManager
from chalicelib.web.request import current_request
from chalicelib.web.responses import empty, json_response


class Trouble:
    """What the view at /trouble raises or answers next."""

    error: BaseException | None = None
    answer: Any = None


def sample_app() -> AssetManager:
    """A new app. Views answer with what they were given."""
    app = AssetManager("sample")
    routes = Blueprint(__name__)

    @routes.route("/assets/{id}", methods=["GET", "PUT"])
    def asset(id: str) -> Any:
        return {"route": "variable", "id": id}

    @routes.route("/assets/special", methods=["GET"])
    def special() -> Any:
        return {"route": "literal"}

    @routes.route("/assets/special/{id}/deep", methods=["GET"])
    def deep(id: str) -> Any:
        return {"route": "deep", "id": id}

    @routes.route("/assets/{id}/{part}/{tail+}", methods=["GET"])
    def parts(id: str, part: str, tail: str) -> Any:
        return {"route": "greedy", "id": id, "part": part, "tail": tail}

    @routes.route("/media/{id}/{filename+}", methods=["GET"])
    def media(id: str, filename: str) -> Any:
        return {"id": id, "filename": filename}

    @routes.route("/echo", methods=["POST", "PUT"])
    def echo() -> Response:
        request = current_request()
        content_type = request.headers.get("content-type", "application/octet-stream")
        return Response(body=bodies.body(request), headers={"Content-Type": content_type})

    @routes.route("/bytes", methods=["GET"])
    def every_byte() -> Response:
        return Response(body=bytes(range(256)) * 4, headers={"Content-Type": "image/png"})

    @routes.route("/parameters", methods=["POST", "DELETE"])
    def parameters() -> Response:
        return json_response(_shown(bodies.parameters(current_request())))

    @routes.route("/json", methods=["POST"])
    def any_json() -> Response:
        return json_response(bodies.json(current_request()))

    @routes.route("/whoami", methods=["GET"])
    def whoami() -> Response:
        return json_response({"uid": authentication.principal(current_request()).uid})

    @routes.route("/own/{number}", methods=["POST"])
    def own(number: str) -> Response:
        before = _seen(app)
        time.sleep(0.002)
        return json_response({"number": number, "before": before, "after": _seen(app)})

    @routes.route("/trouble", methods=["GET", "POST"])
    def trouble() -> Any:
        if Trouble.error is not None:
            raise Trouble.error
        return Trouble.answer

    @routes.route("/nothing", methods=["GET", "DELETE"])
    def nothing() -> Response:
        return empty(204)

    for name, prefix in (("stores", "/api/{store_id}"), ("project", "/api/projectassets"), ("space", "/assetmanager")):
        routes.route(f"{prefix}/only-get", methods=["GET"], name=name)(_refuse)
    app.register_blueprint(routes)
    return app


def _refuse(**_: str) -> Any:
    raise Trouble.error or AssetManagerError()


def _shown(value: Any) -> Any:
    if isinstance(value, bodies.UploadedFile):
        return {"filename": value.filename, "content_type": value.content_type, "content": value.content.hex()}
    if isinstance(value, dict):
        return {key: _shown(inner) for key, inner in value.items()}
    return [_shown(inner) for inner in value] if isinstance(value, list) else value


def _seen(app: AssetManager) -> list[Any]:
    request = app.current_request
    assert request is not None
    assert request is current_request()
    return [
        request.segments[-1],
        request.headers["x-number"],
        request.query_params["number"],
        request.raw_body.decode(),
        app.lambda_context.number,
    ]
