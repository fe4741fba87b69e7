"""What was measured, as one table: a line a figure, a column a side; and the same as CSV, a line a figure and side."""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.peers import measuring
from bench.peers.measuring import AT_REST, LARGE_UPLOAD, PAGES, READS, UPLOADS, Spent
from bench.peers.sides import About

_MEBIBYTE = 1024**2
_HINT = "(a hint)"
_COLUMNS = ("work", "figure", "side", "version", "value", "why_not")

Figure = Callable[[Spent], float | None]


@dataclass(slots=True)
class Column:
    """A side in the table.

    Args:
        about: the side.
        spent: what each piece of work took, by its name; None where the side has no such thing.
        why_not: why the rest is missing.
    """

    about: About
    spent: dict[str, Spent | None] = field(default_factory=dict)
    why_not: str = ""


def _minute(seconds: Figure) -> Figure:
    def figure(spent: Spent) -> float | None:
        value = seconds(spent)
        return None if value is None else value * 60 / (spent.wall + measuring.PAUSE)

    return figure


def _application(spent: Spent) -> float:
    return spent.application


def _behind(spent: Spent) -> float | None:
    return spent.behind


def _engine(spent: Spent) -> float | None:
    return spent.engine


def _everything(spent: Spent) -> float:
    return spent.cpu


def _application_peak(spent: Spent) -> float:
    return spent.application_peak / _MEBIBYTE


def _engine_peak(spent: Spent) -> float | None:
    return None if spent.engine_peak is None else spent.engine_peak / _MEBIBYTE


def _rate(seconds: Callable[[Spent], float]) -> Figure:
    return lambda spent: spent.count / max(seconds(spent), 0.01)  # what /proc counts in


_RATES: tuple[tuple[str, Figure], ...] = (
    ("requests per second per core, application", _rate(_application)),
    ("requests per second per core, with all behind it", _rate(_everything)),
    ("CPU of the application, s", _application),
    ("CPU of the scan and other work behind, s", _behind),
    ("CPU of the engine, s", _engine),
    ("peak memory of the application, MiB", _application_peak),
    (f"requests per second by the clock {_HINT}", _rate(lambda spent: spent.wall)),
)
FIGURES: dict[str, tuple[tuple[str, Figure], ...]] = {
    AT_REST: (
        ("CPU of the application, s", _minute(_application)),
        ("CPU of the scan and other work behind, s", _minute(_behind)),
        ("CPU of the engine, s", _minute(_engine)),
        ("memory of the application, MiB", _application_peak),
        ("memory of the engine, MiB", _engine_peak),
    ),
    LARGE_UPLOAD: (
        ("bytes through the application over bytes stored", measuring.through),
        ("CPU of the application, s", _application),
        ("CPU of the scan and other work behind, s", _behind),
        ("CPU of the engine, s", _engine),
        ("CPU of everything, s", _everything),
        ("peak memory of the application, MiB", _application_peak),
        ("peak memory of the engine, MiB", _engine_peak),
        (f"seconds by the clock {_HINT}", lambda spent: spent.wall),
    ),
    UPLOADS: _RATES,
    READS: _RATES,
    PAGES: _RATES,
}


def lines(columns: Sequence[Column]) -> Iterator[str]:
    """The table in Markdown, which a terminal shows as well, and why figures are missing."""
    heads = [f"{column.about.name}" for column in columns]
    width = max(len(name) for figures in FIGURES.values() for name, _ in figures)
    wide = [max(len(head), 10) for head in heads]
    for work, figures in FIGURES.items():
        yield _line(f"**{work}**".ljust(width), [head.rjust(size) for head, size in zip(heads, wide, strict=True)])
        yield _line("-" * width, ["-" * (size - 1) + ":" for size in wide])
        for name, figure in figures:
            cells = [_shown(figure, column.spent.get(work)) for column in columns]
            yield _line(name.ljust(width), [cell.rjust(size) for cell, size in zip(cells, wide, strict=True)])
        yield ""
    for column in columns:
        about = column.about
        yield f"* {about.name}, {about.version}: {about.served}. Engine: {about.engine}."
        for reason in filter(None, (column.why_not, *(why for _, why in _lacking(column)))):
            yield f"  Missing: {reason}"


def write_csv(columns: Sequence[Column], path: Path) -> None:
    """Write every figure of every side; one that is missing says why."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for column in columns:
            lacking = dict(_lacking(column))
            for work, figures in FIGURES.items():
                for name, figure in figures:
                    value = _value(figure, column.spent.get(work))
                    why = "" if value is not None else lacking.get(work) or "it has no such part"
                    if work not in column.spent:
                        why = column.why_not or "not measured"
                    plain = "" if value is None else f"{value:.6g}"
                    writer.writerow([work, name, column.about.name, column.about.version, plain, why])


def _lacking(column: Column) -> Iterator[tuple[str, str]]:
    for work, spent in column.spent.items():
        if spent is None:
            yield work, f"{work}: it has none"


def _value(figure: Figure, spent: Spent | None) -> float | None:
    return None if spent is None else figure(spent)


def _shown(figure: Figure, spent: Spent | None) -> str:
    value = _value(figure, spent)
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _line(name: str, cells: Sequence[str]) -> str:
    return f"| {name} | {' | '.join(cells)} |"
