"""How the items in DynamoDB's answers are read: as they come, since PynamoDB wants them as they come.

The SDK takes every value of every item for a structure of ten possible members, and looks for each: a sixth of the CPU
of reading one row, and most of that of a page.
"""

import base64
from typing import Any

from botocore import parsers

# Their types leave out what is overridden.
_Factory: Any = parsers.ResponseParserFactory
_Parser: Any = parsers.JSONParser


class ItemParsers(_Factory):  # type: ignore[misc]
    """Makes the parser of a DynamoDB client; a component of the session that the client is made by."""

    def create_parser(self, protocol_name: str) -> "_ItemParser":
        """The parser for the protocol that DynamoDB speaks.

        Raises:
            ValueError: the SDK has begun to speak another one.
        """
        if protocol_name != "json":
            raise ValueError(f"nobody knows how items look in {protocol_name}")
        return _ItemParser(**self._defaults)


class _ItemParser(_Parser):  # type: ignore[misc]
    def _handle_map(self, shape: Any, value: Any) -> Any:
        if shape.value.name == "AttributeValue":
            return {name: one if next(iter(one)) in _AS_THEY_ARE else _read(one) for name, one in value.items()}
        return super()._handle_map(shape, value)


_AS_THEY_ARE = frozenset({"S", "N", "BOOL", "NULL", "SS", "NS"})


def _read(value: dict[str, Any]) -> dict[str, Any]:
    """A value of an item: bytes come in base64, everything else as it is meant."""
    ((kind, inner),) = value.items()
    match kind:
        case "B":
            return {kind: base64.b64decode(inner)}
        case "BS":
            return {kind: [base64.b64decode(one) for one in inner]}
        case "L":
            return {kind: [_read(one) for one in inner]}
        case "M":
            return {kind: {name: _read(one) for name, one in inner.items()}}
    return value
