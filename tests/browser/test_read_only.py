"""Whoever may only read finds nothing to press in the console that the server then refuses.

Every page that links lead to is opened, every button on it is pressed, every form sent with something in it, and every
field for files given one. What the server answers is listened to all the while.
"""

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, Response, expect

from tests.browser.accessibility import GRAVE, script, violations
from tests.browser.conftest import Traffic, demand_console, watch
from tests.support.chromium import PATIENCE
from tests.support.product import ROOT, Product

PASSWORD = "read, and nothing else"
NEVER_PRESSED = re.compile(r"Sign out|Back|Next")
REFUSED = (401, 403)
MOST_PAGES = 40
BUTTONS = "main button:visible"
WORDS = ("editors", "1", "file:///home/wharf", "/assets/something", "/mnt/something/")
"""What is put into fields: the first that a field takes."""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product in which everybody needs a token."""
    demand_console()
    product = Product(tmp_path_factory.mktemp("guarded") / "state", AUTH="required")
    try:
        yield product.ready()
    finally:
        product.end()


@dataclass(frozen=True, slots=True)
class Superuser:
    """Makes what the others then see."""

    product: Product
    token: str
    pages: list[str] = field(default_factory=list)
    """Of what was made, those that no page leads to."""

    def send(self, method: str, path: str, body: object, content_type: str = "application/json") -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body)
        bearer = f"Bearer {self.token}"
        answer = self.product.request(method, path, body=content, Content_Type=content_type, Authorization=bearer)
        assert answer.status in (200, 201), answer.body
        return answer.json()


@pytest.fixture(scope="module")
def root(guarded: Product) -> Superuser:
    """A superuser, who has furnished the product: a project, a workspace of it, a production with a project asset."""
    given = os.environ | {"STATE_DIR": str(guarded.state), "NAME": "root", "SUPERUSER": "1"}
    command = [sys.executable, "-m", "infra.local.within", "infra.tokens"]
    done = subprocess.run(command, cwd=ROOT, env=given, stdout=subprocess.PIPE, text=True, check=True)
    root = Superuser(guarded, done.stdout.strip())
    root.send("POST", "/api/default/create", {"id": "harbour", "name": "Harbour", "groups": ["readers", "editors"]})
    graph = b"graph [ node [ id 1 ] ]"
    upload = "/api/default/harbour/upload/map?filename=map.gml&create=true"
    root.send("POST", upload, graph, "application/octet-stream")
    uri = {"file_uri": "file:///home/harbour", "organization": "default", "project_name": "harbour"}
    guid = root.send("POST", "/assetmanager/workspaces", uri)["guid"]
    root.send("PUT", f"/assetmanager/workspaces/{guid}/assets/ships/hull", {"tags": ["blue"]})
    root.pages.extend([f"/console/workspaces/{guid}", f"/console/workspaces/{guid}/assets/ships/hull"])
    root.send("POST", "/api/devices/", {"name": "Edit", "path": "/mnt/"})
    production = root.send("POST", "/api/productions/", {"name": "News", "codename": "news"})["id"]
    for group in ("readers", "editors"):
        member = {"group": group, "write": group == "editors"}
        root.send("POST", f"/api/productions/{production}/members/", member)
    asset = {"name": "Election", "bundle_root": "/mnt/election/", "production_id": production}
    root.send("POST", "/api/projectassets/", asset)
    for user, writes in (("reader", []), ("editor", ["editors"])):
        groups = {"read_groups": ["readers"], "write_groups": writes}
        root.send("POST", "/api/user", {"user": user, "password": PASSWORD, **groups})
    return root


@dataclass
class Visit:
    """Somebody's walk through the console."""

    page: Page
    refused: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    seen: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.traffic = Traffic(self.page)
        self.page.on("response", self.hear)
        watch(self.page, self.faults)

    def hear(self, answer: Response) -> None:
        if answer.status in REFUSED:
            self.refused.append(f"{urlsplit(self.page.url).path}: {answer.request.method} {answer.url} {answer.status}")

    def walk(self, origin: str, *more: str) -> None:
        """Open every page that there is a link to, and these."""
        ahead = ["/console", *more]
        while ahead and len(self.seen) < MOST_PAGES:
            path = ahead.pop(0)
            if path in self.seen:
                continue
            self.open(origin, path)
            links = [link.get_attribute("href") or "" for link in self.page.locator('a[href^="/console"]').all()]
            self.press_all(origin, path)
            ahead += [link for link in links if link not in self.seen]

    def open(self, origin: str, path: str) -> None:
        self.traffic.forget()
        self.page.goto(f"{origin}{path}")
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()
        self.traffic.settle()

    def press_all(self, origin: str, path: str) -> None:
        """Press every button of a page, each on the page as it was when it was opened."""
        before = self.names()
        self.seen[path] = before
        for name in dict.fromkeys(before):
            if NEVER_PRESSED.match(name) or not self.press(name):
                continue
            if "Yes" in self.names():
                self.press("Yes")
            if urlsplit(self.page.url).path != path or self.names() != before:
                self.open(origin, path)
        files = self.page.locator("main input[type=file]")
        for number in range(files.count()):
            files.nth(number).set_input_files(FilePayload(name="note.txt", mimeType="text/plain", buffer=b"a note"))
            expect(self.page.locator(".uploads li").filter(has_text="sent").first).to_be_visible()
            self.traffic.settle()
            self.seen[path] = [*before, "a file"]

    def press(self, name: str) -> bool:
        """Press the button of this name, with something in every field of its form; whether it could be."""
        names = self.names()
        if name not in names:
            return False
        button = self.page.locator(BUTTONS).nth(names.index(name))
        if not button.is_enabled():
            return False
        fill(button)
        button.click()
        self.traffic.settle()
        return True

    def names(self) -> list[str]:
        return [" ".join(text.split()) for text in self.page.locator(BUTTONS).all_inner_texts()]


def fill(button: Locator) -> None:
    """Put something that makes sense into every empty field of a button's form."""
    form = button.locator("xpath=ancestor::form")
    if form.count() == 0:
        return
    for empty in form.locator("input:not([type=checkbox]):not([type=file]):visible").all():
        for words in () if empty.input_value() else WORDS:
            if not words.isdigit() and empty.get_attribute("type") == "number":
                continue
            empty.fill(words)
            if empty.evaluate("field => field.checkValidity()"):
                break


@contextlib.contextmanager
def visit(browser: Browser, root: Superuser, user: str) -> Iterator[Visit]:
    answer = root.product.request(
        "POST", "/api/auth", body=json.dumps({"user": user, "password": PASSWORD}), Content_Type="application/json"
    )
    with browser.new_context() as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(f"http://localhost:{root.product.port}/console")
        page.get_by_label("API token").fill(answer.json()["token"])
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("banner")).to_contain_text(user)
        yield Visit(page)


def test_a_reader_finds_nothing_to_press_that_is_refused(browser: Browser, root: Superuser) -> None:
    with visit(browser, root, "reader") as found:
        found.walk(f"http://localhost:{root.product.port}", *root.pages)
        assert found.refused == []
        assert found.faults == []
        assert {"/console/stores", "/console/stores/default/harbour", "/console/stores/default/harbour/map"} <= set(
            found.seen
        )
        assert {"/console/workers", "/console/jobs", "/console/workspaces", "/console/productions/1/1"} <= set(
            found.seen
        )
        assert "a file" not in found.seen["/console/stores/default/harbour"]
        assert "Make" not in found.seen["/console/stores"]


def test_a_writer_finds_what_a_reader_does_not(browser: Browser, root: Superuser) -> None:
    with visit(browser, root, "editor") as found:
        for path in ("/console/stores", "/console/stores/default/harbour"):
            found.open(f"http://localhost:{root.product.port}", path)
            found.press_all(f"http://localhost:{root.product.port}", path)
        assert "a file" in found.seen["/console/stores/default/harbour"]
        assert "Make" in found.seen["/console/stores"]


def test_signing_in_is_hard_for_nobody(browser: Browser, guarded: Product) -> None:
    with browser.new_context(bypass_csp=True) as context:
        context.add_init_script(script())
        page = context.new_page()
        page.goto(f"http://localhost:{guarded.port}/console")
        expect(page.get_by_label("API token")).to_be_visible()
        assert [one for one in violations(page) if one.impact in GRAVE] == []
        page.get_by_label("API token").fill("am_wrong")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_have_text("This token is not valid.")
