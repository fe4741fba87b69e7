"""DELETE /assets/:id and POST /assets/:id/restore."""

from collections.abc import Callable

from tests.conformance.assets.site import API, ASSETS, DRAFT, EICAR, GONE, NOT_FOUND, TEXT, Site

NEW = b"another text\n"


def test_a_deleted_asset_is_not_found_and_its_media_is_gone(site: Site) -> None:
    made = site.clean()
    site.replace(made, "new.txt", NEW)
    site.deliver()
    reply = site.editor.delete(made.url)
    assert reply.status == 200
    assert reply.json()["_response_info"] == {"status": "success"}
    assert (reply.json()["deleted"], reply.json()["state"], reply.json()["name"]) == (True, "clean", "new.txt")
    shown = site.editor.get(made.url)
    assert (shown.status, shown.json()) == (404, NOT_FOUND)
    again = site.editor.delete(made.url)
    assert (again.status, again.json()) == (404, NOT_FOUND)
    for host in (ASSETS, DRAFT, API):
        for name in ("new.txt", "tmp.txt", "never.txt"):
            read = site.read(made.media(name), host)
            assert (read.status, read.json()) == (410, GONE), (host, name)
    assert site.published() == []


def test_gone_comes_before_everything_else(site: Site) -> None:
    target = site.clean("target.txt")
    for asset in ({"draft": True}, {"replacement_id": target.id}, {"redirect_url": "https://www.gov.uk"}):
        made = site.clean(**asset)
        site.delete(made)
        assert site.read(made.path).status == 410, asset
    unscanned, infected = site.create(), site.clean("bad.txt", EICAR)
    site.delete(unscanned)
    site.delete(infected)
    assert [site.read(made.path).status for made in (unscanned, infected)] == [410, 410]


def test_restore_gives_everything_back(site: Site) -> None:
    made = site.clean(parent_document_url="https://www.gov.uk/parent")
    before = site.editor.get(made.url).json()
    site.delete(made)
    reply = site.editor.post(made.url + "/restore")
    assert (reply.status, reply.json()) == (200, before | {"_response_info": {"status": "success"}})
    assert site.editor.get(made.url).json() == before
    assert site.read(made.path).body == TEXT
    site.delete(made)
    assert site.read(made.path).status == 410


def test_what_was_not_deleted_can_be_restored_all_the_same(site: Site) -> None:
    made = site.clean()
    for _ in range(2):
        assert site.editor.post(made.url + "/restore").status == 200
    unknown = site.editor.post(f"/assets/{'0' * 24}/restore")
    assert (unknown.status, unknown.json()) == (404, NOT_FOUND)


def test_both_ignore_the_body_that_the_public_client_sends(site: Site) -> None:
    made = site.clean()
    for body in ({}, {"asset": {"draft": True}}):
        assert site.editor.delete(made.url, json=body).json()["draft"] is False
        assert site.editor.post(made.url + "/restore", json=body).json()["draft"] is False


def test_a_deleted_asset_is_scanned_nonetheless(site: Site) -> None:
    good, bad = site.create("a.txt", TEXT), site.create("b.txt", EICAR)
    for made in (good, bad):
        site.delete(made)
    site.deliver()
    assert site.published() == []
    for made in (good, bad):
        assert site.editor.post(made.url + "/restore").status == 200
    assert (site.state(good), site.state(bad)) == ("clean", "infected")
    assert (site.read(good.path).body, site.read(bad.path).status) == (TEXT, 404)


def test_a_deleted_asset_keeps_its_file_for_ever(site: Site, wait: Callable[[float], None]) -> None:
    made = site.clean()
    site.delete(made)
    wait(2000)
    site.sweep()
    assert site.kept() == [TEXT]
    assert site.editor.post(made.url + "/restore").status == 200
    assert site.read(made.path).body == TEXT


def test_with_deleted_days_it_loses_its_file_for_good(site: Site, wait: Callable[[float], None]) -> None:
    site.cloud.set(DELETED_DAYS="30")
    made, restored = site.clean("tmp.txt", TEXT), site.clean("kept.txt", b"kept")
    site.replace(made, "new.txt", NEW)
    site.deliver()
    site.delete(made)
    site.delete(restored)
    wait(29)
    site.sweep()
    assert NEW in site.kept()
    assert site.editor.post(restored.url + "/restore").status == 200
    wait(2)
    site.sweep()
    assert site.kept() == [b"kept"]
    reply = site.editor.post(made.url + "/restore")
    assert (reply.status, reply.json()) == (404, NOT_FOUND)
    assert site.read(made.media("new.txt")).status == 410
    assert site.read(restored.path).body == b"kept"


def test_a_deleted_asset_that_was_never_scanned_loses_its_bytes_too(site: Site, wait: Callable[[float], None]) -> None:
    site.cloud.set(DELETED_DAYS="1")
    made = site.create()
    site.delete(made)
    wait(1.1)
    site.sweep()
    assert (site.arrived(), site.kept()) == ([], [])
