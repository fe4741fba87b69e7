"""JSON schemas that workers declare for their parameters, by jsonschema.

Of a schema that somebody registered nobody knows whether looking at it ends: a pattern alone can take for ever. So
what looks at one runs as a process of its own.
"""

import re
from pathlib import Path
from typing import Any

_MOST = 5
_DEPTH = 32
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_NO_PATTERN = (re.error, OverflowError, RecursionError)


def problems(schema: dict[str, Any], parameters: Any) -> list[str]:
    """What is wrong with parameters, a sentence each and at most a handful; empty when nothing is."""
    # Imported here: it costs 150 ms, and only the request that makes a task needs it.
    from jsonschema import Draft202012Validator
    from referencing import Registry

    # With a registry of its own a reference never leads out to the network.
    found = Draft202012Validator(schema, registry=Registry()).iter_errors(parameters)
    return [
        f"{'.'.join(str(step) for step in error.absolute_path) or 'parameters'}: {error.message}"
        for error, _ in zip(found, range(_MOST), strict=False)
    ]


def schema_problems(schema: Any) -> list[str]:
    """Why this is no schema for parameters of ours, a sentence each; empty when it is one.

    References are refused: a schema is to be readable by itself, and one that refers to itself may never end. Patterns
    are Python's.
    """
    from jsonschema import Draft202012Validator, FormatChecker

    if not isinstance(schema, dict):
        return ["the schema has to be an object"]
    if not _is_plain(schema, 0):
        return [f"the schema may not use {', '.join(_REFERENCES)}, and may be {_DEPTH} levels deep"]
    formats = FormatChecker(())
    formats.checks("regex", raises=_NO_PATTERN)(_is_pattern)
    found = Draft202012Validator(Draft202012Validator.META_SCHEMA, format_checker=formats).iter_errors(schema)
    return [error.message for error, _ in zip(found, range(_MOST), strict=False)]


def _is_plain(value: Any, depth: int) -> bool:
    if depth > _DEPTH:
        return False
    if isinstance(value, dict):
        return not any(name in value for name in _REFERENCES) and all(_is_plain(v, depth + 1) for v in value.values())
    return not isinstance(value, list) or all(_is_plain(one, depth + 1) for one in value)


def _is_pattern(value: object) -> bool:
    return not isinstance(value, str) or bool(re.compile(value))


def work(arguments: dict[str, Any], directory: Path) -> list[str]:
    """What is wrong with the schema, or with the parameters where there are any."""
    schema = arguments["schema"]
    return problems(schema, arguments["parameters"]) if "parameters" in arguments else schema_problems(schema)


if __name__ == "__main__":
    from chalicelib.sandboxed import child

    child.run(work, ready=lambda: problems({}, {}))
