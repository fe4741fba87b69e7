"""Which route a path means: a trie over path segments, built once from the route table.

Per segment a literal beats a variable and a variable beats a greedy one (`{name+}`, one segment or more, last in its
pattern); where the better choice leads nowhere, the next one is tried. The best matching pattern decides alone: a
method it does not have is a 405, even if a less specific pattern has it, so that what a path means never depends on the
verb.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from chalice.app import RouteEntry

_VARIABLE = re.compile(r"\{(\w+)(\+?)\}")


@dataclass(frozen=True, slots=True)
class Route:
    """One pattern with its views by method."""

    pattern: str
    names: tuple[str, ...]
    methods: Mapping[str, RouteEntry]

    @property
    def allow(self) -> str:
        """The value of `Allow`: the methods there are, with the HEAD and OPTIONS every path answers."""
        methods = {*self.methods, "OPTIONS"}
        if "GET" in methods:
            methods.add("HEAD")
        return ", ".join(sorted(methods))


@dataclass(slots=True)
class _Node:
    literals: dict[str, "_Node"] = field(default_factory=dict)
    variable: "_Node | None" = None
    greedy: Route | None = None
    here: Route | None = None


class Router:
    """Matches decoded path segments against a route table."""

    def __init__(self, table: Mapping[str, Mapping[str, RouteEntry]]) -> None:
        self._root = _Node()
        for pattern, methods in table.items():
            self._add(Route(pattern, tuple(variables(pattern)), methods))

    def match(self, segments: Sequence[str]) -> tuple[Route, dict[str, str]] | None:
        """The route of a path and its arguments, None when no pattern fits."""
        values: list[str] = []
        route = _find(self._root, segments, 0, values)
        return None if route is None else (route, dict(zip(route.names, values, strict=True)))

    def literals_beside(self, pattern: str) -> frozenset[str]:
        """The literal segments that hide the last variable of a pattern, such as `list` for `/api/{store_id}`.

        An id among them could never be asked for, so no such id may be given.
        """
        node: _Node | None = self._root
        for part in split(pattern)[:-1]:
            node = (node.variable if _VARIABLE.fullmatch(part) else node.literals.get(part)) if node else None
        return frozenset(node.literals) if node else frozenset()

    def _add(self, route: Route) -> None:
        node = self._root
        parts = split(route.pattern)
        for position, part in enumerate(parts):
            variable = _VARIABLE.fullmatch(part)
            if variable is None:
                if "{" in part or "}" in part:
                    raise ValueError(f"{route.pattern}: a variable must be a whole segment")
                node = node.literals.setdefault(part, _Node())
            elif variable[2]:
                if position != len(parts) - 1:
                    raise ValueError(f"{route.pattern}: a greedy variable must come last")
                node.greedy = route
                return
            else:
                node.variable = node.variable or _Node()
                node = node.variable
        node.here = route


def split(pattern: str) -> list[str]:
    """The segments of a pattern or raw path."""
    return [part for part in pattern.split("/") if part]


def variables(pattern: str) -> list[str]:
    """The names of a pattern's variables, in order, without braces and plus signs."""
    return [name for name, _ in _VARIABLE.findall(pattern)]


def conflicts(patterns: Iterable[str]) -> list[str]:
    """Sentences about variables that API Gateway would refuse: two names for one position of one prefix."""
    names: dict[tuple[str, ...], dict[str, str]] = {}
    found = []
    for pattern in patterns:
        prefix: tuple[str, ...] = ()
        for part in split(pattern):
            if _VARIABLE.fullmatch(part):
                kind = "{+}" if "+" in part else "{}"
                known = names.setdefault((*prefix, kind), {})
                known.setdefault(part, pattern)
                if len(known) > 1:
                    found.append(f"{' and '.join(sorted(known))} stand at one position: {sorted(known.values())}")
                prefix = (*prefix, kind)
            else:
                prefix = (*prefix, part)
    return found


def _find(node: _Node, segments: Sequence[str], index: int, values: list[str]) -> Route | None:
    if index == len(segments):
        return node.here
    literal = node.literals.get(segments[index])
    if literal is not None:
        found = _find(literal, segments, index + 1, values)
        if found is not None:
            return found
    if node.variable is not None:
        values.append(segments[index])
        found = _find(node.variable, segments, index + 1, values)
        if found is not None:
            return found
        values.pop()
    if node.greedy is not None:
        values.append("/".join(segments[index:]))
        return node.greedy
    return None
