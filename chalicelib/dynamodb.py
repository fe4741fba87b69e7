"""The parts of the DynamoDB client that are our own, and how they are put into a session and a client.

The SDK reads and writes items, and finds out where to send a call, in ways that are made for every service. Each is a
sixteenth to a sixth of the CPU of reading one row, and most of that of a page or of a large transaction.
"""

import base64
import functools
import json
from typing import TYPE_CHECKING, Any

from botocore import loaders, parsers, serialize
from botocore.exceptions import UnknownServiceError

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.session import Session

# Their types leave out what is overridden.
_Factory: Any = parsers.ResponseParserFactory
_Parser: Any = parsers.JSONParser
_Loader: Any = loaders.Loader
_Serializer: Any = serialize.JSONSerializer

_RULES = "endpoint-rule-set-1"


def prepare(session: "Session") -> None:
    """Have this session, which is for DynamoDB alone, make clients of our own parts."""
    session.register_component("response_parser_factory", ItemParsers())
    session.register_component("data_loader", MODELS)


def write_items_as_they_are(client: "BaseClient") -> None:
    """Have this client, which is for DynamoDB alone, send parameters as they come, as DynamoDB wants them. The SDK
    finds out for each of their values, as for those of every service, by which name and in which form it is sent.
    """
    client._serializer = _Requests()  # type: ignore[attr-defined]  # a session has no component for it


class Encoded(dict[str, Any]):
    """Parameters of a call that are encoded ahead of it, and not changed any more: see `body`."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        super().__init__(parameters)
        self.body = _encoded(parameters)


class _Requests(_Serializer):  # type: ignore[misc]
    def serialize_to_request(self, parameters: dict[str, Any], operation_model: Any) -> dict[str, Any]:
        request: dict[str, Any] = super().serialize_to_request({}, operation_model)
        request["body"] = parameters.body if isinstance(parameters, Encoded) else _encoded(parameters)
        return request


def _encoded(parameters: dict[str, Any]) -> bytes:
    return json.dumps(parameters, default=_base64).encode()


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


class _Models(_Loader):  # type: ignore[misc]
    """Knows no rules by which the place of a call of DynamoDB follows from its parameters. The SDK then sends all calls
    to the one address of the region, or to that which the environment names: what the rules come to as well, since no
    credentials of ours name an account."""

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        if (service_name, type_name) == ("dynamodb", _RULES):
            raise UnknownServiceError(service_name=service_name, known_service_names="those with rules")
        return super().load_service_model(service_name, type_name, api_version)


MODELS = _Models()
"""What the SDK knows of services. It remembers what it has read: every session of its own would read a MB again."""


class ItemParsers(_Factory):  # type: ignore[misc]
    """Makes parsers that give answers with items as they come, since PynamoDB wants them as they come. The SDK takes
    every value for a structure of ten possible members, and looks for each. Errors are left to it."""

    def create_parser(self, protocol_name: str) -> "_ItemParser":
        """The parser for the protocol that DynamoDB speaks.

        Raises:
            ValueError: the SDK has begun to speak another one.
        """
        if protocol_name != "json":
            raise ValueError(f"nobody knows how items look in {protocol_name}")
        return self._parser

    @functools.cached_property
    def _parser(self) -> "_ItemParser":
        return _ItemParser(**self._defaults)  # the SDK would have one made for every answer


class _ItemParser(_Parser):  # type: ignore[misc]
    def _do_parse(self, response: dict[str, Any], _shape: Any) -> dict[str, Any]:
        body = response["body"]
        has_bytes = b'"B"' in body or b'"BS"' in body
        parsed: dict[str, Any] = json.loads(body, object_hook=_read if has_bytes else None)
        self._inject_response_metadata(parsed, response["headers"])
        return parsed


def _read(value: dict[str, Any]) -> dict[str, Any]:
    """A value of an item, or whatever else is an object: bytes come in base64, everything else as it is meant."""
    if len(value) == 1:
        match value:
            case {"B": str(content)}:
                return {"B": base64.b64decode(content)}
            case {"BS": list(contents)}:
                return {"BS": [base64.b64decode(one) for one in contents]}
    return value
