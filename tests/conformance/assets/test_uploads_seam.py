"""`asset[upload]`: a finished upload in the place of a file."""

from collections.abc import Callable

from tests.conformance.assets.site import EICAR, TEXT, Made, Site, fields, sentences

UNKNOWN = ["Upload not found"]


def test_an_upload_stands_for_a_file(site: Site) -> None:
    upload = site.begin("my report.pdf", TEXT)
    reply = site.editor.post("/assets", form=fields({"upload": upload, "draft": True}))
    assert reply.status == 201
    made = Made(reply.json())
    shown = {name: made.answer[name] for name in ("name", "content_type", "size", "state", "draft")}
    assert shown == {
        "name": "my_report.pdf",
        "content_type": "application/pdf",
        "size": len(TEXT),
        "state": "unscanned",
        "draft": True,
    }
    site.deliver()
    site.update(made, draft=False)
    assert site.read(made.path).body == TEXT


def test_an_upload_may_be_named_in_json(site: Site) -> None:
    for wrap in (True, False):
        asset = {"upload": site.begin("a.txt", TEXT)}
        assert site.editor.post("/assets", json={"asset": asset} if wrap else asset).status == 201


def test_an_upload_replaces_a_file(site: Site) -> None:
    made = site.clean("old.txt")
    answer = site.update(made, upload=site.begin("new.txt", b"new"))
    assert (answer["name"], answer["size"], answer["state"]) == ("new.txt", 3, "unscanned")
    site.deliver()
    assert site.read(made.media("new.txt")).body == b"new"
    assert site.read(made.media("old.txt")).headers["Location"] == made.media("new.txt")


def test_an_upload_makes_a_whitehall_asset(site: Site) -> None:
    path = "/government/uploads/a.txt"
    asset = {"upload": site.begin("a.txt", TEXT), "legacy_url_path": path}
    assert site.editor.post("/whitehall_assets", form=fields(asset)).status == 201
    site.deliver()
    assert site.read(path).body == TEXT


def test_what_was_scanned_before_it_was_used_is_what_it_is(site: Site) -> None:
    good, bad = site.begin("good.txt", TEXT), site.begin("bad.txt", EICAR)
    site.deliver()
    states = {}
    for name, upload in (("good", good), ("bad", bad)):
        made = Made(site.editor.post("/assets", form=fields({"upload": upload})).json())
        states[name] = (made.answer["state"], site.read(made.path).status)
    assert states == {"good": ("clean", 200), "bad": ("infected", 404)}


def test_an_upload_is_used_once_by_whoever_made_it_and_only_when_it_has_come(site: Site) -> None:
    other = site.caller()
    used = site.begin("used.txt", TEXT)
    assert site.editor.post("/assets", form=fields({"upload": used})).status == 201
    uploads = {
        "used": used,
        "another's": site.begin("a.txt", TEXT, by=other.uid),
        "not arrived": site.begin("b.txt", None),
        "unknown": "0" * 32,
        "nonsense": "../x",
        "endless": "x" * 5000,
    }
    made = site.create()
    for name, upload in uploads.items():
        assert sentences(site.editor.post("/assets", form=fields({"upload": upload}))) == UNKNOWN, name
        assert site.refused(made, upload=upload) == UNKNOWN, name
    # A manager may change another's asset, but not by another's upload.
    manager = site.caller(superuser=True)
    own = site.begin("c.txt", TEXT)
    assert sentences(manager.client.put(made.url, form=fields({"upload": own}))) == UNKNOWN


def test_an_upload_that_never_came_cannot_be_used(site: Site, wait: Callable[[float], None]) -> None:
    upload = site.begin("late.txt", None)
    wait(2)
    site.sweep()
    assert sentences(site.editor.post("/assets", form=fields({"upload": upload}))) == UNKNOWN


def test_file_and_upload_together_are_refused(site: Site) -> None:
    upload = site.begin("a.txt", TEXT)
    told = ["Upload cannot be given together with a file"]
    assert sentences(site.post(upload=upload)) == told
    assert site.editor.post("/assets", form=fields({"upload": upload})).status == 201, "it was not used up"


def test_a_refused_request_does_not_use_the_upload_up(site: Site) -> None:
    upload = site.begin("a.txt", TEXT)
    refused = site.editor.post("/assets", form=fields({"upload": upload, "content_type": "x"}))
    assert sentences(refused) == ["Content type must match the format defined in rfc6838"]
    assert site.editor.post("/assets", form=fields({"upload": upload})).status == 201


def test_an_upload_with_an_empty_name_is_no_upload(site: Site) -> None:
    assert sentences(site.editor.post("/assets", form=fields({"upload": ""}))) == ["File can't be blank"]
    made = site.clean()
    assert site.update(made, upload="")["state"] == "clean"
