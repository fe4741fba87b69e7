"""The page about uploads: its lines run as they are printed, and its table says what the tests find."""

import json
import re
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.uploads.test_sending import REFUSED
from tests.uppy.run import product

PAGE = (Path(__file__).parents[2] / "docs" / "uploads.md").read_text(encoding="utf-8")


def test_every_line_of_the_page_works(tmp_path: Path) -> None:
    for program in ("bash", "curl", "python3", "sha256sum", "split"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    (tmp_path / "note.txt").write_text("a note\n")
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.4\n" + b"x" * 5000)
    (tmp_path / "large.bin").write_bytes(b"0123456789abcdef" * 700_000)
    script = "set -eu\n" + "\n".join(
        f"{block}\necho" for block in re.findall(r"```sh\n(.*?)```", PAGE, flags=re.DOTALL)
    )
    with product(tmp_path) as environment:
        done = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        assets = [answer for answer in answers(done.stdout) if "file_url" in answer]
        assert [(asset["name"], asset["size"]) for asset in assets] == [
            ("note.txt", 7), ("report.pdf", 5009), ("large.bin", 11_200_000),
        ]  # fmt: skip
        assert "201" in done.stdout.splitlines()
        for asset in assets:
            assert state(asset["id"]) == "clean"


def answers(text: str) -> list[dict[str, Any]]:
    """The JSON objects in a text, one behind the other or on lines of their own."""
    found, at = [], text.find("{")
    while at >= 0:
        one, end = json.JSONDecoder().raw_decode(text, at)
        found.append(one)
        at = text.find("{", end)
    return found


def state(asset: str) -> str:
    """The state of an asset, once it is no longer unscanned or some seconds have gone by."""
    deadline = time.monotonic() + 20
    while True:
        with urllib.request.urlopen(asset, timeout=10) as answer:
            found = str(json.load(answer)["state"])
        if found != "unscanned" or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


def test_the_table_of_what_is_refused_is_what_was_tried() -> None:
    rows = [
        line.strip("| ").split(" | ") for line in PAGE.partition("| tried |")[2].splitlines() if line.startswith("|")
    ]
    found = {case: (who, status, told) for case, who, status, told in rows[1:]}
    assert found == {case: (who, str(status or "-"), told) for case, (_, (who, status, told)) in REFUSED.items()}
