"""What would be deployed: Chalice's package of the real app with the template laid over it."""

import json
import re
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra import wheels
from infra.package import LAYERS, RUNTIME, Unsound, package
from infra.template import TEMPLATE, Template, document

FUNCTIONS = {
    "api_handler": ("APIHandler", "ApiHandlerRole"),
    "scan_small": ("ScanSmall", "ScanSmallRole"),
    "scan_large": ("ScanLarge", "ScanLargeRole"),
    "work": ("Work", "WorkRole"),
    "process": ("Process", "ProcessRole"),
    "invalidate": ("Invalidate", "InvalidateRole"),
    "sweep": ("Sweep", "SweepRole"),
}
CONSUMERS = {
    "ScanSmall": "ScanSmallQueue",
    "ScanLarge": "ScanLargeQueue",
    "Work": "WorkQueue",
    "Process": "ProcessQueue",
    "Invalidate": "EdgeQueue",
}
OWN_VARIABLES = {"Invalidate": {"EDGE_DISTRIBUTION"}, "APIHandler": {"EDGE_KEY_ID", "EDGE_PRIVATE_KEY"}}


@pytest.fixture(scope="module")
def merged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    made = package(tmp_path_factory.mktemp("package"), "dev", dependencies=False)  # lints it too
    document: dict[str, Any] = yaml.safe_load(made.template.read_text(encoding="utf-8"))
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
        # The scan functions may join a network, where one is given.
        joins = {"Fn::If": ["ClamdNetwork", [{"Ref": "ScanNetworkPolicy"}], {"Ref": "AWS::NoValue"}]}
        assert properties.get("ManagedPolicyArns") == (joins if function.startswith("scan_") else None)


def test_only_the_scan_functions_join_a_network_that_leads_to_clamd_and_endpoints_alone(
    merged: dict[str, Any],
) -> None:
    resources = merged["Resources"]
    joining = {name for name, body in resources.items() if "VpcConfig" in body["Properties"]}
    assert joining == {"ScanSmall", "ScanLarge"}
    endpoints = [body["Properties"] for body in resources.values() if body["Type"] == "AWS::EC2::VPCEndpoint"]
    services = {one["ServiceName"]["Fn::Sub"].rpartition(".")[2]: one["VpcEndpointType"] for one in endpoints}
    assert services == {"s3": "Gateway", "dynamodb": "Gateway", "sqs": "Interface"}
    assert not [name for name, body in resources.items() if re.search(r"::(Nat|Internet)Gateway", body["Type"])]
    network = [body for body in resources.values() if body["Type"].startswith("AWS::EC2::")]
    assert {body["Condition"] for body in network} == {"ClamdNetwork"}


def test_nobody_but_the_scanner_tags_what_arrives(merged: dict[str, Any]) -> None:
    policy = merged["Resources"]["IntakeBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    [statement] = [one for one in policy if one["Sid"] == "TagsByTheScannerOnly"]
    assert statement["Effect"] == "Deny"
    assert {"s3:PutObjectTagging", "s3:PutObjectVersionTagging"} <= set(statement["Action"])
    excepted = statement["Condition"]["StringNotLike"]["aws:PrincipalArn"]["Fn::If"]
    assert excepted[0] == "GuardDuty"
    assert json.dumps(excepted[1]).count("Role") == 2  # the plan's, or the one given
    assert "Scan" not in json.dumps(excepted[1]).replace("IntakeScanPlanRole", "")
    rules = [body["Properties"] for body in merged["Resources"].values() if body["Type"] == "AWS::Events::Rule"]
    prefixes = {
        rule["EventPattern"]["detail"]["s3ObjectDetails"]["objectKey"][0]["prefix"]: rule["Targets"][0]["Arn"]
        for rule in rules
    }
    assert prefixes == {
        "small/": {"Fn::GetAtt": ["ScanSmallQueue", "Arn"]},
        "large/": {"Fn::GetAtt": ["ScanLargeQueue", "Arn"]},
    }


def test_every_function_gets_the_templates_environment(merged: dict[str, Any]) -> None:
    assert merged["Globals"]["Function"]["Environment"]["Variables"] == Template().environment
    for logical, _ in FUNCTIONS.values():
        own = merged["Resources"][logical]["Properties"].get("Environment", {}).get("Variables", {})
        assert own.keys() == OWN_VARIABLES.get(logical, set())


def test_consumers_read_the_templates_queues_and_report_what_failed(merged: dict[str, Any]) -> None:
    for function, queue in CONSUMERS.items():
        [source] = merged["Resources"][function]["Properties"]["Events"].values()
        properties = source["Properties"]
        assert properties["Queue"] == {"Fn::Sub": f"${{{queue}.Arn}}"}
        assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert properties["ScalingConfig"]["MaximumConcurrency"] >= 2
        assert 1 <= properties["BatchSize"] <= 10 or properties["MaximumBatchingWindowInSeconds"]


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
    assert api["EndpointConfiguration"] == "REGIONAL"


def test_the_api_is_throttled_by_parameter_and_has_a_name_of_its_own_where_one_is_given(merged: dict[str, Any]) -> None:
    resources = merged["Resources"]
    [throttle] = resources["RestAPI"]["Properties"]["MethodSettings"]
    assert (throttle["ResourcePath"], throttle["HttpMethod"]) == ("/*", "*")
    assert throttle["ThrottlingRateLimit"] == {"Ref": "ApiRate"}
    assert throttle["ThrottlingBurstLimit"] == {"Ref": "ApiBurst"}
    domain, mapping = resources["ApiDomainName"], resources["ApiDomainMapping"]
    assert domain["Condition"] == mapping["Condition"] == "ApiDomain"
    assert domain["Properties"]["RegionalCertificateArn"] == {"Ref": "ApiCertificate"}
    assert mapping["Properties"]["RestApiId"] == {"Ref": "RestAPI"}


def test_what_parameters_demand_of_one_another_is_in_the_package(merged: dict[str, Any]) -> None:
    assert merged["Rules"] == document(TEMPLATE)["Rules"]


def test_what_the_edge_is_to_forget_is_gathered(merged: dict[str, Any]) -> None:
    [source] = merged["Resources"]["Invalidate"]["Properties"]["Events"].values()
    assert source["Properties"]["BatchSize"] > 100
    assert source["Properties"]["MaximumBatchingWindowInSeconds"] >= 1


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


def test_every_function_runs_on_what_its_wheels_are_for_and_logs_where_logs_end(merged: dict[str, Any]) -> None:
    for function, (logical, _) in FUNCTIONS.items():
        properties = merged["Resources"][logical]["Properties"]
        assert (properties["Runtime"], properties["Architectures"]) == (RUNTIME, ["arm64"])
        group = merged["Resources"][properties["LoggingConfig"]["LogGroup"]["Ref"]]
        assert group["Properties"]["LogGroupName"] == {"Fn::Sub": f"/assetmanager/${{Stage}}/{function}"}
        assert group["Properties"]["RetentionInDays"] == {"Ref": "LogDays"}


def test_heavy_wheels_are_layers_of_the_functions_that_use_them(merged: dict[str, Any]) -> None:
    layers = {
        name: {layer["Ref"] for layer in merged["Resources"][logical]["Properties"].get("Layers", [])}
        for name, (logical, _) in FUNCTIONS.items()
    }
    assert {name: used for name, used in layers.items() if used} == {
        "api_handler": {"SigningLayer"},
        "scan_small": {"ScanLayer"},
        "scan_large": {"ScanLayer"},
        "process": {"ScanLayer", "WorkersLayer"},
    }
    for name in LAYERS:
        layer = merged["Resources"][name]["Properties"]
        assert (layer["CompatibleRuntimes"], layer["CompatibleArchitectures"]) == ([RUNTIME], ["arm64"])


def test_an_app_that_api_gateway_would_refuse_is_found_before_it_is_deployed(tmp_path: Path) -> None:
    project = tmp_path / "project"
    for name in ("chalicelib", ".chalice"):
        shutil.copytree(name, project / name, ignore=shutil.ignore_patterns("__pycache__", "deployments"))
    (project / "app.py").write_text(
        "from chalice import Chalice\napp = Chalice('broken')\n@app.route('/slash/')\ndef view():\n    return {}\n"
    )
    with pytest.raises(Unsound, match="trailing slash"):
        package(tmp_path / "out", "dev", project=project, dependencies=False)


def test_what_is_never_imported_is_left_out_of_a_zip_that_is_the_same_every_time(tmp_path: Path) -> None:
    content = {
        "botocore/data/s3/2006/service.json": "kept",
        "botocore/data/ec2/2016/service.json": "",
        "botocore/data/endpoints.json": "kept",
        "boto3/data/s3/resources.json": "",
        "jwt/__pycache__/api.pyc": "",
        "jwt/api.pyi": "",
        "jwt/api.py": "kept",
        "jwt.dist-info/RECORD": "",
        "jwt.dist-info/LICENSE": "kept",
    }
    for name, text in content.items():
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    sizes = {wheels.pack(tmp_path / name, (tmp_path / "in", "python")) for name in ("a.zip", "b.zip")}
    assert sizes == {len("kept") * 4}
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as zipped:
        assert zipped.namelist() == sorted(f"python/{name}" for name, text in content.items() if text)
