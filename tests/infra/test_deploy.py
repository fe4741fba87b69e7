"""`make deploy` and the commands that take STAGE, against a stand-in for the AWS CLI and moto's CloudFormation."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from infra import deploy, stage
from infra.template import Template
from tests.support.cloud import PARAMETERS, Cloud

_CLI = """#!{python}
import json, pathlib, sys
arguments = sys.argv[1:]
given = [json.loads(pathlib.Path(a[7:]).read_text()) if a.startswith("file://") else a for a in arguments]
with open({log!r}, "a") as log:
    log.write(json.dumps(given) + "\\n")
if arguments[:2] == ["sts", "get-caller-identity"]:
    print('{{"Account": "123456789012"}}')
sys.exit(1 if arguments[:2] == ["s3api", "head-bucket"] else 0)
"""

_OUTPUTS = {
    "PublicDomain": {"Value": "public.cloudfront.test"},
    "DraftDomain": {"Value": "draft.cloudfront.test"},
    "ApiDomain": {"Value": "api.cloudfront.test"},
    "ConsoleAddress": {"Value": "https://api.cloudfront.test/console"},
}


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of a stand-in for the AWS CLI."""
    log, program = tmp_path / "log", tmp_path / "bin" / "aws"
    program.parent.mkdir()
    program.write_text(_CLI.format(python=sys.executable, log=str(log)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return log


def calls(log: Path) -> list[list[Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def make_stack(without: str = "", **parameters: str) -> None:
    """A stack of moto's with these parameters and the outputs of a first deployment, but for one."""
    client: Any = boto3.client("cloudformation")
    given = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
    body = template(*parameters, without=without)
    client.create_stack(StackName=stage.name(parameters["Stage"]), TemplateBody=body, Parameters=given)


def template(*parameters: str, without: str = "") -> str:
    return json.dumps(
        {
            "Parameters": {name: {"Type": "String", "NoEcho": name == "OriginSecret"} for name in parameters},
            "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": f"q{without}"}}},
            "Outputs": {name: value for name, value in _OUTPUTS.items() if name != without},
        }
    )


def deployed(log: Path) -> list[list[str]]:
    """The parameters of each deployment of the stack."""
    return [call[call.index("--parameter-overrides") + 1] for call in calls(log) if call[1] == "deploy"]


@pytest.mark.own_cloud
def test_the_first_deployment_makes_a_secret_and_tells_the_product_its_names(
    cloud: Cloud, cli: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(deploy, "_stack", after(deploy._stack, lambda: make_stack_once("dev")))
    stack = deploy.deploy("dev", tmp_path, {"Scanner": "guardduty"})
    first, second = (dict(word.split("=", 1) for word in words) for words in deployed(cli))
    assert (first["Stage"], first["Scanner"]) == ("dev", "guardduty")
    assert len(first["OriginSecret"]) >= 32
    signs = load_pem_private_key(first["EdgePrivateKey"].encode(), None)
    assert signs.public_key() == load_pem_public_key(first["EdgePublicKeyA"].encode())
    Template().parameters(first)  # which fit
    assert second == {
        "Stage": "dev",
        "AssetsOrigin": "https://public.cloudfront.test",
        "DraftAssetsOrigin": "https://draft.cloudfront.test",
        "ApiOrigin": "https://api.cloudfront.test",
    }
    assert stack.outputs["PublicDomain"] == "public.cloudfront.test"
    assert ["s3", "mb", "s3://assetmanager-dev-deployed-123456789012"] in calls(cli)
    elsewhere = json.dumps([call for call in calls(cli) if call[1] != "deploy"])
    assert first["OriginSecret"] not in elsewhere
    assert "PRIVATE KEY" not in elsewhere


def make_stack_once(name: str) -> None:
    try:
        stage.find(name)
    except stage.NotDeployed:
        make_stack(Stage=name, AssetsOrigin="", DraftAssetsOrigin="", ApiOrigin="")


def after(function: Any, then: Any) -> Any:
    def both(*arguments: Any) -> None:
        function(*arguments)
        then()

    return both


@pytest.mark.own_cloud
def test_a_later_deployment_changes_what_it_was_told_and_no_secret(cloud: Cloud, cli: Path, tmp_path: Path) -> None:
    make_stack(Stage="dev", AssetsOrigin="https://assets.example", OriginSecret="s" * 32)
    deploy.deploy("dev", tmp_path, {"LogDays": "30"})
    assert deployed(cli) == [["Stage=dev", "LogDays=30"]]


@pytest.mark.own_cloud
def test_a_distribution_that_came_later_names_itself_too(
    cloud: Cloud, cli: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    parameters = {"Stage": "dev", "AssetsOrigin": "https://assets.example", "DraftAssetsOrigin": ""}
    make_stack("ApiDomain", **parameters)
    client: Any = boto3.client("cloudformation")
    kept = [{"ParameterKey": name, "UsePreviousValue": True} for name in parameters]

    def grow() -> None:
        if "ApiDomain" not in stage.find("dev").outputs:
            client.update_stack(StackName=stage.name("dev"), TemplateBody=template(*parameters), Parameters=kept)

    monkeypatch.setattr(deploy, "_stack", after(deploy._stack, grow))
    deploy.deploy("dev", tmp_path, {})
    assert deployed(cli) == [["Stage=dev"], ["Stage=dev", "ApiOrigin=https://api.cloudfront.test"]]


@pytest.mark.own_cloud
def test_the_last_words_tell_where_to_go(
    cloud: Cloud, cli: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_stack(**{"Stage": "local", **PARAMETERS})
    assert deploy.main(["local", str(tmp_path)]) == 0
    *_, told, token = capsys.readouterr().out.splitlines()
    assert told == "People go to https://api.cloudfront.test/console, programs to http://api.test"
    assert len(token.split()) == 1


@pytest.mark.own_cloud
def test_a_parameter_can_be_a_files_text(
    cloud: Cloud, cli: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make_stack(**{"Stage": "local", **PARAMETERS})
    key = tmp_path / "private.pem"
    key.write_text("-----BEGIN PRIVATE KEY-----\nabc=\n-----END PRIVATE KEY-----\n")
    arguments = ["local", str(tmp_path), f"EdgePrivateKey=file://{key}", "EdgeSignsWith=B", "EdgePublicKeyA="]
    assert deploy.main(arguments) == 0
    assert deployed(cli) == [["Stage=local", f"EdgePrivateKey={key.read_text()}", "EdgeSignsWith=B", "EdgePublicKeyA="]]


@pytest.mark.own_cloud
def test_the_first_superusers_token_is_given_once(cloud: Cloud) -> None:
    token = deploy.first_token({})
    assert token
    from chalicelib.identity import authenticate

    caller = authenticate(token)
    assert caller is not None
    assert caller.superuser
    assert deploy.first_token({}) is None


@pytest.mark.own_cloud
def test_the_environment_of_a_stage_is_that_of_its_functions(cloud: Cloud) -> None:
    make_stack(**{"Stage": "local", **PARAMETERS, "OriginSecret": "****"})  # as CloudFormation tells it
    found = stage.environment("local")
    different = {"ORIGIN_SECRET"}
    for name, value in cloud.environment.items():
        if name.endswith("_QUEUE"):
            assert found[name].rpartition("/")[2] == value.rpartition("/")[2]
        elif name not in {"AUTH", *different}:
            assert found[name] == value


@pytest.mark.own_cloud
def test_a_stage_that_is_not_deployed_is_named(cloud: Cloud) -> None:
    with pytest.raises(stage.NotDeployed, match="nowhere"):
        stage.environment("nowhere")


def test_a_command_for_a_stage_never_touches_the_local_cloud(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "STAGE": "nowhere",
        "STATE_DIR": str(tmp_path),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "infra.local.within", "infra.tokens"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "no local cloud" not in done.stderr


def test_every_command_that_creates_something_runs_where_stage_says() -> None:
    text = Path("Makefile").read_text(encoding="utf-8")
    for command in ("token", "store", "production", "device", "member"):
        recipe = text.partition(f"\n{command}:")[2].partition("\n\n")[0]
        assert "infra.local.within" in recipe
        assert "STAGE" in recipe
