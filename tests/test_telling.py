"""What the product tells of itself: a line a request and a message, joined by an id; metrics that are there at once."""

import ast
import io
import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib import metrics
from chalicelib.jobs import queues
from chalicelib.logs import follow, logger
from chalicelib.metrics import Metric
from chalicelib.settings import settings
from tests.files.scanners.samples import EICAR
from tests.support.world import World, world

__all__ = ["world"]


@pytest.fixture
def told(world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> "Told":
    told = Told(world, capsys)
    monkeypatch.setattr(logger.registered_handler, "stream", told.written)
    return told


class Told:
    """A world and the lines it writes."""

    def __init__(self, world: World, capsys: pytest.CaptureFixture[str]) -> None:
        self.world = world
        self.written = io.StringIO()
        self._capsys = capsys

    def lines(self) -> list[dict[str, Any]]:
        """Every line since the last look; each is one JSON object."""
        printed = self._capsys.readouterr().out + self.written.getvalue()
        self.written.seek(0)
        self.written.truncate()
        return [json.loads(line) for line in printed.splitlines()]

    def logged(self, message: str) -> list[dict[str, Any]]:
        return [line for line in self.lines() if line.get("message") == message]

    def metrics(self) -> list[tuple[str, float, dict[str, str]]]:
        """Every value, once for each set of dimensions."""
        found = []
        for line in self.lines():
            for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
                for dimensions in directive["Dimensions"]:
                    of = {name: line[name] for name in dimensions}
                    found += [(metric["Name"], line[metric["Name"]][0], of) for metric in directive["Metrics"]]
        return found


def test_one_id_leads_from_the_upload_to_the_verdict(told: Told) -> None:
    told.world.deliver()  # S3 says hello when its notifications are set up
    told.world.upload(b"first")
    [request] = told.logged("request")
    told.world.deliver()
    lines = told.lines()
    of_message = [line for line in lines if line.get("message") in ("verdict", "message")]
    assert {line["message"] for line in of_message} == {"verdict", "message"}
    assert {line["correlation_id"] for line in of_message} == {request["correlation_id"]}
    assert request["correlation_id"]


def test_an_id_goes_along_with_what_a_request_sets_off(told: Told) -> None:
    follow("id-of-a-request")
    queues.send(settings().work_queue, {"publication": "/media/1/a.txt"})
    queues.send_each(settings().work_queue, [{"publication": "/media/1/b.txt"}])
    logger.thread_safe_clear_keys()
    told.world.deliver()
    handled = told.logged("message")
    assert [line["correlation_id"] for line in handled] == ["id-of-a-request"] * 2


def test_a_message_is_one_line_that_says_what_became_of_it(told: Told) -> None:
    told.world.upload(b"first")
    told.world.send({"Records": [{"s3": {"object": {"key": "small/nobody"}}}]})
    told.lines()
    told.world.deliver(failing=True)
    lines = [line for line in told.logged("message") if line["queue"].endswith("scan-small")]
    assert sorted(line["outcome"] for line in lines) in (
        ["handed back", "handled"],
        ["handed back", "handled", "handled"],  # S3 says hello when its notifications are set up
    )
    for line in lines:
        assert line["message_id"]
        assert line["receive_count"] >= 1
        assert line["ms"] >= 0
        assert line["service"] == "asset-manager"


def test_nothing_of_one_message_stands_in_the_lines_of_the_next(told: Told) -> None:
    told.world.upload(b"first")
    told.world.deliver()
    assert logger.thread_safe_get_current_keys() == {}
    told.lines()
    logger.info("afterwards")
    [line] = told.lines()
    assert {"correlation_id", "queue", "message_id"} & line.keys() == set()


def test_uploads_verdicts_and_duplicates_are_counted(told: Told) -> None:
    told.world.upload(b"first")
    told.world.upload(EICAR)
    message = told.world.messages()[-1]
    told.world.deliver()
    told.world.send(message)
    told.world.deliver()
    whole = {"service": "asset-manager", "stage": "local"}
    values = told.metrics()
    assert [one for one in values if one[0] == "Uploads"] == [("Uploads", 1.0, whole)] * 2
    verdicts = [of for name, _, of in values if name == "Verdicts"]
    assert verdicts == [whole, {**whole, "verdict": "clean"}, whole, {**whole, "verdict": "infected"}]
    assert ("Duplicates", 1.0, whole) in values
    assert next(value for name, value, _ in values if name == "TimeToVerdict") >= 0


def test_a_file_that_waits_too_long_for_its_verdict_is_told_with_its_age(told: Told) -> None:
    told.world.upload(b"first")
    told.world.lose_messages()
    told.world.travel(20 * 60)
    told.lines()
    told.world.sweep()
    assert max(value for name, value, _ in told.metrics() if name == "UnscannedAge") >= 20 * 60


def test_what_is_counted_is_there_before_it_is_needed(told: Told) -> None:
    told.world.sweep()
    told.lines()
    told.world.sweep()
    zeros = {name for name, value, _ in told.metrics() if value == 0}
    counted = {name for name, unit, _ in (metric.value for metric in Metric) if unit.value == "Count"}
    assert zeros == counted | {"UnscannedAge"}


def test_every_metric_is_emitted_somewhere_and_nothing_else_is() -> None:
    emitted = set()
    for path in Path("chalicelib").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "metrics.emit":
                assert isinstance(node.args[0], ast.Constant)
                emitted.add(node.args[0].value)
    assert emitted == {metric.value[0] for metric in Metric}


def test_a_metric_that_nobody_knows_is_refused() -> None:
    with pytest.raises(KeyError):
        metrics.emit("Novelty")


def test_an_unexpected_error_is_counted(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.apis.assets.models import Asset

    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(Asset, "get_by_id", broken)
    assert told.world.client.get("/assets/" + "0" * 24).status == 500
    assert ("Errors", 1.0, {"service": "asset-manager", "stage": "local"}) in told.metrics()
