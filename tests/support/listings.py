"""What productions promise across their rows: lists, counters and roots say what there is."""

from collections import Counter
from typing import Any

from chalicelib.apis.projectassets.models import BLOCK, EVERYTHING, IMPORT, PROJECT, SHARDS, MediaType, padded
from tests.support.world import World

FOUND_BY = {
    PROJECT: ("bundle_root", "path_file"),
    IMPORT: ("asset_path",),
    **{kind.value: ("path_file",) for kind in MediaType},
}


def disagreements(world: World) -> list[str]:
    """What is wrong between assets, the lists they are in, and what counts them."""
    rows = world.rows("productions_table")
    listed = {(row["pk"], row["sk"]) for row in rows if row["pk"].startswith(("list#", "found#"))}
    expected: set[tuple[str, str]] = set()
    counted: Counter[tuple[str, str]] = Counter()
    roots: Counter[str] = Counter()
    for row in rows:
        kind, _, number = row["pk"].partition("#")
        if row["sk"] not in (PROJECT, "media", IMPORT):
            continue
        for below in (int(row["production"]), EVERYTHING):
            expected.add((f"list#{kind}/{below}", f"id#{padded(int(number))}"))
            shard = int(number) % SHARDS
            counted[f"count#{kind}/{below}", f"block#{padded(int(number) // BLOCK)}/{shard}"] += 1
            counted[f"count#{kind}/{below}", f"total#{shard}"] += 1
        for field in FOUND_BY[kind]:
            if row.get(field):
                expected.add((f"found#{kind}/{field}/{row[field]}", f"id#{padded(int(number))}"))
        if kind == PROJECT:
            roots[row["bundle_root"]] += 1
    wrong = [f"listed and not there: {key}" for key in sorted(listed - expected)]
    wrong += [f"there and not listed: {key}" for key in sorted(expected - listed)]
    wrong += _miscounted(rows, "count#", "live", counted, lambda row: (row["pk"], row["sk"]))
    wrong += _miscounted(rows, "root#", "projects", roots, lambda row: row["pk"].removeprefix("root#"))
    return wrong


def _miscounted(rows: list[dict[str, Any]], prefix: str, name: str, expected: Counter[Any], key_of: Any) -> list[str]:
    told = Counter({key_of(row): int(row[name]) for row in rows if row["pk"].startswith(prefix)})
    return [f"{key} counts {told[key]}, not {expected[key]}" for key in told | expected if told[key] != expected[key]]
