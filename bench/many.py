"""Rows that stand for a hundred or a hundred thousand things, made behind the API's back.

Those of the OVE and medialoopster APIs are made as models. For the others one thing is made by its API, and what that
wrote is written again under other ids, so that nothing is left out that a real thing has.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from chalicelib.apis.projectassets import models as production_models
from chalicelib.apis.stores.index_rows import Granted, Tagged
from chalicelib.apis.stores.models import Asset, Document, Entry, Project
from chalicelib.rows import Row
from chalicelib.settings import settings
from tests.support.cloud import ACCOUNT, REGION

_MOMENT = datetime(2026, 1, 2, tzinfo=UTC)


def named(number: int) -> str:
    """The id of the thing with this number; ids sort by it."""
    return f"thing{number:08}"


def tables() -> dict[str, Any]:
    """The fake's tables by the settings that name them."""
    found = dynamodb_backends[ACCOUNT][REGION].tables
    return {name: found[getattr(settings(), name)] for name in TABLES}


TABLES = ("stores_table", "productions_table", "assets_table", "workspaces_table", "jobs_table", "identities_table")


def fill(rows: Iterable[Row]) -> None:
    """Put rows into their tables instead of all that those hold, tokens but for."""
    put = tables()
    for name, table in put.items():
        if name != "identities_table":
            table.items.clear()
    for row in rows:
        put[row.table_setting].put_item(row.serialize())


class Multiplied:
    """What an act writes, to be written again under other names.

    Args:
        act: makes one thing by its API, and tells its names.
    """

    def __init__(self, act: Callable[[], list[str]]) -> None:
        before = {name: _keys(table) for name, table in tables().items()}
        self.names = act()
        self._rows = [
            (name, json.dumps(attributes))
            for name, table in tables().items()
            for key, attributes in _items(table)
            if key not in before[name] and any(one in json.dumps(attributes) for one in self.names)
        ]

    def write(
        self, count: int, others: Callable[[int], list[str]], chosen: Callable[[str], bool] | None = None
    ) -> None:
        """Write the rows `count` times.

        Args:
            others: what stands in the place of each name, by number.
            chosen: which rows are written again, by their JSON; all if left out.
        """
        put = tables()
        for number in range(count):
            for table, text in self._rows:
                if chosen is None or chosen(text):
                    for name, other in zip(self.names, others(number), strict=True):
                        text = text.replace(name, other)
                    put[table].put_item(json.loads(text))


def items(name: str) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    """The keys and attributes of all rows of a table, named by its setting."""
    return _items(tables()[name])


def _items(table: Any) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    for item in list(table.all_items()):
        attributes = item.to_json()["Attributes"]
        yield (attributes["pk"]["S"], attributes["sk"]["S"]), attributes


def _keys(table: Any) -> set[tuple[str, str]]:
    return {key for key, _ in _items(table)}


def store_assets(count: int) -> Iterator[Row]:
    """Assets of a project, every second one with the tag `even`."""
    yield _project("expo")
    for number in range(count):
        row = Asset.at("default", "expo", named(number))
        row.name, row.description, row.revision, row.uploads = "An asset", "Something about it", 3, 2
        row.tags, row.recent = ["art", "even"] if number % 2 == 0 else ["art"], [1_767_312_000_000_000] * 2
        row.created_at = row.updated_at = _MOMENT
        row.filename, row.index_version, row.index_path = "map.png", 2, "map.png"
        yield row
        if number % 2 == 0:
            yield Tagged.asset("default", "expo", "even", row.asset_id)


def store_projects(count: int) -> Iterator[Row]:
    """Projects of a store, all of group g1, every second one with the tag `even`."""
    for number in range(count):
        row = _project(named(number), *(["even"] if number % 2 == 0 else []))
        yield row
        yield Granted.at("default", "g1", row.project_id)
        if number % 2 == 0:
            yield Tagged.project("default", "even", row.project_id)


def version_files(count: int) -> Iterator[Row]:
    """Files of one version of an asset."""
    yield _project("expo")
    asset = Asset.at("default", "expo", "pyramid")
    asset.name, asset.tags, asset.recent, asset.uploads, asset.revision = "A pyramid", [], [0], 1, 1
    asset.created_at = asset.updated_at = _MOMENT
    yield asset
    for number in range(count):
        row = Entry.at("default", "expo", "pyramid", 1, f"{named(number)}.png")
        row.file_id, row.library_key, row.size, row.state = "f" * 32, f"{'f' * 32}/0123456789abcdef", 9_000, "clean"
        yield row


def store_objects(count: int) -> Iterator[Row]:
    """Objects of a project; they are read one by one."""
    yield _project("expo")
    for number in range(count):
        row = Document.at("default", "expo", named(number))
        row.text, row.revision, row.updated_at = '{"Sections":[1,2,3]}', 1, _MOMENT
        yield row


def project_assets(count: int) -> Iterator[Row]:
    """Project assets of a production, with what lists and counts them; each has a root of its own."""
    counters: dict[tuple[str, str], production_models.Counted] = {}
    for number in range(1, count + 1):
        row = production_models.Project.at(number)
        row.name, row.bundle_root, row.path_file, row.production = "A project", f"/mnt/{number}/", "", 1
        row.status_asset, row.status_approval, row.is_production = 6, 1, True
        row.date_add = row.date_mod = _MOMENT
        yield row
        listed_rows = [
            production_models.Listed.below_production("project", "all", number),
            production_models.Listed.by("project", "bundle_root", row.bundle_root, number),
        ]
        for one in listed_rows:
            one.production = 1
            yield one
        for counter in (
            production_models.Counted.of("project", "all", number),
            production_models.Counted.in_all("project", "all", number),
        ):
            known = counters.setdefault((counter.pk, counter.sk), counter)
            known.live = (known.live or 0) + 1
    yield from counters.values()


def _project(project_id: str, *tags: str) -> Project:
    """A project of group g1."""
    row = Project.at("default", project_id)
    row.name, row.description, row.groups, row.tags = "A project", "Something about it", ["g1"], list(tags)
    row.revision = row.access_revision = 1
    row.created_at = row.updated_at = _MOMENT
    return row
