"""A distribution of moto's, and what it was told to forget."""

import uuid
from typing import Any

import boto3

from tests.support.cloud import Cloud


class Distribution:
    """A distribution in front of this cloud; the functions know its id."""

    def __init__(self, cloud: Cloud) -> None:
        origin = {"Id": "o", "DomainName": "d.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
        config = {
            "CallerReference": uuid.uuid4().hex,
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all"},
        }
        self._client: Any = boto3.client("cloudfront")
        self.id: str = self._client.create_distribution(DistributionConfig=config)["Distribution"]["Id"]
        cloud.set(EDGE="cloudfront", EDGE_DISTRIBUTION=self.id)

    def told(self) -> list[tuple[str, list[str]]]:
        """The reference and the paths of each invalidation."""
        listed = self._client.list_invalidations(DistributionId=self.id)["InvalidationList"].get("Items", [])
        batches = [
            self._client.get_invalidation(DistributionId=self.id, Id=one["Id"])["Invalidation"]["InvalidationBatch"]
            for one in listed
        ]
        return [(batch["CallerReference"], sorted(batch["Paths"]["Items"])) for batch in batches]
