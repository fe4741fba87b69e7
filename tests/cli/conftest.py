"""One local cloud for all tests of the command line, and the command as a shell would call it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assetctl.failures import Failure
from assetctl.main import app
from tests.uppy.run import ROOT, product


@dataclass(frozen=True, slots=True)
class Site:
    """A running product, open to everybody."""

    url: str
    environment: dict[str, str]

    def token(self, name: str, **options: str) -> str:
        """A new principal's token."""
        command = [sys.executable, "-m", "infra.local.within", "infra.tokens"]
        given = self.environment | {"NAME": name, **options}
        done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=True)
        return done.stdout.split()[-1]


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def cells(self) -> list[list[str]]:
        return [line.split("\t") for line in self.out.splitlines()]


class Command:
    """`assetctl` in this process, with an environment of its own."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment

    def __call__(self, *arguments: str | Path, given: str | None = None) -> Done:
        result = CliRunner().invoke(app, [str(one) for one in arguments], input=given, env=self.environment)
        if isinstance(result.exception, Failure):
            return Done(int(result.exception.code), result.stdout, result.stderr + str(result.exception))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Done(result.exit_code, result.stdout, result.stderr)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A product of its own, as `make run` starts it."""
    with product(tmp_path_factory.mktemp("site")) as environment:
        yield Site(environment["API"], environment)


@pytest.fixture
def ctl(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command in an empty home and folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("ASSETCTL_TOKEN", "ASSETCTL_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    homes = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    return Command({"ASSETCTL_URL": site.url, **homes})
