"""`network-layout`: every format is read, every node gets a place, and the result can be read again."""

import gzip
import json
import math
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from chalicelib.sandboxed import graphs as reader
from chalicelib.workers import WorkError, find, graphs
from tests.files.scanners.samples import NOISE
from tests.workers.conftest import Bench

EDGES = [(0, 1), (1, 2), (2, 3), (3, 0), (3, 4)]
EDGELIST = "\n".join(f"{a} {b}" for a, b in EDGES).encode()
GML = (
    b'graph [ directed 0\n node [ id 0 label "a & <b>" ]\n'
    + b"".join(b'node [ id %d label "n%d" ]\n' % (number, number) for number in range(1, 5))
    + b"".join(b"edge [ source %d target %d ]\n" % edge for edge in EDGES)
    + b"]\n"
)
GRAPHML = (
    b'<?xml version="1.0"?><graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
    b'<graph id="G" edgedefault="undirected">'
    + b"".join(b'<node id="n%d"/>' % number for number in range(5))
    + b"".join(b'<edge source="n%d" target="n%d"/>' % edge for edge in EDGES)
    + b"</graph></graphml>"
)
PAJEK = (
    b"*Vertices 5\n"
    + b"".join(b'%d "n%d"\n' % (number, number) for number in range(1, 6))
    + b"*Edges\n"
    + b"".join(b"%d %d\n" % (a + 1, b + 1) for a, b in EDGES)
)
NCOL = b"".join(b"n%d n%d\n" % edge for edge in EDGES)
LGL = b"# a\nb\n# b\nc\n# c\nd\n# d\ne\n# a\nd\n"
DL = b"DL n=5\nformat = edgelist1\nlabels:\na, b, c, d, e\ndata:\n1 2\n2 3\n3 4\n4 1\n4 5\n"
TLP = b"""(tlp "2.3"
(date "01-01-2026")
; a comment (with brackets
(comments "made \\"by\\" hand")
(nb_nodes 5)
(nodes 10..12 20 21)
(nb_edges 5)
(edge 0 10 11)
(edge 1 11 12)
(edge 2 12 20)
(edge 3 20 10)
(edge 4 20 21)
(cluster 1 (nodes 10 11) (edges 0) (cluster 2 (nodes 10)))
(property 0 string "viewLabel"
(default "" "")
(node 10 "first; \\"one\\"")
(edge 0 "an edge")
)
(property 0 double "viewMetric" (default "0" "0") (node 10 "1.5"))
)
"""

SAMPLES = {
    ".gml": GML,
    ".graphml": GRAPHML,
    ".net": PAJEK,
    ".paj": PAJEK,
    ".ncol": NCOL,
    ".lgl": LGL,
    ".dl": DL,
    ".edges": EDGELIST,
    ".edgelist": EDGELIST,
    ".tlp": TLP,
    ".tlp.gz": gzip.compress(TLP, mtime=0),
    ".tlpz": gzip.compress(TLP, mtime=0),
}


def places(made: dict[str, bytes], name: str = "net.json") -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = json.loads(made[name])["nodes"]
    return nodes


@pytest.mark.parametrize("extension", SAMPLES)
def test_every_format_is_read(bench: Bench, extension: str) -> None:
    made = bench.made("network-layout", bench.source(SAMPLES[extension], f"net{extension.upper()}"))
    assert set(made) == {"net.gml", "net.gml.options", "net.json", "net.svg"}
    nodes, edges = places(made), json.loads(made["net.json"])["edges"]
    assert len(nodes) == len(edges) == 5
    assert len({(node["x"], node["y"]) for node in nodes}) == 5
    degrees = Counter(node for edge in edges for node in edge)
    assert sorted(degrees.values()) == [1, 2, 2, 2, 3]


def test_every_extension_it_declares_is_read() -> None:
    assert {*graphs.EXTENSIONS, *graphs.TULIP} == set(SAMPLES)


def test_the_result_can_be_laid_out_again(bench: Bench) -> None:
    first = bench.made("network-layout", bench.source(GML, "net.gml"), result_name="out.graphml")
    again = bench.made("network-layout", bench.source(first["out.graphml"], "out.graphml"), result_name="out.gml")
    third = bench.made("network-layout", bench.source(again["out.gml"], "out.gml"))
    assert [node["label"] for node in places(third, "out.json")] == ["a & <b>", "n1", "n2", "n3", "n4"]


def test_labels_of_tulip_are_kept(bench: Bench) -> None:
    made = bench.made("network-layout", bench.source(TLP, "net.tlp"))
    assert places(made)[0]["label"] == 'first; "one"'
    assert json.loads(made["net.json"])["edges"] == [[0, 1], [1, 2], [2, 3], [0, 3], [3, 4]]


@pytest.mark.parametrize("algorithm", graphs.ALGORITHMS)
def test_every_layout_gives_every_node_a_place(bench: Bench, algorithm: str) -> None:
    made = bench.made("network-layout", bench.source(EDGELIST, "net.edges"), algorithm=algorithm, iterations=20.0)
    nodes = places(made)
    assert len(nodes) == 5
    assert all(math.isfinite(node["x"]) and math.isfinite(node["y"]) for node in nodes)
    assert len({(node["x"], node["y"]) for node in nodes}) == 5
    assert json.loads(made["net.gml.options"])["algorithm"] == algorithm


def test_every_layout_is_offered() -> None:
    assert set(graphs.ALGORITHMS) - {"FM^3 (OGDF)"} == set(reader._LAYOUTS)


def test_the_same_seed_gives_the_same_bytes_again(bench: Bench) -> None:
    source = bench.source(EDGELIST, "net.edges")
    assert bench.made("network-layout", source) == bench.made("network-layout", source)
    assert places(bench.made("network-layout", source, seed=7)) != places(bench.made("network-layout", source, seed=8))


def test_the_drawing_is_plain_and_holds_no_text_of_the_file(bench: Bench) -> None:
    svg = bench.made("network-layout", bench.source(GML, "net.gml"))["net.svg"]
    kinds = {element.tag.rpartition("}")[2] for element in ET.fromstring(svg).iter()}  # noqa: S314
    assert kinds == {"svg", "g", "line", "circle"}
    assert b"n1" not in svg


def test_a_graph_without_edges_or_with_one_node_has_places_too(bench: Bench) -> None:
    made = bench.made("network-layout", bench.source(b"graph [ node [ id 0 ] ]", "net.gml"))
    assert [math.isfinite(node["x"] + node["y"]) for node in places(made)] == [True]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "a.gml"),
        (NOISE, "a.gml"),
        (NOISE, "a.graphml"),
        (NOISE, "a.net"),
        (NOISE, "a.lgl"),
        (NOISE, "a.edges"),
        (NOISE, "a.dl"),
        (NOISE, "a.tlp"),
        (NOISE, "a.tlp.gz"),
        (gzip.compress(TLP, mtime=0)[:40], "a.tlp.gz"),
        (b"(tlp (nodes 1 2) (edge 0 1 9))", "a.tlp"),
        (b"(tlp" * 5000, "a.tlp"),
        (b"(graph)", "a.tlp"),
        (b"(tlp (nodes 0..999999999))", "a.tlp"),
        (b"0 4000000000", "a.edges"),
        (b"*Vertices 2000000000\n", "a.net"),
    ],
)
def test_what_is_no_graph_or_too_large_a_one_is_refused(bench: Bench, content: bytes, name: str) -> None:
    with pytest.raises(WorkError, match=r"the graph|more memory"):
        bench.made("network-layout", bench.source(content, name))


def graphml_with(entities: bytes, value: bytes) -> bytes:
    return (
        b'<?xml version="1.0"?><!DOCTYPE graphml [' + entities + b"]>"
        b'<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
        b'<key id="k" for="node" attr.name="label" attr.type="string"/>'
        b'<graph edgedefault="undirected"><node id="n"><data key="k">' + value + b"</data></node></graph></graphml>"
    )


def test_a_file_of_the_machine_is_not_read_by_way_of_a_graph(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("the-secret", encoding="utf-8")
    content = graphml_with(b'<!ENTITY x SYSTEM "file://%s">' % bytes(tmp_path / "secret"), b"&x;")
    try:
        made = bench.made("network-layout", bench.source(content, "a.graphml"))
    except WorkError:
        return
    assert not any(b"the-secret" in content for content in made.values())


def test_a_billion_laughs_are_refused(bench: Bench) -> None:
    entities = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 12))
    content = graphml_with(b'<!ENTITY l0 "ha">' + entities, b"&l11;")
    try:
        made = bench.made("network-layout", bench.source(content, "a.graphml"))
    except WorkError:
        return
    assert sum(len(content) for content in made.values()) < 1_000_000


def test_a_packed_graph_is_bounded_by_what_it_unpacks_to(bench: Bench) -> None:
    content = gzip.compress(b"(tlp " + b" " * (70 * 1024 * 1024) + b")")
    with pytest.raises(WorkError, match="67108864 bytes"):
        bench.made("network-layout", bench.source(content, "a.tlp.gz"))


def test_more_nodes_than_a_layout_can_take_are_refused(bench: Bench) -> None:
    ring = "\n".join(f"{number} {number + 1}" for number in range(3000)).encode()
    source = bench.source(ring, "net.edges")
    with pytest.raises(WorkError, match="more than the 2000 that the layout kamada-kawai"):
        bench.made("network-layout", source, algorithm="kamada-kawai")
    assert len(places(bench.made("network-layout", source, algorithm="circle"))) == 3001


def test_more_nodes_or_edges_than_allowed_are_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs, "MOST_NODES", 4)
    with pytest.raises(WorkError, match="5 nodes and 5 edges"):
        bench.made("network-layout", bench.source(GML, "net.gml"))


@pytest.mark.parametrize(
    "parameters",
    [
        {"algorithm": "none"},
        {"iterations": 0},
        {"iterations": 10**9},
        {"seed": -1},
        {"seed": True},
        {"result_name": "../evil.gml"},
        {"result_name": "a/b.gml"},
        {"result_name": "net.exe"},
        {"result_name": ".gml"},
        {"unknown": 1},
    ],
)
def test_parameters_are_held_to_the_schema(parameters: dict[str, Any]) -> None:
    worker = find("tulip")
    assert worker is not None
    assert worker.problems(parameters) != []


def test_compound_extensions_are_known_whatever_their_case() -> None:
    worker = find("network-layout")
    assert worker is not None
    assert worker.takes("Net.TLP.GZ")
    assert worker.stem("Net.TLP.GZ") == "Net"
    assert worker.stem("a.b.gml") == "a.b"
    assert not worker.takes(".tlp.gz")
    assert not worker.takes("net.gz")
