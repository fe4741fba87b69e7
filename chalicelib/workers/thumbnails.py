"""`thumbnail`: a small picture of a picture, or of the first page of a PDF document.

Where the asset begins is left alone: a thumbnail accompanies a file and does not replace it.
"""

from collections.abc import Iterator
from typing import Any

from chalicelib.files.outputs import Output, WorkError
from chalicelib.settings import MEBIBYTE
from chalicelib.workers import pyramids, sandbox
from chalicelib.workers.model import Parameters, Part, Plan, Source, Work, Worker

MOST_DOCUMENT_BYTES = 256 * MEBIBYTE
"""Bytes of the largest PDF document."""

_SECONDS = 120
_DOCUMENTS, _PICTURES = "chalicelib.sandboxed.documents", "chalicelib.sandboxed.pictures"
_PDF = ".pdf"


def plan(source: Source, parameters: Parameters, work: Work) -> Plan:
    """One part. Raises WorkError."""
    _demand_size(source)
    return Plan([{}], None)


def outputs(source: Source, parameters: Parameters, part: Part, work: Work) -> Iterator[Output]:
    """The one picture."""
    _demand_size(source)
    file = source.download(work.directory / "source", work.stop)
    arguments = {
        "deed": "thumbnail",
        "source": str(file),
        "streamed": pyramids.MOST_PIXELS,
        "whole": pyramids.MOST_PIXELS_WHOLE,
        "format": parameters.get("format", "jpg"),
        "max_size": int(parameters.get("max_size", 256)),
    }
    limits = sandbox.Limits(seconds=_SECONDS)
    if _is_document(source):
        page = sandbox.run(_DOCUMENTS, arguments, work, subject="the document", limits=limits)
        arguments["source"] = str(work.directory / page["name"])
    made = sandbox.run(_PICTURES, arguments, work, subject="the picture", limits=limits)
    yield Output(made["name"], work.directory / made["name"])


def _demand_size(source: Source) -> None:
    if not _is_document(source):
        pyramids.demand_size(source)
    elif source.size > MOST_DOCUMENT_BYTES:
        raise WorkError(f"the document has {source.size} bytes, more than the {MOST_DOCUMENT_BYTES} allowed")


def _is_document(source: Source) -> bool:
    return source.name.lower().endswith(_PDF)


SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "max_size": {
            "type": "integer",
            "title": "Longest side in pixels",
            "minimum": 16,
            "maximum": 2048,
            "default": 256,
        },
        "format": {"type": "string", "title": "Format", "enum": ["jpg", "png", "webp"], "default": "jpg"},
    },
    "additionalProperties": False,
}

WORKER = Worker(
    type="thumbnail",
    aliases=(),
    description="Makes a small picture of a picture, or of the first page of a PDF document",
    extensions=(*pyramids.EXTENSIONS, _PDF),
    schema=SCHEMA,
    docs="docs/workers.md#thumbnail",
    plan=plan,
    outputs=outputs,
)
