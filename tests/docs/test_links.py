"""Every link in the documentation leads somewhere, and what it says stands in the repository does."""

import re
from urllib.parse import urlsplit

import pytest

from tests.docs.reading import BY_NAME, ROOT, PageOfDocs

TOP = {path.name for path in ROOT.iterdir()}
MADE = ("chalicelib/console/dist", "chalicelib/reference/ui", "build")
"""Folders that are not in the repository but made."""


@pytest.mark.parametrize("name", BY_NAME)
def test_every_link_leads_somewhere(name: str) -> None:
    page = BY_NAME[name]
    assert [link for link in page.links if not leads_somewhere(page, link)] == []


def leads_somewhere(page: PageOfDocs, link: str) -> bool:
    """Whether a link into the repository has its file and heading; of others, whether they are sound."""
    parts = urlsplit(link)
    if parts.scheme:
        return parts.scheme in ("http", "https") and bool(re.fullmatch(r"[\w.-]+(:\d+)?", parts.netloc))
    target = (page.path.parent / parts.path).resolve() if parts.path else page.path
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not parts.fragment or parts.fragment in BY_NAME[target.relative_to(ROOT).as_posix()].anchors


@pytest.mark.parametrize("name", BY_NAME)
def test_every_file_that_it_names_is_there(name: str) -> None:
    assert [path for path in BY_NAME[name].inline if not is_there(path)] == []


def is_there(code: str) -> bool:
    """Whether a path of the repository exists; everything else is none."""
    path = code.rstrip("/")
    if not re.fullmatch(r"[\w.*<>-]+(/[\w.*<>-]+)*", path) or path.split("/")[0] not in TOP or path.startswith(MADE):
        return True
    return any(ROOT.glob(re.sub(r"<[^>]*>", "*", path)))


def test_a_dead_link_is_found() -> None:
    page = BY_NAME["docs/console.md"]
    assert leads_somewhere(page, "#uploads")
    for link in (
        "#no-such-heading",
        "nowhere.md",
        "uploads.md#no-such-heading",
        "https:///nowhere",
        "../../elsewhere.md",
    ):
        assert not leads_somewhere(page, link), link
    assert not is_there("chalicelib/nowhere.py")
