"""Who may see and change an asset by the API: its owner, and who manages all assets."""

from typing import Any

from app import app
from chalicelib.identity import mint_another
from tests.conformance.assets.site import FORBIDDEN, NOT_FOUND, TEXT, Site, fields
from tests.support.client import Client, Upload

CALLS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "show": ("GET", "", {}),
    "update": ("PUT", "", {"form": fields({"draft": True})}),
    "replace": ("PUT", "", {"form": fields({}), "files": {"asset[file]": Upload(b"x", "x.txt")}}),
    "delete": ("DELETE", "", {}),
    "restore": ("POST", "/restore", {}),
}


def statuses(client: Client, url: str) -> dict[str, int]:
    """What each call on an asset is answered."""
    return {name: client.request(method, url + more, **body).status for name, (method, more, body) in CALLS.items()}


def test_an_asset_belongs_to_whoever_created_it(site: Site) -> None:
    made = site.clean()
    stranger = site.caller("stranger", permissions=["Bypass access-limiting"], organisation="org", groups=["g"])
    for name, (method, more, body) in CALLS.items():
        reply = stranger.client.request(method, made.url + more, **body)
        assert (reply.status, reply.json()) == (403, FORBIDDEN), name
    assert site.editor.get(made.url).json()["name"] == "tmp.txt", "and nothing was changed"
    assert statuses(site.editor, made.url) == dict.fromkeys(CALLS, 200)


def test_manage_all_assets_opens_every_asset(site: Site) -> None:
    made = site.clean()
    for manager in (site.caller(permissions=["Manage all Assets"]), site.caller(superuser=True)):
        assert statuses(manager.client, made.url) == dict.fromkeys(CALLS, 200)
    assert site.editor.get(made.url).status == 200, "the owner stays"


def test_what_is_not_there_is_told_before_whose_it_is_and_that_before_what_is_wrong(site: Site) -> None:
    made, gone = site.clean(), site.clean()
    site.delete(gone)
    stranger = site.caller().client
    deleted = stranger.put(gone.url, form=fields({"content_type": "bad"}))
    assert (deleted.status, deleted.json()) == (404, NOT_FOUND)
    assert stranger.post(gone.url + "/restore").status == 403, "to restore, it is there"
    assert stranger.put(made.url, form=fields({"content_type": "bad"})).status == 403
    assert stranger.put(made.url, json={}).status == 403
    assert site.editor.put(made.url, form=fields({"content_type": "bad"})).status == 422


def test_reading_media_asks_for_no_owner(site: Site) -> None:
    made, draft = site.clean(), site.clean(draft=True)
    stranger = site.caller().client
    assert site.read(made.path, by=stranger).body == TEXT
    assert site.read(draft.path, "http://draft-assets.test", by=stranger).body == TEXT
    assert site.read(made.path).body == TEXT


def test_two_tokens_of_one_principal_are_one_owner(site: Site) -> None:
    made = site.create()
    token, _ = mint_another(site.owner.uid)
    assert Client(app, {"Authorization": f"Token {token}"}).get(made.url).status == 200
