"""docs/access.md says what the code does."""

import re
from pathlib import Path

import pytest

from chalicelib.apis.assets.ownership import MANAGE_ALL
from chalicelib.apis.assets.serving import BYPASS_LIMITS
from chalicelib.apis.projectassets import access
from chalicelib.apis.projectassets.models import PROJECT, MediaType
from chalicelib.apis.stores.access import ADMINISTER
from chalicelib.apis.stores.registry import RUN_WORKERS
from chalicelib.identity import SIGNIN
from infra.tokens import main

PAGE = (Path(__file__).parents[2] / "docs" / "access.md").read_text(encoding="utf-8")


def test_every_permission_that_is_asked_for_is_on_the_page() -> None:
    section = PAGE.split("## Permissions", 1)[1].split("##", 1)[0]
    rows = re.findall(r"^\| (`[^|]+`) \|", section, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`([^`]+)`", row)} == {
        SIGNIN,
        MANAGE_ALL,
        BYPASS_LIMITS,
        ADMINISTER,
        RUN_WORKERS,
        access.COPY,
        access.SHARE,
        *(access.DELETE % kind for kind in (PROJECT, *MediaType)),
        *(access.UPLOAD % kind for kind in MediaType),
    }


def test_every_variable_of_the_command_is_on_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"], {})
    variables = set(re.findall(r"\(([A-Z]+)=1?\)", re.sub(r"\s+", " ", capsys.readouterr().out)))
    lines = [line for line in PAGE.splitlines() if line.strip().startswith("make token")]
    assert variables == set(re.findall(r" ([A-Z]+)=", "\n".join(lines)))
