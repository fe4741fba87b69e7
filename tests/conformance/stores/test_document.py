"""docs/apis/stores.md and the code say the same."""

import re
from pathlib import Path

from app import app
from chalicelib.apis.stores import errors, people
from chalicelib.apis.stores.addresses import LIFETIME

DOCUMENT = (Path(__file__).parents[3] / "docs" / "apis" / "stores.md").read_text(encoding="utf-8")
CODE = Path(errors.__file__).parent


def documented() -> set[tuple[str, str]]:
    """(method, path) of every row of the table of routes."""
    rows = re.findall(r"^\| `([A-Z, ]+)` +\| `(/[^`]*)` +\|", DOCUMENT, re.MULTILINE)
    return {(method, path) for methods, path in rows for method in methods.split(", ")}


def test_the_table_of_routes_is_the_route_table() -> None:
    mounted = {
        (method, path)
        for path, methods in app.routes.items()
        for method, entry in methods.items()
        if entry.view_function.__module__.startswith("chalicelib.apis.stores.")
    }
    assert mounted
    assert documented() == mounted


def test_the_sections_that_the_code_cites_are_there() -> None:
    headings = set(re.findall(r"^## (.+)$", DOCUMENT, re.MULTILINE))
    code = "".join(path.read_text(encoding="utf-8") for path in CODE.rglob("*.py"))
    cited = set(re.findall(r'docs/apis/stores\.md,\s+"([^"]+)"', code))
    assert cited
    assert cited <= headings


def test_every_title_of_an_error_is_documented() -> None:
    source = Path(errors.__file__).read_text(encoding="utf-8")
    made = r'(?:_bad|_not_there|Conflict|Unauthenticated)\(\s*f?"([^"{]+?) ?(?:\{\w+\}[^"]*)?"'
    titles = set(re.findall(made, source))
    assert len(titles) > 15
    section = DOCUMENT.split("## Errors", 1)[1].split("\n## ", 1)[0]
    assert {title for title in titles if title not in section} == set()


def test_every_ruling_is_told() -> None:
    section = DOCUMENT.split("## Rulings", 1)[1].split("\n## ", 1)[0]
    assert re.findall(r"^\| (C\d+) ", section, re.MULTILINE) == [f"C{number}" for number in range(1, 26)]


def test_durations_are_as_documented() -> None:
    assert people.TOKEN_SECONDS == 12 * 3600
    assert LIFETIME == 3600
