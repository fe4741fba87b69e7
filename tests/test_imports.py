"""Every Lambda imports `app.py`, so what that costs is a budget: no more than `import boto3`, in one run."""

import os
import subprocess
import sys
import time

from tests.support.cloud import CREDENTIALS


def seconds(statement: str) -> float:
    """How long a fresh process takes for one import."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - started


def test_importing_the_app_is_no_slower_than_importing_boto3() -> None:
    pairs = [(seconds("import app"), seconds("import boto3")) for _ in range(7)]
    ratio = min(ours for ours, _ in pairs) / min(theirs for _, theirs in pairs)
    assert ratio <= 1.0, f"import app takes {ratio:.2f} of import boto3"


def test_importing_the_app_loads_nothing_that_only_some_functions_need() -> None:
    heavy = ("pynamodb", "boto3", "multipart", "jwt", "yara_x", "aws_lambda_powertools.utilities.batch")
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, app; print(*sys.modules)"], check=True, capture_output=True, text=True
    ).stdout.split()
    assert [name for name in heavy if name in loaded] == []


CLIENTS = """
import gc
from chalicelib import aws, rows
rows._dynamodb(), aws.s3()
print(len(gc.get_objects()), gc.get_freeze_count())
"""


def test_the_collector_does_not_go_through_what_the_sdk_has_loaded() -> None:
    environment = {**os.environ, **CREDENTIALS}
    told = subprocess.run([sys.executable, "-c", CLIENTS], check=True, capture_output=True, text=True, env=environment)
    looked_at, left_out = map(int, told.stdout.split())
    assert looked_at < left_out / 10
