"""PUT /assets/:id, and what becomes of the file that was replaced."""

from collections.abc import Callable

from tests.conformance.assets.site import EICAR, NOT_FOUND, TEXT, Site, fields

NEW = b"another text\n"


def test_a_change_without_a_file_leaves_file_and_state(site: Site) -> None:
    made = site.clean()
    answer = site.update(made, parent_document_url="https://www.gov.uk/parent")
    assert answer == made.answer | {
        "_response_info": {"status": "success"},
        "state": "clean",
        "parent_document_url": "https://www.gov.uk/parent",
    }
    assert site.read(made.path).body == TEXT
    assert site.update(made, content_type="text/markdown")["content_type"] == "text/markdown"
    assert site.read(made.path).headers["Content-Type"] == "text/markdown"
    assert site.update(made, content_type="")["content_type"] == "text/plain"


def test_a_new_file_is_unservable_until_it_is_clean(site: Site) -> None:
    made = site.clean("old.txt", TEXT)
    answer = site.replace(made, "new.csv", NEW, draft=False)
    assert answer == made.answer | {
        "_response_info": {"status": "success"},
        "name": "new.csv",
        "content_type": "text/csv",
        "size": len(NEW),
        "file_url": made.answer["file_url"].replace("old.txt", "new.csv"),
        "state": "unscanned",
    }
    for name in ("old.txt", "new.csv"):
        reply = site.read(made.media(name))
        assert (reply.status, reply.json()) == (404, NOT_FOUND), name
    assert site.published() == []
    site.deliver()
    assert site.read(made.media("new.csv")).body == NEW
    redirect = site.read(made.media("old.txt") + "?cachebust=1")
    assert (redirect.status, redirect.headers["Location"]) == (302, made.media("new.csv"))
    assert redirect.headers["Content-Type"].startswith("text/html")


def test_every_old_name_leads_to_the_current_one(site: Site) -> None:
    made = site.clean("one.txt")
    for name in ("two.txt", "two.txt", "three name.txt", "four.txt"):
        site.replace(made, name, NEW)
    site.deliver()
    for name in ("one.txt", "two.txt", "three_name.txt"):
        assert site.read(made.media(name)).headers["Location"] == made.media("four.txt")
    assert site.read(made.media("four.txt")).body == NEW
    for name in ("three%20name.txt", "two", "two.tx", "wo.txt", "five.txt", "x" * 3000):
        assert site.read(made.media(name)).status == 404, name[:20]


def test_the_same_name_again_is_served_and_not_redirected(site: Site) -> None:
    made = site.clean("tmp.txt", TEXT)
    site.replace(made, "tmp.txt", NEW)
    site.deliver()
    assert (site.read(made.path).status, site.read(made.path).body) == (200, NEW)
    site.replace(made, "other.txt", TEXT)
    site.replace(made, "tmp.txt", NEW)
    site.deliver()
    assert (site.read(made.path).status, site.read(made.path).body) == (200, NEW)


def test_an_asset_is_judged_by_its_own_file_alone(site: Site) -> None:
    """Both files wait to be scanned; what is told of the first does not count for the second."""
    good, bad = site.create("a.txt", EICAR), site.create("b.txt", TEXT)
    site.replace(good, "a2.txt", NEW)
    site.replace(bad, "b2.txt", EICAR)
    site.deliver()
    assert (site.state(good), site.state(bad)) == ("clean", "infected")
    assert site.read(good.media("a2.txt")).body == NEW
    assert [site.read(bad.media(name)).status for name in ("b.txt", "b2.txt")] == [404, 404]


def test_a_deleted_draft_can_be_changed_and_a_deleted_live_asset_cannot(site: Site) -> None:
    live, draft = site.clean(), site.clean(draft=True)
    site.delete(live)
    site.delete(draft)
    refused = site.editor.put(live.url, form=fields({"draft": True}))
    assert (refused.status, refused.json()) == (404, NOT_FOUND)
    answer = site.update(draft, access_limited=["a"])
    assert (answer["access_limited"], answer["deleted"], answer["draft"]) == (["a"], True, True)
    assert site.update(draft, draft=False)["deleted"] is True
    assert site.editor.put(draft.url, form=fields({"draft": True})).status == 404


def test_a_replaced_file_goes_when_its_replacement_has_been_clean_for_a_week(
    site: Site, wait: Callable[[float], None]
) -> None:
    made = site.clean("tmp.txt", TEXT)
    site.replace(made, "tmp2.txt", NEW)
    wait(5)
    assert site.kept() == [TEXT], "the new one has not been scanned"
    site.deliver()
    for days, kept in ((2.5, [NEW, TEXT]), (4, [NEW, TEXT]), (1, [NEW])):
        wait(days)
        site.sweep()
        assert site.kept() == sorted(kept)
    assert site.read(made.media("tmp.txt")).headers["Location"] == made.media("tmp2.txt")
    assert site.read(made.media("tmp2.txt")).body == NEW


def test_a_replaced_file_stays_as_long_as_its_replacement_is_not_clean(
    site: Site, wait: Callable[[float], None]
) -> None:
    made = site.clean("tmp.txt", TEXT)
    site.replace(made, "tmp2.txt", EICAR)
    site.deliver()
    for _ in range(3):
        wait(8)
        site.sweep()
    assert site.kept() == [TEXT]
    assert site.state(made) == "infected"


def test_how_long_a_replaced_file_stays_is_a_setting(site: Site, wait: Callable[[float], None]) -> None:
    site.cloud.set(REPLACED_DAYS="2")
    made = site.clean("tmp.txt", TEXT)
    site.replace(made, "tmp2.txt", NEW)
    site.deliver()
    wait(2.1)
    site.sweep()
    assert site.kept() == [NEW]
