"""Where the product changes something in AWS, and which of these places have a crash case.

A site is a function of the product that writes: `files/scanning.py:_claim`. What is nested in a function is part of it.
The modules that stand for AWS itself are no sites; who calls them is. Sites are read from the source, so that one which
no test comes through counts too; `seen` and `covered` are gathered from the calls themselves, for as long as the
process lives.
"""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.support import calls
from tests.support.calls import Call

PRODUCT = Path(__file__).parents[2] / "chalicelib"
TESTS = Path(__file__).parents[1]
READS = ("Get", "Head", "List", "Query", "BatchGet", "Describe")

_WRITERS = {
    "chalicelib.rows": {"create", "put", "update", "delete", "transact", "commit"},
    "chalicelib.files.objects": {"put", "copy", "delete", "delete_each", "delete_versions", "delete_below", "tag"},
    "chalicelib.jobs.queues": {"send", "send_each"},
}
"""The modules that stand for AWS, and those of their functions that change something."""

_FOR_AWS = {"aws.py", "rows.py", "files/objects.py", "jobs/queues.py"}
_CLIENTS = {"s3", "sqs", "cloudfront"}
_PREFIX, _TESTS = f"{PRODUCT}/", f"{TESTS}/"
_WATCHING = {__file__, calls.__file__}
_NO_CHANGE = {"ChangeMessageVisibility"}
"""What a consumer does with its own message, to have it again later."""

seen: set[str] = set()
"""The sites that anything came through."""

covered: set[str] = set()
"""The sites at which a crash was survived."""


def current() -> str | None:
    """The site at which this call is made; None outside of the product.

    What a test does that the product calls, or that holds the product up, is the test's doing.
    """
    frame: Any = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith(_TESTS) and code.co_filename not in _WATCHING:
            return None
        if code.co_filename.startswith(_PREFIX):
            module = code.co_filename.removeprefix(_PREFIX)
            if module not in _FOR_AWS:
                return f"{module}:{code.co_qualname.partition('.<locals>')[0]}"
        frame = frame.f_back
    return None


def place() -> str:
    """The stack of functions of the product that this call is made by, the innermost first."""
    found, frame = [], sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename.startswith(_PREFIX):
            module = frame.f_code.co_filename.removeprefix(_PREFIX)
            if module not in _FOR_AWS:
                found.append(f"{module}:{frame.f_code.co_name}")
        frame = frame.f_back  # type: ignore[assignment]
    return " ".join(found)


@cache
def written() -> frozenset[str]:
    """Every site there is, by the source."""
    return frozenset(
        f"{path.relative_to(PRODUCT).as_posix()}:{function}"
        for path in sorted(PRODUCT.rglob("*.py"))
        if path.relative_to(PRODUCT).as_posix() not in _FOR_AWS
        for function in _writing(ast.parse(path.read_text(encoding="utf-8")))
    )


def judge() -> tuple[list[str], list[str]]:
    """The sites without a crash case, and those that anything came through and `written` does not know."""
    return sorted(written() - covered), sorted(seen - written())


def told() -> dict[str, list[str]]:
    """What was gathered here, for another process."""
    return {"seen": sorted(seen), "covered": sorted(covered)}


def hear(other: dict[str, list[str]]) -> None:
    """Add what another process gathered."""
    seen.update(other.get("seen", ()))
    covered.update(other.get("covered", ()))


def _writing(tree: ast.Module) -> Iterator[str]:
    modules, functions = _imported(tree)
    for node in tree.body:
        inner = [(f"{node.name}.", one) for one in node.body] if isinstance(node, ast.ClassDef) else [("", node)]
        for prefix, one in inner:
            if isinstance(one, ast.FunctionDef) and any(_writes(call, modules, functions) for call in ast.walk(one)):
                yield prefix + one.name


def _imported(tree: ast.Module) -> tuple[dict[str, str], set[str]]:
    """The names by which a module knows those that stand for AWS, and the names of their writing functions."""
    modules, functions = {}, set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                name, known = f"{node.module}.{alias.name}", alias.asname or alias.name
                if name in _WRITERS or name == "chalicelib.aws":
                    modules[known] = name
                elif alias.name in _WRITERS.get(node.module or "", ()):
                    functions.add(known)
    return modules, functions


def _writes(node: ast.AST, modules: dict[str, str], functions: set[str]) -> bool:
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Name):
        return node.func.id in functions
    if not isinstance(node.func, ast.Attribute):
        return False
    whose, name = node.func.value, node.func.attr
    if isinstance(whose, ast.Name) and whose.id not in _CLIENTS:
        return name in _WRITERS.get(modules.get(whose.id, ""), ())
    made = whose.func if isinstance(whose, ast.Call) else whose  # `aws.s3().put_object(...)`, or `s3.put_object(...)`
    client = made.attr if isinstance(made, ast.Attribute) else made.id if isinstance(made, ast.Name) else None
    return client in _CLIENTS and not name.title().startswith((*READS, "Generate"))


def _see(call: Call) -> None:
    if not call.operation.startswith(READS) and call.operation not in _NO_CHANGE and (site := current()) is not None:
        seen.add(site)


calls._watches.append(calls._Watch(_see, None))
