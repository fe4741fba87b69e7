"""Settings are read from the environment once, refuse what makes no sense, and are documented one by one."""

import re
from pathlib import Path

import pytest

from chalicelib.settings import BadSetting, describe, read
from tests.support.settings import REQUIRED

ROOT = Path(__file__).resolve().parent.parent


def documented() -> list[tuple[str, str, str, str]]:
    """The rows of the table in docs/settings.md."""
    lines = (ROOT / "docs" / "settings.md").read_text().splitlines()
    rows = [re.split(r"\s*\|\s*", line.strip("| ")) for line in lines if line.startswith("| `")]
    return [(name.strip("`"), kind, default, meaning) for name, kind, default, meaning in rows]


def test_the_page_lists_every_setting_as_the_code_has_it() -> None:
    def shown(default: object) -> str:
        if default is ...:
            return "required"
        return "unset" if default in (None, "") else f"`{default}`"

    assert documented() == [(name, kind, shown(default), meaning) for name, kind, default, meaning in describe()]


def test_defaults_fill_what_is_not_required() -> None:
    settings = read(REQUIRED)
    assert settings.auth == "required"
    assert settings.deleted_days is None
    assert settings.max_file_size_mb == 20


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_a_missing_required_setting_is_named(name: str) -> None:
    with pytest.raises(BadSetting, match=name):
        read({key: value for key, value in REQUIRED.items() if key != name})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUTH", "maybe"),
        ("SCANNER", "none"),
        ("DELETED_DAYS", "soon"),
        ("MAX_FILE_SIZE_MB", "20 MB"),
        ("MAX_FILE_SIZE_MB", "0"),
        ("UPLOAD_MINUTES", "-5"),
        ("SCAN_ATTEMPTS", "1.5"),
        ("STORES_ORIGIN", "stores.example.org"),
        ("STORES_ORIGIN", "https://stores.example.org/files"),
        ("API_ORIGIN", "https://"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        read({**REQUIRED, name: value})
