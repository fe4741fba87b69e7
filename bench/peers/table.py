"""What was measured, as rows of the bench's table, and the same in Markdown: a line a figure, a column a side."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from bench.peers import measuring
from bench.peers.measuring import AT_REST, LARGE_UPLOAD, PAGES, READS, UPLOADS, Spent
from bench.peers.sides import LARGE, OURS, About
from bench.table import Row, number

SECTION = "peers"

_MEBIBYTE = 1024**2
_HINT = "(a hint)"
_BETWEEN = ": "  # the parts of a row's name: work, figure, side

Figure = Callable[[Spent], float | None]


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
        ("bytes of files through the application over bytes stored", measuring.through),
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


def about_row(about: About) -> Row:
    """What a side is."""
    return Row(SECTION, about.name, None, told=f"{about.version}; {about.served}. Engine: {about.engine}")


def missing_row(about: About, why: str) -> Row:
    """Why all rows of a side that have not come are missing: a miss where something is promised of it."""
    return Row(SECTION, f"what is missing{_BETWEEN}{about.name}", None, about.through, True, " ".join(why.split()))


def work_rows(about: About, work: str, spent: Spent | None) -> Iterator[Row]:
    """A row for each figure of a piece of work; one that says so where the side has no such thing."""
    if spent is None:
        yield Row(SECTION, f"{work}{_BETWEEN}{about.name}", None, told="it has none")
        return
    for figure, value_of in FIGURES[work]:
        value, mark, told = value_of(spent), None, ""
        if value is None:
            told = "it has no such part"
        elif value_of is measuring.through:
            mark, told = about.through, f"{spent.sent:,} bytes of files over {LARGE:,}; {spent.said:,} bytes of JSON"
        yield Row(SECTION, _BETWEEN.join((work, figure, about.name)), value, mark, exact=True, told=told)


def markdown(rows: Sequence[Row]) -> str:
    """The rows as a table for each piece of work, this product first; below them what they tell in words."""
    shown = {row.name: number(row.figure) for row in rows if row.figure is not None}
    sides = sorted({name.rpartition(_BETWEEN)[2]: None for name in shown}, key=lambda side: side != OURS)
    lines = []
    for work, figures in FIGURES.items():
        lines += [_line(f"**{work}**", sides), _line("---", ["---:"] * len(sides))]
        for figure, _ in figures:
            lines.append(_line(figure, (shown.get(_BETWEEN.join((work, figure, side)), "-") for side in sides)))
        lines.append("")
    lines += [f"* {row.name}: {row.told}" for row in rows if row.figure is None and row.name.count(_BETWEEN) < 2]
    return "\n".join([*lines, ""])


def _line(name: str, cells: Iterable[str]) -> str:
    return f"| {name} | {' | '.join(cells)} |"
