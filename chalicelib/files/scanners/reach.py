"""How many bytes a YARA rule set must see at once, read conservatively off its source.

A file larger than one window is scanned in overlapping windows. That finds the same as scanning it whole only when
every rule is a plain choice between strings of bounded length, none of which looks at its surroundings:

* the condition is made of `$a`, `or`, `any of`, `1 of`, `them` and brackets, nothing else. An `and`, a `not`, a count,
  an offset, `filesize`, a module or another rule all join facts that may lie windows apart;
* no string has an unbounded part, an anchor or a word boundary (`fullword` too: a window's edge is no word's edge).

Whatever this does not recognise counts as needing the whole file. The compiler has accepted the source before.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

MAX_STRING = 1024 * 1024

_SPACE = r"(?:\s+|//[^\n]*|/\*.*?\*/)*"
_WORD = re.compile(_SPACE + r'(?P<word>"(?:\\.|[^"\\])*"|\$\w*\*?|[A-Za-z_]\w*|\d[\w.]*|[^\s])', re.DOTALL | re.ASCII)
_GAP = re.compile(_SPACE, re.DOTALL)
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_HEX_WORD = re.compile(r"\s*(~?[0-9A-Fa-f?]{2}|\[[^\]]*\]|[(|)])\s*")
_JUMP = re.compile(r"\[\s*(?:\d+\s*-\s*)?(\d+)\s*\]|\[\s*-\s*(\d+)\s*\]")
_QUANTIFIER = re.compile(r"\{\d*,?(\d+)\}")
_CONDITION_WORDS = frozenset({"(", ")", ",", "or", "any", "of", "them", "1"})
_MODIFIERS = frozenset({"ascii", "wide", "nocase", "xor", "base64", "base64wide", "private"})


class NeedsWholeFile(Exception):
    """The rule set cannot be applied in windows; the message says why."""


@dataclass(frozen=True, slots=True)
class _Rule:
    name: str
    patterns: tuple[str, ...]
    longest: int


def longest_string(source: str, compiled: Iterable[tuple[str, Iterable[str]]]) -> int:
    """Length in bytes of the longest stretch of a file that any string of the rules can match.

    Args:
        source: the rules.
        compiled: what the compiler made of them, (rule, names of its strings) each: a check on this reading.

    Raises:
        NeedsWholeFile: windows could miss a match, or make one up.
    """
    rules = _Reader(source).rules()
    if sorted((rule.name, rule.patterns) for rule in rules) != sorted((name, tuple(p)) for name, p in compiled):
        raise NeedsWholeFile("the rules are written in a way that is not understood here")
    longest = max((rule.longest for rule in rules), default=0)
    if longest > MAX_STRING:
        raise NeedsWholeFile(f"a string may be {longest} bytes long")
    return longest


class _Reader:
    """Walks over a rules file, word by word."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0

    def rules(self) -> list[_Rule]:
        rules = []
        while (word := self._next()) is not None:
            if word == "private":
                continue
            if word != "rule":
                raise NeedsWholeFile(f"`{word}` at the top of the rules")
            rules.append(self._rule())
        return rules

    def _next(self) -> str | None:
        found = _WORD.match(self._source, self._at)
        if found is None:
            return None
        self._at = found.end()
        return found["word"]

    def _peek(self) -> str | None:
        found = _WORD.match(self._source, self._at)
        return found and found["word"]

    def _rule(self) -> _Rule:
        name = self._next() or ""
        patterns: list[str] = []
        longest = 0
        while (word := self._next()) is not None:
            if word == "strings" and self._peek() == ":":
                self._next()
                while (pattern := self._peek() or "").startswith("$"):
                    self._next()
                    patterns.append(pattern)
                    try:
                        longest = max(longest, self._pattern())
                    except NeedsWholeFile as error:
                        raise NeedsWholeFile(f"rule {name}, string {pattern}: {error}") from None
            elif word == "condition" and self._peek() == ":":
                self._next()
                self._condition(name)
                return _Rule(name, tuple(patterns), longest)
        raise NeedsWholeFile(f"rule {name} has no end")

    def _condition(self, rule: str) -> None:
        while (word := self._next()) != "}":
            if word not in _CONDITION_WORDS and not (word or "").startswith("$"):
                raise NeedsWholeFile(f"rule {rule}: `{word}` in its condition")

    def _pattern(self) -> int:
        if self._next() != "=":
            raise NeedsWholeFile("not understood")
        gap = _GAP.match(self._source, self._at)
        self._at = gap.end() if gap else self._at
        opening = self._source[self._at : self._at + 1]
        if opening == '"':
            length = len((self._next() or "").encode()) - 2
        elif opening == "{":
            length = _hex_length(self._until("}"))
        elif opening == "/":
            length = _regex_length(self._until("/"))
            if flags := re.compile(r"[is]+").match(self._source, self._at):
                self._at = flags.end()
        else:
            raise NeedsWholeFile("not understood")
        return _modified(length, self._modifiers())

    def _until(self, closing: str) -> str:
        """The text from behind the character here to the closing one; moves past that."""
        inside = r"(?:\\.|[^/\\\n])*" if closing == "/" else r"(?://[^\n]*|/\*.*?\*/|[^}/])*"
        found = re.compile(inside, re.DOTALL).match(self._source, self._at + 1)
        if found is None or self._source[found.end() : found.end() + 1] != closing:
            raise NeedsWholeFile("not understood")
        self._at = found.end() + 1
        return found.group()

    def _modifiers(self) -> set[str]:
        found = set()
        while (word := self._peek()) not in {None, "}", "condition"} and not (word or "").startswith("$"):
            self._next()
            if word == "(":
                while self._next() not in {")", None}:
                    pass
            elif word in _MODIFIERS:
                found.add(word)
            else:
                raise NeedsWholeFile(f"`{word}`")
        return found


def _modified(length: int, modifiers: set[str]) -> int:
    if "wide" in modifiers:
        length *= 2
    if modifiers & {"base64", "base64wide"}:
        length = 4 * ((length + 4) // 3)
    return length * 2 if "base64wide" in modifiers else length


def _hex_length(text: str) -> int:
    """The most bytes a hex pattern covers, the longest of its alternatives counted."""
    text = _COMMENT.sub(" ", text)
    # One level per open bracket: bytes of the alternative being read, and of the longest one before it.
    levels = [[0, 0]]
    at = 0
    while at < len(text) and text[at:].strip():
        found = _HEX_WORD.match(text, at)
        if found is None:
            raise NeedsWholeFile("not understood")
        at, word = found.end(), found.group(1)
        if word == "(":
            levels.append([0, 0])
        elif word == "|":
            levels[-1] = [0, max(levels[-1])]
        elif word == ")" and len(levels) > 1:
            widest = max(levels.pop())
            levels[-1][0] += widest
        elif word.startswith("["):
            jump = _JUMP.fullmatch(word)
            if jump is None:
                raise NeedsWholeFile("an unbounded jump")
            levels[-1][0] += int(jump.group(1) or jump.group(2))
        elif word == ")":
            raise NeedsWholeFile("not understood")
        else:
            levels[-1][0] += 1
    return max(levels[0])


def _regex_length(text: str) -> int:
    """The most bytes a regular expression can match, if it has such a bound and looks at nothing around it."""
    if not text.isascii():
        raise NeedsWholeFile("characters beyond ASCII in a regular expression")
    length, end = _alternatives(text, 0)
    if end != len(text):
        raise NeedsWholeFile("not understood")
    return length


def _alternatives(text: str, at: int) -> tuple[int, int]:
    longest = length = 0
    while at < len(text) and text[at] != ")":
        if text[at] == "|":
            longest, length, at = max(longest, length), 0, at + 1
            continue
        atom, at = _atom(text, at)
        atom, at = _repeated(atom, text, at)
        length += atom
    return max(longest, length), at


def _atom(text: str, at: int) -> tuple[int, int]:
    if text[at] == "(":
        at += 3 if text.startswith("(?:", at) else 1
        length, at = _alternatives(text, at)
        if text[at : at + 1] != ")":
            raise NeedsWholeFile("not understood")
        return length, at + 1
    found = re.compile(
        r"\\x[0-9A-Fa-f]{2}|\\[dDwWsSntrfav]|\\[^\w\s]|\[\^?(?:\\.|[^\]\[\\^])(?:\\.|[^\]\[\\])*\]|[^\\\[\]^$*+?{}()|]"
    ).match(text, at)
    if found is None:
        raise NeedsWholeFile("a part of a regular expression that looks around, or is not understood")
    return 1, found.end()


def _repeated(length: int, text: str, at: int) -> tuple[int, int]:
    while at < len(text) and text[at] in "*+?{":
        if text[at] == "?":
            at += 1
            continue
        bounded = _QUANTIFIER.match(text, at)
        if bounded is None:
            raise NeedsWholeFile("an unbounded repetition")
        length, at = length * int(bounded.group(1)), bounded.end()
    return length, at
