"""What would be deployed: Chalice's package of the real app with the template laid over it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.package import Unsound, package
from infra.template import Template

FUNCTIONS = {
    "api_handler": ("APIHandler", "ApiHandlerRole"),
    "scan_small": ("ScanSmall", "ScanSmallRole"),
    "scan_large": ("ScanLarge", "ScanLargeRole"),
    "work": ("Work", "WorkRole"),
    "sweep": ("Sweep", "SweepRole"),
}
CONSUMERS = {"ScanSmall": "ScanSmallQueue", "ScanLarge": "ScanLargeQueue", "Work": "WorkQueue"}


def copy_without_dependencies(folder: Path) -> Path:
    """The project as far as it is packaged, but for the wheels, which only cost time here."""
    for name in ("chalicelib", ".chalice"):
        ignored = shutil.ignore_patterns("__pycache__", "deployments")
        shutil.copytree(name, folder / name, ignore=ignored)
    shutil.copy("app.py", folder / "app.py")
    (folder / "requirements.txt").write_text("")
    return folder


@pytest.fixture(scope="module")
def merged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    project = copy_without_dependencies(tmp_path_factory.mktemp("project"))
    template = package(tmp_path_factory.mktemp("package"), project=project)  # lints it too
    document: dict[str, Any] = yaml.safe_load(template.read_text(encoding="utf-8"))
    return document


def test_the_functions_are_those_that_have_policies(merged: dict[str, Any]) -> None:
    functions = {name for name, body in merged["Resources"].items() if body["Type"] == "AWS::Serverless::Function"}
    assert functions == {logical for logical, _ in FUNCTIONS.values()}
    assert {path.stem.removeprefix("policy-") for path in Path(".chalice").glob("policy-*.json")} == FUNCTIONS.keys()


def test_every_function_has_its_own_policy_and_no_other(merged: dict[str, Any]) -> None:
    for function, (_, role) in FUNCTIONS.items():
        properties = merged["Resources"][role]["Properties"]
        [policy] = properties["Policies"]
        written = json.loads(Path(f".chalice/policy-{function}.json").read_text(encoding="utf-8"))
        assert policy["PolicyDocument"] == written
        assert "ManagedPolicyArns" not in properties


def test_every_function_gets_the_templates_environment(merged: dict[str, Any]) -> None:
    assert merged["Globals"]["Function"]["Environment"]["Variables"] == Template().environment
    for logical, _ in FUNCTIONS.values():
        assert "Environment" not in merged["Resources"][logical]["Properties"]


def test_consumers_read_the_templates_queues_and_report_what_failed(merged: dict[str, Any]) -> None:
    for function, queue in CONSUMERS.items():
        [source] = merged["Resources"][function]["Properties"]["Events"].values()
        properties = source["Properties"]
        assert properties["Queue"] == {"Fn::Sub": f"${{{queue}.Arn}}"}
        assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert properties["ScalingConfig"]["MaximumConcurrency"] >= 2
        assert 1 <= properties["BatchSize"] <= 10


def test_the_sweep_runs_every_minute(merged: dict[str, Any]) -> None:
    [event] = merged["Resources"]["Sweep"]["Properties"]["Events"].values()
    assert event["Properties"]["Schedule"] == "rate(1 minute)"


def test_the_api_hands_every_path_and_method_to_the_app_as_bytes(merged: dict[str, Any]) -> None:
    api = merged["Resources"]["RestAPI"]["Properties"]
    assert api["DefinitionBody"]["x-amazon-apigateway-binary-media-types"] == ["*/*"]
    verbs = {"get", "head", "post", "put", "patch", "delete", "options"}
    for path in ("/", "/{proxy+}"):
        assert verbs <= api["DefinitionBody"]["paths"][path].keys()
    assert "REQUEST_TOO_LARGE" in api["GatewayResponses"]


def statements(function: str) -> list[dict[str, Any]]:
    policy = json.loads(Path(f".chalice/policy-{function}.json").read_text(encoding="utf-8"))
    return list(policy["Statement"])


def test_only_the_scan_functions_may_read_what_has_arrived() -> None:
    readers = set()
    for function in FUNCTIONS:
        for statement in statements(function):
            reads = any(action.startswith("s3:GetObject") for action in statement["Action"])
            if reads and "Intake" in json.dumps(statement["Resource"]):
                readers.add(function)
    assert readers == {"scan_small", "scan_large"}


def test_no_policy_allows_more_than_it_names() -> None:
    for function in FUNCTIONS:
        for statement in statements(function):
            assert statement["Effect"] == "Allow"
            assert not [action for action in statement["Action"] if "*" in action]
            if statement["Sid"] != "Traces":  # tracing knows no resources
                assert "*" not in statement["Resource"]


def test_only_the_api_knows_who_calls() -> None:
    for function in FUNCTIONS.keys() - {"api_handler"}:
        assert "IdentitiesTable" not in json.dumps(statements(function))


def test_an_app_that_api_gateway_would_refuse_is_found_before_it_is_deployed(tmp_path: Path) -> None:
    project = copy_without_dependencies(tmp_path)
    (project / "app.py").write_text(
        "from chalice import Chalice\napp = Chalice('broken')\n@app.route('/slash/')\ndef view():\n    return {}\n"
    )
    with pytest.raises(Unsound, match="trailing slash"):
        package(tmp_path / "out", project=project)
