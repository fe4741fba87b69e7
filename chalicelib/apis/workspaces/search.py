"""The language of searches: what `q` means (docs/apis/workspaces.md, "Search").

    either  = both ("OR" both)*
    both    = one (["AND"] one)*
    one     = "NOT" one | "(" either ")" | macro value | word

A token ends at a blank or a parenthesis, unless these are quoted or escaped; what is quoted is never an operator.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from chalicelib.apis.workspaces import errors, parameters
from chalicelib.apis.workspaces.models import Asset

LONGEST = 2_000
"""Characters of a search."""

_DEEPEST = 50
_AND, _OR, _NOT, _OPEN, _CLOSE = "and", "or", "not", "(", ")"
_AUTHOR, _VERSION = "unknown", "1.1.0"

Test = Callable[[Asset], bool]


@dataclass(slots=True)
class Search:
    """A search that was understood.

    Attributes:
        test: whether an asset is found.
        ids: has to be given the ids of the assets named in `dependencies`, by their refs, before anything is tested.
    """

    test: Test
    dependencies: list[str] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    quoted: bool

    def is_a(self, operator: str) -> bool:
        return not self.quoted and self.text.lower() == operator


def understand(text: str) -> Search:
    """The search that a text asks for.

    Raises:
        MalformedRequest
    """
    if len(text) > LONGEST:
        raise errors.corrupted(errors.BROWSER, f"q of more than {LONGEST} characters")
    parser = _Parser(_tokens(text))
    search = parser.search
    search.test = parser.either(0)
    if parser.tokens:
        raise _unexpected(parser.tokens[0].text)
    return search


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.search = Search(lambda asset: True)

    def either(self, depth: int) -> Test:
        tests = [self._both(depth)]
        while self._takes(_OR):
            tests.append(self._both(depth))
        return tests[0] if len(tests) == 1 else lambda asset: any(test(asset) for test in tests)

    def _both(self, depth: int) -> Test:
        tests = [self._one(depth)]
        while self.tokens and not self.tokens[0].is_a(_OR) and not self.tokens[0].is_a(_CLOSE):
            self._takes(_AND)
            tests.append(self._one(depth))
        return tests[0] if len(tests) == 1 else lambda asset: all(test(asset) for test in tests)

    def _one(self, depth: int) -> Test:
        if depth > _DEEPEST:
            raise errors.corrupted(errors.BROWSER, "q is nested too deeply")
        if self._takes(_NOT):
            test = self._one(depth + 1)
            return lambda asset: not test(asset)
        if self._takes(_OPEN):
            inner = self.either(depth + 1)
            if not self._takes(_CLOSE):
                raise _unexpected("the end")
            return inner
        token = self._next()
        if any(token.is_a(operator) for operator in (_AND, _OR, _CLOSE)):
            raise _unexpected(token.text)
        macro, colon, operator = token.text.partition(":")
        if token.quoted or not colon or macro not in _MACROS or operator not in _OPERATORS.get(macro, ("",)):
            return lambda asset: token.text in asset.ref
        return _MACROS[macro](self, operator)

    def dated(self, attribute: str, operator: str) -> Test:
        if not operator:
            raise errors.corrupted(errors.BROWSER, "Operator not defined")
        first = self._moment()
        if operator == "..":
            last = self._moment()
            return lambda asset: first < int(getattr(asset, attribute)) < last
        return lambda asset: _COMPARISONS[operator](int(getattr(asset, attribute)), first)

    def depends(self) -> Test:
        value, search = self.value(), self.search
        search.dependencies.append(value)
        return lambda asset: value in asset.dependencies or search.ids.get(value) in asset.dependencies

    def value(self) -> str:
        return self._next().text

    def _moment(self) -> int:
        text = self.value()
        moment = parameters.moment(text)
        if moment is None:
            raise errors.corrupted(errors.BROWSER, text)
        return moment

    def _next(self) -> _Token:
        if not self.tokens:
            raise _unexpected("the end")
        return self.tokens.pop(0)

    def _takes(self, operator: str) -> bool:
        if self.tokens and self.tokens[0].is_a(operator):
            self.tokens.pop(0)
            return True
        return False


def _tag(parser: _Parser, operator: str) -> Test:
    value = parser.value()
    return lambda asset: value in asset.body["tags"]


def _comment(parser: _Parser, operator: str) -> Test:
    value = parser.value()
    return lambda asset: value in asset.body["comment"]


def _main(parser: _Parser, operator: str) -> Test:
    value = parser.value()
    return lambda asset: value == (asset.main or "")


def _ref(parser: _Parser, operator: str) -> Test:
    value = parser.value()
    return lambda asset: value in asset.ref


def _author(parser: _Parser, operator: str) -> Test:
    value = parser.value()
    return lambda asset: value in _AUTHOR


def _version(parser: _Parser, operator: str) -> Test:
    value = parser.value()
    return lambda asset: value == _VERSION


_MACROS: dict[str, Callable[[_Parser, str], Test]] = {
    "tag": _tag,
    "comment": _comment,
    "main": _main,
    "ref": _ref,
    "author": _author,
    "version": _version,
    "dependency": lambda parser, operator: parser.depends(),
    "created": lambda parser, operator: parser.dated("created", operator),
    "modified": lambda parser, operator: parser.dated("modified", operator),
}
_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
}
_DATED = ("", "..", *_COMPARISONS)
_OPERATORS: dict[str, tuple[str, ...]] = {"created": _DATED, "modified": _DATED}
"""What may stand behind the colon of a macro; behind that of another one nothing may."""


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    current, started, quoted, inside = "", False, False, False
    characters = iter(text)
    for character in characters:
        if character == "\\":
            current, started, quoted = current + next(characters, "\\"), True, True
        elif character == '"':
            inside, started, quoted = not inside, True, True
        elif not inside and (character.isspace() or character in "()"):
            if started:
                found.append(_Token(current, quoted))
                current, started, quoted = "", False, False
            if character in "()":
                found.append(_Token(character, False))
        else:
            current, started = current + character, True
    if inside:
        raise _unexpected("the end")
    if started:
        found.append(_Token(current, quoted))
    return found


def _unexpected(token: str) -> Exception:
    return errors.corrupted(errors.BROWSER, f"q with an unexpected {token}")
