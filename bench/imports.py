"""What a cold start pays: importing `app`, and the first request after it, over what boto3 alone costs.

Every figure comes from fresh processes, in turn, and is CPU time of the process, which other load does not stretch as
it does the time of a clock. The first request is answered from a recording by an HTTP server in this process: its
handler looks its token up, makes its calls through real connections, and imports whatever it needs.
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator

from bench.operations import Operation, all_operations
from bench.player import Player
from bench.stage import Stage, stage
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
    with stage() as on, Player() as player:
        for operation in all_operations():
            if f"{operation.api}: {operation.name}" in FIRST:
                yield _first(on, player, operation, PAIRS)


def _first(on: Stage, player: Player, operation: Operation, pairs: int) -> Row:
    act = operation.arrange(on)
    # Somebody who has not called before, so that the recording begins with the lookup of the token.
    on.client = on.client_of(on.new_name(), superuser=True, organisation="bench", groups=["bench"])
    answers = on.record(act).answers
    environment = dict(os.environ) | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{player.port}"}
    name = f"{operation.api}: {operation.name}, first request over boto3 with three clients"
    return ratio(
        name, 1.25, [_FIRST, json.dumps(on.events[-1])], [_CLIENTS], environment, pairs, lambda: player.play(answers)
    )


def ratio(
    name: str,
    mark: float,
    ours: list[str],
    theirs: list[str],
    environment: dict[str, str],
    pairs: int,
    before: Callable[[], None] = lambda: None,
) -> Row:
    """The median of the ratios of pairs of fresh processes.

    Args:
        ours, theirs: a program that prints the seconds that it spent, and what to tell it.
        before: what to do before each pair.
    """
    found = []
    for _ in range(pairs):
        before()
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
