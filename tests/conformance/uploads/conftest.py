"""Fixtures of the upload routes' tests: `site` in moto behind a strict door, `sites` there and in ministack."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib import clock
from infra.local.ministack import EXECUTABLE, Ministack
from infra.resources import provision
from tests.conformance.uploads.site import Site
from tests.support.cloud import PARAMETERS, REGION, Cloud, forget, forget_clients
from tests.support.strict_s3 import HttpS3, StrictS3

_AWS = {
    "ACCESS_KEY_ID": "test",
    "SECRET_ACCESS_KEY": "test",
    "DEFAULT_REGION": REGION,
    "CONFIG_FILE": os.devnull,
    "SHARED_CREDENTIALS_FILE": os.devnull,
}


@pytest.fixture
def site(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Site:
    """An empty product in moto, whose S3 checks what moto does not."""
    return Site(StrictS3("testing", "testing", REGION), monkeypatch)


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a product in a ministack that checks signatures."""
    if not EXECUTABLE.exists():
        pytest.skip("ministack is not installed; `make test` and `make run` install it")
    ministack = Ministack(tmp_path_factory.mktemp("ministack"))
    with pytest.MonkeyPatch.context() as patch:
        ministack.start()
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        environment = {f"AWS_{name}": value for name, value in _AWS.items()}
        environment["AWS_ENDPOINT_URL"] = ministack.endpoint
        for name, value in environment.items():
            patch.setenv(name, value)
        forget_clients()
        environment |= provision("local", parameters=PARAMETERS)
    forget_clients()
    yield {**environment, "AUTH": "required"}
    ministack.stop()


@pytest.fixture(scope="module", params=["moto", "ministack"])
def which(request: pytest.FixtureRequest) -> Iterator[str]:
    """In which cloud a module's tests run: all in the one, then all in the other, so that clients are made once."""
    if request.param == "ministack":
        request.getfixturevalue("emulator")
        forget_clients()
    yield request.param
    if request.param == "ministack":
        forget_clients()


@pytest.fixture
def sites(which: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """The product in one cloud and then in the other. In ministack tests share what they leave behind."""
    if which == "moto":
        yield request.getfixturevalue("site")
        return
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in request.getfixturevalue("emulator").items():
        monkeypatch.setenv(name, value)
    forget()
    yield Site(HttpS3(), monkeypatch)
    forget()


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let so many hours pass, for everything that asks the product's clock."""
    passed = timedelta()

    def wait_for(hours: float) -> None:
        nonlocal passed
        passed += timedelta(hours=hours)
        monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + passed)

    return wait_for
