"""Creates the template's tables, buckets and queues without CloudFormation: on the local cloud and in the tests.

Clients come from the environment in the SDK's own way. Everything is idempotent: what exists is brought to what the
template says. A resource type or property that is not understood raises `TemplateError` rather than being dropped.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from infra.template import TEMPLATE, Resolver, Resource, Template, TemplateError

# Nothing to make locally: the running program is the functions and logs to the terminal, the gateway plays the API and
# `infra.local.edge` the distributions, and what bucket policies demand (TLS) a local cloud does not speak.
_FOR_AWS_ALONE = {
    "AWS::ApiGateway::BasePathMapping",
    "AWS::ApiGateway::DomainName",
    "AWS::CloudFront::CachePolicy",
    "AWS::CloudFront::Distribution",
    "AWS::CloudFront::Function",
    "AWS::CloudFront::KeyGroup",
    "AWS::CloudFront::OriginAccessControl",
    "AWS::CloudFront::OriginRequestPolicy",
    "AWS::CloudFront::PublicKey",
    "AWS::CloudFront::ResponseHeadersPolicy",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::VPCEndpoint",
    "AWS::Events::Rule",
    "AWS::GuardDuty::MalwareProtectionPlan",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::Logs::LogGroup",
    "AWS::SNS::Subscription",
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
    "AWS::S3::BucketPolicy",
    "AWS::Serverless::Api",
    "AWS::Serverless::Function",
    "AWS::Serverless::LayerVersion",
}

_ARNS = {
    "AWS::DynamoDB::Table": ("TableName", "arn:{partition}:dynamodb:{region}:{account}:table/{name}"),
    "AWS::S3::Bucket": ("BucketName", "arn:{partition}:s3:::{name}"),
    "AWS::SQS::Queue": ("QueueName", "arn:{partition}:sqs:{region}:{account}:{name}"),
}


def provision(stage: str, *, parameters: Mapping[str, str] | None = None, template: Path = TEMPLATE) -> dict[str, str]:
    """Create or update every table, bucket and queue of the template.

    Args:
        stage: name of the deployment, part of every resource name.
        parameters: further template parameters; those without a default must be given.
        template: the template's file or folder.

    Returns:
        The environment variables that the template gives every function.

    Raises:
        TemplateError: something in the template is not understood, or a parameter is missing.
    """
    return _Provisioner(Template(template), {"Stage": stage, **(parameters or {})}).run()


class _Provisioner:
    """One run over one template."""

    def __init__(self, template: Template, parameters: Mapping[str, str]) -> None:
        self._template = template
        self._region = boto3.session.Session().region_name or "us-east-1"
        self._account: str = boto3.client("sts").get_caller_identity()["Account"]
        self._refs = template.parameters(parameters) | {
            "AWS::AccountId": self._account,
            "AWS::Region": self._region,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
        }
        self._resolver = Resolver(self._refs, self._attribute, self._holds)
        self._dynamodb: Any = boto3.client("dynamodb")
        self._s3: Any = boto3.client("s3")
        self._sqs: Any = boto3.client("sqs")

    def run(self) -> dict[str, str]:
        makers: dict[str, Callable[[Resource, dict[str, Any]], None]] = {
            "AWS::SQS::Queue": self._queue,
            "AWS::SQS::QueuePolicy": self._queue_policy,
            "AWS::DynamoDB::Table": self._table,
            "AWS::S3::Bucket": self._bucket,
        }
        for resource in self._template.resources.values():
            if self._holds(resource.condition) and resource.type not in makers.keys() | _FOR_AWS_ALONE:
                raise TemplateError(f"{resource.name}: nobody here makes a {resource.type}")
        for kind, make in makers.items():
            # Dead letters must stand before the queues that refer to them.
            resources = sorted(self._template.of_type(kind), key=lambda item: "RedrivePolicy" in item.properties)
            for resource in filter(lambda item: self._holds(item.condition), resources):
                make(resource, self._resolver.resolve(dict(resource.properties)))
        return {name: str(self._resolver.resolve(value)) for name, value in self._template.environment.items()}

    def _holds(self, condition: str | None) -> bool:
        return self._template.holds(condition, self._refs)

    def _attribute(self, logical: str, attribute: str) -> str:
        resource = self._template.resources.get(logical)
        if resource is None or resource.type not in _ARNS or attribute != "Arn":
            raise TemplateError(f"{logical} has no attribute {attribute} here")
        name_property, arn = _ARNS[resource.type]
        name = self._resolver.resolve(resource.properties[name_property])
        return arn.format(partition="aws", region=self._region, account=self._account, name=name)

    # --- queues

    def _queue(self, resource: Resource, properties: dict[str, Any]) -> None:
        name = properties.pop("QueueName")
        attributes = {key: value if isinstance(value, str) else json.dumps(value) for key, value in properties.items()}
        try:
            url = self._sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        except ClientError as error:
            _unless(error, "QueueAlreadyExists", "QueueNameExists", "AWS.SimpleQueueService.QueueNameExists")
            url = self._sqs.get_queue_url(QueueName=name)["QueueUrl"]
            self._sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
        self._refs[resource.name] = url

    def _queue_policy(self, resource: Resource, properties: dict[str, Any]) -> None:
        _only(resource, properties, {"Queues", "PolicyDocument"})
        for url in properties["Queues"]:
            policy = json.dumps(properties["PolicyDocument"])
            self._sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})

    # --- tables

    def _table(self, resource: Resource, properties: dict[str, Any]) -> None:
        expiry = properties.pop("TimeToLiveSpecification", None)
        recovery = properties.pop("PointInTimeRecoverySpecification", None)
        name = properties["TableName"]
        try:
            self._dynamodb.create_table(**properties)  # unknown properties fail the SDK's own validation
            self._dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
            expires = False
        except ClientError as error:
            _unless(error, "ResourceInUseException")
            self._same_shape(resource, properties)
            state = self._dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
            expires = state["TimeToLiveStatus"] in ("ENABLED", "ENABLING")
            if expires and expiry and state["AttributeName"] != expiry["AttributeName"]:
                raise TemplateError(
                    f"the table {name} expires rows by {state['AttributeName']} instead of {expiry['AttributeName']}"
                ) from None
        if expiry and not expires:
            self._dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=expiry)
        if recovery:
            self._dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)
        self._refs[resource.name] = name

    def _same_shape(self, resource: Resource, properties: dict[str, Any]) -> None:
        """A table of another shape would only fail later and darker."""
        table = self._dynamodb.describe_table(TableName=properties["TableName"])["Table"]
        if _shape(table) != _shape(properties):
            raise TemplateError(f"the table {properties['TableName']} exists with other keys than {resource.name} has")

    # --- buckets

    def _bucket(self, resource: Resource, properties: dict[str, Any]) -> None:
        name = properties.pop("BucketName")
        _only(resource, properties, _BUCKET_PROPERTIES.keys())
        try:
            if self._region == "us-east-1":  # the one region that must not be named
                self._s3.create_bucket(Bucket=name)
            else:
                place = {"LocationConstraint": self._region}
                self._s3.create_bucket(Bucket=name, CreateBucketConfiguration=place)
        except ClientError as error:
            _unless(error, "BucketAlreadyOwnedByYou")
        self._refs[resource.name] = name
        for key, value in properties.items():
            operation, argument, translate = _BUCKET_PROPERTIES[key]
            getattr(self._s3, operation)(Bucket=name, **{argument: translate(value)})


def _shape(table: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a table and of its indexes, with their types, and what the indexes project."""
    types = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}

    def keys(thing: Mapping[str, Any]) -> list[tuple[str, str, str]]:
        return [(key["KeyType"], key["AttributeName"], types[key["AttributeName"]]) for key in thing["KeySchema"]]

    indexes = table.get("GlobalSecondaryIndexes", [])
    return {"": keys(table)} | {index["IndexName"]: (keys(index), index["Projection"]) for index in indexes}


def _only(resource: Resource, properties: Mapping[str, Any], known: Any) -> None:
    if unknown := properties.keys() - set(known):
        raise TemplateError(f"{resource.name}: {', '.join(sorted(unknown))} is not understood here")


def _unless(error: ClientError, *codes: str) -> None:
    """Raise `error` again unless it merely says that the thing is already there."""
    if error.response["Error"]["Code"] not in codes:
        raise error


# --- S3's own words for what CloudFormation calls otherwise. Names that neither side knows fail here or in the SDK.


def _renamed(value: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    if unknown := value.keys() - names.keys():
        raise TemplateError(f"{', '.join(sorted(unknown))} is not understood here")
    return {names[key]: item for key, item in value.items()}


def _same(value: Any) -> Any:
    return value


def _encryption(value: dict[str, Any]) -> dict[str, Any]:
    names = {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}
    rules = _renamed(value, {"ServerSideEncryptionConfiguration": "Rules"})["Rules"]
    return {"Rules": [_renamed(rule, names) for rule in rules]}


def _lifecycle(value: dict[str, Any]) -> dict[str, Any]:
    return {"Rules": [_lifecycle_rule(rule) for rule in _renamed(value, {"Rules": "Rules"})["Rules"]]}


def _lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    rest = dict(rule)
    tags = rest.pop("TagFilters", [])
    conditions: dict[str, Any] = {"Prefix": rest.pop("Prefix")} if "Prefix" in rest else {}
    if len(tags) == 1 and not conditions:
        criteria: dict[str, Any] = {"Tag": tags[0]}
    elif tags:
        criteria = {"And": conditions | {"Tags": tags}}
    else:
        criteria = conditions or {"Prefix": ""}
    expiring = {"ExpirationInDays": "Days", "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker"}
    expiration = {short: rest.pop(long) for long, short in expiring.items() if long in rest}
    names = {"Id": "ID"} | {
        name: name for name in ("Status", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload")
    }
    return _renamed(rest, names) | {"Filter": criteria} | ({"Expiration": expiration} if expiration else {})


def _notification(value: dict[str, Any]) -> dict[str, Any]:
    names = {name: name for name in ("QueueConfigurations", "EventBridgeConfiguration")}
    known = _renamed(value, names)
    by_bus: dict[str, Any] = {"EventBridgeConfiguration": {}} if "EventBridgeConfiguration" in known else {}
    return {"QueueConfigurations": [_queue_notification(queue) for queue in known["QueueConfigurations"]], **by_bus}


def _queue_notification(value: dict[str, Any]) -> dict[str, Any]:
    result = _renamed(value, {"Event": "Events", "Queue": "QueueArn", "Filter": "Filter"})
    result["Events"] = [result["Events"]]
    if "Filter" in result:
        rules = _renamed(result["Filter"], {"S3Key": "Key"})["Key"]
        result["Filter"] = {"Key": {"FilterRules": _renamed(rules, {"Rules": "Rules"})["Rules"]}}
    return result


def _cors(value: dict[str, Any]) -> dict[str, Any]:
    names = {"Id": "ID", "MaxAge": "MaxAgeSeconds", "ExposedHeaders": "ExposeHeaders"} | {
        name: name for name in ("AllowedHeaders", "AllowedMethods", "AllowedOrigins")
    }
    return {"CORSRules": [_renamed(rule, names) for rule in _renamed(value, {"CorsRules": "Rules"})["Rules"]]}


def _tags(value: list[dict[str, str]]) -> dict[str, Any]:
    return {"TagSet": value}


# property: (S3 operation, its argument, translation), in no particular order
_BUCKET_PROPERTIES: dict[str, tuple[str, str, Callable[[Any], Any]]] = {
    "BucketEncryption": ("put_bucket_encryption", "ServerSideEncryptionConfiguration", _encryption),
    "CorsConfiguration": ("put_bucket_cors", "CORSConfiguration", _cors),
    "LifecycleConfiguration": ("put_bucket_lifecycle_configuration", "LifecycleConfiguration", _lifecycle),
    "NotificationConfiguration": ("put_bucket_notification_configuration", "NotificationConfiguration", _notification),
    "OwnershipControls": ("put_bucket_ownership_controls", "OwnershipControls", _same),
    "PublicAccessBlockConfiguration": ("put_public_access_block", "PublicAccessBlockConfiguration", _same),
    "Tags": ("put_bucket_tagging", "Tagging", _tags),
    "VersioningConfiguration": ("put_bucket_versioning", "VersioningConfiguration", _same),
}
