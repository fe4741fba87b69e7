"""Pages of listings with 100 rows behind them and with 100,000, as ratios: `python -m bench.listing`.

What is counted and measured: the AWS calls that a request makes, and the CPU of its warm handler from the API Gateway
event to the answer. The answers of the cloud come from the fake one, recorded once for each request and then played, so
neither what DynamoDB does within a call nor the network is in the figures; that a Query costs DynamoDB what it returns
is AWS's promise, not measured here. The ratio is that of the fastest rounds, both sizes turn about in one process.
"""

import base64
import gc
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from moto.dynamodb.models import dynamodb_backends

from bench.stage import Act, Recording, Stage, played, stage
from chalicelib.apis.projectassets import models as production_models
from chalicelib.apis.stores.index_rows import Granted, Tagged
from chalicelib.apis.stores.models import Asset, Document, Entry, Project
from chalicelib.identity import tokens
from chalicelib.rows import Row
from chalicelib.settings import settings
from tests.support.client import Client
from tests.support.cloud import ACCOUNT, REGION

SIZES = (100, 100_000)
PAGE = 50
ALLOWED = 1.2
"""What the CPU may differ by at most; the calls may not differ."""

_ROUNDS = 25
_ROUND_SECONDS = 0.05
_MOMENT = datetime(2026, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Kind:
    """What is listed, and how.

    Args:
        rows: makes so many of them, with everything beside them that a request reads.
        requests: what to send when so many are there: name, who sends it, path.
    """

    name: str
    rows: Callable[[int], Iterable[Row]]
    requests: Callable[[int], Iterator[tuple[str, str, str]]]


def assets(count: int) -> Iterator[Row]:
    """Assets of a project, every second one with the tag `even`."""
    yield project("expo")
    for number in range(count):
        row = Asset.at("default", "expo", named(number))
        row.name, row.description, row.revision, row.uploads = "An asset", "Something about it", 3, 2
        row.tags, row.recent = ["art", "even"] if number % 2 == 0 else ["art"], [1_767_312_000_000_000] * 2
        row.created_at = row.updated_at = _MOMENT
        row.filename, row.index_version, row.index_path = "map.png", 2, "map.png"
        yield row
        if number % 2 == 0:
            yield Tagged.asset("default", "expo", "even", row.asset_id)


def projects(count: int) -> Iterator[Row]:
    """Projects of a store, all of group g1, every second one with the tag `even`."""
    for number in range(count):
        row = project(named(number), *(["even"] if number % 2 == 0 else []))
        yield row
        yield Granted.at("default", "g1", row.project_id)
        if number % 2 == 0:
            yield Tagged.project("default", "even", row.project_id)


def files(count: int) -> Iterator[Row]:
    """Files of one version of an asset."""
    yield project("expo")
    asset = Asset.at("default", "expo", "pyramid")
    asset.name, asset.tags, asset.recent, asset.uploads, asset.revision = "A pyramid", [], [0], 1, 1
    asset.created_at = asset.updated_at = _MOMENT
    yield asset
    for number in range(count):
        row = Entry.at("default", "expo", "pyramid", 1, f"{named(number)}.png")
        row.file_id, row.library_key, row.size, row.state = "f" * 32, f"{'f' * 32}/0123456789abcdef", 9_000, "clean"
        yield row


def objects(count: int) -> Iterator[Row]:
    """Objects of a project; they are read one by one."""
    yield project("expo")
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


def project(project_id: str, *tags: str) -> Project:
    """A project of group g1."""
    row = Project.at("default", project_id)
    row.name, row.description, row.groups, row.tags = "A project", "Something about it", ["g1"], list(tags)
    row.revision = row.access_revision = 1
    row.created_at = row.updated_at = _MOMENT
    return row


def named(number: int) -> str:
    """The id of the thing with this number; ids sort by it."""
    return f"thing{number:08}"


def listed(path: str, count: int, *, last: str = "", tagged: bool = True) -> Iterator[tuple[str, str]]:
    """The first page, the first filtered page, and the last page, as (name, path)."""
    yield "first page", f"{path}?limit={PAGE}"
    if tagged:
        yield "first page by tag", f"{path}?limit={PAGE}&filterByTag=even"
    cursor = base64.urlsafe_b64encode(f"{named(count - PAGE - 1)}{last}".encode()).decode().rstrip("=")
    yield "last page", f"{path}?limit={PAGE}&cursor={cursor}"


def by(who: str, requests: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Requests with who sends them."""
    return ((name, who, path) for name, path in requests)


def of_projects(count: int) -> Iterator[tuple[str, str, str]]:
    """The pages of projects, for an administrator and for somebody with two groups."""
    for who in ("administrator", "reader"):
        for name, path in listed("/api/default/list", count):
            yield f"{name}, {who}", who, path


KINDS = [
    Kind("assets of a project", assets, lambda count: by("reader", listed("/api/default/expo/list", count))),
    Kind("projects of a store", projects, of_projects),
    Kind(
        "files of a version",
        files,
        lambda count: by("reader", listed("/api/default/expo/files/pyramid", count, last=".png", tagged=False)),
    ),
    Kind(
        "project assets",
        project_assets,
        lambda count: by(
            "administrator",
            [
                ("first page", f"/api/projectassets/?limit={PAGE}"),
                ("by bundle root", "/api/projectassets/?bundle_root=/mnt/7/"),
                ("one", "/api/projectassets/7/"),
            ],
        ),
    ),
    Kind(
        "objects of a project",
        objects,
        lambda count: by("reader", [("read the last", f"/api/default/expo/object/{named(count - 1)}")]),
    ),
]


def fill(rows: Iterable[Row]) -> None:
    """Put rows into their tables instead of all that those hold, behind the API's back."""
    names = {"stores_table": settings().stores_table, "productions_table": settings().productions_table}
    tables = {setting: dynamodb_backends[ACCOUNT][REGION].tables[name] for setting, name in names.items()}
    for table in tables.values():
        table.items.clear()
    for row in rows:
        tables[row.table_setting].put_item(row.serialize())


def record(on: Stage, clients: dict[str, Client], kind: Kind, count: int) -> dict[str, tuple[Act, Recording]]:
    """Each request of a kind at a size: what sends it again, and how the cloud answered."""
    fill(kind.rows(count))
    found = {}
    for name, who, path in kind.requests(count):
        act = on.repeatable(lambda who=who, path=path: clients[who].get(path))  # type: ignore[misc]
        act()  # so that the token is known
        found[name] = act, on.record(act)
    return found


def compare(small: tuple[Act, Recording], large: tuple[Act, Recording]) -> tuple[float, float]:
    """Microseconds of CPU for one request of each."""
    for one in (small, large):
        _timed(*one, 20)
    times = max(1, int(_ROUND_SECONDS / _timed(*small, 10)))
    gc.collect()
    gc.freeze()
    rounds = [(_timed(*small, times), _timed(*large, times)) for _ in range(_ROUNDS)]
    gc.unfreeze()
    return min(one for one, _ in rounds) * 1e6, min(two for _, two in rounds) * 1e6


def _timed(act: Act, recording: Recording, times: int) -> float:
    with played(recording) as rewind:
        started = time.process_time()
        for _ in range(times):
            rewind()
            act()
        return (time.process_time() - started) / times


def _calls(recording: Recording) -> str:
    counted = Counter(operation for _, operation, _ in recording.calls)
    return ", ".join(f"{number} {operation}" for operation, number in sorted(counted.items()))


def main() -> int:
    """Print a line a request. Returns the exit code: 1 if calls differ, or CPU by more than is allowed."""
    missed = 0
    print(f"{'':22}{'':28}{SIZES[0]:>10,} {SIZES[1]:>10,}  ratio  calls at both")
    with stage() as on:
        tokens.REMEMBERED = 10**6  # no lookup of a token among the calls, however long this takes
        clients = {
            "administrator": on.client_of("administrator", superuser=True),
            "reader": on.client_of("reader", groups=["g1", "g2"]),
        }
        for kind in KINDS:
            small, large = (record(on, clients, kind, count) for count in SIZES)
            for name in small:
                before, after = compare(small[name], large[name])
                calls = [_calls(one[name][1]) for one in (small, large)]
                fine = calls[0] == calls[1] and after / before <= ALLOWED
                missed += not fine
                told = calls[0] if calls[0] == calls[1] else f"{calls[0]} BUT {calls[1]}"
                print(
                    f"{kind.name:22}{name:28}{before:7.0f} us {after:7.0f} us  {after / before:5.2f}  {told}"
                    f"{'' if fine else '  MISS'}",
                    flush=True,
                )
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
