"""The health checks."""

import pytest

from tests.conformance.assets.site import API, ASSETS, DRAFT, Site
from tests.support.calls import Call, on_call

ALL_WELL = {name: {"status": "ok"} for name in ("database", "queue", "cloud_storage")}


def test_live_answers_ok_to_anybody_on_any_host(site: Site) -> None:
    for host in (API, ASSETS, DRAFT):
        reply = site.reader.get(f"{host}/healthcheck/live")
        assert (reply.status, reply.body) == (200, b"OK")
        assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_ready_tells_of_every_part(site: Site) -> None:
    reply = site.reader.get("/healthcheck/ready")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    assert reply.json() == {"status": "ok", "checks": ALL_WELL}


@pytest.mark.parametrize(("service", "part"), [("dynamodb", "database"), ("sqs", "queue"), ("s3", "cloud_storage")])
def test_ready_stays_200_and_names_the_part_that_does_not_answer(site: Site, service: str, part: str) -> None:
    def fail(call: Call) -> None:
        if call.service == service:
            raise RuntimeError("out of reach")

    with on_call(before=fail):
        reply = site.reader.get("/healthcheck/ready")
    assert reply.status == 200
    assert reply.json() == {"status": "critical", "checks": ALL_WELL | {part: {"status": "critical"}}}
    assert "out of reach" not in reply.text
