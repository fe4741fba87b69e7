"""What axe-core finds wrong with a page, by its own rules, read from disk."""

import re
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


TEXT, GRAPHICS = 4.5, 3.0
"""The least contrast of text and of what one has to see besides, WCAG 2.2 criteria 1.4.3 and 1.4.11 (level AA)."""


def contrast(one: str, other: str) -> float:
    """The contrast of two opaque colours, such as `rgb(0, 0, 0)`, by WCAG's definition: from 1 to 21.

    axe-core cannot judge texts in SVG, whose background is a shape.
    """
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    found = re.fullmatch(r"rgb\((\d+), (\d+), (\d+)\)", colour)
    assert found is not None, colour
    shares = [int(value) / 255 for value in found.groups()]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def script() -> str:
    """axe-core. Skips the test where the console was not made, since it comes with what makes it."""
    if not SCRIPT.exists():
        pytest.skip("axe-core is not installed (make console)")
    return SCRIPT.read_text(encoding="utf-8")


def violations(page: Page) -> list[Violation]:
    """All that is wrong with the page as it stands. `script` has to be in it."""
    found: list[dict[str, Any]] = page.evaluate(_RUN)
    return [Violation(one["id"], one["impact"], tuple(node["html"][:200] for node in one["nodes"])) for one in found]
