"""POST /assets: what it answers, what it takes, and what the scan makes of it."""

import re
import time
from collections.abc import Callable
from typing import Any

from app import app
from chalicelib import aws
from tests.conformance.assets.site import ASSETS, EICAR, NOT_FOUND, PRIVATE, TEXT, Made, Site, fields, sentences
from tests.support.client import Client, Upload, deliver, multipart


def test_a_new_asset_is_told_in_full(site: Site) -> None:
    before = int(time.time())
    reply = site.post("tmp.txt", TEXT)
    assert reply.status == 201
    assert reply.headers["Content-Type"] == "application/json; charset=utf-8"
    assert reply.headers["Cache-Control"] == PRIVATE
    made = Made(reply.json())
    assert re.fullmatch(r"[0-9a-f]{24}", made.id)
    assert before <= int(made.id[:8], 16) <= time.time()
    assert reply.json() == {
        "_response_info": {"status": "created"},
        "id": f"http://api.test/assets/{made.id}",
        "name": "tmp.txt",
        "content_type": "text/plain",
        "size": len(TEXT),
        "file_url": f"{ASSETS}/media/{made.id}/tmp.txt",
        "state": "unscanned",
        "draft": False,
        "deleted": False,
        "access_limited": [],
        "access_limited_organisation_ids": [],
        "auth_bypass_ids": [],
    }
    # What storage calls the bytes cannot be told from the id.
    assert not any(made.id in key for key in site.arrived())


def test_everything_a_create_takes_is_shown(site: Site) -> None:
    other = site.create("other.txt")
    given: dict[str, Any] = {
        "draft": True,
        "redirect_url": "https://www.gov.uk/elsewhere",
        "replacement_id": other.id,
        "parent_document_url": "https://www.gov.uk/parent",
        "access_limited": ["user-1", "user-2"],
        "access_limited_organisation_ids": ["org-1"],
        "auth_bypass_ids": ["bypass-1"],
    }
    answer = site.create(content_type="text/markdown", **given).answer
    assert {name: answer[name] for name in given} == given
    assert answer["content_type"] == "text/markdown"


def test_json_is_answered_whatever_accept_says(site: Site) -> None:
    made = site.create()
    for accept in ("text/html", "application/xml", "image/png", "*/*", "application/json;q=0"):
        reply = site.editor.get(made.url, headers={"Accept": accept})
        assert (reply.status, reply.headers["Content-Type"]) == (200, "application/json; charset=utf-8"), accept


def test_names_that_are_no_parameters_are_dropped_silently(site: Site) -> None:
    plain = site.create().answer
    odd = site.create(state="clean", uuid="x", size="1", deleted=True, owner="me", library_key="x", purged=True).answer
    assert odd.keys() == plain.keys()
    assert {name: odd[name] for name in ("state", "size", "deleted")} == {
        "state": "unscanned",
        "size": len(TEXT),
        "deleted": False,
    }
    outside = site.editor.post("/assets", form=[("utf8", "x")], files={"asset[file]": ("a.txt", TEXT)})
    assert outside.status == 201


def test_draft_is_what_rails_calls_true(site: Site) -> None:
    words = ["true", "t", "yes", "y", "on", "1", "TRUE", "Yes"]
    words_for_false = ["false", "f", "no", "n", "off", "0", "", "2", "truth", "maybe"]
    made = site.create()
    shown = {word: site.update(made, draft=word)["draft"] for word in words + words_for_false}
    assert shown == {word: word in words for word in shown}
    for value, expected in ((True, True), (False, False), (1, True), (0, False), (None, False)):
        reply = site.editor.put(made.url, json={"asset": {"draft": value}})
        assert reply.json()["draft"] is expected, value


def test_lists_come_repeated_or_empty_and_a_bare_text_is_no_list(site: Site) -> None:
    made = site.create(access_limited=["a", "b"])
    assert made.answer["access_limited"] == ["a", "b"]
    assert site.update(made, draft=True)["access_limited"] == ["a", "b"], "absent: unchanged"
    assert site.update(made, access_limited="c")["access_limited"] == ["a", "b"], "a text is dropped"
    assert site.update(made, access_limited=["c"])["access_limited"] == ["c"]
    assert site.update(made, access_limited=[])["access_limited"] == []
    named = site.update(made, access_limited=["x"], access_limited_user_ids=["y", "z"])
    assert named["access_limited"] == ["y", "z"], "the older name wins"
    assert site.update(made, access_limited_user_ids=[])["access_limited"] == []
    assert site.update(made, auth_bypass_ids=["k"], access_limited_organisation_ids=["o"]) | {
        "auth_bypass_ids": ["k"],
        "access_limited_organisation_ids": ["o"],
    } == site.update(made, draft=True)


def test_blank_clears_a_text(site: Site) -> None:
    given: dict[str, Any] = {
        "redirect_url": "https://www.gov.uk/a",
        "replacement_id": site.create().id,
        "parent_document_url": "https://www.gov.uk/p",
    }
    made = site.create(**given)
    assert given.items() <= made.answer.items()
    cleared = site.update(made, **dict.fromkeys(given, ""))
    assert not given.keys() & cleared.keys()
    site.update(made, **given)
    reply = site.editor.put(made.url, json={"asset": dict.fromkeys(given)})
    assert not given.keys() & reply.json().keys()


def test_json_works_for_everything_but_the_file(site: Site) -> None:
    made = site.create()
    nested = site.editor.put(made.url, json={"asset": {"draft": True, "access_limited": ["a"]}})
    assert (nested.json()["draft"], nested.json()["access_limited"]) == (True, ["a"])
    flat = site.editor.put(made.url, json={"draft": False, "access_limited": []})
    assert (flat.json()["draft"], flat.json()["access_limited"]) == (False, [])
    for body in ({"asset": {"file": "tmp.txt"}}, {"file": "tmp.txt"}):
        assert sentences(site.editor.post("/assets", json=body)) == ["File can't be blank"]
        assert sentences(site.editor.put(made.url, json=body)) == ["File can't be blank"]


def test_a_form_without_a_file_may_be_urlencoded(site: Site) -> None:
    assert sentences(site.editor.post("/assets", form=fields({"draft": True}))) == ["File can't be blank"]
    made = site.create()
    assert site.editor.put(made.url, form=fields({"draft": True})).json()["draft"] is True


def test_without_an_asset_it_is_a_bad_request(site: Site) -> None:
    made = site.create()
    expected = {"_response_info": {"status": "param is missing or the value is empty: asset"}}
    for method, url in (("POST", "/assets"), ("PUT", made.url), ("POST", "/whitehall_assets")):
        replies = {
            "nothing": site.editor.request(method, url),
            "empty json": site.editor.request(method, url, json={}),
            "empty asset": site.editor.request(method, url, json={"asset": {}}),
            "asset is a text": site.editor.request(method, url, json={"asset": "x"}),
            "flat form": site.editor.request(method, url, files={"file": ("a.txt", TEXT)}),
            "other json": site.editor.request(method, url, json={"other": True}),
        }
        answers = {name: (reply.status, reply.json()) for name, reply in replies.items()}
        assert answers == dict.fromkeys(replies, (400, expected)), (method, url)
    assert len(site.arrived()) == 1, "nothing but the first asset's file was stored"


def test_an_empty_file_field_is_no_file(site: Site) -> None:
    made = site.clean()
    for value in ("", Upload(b"", "", None), Upload(b"x", "")):
        files = {"asset[file]": value}
        assert sentences(site.editor.post("/assets", files=files)) == ["File can't be blank"]
        updated = site.editor.put(made.url, files=files)
        assert (updated.status, updated.json()["state"]) == (200, "clean")


def test_a_file_of_no_bytes_is_a_file(site: Site) -> None:
    made = site.clean("empty.txt", b"")
    assert (made.answer["size"], site.state(made)) == (0, "clean")
    read = site.read(made.path)
    assert (read.status, read.body) == (200, b"")


def test_the_part_s_own_content_type_is_ignored(site: Site) -> None:
    files = {"asset[file]": Upload(b"%PDF-1.4", "report.pdf", "text/html")}
    assert site.editor.post("/assets", files=files).json()["content_type"] == "application/pdf"


def test_bodies_of_the_public_client_are_understood(site: Site) -> None:
    """RestClient: its own boundary, the file name as raw UTF-8, fields without a content type."""
    parts = [("asset[file]", Upload(TEXT, "résumé final.txt", "text/plain")), ("asset[access_limited]", "")]
    content_type, body = multipart(parts, boundary="----RubyFormBoundaryAbCdEf0123456789")
    reply = site.editor.post("/assets", body=body, headers={"Content-Type": content_type})
    assert (reply.status, reply.json()["name"]) == (201, "résumé_final.txt")
    no_file = site.editor.put(reply.json()["id"], form=fields({"access_limited": []}), files={"asset[file]": ""})
    assert no_file.status == 200


def test_a_clean_file_becomes_clean_and_is_served(site: Site) -> None:
    made = site.create()
    assert site.state(made) == "unscanned"
    early = site.read(made.path)
    assert (early.status, early.json()) == (404, NOT_FOUND)
    site.deliver()
    assert site.state(made) == "clean"
    assert site.read(made.path).body == TEXT


def test_an_infected_file_stays_infected_until_another_comes(site: Site) -> None:
    made = site.clean("bad.txt", EICAR)
    assert site.state(made) == "infected"
    assert site.read(made.path).status == 404
    site.update(made, draft=True)
    site.update(made, draft=False)
    site.sweep()
    assert site.state(made) == "infected"
    assert (site.published(), site.kept()) == ([], [])
    site.replace(made, "good.txt", TEXT)
    assert site.state(made) == "unscanned"
    site.deliver()
    assert site.state(made) == "clean"
    assert site.read(made.media("good.txt")).body == TEXT


def test_what_cannot_be_scanned_says_so(site: Site) -> None:
    """Ours: the original has no such state."""
    site.cloud.set(SCAN_MAX_BYTES="10")
    made = site.clean("large.txt", b"x" * 11)
    assert site.state(made) == "unscannable"
    assert site.read(made.path).status == 404
    assert (site.published(), site.kept()) == ([], [])


def test_while_the_scanner_cannot_answer_an_asset_stays_unscanned(site: Site) -> None:
    site.cloud.set(SCANNER="clamd", CLAMD_ADDRESS="unix:/nowhere/clamd.socket")
    made = site.create()
    deliver(app, failing=True)
    assert site.state(made) == "unscanned"
    assert site.read(made.path).status == 404
    site.cloud.set(SCANNER="yara")
    site.cloud.hand_back()
    site.deliver()
    assert site.state(made) == "clean"


def test_an_asset_with_a_redirect_is_scanned_all_the_same(site: Site) -> None:
    """Ours: the original scans it only once the redirect has gone."""
    made = site.create(redirect_url="https://www.gov.uk/elsewhere")
    assert site.read(made.path).status == 404
    site.deliver()
    assert site.state(made) == "clean"
    assert site.read(made.path).headers["Location"] == "https://www.gov.uk/elsewhere"
    site.update(made, redirect_url="")
    assert site.read(made.path).body == TEXT


def test_a_scan_that_was_never_queued_is_found_by_the_sweep(site: Site, wait: Callable[[float], None]) -> None:
    """Ours: saving an unscanned asset queues no second scan."""
    made = site.create()
    aws.sqs().purge_queue(QueueUrl=site.cloud.settings.scan_small_queue)
    site.update(made, draft=False)
    site.deliver()
    assert site.state(made) == "unscanned"
    wait(0.02)  # days: half an hour
    site.sweep()
    assert site.state(made) == "clean"


def test_anyone_who_is_signed_in_may_create(site: Site) -> None:
    other = site.caller("other")
    assert site.post(by=other.client).status == 201
    assert site.post(by=Client(app)).status == 401
