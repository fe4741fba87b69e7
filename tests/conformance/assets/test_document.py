"""The API's document as one story: its curl lines as printed, in its order, and the values of its samples.

Only the asset's id and the content of the files are ours; the hosts are configured to be the document's.
"""

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from app import app
from chalicelib.identity import mint
from tests.support.client import Client, Reply, Upload, deliver
from tests.support.cloud import Cloud

SAMPLE_ID = "597b098a759b743e0b759a96"
API = "http://asset-manager.dev.gov.uk"
ASSETS = "http://assets-origin.dev.gov.uk"
FILES = {"tmp.txt": b"Tue 18 Jul 2017 16:18:38 BST\n", "tmp123.txt": b"Tue 18 Jul 2017 17:06:41 BST\n"}
NOT_FOUND = {"_response_info": {"status": "not found"}}
NO_LISTS: dict[str, Any] = {"access_limited": [], "access_limited_organisation_ids": [], "auth_bypass_ids": []}

CREATE = 'curl http://asset-manager.dev.gov.uk/assets --form "asset[file]=@tmp.txt"'
SHOW = "curl http://asset-manager.dev.gov.uk/assets/597b098a759b743e0b759a96"
READ = "curl http://assets-origin.dev.gov.uk/media/597b098a759b743e0b759a96/tmp.txt"
UPDATE = (
    "curl http://asset-manager.dev.gov.uk/assets/597b098a759b743e0b759a96 --request PUT "
    '--form "asset[file]=@tmp123.txt"'
)
READ_BY_ORIGINAL_NAME = "curl http://asset-manager.dev.gov.uk/media/597b098a759b743e0b759a96/tmp.txt"
READ_BY_LATEST_NAME = "curl http://assets-origin.dev.gov.uk/media/597b098a759b743e0b759a96/tmp123.txt"
DELETE = "curl http://asset-manager.dev.gov.uk/assets/597b098a759b743e0b759a96 \\\n--request DELETE"
RESTORE = "curl http://asset-manager.dev.gov.uk/assets/597b098a759b743e0b759a96/restore \\\n--request POST"
CREATE_WHITEHALL = (
    'curl http://asset-manager.dev.gov.uk/whitehall_assets --form "asset[file]=@tmp.txt" '
    '--form "asset[legacy_url_path]=/government/uploads/path/to/tmp.txt"'
)
WITH_TOKEN = ' -H "authorization: Bearer $ASSET_MANAGER_BEARER_TOKEN"'


def sample(status: str, name: str, state: str, **more: Any) -> dict[str, Any]:
    """A sample answer of the document."""
    return {
        "_response_info": {"status": status},
        "id": f"{API}/assets/{SAMPLE_ID}",
        "name": name,
        "content_type": "text/plain",
        "file_url": f"{ASSETS}/media/{SAMPLE_ID}/{name}",
        "state": state,
        **more,
    }


@dataclass
class Terminal:
    """Runs the document's curl lines. The id of its samples stands for the asset that was created."""

    client: Client
    token: str = ""
    asset_id: str = SAMPLE_ID

    def run(self, line: str) -> Reply:
        words = shlex.split(
            line.replace("\\\n", "")
            .replace(SAMPLE_ID, self.asset_id)
            .replace("$ASSET_MANAGER_BEARER_TOKEN", self.token)
        )
        assert words.pop(0) == "curl"
        url, options = words[0], list(zip(words[1::2], words[2::2], strict=True))
        form: list[tuple[str, str]] = []
        files: list[tuple[str, Upload]] = []
        headers: dict[str, str] = {}
        method = ""
        for option, value in options:
            name, _, content = value.partition("=")
            if option == "--form" and content.startswith("@"):
                files.append((name, Upload(FILES[content[1:]], content[1:], "text/plain")))
            elif option == "--form":
                form.append((name, content))
            elif option == "--request":
                method = value
            else:
                assert option == "-H"
                header, _, credentials = value.partition(": ")
                headers[header] = credentials
        if files:
            return self.client.request(method or "POST", url, form=form, files=files, headers=headers)
        return self.client.request(method or "GET", url, headers=headers)

    def shows(self, reply: Reply) -> Any:
        """A JSON answer with the sample's id in the place of ours."""
        return Reply(reply.status, reply.headers, reply.body.replace(self.asset_id.encode(), SAMPLE_ID.encode())).json()


def holds(answer: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Whether an answer has every field of a sample, with that value."""
    return {name: answer.get(name) for name in expected} == expected


@pytest.mark.parametrize("auth", ["open", "required"])
def test_every_curl_line_of_the_document_does_what_is_printed_below_it(cloud: Cloud, auth: str) -> None:
    cloud.set(AUTH=auth, API_ORIGIN=API, ASSETS_ORIGIN=ASSETS)
    terminal = Terminal(Client(app))
    signed: Callable[[str], Reply] = terminal.run
    if auth == "required":
        terminal.token, _ = mint("publishing app")
        signed = lambda line: terminal.run(line + WITH_TOKEN)  # noqa: E731

    created = signed(CREATE)
    assert created.status == 201
    found = re.fullmatch(rf"{API}/assets/([0-9a-f]{{24}})", created.json()["id"])
    assert found is not None
    terminal.asset_id = found[1]
    assert holds(terminal.shows(created), sample("created", "tmp.txt", "unscanned", draft=False, **NO_LISTS))

    shown = signed(SHOW)
    assert shown.status == 200
    assert holds(terminal.shows(shown), sample("ok", "tmp.txt", "unscanned", draft=False))
    early = terminal.run(READ)
    assert (early.status, early.json()) == (404, NOT_FOUND)

    deliver(app)
    assert holds(terminal.shows(signed(SHOW)), sample("ok", "tmp.txt", "clean", draft=False))
    read = terminal.run(READ)
    assert (read.status, read.body) == (200, FILES["tmp.txt"])

    updated = signed(UPDATE)
    assert updated.status == 200
    assert holds(terminal.shows(updated), sample("success", "tmp123.txt", "unscanned", draft=False, **NO_LISTS))
    deliver(app)
    redirected = signed(READ_BY_ORIGINAL_NAME)
    assert redirected.status == 302
    target = f"/media/{terminal.asset_id}/tmp123.txt"
    assert redirected.headers["Location"] == target
    assert redirected.text == f'<html><body>You are being <a href="{target}">redirected</a>.</body></html>'
    latest = terminal.run(READ_BY_LATEST_NAME)
    assert (latest.status, latest.body) == (200, FILES["tmp123.txt"])

    # From here on the document speaks of tmp.txt again.
    signed(UPDATE.replace("tmp123.txt", "tmp.txt"))
    deliver(app)
    deleted = signed(DELETE)
    assert deleted.status == 200
    assert holds(terminal.shows(deleted), sample("success", "tmp.txt", "clean"))
    confirmed = signed(SHOW)
    assert (confirmed.status, confirmed.json()) == (404, NOT_FOUND)

    restored = signed(RESTORE)
    assert restored.status == 200
    assert holds(terminal.shows(restored), sample("success", "tmp.txt", "clean"))
    assert holds(terminal.shows(signed(SHOW)), sample("ok", "tmp.txt", "clean"))

    whitehall = signed(CREATE_WHITEHALL)
    assert whitehall.status == 201
    terminal.asset_id = whitehall.json()["id"].rpartition("/")[2]
    path = "/government/uploads/path/to/tmp.txt"
    assert holds(terminal.shows(whitehall), sample("created", "tmp.txt", "unscanned") | {"file_url": f"{ASSETS}{path}"})
    deliver(app)
    assert terminal.client.get(f"{ASSETS}{path}").body == FILES["tmp.txt"]
