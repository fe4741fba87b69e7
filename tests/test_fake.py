"""The fake refuses what DynamoDB refuses, although `tests.support.fake` has it look at each thing once."""

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.support.cloud import Cloud


@pytest.mark.parametrize(
    "expression",
    [
        "SET a = :one, a = :one",
        "SET a = :one SET b = :one",
        "REMOVE a REMOVE b",
        "SET #b = :one, c = :one, #b = :one",
        "SET a = :one REMOVE a",
        "SET pk = :one",
        "SET a = :none",
    ],
)
def test_what_cannot_be_done_at_once_is_refused_however_often(cloud: Cloud, expression: str) -> None:
    client = boto3.client("dynamodb")
    names = {"ExpressionAttributeNames": {"#b": "b"}} if "#" in expression else {}

    def attempt(number: int) -> None:
        client.update_item(
            TableName=cloud.settings.files_table,
            Key={"pk": {"S": f"p{number}"}, "sk": {"S": "s"}},
            UpdateExpression=expression,
            ExpressionAttributeValues={":one": {"N": "1"}} if ":" in expression else {},
            **names,
        )

    for number in range(2):
        with pytest.raises(ClientError, match="ValidationException"):
            attempt(number)
    assert client.scan(TableName=cloud.settings.files_table)["Count"] == 0


def test_an_expression_may_be_asked_with_other_values(cloud: Cloud) -> None:
    client = boto3.client("dynamodb")
    key = {"pk": {"S": "p"}, "sk": {"S": "s"}}
    for number in ("1", "2", "3"):
        client.update_item(
            TableName=cloud.settings.files_table,
            Key=key,
            UpdateExpression="SET a = :a, b = if_not_exists(b, :a) ADD c :a REMOVE d",
            ExpressionAttributeValues={":a": {"N": number}},
        )
    found = client.get_item(TableName=cloud.settings.files_table, Key=key)["Item"]
    assert {name: found[name]["N"] for name in ("a", "b", "c")} == {"a": "3", "b": "1", "c": "6"}


@pytest.mark.parametrize("forward", [True, False])
def test_a_query_gives_the_rows_of_its_partition_in_order(cloud: Cloud, forward: bool) -> None:
    client = boto3.client("dynamodb")
    for pk in ("p", "o", "q"):
        for sk in ("b2", "a", "c", "b1"):
            client.put_item(TableName=cloud.settings.files_table, Item={"pk": {"S": pk}, "sk": {"S": sk}})

    def found(pk: str, **options: object) -> list[str]:
        answer = client.query(
            TableName=cloud.settings.files_table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues={":pk": {"S": pk}, ":prefix": {"S": "b"}},
            ScanIndexForward=forward,
            **options,
        )
        assert {item["pk"]["S"] for item in answer["Items"]} <= {pk}
        return [item["sk"]["S"] for item in answer["Items"]]

    expected = ["b1", "b2"] if forward else ["b2", "b1"]
    assert found("p") == expected
    assert found("p", ExclusiveStartKey={"pk": {"S": "p"}, "sk": {"S": expected[0]}}) == expected[1:]
    assert found("nothing") == []
    assert client.scan(TableName=cloud.settings.files_table)["Count"] == 12
