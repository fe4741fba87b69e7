"""Pages of listings with 100 rows behind them and with 100,000, as ratios of calls and of CPU.

What is counted and measured: the AWS calls that a request makes, and the CPU of its warm handler from the API Gateway
event to the answer. The answers of the cloud come from the fake one, recorded once for each request and then played, so
neither what DynamoDB does within a call nor the network is in the figures; that a Query costs DynamoDB what it returns
is AWS's promise, not measured here. Both sizes take turns in one process, and the ratio is the median of neighbours'.

First pages, filtered pages and last pages by cursor have a mark; offsets, totals and searches are told without one.
"""

import base64
import gc
import statistics
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench import many
from bench.cpu import timed
from bench.many import Multiplied, named
from bench.operations import assets, jobs, projectassets, workspaces
from bench.stage import Act, Recording, Stage, played, stage
from bench.table import Row
from chalicelib import identity
from chalicelib.rows import Row as Stored
from tests.support.client import Client

SECTION = "listings"
SIZES = (100, 100_000)
PAGE = 50
ALLOWED = 1.1
ROUNDS, UNMARKED_ROUNDS = 31, 3
"""What is only told needs less exactness, and may read every row in every round."""
_ROUND_SECONDS = 0.02

Request = tuple[str, str, str, bool]
"""What a request is, who sends it, its path, and whether it has a mark."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What is listed, and how.

    Args:
        fill: makes so many of them, with everything beside them that a request reads. Gives the names of what was made.
        requests: what to send when so many are there, with those names.
        most: how many there can be at most.
    """

    name: str
    fill: Callable[[Stage, int], dict[str, str]]
    requests: Callable[[int, dict[str, str]], Iterator[Request]]
    most: int = 10**9


def rows(sizes: tuple[int, int] = SIZES, rounds: int = ROUNDS) -> Iterator[Row]:
    """A row for the calls and one for the CPU of each request."""
    with stage() as on:
        clients = {
            "administrator": on.client_of("administrator", superuser=True, organisation="bench", groups=["bench"]),
            "bench": on.client,
            "reader": on.client_of("reader", groups=["g1", "g2"]),
        }
        for kind in KINDS:
            counts = [min(size, kind.most) for size in sizes]
            small, large = (_record(on, clients, kind, count) for count in counts)
            for name, (marked, act, recording) in large.items():
                yield from _compared(f"{kind.name}, {name}", counts, small[name][1:], (act, recording), marked, rounds)


def _record(on: Stage, clients: dict[str, Client], kind: Kind, count: int) -> dict[str, tuple[bool, Act, Recording]]:
    """Each request of a kind at a size: whether it has a mark, what sends it again, and how the cloud answered."""
    found = {}
    names = kind.fill(on, count)
    for name, who, path, marked in kind.requests(count, names):
        act = on.repeatable(lambda who=who, path=path: clients[who].get(path))  # type: ignore[misc]
        act()  # so that the token is known
        found[name] = marked, act, on.record(act)
    return found


def _compared(
    name: str, counts: list[int], small: tuple[Act, Recording], large: tuple[Act, Recording], marked: bool, rounds: int
) -> Iterator[Row]:
    calls = [Counter(operation for _, operation, _ in one[1].calls) for one in (small, large)]
    told = [", ".join(f"{number} {operation}" for operation, number in sorted(one.items())) for one in calls]
    mark = ALLOWED if marked else None
    words = told[1] if told[0] == told[1] else f"{told[1]} over {told[0]}"
    yield Row(
        SECTION,
        f"{name}: calls, {counts[1]:,} over {counts[0]:,}",
        calls[1].total() / calls[0].total(),
        mark,
        told=words,
    )
    ratio, before, after = _cpu(small, large, rounds if marked else min(rounds, UNMARKED_ROUNDS))
    yield Row(SECTION, f"{name}: CPU", ratio, mark, told=f"{after:.0f} us over {before:.0f} us")


def _cpu(small: tuple[Act, Recording], large: tuple[Act, Recording], rounds: int) -> tuple[float, float, float]:
    """The median of the ratios, and microseconds of CPU for one request of each."""
    for one in (small, large):
        _played(*one, min(rounds, 10))
    times = max(1, int(_ROUND_SECONDS / _played(*small, 5)))
    gc.collect()
    gc.freeze()
    pairs = [(_played(*small, times), _played(*large, times)) for _ in range(rounds)]
    gc.unfreeze()
    ratio = statistics.median(two / one for one, two in pairs)
    return ratio, min(one for one, _ in pairs) * 1e6, min(two for _, two in pairs) * 1e6


def _played(act: Act, recording: Recording, times: int) -> float:
    with played(recording) as rewind:

        def again() -> None:
            rewind()
            act()

        return timed(again, times)


def _cursor(last: str) -> str:
    return base64.urlsafe_b64encode(last.encode()).decode().rstrip("=")


def _pages(path: str, who: str, last: str, filtered: str = "") -> Iterator[Request]:
    """The first page, the first filtered page, and the last page by its cursor."""
    yield "first page", who, f"{path}?limit={PAGE}", True
    if filtered:
        yield f"filtered page ({filtered})", who, f"{path}?limit={PAGE}&{filtered}", True
    yield "last page by cursor", who, f"{path}?limit={PAGE}&cursor={_cursor(last)}", True


def _assets(on: Stage, count: int) -> dict[str, str]:
    many.fill([])
    kept = Multiplied(lambda: [assets.asset(on)["asset"]])
    gone = Multiplied(lambda: [assets.deleted(on)["asset"]])
    many.fill([])
    kept.write(count, lambda number: [f"{number:024x}"])
    gone.write(count, lambda number: [f"{2**64 + number:024x}"])
    return {}


def _of_assets(count: int, _: dict[str, str]) -> Iterator[Request]:
    return _pages("/assets", "administrator", f"{PAGE:024x}", "deleted=true")


def _rows(make: Callable[[int], Iterator[Stored]]) -> Callable[[Stage, int], dict[str, str]]:
    def fill(_: Stage, count: int) -> dict[str, str]:
        many.fill(make(count))
        return {}

    return fill


def _of_projects(count: int, _: dict[str, str]) -> Iterator[Request]:
    for who in ("administrator", "reader"):
        for name, sender, path, marked in _pages("/api/default/list", who, named(count - PAGE - 1), "filterByTag=even"):
            yield f"{name}, {who}", sender, path, marked


def _of_store_assets(count: int, _: dict[str, str]) -> Iterator[Request]:
    return _pages("/api/default/expo/list", "reader", named(count - PAGE - 1), "filterByTag=even")


def _of_version_files(count: int, _: dict[str, str]) -> Iterator[Request]:
    return _pages("/api/default/expo/files/pyramid", "reader", f"{named(count - PAGE - 1)}.png")


def _of_objects(count: int, _: dict[str, str]) -> Iterator[Request]:
    yield "read the last", "reader", f"/api/default/expo/object/{named(count - 1)}", True


def _of_project_assets(count: int, _: dict[str, str]) -> Iterator[Request]:
    path = "/api/projectassets/"
    yield "first page, with the total", "administrator", f"{path}?limit={PAGE}", True
    yield "filtered page (bundle_root)", "administrator", f"{path}?bundle_root=/mnt/7/", True
    yield "one", "administrator", f"{path}7/", True
    yield "last page by offset", "administrator", f"{path}?limit={PAGE}&offset={count - PAGE}", False


def _bundle(on: Stage, count: int) -> dict[str, str]:
    many.fill([])
    names: dict[str, str] = {}

    def make() -> list[str]:
        names.update(projectassets.bundle(on))
        return ["media/clip.mov"]

    files = Multiplied(make)
    files.write(count, lambda number: [f"media/{named(number)}.mov"])
    return names


def _of_bundle(count: int, names: dict[str, str]) -> Iterator[Request]:
    return _pages(f"{names['at']}/files/", "administrator", f"media/{named(count - PAGE - 1)}.mov")


def _workspace(on: Stage, count: int) -> dict[str, str]:
    many.fill([])
    names: dict[str, str] = {}

    def make() -> list[str]:
        names.update(workspaces.resource(on))
        [number] = [
            one["asset_id"]["S"] for key, one in many.items("workspaces_table") if key[1] == "ref#/assets//hull"
        ]
        return ["hull", "deck", number]

    on.forget()
    things = Multiplied(make)
    things.write(count, lambda number: [named(number), named(number), f"{number:040x}"])
    return names


def _of_workspace(count: int, names: dict[str, str]) -> Iterator[Request]:
    for kind in ("assets", "resources"):
        path = f"{names['seen_at']}/{kind}/?maxResults={PAGE}"
        yield f"{kind}: first page", "bench", path, True
        yield f"{kind}: last page by start", "bench", f"{path}&start={count - PAGE}", False
    yield "search", "bench", f"{names['seen_at']}/assets/?q=tag:%20none", False
    yield "one asset", "bench", f"{names['seen_at']}/assets/{named(7)}", True


def _favourites(on: Stage, count: int) -> dict[str, str]:
    many.fill([])
    on.forget()
    spaces = Multiplied(lambda: [workspaces.workspace(on)["guid"]])
    spaces.write(count, lambda number: [f"{number:040x}"], lambda text: "favourite#" in text or '"workspace"' in text)
    return {}


def _of_favourites(count: int, _: dict[str, str]) -> Iterator[Request]:
    yield "first page: all are read, to be listed by name", "bench", "/contentbrowser/workspaces?maxResults=50", False


def _jobs(on: Stage, count: int) -> dict[str, str]:
    many.fill([])
    names: dict[str, str] = {}

    def make() -> list[str]:
        names.update(jobs.job(on))
        return [names["job"]]

    found = Multiplied(make)
    place = next(key[1] for key, _ in many.items("jobs_table") if key[0] == "jobs").removeprefix("listed#")
    found.write(count, lambda number: [f"{number:032x}"])
    return {"second": place.partition("#")[0]}


def _of_jobs(count: int, names: dict[str, str]) -> Iterator[Request]:
    return _pages("/jobs", "bench", f"{names['second']}#{PAGE:032x}", "whose=all")


def _tokens(on: Stage, count: int) -> dict[str, str]:
    many.fill([])
    found = Multiplied(lambda: [identity.mint(on.new_name())[1].principal.uid])
    found.write(count, lambda number: [f"{number:016x}"])
    return {}


def _of_tokens(count: int, _: dict[str, str]) -> Iterator[Request]:
    yield "all of them: there are no pages", "administrator", "/tokens", False


KINDS = [
    Kind("assets", _assets, _of_assets),
    Kind("projects of a store", _rows(many.store_projects), _of_projects),
    Kind("assets of a project", _rows(many.store_assets), _of_store_assets),
    Kind("files of a version", _rows(many.version_files), _of_version_files),
    Kind("objects of a project", _rows(many.store_objects), _of_objects),
    Kind("project assets", _rows(many.project_assets), _of_project_assets),
    Kind("files of a bundle", _bundle, _of_bundle),
    Kind("workspace", _workspace, _of_workspace),
    Kind("favourites", _favourites, _of_favourites, most=1_000),
    Kind("jobs", _jobs, _of_jobs),
    Kind("tokens", _tokens, _of_tokens, most=5_000),
]
