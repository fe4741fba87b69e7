"""What a cloud looks like, made comparable: rows, objects and messages without what differs from run to run.

Ids that a run made itself become names (`<asset a.txt>`); moments become `<time>`; counters of attempts and writes go.
`disagreements` finds what no end state of the core may hold, whatever happened: orphans and broken promises.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from moto.s3.models import s3_backends

from chalicelib.files import library
from tests.support.cloud import ACCOUNT
from tests.support.world import BUCKETS, QUEUES, TABLES, World

Snapshot = Counter[str]

_DROPPED = {
    "written_by",
    "correlation_id",
    "due_shard",
    "attempts",
    "version",
    "revision",
    "access_revision",
    "generation",
    "holders",
    "path_holder",
    "sequence",
}
_MOMENTS = {
    "created_at",
    "updated_at",
    "judged_at",
    "deleted_at",
    "replaced_at",
    "uploaded_at",
    "added_at",
    "started_at",
    "ended_at",
    "expires_at",
    "due_at",
    "claimed_until",
    "leased_until",
    "date_add",
    "date_mod",
    "created",
    "modified",
    "forgotten_at",
    "registered_at",
}
_RANDOM = {"claim", "lease", "intake_version", "upload_id", "recent", "number", "last"}
_CLAIM = {"claim", "claimed_until"}
"""Of a File that is purged nobody's: it is never claimed again."""

_ID = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{40}|[0-9a-f]{32}|[0-9a-f]{24})(?![0-9a-f])")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LIBRARY_KEY = re.compile(r"/[0-9a-f]{16}(?![0-9a-f])")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(?:Z|[+-]\d\d:?\d\d)?")


def ids(world: World) -> set[str]:
    """Every id that stands in a key of a row."""
    return {found for table in TABLES for row in world.rows(table) for found in _ID.findall(row["pk"])}


def snapshot(world: World, known: set[str]) -> Snapshot:
    """Everything that is there, as a bag of lines. Ids in `known` are written as they are."""
    rows = {table: world.rows(table) for table in TABLES}
    names = _names([row for found in rows.values() for row in found], known)

    def rename(text: str) -> str:
        named = _ID.sub(lambda match: names.get(match[0], "<unknown id>"), text)
        return _LIBRARY_KEY.sub("/<version>", named)

    lines = [_row_line(table, row, rename) for table, found in rows.items() for row in found if not _is_past(row)]
    lines += [rename(line) for bucket in BUCKETS for line in _object_lines(world, bucket)]
    lines += [f"queue {name}: {count} messages" for name, count in world.waiting().items()]
    return Counter(lines)


def fingerprint(world: World, known: set[str]) -> int:
    """Tells apart clouds that may go on differently, in this process and its forks. Finer than a snapshot: counters
    count as well, what is past, what messages say, and of moments to come whether they have."""
    rows = {table: world.rows(table) for table in TABLES}
    every, now = [row for found in rows.values() for row in found], world.now().timestamp()
    names = _names(every, known) | {row["intake_version"]: "<its version>" for row in every if "intake_version" in row}

    def told(value: Any, name: str = "") -> str:
        if isinstance(value, dict):
            return "{" + ",".join(f"{key}={told(value[key], key)}" for key in sorted(value)) + "}"
        if isinstance(value, list):
            return "[" + ",".join(told(one, name) for one in value) + "]"
        if name in _RANDOM:
            return "<random>"
        if name in _MOMENTS and isinstance(value, int):
            return "<past>" if value < now else "<to come>"
        named = _ID.sub(lambda match: names.get(match[0], "<unknown id>"), str(value))
        named = _UUID.sub(lambda match: names.get(match[0], "<unknown id>"), named)
        return _MOMENT.sub("<time>", _LIBRARY_KEY.sub("/<version>", named))

    lines = [f"{table} {told(row)}" for table, found in rows.items() for row in found]
    lines += [told(line) for bucket in BUCKETS for line in _object_lines(world, bucket)]
    lines += [f"{queue} {told(body)}" for queue in QUEUES for body in world.messages(queue)]
    lines += [f"{name}: {count}" for name, count in world.waiting().items()]
    return hash(frozenset(Counter(lines).items()))


def difference(expected: Snapshot, found: Snapshot) -> str:
    """What is missing and what is too much."""
    missing = [f"    - {line}" for line in sorted((expected - found).elements())]
    surplus = [f"    + {line}" for line in sorted((found - expected).elements())]
    return "\n".join([*missing, *surplus])


def disagreements(world: World) -> list[str]:
    """What is wrong in the core once everything is quiet: orphans, unfinished work, contradictions."""
    return [*_files(world), *_publications(world)]


def _files(world: World) -> Iterator[str]:
    rows = world.rows("files_table")
    files = {row["pk"].removeprefix("file#"): row for row in rows if row["sk"] == "file"}
    counted = Counter(row["pk"].removeprefix("file#") for row in rows if row["sk"].startswith("ref#"))
    kept, now = [*world.keys("library_bucket"), *branches()], world.now().timestamp()
    for row in rows:
        if row.get("due_at", now) < now:
            yield f"{row['pk']} {row['sk']} is due and stays so"
    for file_id, row in files.items():
        if row.get("references") != counted[file_id]:
            yield f"file {file_id} counts {row.get('references')} references and has {counted[file_id]}"
        if row["verdict"] == "clean" and not row.get("purged") and row.get("library_key") not in kept:
            yield f"clean file {file_id} has no bytes in the library"
        if row["verdict"] != "clean" and row.get("library_key"):
            yield f"{row['verdict']} file {file_id} has bytes in the library"
    for orphan in counted.keys() - files.keys():
        yield f"references to file {orphan}, which is not there"
    for key in kept:
        row = files.get(key.rpartition(":")[2].partition("/")[0], {})
        if row.get("library_key") != key or row.get("purged"):
            yield f"orphan in the library: {key} ({row.get('verdict')}, purged: {row.get('purged')})"
    for stored in world.objects("intake_bucket"):
        key, version = stored.key, stored.version
        row = files.get(key.partition("/")[2], {})
        judged = row.get("verdict") in ("infected", "unscannable") and row.get("intake_version") == version
        if row.get("purged") or not (row.get("verdict") == "pending" or judged):
            yield f"orphan in intake: {key} {version} ({row.get('verdict')}, purged: {row.get('purged')})"


def branches() -> dict[str, bytes]:
    """What lies in buckets that devices have for themselves, by library key."""
    buckets = s3_backends[ACCOUNT]["aws"].buckets
    return {
        library.placed(bucket, key): buckets[bucket].keys[key].value
        for bucket in library.branches() & buckets.keys()
        for key in buckets[bucket].keys
    }


def _publications(world: World) -> Iterator[str]:
    rows = [row for row in world.rows("files_table") if row["sk"] == "publication"]
    files = {row["pk"].removeprefix("file#"): row for row in world.rows("files_table") if row["sk"] == "file"}
    published = world.published()
    for row in rows:
        path, file = row["pk"].removeprefix("path#"), files.get(row.get("file_id", ""))
        if not row.get("settled"):
            yield f"{path} is not settled"
        if "file_id" not in row:
            if path in published:
                yield f"{path} is withdrawn and yet in the media bucket"
        elif path not in published:
            yield f"{path} is published and yet not in the media bucket"
        elif file is None or file["verdict"] != "clean" or file.get("purged"):
            yield f"{path} is published of a file that is not clean"
        elif hashlib.sha256(published[path]).hexdigest() != file["sha256"]:
            yield f"{path} holds other bytes than its file"
    for path in published.keys() - {row["pk"].removeprefix("path#") for row in rows}:
        yield f"orphan in the media bucket: {path}"


def _names(rows: list[dict[str, Any]], known: set[str]) -> dict[str, str]:
    names = {found: found for found in known}
    for row in rows:
        for found in _ID.findall(row["pk"]):
            if found not in known and row["sk"] in ("asset", "file", "job"):
                names[found] = f"<{row['sk']} {row.get('name') or row.get('kind')}>"
    return names


def _is_past(row: dict[str, Any]) -> bool:
    """Whether a row only remembers: that nothing is to be under a path, that a job has ended, an id given."""
    if row["sk"].startswith("listed#") or row["pk"].startswith("ids#"):
        return True
    if row["sk"].startswith("part#") and row.get("state") == "done":
        return True
    withdrawn = row["sk"] == "publication" and "file_id" not in row and bool(row.get("settled"))
    return withdrawn or (row["sk"] == "job" and row.get("state") in ("done", "canceled"))


def _row_line(table: str, row: dict[str, Any], rename: Any) -> str:
    kept = {}
    for name, value in sorted(row.items()):
        if row.get("purged") and name in _CLAIM:
            continue
        if name in _MOMENTS:
            kept[name] = "<time>"
        elif name in _RANDOM:
            kept[name] = "<random>"
        elif name not in _DROPPED:
            kept[name] = value
    return rename(f"{table} " + " ".join(f"{name}={value}" for name, value in kept.items()))  # type: ignore[no-any-return]


def _object_lines(world: World, bucket: str) -> Iterator[str]:
    for found in world.objects(bucket):
        digest = "delete marker" if found.is_marker else hashlib.sha256(found.content).hexdigest()[:12]
        yield f"{bucket} {found.key} latest={found.latest} {digest} {found.headers} {found.tags}"
