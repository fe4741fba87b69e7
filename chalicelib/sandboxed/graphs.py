"""The layout of a network, by igraph."""

import gzip
import json
import math
import random
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.sandboxed import child, tlp
from chalicelib.sandboxed.child import Refused

if TYPE_CHECKING:
    import igraph

_UNPACKED = 64 * 1024 * 1024
_DRAWN = 50_000
_SVG_SIZE = 1000
_MARGIN = 20

_FORMATS = {
    ".gml": "Read_GML",
    ".graphml": "Read_GraphML",
    ".net": "Read_Pajek",
    ".paj": "Read_Pajek",
    ".ncol": "Read_Ncol",
    ".lgl": "Read_Lgl",
    ".dl": "Read_DL",
    ".edges": "Read_Edgelist",
    ".edgelist": "Read_Edgelist",
}

_LAYOUTS: dict[str, tuple[str, int]] = {
    "fruchterman-reingold": ("fr", 20_000),
    "drl": ("drl", 50_000),
    "lgl": ("lgl", 20_000),
    "graphopt": ("graphopt", 5_000),
    "kamada-kawai": ("kk", 2_000),
    "mds": ("mds", 2_000),
    "davidson-harel": ("dh", 300),
    "sugiyama": ("sugiyama", 1_000),
    "tree": ("rt", 100_000),
    "radial-tree": ("rt_circular", 100_000),
    "circle": ("circle", 100_000),
    "star": ("star", 100_000),
    "grid": ("grid", 100_000),
    "random": ("random", 100_000),
}
"""igraph's name of each layout, and the nodes up to which it ends in time."""

_ITERATED = {"fr": "niter", "kk": "maxiter", "graphopt": "niter", "lgl": "maxiter", "dh": "maxiter"}


def work(arguments: dict[str, Any], directory: Path) -> Any:
    """Read the graph, lay it out and write it in every shape. The answer names the files."""
    graph = _graph(Path(arguments["source"]), arguments["extension"])
    nodes, edges = graph.vcount(), graph.ecount()
    if not nodes:
        raise Refused("the graph has no nodes")
    if nodes > arguments["nodes"] or edges > arguments["edges"]:
        raise Refused(
            f"the graph has {nodes} nodes and {edges} edges, more than the {arguments['nodes']} and "
            f"{arguments['edges']} allowed"
        )
    algorithm = _algorithm(arguments["algorithm"], nodes)
    graph.vs["x"], graph.vs["y"] = _positions(graph, algorithm, arguments)
    result = arguments["result_name"]
    _write(graph, directory / "result", result)
    stem = result.rpartition(".")[0]
    options = {name: arguments[name] for name in ("algorithm", "iterations", "seed") if arguments.get(name) is not None}
    (directory / "options").write_text(json.dumps(options | {"used": algorithm}), encoding="utf-8")
    (directory / "positions").write_text(json.dumps(_described(graph)), encoding="utf-8")
    made = {result: "result", f"{result}.options": "options", f"{stem}.json": "positions"}
    if nodes + edges <= _DRAWN:
        (directory / "drawing").write_text(_drawn(graph), encoding="utf-8")
        made[f"{stem}.svg"] = "drawing"
    return {"files": made, "nodes": nodes, "edges": edges}


def _graph(path: Path, extension: str) -> "igraph.Graph":
    import igraph

    if extension.endswith(("z", ".gz")):
        with gzip.open(path) as packed:
            content = _read(packed.read)
    else:
        with path.open("rb") as plain:
            content = _read(plain.read)
    if extension.startswith(".tlp"):
        nodes, edges, labels = tlp.read(content.decode(errors="replace"))
        graph = igraph.Graph(n=nodes, edges=edges)
        if any(labels):
            graph.vs["label"] = labels
        return graph
    reader = getattr(igraph.Graph, _FORMATS[extension])
    try:
        return reader(str(path))
    except (igraph.InternalError, ValueError, UnicodeDecodeError, OSError, SystemError):
        raise Refused(f"the graph cannot be read as {extension.lstrip('.')}, or is too large") from None


def _read(read: Callable[[int], bytes]) -> bytes:
    try:
        content = read(_UNPACKED + 1)
    except (OSError, EOFError):
        raise Refused("the graph cannot be unpacked") from None
    if len(content) > _UNPACKED:
        raise Refused(f"the graph has more than the {_UNPACKED} bytes allowed")
    return content


def _algorithm(wanted: str, nodes: int) -> str:
    """The layout to use. The one by which the original's graphs were laid out stands for what is best here."""
    if wanted not in _LAYOUTS:
        return "fruchterman-reingold" if nodes <= _LAYOUTS["fruchterman-reingold"][1] else "drl"
    most = _LAYOUTS[wanted][1]
    if nodes > most:
        raise Refused(f"the graph has {nodes} nodes, more than the {most} that the layout {wanted} can take")
    return wanted


def _positions(graph: "igraph.Graph", algorithm: str, arguments: dict[str, Any]) -> tuple[list[float], list[float]]:
    name = _LAYOUTS[algorithm][0]
    options = {}
    if arguments.get("iterations") is not None and name in _ITERATED:
        options[_ITERATED[name]] = arguments["iterations"]
    random.seed(arguments["seed"])  # igraph draws from it: the same graph is laid out the same again
    layout = graph.layout(name, **options)
    found = [[value if math.isfinite(value) else 0.0 for value in point[:2]] for point in layout.coords]
    count = graph.vcount()
    return [point[0] for point in found][:count], [point[1] for point in found][:count]


def _write(graph: "igraph.Graph", path: Path, name: str) -> None:
    if name.lower().endswith(".graphml"):
        graph.write_graphml(str(path))
    else:
        for attribute in graph.vs.attributes():
            if attribute.lower() == "id":  # of the file's own: in GML it has to be a number
                graph.vs["name" if "name" not in graph.vs.attributes() else "key"] = [
                    str(value) for value in graph.vs[attribute]
                ]
                del graph.vs[attribute]
        graph.write_gml(str(path), creator="")


def _described(graph: "igraph.Graph") -> dict[str, Any]:
    names = next((graph.vs[one] for one in ("label", "name", "id") if one in graph.vs.attributes()), None)
    nodes = [
        {"id": node.index, "x": node["x"], "y": node["y"]}
        | ({"label": str(names[node.index])} if names is not None and names[node.index] is not None else {})
        for node in graph.vs
    ]
    return {"nodes": nodes, "edges": [list(pair) for pair in graph.get_edgelist()]}


def _drawn(graph: "igraph.Graph") -> str:
    """A drawing without any text of the file's."""
    xs, ys = _scaled(graph.vs["x"]), _scaled(graph.vs["y"])
    radius = max(1.0, 8 - math.log2(graph.vcount() + 1) / 2)
    size = _SVG_SIZE + 2 * _MARGIN
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}">', '<g stroke="#999">']
    lines += [
        f'<line x1="{xs[a]:.1f}" y1="{ys[a]:.1f}" x2="{xs[b]:.1f}" y2="{ys[b]:.1f}"/>' for a, b in graph.get_edgelist()
    ]
    lines.append('</g><g fill="#246">')
    lines += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>' for x, y in zip(xs, ys, strict=True)]
    return "\n".join([*lines, "</g></svg>", ""])


def _scaled(values: list[float]) -> list[float]:
    low, high = min(values), max(values)
    return [_MARGIN + (_SVG_SIZE * (value - low) / (high - low) if high > low else _SVG_SIZE / 2) for value in values]


def _import() -> None:
    import igraph

    _ = igraph.Graph
    warnings.simplefilter("ignore")


if __name__ == "__main__":
    child.run(work, ready=_import)
