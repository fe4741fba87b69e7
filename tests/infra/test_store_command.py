"""`make store`: the command behind it."""

import pytest

from infra.store import main
from tests.conformance.stores.gallery import Gallery
from tests.support.cloud import Cloud


def test_a_store_is_made_and_there_for_everybody(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert main({"NAME": "second"}) == 0
    assert "second" in capsys.readouterr().out
    assert Gallery(cloud).nobody.get("/api/list").json() == ["default", "second"]


@pytest.mark.parametrize("name", ["default", "workers", "user", "list", "projectassets", "a/b"])
def test_a_store_that_cannot_be_is_refused_in_a_sentence(
    cloud: Cloud, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main({"NAME": name}) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert Gallery(cloud).nobody.get("/api/list").json() == ["default"]


def test_a_store_has_a_name(cloud: Cloud) -> None:
    assert main({}) == 2
