"""Rows come out of DynamoDB as they went in, whatever their values are, and as the SDK itself would read them."""

import base64
import json
from typing import Any

import boto3
import pytest
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.items import ItemParsers

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
