"""JSON Schemas in few words. Objects are closed: what is not named is not answered."""

from collections.abc import Mapping, Sequence
from typing import Any

Schema = dict[str, Any]


def obj(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None, *, note: str = "") -> Schema:
    """An object with these properties and no others."""
    found: Schema = {"type": "object", "properties": {**required, **(optional or {})}}
    if required:
        found["required"] = list(required)
    return _noted({**found, "additionalProperties": False}, note)


def open_object(properties: Mapping[str, Schema], *, required: Sequence[str] = (), note: str = "") -> Schema:
    """An object in a request: names that nobody knows are overlooked."""
    found: Schema = {"type": "object", "properties": dict(properties)}
    return _noted({**found, "required": list(required)} if required else found, note)


def like(example: Mapping[str, Any], **others: Schema) -> Schema:
    """A closed object of exactly these properties, of the types that the example's values have.

    Args:
        others: properties of which one example says too little: null, empty, or of several types.
    """
    return obj({name: others.get(name) or _like(value) for name, value in example.items()})


def _like(value: Any) -> Schema:
    if isinstance(value, bool):
        return flag()
    if isinstance(value, int):
        return whole()
    if isinstance(value, str):
        return text()
    if isinstance(value, list):
        return arr(_like(value[0]) if value else {})
    return {"type": "null"} if value is None else open_object({})


def mapping(values: Schema, note: str = "") -> Schema:
    """An object whose names are the caller's own."""
    return _noted({"type": "object", "additionalProperties": values}, note)


def arr(items: Schema, note: str = "", **limits: int) -> Schema:
    """A list."""
    return _noted({"type": "array", "items": items, **limits}, note)


def text(note: str = "", **limits: Any) -> Schema:
    """A text; `limits` such as `pattern` and `maxLength`."""
    return _noted({"type": "string", **limits}, note)


def one_of(*values: str, note: str = "") -> Schema:
    """One of these texts."""
    return _noted({"type": "string", "enum": list(values)}, note)


def whole(note: str = "", **limits: int) -> Schema:
    """A whole number."""
    return _noted({"type": "integer", **limits}, note)


def flag(note: str = "") -> Schema:
    """True or false."""
    return _noted({"type": "boolean"}, note)


def anything(note: str = "") -> Schema:
    """Any JSON value."""
    return _noted({}, note)


def or_null(schema: Schema) -> Schema:
    """The same, or null."""
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def ref(name: str) -> Schema:
    """The schema of this name in the document's components."""
    return {"$ref": f"#/components/schemas/{name}"}


def _noted(schema: Schema, note: str) -> Schema:
    return {**schema, "description": note} if note else schema
