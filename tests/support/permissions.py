"""Which function makes which AWS call, in every test, and whether its policy allows it: moto enforces no policies.

What runs inside `acting` is done by that function; requests to the app and deliveries to its consumers are so by
themselves. Every call is kept in `recorded` for as long as the process lives, by function, action and resource; of what
is done `by_chance`, only what no policy allows.
"""

import functools
import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from chalicelib.web.application import AssetManager
from infra.local.pump import Pump
from infra.template import Resolver, Template
from tests.support import calls
from tests.support.calls import Call
from tests.support.cloud import ACCOUNT, PARAMETERS, REGION

Need = tuple[str, str]  # action, ARN of the resource

STAGE = "local"
_PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": f"assetmanager-{STAGE}",
}
_NAMES = {
    "AWS::DynamoDB::Table": ("TableName", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/"),
    "AWS::S3::Bucket": ("BucketName", "arn:aws:s3:::"),
    "AWS::SQS::Queue": ("QueueName", f"arn:aws:sqs:{REGION}:{ACCOUNT}:"),
    "AWS::Logs::LogGroup": ("LogGroupName", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:"),
}

# Lambda's own doing in a function's name: it writes the logs and traces, and polls the queues.
_BY_LAMBDA = {"Logs", "Traces"}
_BY_POLLERS = {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}

_ELSEWHERE = "000000000000"

recorded: dict[str, set[Need]] = {}
_acting: ContextVar[str | None] = ContextVar("acting", default=None)
_running: list[str] = []
_noting: list[dict[str, set[Need]]] = []
_chances: list[bool] = []
_lock = threading.Lock()


def functions() -> list[str]:
    """The functions that have a policy."""
    return sorted(path.stem.removeprefix("policy-") for path in Path(".chalice").glob("policy-*.json"))


class Policy:
    """One function's policy, without what Lambda does in its name."""

    def __init__(self, function: str) -> None:
        document = json.loads(Path(f".chalice/policy-{function}.json").read_text(encoding="utf-8"))
        document["Statement"] = [one for one in document["Statement"] if one["Sid"] not in _BY_LAMBDA]
        template = Template()
        values = template.parameters({"Stage": STAGE, **PARAMETERS}) | _PSEUDO

        def attribute(name: str, wanted: str) -> str:
            resource = template.resources[name]
            named, prefix = _NAMES[resource.type]
            assert wanted == "Arn"
            return prefix + str(resolver.resolve(resource.properties[named]))

        resolver = Resolver(values, attribute, lambda condition: template.holds(condition, values))
        self._statements = resolver.resolve(document)["Statement"]

    def permissions(self) -> set[Need]:
        """Everything that is allowed, as action and pattern of resources."""
        return {
            (action, pattern)
            for statement in self._statements
            for action in statement["Action"]
            for pattern in statement["Resource"]
            if statement["Sid"] != "Consume" or action not in _BY_POLLERS
        }

    def allowing(self, need: Need) -> set[Need]:
        """The permissions that allow something; none when it is denied."""
        return {permission for permission in self.permissions() if _fits(need, permission)}


_policy = functools.cache(Policy)

Judgement = dict[str, list[Need]]


def judge(did: Mapping[str, set[Need]] | None = None) -> tuple[Judgement, Judgement]:
    """What functions did and may not do, and what they may do and never do themselves, by everything recorded.

    Args:
        did: what each function did; by default what was recorded.
    """
    denied, unused = {}, {}
    for function in functions():
        made = (recorded if did is None else did).get(function, set())
        allowed = {need: _policy(function).allowing(need) for need in made}
        if too_little := {need for need in made if not allowed[need]}:
            denied[function] = sorted(too_little)
        if too_much := _policy(function).permissions().difference(*allowed.values()):
            unused[function] = sorted(too_much)
    return denied, unused


def counted() -> dict[str, Counter[str]]:
    """How many permissions each function has, by service."""
    return {
        function: Counter(action.partition(":")[0] for action, _ in _policy(function).permissions())
        for function in functions()
    }


@functools.cache
def _allows(function: str, need: Need) -> bool:
    return bool(_policy(function).allowing(need))


def _fits(need: Need, permission: Need) -> bool:
    return need[0] == permission[0] and fnmatchcase(need[1], permission[1])


def told() -> dict[str, list[list[str]]]:
    """What was recorded here, for another process."""
    return {function: sorted([*need] for need in needs_) for function, needs_ in recorded.items()}


def hear(other: dict[str, list[list[str]]]) -> None:
    """Add what another process recorded."""
    for function, made in other.items():
        recorded.setdefault(function, set()).update((action, resource) for action, resource in made)


@contextmanager
def noting() -> Iterator[dict[str, set[Need]]]:
    """Note what each function does while the block runs."""
    noted: dict[str, set[Need]] = {}
    _noting.append(noted)
    try:
        yield noted
    finally:
        _noting.pop()


@contextmanager
def by_chance() -> Iterator[None]:
    """What functions do in the block is done another time or not: it shows what they may not do, not what they need."""
    _chances.append(True)
    try:
        yield
    finally:
        _chances.pop()


@contextmanager
def acting(function: str) -> Iterator[None]:
    """What happens in the block is done by this function, in this thread and in those it starts."""
    token = _acting.set(function)
    with _lock:
        _running.append(function)
    try:
        yield
    finally:
        with _lock:
            _running.remove(function)
        _acting.reset(token)


def needs(call: Call) -> Iterator[Need]:
    """What a call must be allowed to do."""
    if call.service == "s3":
        yield from _s3_needs(call.operation, call.params)
    elif call.service == "dynamodb":
        yield from _dynamodb_needs(call.operation, call.params)
    elif call.service == "cloudfront":
        distribution = call.params["DistributionId"]
        yield f"cloudfront:{call.operation}", f"arn:aws:cloudfront::{ACCOUNT}:distribution/{distribution}"
    elif call.service == "sqs":
        name = call.params["QueueUrl"].rpartition("/")[2]
        yield f"sqs:{call.operation.removesuffix('Batch')}", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
    else:
        raise AssertionError(f"nobody said what {call} needs")


def _s3_needs(operation: str, params: dict[str, Any]) -> Iterator[Need]:
    bucket = f"arn:aws:s3:::{params.get('Bucket')}"
    one = f"{bucket}/{params.get('Key')}"
    version = "Version" if params.get("VersionId") else ""
    match operation:
        case "ListObjectsV2":
            yield "s3:ListBucket", bucket
        case "ListObjectVersions":
            yield "s3:ListBucketVersions", bucket
        case "GetObject" | "HeadObject":
            yield f"s3:GetObject{version}", one
            yield "s3:ListBucket", bucket  # or what is missing reads as forbidden
        case "GetObjectTagging":
            yield f"s3:GetObject{version}Tagging", one
        case "PutObject" | "CreateMultipartUpload" | "UploadPart" | "CompleteMultipartUpload":
            yield "s3:PutObject", one
        case "ListParts":
            yield "s3:ListMultipartUploadParts", one
        case "AbortMultipartUpload":
            yield "s3:AbortMultipartUpload", one
        case "DeleteObject":
            yield f"s3:DeleteObject{version}", one
        case "DeleteObjects":
            for item in params["Delete"]["Objects"]:
                versioned = "Version" if item.get("VersionId") else ""
                yield f"s3:DeleteObject{versioned}", f"{bucket}/{item['Key']}"
        case "PutObjectTagging":
            yield f"s3:PutObject{version}Tagging", one
        case "CopyObject" | "UploadPartCopy":
            source = params["CopySource"]
            versioned = "Version" if source.get("VersionId") else ""
            yield f"s3:GetObject{versioned}", f"arn:aws:s3:::{source['Bucket']}/{unquote(source['Key'])}"
            yield "s3:PutObject", one
        case _:
            raise AssertionError(f"nobody said what {operation} needs")


def _dynamodb_needs(operation: str, params: dict[str, Any]) -> Iterator[Need]:
    def table(name: str) -> str:
        return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"

    match operation:
        case "TransactWriteItems":
            for item in params["TransactItems"]:
                [(kind, body)] = item.items()
                yield (
                    f"dynamodb:{'ConditionCheckItem' if kind == 'ConditionCheck' else kind + 'Item'}",
                    table(body["TableName"]),
                )
        case "BatchGetItem" | "BatchWriteItem":
            for name in params["RequestItems"]:
                yield f"dynamodb:{operation}", table(name)
        case "Query" if "IndexName" in params:
            yield "dynamodb:Query", f"{table(params['TableName'])}/index/{params['IndexName']}"
        case "DescribeTable":
            raise AssertionError("no function may ask what its tables look like")
        case _:
            yield f"dynamodb:{operation}", table(params["TableName"])


def _record(call: Call) -> None:
    if calls.hooks_deep.get() > 1:
        return  # this is one hook itself, and another made the call
    function = _acting.get() or (_running[0] if len(set(_running)) == 1 else None)
    if function is not None:
        for action, resource in needs(call):
            if _ELSEWHERE in resource.partition("/")[0]:
                continue  # another cloud than that of the tests, with an account of its own
            need = action, _short(resource)
            if not _chances or not _allows(function, need):
                recorded.setdefault(function, set()).add(need)
            for noted in _noting:
                noted.setdefault(function, set()).add(need)


def _short(resource: str) -> str:
    """Of the keys of objects and the ids of distributions only what policies tell apart."""
    bucket, slash, key = resource.partition("/")
    if bucket.startswith("arn:aws:s3:::") and slash:
        prefix, deeper, _ = key.partition("/")
        return f"{bucket}/{prefix}/x" if deeper and prefix in ("small", "large") else f"{bucket}/x"
    return resource if ":cloudfront:" not in resource else f"{bucket}/x"


calls._watches.append(calls._Watch(_record, None))
_original_call: Any = AssetManager.__call__
_original_invoke: Any = Pump.invoke


def _call(self: Any, event: Any, context: Any) -> Any:
    with acting("api_handler"):
        return _original_call(self, event, context)


def _invoke(self: Any, name: str, event: Any, *, timeout: float = 60) -> Any:
    with acting(name):
        return _original_invoke(self, name, event, timeout=timeout)


AssetManager.__call__ = _call  # type: ignore[method-assign]
Pump.invoke = _invoke  # type: ignore[method-assign]
