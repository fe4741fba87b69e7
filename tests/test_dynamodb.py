"""Our parts of the DynamoDB client do what the SDK's own do: items are read as they are, calls go where they must."""

import base64
import json
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import JSONSerializer
from hypothesis import example, given
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
@example({"B": {"S": "named like a type"}})
@example({"BS": {"L": [{"B": "AAEC"}, {"M": {"B": {"N": "1"}}}]}})
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


def test_what_is_not_an_answer_is_not_taken_for_an_empty_one() -> None:
    shape: Any = MODEL.operation_model("GetItem").output_shape
    with pytest.raises(ValueError, match="Expecting value"):
        ItemParsers().create_parser("json").parse({"status_code": 200, "headers": {}, "body": b"<html>"}, shape)


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


def test_parameters_are_sent_as_the_sdk_sends_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    config = Config(parameter_validation=False)
    ours, theirs = (botocore.session.get_session().create_client("dynamodb", config=config) for _ in range(2))
    replaced: Any = ours
    assert isinstance(replaced._serializer, JSONSerializer)
    dynamodb.write_items_as_they_are(ours)
    item = {
        "pk": {"S": "ä\u2028"},
        "piece": {"B": b"\x00\xff"},
        "all": {"L": [{"M": {"n": {"N": "1"}}}, {"BS": [b"1"]}]},
    }
    written = {"TableName": "table", "ExpressionAttributeValues": {":a": {"BOOL": False}}, "ConditionExpression": "a"}
    for operation, parameters in (
        ("get_item", {"TableName": "table", "Key": item, "ConsistentRead": True}),
        ("put_item", {**written, "Item": item}),
        ("update_item", {**written, "Key": item, "UpdateExpression": "SET #a = :a"}),
        ("query", {"TableName": "table", "Limit": 5, "ExclusiveStartKey": item, "ScanIndexForward": False}),
        ("batch_get_item", {"RequestItems": {"table": {"Keys": [item], "ConsistentRead": True}}}),
        (
            "transact_write_items",
            {
                "TransactItems": [{"Put": {**written, "Item": item}}, {"ConditionCheck": {**written, "Key": item}}],
                "ClientRequestToken": "token",
            },
        ),
    ):
        wanted = _request(theirs, operation, parameters)
        for ready in (parameters, dynamodb.Encoded(parameters)):
            asked = _request(ours, operation, ready)
            assert all(asked.headers[name] == wanted.headers[name] for name in ("X-Amz-Target", "Content-Type"))
            assert asked.body == wanted.body


class _SentError(Exception):
    """A request is about to be sent."""

    def __init__(self, request: Any) -> None:
        super().__init__()
        self.request = request


def _sent(client: Any) -> tuple[str, str, dict[str, str]]:
    """Where a call goes, the scope of its signature, and what it tells of itself."""
    request = _request(client, "get_item", {"TableName": "table", "Key": {"pk": {"S": "one"}}})
    headers = {name.lower(): value for name, value in request.headers.items()}
    scope = headers["authorization"].decode().partition(", Signature")[0]
    return request.url, scope, {name: headers[name] for name in ("x-amz-target", "content-type", "content-length")}


def _request(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
    """What is sent for a call."""

    def hold(request: Any, **_: Any) -> None:
        raise _SentError(request)

    client.meta.events.register_first("before-send.dynamodb", hold)
    with pytest.raises(_SentError) as held:
        getattr(client, operation)(**parameters)
    return held.value.request
