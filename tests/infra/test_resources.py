"""What the provisioner makes is what the template says, and nothing of it is dropped."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.resources import provision
from infra.template import TemplateError, document
from tests.support.cloud import PARAMETERS, Cloud

pytestmark = pytest.mark.own_cloud


def test_tables_are_billed_on_demand_expire_rows_and_can_be_restored(cloud: Cloud) -> None:
    dynamodb: Any = boto3.client("dynamodb")
    for kind in ("FILES", "JOBS", "ASSETS", "STORES", "PRODUCTIONS", "WORKSPACES", "IDENTITIES"):
        name = f"{kind}_TABLE"
        table = cloud.environment[name]
        described = dynamodb.describe_table(TableName=table)["Table"]
        assert described["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
        assert described["DeletionProtectionEnabled"]
        assert [index["IndexName"] for index in described["GlobalSecondaryIndexes"]] == ["due"]
        expiry = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
        backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
        assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_buckets_are_private_encrypted_and_owned(cloud: Cloud) -> None:
    s3 = boto3.client("s3")
    for name in ("INTAKE_BUCKET", "LIBRARY_BUCKET", "MEDIA_BUCKET"):
        bucket = cloud.environment[name]
        assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
        [rule] = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
        assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
        [rule_] = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
        assert rule_ == {"ObjectOwnership": "BucketOwnerEnforced"}


def test_intake_keeps_versions_and_forgets_what_was_judged(cloud: Cloud) -> None:
    s3: Any = boto3.client("s3")
    bucket = cloud.environment["INTAKE_BUCKET"]
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert "Status" not in s3.get_bucket_versioning(Bucket=cloud.environment["LIBRARY_BUCKET"])
    rules = {rule["ID"]: rule for rule in s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]}
    for verdict in ("infected", "unscannable"):
        assert rules[verdict]["Filter"] == {"Tag": {"Key": "verdict", "Value": verdict}}
        assert rules[verdict]["Expiration"]["Days"] == 30
    assert rules["backstop"]["Expiration"]["Days"] == 31
    assert rules["backstop"]["NoncurrentVersionExpiration"]["NoncurrentDays"] == 1
    assert rules["backstop"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 2}
    assert rules["delete-markers"]["Expiration"]["ExpiredObjectDeleteMarker"] is True


def test_the_console_and_pages_of_the_named_origins_may_send_to_intake_and_read_the_etag(cloud: Cloud) -> None:
    s3: Any = boto3.client("s3")
    origins = ["https://a.example", "https://b.example"]
    named = {**PARAMETERS, "UploadOrigins": ",".join(origins)}
    for api, expected in (
        ("http://api.test", [*origins, "http://api.test"]),
        ("https://api.test/", [*origins, "https://api.test"]),
        ("", origins),
    ):
        provision("local", parameters={**named, "ApiOrigin": api})
        [rule] = s3.get_bucket_cors(Bucket=cloud.environment["INTAKE_BUCKET"])["CORSRules"]
        assert rule["AllowedOrigins"] == expected
    assert (rule["AllowedMethods"], rule["AllowedHeaders"]) == (["POST", "PUT"], ["*"])
    assert "ETag" in rule["ExposeHeaders"]
    for bad in ("https://*.example", "*,https://a.example", "a.example", "https://a.example/", ""):
        with pytest.raises(TemplateError, match="UploadOrigins"):
            provision("local", parameters={**PARAMETERS, "UploadOrigins": bad})


def test_arrivals_are_announced_by_size(cloud: Cloud) -> None:
    s3: Any = boto3.client("s3")
    answer = s3.get_bucket_notification_configuration(Bucket=cloud.environment["INTAKE_BUCKET"])
    announced = {
        queue["Filter"]["Key"]["FilterRules"][0]["Value"]: (queue["QueueArn"].rpartition(":")[2], queue["Events"])
        for queue in answer["QueueConfigurations"]
    }
    assert announced == {
        "small/": ("assetmanager-local-scan-small", ["s3:ObjectCreated:*"]),
        "large/": ("assetmanager-local-scan-large", ["s3:ObjectCreated:*"]),
    }


@pytest.mark.parametrize(
    ("variable", "visibility", "attempts"),
    [("SCAN_SMALL_QUEUE", 360, 12), ("SCAN_LARGE_QUEUE", 5400, 12), ("WORK_QUEUE", 720, 8), ("EDGE_QUEUE", 180, 100)],
)
def test_queues_give_up_on_a_message_in_the_end(cloud: Cloud, variable: str, visibility: int, attempts: int) -> None:
    sqs = boto3.client("sqs")
    url = cloud.environment[variable]
    attributes: Any = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert int(attributes["VisibilityTimeout"]) == visibility
    assert int(attributes["MessageRetentionPeriod"]) == 14 * 86400
    assert attributes["SqsManagedSseEnabled"] == "true"
    redrive = json.loads(attributes["RedrivePolicy"])
    assert int(redrive["maxReceiveCount"]) == attempts
    assert redrive["deadLetterTargetArn"] == attributes["QueueArn"] + "-dead"


def test_only_the_intake_bucket_of_this_account_may_send_to_the_scan_queues(cloud: Cloud) -> None:
    sqs = boto3.client("sqs")
    for variable in ("SCAN_SMALL_QUEUE", "SCAN_LARGE_QUEUE"):
        attributes = sqs.get_queue_attributes(QueueUrl=cloud.environment[variable], AttributeNames=["Policy"])
        [statement] = json.loads(attributes["Attributes"]["Policy"])["Statement"]
        assert statement["Principal"] == {"Service": "s3.amazonaws.com"}
        assert statement["Condition"] == {
            "ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{cloud.environment['INTAKE_BUCKET']}"},
            "StringEquals": {"aws:SourceAccount": "123456789012"},
        }


def test_provisioning_again_changes_nothing_and_keeps_what_is_stored(cloud: Cloud) -> None:
    s3 = boto3.client("s3")
    s3.put_object(Bucket=cloud.environment["LIBRARY_BUCKET"], Key="kept", Body=b"x")
    again = provision("local", parameters=PARAMETERS)
    assert again == {name: value for name, value in cloud.environment.items() if name != "AUTH"}
    assert s3.get_object(Bucket=cloud.environment["LIBRARY_BUCKET"], Key="kept")["Body"].read() == b"x"


def test_a_changed_queue_is_brought_to_what_the_template_says(cloud: Cloud, tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(json.dumps(document()).replace('"VisibilityTimeout": 720', '"VisibilityTimeout": 721'))
    provision("local", parameters=PARAMETERS, template=path)
    url = cloud.environment["WORK_QUEUE"]
    attributes = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    assert attributes["Attributes"]["VisibilityTimeout"] == "721"


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ("BucketName: some-bucket, AccelerateConfiguration: {AccelerationStatus: Enabled}", "AccelerateConfiguration"),
        ("BucketName: some-bucket, LifecycleConfiguration: {Rules: [{Id: a, Status: Enabled, Novelty: 1}]}", "Novelty"),
        ("BucketName: some-bucket, CorsConfiguration: {CorsRules: [{AllowedMethods: [GET], Else: 1}]}", "Else"),
        ("BucketName: some-bucket, NotificationConfiguration: {TopicConfigurations: []}", "TopicConfigurations"),
    ],
)
def test_a_property_that_is_not_understood_is_an_error(
    cloud: Cloud, tmp_path: Path, properties: str, said: str
) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(
        "Parameters: {Stage: {Type: String}}\n"
        f"Resources: {{A: {{Type: 'AWS::S3::Bucket', Properties: {{{properties}}}}}}}"
    )
    with pytest.raises(TemplateError, match=said):
        provision("local", template=path)


def test_a_table_property_that_the_sdk_does_not_know_is_an_error(cloud: Cloud, tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(json.dumps(document()).replace('"BillingMode": "PAY_PER_REQUEST"', '"Novelty": "x"', 1))
    with pytest.raises(Exception, match="Novelty"):
        provision("other", parameters=PARAMETERS, template=path)


def test_a_resource_type_that_nobody_makes_is_an_error(cloud: Cloud, tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text("Parameters: {Stage: {Type: String}}\nResources: {A: {Type: 'AWS::Kinesis::Stream'}}")
    with pytest.raises(TemplateError, match="AWS::Kinesis::Stream"):
        provision("local", template=path)


@pytest.mark.parametrize(
    "change",
    [
        ('"AttributeName": "due_at"', '"AttributeName": "other_at"'),
        ('"AttributeName": "due_at", "AttributeType": "N"', '"AttributeName": "due_at", "AttributeType": "S"'),
        ('"ProjectionType": "KEYS_ONLY"', '"ProjectionType": "ALL"'),
        ('"IndexName": "due"', '"IndexName": "overdue"'),
        ('"AttributeName": "expires_at"', '"AttributeName": "ends_at"'),
    ],
)
def test_a_table_that_stands_in_another_shape_is_an_error(
    cloud: Cloud, tmp_path: Path, change: tuple[str, str]
) -> None:
    path = tmp_path / "template.yaml"
    text = json.dumps(document())
    assert change[0] in text
    path.write_text(text.replace(*change))
    with pytest.raises(TemplateError, match=r"other keys|instead of"):
        provision("local", parameters=PARAMETERS, template=path)


def test_a_table_that_somebody_made_before_gets_the_expiry_it_lacks(cloud: Cloud) -> None:
    dynamodb: Any = boto3.client("dynamodb")
    table = cloud.environment["STORES_TABLE"]
    dynamodb.update_time_to_live(
        TableName=table, TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires_at"}
    )
    provision("local", parameters=PARAMETERS)
    expiry = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}


def test_cross_origin_rules_and_tags_are_understood(cloud: Cloud, tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(
        """
Parameters: {Stage: {Type: String}}
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: {Fn::Sub: 'b-${Stage}'}
      Tags: [{Key: a, Value: b}]
      CorsConfiguration:
        CorsRules:
          - {AllowedMethods: [PUT], AllowedOrigins: ['*'], ExposedHeaders: [ETag], MaxAge: 60}
Globals: {Function: {Environment: {Variables: {BUCKET: {Ref: Bucket}}}}}
"""
    )
    assert provision("local", template=path) == {"BUCKET": "b-local"}
    s3 = boto3.client("s3")
    assert s3.get_bucket_tagging(Bucket="b-local")["TagSet"] == [{"Key": "a", "Value": "b"}]
    [rule] = s3.get_bucket_cors(Bucket="b-local")["CORSRules"]
    assert rule["ExposeHeaders"] == ["ETag"]
    assert rule["MaxAgeSeconds"] == 60
