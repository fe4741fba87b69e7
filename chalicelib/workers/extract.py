"""`extract`: a zip archive becomes the files in it.

The central directory is read once by ranges, everything in it is checked, and it is cut into parts. A part reads its
piece of the directory and one range of the archive, and unpacks its entries one after the other; the whole archive is
never anywhere. What an entry turns out to be must be exactly what the directory says of it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chalicelib.files.outputs import Output, WorkError
from chalicelib.files.scanners import zips
from chalicelib.files.scanners.findings import Unscannable
from chalicelib.files.scanners.sources import Source as Bytes
from chalicelib.workers import directories
from chalicelib.workers.directories import Entry
from chalicelib.workers.model import Parameters, Part, Plan, Source, Work, Worker

PART_ENTRIES = 200
PART_BYTES = 64 * 1024 * 1024
"""What one part unpacks at most, unless a single entry is larger."""

_IN_MEMORY = 1024 * 1024
_SKIP = 64 * 1024
_BEGINNINGS = ("index.html", "index.htm", "index.js")


def plan(source: Source, parameters: Parameters, work: Work) -> Plan:
    """Check the whole directory and cut it into parts.

    Raises:
        WorkError: the archive is refused, or has no file for its beginning.
    """
    directory = directories.find(source)
    found = directories.read(source, directory.start, directory.end)
    parts: list[Part] = []
    paths: list[str] = []
    entries = size = 0
    at = directory.start
    for number, (place, entry) in enumerate(directories.demand_together(found, directory)):
        if number % PART_ENTRIES == 0:
            work.stop()
        if entries and (entries == PART_ENTRIES or size + entry.facts.unpacked > PART_BYTES):
            entries = 0
        if entries == 0:
            size = 0
            parts.append({"at": at, "first": entry.offset})
        entries, size, at = entries + 1, size + entry.facts.unpacked, place
        # A part ends where its last file ends: folders between two parts are in neither.
        parts[-1]["end"] = place
        paths.append(entry.path)
    if not paths:
        raise WorkError("the archive has no files")
    for part, following in zip(parts, [*parts[1:], {"first": directory.start}], strict=True):
        # The signature behind the last entry comes along: by it the reader knows where that entry ends.
        part["last"] = following["first"] + len(zips.LOCAL) - 1
    return Plan(parts, beginning(paths, parameters.get("index_file")))


def outputs(source: Source, parameters: Parameters, part: Part, work: Work) -> Iterator[Output]:
    """Unpack the entries of one part."""
    found = (entry for _, entry in directories.read(source, part["at"], part["end"]) if entry is not None)
    with source.stream(part["first"], part["last"]) as body:
        packed = directories.pieces(body)
        for number, entry in enumerate(found):
            work.stop()
            _skip(packed, entry.offset - part["first"] - packed.position)
            try:
                content = _unpacked(packed, entry, work, work.directory / f"{part['at']}-{number}")
            except Unscannable as unscannable:
                raise directories.refusal(unscannable) from None
            yield Output(entry.path, content)


def beginning(paths: list[str], wanted: str | None) -> str:
    """The path with which the unpacked files begin.

    The one that was asked for, by its whole path or the end of it; else an index page; else any file. Of several it is
    the topmost, and of those the first by name.

    Raises:
        WorkError: there is no such file as was asked for.
    """
    if wanted:
        name = wanted.strip().removeprefix("./").lstrip("/")
        fitting = [path for path in paths if path == name or path.endswith(f"/{name}")]
        if not fitting:
            raise WorkError(f"the archive has no file {name[:80]}")
        return min(fitting, key=_depth)
    pages = [path for path in paths if path.rpartition("/")[2].lower() in _BEGINNINGS]
    return min(pages, key=_depth_and_kind, default=min(paths, key=_depth))


def _depth(path: str) -> tuple[int, str]:
    return path.count("/"), path


def _depth_and_kind(path: str) -> tuple[int, int, str]:
    return path.count("/"), _BEGINNINGS.index(path.rpartition("/")[2].lower()), path


def _skip(packed: Bytes, size: int) -> None:
    """Take what lies before an entry."""
    while size > 0:
        chunk = packed.chunk(min(size, _SKIP))
        if not chunk:
            raise WorkError("the file is no zip archive, or is damaged")
        size -= len(chunk)
    if size < 0:
        raise WorkError("the archive's files overlap, or are not in the order of its directory")


def _unpacked(packed: Bytes, entry: Entry, work: Work, spare: Path) -> bytes | Path:
    """What an entry unpacks to: its bytes, or where they lie if they are many."""
    if packed.peek(len(zips.LOCAL)) != zips.LOCAL:
        raise Unscannable("malformed_archive")
    local = zips.Local(packed)
    chunks = _bounded(local.content(packed), entry, work)
    if entry.facts.unpacked <= _IN_MEMORY:
        content: bytes | Path = b"".join(chunks)
    else:
        with spare.open("wb") as file:
            file.writelines(chunks)
        content = spare
    if local.facts() != entry.facts:
        raise Unscannable("ambiguous_archive")
    return content


def _bounded(chunks: Iterator[bytes], entry: Entry, work: Work) -> Iterator[bytes]:
    """The chunks of an entry, as long as they are no more than its directory says."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > entry.facts.unpacked:
            raise Unscannable("ambiguous_archive")
        work.stop()
        yield chunk


SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "index_file": {
            "type": "string",
            "title": "Index file",
            "description": "The file that the asset begins with; without it the topmost index.html",
            "maxLength": directories.LONGEST_PATH,
        }
    },
    "additionalProperties": False,
}

WORKER = Worker(
    type="extract",
    aliases=("zip",),
    description="Unpacks a zip archive, for example a web site",
    extensions=(".zip",),
    schema=SCHEMA,
    docs="docs/workers.md#extract",
    plan=plan,
    outputs=outputs,
)
