"""S3 as a client with nothing but a URL or a form meets it: whatever is not signed exactly so is refused.

moto looks at no signature, expiry, policy or checksum. `StrictS3` does, and only then hands the bytes to moto;
`HttpS3` sends the same requests to an S3 that listens, such as ministack. Both answer as S3 does: status, and for an
error XML with a `Code`.
"""

import base64
import hashlib
import hmac
import http.client
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.local.pump import USER_AGENT
from tests.support.client import multipart

_CODE = re.compile(rb"<Code>(\w+)</Code>")
_UNSIGNED_FIELDS = {"file", "policy", "x-amz-signature"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What S3 answered. Header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def code(self) -> str | None:
        """S3's name for an error."""
        found = _CODE.search(self.body)
        return found[1].decode() if found else None


class S3(Protocol):
    """Takes requests that need no credentials beside what their URL or form holds."""

    def request(self, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """Send one request."""


def send_form(s3: S3, url: str, fields: Mapping[str, str], content: bytes) -> Answer:
    """Send a file by a form, as a page does: the fields, and the file last."""
    kind, body = multipart([*fields.items(), ("file", ("anything.bin", content))])
    return s3.request("POST", url, body, {"Content-Type": kind})


class HttpS3:
    """An S3 that listens."""

    def request(self, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """Send one request."""
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=30)
        connection.request(method, url.partition(parts.netloc)[2] or "/", body, dict(headers or {}))
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read())


class Refused(Exception):
    """S3 says no."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        self.answer = Answer(status, {}, f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode())
        super().__init__(code)


class StrictS3:
    """moto behind a door that checks everything.

    Args:
        access_key, secret_key: whose signatures count.
        region: where the buckets are.
    """

    def __init__(self, access_key: str, secret_key: str, region: str) -> None:
        self._access_key, self._secret_key, self._region = access_key, secret_key, region
        self._moto: Any = boto3.client("s3", config=Config(user_agent_extra=USER_AGENT))

    def request(self, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """Send one request: a presigned PUT of a part, or a form."""
        parts = urlsplit(url)
        given = {name.lower(): value for name, value in (headers or {}).items()} | {"host": parts.netloc}
        try:
            if method == "POST":
                return self._form(parts.netloc.partition(".")[0], given, body)
            return self._presigned(method, url, given, body)
        except Refused as refused:
            return refused.answer
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            return Refused(status, error.response["Error"]["Code"]).answer

    # --- presigned URLs

    def _presigned(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        signature = query.pop("X-Amz-Signature", None)
        if signature is None:
            raise Refused(403, "AccessDenied")
        scope = self._scope(query.get("X-Amz-Credential", ""), query.get("X-Amz-Date", ""))
        names = query.get("X-Amz-SignedHeaders", "").split(";")
        if "host" not in names or any(name not in headers for name in names):
            raise Refused(403, "AccessDenied", "HeadersNotSigned")
        canonical = "\n".join(
            [
                method,
                quote(unquote(parts.path), safe="/-_.~"),
                "&".join(f"{quote(n, safe='-_.~')}={quote(v, safe='-_.~')}" for n, v in sorted(query.items())),
                *(f"{name}:{headers[name].strip()}" for name in names),
                "",
                ";".join(names),
                "UNSIGNED-PAYLOAD",
            ]
        )
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = "\n".join(["AWS4-HMAC-SHA256", query["X-Amz-Date"], "/".join(scope), digest])
        self._demand(text, scope, signature)
        signed_at = _moment(query["X-Amz-Date"])
        if datetime.now(UTC) > signed_at + timedelta(seconds=int(query["X-Amz-Expires"])):
            raise Refused(403, "AccessDenied", "Request has expired")
        bucket, key = parts.netloc.partition(".")[0], unquote(parts.path[1:])
        if method != "PUT" or "uploadId" not in query:
            raise Refused(501, "NotImplemented")
        number = int(query["partNumber"])
        try:
            answer = self._moto.upload_part(
                Bucket=bucket, Key=key, UploadId=query["uploadId"], PartNumber=number, Body=body
            )
        except KeyError:  # moto's way of not knowing an upload
            raise Refused(404, "NoSuchUpload") from None
        return Answer(200, {"etag": answer["ETag"]})

    # --- forms

    def _form(self, bucket: str, headers: Mapping[str, str], body: bytes) -> Answer:
        fields, content = _form_fields(headers["content-type"], body)
        for name in ("policy", "x-amz-credential", "x-amz-date", "x-amz-signature", "x-amz-algorithm"):
            if name not in fields:
                raise Refused(403, "AccessDenied", f"no {name}")
        scope = self._scope(fields["x-amz-credential"], fields["x-amz-date"])
        self._demand(fields["policy"], scope, fields["x-amz-signature"])
        policy = json.loads(base64.b64decode(fields["policy"], validate=True))
        if datetime.now(UTC) >= datetime.fromisoformat(policy["expiration"]):
            raise Refused(403, "AccessDenied", "Policy expired")
        self._conditions(policy["conditions"], {**fields, "bucket": bucket}, len(content))
        self._checksum(fields, content)
        metadata = {name[11:]: value for name, value in fields.items() if name.startswith("x-amz-meta-")}
        kind = fields.get("content-type", "binary/octet-stream")
        answer = self._moto.put_object(
            Bucket=bucket, Key=fields["key"], Body=content, ContentType=kind, Metadata=metadata
        )
        status = int(fields.get("success_action_status", "204"))
        return Answer(status, {"etag": answer["ETag"], "location": f"https://{headers['host']}/{fields['key']}"})

    @staticmethod
    def _conditions(conditions: list[Any], fields: Mapping[str, str], size: int) -> None:
        covered = set()
        for condition in conditions:
            if isinstance(condition, list) and condition[0] == "content-length-range":
                if size > int(condition[2]):
                    raise Refused(400, "EntityTooLarge")
                if size < int(condition[1]):
                    raise Refused(400, "EntityTooSmall")
                continue
            pairs = (
                [("eq", f"${name}", value) for name, value in condition.items()]
                if isinstance(condition, dict)
                else [condition]
            )
            for operator, name, value in pairs:
                field_name = name[1:].lower()
                covered.add(field_name)
                given = fields.get(field_name, "")
                if not (given == value if operator == "eq" else operator == "starts-with" and given.startswith(value)):
                    raise Refused(403, "AccessDenied", f"Policy Condition failed: {field_name}")
        if extra := fields.keys() - covered - _UNSIGNED_FIELDS:
            raise Refused(403, "AccessDenied", f"Extra input fields: {sorted(extra)}")

    @staticmethod
    def _checksum(fields: Mapping[str, str], content: bytes) -> None:
        declared = fields.get("x-amz-checksum-sha256")
        if declared is not None and declared != base64.b64encode(hashlib.sha256(content).digest()).decode():
            raise Refused(400, "BadDigest")

    # --- signatures

    def _scope(self, credential: str, date: str) -> list[str]:
        access_key, *scope = credential.split("/")
        if access_key != self._access_key:
            raise Refused(403, "InvalidAccessKeyId")
        if len(scope) != 4 or scope[1:] != [self._region, "s3", "aws4_request"] or not date.startswith(scope[0]):
            raise Refused(400, "AuthorizationQueryParametersError")
        return scope

    def _demand(self, text: str, scope: list[str], signature: str) -> None:
        key = f"AWS4{self._secret_key}".encode()
        for part in scope:
            key = hmac.digest(key, part.encode(), "sha256")
        if not hmac.compare_digest(hmac.new(key, text.encode(), "sha256").hexdigest(), signature):
            raise Refused(403, "SignatureDoesNotMatch")


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _form_fields(content_type: str, body: bytes) -> tuple[dict[str, str], bytes]:
    """The fields before the file, by lower-case name, and the file; what follows it does not count."""
    boundary = b"--" + content_type.partition("boundary=")[2].encode()
    fields: dict[str, str] = {}
    for part in body.split(boundary)[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").removesuffix(b"\r\n").partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]*)"', head)
        assert name is not None
        if name[1] == b"file":
            return fields, content
        fields[name[1].decode().lower()] = content.decode()
    raise Refused(400, "InvalidArgument", "POST requires exactly one file upload per request")
