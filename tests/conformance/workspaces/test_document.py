"""docs/apis/workspaces.md and the code say the same; and the original document's samples as they are printed there."""

import re
from pathlib import Path

from app import app
from chalicelib.apis.workspaces import clones, contents, errors, parameters, refs, search, uses
from tests.conformance.workspaces.studio import Studio

DOCUMENT = (Path(__file__).parents[3] / "docs" / "apis" / "workspaces.md").read_text(encoding="utf-8")
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
        if entry.view_function.__module__.startswith("chalicelib.apis.workspaces.")
    }
    assert mounted
    assert documented() == mounted


def test_the_sections_that_the_code_cites_are_there() -> None:
    headings = set(re.findall(r"^## (.+)$", DOCUMENT, re.MULTILINE))
    code = "".join(path.read_text(encoding="utf-8") for path in CODE.rglob("*.py"))
    cited = set(re.findall(r'docs/apis/workspaces\.md`?,\s+"([^"]+)"', code))
    assert len(cited) > 5
    assert cited <= headings


def test_every_ruling_is_told() -> None:
    section = DOCUMENT.split("## Rulings", 1)[1].split("\n## ", 1)[0]
    assert re.findall(r"^\| (W\d+) ", section, re.MULTILINE) == [f"W{number}" for number in range(1, 23)]


def test_every_macro_and_every_limit_is_told() -> None:
    section = DOCUMENT.split("## Search", 1)[1].split("\n## ", 1)[0]
    assert {macro for macro in search._MACROS if macro not in section} == set()
    told = DOCUMENT.replace(",", "")
    for limit in (
        clones.SMALL,
        contents.LARGEST,
        contents.MOST_DEPENDENCIES,
        parameters.LARGEST_PAGE,
        refs.LONGEST_URI,
        refs.LONGEST_PATH,
        refs.LONGEST_PART,
        uses._TOGETHER,
        uses._AT_ONCE,
    ):
        assert re.search(rf"\b{limit}\b", told), limit


def test_the_samples_of_the_document(studio: Studio) -> None:
    alice = studio.alice
    described = alice.get("/assetmanager").json()
    assert (
        described.items()
        >= {
            "name": "Asset manager",
            "version": "0.1.0",
            "workspaces_url": "/workspaces/",
        }.items()
    )
    description = "This is your first workspace cloned from DLC_1 branch !"
    assert studio.clone("example").status == 200
    made = studio.clone("feat/test-workspace", file_uri="file:///feat", description=description).json()
    assert re.fullmatch(r"[a-zA-Z0-9]{40}", made.pop("guid"))
    assert made == {
        "name": "feat/test-workspace",
        "description": description,
        "type": "application/vnd.bilrost.workspace+json",
    }
    json = {"Content-Type": "application/json"}
    body = b'{"tags": ["a"], "comment": "c", "main": "", "dependencies": [], "semantics": ["s", {"o": 1}]}'
    path = "/assetmanager/workspaces/example/assets/new_asset"
    created = alice.put(path, body=body, headers=json)
    assert created.status == 201, "as it creates the new asset"
    seen = {"Last-modified": created.json()["modified"]}
    updated = alice.put(path, body=body, headers=json | seen)
    assert updated.status == 200, "as it updates the new asset previously created"
    seen = {"Last-modified": updated.json()["meta"]["modified"]}
    renaming = "/assetmanager/workspaces/example/rename/assets/new_asset"
    renamed = alice.post(renaming, body=b'{"new": "assets/new_ref"}', headers=json | seen)
    assert renamed.status == 200
    assert renamed.json()["ref"] == "/assets/new_ref"
    levels = "/assetmanager/workspaces/feat%2Ftest-workspace/assets/test/example.level"
    assert alice.put(levels, body=b"{}", headers=json).status == 201
    assert alice.get("/assetmanager/workspaces/example/status", headers=json).json()["state"] == "VALID"
    assert isinstance(alice.get("/assetmanager/workspaces/example/statuses").json(), list)
    assert alice.delete("/assetmanager/workspaces/example/favorites", headers=json).json() == "Ok"
    kept = alice.post("/assetmanager/workspaces/favorites", json={"file_uri": "file:///work/1"})
    assert kept.json()["name"] == "example"
    assert alice.delete("/assetmanager/workspaces/example/assets/new_ref").status == 204
    assert alice.delete("/assetmanager/workspaces/example", headers=json).json() == "Ok"
