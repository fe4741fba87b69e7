"""What a deployed stage is made of: its parameters, its outputs, and the environment its functions have.

Commands that create something run in that environment (`make token STAGE=dev NAME=alice`), with the credentials and the
region that the AWS SDK finds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError

from infra.template import Resolver, Template, TemplateError

_NAMES = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SQS::Queue": "QueueName",
}
_HIDDEN = "*" * 32  # CloudFormation tells no secret; the commands need none


class NotDeployed(Exception):
    """There is no such stage here."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A stage's stack: parameters as they are deployed, secrets hidden, and outputs."""

    parameters: Mapping[str, str]
    outputs: Mapping[str, str]


def name(stage: str) -> str:
    """The stack's name."""
    return f"assetmanager-{stage}"


def find(stage: str) -> Stack:
    """The stack of a stage.

    Raises:
        NotDeployed
    """
    client: Any = boto3.client("cloudformation")
    try:
        [stack] = client.describe_stacks(StackName=name(stage))["Stacks"]
    except ClientError as error:
        raise NotDeployed(f"{stage} is not deployed here: {error.response['Error']['Message']}") from None
    return Stack(
        {one["ParameterKey"]: one.get("ParameterValue", "") for one in stack.get("Parameters", [])},
        {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])},
    )


def environment(stage: str) -> dict[str, str]:
    """The environment variables that the functions of a deployed stage have; secrets are not told.

    Raises:
        NotDeployed
        TemplateError: the stage was deployed from another template.
    """
    template = Template()
    given = find(stage).parameters
    values = template.parameters(
        {key: (value if set(value) != {"*"} else _HIDDEN) for key, value in given.items() if key in template.accepted}
    )
    session = boto3.session.Session()
    account = boto3.client("sts").get_caller_identity()["Account"]
    region = session.region_name or ""
    refs = values | {
        "AWS::AccountId": account,
        "AWS::Region": region,
        "AWS::Partition": session.get_partition_for_region(region),
        "AWS::URLSuffix": "amazonaws.com",
    }

    def no_attribute(resource: str, attribute: str) -> str:
        raise TemplateError(f"no environment variable may name {resource}.{attribute}")

    resolver = Resolver(refs, no_attribute, lambda condition: template.holds(condition, values))
    for resource in template.resources.values():
        if resource.type in _NAMES:
            physical = str(resolver.resolve(resource.properties[_NAMES[resource.type]]))
            is_queue = resource.type == "AWS::SQS::Queue"
            refs[resource.name] = f"https://sqs.{region}.amazonaws.com/{account}/{physical}" if is_queue else physical
    found = {key: str(resolver.resolve(value)) for key, value in template.environment.items()}
    return found | {"AWS_DEFAULT_REGION": region}
