"""Deploys a package: `make deploy STAGE=dev PARAMETERS="Scanner=yara AlarmEmail=ops@example.org"`.

    package --> bucket for what is deployed --> stack --> (the edge's own names, once) --> first superuser token, once

A parameter keeps its value until it is given another one; `NAME=file://path` gives it a file's text. The origin secret
and the key pair of signed addresses are made here the first time. Works with the AWS CLI and the credentials and region
that it finds.
"""

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from infra import stage as stages
from infra.stage import NotDeployed, Stack

_FILE = "file://"


class Failed(Exception):
    """A step failed; the AWS CLI has said why."""


def deploy(stage: str, package: Path, given: Mapping[str, str]) -> Stack:
    """Deploy a package, and return the stack as it is then.

    Args:
        stage: name of the deployment.
        package: folder that `infra.package` wrote.
        given: template parameters that are to change.

    Raises:
        Failed
    """
    parameters = dict(given)
    try:
        before: Stack | None = stages.find(stage)
    except NotDeployed:
        before = None
        parameters.setdefault("OriginSecret", secrets.token_urlsafe(32))
        if "EdgePublicKeyA" not in parameters:
            parameters |= _key_pair()
    bucket = _bucket(stage)
    packaged = package / "packaged.yaml"
    _aws(
        *("cloudformation", "package", "--template-file", str(package / "sam.yaml")),
        *("--s3-bucket", bucket, "--output-template-file", str(packaged)),
    )
    _stack(stage, packaged, bucket, parameters)
    stack = stages.find(stage)
    if names := _edge_names(stack, known=before.outputs if before else {}):
        # Until now nobody knew what CloudFront calls them.
        _stack(stage, packaged, bucket, names)
        stack = stages.find(stage)
    return stack


def _key_pair() -> dict[str, str]:
    """A new key pair for signed addresses, as parameters. Nobody but the stack keeps the private one."""
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {"EdgePublicKeyA": public.decode(), "EdgePrivateKey": secret.decode()}


def _edge_names(stack: Stack, known: Mapping[str, str]) -> dict[str, str]:
    """The addresses of distributions that were not `known` before and have no names of their own, as parameters."""
    outputs = {"AssetsOrigin": "PublicDomain", "DraftAssetsOrigin": "DraftDomain", "ApiOrigin": "ApiDomain"}
    return {
        parameter: f"https://{stack.outputs[output]}"
        for parameter, output in outputs.items()
        if output in stack.outputs and output not in known and not stack.parameters.get(parameter)
    }


def _bucket(stage: str) -> str:
    """The bucket that templates and zips are deployed from; made once."""
    account = json.loads(_aws("sts", "get-caller-identity", "--output", "json"))["Account"]
    name = f"assetmanager-{stage}-deployed-{account}"
    if _fails("s3api", "head-bucket", "--bucket", name):
        _aws("s3", "mb", f"s3://{name}")
        closed = "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true"
        _aws("s3api", "put-public-access-block", "--bucket", name, "--public-access-block-configuration", closed)
    return name


def _stack(stage: str, template: Path, bucket: str, parameters: Mapping[str, str]) -> None:
    # In a file, since everybody on this machine can read a command line.
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump([f"{name}={value}" for name, value in ({"Stage": stage} | dict(parameters)).items()], file)
        file.flush()
        _aws(
            *("cloudformation", "deploy", "--stack-name", stages.name(stage), "--template-file", str(template)),
            *("--s3-bucket", bucket, "--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"),
            *("--no-fail-on-empty-changeset", "--parameter-overrides", f"file://{file.name}"),
        )


def _aws(*arguments: str) -> str:
    done = subprocess.run(["aws", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise Failed(f"aws {' '.join(arguments[:2])} failed")
    return done.stdout


def _fails(*arguments: str) -> bool:
    return (
        subprocess.run(["aws", *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode != 0
    )


def first_token(environment: Mapping[str, str]) -> str | None:
    """The token of a first superuser, in the cloud of this environment; None if anybody has a token already."""
    os.environ.update(environment)
    from chalicelib.identity import entries, mint

    if next(iter(entries()), None) is not None:
        return None
    token, _ = mint("admin", superuser=True)
    return token


def _text(value: str) -> str:
    return Path(value.removeprefix(_FILE)).read_text(encoding="utf-8") if value.startswith(_FILE) else value


def main(arguments: Sequence[str]) -> int:
    """`python -m infra.deploy STAGE FOLDER [NAME=VALUE...]`. Returns the exit code."""
    stage, folder, *words = arguments
    given = {name: _text(value) for name, value in (word.split("=", 1) for word in words)}
    try:
        stack = deploy(stage, Path(folder), given)
        token = first_token(stages.environment(stage))
    except (Failed, NotDeployed) as error:
        print(error, file=sys.stderr)
        return 1
    for name, value in stack.outputs.items():
        print(f"{name}: {value}")
    if console := stack.outputs.get("ConsoleAddress"):
        print(f"People go to {console}, programs to {stack.parameters['ApiOrigin']}")
    if token is not None:
        print("The first superuser is called admin. This token is not shown again:", file=sys.stderr)
        print(token)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
