"""What is refused with 422: the sentences, all at once and in order, and that nothing was changed."""

from typing import Any

from tests.conformance.assets.site import TEXT, Site, fields, sentences

FILE = "File can't be blank"
CONTENT_TYPE = "Content type must match the format defined in rfc6838"
NO_REPLACEMENT = "Replacement not found"
REPLACED = "Draft cannot be true, because already replaced"
REDIRECTED = "Draft cannot be true, because already redirected"
NO_URL = "Parent document url must be an http(s) URL"
NOT_PUBLIC = "Parent document url must be a public GOV.UK URL"
NO_PATH = "Legacy url path can't be blank"


def test_all_sentences_come_at_once_and_in_order(site: Site) -> None:
    wrong = {"content_type": "x", "replacement_id": "0" * 24, "parent_document_url": "foo"}
    reply = site.editor.post("/whitehall_assets", form=fields(wrong))
    assert reply.status == 422
    assert reply.headers["Content-Type"] == "application/json; charset=utf-8"
    assert reply.json() == {"_response_info": {"status": [FILE, CONTENT_TYPE, NO_REPLACEMENT, NO_URL, NO_PATH]}}
    made = site.create(redirect_url="https://www.gov.uk", replacement_id=site.create().id)
    assert site.refused(made, draft=True, content_type="x", parent_document_url="foo") == [
        CONTENT_TYPE,
        REPLACED,
        REDIRECTED,
        NO_URL,
    ]


def test_what_was_refused_changed_nothing(site: Site) -> None:
    assert sentences(site.post(content_type="x")) == [CONTENT_TYPE]
    assert site.arrived() == []
    made = site.clean()
    before = site.editor.get(made.url).json()
    reply = site.editor.put(
        made.url, form=fields({"draft": True, "content_type": "x"}), files={"asset[file]": ("new.txt", b"new")}
    )
    assert sentences(reply) == [CONTENT_TYPE]
    assert site.editor.get(made.url).json() == before
    assert (site.arrived(), site.kept()) == ([], [TEXT])
    assert site.read(made.path).body == TEXT


def test_content_types_are_two_names_of_two_to_127_characters(site: Site) -> None:
    made = site.create()
    table = {
        "text/plain": True,
        "application/vnd.ms-excel.sheet.macroEnabled.12": True,
        "image/svg+xml": True,
        "aa/bb": True,
        "a!#&-^_.+/b!#&-^_.+": True,
        "a" * 127 + "/" + "b" * 127: True,
        "a/bb": False,
        "aa/b": False,
        "text": False,
        "text/": False,
        "/plain": False,
        "text/plain; charset=utf-8": False,
        "text/pl ain": False,
        "text/plain\nx": False,
        "text/plain/x": False,
        "-a/bb": False,
        "text/plän": False,
        "a" * 128 + "/bb": False,
        "aa/" + "b" * 30000: False,
    }
    replies = {text: site.editor.put(made.url, form=fields({"content_type": text})) for text in table}
    assert {text: reply.status == 200 for text, reply in replies.items()} == table
    assert all(sentences(replies[text]) == [CONTENT_TYPE] for text, good in table.items() if not good)


def test_a_replacement_must_exist_and_may_be_deleted(site: Site) -> None:
    made, gone = site.create(), site.create()
    site.delete(gone)
    assert site.update(made, replacement_id=gone.id)["replacement_id"] == gone.id
    for text in ("0" * 24, "nonsense", gone.id.upper().replace("6", "A"), "x" * 5000, "é"):
        assert site.refused(made, replacement_id=text) == [NO_REPLACEMENT], text[:30]
    assert sentences(site.post(replacement_id="0" * 24)) == [NO_REPLACEMENT]


def test_a_published_asset_that_leads_elsewhere_cannot_become_a_draft(site: Site) -> None:
    target = site.create()
    replaced = site.create(replacement_id=target.id)
    redirected = site.create(redirect_url="https://www.gov.uk")
    both = site.create(replacement_id=target.id, redirect_url="https://www.gov.uk")
    assert site.refused(replaced, draft=True) == [REPLACED]
    assert site.refused(redirected, draft=True) == [REDIRECTED]
    assert site.refused(both, draft=True) == [REPLACED, REDIRECTED]
    # Only the step from published to draft is looked at.
    made = site.create(draft=True, replacement_id=target.id, redirect_url="https://www.gov.uk")
    assert site.update(made, draft=True)["draft"] is True
    draft = site.create(draft=True)
    assert site.update(draft, draft=True, redirect_url="https://www.gov.uk")["draft"] is True
    assert site.update(both, draft=True, replacement_id="", redirect_url="")["draft"] is True


def test_a_parent_document_url_is_a_public_one(site: Site) -> None:
    table: dict[str, list[str]] = {
        "https://www.gov.uk/government/x?a=b#c": [],
        "http://www.gov.uk": [],
        "https://draft-origin.publishing.service.gov.uk/x": [NOT_PUBLIC],
        "http://draft-origin": [NOT_PUBLIC],
        "http://foo:bar:baz": [NO_URL],
        "ftp://www.gov.uk/x": [NO_URL],
        "javascript:alert(1)": [NO_URL],
        "foo": [NO_URL],
        "//www.gov.uk/x": [NO_URL],
        "https://": [NO_URL],
        "https:///x": [NO_URL],
        "https://www.gov.uk/a b": [NO_URL],
        'https://www.gov.uk/">; rel="x': [NO_URL],
        "https://www.gov.uk/\r\nSet-Cookie: x": [NO_URL],
        "https://[::1": [NO_URL],
        "https://www.gov.uk/" + "x" * 2048: ["Parent document url is too long (maximum is 2048 characters)"],
    }
    made, found = site.create(), {}
    for url in table:
        reply = site.editor.put(made.url, form=fields({"parent_document_url": url}))
        found[url] = [] if reply.status == 200 else sentences(reply)
    assert found == table
    draft = site.create(draft=True, parent_document_url="https://draft-origin.publishing.service.gov.uk/x")
    assert site.refused(draft, draft=False) == [NOT_PUBLIC]
    assert site.update(draft, draft=False, parent_document_url="https://www.gov.uk/x")["draft"] is False


def test_texts_and_lists_have_limits(site: Site) -> None:
    """Ours: the original has none."""
    made = site.create()
    table: list[tuple[dict[str, Any], list[str]]] = [
        ({"redirect_url": "/" + "x" * 2047}, []),
        ({"redirect_url": "/" + "x" * 2048}, ["Redirect url is too long (maximum is 2048 bytes)"]),
        ({"redirect_url": "/" + "ä" * 1024}, ["Redirect url is too long (maximum is 2048 bytes)"]),
        ({"redirect_url": "/a\r\nSet-Cookie: x"}, ["Redirect url must be a URL"]),
        ({"access_limited": ["u"] * 1000}, []),
        ({"access_limited": ["u"] * 1001}, ["Access limited is too long (maximum is 1000 entries)"]),
        (
            {"access_limited_organisation_ids": ["u"] * 1001},
            ["Access limited organisation ids is too long (maximum is 1000 entries)"],
        ),
        ({"auth_bypass_ids": ["u" * 256]}, []),
        (
            {"auth_bypass_ids": ["u" * 257]},
            ["Auth bypass ids holds an entry that is too long (maximum is 256 characters)"],
        ),
        (
            {"access_limited": ["é" * 100] * 600, "auth_bypass_ids": ["u" * 200] * 600},
            ["Access lists are too long together (maximum is 200000 bytes)"],
        ),
    ]
    for asset, expected in table:
        made = made if expected else site.create()  # a long list makes every later read of its asset slow
        reply = site.editor.put(made.url, json={"asset": asset})
        assert ([] if reply.status == 200 else sentences(reply)) == expected, list(asset)


def test_values_of_a_wrong_shape_are_dropped(site: Site) -> None:
    made = site.create(redirect_url="/x", access_limited=["a"])
    odd = {
        "draft": ["true"],
        "redirect_url": {"a": "b"},
        "parent_document_url": ["x"],
        "content_type": {"a": "b"},
        "replacement_id": [1],
        "access_limited": {"a": "b"},
        "auth_bypass_ids": [["nested"]],
    }
    reply = site.editor.put(made.url, json={"asset": odd})
    assert reply.json() == made.answer | {"_response_info": {"status": "success"}}
    assert sentences(site.editor.put(made.url, json={"asset": {"file": {"a": "b"}}})) == [FILE]
