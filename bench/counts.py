"""AWS calls of each operation: `python -m bench.counts` prints the table of docs/costs.md, `--write` puts it in.

The lookup of a token, once a minute for each token and function, is left out.
"""

import sys
from collections import Counter
from pathlib import Path

from bench.operations import Operation, all_operations
from bench.stage import Stage, stage

PAGE = Path("docs/costs.md")
_BEGIN, _END = "<!-- calls: begin -->\n", "<!-- calls: end -->\n"

_NAMES = {"dynamodb": "", "s3": "S3 ", "sqs": "SQS "}


def count(on: Stage, operation: Operation) -> Counter[str]:
    """The calls of one operation, by their names."""
    recording = on.record(operation.arrange(on))
    return Counter(f"{_NAMES[service]}{name}" for service, name, _ in recording.calls)


def table(on: Stage) -> str:
    """The table, as Markdown."""
    lines = ["| API | operation | calls |", "| --- | --- | --- |"]
    for operation in all_operations():
        counts = count(on, operation)
        told = ", ".join(f"{number} {name}" for name, number in counts.items()) or "none"
        lines.append(f"| {operation.api} | {operation.name} | {told} |")
    return "\n".join(lines) + "\n"


def written() -> str:
    """The table that the page holds."""
    return PAGE.read_text(encoding="utf-8").partition(_BEGIN)[2].partition(_END)[0]


def main() -> None:
    """Print the table, or put it into the page."""
    with stage() as on:
        made = table(on)
    if "--write" in sys.argv:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
        PAGE.write_text(before + _BEGIN + made + _END + rest.partition(_END)[2], encoding="utf-8")
    else:
        print(made, end="")


if __name__ == "__main__":
    main()
