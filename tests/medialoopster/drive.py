"""Runs inside the environment of the public client: every call of it that this product covers, against API with TOKEN.

The client sends HTTP Basic; the password is the token. What it leaves to its caller it gives as it came.
"""

import os
import time
from collections.abc import Callable
from typing import Any

from medialoopster import Medialoopster  # type: ignore[import-not-found]
from requests import Session

API = os.environ["API"]
ROOT = "/mnt/edit/"
PLURALS = ("videoassets", "imageassets", "audioassets", "projectassets")


def main() -> None:
    """Drive the client; raises at the first thing that is not as it should be."""
    client = Medialoopster(f"{API}/api/", "somebody", os.environ["TOKEN"])
    assert client.ping()
    assert not Medialoopster(f"{API}/nowhere/", "x", "x").ping()
    production = arranged(client.session)
    productions(client, production)
    imported(client, production)
    listed(client, production)
    for plural in PLURALS:
        changed(client, plural)
    approved(client)
    copied(client, production)
    deleted(client)
    refused()
    print("the public client found everything as it expects it")


def arranged(session: Session) -> int:
    """What an administrator makes once: a production and a device; and 25 assets of each type."""
    production = made(session, "productions", name="News", codename="news")
    made(session, "devices", name="Edit", path=ROOT)
    for plural in PLURALS:
        for number in range(25):
            name = f"{plural}{number}"
            place = {"bundle_root": f"{ROOT}{name}/"} if plural == "projectassets" else {"path_file": f"{ROOT}{name}.x"}
            made(session, plural, name=name, production_id=production, meta_field_store={"n": number}, **place)
    return production


def made(session: Session, resource: str, **body: Any) -> int:
    """Make one of a resource; its id."""
    answer = session.post(f"{API}/api/{resource}/", json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def productions(client: Medialoopster, production: int) -> None:
    """The client reads productions into models of its own, which say what must be there."""
    [found] = client.productions()
    assert found == client.production(production) == client.production(production_name="News")
    assert (found.id, found.name, found.can_write, found.can_delete_assets) == (production, "News", True, True)
    assert client.production(production_name="Nope") is None


def imported(client: Medialoopster, production: int) -> None:
    """An import is an asset that can be found by its path, and has a log."""
    path = f"{ROOT}imported.mov"
    import_id = client.asset_import(production=production, asset_type="video", name="Imported", path_file=path)
    assert import_id
    [asset] = client.get_asset(path_file=path)
    assert (asset["name"], asset["status_approval"], asset["status_asset"]) == ("Imported", 0, 6)
    logs = list(client.get_from_api(path="importlogs"))
    assert [log["asset_import_id"] for log in logs] == [import_id]


def listed(client: Medialoopster, production: int) -> None:
    """Lists are followed page by page; every asset comes once."""
    assert client.get_videoassets_count() == 26
    for plural in PLURALS:
        everything = [one["id"] for one in client.get_from_api(path=plural)]
        assert everything == sorted(set(everything))
        assert len(everything) == (26 if plural == "videoassets" else 25)
        paged = client.get_from_api(url=f"{API}/api/{plural}/?limit=10")
        assert [one["id"] for one in paged] == everything
        assert client.search_meta_field_store("n", 7, plural) == [8]
    assert len(list(client.get_videoassets(production_id=production, is_archive=False, is_production=True))) == 26
    assert list(client.get_videoassets(is_archive=True)) == []
    assert list(client.get_videoassets(production_id=99)) == []
    assert client.get_videoasset_shots(1) == []
    assert client.get_videoasset_sequences(1) == []


def changed(client: Medialoopster, plural: str) -> None:
    """What the client changes is changed, and answered whole."""
    deeds: list[tuple[Callable[..., Any], tuple[Any, ...], str, Any]] = [
        (client.set_date_del_asset, ("2100-01-01T00:00:00Z",), "date_del", "2100-01-01T00:00:00.000000Z"),
        (client.set_date_add_asset, ("2001-01-01T00:00:00Z",), "date_add", "2001-01-01T00:00:00.000000Z"),
        (client.edit_asset, ("description", "said"), "description", "said"),
        (client.edit_meta_field_store, ({"a": {"b": 1}},), "meta_field_store", {"a": {"b": 1}}),
        (client.disapprove_asset, (), "status_approval", 0),
        (client.approve_asset, (), "status_approval", 1),
    ]
    for deed, values, field, expected in deeds:
        answer = deed(3, *values, asset_type=plural)
        assert answer[field] == expected, (plural, field, answer[field])
        assert client.get_asset(3, asset_type=plural) == answer


def approved(client: Medialoopster) -> None:
    """What is in production is not waited for."""
    assert client.wait_is_production(1, timeout=5, sleep=0.1)


def copied(client: Medialoopster, production: int) -> None:
    """The client has no call for copies, but sees them: first not in production, then so."""
    body = {"copy_of": 1, "name": "Copy", "bundle_root": f"{ROOT}copy/", "production_id": production}
    copy = made(client.session, "projectassets", **body)
    deadline = time.monotonic() + 30
    while not client.get_asset(copy, "projectassets")["is_production"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert client.get_asset(copy, "projectassets")["status_asset"] == 6


def deleted(client: Medialoopster) -> None:
    """Assets of every type go; of a project's a job sees to it."""
    for plural in PLURALS:
        assert client.delete_asset(2, plural)
        deadline = time.monotonic() + 30
        while 2 in [one["id"] for one in client.get_from_api(path=plural)]:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    assert client.delete_asset(4, allow_partial=True)


def refused() -> None:
    """A wrong password is told apart from everything else."""
    for name, password in (("somebody", "wrong"), ("", "")):
        stranger = Medialoopster(f"{API}/api/", name, password)
        assert stranger.session.get(f"{API}/api/productions/").status_code == 401


if __name__ == "__main__":
    main()
