"""docs/apis/assets.md and the routes are the same."""

import re
from pathlib import Path

from app import app

DOCUMENT = Path(__file__).parents[3] / "docs" / "apis" / "assets.md"
MODULE = "chalicelib.apis.assets.routes"
CITED = {"Parameters", "Validation", "Answers", "Serving", "Replacements", "Names and types"}


def documented() -> set[tuple[str, str]]:
    """(method, path) of every row of the table of routes."""
    rows = re.findall(r"^\| `([A-Z, ]+)` +\| `(/[^`]*)` +\|", DOCUMENT.read_text(), re.MULTILINE)
    return {(method, path) for methods, path in rows for method in methods.split(", ")}


def test_the_table_of_routes_is_the_route_table() -> None:
    mounted = {
        (method, path)
        for path, methods in app.routes.items()
        for method, entry in methods.items()
        if entry.view_function.__module__ == MODULE
    }
    assert mounted
    assert documented() == mounted


def test_the_sections_that_the_code_cites_are_there() -> None:
    headings = set(re.findall(r"^## (.+)$", DOCUMENT.read_text(), re.MULTILINE))
    code = "".join(path.read_text() for path in (DOCUMENT.parents[2] / "chalicelib").rglob("*.py"))
    cited = set(re.findall(r'docs/apis/assets\.md,\s+"([^"]+)"', code))
    assert cited == CITED
    assert headings >= cited
