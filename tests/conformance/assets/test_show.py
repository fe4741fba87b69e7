"""GET /assets/:id."""

from tests.conformance.assets.site import ASSETS, NOT_FOUND, PRIVATE, TEXT, Site


def test_show_tells_what_is_known_and_not_the_file(site: Site) -> None:
    made = site.clean(access_limited=["a"], auth_bypass_ids=["b"])
    reply = site.editor.get(made.url)
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    assert reply.headers["Cache-Control"] == PRIVATE
    assert reply.json() == {
        "_response_info": {"status": "ok"},
        "id": f"http://api.test{made.url}",
        "name": "tmp.txt",
        "content_type": "text/plain",
        "size": len(TEXT),
        "file_url": f"{ASSETS}/media/{made.id}/tmp.txt",
        "state": "clean",
        "draft": False,
        "deleted": False,
    }


def test_what_was_set_is_shown_and_what_was_not_is_left_out(site: Site) -> None:
    other = site.create()
    made = site.create(
        draft=True,
        redirect_url="/elsewhere",
        replacement_id=other.id,
        parent_document_url="https://draft-origin.gov.uk/parent",
    )
    shown = site.editor.get(made.url).json()
    assert {name: shown[name] for name in ("draft", "redirect_url", "replacement_id", "parent_document_url")} == {
        "draft": True,
        "redirect_url": "/elsewhere",
        "replacement_id": other.id,
        "parent_document_url": "https://draft-origin.gov.uk/parent",
    }


def test_ids_that_name_nothing_are_not_found(site: Site) -> None:
    made = site.create()
    ids = ["0" * 24, "x", made.id.upper(), made.id + "0", made.id[:-1], "..", "%00", "a" * 3000, "%20" + made.id, "é"]
    ids = [one for one in ids if one != made.id]
    for one in ids:
        for method, url in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/restore")):
            reply = site.editor.request(method, f"/assets/{one}{url}", json={"asset": {"draft": True}})
            assert (reply.status, reply.json()) == (404, NOT_FOUND), (method, one[:30])


def test_head_is_get_without_the_body(site: Site) -> None:
    made = site.create()
    get, head = site.editor.get(made.url), site.editor.head(made.url)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(get.body))
    assert head.headers["Content-Type"] == get.headers["Content-Type"]


def test_slashes_too_many_do_not_matter(site: Site) -> None:
    made = site.create()
    for url in (made.url + "/", "/" + made.url, made.url.replace("/assets/", "/assets//")):
        assert site.editor.get(url).status == 200, url
