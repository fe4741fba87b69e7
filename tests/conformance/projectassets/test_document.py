"""docs/apis/projectassets.md and the code say the same."""

import re
from pathlib import Path

from app import app
from chalicelib.apis.projectassets import adding, errors, fields, links, parameters, paths, presenters
from chalicelib.apis.projectassets.models import BLOCK

DOCUMENT = (Path(__file__).parents[3] / "docs" / "apis" / "projectassets.md").read_text(encoding="utf-8")
CODE = Path(errors.__file__).parent


def documented() -> set[tuple[str, str]]:
    """(method, path) of every row of the table of routes, which may name several paths."""
    rows = re.findall(r"^\| `([A-Z, ]+)` \| ((?:`/[^`]*`(?:, )?)+) \|", DOCUMENT, re.MULTILINE)
    return {
        (method, path)
        for methods, paths_ in rows
        for method in methods.split(", ")
        for path in re.findall(r"`([^`]*)`", paths_)
    }


def test_the_table_of_routes_is_the_route_table() -> None:
    mounted = {
        (method, path)
        for path, methods in app.routes.items()
        for method, entry in methods.items()
        if entry.view_function.__module__.startswith("chalicelib.apis.projectassets.")
    }
    assert mounted
    assert documented() == mounted


def test_the_sections_that_the_code_cites_are_there() -> None:
    headings = set(re.findall(r"^## (.+)$", DOCUMENT, re.MULTILINE))
    code = "".join(path.read_text(encoding="utf-8") for path in CODE.rglob("*.py"))
    cited = {
        name
        for quoted in re.findall(r'docs/apis/projectassets\.md,\s+((?:"[^"\\]+"(?:,? and |, )?)+)', code)
        for name in re.findall(r'"([^"]+)"', quoted)
    }
    assert len(cited) > 10
    assert cited <= headings


def test_every_link_within_the_page_leads_somewhere() -> None:
    anchors = {title.lower().replace(" ", "-") for title in re.findall(r"^## (.+)$", DOCUMENT, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", DOCUMENT)) <= anchors


def test_every_code_of_an_error_is_documented() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in CODE.rglob("*.py"))
    codes = set(re.findall(r'fields\.wrong\([^)]*, "(\w+)"\)', source)) | set(
        re.findall(r'self\.wrong\([^)]*, "(\w+)"\)', source)
    )
    assert len(codes) > 6
    section = DOCUMENT.split("## Errors", 1)[1].split("\n## ", 1)[0]
    assert {code for code in codes if f"`{code}`" not in section} == set()


def test_limits_are_as_documented() -> None:
    assert (parameters.PAGE, presenters.ROOM, BLOCK) == (1_000, 3_900_000, 1_000)
    assert (adding.LONGEST_LIST, adding.MOST_LINKS, links.MARKED) == (1_000, 5_000, 100)
    assert (fields.LONGEST_NAME, fields.LONGEST_TEXT, fields.LARGEST_DOCUMENT, paths.LONGEST) == (
        255,
        10_000,
        200_000,
        900,
    )
