"""The routes about API tokens. HTTP only (docs/access.md, "Over HTTP")."""

from typing import TYPE_CHECKING

from chalice.app import Blueprint, Response

from chalicelib.lazy import Lazy
from chalicelib.web.request import Request, current_request
from chalicelib.web.responses import json_response

if TYPE_CHECKING:
    from chalicelib.apis.tokens import parameters, presenters, service
    from chalicelib.identity import Principal
    from chalicelib.web import authentication, bodies
else:
    authentication, bodies = Lazy("chalicelib.web.authentication"), Lazy("chalicelib.web.bodies")
    parameters, presenters = Lazy("chalicelib.apis.tokens.parameters"), Lazy("chalicelib.apis.tokens.presenters")
    service = Lazy("chalicelib.apis.tokens.service")

routes = Blueprint(__name__)


@routes.route("/tokens", methods=["GET"])
def list_tokens() -> Response:
    """All tokens, without what would let anybody use one; for superusers."""
    _, caller = _call()
    results = [presenters.entry(entry) for entry in service.entries(caller)]
    return json_response({"_response_info": {"status": "ok"}, "results": results})


@routes.route("/tokens", methods=["POST"])
def create_token() -> Response:
    """Make a principal with a token, which is shown this once: 201; for superusers."""
    request, caller = _call()
    service.demand_superuser(caller)
    token, entry = service.create(caller, parameters.wanted(bodies.json(request)))
    created = {"_response_info": {"status": "created"}, "token": token}
    return json_response({**created, **presenters.entry(entry)}, 201)


@routes.route("/tokens/self", methods=["GET"])
def show_caller() -> Response:
    """Who the caller is, and what they may do."""
    _, caller = _call()
    return json_response({"_response_info": {"status": "ok"}, **presenters.principal(caller)})


@routes.route("/tokens/{id}", methods=["DELETE"])
def revoke_token(id: str) -> Response:
    """Withdraw a token by its id, or a principal and all its tokens by its uid; for superusers."""
    _, caller = _call()
    return json_response({"_response_info": {"status": "success"}, "revoked": service.revoke(caller, id)})


def _call() -> "tuple[Request, Principal]":
    """The running request and its caller. Raises as `authentication.api_caller`."""
    request = current_request()
    return request, authentication.api_caller(request)
