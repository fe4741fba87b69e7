"""The AWS clients, made once per process. No other module imports boto3; DynamoDB goes through `chalicelib.rows`.

Endpoints, regions and credentials come from the environment in the SDK's own way (`AWS_ENDPOINT_URL`: the local cloud).
"""

import functools
import gc
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

USER_AGENT = "asset-manager"
"""What every client calls itself. Left to itself the SDK words it anew twice a call, a fifth of a call's CPU."""

_MAKING = threading.Lock()  # boto3's default session is not safe to make clients from in two threads at once


def _client(service: str, **config: Any) -> Any:
    import boto3
    import botocore.session
    from botocore.config import Config

    from chalicelib.dynamodb import MODELS

    with _MAKING:
        if boto3.DEFAULT_SESSION is None:
            session = botocore.session.get_session()
            session.register_component("data_loader", MODELS)
            boto3.setup_default_session(botocore_session=session)
        client = boto3.client(
            service,
            config=Config(
                user_agent=USER_AGENT,
                retries={"mode": "standard", "total_max_attempts": 4},
                connect_timeout=3,
                read_timeout=60,
                max_pool_connections=64,
                **config,
            ),
        )
    keep(service)
    return client


@functools.cache
def keep(service: str) -> None:
    """Have the garbage collector no longer look at what there is, once for each service whose client has been made.

    What the SDK knows of a service, and the modules, stay as long as the process: most of what a full collection would
    go through, in the middle of some request or message.
    """
    gc.freeze()


@functools.cache
def s3() -> "S3Client":
    """S3, with SigV4 for presigned requests and path-style addresses only where the endpoint is local.

    Addresses name the region: S3 redirects what is sent to a young bucket's global address, and no browser follows.
    """
    client: S3Client = _client("s3", signature_version="s3v4", s3={"addressing_style": "virtual"})
    return client


@functools.cache
def cloudfront() -> Any:
    """CloudFront, for the function that has its cache forget things."""
    return _client("cloudfront")


@functools.cache
def sqs() -> "SQSClient":
    """SQS. Its long polls stay below the read timeout."""
    client: SQSClient = _client("sqs")
    return client
