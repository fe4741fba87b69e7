"""What a cold start pays: importing `app`, and the first request after it, over what boto3 alone costs.

Every figure comes from fresh processes, in turn, and is CPU time of the process, which other load does not stretch as
it does the time of a clock. The first request is answered from a recording by an HTTP server in this process: its
handler looks its token up, makes its calls through real connections, and imports whatever it needs.
"""

import http.server
import json
import os
import statistics
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

from bench.operations import Operation, all_operations
from bench.stage import Recording, Stage, stage
from bench.table import Row

SECTION = "imports"
PAIRS = 9

_SPENT = "import time; spent = time.process_time; began = spent(); {}; print(spent() - began)"
_APP, _BOTO3 = _SPENT.format("import app"), _SPENT.format("import boto3")
_CLIENTS = _SPENT.format("import boto3; [boto3.client(name) for name in ('s3', 'sqs', 'dynamodb')]")
_FIRST = """
import json, sys, time
from infra.local.invocation import LambdaContext
import app
event = json.load(sys.stdin)
began = time.process_time()
answer = app.app(event, LambdaContext("api_handler"))
spent = time.process_time() - began
assert answer["statusCode"] < 400, answer
print(spent)
"""

FIRST = (
    "assets: an asset's facts",
    "assets: create with a file",
    "stores: a list of assets",
    "projectassets: one with ten links",
)
"""The operations whose first request is measured."""


def rows() -> Iterator[Row]:
    """A row for the import, and one for each first request."""
    yield ratio("import app over import boto3", 1.0, [_APP], [_BOTO3], {}, PAIRS)
    with stage() as on, _Player() as player:
        for operation in all_operations():
            if f"{operation.api}: {operation.name}" in FIRST:
                yield _first(on, player, operation, PAIRS)


def _first(on: Stage, player: "_Player", operation: Operation, pairs: int) -> Row:
    act = operation.arrange(on)
    # Somebody who has not called before, so that the recording begins with the lookup of the token.
    on.client = on.client_of(on.new_name(), superuser=True, organisation="bench", groups=["bench"])
    player.recording = on.record(act)
    environment = dict(os.environ) | {"AWS_ENDPOINT_URL": player.address}
    name = f"{operation.api}: {operation.name}, first request over boto3 with three clients"
    return ratio(name, 1.25, [_FIRST, json.dumps(on.events[-1])], [_CLIENTS], environment, pairs, player)


def ratio(
    name: str,
    mark: float,
    ours: list[str],
    theirs: list[str],
    environment: dict[str, str],
    pairs: int,
    player: "_Player | None" = None,
) -> Row:
    """The median of the ratios of pairs of fresh processes.

    Args:
        ours, theirs: a program that prints the seconds that it spent, and what to tell it.
    """
    found = []
    for _ in range(pairs):
        if player is not None:
            player.rewind()
        found.append((_spent(ours, environment), _spent(theirs, environment)))
    told = f"{min(one for one, _ in found) * 1000:.0f} ms over {min(two for _, two in found) * 1000:.0f} ms"
    return Row(SECTION, name, statistics.median(one / two for one, two in found), mark, told=told)


def _spent(program: list[str], environment: dict[str, str]) -> float:
    code, *told = program
    run = subprocess.run(
        [sys.executable, "-c", code], input="".join(told), env=environment or None,
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return float(run.stdout.splitlines()[-1])


class _Player:
    """An HTTP server that answers with a recording, one answer after the other."""

    def __init__(self) -> None:
        self.recording = Recording([], [])
        self._position = 0
        player = self

        class Answers(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, headers, body = player.next()
                self.send_response(status)
                for name, value in headers.items():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, str(value))
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer  # noqa: N815

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "_Player":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def rewind(self) -> None:
        """Begin the recording anew."""
        self._position = 0

    def next(self) -> tuple[int, dict[str, Any], bytes]:
        """The next answer."""
        answer = self.recording.answers[self._position]
        self._position += 1
        return answer
