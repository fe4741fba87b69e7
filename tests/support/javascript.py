"""Runs the edge's viewer functions as CloudFront would, in Node.js."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from typing import Any

import pytest

_HARNESS = """
const { code, events } = JSON.parse(require('fs').readFileSync(0, 'utf8'));
let chosen;
const cf = { selectRequestOriginById: (id) => { chosen = id; } };
const handler = new Function('cf', code.replace("import cf from 'cloudfront';", '') + '; return handler;')(cf);
console.log(JSON.stringify(events.map((event) => {
    chosen = null;
    return { result: handler(event), origin: chosen };
})));
"""


def run(code: str, events: Sequence[Any]) -> list[dict[str, Any]]:
    """The function's `result` for each event, and the `origin` it chose, None for the behaviour's own.

    Skips the test on a machine without Node.js.
    """
    node = shutil.which("node")
    if node is None:
        pytest.skip("viewer functions are JavaScript, and there is no Node.js here")
    asked = json.dumps({"code": code, "events": list(events)})
    done = subprocess.run([node, "-e", _HARNESS], input=asked, capture_output=True, text=True, check=True)
    answered: list[dict[str, Any]] = json.loads(done.stdout)
    return answered


def hrefs(urls: Sequence[str]) -> list[str]:
    """What a browser makes of addresses before it asks for them. Skips the test as `run` does."""
    answered = run("function handler(url) { return new URL(url).href; }", urls)
    return [one["result"] for one in answered]


def request(path: str, *, host: str = "assets.test", query: str = "", **headers: str) -> dict[str, Any]:
    """A viewer-request event. Underscores in header names stand for hyphens, double ones for themselves."""
    sent = {"host": host} | {
        name.lower().replace("__", "\0").replace("_", "-").replace("\0", "_"): text for name, text in headers.items()
    }
    cookies = dict(pair.split("=", 1) for pair in sent.pop("cookie", "").split("; ") if pair)
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    return {
        "context": {"requestId": f"id-of-{path}"},
        "request": {
            "method": "GET",
            "uri": path,
            "querystring": {name: {"value": value} for name, _, value in pairs},
            "headers": {name: {"value": value} for name, value in sent.items()},
            "cookies": {name: {"value": value} for name, value in cookies.items()},
        },
    }
