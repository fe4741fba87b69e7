"""The upload routes, in the contract of Uppy's S3 plug-in. HTTP only (docs/apis/uploads.md)."""

from typing import TYPE_CHECKING

from chalice.app import Blueprint, Response

from chalicelib.errors import MalformedRequest, MethodNotAllowed
from chalicelib.lazy import Lazy
from chalicelib.web.request import Request, current_request
from chalicelib.web.responses import json_response

if TYPE_CHECKING:
    from chalicelib.apis.uploads import parameters, presenters, service
    from chalicelib.identity import Principal
    from chalicelib.web import authentication, bodies
else:
    authentication, bodies = Lazy("chalicelib.web.authentication"), Lazy("chalicelib.web.bodies")
    parameters, presenters = Lazy("chalicelib.apis.uploads.parameters"), Lazy("chalicelib.apis.uploads.presenters")
    service = Lazy("chalicelib.apis.uploads.service")

routes = Blueprint(__name__)


@routes.route("/s3/params", methods=["GET"])
def begin_single() -> Response:
    """A form for a file of up to 5 GiB."""
    request, caller = _call()
    form = service.begin_single(caller, parameters.announced_in_query(request.query_params))
    return json_response(presenters.form(form, seconds=service.lifetime()))


@routes.route("/s3/params", methods=["HEAD"])
def describe_single() -> Response:
    """Nothing: a HEAD must not begin an upload, as it would by way of the GET.

    Raises:
        MethodNotAllowed
    """
    _call()
    raise MethodNotAllowed(details=["GET"])


@routes.route("/s3/multipart", methods=["POST"])
def begin_in_parts() -> Response:
    """Begin an upload in parts."""
    request, caller = _call()
    return json_response(
        presenters.begun(service.begin_in_parts(caller, parameters.announced_in_json(bodies.json(request))))
    )


@routes.route("/s3/multipart/{id}", methods=["GET"])
def list_parts(id: str) -> Response:
    """The parts that have arrived."""
    request, caller = _call()
    return json_response(presenters.listing(service.parts(caller, _query(request, "key"), id)))


@routes.route("/s3/multipart/{id}/{part}", methods=["GET"])
def sign_part(id: str, part: str) -> Response:
    """Where one part goes."""
    request, caller = _call()
    number = parameters.part_number(part)
    urls = service.sign(caller, _query(request, "key"), id, [number])
    return json_response(presenters.part(urls[number], seconds=service.lifetime()))


@routes.route("/s3/multipart/{id}/batch", methods=["GET"])
def sign_parts(id: str) -> Response:
    """Where several parts go."""
    request, caller = _call()
    numbers = parameters.part_numbers(_query(request, "partNumbers"))
    urls = service.sign(caller, _query(request, "key"), id, numbers)
    return json_response(presenters.batch(urls, seconds=service.lifetime()))


@routes.route("/s3/multipart/{id}/complete", methods=["POST"])
def complete(id: str) -> Response:
    """Put the parts together."""
    request, caller = _call()
    named = parameters.named_parts(bodies.json(request))
    return json_response(presenters.completed(service.complete(caller, _query(request, "key"), id, named)))


@routes.route("/s3/multipart/{id}", methods=["DELETE"])
def abort(id: str) -> Response:
    """Give the upload up."""
    request, caller = _call()
    service.abort(caller, _query(request, "key"), id)
    return json_response({})


def _call() -> "tuple[Request, Principal]":
    """The running request and its caller, who must be signed in.

    Raises:
        NotFound: the request is not for the API's host.
        Unauthenticated, InvalidToken, Forbidden
    """
    request = current_request()
    return request, authentication.api_caller(request)


def _query(request: Request, name: str) -> str:
    value = request.query_params.get(name)
    if not value:
        raise MalformedRequest(f"the query parameter {name} is missing")
    return str(value)
