"""The second engine: the packaged template deployed to ministack, with real HTTP, Lambda processes and event sources.

What ministack cannot run is taken out here, and nowhere else: see `WITHOUT`.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import yaml

from infra import package as packaging
from infra import stage as stages
from infra.local.ministack import Ministack

ROOT = Path(__file__).parents[2]
STAGE = "e2e"
EXECUTABLE = ROOT / ".venv-deployed" / "bin" / "ministack"
BUCKET = "deployed"

WITHOUT = {
    "AWS::CloudFront::": "no distribution is ever asked: their routing is tested by itself (tests/infra/test_edge.py)",
    "AWS::CloudWatch::": "nothing there evaluates an alarm",
    "AWS::SNS::": "for alarms alone",
    "AWS::EC2::": "on a condition that is not met: there is no clamd in a network here",
    "AWS::Events::Rule": "on a condition that is not met: there is no GuardDuty here",
    "AWS::GuardDuty::": "not known there",
    "AWS::S3::BucketPolicy": "it demands TLS, which ministack does not speak",
}


class Engine:
    """A deployed stage.

    Attributes:
        api: its address.
        token: a superuser's.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ministack = Ministack(folder, EXECUTABLE)
        self.api = ""
        self.token = ""

    @contextlib.contextmanager
    def running(self) -> Iterator["Engine"]:
        """Package, deploy, and take everything away in the end."""
        made = packaging.package(self._folder / "package", STAGE, architecture="x86_64", runtime=_runtime())
        self._ministack.start()
        try:
            self._environment()
            self._deploy(made.template)
            yield self
        finally:
            self._ministack.stop()

    def _environment(self) -> None:
        os.environ.update(
            AWS_ENDPOINT_URL=self._ministack.endpoint,
            AWS_ACCESS_KEY_ID="test",
            AWS_SECRET_ACCESS_KEY="test",
            AWS_DEFAULT_REGION="us-east-1",
            AWS_CONFIG_FILE=os.devnull,
            AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        )

    def _deploy(self, template: Path) -> None:
        merged = yaml.safe_load(template.read_text(encoding="utf-8"))
        s3: Any = boto3.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        for name, body in list(merged["Resources"].items()):
            if body["Type"].startswith(tuple(WITHOUT)):
                del merged["Resources"][name]
                continue
            for key in ("CodeUri", "ContentUri"):
                if key in body["Properties"]:
                    archive = template.parent / body["Properties"][key]
                    s3.upload_file(str(archive), BUCKET, archive.name)
                    body["Properties"][key] = f"s3://{BUCKET}/{archive.name}"
        # ministack hands its own environment to functions, and calls something else AUTH.
        merged["Globals"]["Function"]["Environment"]["Variables"]["AUTH"] = "required"
        without = {"Edge", "ApiEdge", "ApiDomain", "ConsoleAddress"}
        for name in [name for name, output in merged["Outputs"].items() if output.get("Condition") in without]:
            del merged["Outputs"][name]
        rules = ROOT / "chalicelib" / "files" / "scanners" / "rules" / "selftest.yar"
        given = {
            "Stage": STAGE,
            "Scanner": "yara",
            "YaraRules": str(rules),
            "OriginSecret": "s" * 32,
            "Edge": "none",
            "UploadOrigins": "https://pages.example",
        }
        plain = _transformed(merged, given)
        s3.put_object(Bucket=BUCKET, Key="template.json", Body=json.dumps(plain).encode())
        client: Any = boto3.client("cloudformation")
        client.create_stack(
            StackName=stages.name(STAGE),
            TemplateURL=f"{self._ministack.endpoint}/{BUCKET}/template.json",
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()],
        )
        self._await(client)
        outputs = stages.find(STAGE).outputs
        self.api = f"{self._ministack.endpoint}/restapis/{outputs['RestAPIId']}/{STAGE}/_user_request_"
        self.token = self._first_token()

    def _await(self, client: Any) -> None:
        for _ in range(240):
            [stack] = client.describe_stacks(StackName=stages.name(STAGE))["Stacks"]
            status = stack["StackStatus"]
            if status == "CREATE_COMPLETE":
                return
            if "FAILED" in status or "ROLLBACK" in status:
                events = client.describe_stack_events(StackName=stages.name(STAGE))["StackEvents"]
                reasons = [
                    f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"
                    for event in events
                    if "FAILED" in event["ResourceStatus"]
                ]
                raise AssertionError("the stack failed: " + "; ".join(reasons))
            time.sleep(0.5)
        raise AssertionError("the stack takes too long")

    def _first_token(self) -> str:
        script = "from infra import deploy, stage; print(deploy.first_token(stage.environment('e2e')))"
        done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()[-1]

    def log(self, lines: int = 40) -> str:
        """The end of ministack's log, and what went wrong in functions."""
        text = (self._folder / "ministack.log").read_text(encoding="utf-8", errors="replace")
        client: Any = boto3.client("logs")
        failures = [
            f"{group['logGroupName']}: {event['message']}"
            for group in client.describe_log_groups()["logGroups"]
            for event in client.filter_log_events(logGroupName=group["logGroupName"])["events"]
            if '"level":"ERROR"' in event["message"]
        ]
        return "\n".join([*(line[:2000] for line in text.splitlines()[-lines:]), *failures[-5:]])

    # --- as a client

    def request(
        self, method: str, path: str, body: Any = None, *, token: bool = True, **headers: str
    ) -> tuple[int, bytes]:
        """One request; a body that is not bytes goes as JSON."""
        sent = {"Accept": "*/*"} | {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        if token:
            sent["Authorization"] = f"Bearer {self.token}"
        asked = urllib.request.Request(self.api + path, data=body, method=method, headers=sent)
        try:
            with urllib.request.urlopen(asked, timeout=120) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def send_form(self, url: str, fields: dict[str, str], content: bytes) -> int:
        """What S3 answers to a form of ours, sent without a token."""
        boundary = "boundary-of-the-form"
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="file"\r\n\r\n')
        body = "".join(parts).encode() + content + f"\r\n--{boundary}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def json(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """A request that has to succeed; its answer."""
        status, content = self.request(method, path, body, token=True, **headers)
        assert status < 300, f"{method} {path}: {status} {content[:500]!r}"
        return json.loads(content or b"null")

    def until(self, what: str, found: Any, seconds: float = 180) -> Any:
        """Call `found` until it gives something."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if (value := found()) not in (None, False, [], {}):
                return value
            time.sleep(1)
        raise AssertionError(f"never happened: {what}")


_TRANSFORM = """
import json, sys
from samtranslator.translator.transform import transform

class NoPolicies:
    def load(self):
        return {}

template, given = json.load(sys.stdin)
print(json.dumps(transform(template, given, NoPolicies())))
"""


def _transformed(template: dict[str, Any], given: dict[str, str]) -> dict[str, Any]:
    """The template as CloudFormation sees it, with the API's binary types where ministack looks for them."""
    python = EXECUTABLE.with_name("python")
    asked = json.dumps([template, given])
    done = subprocess.run([str(python), "-c", _TRANSFORM], input=asked, capture_output=True, text=True, check=True)
    plain: dict[str, Any] = json.loads(done.stdout)
    for body in plain["Resources"].values():
        if body["Type"] == "AWS::ApiGateway::RestApi":
            body["Properties"]["BinaryMediaTypes"] = body["Properties"]["Body"][
                "x-amazon-apigateway-binary-media-types"
            ]
        if body["Type"] == "AWS::IAM::Role":
            for policy in body["Properties"].get("Policies", []):
                for statement in policy["PolicyDocument"]["Statement"]:
                    # AWS has no permission of its own for the batch. ministack, which enforces policies, has.
                    if "sqs:SendMessage" in statement["Action"]:
                        statement["Action"].append("sqs:SendMessageBatch")
    return plain


def _runtime() -> str:
    """What to package for: ministack runs functions with its own Python, whatever their runtime says."""
    command = [str(EXECUTABLE.with_name("python")), "-c", "import sys; print('python%d.%d' % sys.version_info[:2])"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
