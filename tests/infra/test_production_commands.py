"""`make production`, `make device` and `make member`: the commands behind them."""

import pytest

from infra.production import main
from tests.conformance.projectassets.studio import Studio
from tests.support.cloud import Cloud


def test_what_the_commands_make_is_there(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["production"], {"NAME": "Docs", "CODENAME": "docs"}) == 0
    assert main(["device"], {"NAME": "Archive", "PATH_": "/mnt/archive"}) == 0
    studio = Studio(cloud)
    person = studio.person("anna")
    assert main(["member"], {"PRODUCTION": "Docs", "USER_ID": person.uid, "WRITE": "1"}) == 0
    assert main(["member"], {"PRODUCTION_ID": "2", "GROUP": "editors"}) == 0
    assert capsys.readouterr().out.splitlines() == [
        "made production 1: Docs",
        "made device 2: /mnt/archive/",
        f"user/{person.uid} is a member of Docs",
        "group/editors is a member of News",
    ]
    [found] = person.client.get("/api/productions/").json()
    assert (found["name"], found["can_write"], found["can_delete_assets"]) == ("Docs", True, False)


def test_what_cannot_be_is_refused_in_sentences(cloud: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["production"], {}) == 1
    assert capsys.readouterr().err == "codename: This field is required.\nname: This field is required.\n"
    assert main(["device"], {"NAME": "x", "PATH_": "relative"}) == 1
    assert main(["member"], {"PRODUCTION": "Nope", "GROUP": "x"}) == 1
    assert main(["member"], {"GROUP": "x"}) == 1
    assert main([], {}) == 2
