"""The page about uploads: its lines run as they are printed, and its table says what the tests find."""

import json
import time
from pathlib import Path
from typing import Any

from tests.conformance.uploads.test_sending import REFUSED
from tests.docs.reading import BY_NAME
from tests.docs.shell import Reader, run
from tests.support.product import Product

PAGE = "docs/uploads.md"


def test_every_line_of_the_page_works(product: Product, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("a note\n")
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.4\n" + b"x" * 5000)
    (tmp_path / "large.bin").write_bytes(b"0123456789abcdef" * 700_000)
    done = run(PAGE, Reader(), product, tmp_path)
    assert done.returncode == 0, done.stderr
    assets = [answer for answer in answers(done.stdout) if "file_url" in answer]
    assert [(asset["name"], asset["size"]) for asset in assets] == [
        ("note.txt", 7), ("report.pdf", 5009), ("large.bin", 11_200_000),
    ]  # fmt: skip
    assert "201" in done.stdout.splitlines()
    for asset in assets:
        assert state(product, asset["id"].rpartition("/")[2]) == "clean"


def answers(text: str) -> list[dict[str, Any]]:
    """The JSON objects in a text, one behind the other or on lines of their own."""
    found, at = [], text.find("{")
    while at >= 0:
        one, end = json.JSONDecoder().raw_decode(text, at)
        found.append(one)
        at = text.find("{", end)
    return found


def state(product: Product, asset: str) -> str:
    """The state of an asset, once it is no longer unscanned or half a minute has gone by."""
    deadline = time.monotonic() + 30
    while (
        found := str(product.get(f"/assets/{asset}").json()["state"])
    ) == "unscanned" and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def test_the_table_of_what_is_refused_is_what_was_tried() -> None:
    table = BY_NAME[PAGE].text.partition("| tried |")[2].splitlines()
    rows = [line.strip("| ").split(" | ") for line in table if line.startswith("|")]
    found = {case: (who, status, told) for case, who, status, told in rows[1:]}
    assert found == {case: (who, str(status or "-"), told) for case, (_, (who, status, told)) in REFUSED.items()}
