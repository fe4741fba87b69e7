"""The template, the settings, the rows and the functions' configuration say the same."""

import json
import re
from functools import partial
from pathlib import Path

import pytest

from chalicelib.rows import DueIndex, Row
from chalicelib.settings import describe
from infra.template import Resolver, Template, TemplateError, document
from tests.support.cloud import PARAMETERS

CONFIG = json.loads(Path(".chalice/config.json").read_text(encoding="utf-8"))
CONSUMERS = {
    "ScanSmallQueue": "scan_small",
    "ScanLargeQueue": "scan_large",
    "WorkQueue": "work",
    "ProcessQueue": "process",
    "EdgeQueue": "invalidate",
}


@pytest.fixture(scope="module")
def template() -> Template:
    return Template()


def test_every_required_setting_is_in_the_environment_of_every_function(template: Template) -> None:
    required = {name for name, _, default, _ in describe() if default is ...}
    assert required
    assert required <= template.environment.keys()


def test_the_environment_holds_nothing_that_nobody_reads(template: Template) -> None:
    known = {name for name, *_ in describe()} | {"MALLOC_ARENA_MAX"}  # which the C library reads
    strange = {name for name in template.environment.keys() - known if not name.startswith("POWERTOOLS_")}
    assert strange == set()


def test_secrets_and_the_scanner_have_no_default_on_a_stage(template: Template) -> None:
    for missing in ("OriginSecret", "Scanner"):
        given = {"Stage": "dev", **{name: value for name, value in PARAMETERS.items() if name != missing}}
        with pytest.raises(TemplateError, match=f"{missing} has no default"):
            template.parameters(given)


@pytest.mark.parametrize(
    ("parameter", "value"), [("Stage", "Dev!"), ("Scanner", "none"), ("Nothing", "x"), ("OriginSecret", "short")]
)
def test_parameters_that_do_not_fit_are_refused(template: Template, parameter: str, value: str) -> None:
    with pytest.raises(TemplateError, match=parameter):
        template.parameters({"Stage": "dev", **PARAMETERS, parameter: value})


@pytest.mark.parametrize("missing", ["ApiOrigin", "AssetsOrigin", "DraftAssetsOrigin"])
def test_a_certificate_of_the_edge_needs_names_to_be_for(template: Template, missing: str) -> None:
    given = {
        **PARAMETERS,
        "Stage": "test",
        "EdgeCertificate": "arn:aws:acm:us-east-1:123456789012:certificate/of-the-tests",
    }
    assert template.parameters(given)["EdgeCertificate"] == given["EdgeCertificate"]
    with pytest.raises(TemplateError, match=f"EdgeCertificate .* in {missing}$"):
        template.parameters({**given, missing: ""})
    assert template.parameters({**given, missing: "", "EdgeCertificate": ""})[missing] == ""


def test_tables_have_the_keys_the_index_and_the_expiry_that_rows_use(template: Template) -> None:
    tables = template.of_type("AWS::DynamoDB::Table")
    assert {table.name for table in tables} == {
        "FilesTable",
        "JobsTable",
        "AssetsTable",
        "StoresTable",
        "ProductionsTable",
        "WorkspacesTable",
        "IdentitiesTable",
    }
    for table in tables:
        keys = [key["AttributeName"] for key in table.properties["KeySchema"]]
        assert keys == [Row.pk.attr_name, Row.sk.attr_name]
        [index] = table.properties["GlobalSecondaryIndexes"]
        assert index["IndexName"] == DueIndex.Meta.index_name
        assert [key["AttributeName"] for key in index["KeySchema"]] == [
            DueIndex.due_shard.attr_name,
            DueIndex.due_at.attr_name,
        ]
        assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}
        assert table.properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_what_holds_bytes_or_facts_survives_the_stack() -> None:
    kept = {"AWS::DynamoDB::Table", "AWS::S3::Bucket"}
    bodies = [body for body in document()["Resources"].values() if body["Type"] in kept]
    assert len(bodies) == 10
    assert all(body["DeletionPolicy"] == body["UpdateReplacePolicy"] == "Retain" for body in bodies)


def test_buckets_are_spoken_to_by_tls_alone(template: Template) -> None:
    policies = {one.properties["Bucket"]["Ref"]: one for one in template.of_type("AWS::S3::BucketPolicy")}
    assert policies.keys() == {bucket.name for bucket in template.of_type("AWS::S3::Bucket")}
    for bucket, policy in policies.items():
        said = policy.properties["PolicyDocument"]["Statement"]
        [denied] = [one for one in said if one.get("Sid") == "EncryptedTransportOnly"]
        assert (denied["Effect"], denied["Principal"], denied["Action"]) == ("Deny", "*", "s3:*")
        assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert denied["Resource"] == [{"Fn::GetAtt": [bucket, "Arn"]}, {"Fn::Sub": f"${{{bucket}.Arn}}/*"}]


def test_whatever_a_check_is_told_to_overlook_is_justified_beside_it() -> None:
    """`make package-check` holds the template to checkov; what that is to overlook says why."""
    for name, body in document()["Resources"].items():
        for skip in body.get("Metadata", {}).get("checkov", {}).get("skip", []):
            assert re.fullmatch(r"CKV\w*_AWS_\d+", skip["id"]), name
            assert len(skip["comment"].split()) > 5, name
        assert body.get("Metadata", {}).keys() <= {"checkov"}, name


def test_a_message_stays_hidden_for_six_timeouts_of_its_function(template: Template) -> None:
    for queue, function in CONSUMERS.items():
        timeout = CONFIG["lambda_functions"][function]["lambda_timeout"]
        assert template.resources[queue].properties["VisibilityTimeout"] == 6 * timeout


def test_every_queue_has_dead_letters(template: Template) -> None:
    queues = {queue.name: queue.properties for queue in template.of_type("AWS::SQS::Queue")}
    for name in CONSUMERS:
        target = queues[name]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        assert "RedrivePolicy" not in queues[target]
    assert len(queues) == 2 * len(CONSUMERS)


def test_gateway_responses_speak_every_apis_shape_and_name_the_upload_route(template: Template) -> None:
    for kind in ("REQUEST_TOO_LARGE", "MISSING_AUTHENTICATION_TOKEN", "DEFAULT_4XX", "DEFAULT_5XX"):
        _, body = template.gateway_response(kind)
        answer = json.loads(body.replace("$context.error.messageString", '"some reason"'))
        assert answer.keys() == {"_response_info", "title", "description", "errors"}
        assert answer["_response_info"].keys() == {"status"}
        assert answer["errors"][0]["detail"]
    status, body = template.gateway_response("REQUEST_TOO_LARGE")
    assert status == 413
    assert "/s3/params" in json.loads(body)["description"]


def write(folder: Path, text: str) -> Path:
    path = folder / "template.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_intrinsics_are_resolved_however_deep() -> None:
    resolver = Resolver({"Stage": "dev", "AWS::Region": "eu-west-2"}, lambda name, attribute: f"<{name}.{attribute}>")
    value = {"A": [{"Fn::Sub": "${Stage}-${AWS::Region}-${Queue.Arn}-${!Literal}"}], "B": {"Ref": "Stage"}}
    assert resolver.resolve(value) == {"A": ["dev-eu-west-2-<Queue.Arn>-${Literal}"], "B": "dev"}
    assert resolver.resolve({"Fn::Sub": ["${x}-${Stage}", {"x": {"Fn::GetAtt": "Queue.Arn"}}]}) == "<Queue.Arn>-dev"


@pytest.mark.parametrize("value", [{"Fn::Join": ["", []]}, {"Ref": "Nothing"}, {"Fn::Sub": "${Nothing}"}])
def test_what_cannot_be_resolved_is_an_error(value: object) -> None:
    with pytest.raises(TemplateError):
        Resolver({}, lambda name, attribute: "").resolve(value)


def test_conditions_choose_what_is_said_and_what_is_left_out(tmp_path: Path) -> None:
    template = Template(
        write(
            tmp_path,
            """
Conditions:
  Named: {Fn::Not: [{Fn::Equals: [{Ref: Name}, '']}]}
  Both: {Fn::And: [{Condition: Named}, {Fn::Or: [{Fn::Equals: [{Ref: Kind}, a]}, {Fn::Equals: [{Ref: Kind}, b]}]}]}
Resources: {A: {Type: 'AWS::S3::Bucket', Condition: Both}}
""",
        )
    )
    assert template.resources["A"].condition == "Both"
    for name, kind, named, both in (("", "a", False, False), ("x", "b", True, True), ("x", "c", True, False)):
        values = {"Name": name, "Kind": kind}
        resolver = Resolver(values, lambda name, attribute: "", partial(template.holds, values=values))
        assert template.holds("Both", values) is both
        chosen = {"Fn::If": ["Named", {"Ref": "Name"}, {"Ref": "AWS::NoValue"}]}
        assert resolver.resolve({"a": chosen, "b": [chosen]}) == ({"a": "x", "b": ["x"]} if named else {"b": []})
    with pytest.raises(TemplateError, match="Nothing"):
        template.holds("Nothing", {})


def test_a_thing_said_in_two_files_is_an_error(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("Resources: {A: {Type: 'AWS::S3::Bucket'}}")
    with pytest.raises(TemplateError, match="A is there already"):
        Template(tmp_path)
