"""Our parts of the DynamoDB client do what the SDK's own do: items are read as they are, calls go where they must."""

import base64
import json
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import dynamodb
from chalicelib.dynamodb import ItemParsers
from tests.support.cloud import CREDENTIALS

MODEL: ServiceModel = boto3.client("dynamodb", region_name="us-east-1").meta.service_model
TEXTS = st.text()
NUMBERS = st.integers().map(str)
BASE64 = st.binary().map(lambda content: base64.b64encode(content).decode())
PLAIN = st.one_of(
    st.builds(lambda text: {"S": text}, TEXTS),
    st.builds(lambda number: {"N": number}, NUMBERS),
    st.builds(lambda truth: {"BOOL": truth}, st.booleans()),
    st.just({"NULL": True}),
    st.builds(lambda content: {"B": content}, BASE64),
    st.builds(lambda texts: {"SS": texts}, st.lists(TEXTS, min_size=1, max_size=3)),
    st.builds(lambda numbers: {"NS": numbers}, st.lists(NUMBERS, min_size=1, max_size=3)),
    st.builds(lambda contents: {"BS": contents}, st.lists(BASE64, min_size=1, max_size=3)),
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.builds(lambda values: {"L": values}, st.lists(inner, max_size=3)),
        st.builds(lambda values: {"M": values}, st.dictionaries(TEXTS, inner, max_size=3)),
    ),
    max_leaves=8,
)
ITEMS = st.dictionaries(TEXTS, VALUES, max_size=4)


def both(operation: str, body: dict[str, Any], status: int = 200) -> tuple[Any, Any]:
    """What the product and what the SDK makes of an answer."""
    answer = {"status_code": status, "headers": {}, "body": json.dumps(body).encode()}
    shape: Any = MODEL.operation_model(operation).output_shape
    ours, theirs = ItemParsers().create_parser("json"), create_parser("json")
    return ours.parse(dict(answer), shape), theirs.parse(dict(answer), shape)


@given(ITEMS)
def test_items_are_read_as_the_sdk_reads_them(item: dict[str, Any]) -> None:
    for operation, body in (
        ("GetItem", {"Item": item}),
        ("UpdateItem", {"Attributes": item}),
        ("Query", {"Items": [item, item], "Count": 2, "LastEvaluatedKey": item}),
        ("BatchGetItem", {"Responses": {"table": [item]}, "UnprocessedKeys": {"table": {"Keys": [item]}}}),
    ):
        ours, theirs = both(operation, body)
        assert ours == theirs


def test_what_a_failed_condition_found_is_read_as_the_sdk_reads_it() -> None:
    item = {"pk": {"S": "a"}, "piece": {"B": "AAEC"}}
    failed = {
        "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
        "message": "no",
        "Item": item,
    }
    ours, theirs = both("PutItem", failed, 400)
    assert ours == theirs


def test_another_protocol_is_not_taken_for_this_one() -> None:
    with pytest.raises(ValueError, match="rest-json"):
        ItemParsers().create_parser("rest-json")


PLACES = {
    "a region": {},
    "another": {"AWS_DEFAULT_REGION": "eu-west-2"},
    "China": {"AWS_DEFAULT_REGION": "cn-north-1"},
    "a government's": {"AWS_DEFAULT_REGION": "us-gov-west-1"},
    "FIPS": {"AWS_USE_FIPS_ENDPOINT": "true"},
    "the local cloud": {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"},
    "an address for DynamoDB alone": {"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:8001"},
}


@pytest.mark.parametrize("environment", PLACES.values(), ids=PLACES)
def test_calls_go_where_the_sdk_would_send_them(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**CREDENTIALS, **environment}.items():
        monkeypatch.setenv(name, value)
    ours, theirs = botocore.session.get_session(), botocore.session.get_session()
    dynamodb.prepare(ours)
    sent = [_sent(session.create_client("dynamodb")) for session in (ours, theirs)]
    assert sent[0] == sent[1]


class _SentError(Exception):
    """A request is about to be sent."""

    def __init__(self, request: Any) -> None:
        super().__init__()
        self.request = request


def _sent(client: Any) -> tuple[str, str, dict[str, str]]:
    """Where a call goes, the scope of its signature, and what it tells of itself."""

    def hold(request: Any, **_: Any) -> None:
        raise _SentError(request)

    client.meta.events.register_first("before-send.dynamodb", hold)
    with pytest.raises(_SentError) as held:
        client.get_item(TableName="table", Key={"pk": {"S": "one"}})
    request = held.value.request
    headers = {name.lower(): value for name, value in request.headers.items()}
    scope = headers["authorization"].decode().partition(", Signature")[0]
    return request.url, scope, {name: headers[name] for name in ("x-amz-target", "content-type", "content-length")}
