"""Which host was asked, and who is believed about it."""

from typing import Any

import pytest

from chalicelib.settings import settings
from chalicelib.web.hosts import Host, answering, host_of, origin
from chalicelib.web.request import Request
from tests.support.settings import REQUIRED

SECRET = "s3cret-of-our-distributions"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("API_ORIGIN", "http://localhost:8000")
    monkeypatch.setenv("ASSETS_ORIGIN", "https://assets.example.org/")
    monkeypatch.setenv("DRAFT_ASSETS_ORIGIN", "http://draft.example.org:8080")
    monkeypatch.setenv("STORES_ORIGIN", "")
    monkeypatch.setenv("ORIGIN_SECRET", SECRET)
    settings.cache_clear()
    yield
    settings.cache_clear()


def request(context: Any = None, **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request({"httpMethod": "GET", "path": "/", "headers": named, "requestContext": context})


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("localhost:8000", Host.API),
        ("assets.example.org", Host.ASSETS),
        ("ASSETS.example.org:443", Host.ASSETS),
        ("assets.example.org:80", Host.API),
        ("draft.example.org:8080", Host.DRAFT),
        ("draft.example.org", Host.API),
        ("localhost", Host.API),
        ("assets.example.org.evil.test", Host.API),
        ("", Host.API),
        ("[", Host.API),
        ("a:b:c", Host.API),
        ("x, assets.example.org", Host.API),
    ],
)
def test_the_host_header_is_compared_with_the_configured_origins(name: str, host: Host) -> None:
    assert host_of(request(Host=name)) is host


def test_no_host_at_all_is_the_api() -> None:
    assert host_of(request()) is Host.API


def test_a_forwarded_host_counts_only_beside_our_secret() -> None:
    named = {"Host": "localhost:8000", "X_Forwarded_Host": "draft.example.org:8080"}
    assert host_of(request(**named)) is Host.API
    assert host_of(request(**named, X_Origin_Secret="")) is Host.API
    assert host_of(request(**named, X_Origin_Secret="wrong")) is Host.API
    assert host_of(request(**named, X_Origin_Secret="é\ud800")) is Host.API
    assert host_of(request(**named, X_Origin_Secret=SECRET)) is Host.DRAFT
    assert host_of(request(Host="assets.example.org", X_Origin_Secret=SECRET)) is Host.ASSETS


def test_without_a_configured_secret_no_forwarded_host_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORIGIN_SECRET", "")
    settings.cache_clear()
    named = {"Host": "localhost:8000", "X_Forwarded_Host": "assets.example.org"}
    assert host_of(request(**named)) is Host.API
    assert host_of(request(**named, X_Origin_Secret="")) is Host.API


def test_origins_come_from_the_settings() -> None:
    asked = request(Host="evil.test")
    assert origin(Host.API, asked) == "http://localhost:8000"
    assert origin(Host.ASSETS, asked) == "https://assets.example.org"
    assert origin(Host.STORES, asked) == "https://assets.example.org"


def test_what_stores_hold_is_on_the_apis_host_only_where_there_is_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    assert answering(Host.STORES) is Host.ASSETS
    monkeypatch.setenv("ASSETS_ORIGIN", "")
    monkeypatch.setenv("DRAFT_ASSETS_ORIGIN", "")
    settings.cache_clear()
    assert [answering(host) for host in Host] == [Host.API] * 4
    assert origin(Host.STORES, request()) == "http://localhost:8000"
    monkeypatch.setenv("STORES_ORIGIN", "https://stores.example.org")
    settings.cache_clear()
    assert answering(Host.STORES) is Host.STORES


def test_without_settings_an_origin_is_where_api_gateway_was_called(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_ORIGIN", "ASSETS_ORIGIN"):
        monkeypatch.setenv(name, "")
    settings.cache_clear()
    domain = "abc.execute-api.eu-west-1.amazonaws.com"
    asked = request({"domainName": domain, "stage": "prod"}, Host="evil.test")
    assert origin(Host.API, asked) == f"https://{domain}/prod"
    assert origin(Host.ASSETS, asked) == f"https://{domain}/prod"
    assert origin(Host.API, request({"domainName": "api.example.org", "stage": "prod"})) == "https://api.example.org"
    assert origin(Host.API, request()) == ""
