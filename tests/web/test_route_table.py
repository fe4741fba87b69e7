"""The real app's routes: each reachable, none in the way of another, all fit for API Gateway."""

import pytest
from chalice.deploy.validate import validate_route_content_types, validate_routes

from app import app
from chalicelib.web.application import VERBS
from chalicelib.web.routing import conflicts, split, variables

OWN = sorted(pattern for pattern in app.routes if pattern not in ("/", "/{proxy+}"))


def test_there_are_routes_and_the_last_resort_takes_every_verb() -> None:
    assert OWN
    for pattern in ("/", "/{proxy+}"):
        assert sorted(app.routes[pattern]) == sorted(VERBS)


@pytest.mark.parametrize("pattern", OWN)
def test_every_route_is_reached_with_its_arguments(pattern: str) -> None:
    parts = [f"a value of {part}" if part.startswith("{") else part for part in split(pattern)]
    matched = app.router.match(parts)
    assert matched is not None
    route, arguments = matched
    assert route.pattern == pattern
    assert list(arguments) == variables(pattern)
    for entry in app.routes[pattern].values():
        assert entry.view_args == variables(pattern)


def test_each_position_has_one_variable_name() -> None:
    assert conflicts(app.routes) == []


def test_chalice_would_package_them() -> None:
    validate_routes(app.routes)
    validate_route_content_types(app.routes, app.api.binary_types)


def test_no_route_depends_on_how_its_path_is_written() -> None:
    for pattern in OWN:
        assert "//" not in pattern
        assert "%" not in pattern
        assert pattern == "/" + "/".join(split(pattern))
