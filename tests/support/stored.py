"""What the cloud of a test holds, to compare before and after."""

from typing import Any

import boto3

from tests.support.cloud import Cloud
from tests.support.world import TABLES


def stored(cloud: Cloud) -> dict[str, Any]:
    """Every row of every table but tokens', and every object of every bucket with all its versions."""
    dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")
    settings = cloud.settings
    found: dict[str, Any] = {}
    for name in TABLES:
        table = getattr(settings, name)
        for item in dynamodb.scan(TableName=table)["Items"]:
            found[f"{table} {item['pk']['S']} {item['sk']['S']}"] = item
    for bucket in (settings.intake_bucket, settings.library_bucket, settings.media_bucket):
        answer = s3.list_object_versions(Bucket=bucket)
        for version in [*answer.get("Versions", []), *answer.get("DeleteMarkers", [])]:
            found[f"{bucket} {version['Key']} {version['VersionId']}"] = version.get("ETag")
    return found
