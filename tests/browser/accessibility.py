"""What axe-core finds wrong with a page, by its own rules, read from disk."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

SCRIPT = Path(__file__).parents[2] / "console" / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = ("serious", "critical")

_RUN = "async () => (await axe.run(document, { resultTypes: ['violations'] })).violations"


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that is broken, how gravely, and where."""

    rule: str
    impact: str
    where: tuple[str, ...]


def script() -> str:
    """axe-core. Skips the test where the console was not made, since it comes with what makes it."""
    if not SCRIPT.exists():
        pytest.skip("axe-core is not installed (make console)")
    return SCRIPT.read_text(encoding="utf-8")


def violations(page: Page) -> list[Violation]:
    """All that is wrong with the page as it stands. `script` has to be in it."""
    found: list[dict[str, Any]] = page.evaluate(_RUN)
    return [Violation(one["id"], one["impact"], tuple(node["html"][:200] for node in one["nodes"])) for one in found]
