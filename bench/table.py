"""What a benchmark finds: rows of one table, each a count or a ratio with its mark, and how they are shown.

A row is printed as it is found, written as a line of CSV, and shown in docs/bench.md. Its verdict follows from figure
and mark alone: `ok`, `MISS`, or nothing where there is no mark because the row only tells.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

OK, MISS = "ok", "MISS"
_COLUMNS = ("section", "row", "figure", "mark", "verdict", "told")
_NAMES = 93  # characters


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Args:
        section: the part of the bench that found it.
        name: what was counted or compared.
        figure: the count or the ratio; None where there is nothing to compare, which `told` explains.
        mark: what the figure may be at most; None where it is only told.
        exact: the figure must be the mark.
        told: what the figure was made from, or the known reason why it is above its mark.
    """

    section: str
    name: str
    figure: float | None
    mark: float | None = None
    exact: bool = False
    told: str = ""

    @property
    def verdict(self) -> str:
        """`ok` or `MISS`; empty without a mark."""
        if self.mark is None:
            return ""
        if self.figure is None:
            return MISS
        kept = self.figure == self.mark if self.exact else self.figure <= self.mark
        return OK if kept else MISS

    @property
    def cells(self) -> tuple[str, str, str, str, str, str]:
        """The row as text."""
        mark = "" if self.mark is None else f"{'=' if self.exact else '<='} {number(self.mark)}"
        figure = "-" if self.figure is None else number(self.figure)
        return self.section, self.name, figure, mark, self.verdict, self.told


def number(value: float) -> str:
    """A count as it is; anything else with three digits, and below ten with two behind the point."""
    whole = abs(value) >= 100 or (float(value).is_integer() and abs(value) >= 10)
    return f"{value:,.{0 if whole else 1 if abs(value) >= 10 else 2}f}"


def line(row: Row) -> str:
    """The row for a terminal."""
    section, name, figure, mark, verdict, told = row.cells
    return f"{section:10} {name:{_NAMES}} {figure:>10} {mark:>8} {verdict:4}  {told}".rstrip()


def heading() -> str:
    """What stands above the lines."""
    return f"{_COLUMNS[0]:10} {_COLUMNS[1]:{_NAMES}} {_COLUMNS[2]:>10} {_COLUMNS[3]:>8} {'':4}  {_COLUMNS[5]}"


def write_csv(rows: Iterable[Row], path: Path) -> None:
    """Write the rows as CSV, with a line of names above them; figures and marks as plain numbers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for row in rows:
            plain = ["" if value is None else f"{value:.6g}" for value in (row.figure, row.mark)]
            writer.writerow([row.section, row.name, *plain, row.verdict, row.told])


def markdown(rows: Iterable[Row]) -> str:
    """The rows as Markdown."""
    lines = ["| row | figure | mark | | told |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        _, *cells = row.cells
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join([*lines, ""])


def put_between(page: Path, name: str, text: str) -> None:
    """Replace what stands between the marks `<!-- NAME: begin -->` and `<!-- NAME: end -->` of a page."""
    before, held, after = _parts(page, name)
    del held
    page.write_text(before + text + after, encoding="utf-8")


def between(page: Path, name: str) -> str:
    """What stands between the marks of a page."""
    return _parts(page, name)[1]


def _parts(page: Path, name: str) -> tuple[str, str, str]:
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    text = page.read_text(encoding="utf-8")
    if text.count(begin) != 1 or text.count(end) != 1:
        raise ValueError(f"{page} has no place for {name}")
    before, _, rest = text.partition(begin)
    held, _, after = rest.partition(end)
    return before + begin, held, end + after
