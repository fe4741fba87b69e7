"""Readers of hostile files: without credentials, bounded, and gone when they are no longer wanted."""

import contextlib
import ctypes
import os
import time
from pathlib import Path
from typing import Any

import pytest

from chalicelib.settings import MEBIBYTE
from chalicelib.workers import Work, WorkError, sandbox
from chalicelib.workers.sandbox import Limits
from tests.workers.conftest import Stopped


def run(tmp_path: Path, deed: str, limits: Limits | None = None, stop: Any = lambda: None, **arguments: Any) -> Any:
    work = Work(tmp_path, stop)
    return sandbox.run(
        "tests.workers.misbehaving", {"deed": deed, **arguments}, work, subject="the thing", limits=limits
    )


def test_it_sees_no_credentials_and_nothing_else_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "ORIGIN_SECRET", "FILES_TABLE"):
        monkeypatch.setenv(name, "not for you")
    told = run(tmp_path, "tell")
    assert "not for you" not in told["environment"].values()
    assert not [name for name in told["environment"] if name.startswith("AWS")]
    assert told["directory"] == str(tmp_path)
    assert told["environment"]["VIPS_BLOCK_UNTRUSTED"] == "1"


def test_it_cannot_look_into_the_process_that_started_it(tmp_path: Path) -> None:
    run(tmp_path, "tell")
    get_dumpable = 3
    assert ctypes.CDLL(None).prctl(get_dumpable, 0, 0, 0, 0) == 0
    if os.geteuid() != 0:  # nothing is hidden from root
        with pytest.raises(WorkError):
            run(tmp_path, "spy")


def test_its_refusal_is_for_the_user(tmp_path: Path) -> None:
    with pytest.raises(WorkError, match=r"^the file is not to its taste$"):
        run(tmp_path, "refuse")


@pytest.mark.parametrize("deed", ["die", "raise"])
def test_its_death_is_a_refusal_that_tells_nothing_internal(tmp_path: Path, deed: str) -> None:
    with pytest.raises(WorkError, match="the thing cannot be read") as refused:
        run(tmp_path, deed)
    assert "internals" not in str(refused.value)


def test_an_answer_of_the_run_before_does_not_count(tmp_path: Path) -> None:
    run(tmp_path, "tell")
    with pytest.raises(WorkError):
        run(tmp_path, "vanish")


def test_it_cannot_take_more_memory_than_it_may(tmp_path: Path) -> None:
    assert run(tmp_path, "grow", Limits(memory=1024 * MEBIBYTE), pieces=2) == 2
    with pytest.raises(WorkError, match="memory"):
        run(tmp_path, "grow", Limits(memory=256 * MEBIBYTE), pieces=8)


def test_it_cannot_write_a_larger_file_than_it_may(tmp_path: Path) -> None:
    with pytest.raises(WorkError):
        run(tmp_path, "fill", Limits(file=MEBIBYTE), bytes=3 * MEBIBYTE)


@pytest.mark.parametrize("deed", ["sleep", "spin"])
def test_it_is_dead_when_its_time_is_up(tmp_path: Path, deed: str) -> None:
    with pytest.raises(WorkError, match="longer than the 1 seconds"):
        run(tmp_path, deed, Limits(seconds=1))


def test_it_is_dead_when_the_work_is_stopped(tmp_path: Path) -> None:
    def stop() -> None:
        if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(encoding="utf-8"):
            raise Stopped

    with pytest.raises(Stopped):
        run(tmp_path, "sleep", stop=stop)
    pid = int((tmp_path / "pid").read_text(encoding="utf-8"))
    deadline = time.monotonic() + 5
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            time.sleep(0.01)
        raise AssertionError("it lives on")
