"""Tulip's text format for graphs: nodes, edges and labels of the root graph, nothing else."""

import re
from collections.abc import Iterator
from typing import Any

from chalicelib.sandboxed.child import Refused

_MOST = 1_000_000
_TOKEN = re.compile(
    r'\s+|;[^\n]*|(?P<open>\()|(?P<close>\))|"(?P<text>(?:[^"\\]|\\.)*)"|(?P<word>[^\s()";]+)', re.DOTALL
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_RANGE = re.compile(r"(\d{1,9})\.\.(\d{1,9})")
_DEPTH = 4


def read(text: str) -> tuple[int, list[tuple[int, int]], list[str]]:
    """The number of nodes, the edges between them (counted from 0), and a label for each node.

    Raises:
        Refused: it is no such file, or has too many nodes.
    """
    places: dict[int, int] = {}
    edges: list[tuple[int, int]] = []
    labels: dict[int, str] = {}
    try:
        for form in _forms(text):
            match form:
                case ["nodes", *ids]:
                    for node in _ids(ids):
                        places.setdefault(node, len(places))
                        if len(places) > _MOST:
                            raise Refused(f"the graph has more than {_MOST} nodes")
                case ["edge", _, source, target]:
                    edges.append((places[int(source)], places[int(target)]))
                case ["property", _, "string", "viewLabel", *values]:
                    labels |= {int(value[1]): value[2] for value in values if value[0] == "node"}
    except (KeyError, ValueError, IndexError, TypeError):
        raise Refused("the graph cannot be read as tlp") from None
    named = [""] * len(places)
    for node, label in labels.items():
        if node in places:
            named[places[node]] = label
    return len(places), edges, named


def _forms(text: str) -> Iterator[list[Any]]:
    """The forms right inside `(tlp ...)`, whatever lies deeper in those of no interest cut off."""
    stack: list[list[Any]] = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise ValueError
        at = token.end()
        if token["open"]:
            stack.append([])
        elif token["close"]:
            form = stack.pop()
            if not stack:
                if form[:1] != ["tlp"]:
                    raise ValueError
                return
            if len(stack) == 1:
                yield form
            elif len(stack) < _DEPTH:
                stack[-1].append(form)
        elif token["text"] is not None:
            stack[-1].append(_ESCAPED.sub(r"\1", token["text"]))
        elif token["word"]:
            stack[-1].append(token["word"])
    raise ValueError


def _ids(words: list[str]) -> Iterator[int]:
    for word in words:
        if found := _RANGE.fullmatch(word):
            yield from range(int(found[1]), int(found[2]) + 1)
        else:
            yield int(word)
