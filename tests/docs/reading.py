"""The pages of the documentation, and what stands in them: headings, links, code and commands.

An indented block holds commands, one a line, and so does a fenced block of the language `sh`, which is one script.
Everything else that is fenced says what language it is.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHELL = "sh"

_FENCE = re.compile(r"^```(\S*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_INDENTED = re.compile(r"(?:^|\n)\n((?: {4}\S.*\n(?: {4}.*\n)*)+)")
_COMMENT = re.compile(r"\s{2,}#\s.*$")


@dataclass(frozen=True)
class PageOfDocs:
    """One page."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def fences(self) -> list[tuple[str, str]]:
        """Language and content of each fenced block."""
        return _FENCE.findall(self.text)

    @cached_property
    def prose(self) -> str:
        """The page without its blocks."""
        return _INDENTED.sub("\n", _FENCE.sub("", self.text))

    @cached_property
    def inline(self) -> list[str]:
        """What is set as code within sentences and tables."""
        return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", self.prose)

    @cached_property
    def commands(self) -> list[str]:
        """The commands of all blocks, in order. Comments behind them are cut off."""
        scripts = (match for match in _FENCE.finditer(self.text) if match[1] == SHELL)
        found = [(match.start(), match[2].strip()) for match in scripts]
        blank = _FENCE.sub(lambda match: re.sub(r"[^\n]", "-", match[0]), self.text)
        for match in _INDENTED.finditer(blank):
            lines = match[1].replace("\\\n", "").splitlines()
            commands = (re.sub(r"\s+", " ", _COMMENT.sub("", line)).strip() for line in lines)
            found += [(match.start(), command) for command in commands if command]
        return [command for _, command in sorted(found, key=lambda one: one[0])]

    @cached_property
    def links(self) -> list[str]:
        """Where its links lead, as written."""
        return re.findall(r"\]\(([^)\s]+)\)", self.prose) + re.findall(r"<(https?://[^>\s]+)>", self.prose)

    @cached_property
    def anchors(self) -> set[str]:
        """What can stand behind a # in a link to this page: its headings, as GitHub names them."""
        found: dict[str, int] = {}
        for heading in re.findall(r"^#+ (.*)$", self.prose, re.MULTILINE):
            words = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
            found[words] = found.get(words, -1) + 1
        return {f"{words}-{number}" if number else words for words, last in found.items() for number in range(last + 1)}


def every_page() -> list[PageOfDocs]:
    """The README and all of docs/."""
    return [PageOfDocs(path) for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))]


BY_NAME = {page.name: page for page in every_page()}
