"""Parameters of tasks against the JSON schemas that workers declare."""

from typing import Any

_MOST = 5
_DEPTH = 32
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


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

    References are refused: a schema is to be readable by itself, and one that refers to itself may never end.
    """
    from jsonschema import Draft202012Validator

    if not isinstance(schema, dict):
        return ["the schema has to be an object"]
    if not _is_plain(schema, 0):
        return [f"the schema may not use {', '.join(_REFERENCES)}, and may be {_DEPTH} levels deep"]
    found = Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(schema)
    return [error.message for error, _ in zip(found, range(_MOST), strict=False)]


def _is_plain(value: Any, depth: int) -> bool:
    if depth > _DEPTH:
        return False
    if isinstance(value, dict):
        return not any(name in value for name in _REFERENCES) and all(_is_plain(v, depth + 1) for v in value.values())
    return not isinstance(value, list) or all(_is_plain(one, depth + 1) for one in value)
