"""What commands print: tables on a terminal, tab-separated lines in a pipe, JSON where it was asked for.

Results go to standard output, everything else - progress, what was done, errors - to standard error.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

told = Console(stderr=True, highlight=False)
"""For everything that is no result."""

IDS = ("id", "_id")
"""Columns that commands take what is in them from."""

Row = Mapping[str, Any]


def rows(found: Iterable[Row], columns: Sequence[str], *, as_json: bool) -> None:
    """Print a listing.

    Args:
        columns: keys, in order, of what is shown; JSON has everything.
    """
    every = list(found)
    if as_json:
        _json(every)
    elif sys.stdout.isatty():
        table = Table(box=None, header_style="bold", pad_edge=False)
        for name in columns:  # an id is for copying: it stays in one piece
            table.add_column(name, overflow="fold", no_wrap=name in IDS)
        for one in every:
            table.add_row(*(escape(_clean(_text(one.get(name)))) for name in columns))
        Console(highlight=False).print(table)
    else:
        for one in every:
            sys.stdout.write("\t".join(_clean(_text(one.get(name))) for name in columns) + "\n")


@contextmanager
def gathered(columns: Sequence[str], *, as_json: bool) -> Iterator[list[dict[str, Any]]]:
    """A list for rows of what is done one by one; `rows` prints it at the end, and before a failure what was done."""
    found: list[dict[str, Any]] = []
    try:
        yield found
    except BaseException:
        if found:
            rows(found, columns, as_json=as_json)
        raise
    rows(found, columns, as_json=as_json)


def facts(found: Row, *, as_json: bool, shown: Callable[[str], bool] = lambda name: not name.startswith("_")) -> None:
    """Print what is known of one thing, a line a fact."""
    if as_json:
        _json(dict(found))
        return
    pairs = [(name, _text(value)) for name, value in found.items() if shown(name)]
    if sys.stdout.isatty():
        table = Table("", "", box=None, show_header=False, pad_edge=False)
        for name, value in pairs:
            table.add_row(f"[bold]{escape(name)}[/]", escape(_clean(value)))
        Console(highlight=False).print(table)
    else:
        for name, value in pairs:
            sys.stdout.write(f"{name}\t{_clean(value)}\n")


def say(text: str) -> None:
    """Tell the user something that is no result."""
    told.print(escape(text), soft_wrap=True)


def _json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | dict):
        return ", ".join(map(str, value)) if value and not _nested(value) else json.dumps(value) if value else ""
    return str(value)


def _nested(value: Any) -> bool:
    return isinstance(value, dict) or any(isinstance(one, list | dict) for one in value)


def _clean(text: str) -> str:
    """Without what would end a cell or line, or speak to the terminal: names are whatever somebody uploaded."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
