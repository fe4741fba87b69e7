"""`network-layout`: a graph becomes a graph with places for its nodes, as GML or GraphML, JSON and a drawing."""

from collections.abc import Iterator
from typing import Any

from chalicelib.files.outputs import Output, WorkError
from chalicelib.settings import MEBIBYTE
from chalicelib.workers import sandbox
from chalicelib.workers.model import Parameters, Part, Plan, Source, Work, Worker

MOST_BYTES = 64 * MEBIBYTE
"""Bytes of the largest graph, unpacked."""

MOST_NODES, MOST_EDGES = 100_000, 500_000

ALGORITHMS = (
    "fruchterman-reingold",
    "drl",
    "lgl",
    "graphopt",
    "kamada-kawai",
    "mds",
    "davidson-harel",
    "sugiyama",
    "tree",
    "radial-tree",
    "circle",
    "star",
    "grid",
    "random",
    "FM^3 (OGDF)",
)
"""The last is the original's default: it stands for the force-directed layout that suits the size of the graph."""

EXTENSIONS = (".gml", ".graphml", ".net", ".paj", ".ncol", ".lgl", ".dl", ".edges", ".edgelist")
TULIP = (".tlp", ".tlp.gz", ".tlpz")


def plan(source: Source, parameters: Parameters, work: Work) -> Plan:
    """One part. Raises WorkError."""
    _demand_size(source)
    return Plan([{}], _result_name(source, parameters))


def outputs(source: Source, parameters: Parameters, part: Part, work: Work) -> Iterator[Output]:
    """The graph with its layout, the options, the places as JSON, and a drawing if it is not too large for one."""
    _demand_size(source)
    arguments = {
        "source": str(source.download(work.directory / "graph", work.stop)),
        "extension": source.name[len(WORKER.stem(source.name)) :].lower(),
        "result_name": _result_name(source, parameters),
        "algorithm": parameters.get("algorithm", ALGORITHMS[0]),
        "iterations": int(parameters["iterations"]) if "iterations" in parameters else None,
        "seed": int(parameters.get("seed", 1)),
        "nodes": MOST_NODES,
        "edges": MOST_EDGES,
    }
    made = sandbox.run("chalicelib.sandboxed.graphs", arguments, work, subject="the graph")
    for path, name in made["files"].items():
        yield Output(path, work.directory / name)


def _demand_size(source: Source) -> None:
    if source.size > MOST_BYTES:
        raise WorkError(f"the graph has {source.size} bytes, more than the {MOST_BYTES} allowed")


def _result_name(source: Source, parameters: Parameters) -> str:
    wanted: str = parameters.get("result_name") or f"{WORKER.stem(source.name)}.gml"
    return wanted


SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "algorithm": {
            "type": "string",
            "title": "Layout",
            "enum": list(ALGORITHMS),
            "default": ALGORITHMS[0],
        },
        "iterations": {"type": "integer", "title": "Iterations", "minimum": 1, "maximum": 5000},
        "seed": {"type": "integer", "title": "Seed of chance", "minimum": 0, "maximum": 2147483647, "default": 1},
        "result_name": {
            "type": "string",
            "title": "Name of the result",
            "description": "Ends in .gml or .graphml",
            "pattern": r"^[^/\\\x00-\x1f]{1,150}\.(gml|graphml)$",
        },
    },
    "additionalProperties": False,
}

WORKER = Worker(
    type="network-layout",
    aliases=("tulip",),
    description="Lays out a network and writes it with the places of its nodes",
    extensions=(*EXTENSIONS, *TULIP),
    schema=SCHEMA,
    docs="docs/workers.md#network-layout",
    plan=plan,
    outputs=outputs,
)
