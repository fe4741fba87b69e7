"""The routes about jobs and queues. HTTP only (docs/apis/jobs.md)."""

import re
from typing import TYPE_CHECKING

from chalice.app import Blueprint, Response

from chalicelib.lazy import Lazy
from chalicelib.web.request import Request, current_request
from chalicelib.web.responses import json_response

if TYPE_CHECKING:
    from chalicelib.apis.jobs import presenters, service
    from chalicelib.identity import Principal
    from chalicelib.jobs.models import Job
    from chalicelib.web import authentication, paging
else:
    authentication, paging = Lazy("chalicelib.web.authentication"), Lazy("chalicelib.web.paging")
    presenters, service = Lazy("chalicelib.apis.jobs.presenters"), Lazy("chalicelib.apis.jobs.service")

routes = Blueprint(__name__)

_PLACE = re.compile(r"\d{10}#[\w.-]{1,200}", re.ASCII)


@routes.route("/jobs", methods=["GET"])
def list_jobs() -> Response:
    """The jobs that the caller may see, the newest first."""
    request, caller = _call()
    found = service.page(caller, request.query_params.get("whose"), paging.wanted(request, _PLACE))
    results = [presenters.job(job, caller) for job in found.jobs]
    after = None if found.last is None else paging.cursor(found.last)
    return json_response({"_response_info": {"status": "ok"}, "results": results, "next_cursor": after})


@routes.route("/jobs/queues", methods=["GET"])
def show_queues() -> Response:
    """How many messages each queue has, and how many were given up; for superusers."""
    _, caller = _call()
    found = [presenters.queue(name, depths) for name, depths in service.depths(caller).items()]
    return json_response({"_response_info": {"status": "ok"}, "queues": found})


@routes.route("/jobs/queues/{name}/dead", methods=["GET"])
def show_dead(name: str) -> Response:
    """Messages that a queue gave up: what they speak of, and how often they were tried; for superusers."""
    request, caller = _call()
    found = service.look(caller, name, paging.wanted(request, _PLACE).limit)
    return json_response({"_response_info": {"status": "ok"}, "results": [presenters.dead(one) for one in found]})


@routes.route("/jobs/queues/{name}/redrive", methods=["POST"])
def redrive(name: str) -> Response:
    """Send messages that a queue gave up to it once more; for superusers."""
    _, caller = _call()
    moved, left = service.redrive(caller, name)
    shown = {"moved": moved, "queue": presenters.queue(name, left)}
    return json_response({"_response_info": {"status": "success"}, **shown})


@routes.route("/jobs/{id}", methods=["GET"])
def show_job(id: str) -> Response:
    """How far a job is, and what went wrong."""
    _, caller = _call()
    return _answer(service.show(caller, id), caller, "ok")


@routes.route("/jobs/{id}/cancel", methods=["POST"])
def cancel_job(id: str) -> Response:
    """Ask a job to stop; it does so at its next step."""
    _, caller = _call()
    return _answer(service.cancel(caller, id), caller, "success")


@routes.route("/jobs/{id}/retry", methods=["POST"])
def retry_job(id: str) -> Response:
    """Have a job that failed done once more, by a new job, which is the answer."""
    _, caller = _call()
    job, is_new = service.retry(caller, id)
    return _answer(job, caller, "success", 201 if is_new else 200)


def _call() -> "tuple[Request, Principal]":
    """The running request and its caller. Raises as `authentication.api_caller`."""
    request = current_request()
    return request, authentication.api_caller(request)


def _answer(job: "Job", caller: "Principal", status: str, code: int = 200) -> Response:
    return json_response({"_response_info": {"status": status}, **presenters.job(job, caller)}, code)
