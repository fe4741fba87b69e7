"""Asking for copies and deletions of project assets: what is checked, in which order, and what is written at once."""

import threading
from typing import Any

import pytest

from chalicelib.apis.projectassets.models import Lease, Project
from tests.conformance.projectassets.studio import ALL, PROJECTS, ROOT, Studio, error, faults
from tests.support.client import Client, Reply

COPY, SHARE, DELETE = ALL


@pytest.fixture
def source(studio: Studio) -> Studio:
    """Project 1 in News with everything that a copy takes over."""
    studio.make(
        "Source",
        description="d",
        date_crt="2020-01-02T03:04:05Z",
        name_editor="e",
        name_studio="s",
        status_approval=0,
        meta_field_store={"a": [1, {"b": None}]},
        path_file=f"{ROOT}Source/cut/p.prproj",
    )
    studio.add(1, *studio.media_assets(2))
    return studio


INHERITED = ("description", "date_crt", "name_editor", "name_studio", "status_approval", "meta_field_store", "type")


def test_a_copy_is_answered_at_once(source: Studio) -> None:
    reply = source.copy(1, by=source.writer)
    found = source.made(reply)
    original = source.get(1)
    assert reply.headers["Location"].endswith(f"/api/projectassets/{found['id']}/")
    assert (found["id"], found["status_asset"], found["is_production"]) == (2, 0, False)
    assert (found["name"], found["bundle_root"]) == ("Copy", f"{ROOT}Copy/")
    assert found["path_file"] == f"{ROOT}Copy/cut/p.prproj"
    assert {name: found[name] for name in INHERITED} == {name: original[name] for name in INHERITED}
    assert [one["id"] for one in found["video_assets"]] == [1, 2]
    assert (found["date_del"], found["files"], found["locked_by"]) == (None, {}, None)
    assert (found["device"], found["production"]) == (source.device, source.news)
    assert source.get(2)["status_asset"] == 0
    assert source.listed() == [1, 2]
    source.deliver()
    done = source.get(2)
    assert (done["status_asset"], done["is_production"], done["status_asset_description"]) == (6, True, "")
    assert done["date_mod"] > found["date_mod"]
    assert [one["id"] for one in done["video_assets"]] == [1, 2]


def test_what_the_body_says_comes_first(source: Studio) -> None:
    given: dict[str, Any] = {
        "description": "",
        "date_crt": "2021-01-01T00:00:00.5+01:00",
        "name_editor": "x",
        "name_studio": "",
        "status_approval": 1,
        "path_file": f"{ROOT}Copy/other.fcp",
        "production_id": source.sport,
    }
    found = source.made(source.copy(1, **given))
    assert found["date_crt"] == "2020-12-31T23:00:00.500000Z"
    assert {name: found[name] for name in given if name not in ("date_crt", "production_id")} == {
        name: value for name, value in given.items() if name not in ("date_crt", "production_id")
    }
    assert found["production"] == source.sport


def test_later_changes_of_one_do_not_reach_the_other(source: Studio) -> None:
    source.copy(1)
    source.root.patch(f"{PROJECTS}1/", json={"meta_field_store": {"new": 1}})
    source.add(1, *[("video", one["id"]) for one in [source.media(name="late")]])
    assert source.get(2)["meta_field_store"] == {"a": [1, {"b": None}]}
    assert len(source.get(2)["video_assets"]) == 2
    assert source.add(2, ("video", 3)).status == 200


def test_forms_copy_too(source: Studio) -> None:
    form = {"copy_of": "1", "name": "Copy", "bundle_root": f"{ROOT}Copy/", "production_name": "News", "date_crt": ""}
    assert source.made(source.root.post(PROJECTS, form=form))["status_asset"] == 0


BAD: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"copy_of": None}, [("/copy_of", "null")]),
    ({"copy_of": ""}, [("/copy_of", "invalid")]),
    ({"copy_of": "x"}, [("/copy_of", "invalid")]),
    ({"copy_of": True}, [("/copy_of", "invalid")]),
    ({"copy_of": 99}, [("/copy_of", "does_not_exist")]),
    ({"copy_of": -1}, [("/copy_of", "does_not_exist")]),
    ({"copy_of": 10**35}, [("/copy_of", "does_not_exist")]),
    (
        {"name": "", "bundle_root": None, "copy_of": "x"},
        [("/bundle_root", "null"), ("/copy_of", "invalid"), ("/name", "blank")],
    ),
    ({"copy_of": 99, "name": ""}, [("/name", "blank")]),
    ({"copy_of": 99, "production_id": 99}, [("/copy_of", "does_not_exist")]),
    ({"production_id": 99}, [("/production_id", "does_not_exist")]),
    ({"production_id": None}, [("/production_id", "required")]),
    ({"status_approval": 2}, [("/status_approval", "invalid_choice")]),
    ({"date_crt": "x"}, [("/date_crt", "invalid")]),
    ({"bundle_root": "/nowhere/x/"}, [("/bundle_root", "invalid")]),
    ({"bundle_root": f"{ROOT}Source/"}, [("/bundle_root", "invalid")]),
    ({"bundle_root": f"{ROOT}Source/inside/"}, [("/bundle_root", "invalid")]),
    ({"bundle_root": ROOT}, [("/bundle_root", "invalid")]),
    ({"bundle_root": f"{ROOT}Other/"}, [("/bundle_root", "unique")]),
    ({"path_file": "/elsewhere/p.fcp"}, [("/path_file", "invalid")]),
]


def test_bad_requests_are_told_in_order_and_make_nothing(source: Studio) -> None:
    source.make("Other")
    for wrong, told in BAD:
        body = {"copy_of": 1, "name": "Copy", "bundle_root": f"{ROOT}Copy/", "production_id": source.news, **wrong}
        assert faults(source.root.post(PROJECTS, json=body)) == told, wrong
    assert source.listed() == [1, 2]
    assert list(Lease.below("project#1", "lease#")) == []
    assert source.made(source.copy(1))["id"]


def test_texts_of_the_copy(source: Studio) -> None:
    assert error(source.copy(99), 400)[1] == 'Invalid pk "99" - object does not exist.'
    source.copy(1)
    assert error(source.copy(2, "Second"), 400)[1] == "The project asset 2 is not in production."
    assert (
        error(source.copy(1, "x", bundle_root="/nowhere/x/"), 400)[1] == "The bundle root is not located on a device."
    )


def test_share_linked_assets_is_a_flag_of_the_query(source: Studio) -> None:
    for number, word in enumerate(("1", "true", "True", "TRUE", "t", "yes", "0", "false", "no", "")):
        assert source.copy(1, f"c{number}", query=f"?share_linked_assets={word}").status == 201
    for word in ("2", "perhaps", "None"):
        reply = source.copy(1, "bad", query=f"?share_linked_assets={word}")
        assert faults(reply) == [("share_linked_assets", "invalid")]
        assert reply.json()["errors"][0]["source"] == {"parameter": "share_linked_assets"}
    assert source.make(share_linked_assets="nonsense")["id"]
    plain = {"name": "P", "bundle_root": f"{ROOT}p/", "production_id": source.news}
    assert source.root.post(f"{PROJECTS}?share_linked_assets=nonsense", json=plain).status == 201


def person(studio: Studio, *permissions: str, reads: tuple[int, ...] = (), writes: tuple[int, ...] = ()) -> Client:
    someone = studio.person("someone", permissions=permissions)
    for production in reads:
        studio.enrol(production, user=someone.uid)
    for production in writes:
        studio.enrol(production, user=someone.uid, write=True)
    return someone.client


def test_who_may_copy(source: Studio) -> None:
    news, sport = source.news, source.sport
    to_sport: dict[str, Any] = {"production_id": sport}
    denied = [
        person(source, writes=(news, sport)),
        person(source, SHARE, writes=(news, sport)),
        person(source, COPY, reads=(news, sport)),
        person(source, COPY, writes=(sport,)),
        person(source, COPY, writes=(news,)),
    ]
    for client in denied:
        assert error(source.copy(1, by=client, **to_sport), 403)[0] == "permission_denied"
    copier = person(source, COPY, reads=(news,), writes=(sport,))
    shared = source.copy(1, by=copier, query="?share_linked_assets=1", **to_sport)
    assert error(shared, 403)[0] == "permission_denied"
    assert source.listed() == [1]
    assert source.made(source.copy(1, by=copier, **to_sport))["production"] == sport
    sharer = person(source, COPY, SHARE, reads=(news,), writes=(sport,))
    assert source.copy(1, "Second", by=sharer, query="?share_linked_assets=1", **to_sport).status == 201


def test_without_the_permission_nothing_is_said_of_the_body(source: Studio) -> None:
    body = {"copy_of": 99, "name": "", "bundle_root": "x"}
    client = person(source, writes=(source.news,))
    assert error(client.post(f"{PROJECTS}?share_linked_assets=x", json=body), 403)[0] == "permission_denied"


def test_a_project_awaiting_deletion_is_not_copied(source: Studio) -> None:
    assert source.root.delete(f"{PROJECTS}1/").status == 202
    assert faults(source.copy(1)) == [("/copy_of", "invalid")]


def test_of_two_copies_to_one_root_exactly_one_is_made(source: Studio) -> None:
    replies: list[Reply] = []
    threads = [threading.Thread(target=lambda: replies.append(source.copy(1))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(reply.status for reply in replies) == [201, 400, 400, 400, 400, 400]
    assert {tuple(faults(reply)) for reply in replies if reply.status == 400} == {(("/bundle_root", "unique"),)}
    assert len(source.listed()) == 2
    source.deliver()
    assert source.get(source.listed()[1])["status_asset"] == 6


def test_linked_assets_are_shared_with_the_target_production(source: Studio) -> None:
    hidden = source.media("audio", "hidden", production=source.make_production("Third", "third"))["id"]
    at_home = source.media("image", "home", production=source.sport)["id"]
    source.add(1, ("audio", hidden), ("image", at_home))
    someone = person(source, COPY, SHARE, reads=(source.news,), writes=(source.sport,))
    source.made(source.copy(1, by=someone, query="?share_linked_assets=1", production_id=source.sport))
    source.deliver()
    copied = source.get(2)
    assert [one["id"] for one in copied["audio_assets"]] == [hidden], "linked all the same"
    assert copied["audio_assets"][0]["shared_with_productions"] == []
    assert [one["shared_with_productions"] for one in copied["video_assets"]] == [[source.sport]] * 2
    assert [one["shared_with_productions"] for one in copied["image_assets"]] == [[]]
    viewer = person(source, reads=(source.sport,))
    assert [one["id"] for one in viewer.get(f"{PROJECTS}2/").json()["video_assets"]] == [1, 2]
    assert viewer.get("/api/videoassets/1/").status == 200
    assert viewer.get(f"/api/audioassets/{hidden}/").status == 404


# --- delete


def test_a_deletion_is_taken_on_and_done_later(source: Studio) -> None:
    reply = source.writer.delete(f"{PROJECTS}1/")
    assert (reply.status, reply.body) == (202, b"")
    assert source.get(1)["id"] == 1
    assert source.listed() == [1]
    assert source.writer.delete(f"{PROJECTS}1/").status == 202
    source.deliver()
    assert error(source.root.get(f"{PROJECTS}1/"), 404) == (
        "not_found",
        "ProjectAsset object with pk=u'1' does not exist.",
    )
    assert error(source.root.delete(f"{PROJECTS}1/"), 404) == ("does_not_exist", "The project asset 1 does not exist.")
    assert source.listed() == []
    assert [one["projects"] for one in source.root.get("/api/videoassets/").json()] == [[], []]
    assert source.make()["id"] == 2


def test_an_unknown_deletion_is_the_documents_404(studio: Studio) -> None:
    reply = studio.root.delete(f"{PROJECTS}123/")
    assert (reply.status, reply.body) == (
        404,
        b'{"errors":[{"status":"404","code":"does_not_exist","detail":"The project asset 123 does not exist.",'
        b'"title":"Not Found"}]}',
    )


def test_a_second_deletion_plans_no_second_job(source: Studio) -> None:
    jobs = []
    for _ in range(3):
        assert source.root.delete(f"{PROJECTS}1/").status == 202
        row = Project.find("project#1", "project")
        assert row is not None
        jobs.append(row.delete_job)
    assert jobs[0] is not None
    assert len(set(jobs)) == 1


def test_a_body_of_a_deletion_means_nothing(studio: Studio) -> None:
    bodies: list[dict[str, Any]] = [
        {"json": {"anything": 1}},
        {"form": {"a": "b"}},
        {"body": "{broken", "headers": {"Content-Type": "application/json"}},
    ]
    for number, options in enumerate(bodies, 1):
        studio.make(f"p{number}")
        assert studio.root.delete(f"{PROJECTS}{number}/", **options).status == 202


def test_who_may_delete(source: Studio) -> None:
    someone = source.person("someone", permissions=[DELETE])
    assert error(someone.client.delete(f"{PROJECTS}1/"), 404)[0] == "does_not_exist"
    source.enrol(source.news, user=someone.uid, write=True)
    assert error(someone.client.delete(f"{PROJECTS}1/"), 403)[0] == "permission_denied"
    unpermitted = source.member("other", source.news, write=True, delete=True).client
    assert error(unpermitted.delete(f"{PROJECTS}1/"), 403)[0] == "permission_denied"
    source.enrol(source.news, user=someone.uid, delete=True)
    assert someone.client.delete(f"{PROJECTS}1/").status == 202
