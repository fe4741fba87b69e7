"""The routes of the OVE API for logging in and for users. HTTP only (docs/apis/stores.md, "Users")."""

from typing import TYPE_CHECKING

from chalice.app import Blueprint, Response

from chalicelib.errors import NotFound
from chalicelib.lazy import Lazy
from chalicelib.web.hosts import Host, host_of
from chalicelib.web.request import Request, current_request
from chalicelib.web.responses import json_response

if TYPE_CHECKING:
    from chalicelib.apis.stores import parameters, people
    from chalicelib.identity import Principal
else:
    parameters, people = Lazy("chalicelib.apis.stores.parameters"), Lazy("chalicelib.apis.stores.people")

routes = Blueprint(__name__)

_OK = {"result": "OK"}


@routes.route("/api/auth", methods=["POST"])
def log_in() -> Response:
    """A token for `user` and `password`; the one route that asks nobody who they are."""
    request = current_request()
    if host_of(request) is not Host.API:
        raise NotFound
    parameters.demand_readable(request)
    token = people.log_in(parameters.json_object(request))
    if token is None:
        return json_response({"token": None}, 401, {"WWW-Authenticate": "Bearer"})
    return json_response({"token": token})


@routes.route("/api/user", methods=["GET"])
def show_users() -> Response:
    """All users, or the one that `user` names; for administrators."""
    request, caller = _call()
    name = request.query_params.get("user")
    if name is not None:
        return json_response(people.shown(people.find(caller, name)))
    return json_response([people.shown(user) for user in people.everybody(caller)])


@routes.route("/api/user", methods=["POST"])
def add_user() -> Response:
    """Make a user; for administrators."""
    request, caller = _call()
    people.add(caller, parameters.json_object(request))
    return json_response(_OK)


@routes.route("/api/user", methods=["PATCH"])
def change_user() -> Response:
    """Change a user; for administrators."""
    request, caller = _call()
    people.change(caller, parameters.json_object(request))
    return json_response(_OK)


@routes.route("/api/user", methods=["DELETE"])
def remove_user() -> Response:
    """End a user; for administrators."""
    request, caller = _call()
    people.remove(caller, parameters.json_object(request))
    return json_response(_OK)


@routes.route("/api/user/info", methods=["GET"])
def show_caller() -> Response:
    """The caller's own record."""
    _, caller = _call()
    return json_response(people.shown(caller))


@routes.route("/api/user/groups", methods=["GET"])
def show_groups() -> Response:
    """Every group that a user has."""
    _call()
    return json_response(people.groups())


def _call() -> "tuple[Request, Principal]":
    """The running request and its caller. Raises as `parameters.caller`."""
    request = current_request()
    return request, parameters.caller(request)
