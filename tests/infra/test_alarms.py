"""Alarms and the dashboard look at metrics that there are, and call somebody."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from chalicelib.metrics import NAMESPACE, Metric
from infra.template import Template

WHOLE = [{"Name": "service", "Value": "asset-manager"}, {"Name": "stage", "Value": {"Ref": "Stage"}}]
NAMES = {metric.value[0] for metric in Metric}
CALL = [{"Ref": "AlarmTopic"}]


@pytest.fixture(scope="module")
def template() -> Template:
    return Template()


def alarms(template: Template) -> dict[str, dict[str, Any]]:
    return {alarm.name: dict(alarm.properties) for alarm in template.of_type("AWS::CloudWatch::Alarm")}


def test_every_alarm_calls_somebody_and_says_when_it_is_over(template: Template) -> None:
    assert alarms(template)
    for properties in alarms(template).values():
        assert properties["AlarmActions"] == properties["OKActions"] == CALL
        assert properties["TreatMissingData"] in ("breaching", "notBreaching")


def test_every_queue_is_watched_for_what_it_gave_up_and_for_what_waits(template: Template) -> None:
    watched = {
        (properties["MetricName"], properties["Dimensions"][0]["Value"]["Fn::GetAtt"][0])
        for properties in alarms(template).values()
        if properties.get("Namespace") == "AWS/SQS"
    }
    queues = {queue.name for queue in template.of_type("AWS::SQS::Queue")}
    dead = {name for name in queues if name.endswith("DeadLetters")}
    assert watched == {("ApproximateNumberOfMessagesVisible", name) for name in dead} | {
        ("ApproximateAgeOfOldestMessage", name) for name in queues - dead
    }


def test_alarms_on_our_own_metrics_look_at_the_stage_as_a_whole(template: Template) -> None:
    ours = [properties for properties in alarms(template).values() if properties.get("Namespace") == NAMESPACE]
    assert {properties["MetricName"] for properties in ours} >= {"UnscannedAge", "ScansRefused", "SweepLookedAfter"}
    for properties in ours:
        assert properties["MetricName"] in NAMES
        assert properties["Dimensions"] == WHOLE


def test_that_no_sweep_ran_is_an_alarm(template: Template) -> None:
    [properties] = [one for one in alarms(template).values() if one.get("MetricName") == "SweepLookedAfter"]
    assert properties["TreatMissingData"] == "breaching"
    assert (properties["Statistic"], properties["ComparisonOperator"]) == ("SampleCount", "LessThanThreshold")


def test_errors_and_throttles_of_every_function_are_watched(template: Template) -> None:
    functions = {function.name for function in template.of_type("AWS::Serverless::Function")}
    for name in ("ThrottlesAlarm", "FunctionErrorsAlarm"):
        whole, *each = alarms(template)[name]["Metrics"]
        seen = {one["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Ref"] for one in each}
        assert seen == functions
        assert set(whole["Expression"].split("+")) == {one["Id"] for one in each}


def test_the_dashboard_shows_metrics_and_queues_that_there_are(template: Template) -> None:
    body = template.resources["Dashboard"].properties["DashboardBody"]["Fn::Sub"]
    shown = json.loads(body)
    metrics = [metric for widget in shown["widgets"] for metric in widget["properties"].get("metrics", [])]
    for metric in metrics:
        if metric[0] == NAMESPACE:
            assert metric[1] in NAMES
            assert metric[2:6] == ["service", "asset-manager", "stage", "${Stage}"]
        if metric[0] == "AWS/SQS":
            names = {queue.properties["QueueName"]["Fn::Sub"] for queue in template.of_type("AWS::SQS::Queue")}
            assert metric[3] in names
    for name in set(re.findall(r"\$\{([^}]+)\}", body)) - {"Stage", "AWS::Region"}:
        assert name in template.resources
    shown_names = {metric[1] for metric in metrics if metric[0] == NAMESPACE}
    assert shown_names == NAMES


def test_the_operator_finds_every_alarm_explained(template: Template) -> None:
    page = Path("docs/operations.md").read_text(encoding="utf-8")
    names = {
        properties["AlarmName"]["Fn::Sub"].removeprefix("assetmanager-${Stage}-")
        for properties in alarms(template).values()
    }
    table = page.partition("| alarm | what it means |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `([\w-]+)` \|", table, re.MULTILINE)) == names
