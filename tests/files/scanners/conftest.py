"""The settings a scanner needs, set in the environment."""

from collections.abc import Callable, Iterator

import pytest

from chalicelib.files.scanners import Finding, Outcome, scan
from chalicelib.settings import settings
from tests.files.scanners.samples import Stream
from tests.support.settings import REQUIRED

Configure = Callable[..., None]


@pytest.fixture(autouse=True)
def configure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Configure]:
    """Start with the self-test rules; `configure(NAME=value)` sets more, None takes one away."""

    def change(**values: object) -> None:
        for name, value in values.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, str(value))
        settings.cache_clear()

    change(**REQUIRED, STAGE="test", SCANNER="yara", YARA_RULES=None, AUTH=None)
    yield change
    monkeypatch.undo()
    settings.cache_clear()


def judge(content: bytes, most: int = 1 << 30) -> Finding:
    """Scan bytes with the configured scanner, at most `most` of them in one read."""
    return scan(Stream(content, most), size=len(content))


CLEAN = Finding(Outcome.CLEAN)
INFECTED = Finding(Outcome.INFECTED, "SelfTest_Eicar")


def unscannable(reason: str) -> Finding:
    return Finding(Outcome.UNSCANNABLE, reason)
