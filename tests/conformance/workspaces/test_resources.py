"""Resources: put, scanned, fetched, named by assets, deleted; and the statuses that tell of them."""

from typing import Any

import pytest

from chalicelib import aws
from chalicelib.files.receiving import begin_upload
from chalicelib.rows import transact
from tests.conformance.workspaces.studio import Studio, Workspace, sentence
from tests.files.scanners.samples import EICAR

HULL = "/resources/hull/hull.obj"
VALID = {"state": "VALID", "description": "The validation succeeded!", "info": {}}


def begun(studio: Studio, content: bytes | None, by: str = "alice") -> str:
    """The id of an upload, whose bytes have arrived if there are any."""
    uid = studio.people[by].uid
    file, step = begin_upload(name="x.png", content_type="image/png", size=5, uploader=uid)
    transact(step)
    if content is not None:
        aws.s3().put_object(Bucket=studio.cloud.settings.intake_bucket, Key=file.intake_key, Body=content)
    return file.file_id


def test_a_resource_is_fetched_once_it_is_clean(studio: Studio, island: Workspace) -> None:
    reply = island.upload("/resources/tex/deep/er/a.png", b"png")
    assert reply.status == 201
    assert reply.json().items() >= {"ref": "/resources/tex/deep/er/a.png", "size": 3, "state": "pending"}.items()
    told = "Resource(s) not found, /resources/tex/deep/er/a.png"
    assert sentence(island.fetch("/resources/tex/deep/er/a.png"), 404) == told
    studio.deliver()
    fetched = island.fetch("/resources/tex/deep/er/a.png")
    assert (fetched.status, fetched.body, fetched.headers["Content-Type"]) == (200, b"png", "image/png")
    assert fetched.headers["Cache-Control"] == "private, no-store"
    assert "sandbox" in fetched.headers["Content-Security-Policy"]
    assert 'filename="a.png"' in fetched.headers["Content-Disposition"]
    head = studio.alice.head(f"{island.path}/resources/tex/deep/er/a.png")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", "3")
    part = studio.alice.get(f"{island.path}/resources/tex/deep/er/a.png", headers={"Range": "bytes=1-1"})
    assert (part.status, part.body) == (206, b"n")


def test_a_resource_is_replaced_and_the_old_file_goes(studio: Studio, island: Workspace) -> None:
    island.uploaded("/resources/a", content=b"first")
    assert island.upload("/resources/a", b"second").status == 200
    assert island.fetch("/resources/a").status == 404, "what was there before is not what is there now"
    studio.deliver()
    assert island.fetch("/resources/a").body == b"second"
    studio.sweep()
    library = aws.s3().list_objects_v2(Bucket=studio.cloud.settings.library_bucket)["Contents"]
    assert sorted(found["Size"] for found in library) == [6, 20]


@pytest.mark.parametrize("content", [b"", b"x" * (4 * 1024 * 1024)])
def test_a_resource_may_be_empty_or_as_large_as_a_body(island: Workspace, content: bytes) -> None:
    island.uploaded("/resources/a.bin", content=content)
    assert island.fetch("/resources/a.bin").body == content


def test_a_finished_upload_can_be_a_resource_once_and_only_its_owners(studio: Studio, island: Workspace) -> None:
    upload = begun(studio, b"12345")
    for query in ("?upload=nobody-knows", f"?upload={begun(studio, None)}", f"?upload={begun(studio, b'x', 'carol')}"):
        assert sentence(island.upload("/resources/a", b"", query=query), 400).startswith("Resource corrupted")
    assert sentence(island.upload("/resources/a", b"body", query=f"?upload={upload}"), 400)
    assert island.upload("/resources/a", b"", query=f"?upload={upload}").status == 201
    assert island.upload("/resources/b", b"", query=f"?upload={upload}").status == 400
    studio.deliver()
    assert island.fetch("/resources/a").body == b"12345"
    judged = begun(studio, b"54321")
    studio.deliver()
    assert island.upload("/resources/b", b"", query=f"?upload={judged}").json()["state"] == "clean"
    assert island.fetch("/resources/b").body == b"54321"
    infected = begun(studio, EICAR)
    studio.deliver()
    assert island.upload("/resources/c", b"", query=f"?upload={infected}").json()["state"] == "infected"
    assert island.fetch("/resources/c").status == 404


BAD = [
    "/resources/a/",
    "/resources/",
    "/resources/..",
    "/resources/a/./b",
    "/resources/a\x07",
    "/resources/" + "x" * 256,
]


def test_a_ref_that_cannot_be_one_is_refused(island: Workspace) -> None:
    for ref in [*BAD, "/resources/" + "/".join(["x" * 200] * 4)]:
        reply = island.upload(ref)
        assert reply.status in (400, 404 if ref == "/resources/" else 400)
        assert island.delete(ref).status in (400, 404)
        assert island.fetch(ref).status in (404, 400)
    for ref in ("/resources/a&b=c,d.png", "/resources/con", "/resources/日本 語.png", "/resources/a%2"):
        island.uploaded(ref)
        assert island.fetch(ref).status == 200


def test_refs_of_resources_are_unique_whatever_their_case(island: Workspace) -> None:
    island.uploaded("/resources/Tex/A.png")
    for ref in ("/resources/tex/a.png", "/resources/TEX/A.PNG"):
        assert sentence(island.upload(ref), 403) == f"{ref} already exist"
        assert island.fetch(ref).status == 404
        assert island.delete(ref).status == 404


def test_what_assets_name_cannot_be_deleted(island: Workspace) -> None:
    island.uploaded("/resources/x")
    seen = island.made("/assets/a", main="/resources/x")
    island.made("/assets/b", dependencies=["/resources/x"])
    told = "/resources/x reference defined by other assets /assets/a,/assets/b already exist"
    assert sentence(island.delete("/resources/x"), 403) == told
    assert island.put("/assets/a", {}, seen=seen).status == 200
    assert "/assets/b already exist" in sentence(island.delete("/resources/x"), 403)
    assert island.rename("/assets/b", "/assets/c", seen=island.modified("/assets/b")).status == 200
    assert "/assets/c already exist" in sentence(island.delete("/resources/x"), 403)
    assert island.delete("/assets/c").status == 204
    reply = island.delete("/resources/x")
    assert (reply.status, reply.body) == (204, b"")
    assert sentence(island.delete("/resources/x"), 404) == "Resource(s) not found, /resources/x"
    assert island.fetch("/resources/x").status == 404


def test_a_deleted_resource_gives_up_its_file_but_not_that_of_others(studio: Studio, island: Workspace) -> None:
    seen = island.modified("/assets/hull")
    assert island.put("/assets/hull", {}, seen=seen).status == 200
    assert island.delete(HULL).status == 204
    studio.sweep()
    assert studio.cloned("other").fetch(HULL).status == 200
    island.uploaded("/resources/own", content=b"own")
    assert island.delete("/resources/own").status == 204
    studio.sweep()
    library = aws.s3().list_objects_v2(Bucket=studio.cloud.settings.library_bucket)["Contents"]
    assert [found["Size"] for found in library] == [20]


# --- statuses


def test_statuses_have_the_shapes_of_the_document(studio: Studio, island: Workspace) -> None:
    reply = studio.alice.get(f"{island.path}/statuses")
    assert (reply.status, reply.headers["Content-Type"].partition(";")[0]) == (200, "application/json")
    assert reply.json() == [
        {**VALID, "context": "assets_validator"},
        {**VALID, "context": "workspace_validator"},
    ]
    assert studio.alice.get(f"{island.path}/status").json() == {**VALID, "context": "general"}


def test_a_resource_that_is_not_clean_makes_the_assets_that_name_it_invalid(studio: Studio, island: Workspace) -> None:
    island.made("/assets/user")
    assert island.upload("/resources/bad", EICAR).status == 201
    assert island.statuses()["assets_validator"]["state"] == "PENDING"
    assert island.status()["state"] == "VALID"
    seen = island.made("/assets/p", main="/resources/bad", dependencies=["/assets/user"])
    studio.deliver()
    told: dict[str, Any] = {
        "state": "INVALID",
        "context": "assets_validator",
        "description": "The validation failed!",
        "info": {"assets": [{"/assets/p": "/resources/bad is infected"}]},
    }
    assert island.statuses()["assets_validator"] == told
    assert island.status() == {
        "state": "INVALID",
        "context": "general",
        "description": "The validation failed!",
        "info": {"guilty_status": told, "guilty_ref": "assets_validator"},
    }
    assert island.rename("/assets/p", "/assets/q", seen=seen).status == 200
    assert island.statuses()["assets_validator"]["info"] == {"assets": [{"/assets/q": "/resources/bad is infected"}]}
    assert island.fetch("/resources/bad").status == 404
    island.uploaded("/resources/bad", content=b"good")
    assert island.status()["state"] == "VALID"


def test_what_no_asset_names_makes_nothing_invalid(studio: Studio, island: Workspace) -> None:
    island.uploaded("/resources/bad", content=EICAR)
    assert island.status()["state"] == "VALID"
    island.made("/assets/a", dependencies=["/resources/bad"])
    assert island.status()["state"] == "INVALID"
    assert island.delete("/assets/a").status == 204
    assert island.status()["state"] == "VALID"
    assert island.delete("/resources/bad").status == 204
    assert island.statuses()["assets_validator"] == {**VALID, "context": "assets_validator"}
