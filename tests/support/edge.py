"""The distributions of the template, as CloudFront would read them: which behaviour a path has, and what that does.

`SignedEdge` answers requests for signed addresses in CloudFront's order: the behaviour is chosen, and the signature
looked at with the public key, by the address as the viewer sent it; only then the viewer function runs, in Node.js, and
the bucket, moto's, is asked for what has become of the path. CloudFront itself is nowhere to be had.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

import boto3
from botocore.exceptions import ClientError
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA1

from chalicelib import clock
from infra.template import Resolver, Template
from tests.support import javascript

GIVEN = {
    "Stage": "dev",
    "AssetsOrigin": "https://assets.test",
    "StoresOrigin": "https://stores.test",
    "DraftAssetsOrigin": "https://draft.test",
    "OriginSecret": "s" * 32,
}


def distribution(template: Template, name: str) -> dict[str, Any]:
    """The configuration of a distribution of a stage that has everything: of each choice the first."""
    config: dict[str, Any] = template.resources[name].properties["DistributionConfig"]
    return config | {part: [_first(one) for one in config.get(part, [])] for part in ("CacheBehaviors", "Origins")}


def _first(item: dict[str, Any]) -> dict[str, Any]:
    return item["Fn::If"][1] if "Fn::If" in item else item


def behaviour(config: dict[str, Any], path: str) -> dict[str, Any]:
    """The first behaviour whose pattern fits, as CloudFront chooses."""
    for found in config.get("CacheBehaviors", []):
        if fnmatchcase(path, found["PathPattern"]):
            return dict(found)
    return dict(config["DefaultCacheBehavior"])


def policy(template: Template, reference: dict[str, str]) -> dict[str, Any]:
    """What a policy says that a behaviour refers to."""
    [config] = template.resources[reference["Ref"]].properties.values()
    return dict(config)


def headers_of(config: dict[str, Any]) -> dict[str, tuple[str, bool]]:
    """The headers of a response-headers policy but for the transport's, each with whether it beats the origin's."""
    security = config["SecurityHeadersConfig"]
    found = {item["Header"]: (item["Value"], item["Override"]) for item in config["CustomHeadersConfig"]["Items"]}
    content = security["ContentSecurityPolicy"]
    found["Content-Security-Policy"] = (content["ContentSecurityPolicy"], content["Override"])
    found["X-Content-Type-Options"] = ("nosniff", security["ContentTypeOptions"]["Override"])
    if "FrameOptions" in security:
        found["X-Frame-Options"] = (security["FrameOptions"]["FrameOption"], security["FrameOptions"]["Override"])
    return found


def code(template: Template, association: str, chosen: dict[str, Any], **given: str) -> str:
    """The text of the function that a behaviour runs at an event, with the stage's hosts in it."""
    [arn] = [one["FunctionARN"] for one in chosen["FunctionAssociations"] if one["EventType"] == association]
    resource = template.resources[arn["Fn::GetAtt"][0]]
    assert resource.properties["AutoPublish"] is True
    return str(Resolver(GIVEN | given, lambda *_: "").resolve(resource.properties["FunctionCode"]))


@dataclass(frozen=True, slots=True)
class Answer:
    """What the edge answered."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class SignedEdge:
    """The behaviours of the public distribution that want a signature.

    Args:
        keys: the public keys of the key group, by their ids.
        bucket: what stands in for the library.

    Attributes:
        asked: the path that the bucket was asked for last, as it was sent there; empty when it was not.
    """

    def __init__(self, keys: Mapping[str, EllipticCurvePublicKey], bucket: str) -> None:
        self._template = Template()
        self._keys = keys
        self._bucket = bucket
        self.asked = ""

    def get(self, url: str) -> Answer:
        """The answer to a GET."""
        self.asked = ""
        asked = urlsplit(url)
        chosen = behaviour(distribution(self._template, "PublicDistribution"), asked.path)
        assert chosen["TrustedKeyGroups"] == [{"Ref": "EdgeKeyGroup"}], "nothing here wants a signature"
        if not self.is_signed(url):
            return Answer(403)
        event = javascript.request(asked.path, query=asked.query, host=asked.netloc)
        [ran] = javascript.run(code(self._template, "viewer-request", chosen), [event])
        forwarded = policy(self._template, chosen["OriginRequestPolicyId"])["QueryStringsConfig"]["QueryStrings"]
        wanted = {name: value for name, value in parse_qsl(asked.query) if name in forwarded}
        names = {
            "response-content-type": "ResponseContentType",
            "response-content-disposition": "ResponseContentDisposition",
        }
        self.asked = ran["result"]["uri"]
        s3: Any = boto3.client("s3")
        try:
            found = s3.get_object(
                Bucket=self._bucket,
                Key=unquote_plus(self.asked[1:]),
                **{names[name]: value for name, value in wanted.items()},
            )
        except ClientError:
            return Answer(403)  # without the right to list, what is missing is forbidden
        sent = {"Content-Type": found["ContentType"], "Content-Disposition": found.get("ContentDisposition", "")}
        for name, (value, override) in headers_of(policy(self._template, chosen["ResponseHeadersPolicyId"])).items():
            if override or name not in sent:
                sent[name] = value
        return Answer(200, sent, found["Body"].read())

    def is_signed(self, url: str) -> bool:
        """Whether a signature is good for the address that it comes with, by the canned policy: this address without
        what signs it, until it expires, by one of the group's keys."""
        address, _, query = url.partition("?")
        pairs = [pair.split("=", 1) for pair in query.split("&") if pair]
        proof = {name: value for name, value in pairs if name in ("Expires", "Signature", "Key-Pair-Id")}
        if len(proof) < 3 or not proof["Expires"].isdigit() or proof["Key-Pair-Id"] not in self._keys:
            return False
        own = "&".join(f"{name}={value}" for name, value in pairs if name not in proof)
        until = int(proof["Expires"])
        condition = {"DateLessThan": {"AWS:EpochTime": until}}
        statement = {"Resource": f"{address}?{own}" if own else address, "Condition": condition}
        message = json.dumps({"Statement": [statement]}, separators=(",", ":")).encode()
        signature = base64.b64decode(proof["Signature"].translate(str.maketrans("-_~", "+=/")))
        try:
            self._keys[proof["Key-Pair-Id"]].verify(signature, message, ECDSA(SHA1()))  # noqa: S303
        except InvalidSignature:
            return False
        return clock.epoch() < until
