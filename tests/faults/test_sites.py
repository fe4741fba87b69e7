"""Whatever writes, and whatever consumers do, has a crash case: who adds to it adds a scenario that comes through."""

import ast

import pytest

from tests.support import kinds, sites

SOURCE = """
from chalicelib import aws, rows
from chalicelib.files import objects as stored
from chalicelib.rows import contend, delete as remove, transact
from chalicelib.lazy import Lazy


def nested():
    contend(lambda: transact())


def renamed():
    remove(row)
    stored.keys_below(bucket, prefix)


class Batch:
    def attempt(self):
        stored.copy(source, bucket, key)

    def look(self):
        return rows.find_each(row)


def by_client():
    s3 = aws.s3()
    s3.upload_part_copy()
    s3.generate_presigned_url()


def directly():
    aws.sqs().send_message()


def reads():
    aws.s3().list_parts()
    remove_nothing()
"""


def test_functions_that_write_are_found_by_any_name() -> None:
    assert list(sites._writing(ast.parse(SOURCE))) == ["nested", "renamed", "Batch.attempt", "by_client", "directly"]


def test_the_modules_that_stand_for_aws_have_no_further_functions_that_write() -> None:
    """Here everything counts that is not named after reading."""
    for module, writers in sites._WRITERS.items():
        path = sites.PRODUCT.parent / f"{module.replace('.', '/')}.py"
        found = {
            node.name: ast.unparse(node)
            for node in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(node, ast.FunctionDef)
        }
        assert writers <= found.keys()
        calls = ("put_", "copy_object(", "delete_object", "send_message", "_conditional(", "'TransactWriteItems'")
        writing = {
            name for name, source in found.items() if not name.startswith("_") and any(c in source for c in calls)
        }
        assert writing <= writers


@pytest.mark.last
def test_every_function_that_writes_has_a_crash_case() -> None:
    """Looks at the whole suite, so it comes last, and only where everything else was run."""
    assert sites.judge() == ([], [])


@pytest.mark.last
def test_aws_has_failed_in_everything_that_consumers_do() -> None:
    """Looks at the whole suite, too."""
    assert kinds.judge() == []
