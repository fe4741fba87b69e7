"""AWS calls of each operation, held to the table of docs/costs.md; `python -m bench.counts` makes that anew.

The lookup of a token, once a minute for each token and function, is left out.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.operations import Operation, all_operations
from bench.stage import Stage, stage
from bench.table import Row, between, put_between

SECTION = "calls"
PAGE = Path("docs/costs.md")
_PLACE = "calls"
_NAMES = {"dynamodb": "", "s3": "S3 ", "sqs": "SQS "}
_NOT_OURS = "last_resort"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one operation costs.

    Attributes:
        routes: the routes it went through, as method and pattern; none for a message.
        calls: the calls, by their names.
    """

    operation: Operation
    routes: set[str]
    calls: Counter[str]

    @property
    def told(self) -> str:
        """The calls in words."""
        return ", ".join(f"{number} {name}" for name, number in self.calls.items()) or "none"

    @property
    def line(self) -> str:
        """The operation's line of the table."""
        route = ", ".join(f"`{route}`" for route in self.routes)
        return f"| {self.operation.api} | {self.operation.name} | {route} | {self.told} |"


def costs(on: Stage) -> Iterator[Cost]:
    """What every operation costs, in the order of the table."""
    for operation in all_operations():
        act = operation.arrange(on)
        sent = len(on.events)
        recording = on.record(act)
        calls = Counter(f"{_NAMES[service]}{name}" for service, name, _ in recording.calls)
        yield Cost(operation, on.routes_of(on.events[sent:]), calls)


def uncovered(on: Stage, found: list[Cost]) -> set[str]:
    """The routes that no operation went through."""
    routes = {
        f"{method} {pattern}"
        for pattern, methods in on.app.routes.items()
        for method, entry in methods.items()
        if entry.view_function.__name__.lstrip("_") != _NOT_OURS
    }
    return routes - {route for cost in found for route in cost.routes}


def table(found: list[Cost]) -> str:
    """The table, as Markdown."""
    head = ["| API | operation | route | calls |", "| --- | --- | --- | --- |"]
    return "\n".join([*head, *(cost.line for cost in found)]) + "\n"


def rows() -> Iterator[Row]:
    """A row an operation: its calls, held to those that the page tells."""
    page = {tuple(cells[:2]): cells[3] for cells in _cells(between(PAGE, _PLACE))}
    with stage() as on:
        for cost in costs(on):
            known = page.get((cost.operation.api, cost.operation.name))
            name = f"{cost.operation.api}: {cost.operation.name}"
            same = known == cost.told
            told = cost.told if same else f"{cost.told}; {PAGE} says {known or 'nothing of it'}"
            yield Row(SECTION, name, cost.calls.total(), cost.calls.total() if same else -1, exact=True, told=told)


def write() -> None:
    """Put the table into its page."""
    with stage() as on:
        put_between(PAGE, _PLACE, table(list(costs(on))))


def _cells(text: str) -> Iterator[list[str]]:
    for line in text.splitlines()[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


if __name__ == "__main__":
    write()
