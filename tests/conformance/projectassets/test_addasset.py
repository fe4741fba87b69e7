"""Linking media assets to project assets."""

import json
import threading
from typing import Any

import pytest

from chalicelib.apis.projectassets import adding, links
from chalicelib.apis.projectassets.models import Project
from tests.conformance.projectassets.studio import PROJECTS, Studio, error
from tests.support.client import Client, Reply


def linked(studio: Studio, project: int, *, by: Client | None = None) -> list[tuple[str, int]]:
    """What a project shows of its links."""
    found = studio.get(project, by=by)
    return [(kind, one["id"]) for kind in ("audio", "image", "video") for one in found[f"{kind}_assets"]]


def flat(reply: Reply, status: int) -> str:
    """The detail of a flat error."""
    assert reply.status == status, reply.text
    assert reply.json().keys() == {"detail"}
    return str(reply.json()["detail"])


def told(reply: Reply) -> list[list[Any]]:
    """New, known and invalid entries."""
    assert reply.status == 200, reply.text
    names = ["newly_linked_assets", "already_linked_assets", "invalid_assets"]
    assert list(reply.json()) == names
    return [reply.json()[name] for name in names]


def entry(kind: str, number: int) -> dict[str, Any]:
    return {"asset_id": number, "type": kind}


@pytest.fixture
def stage(studio: Studio) -> Studio:
    """Project 1 in News, and three media assets of its production: audio 1, image 1, video 1."""
    studio.make()
    for kind in ("audio", "image", "video"):
        studio.media(kind)
    return studio


def test_the_documents_sample(stage: Studio) -> None:
    assert stage.add(1, ("image", 1)).status == 200
    body = {"asset_list": [entry("audio", 1), entry("image", 1), entry("other", 20)], "silent_mode": True}
    reply = stage.writer.post(f"{PROJECTS}1/addasset/", json=body)
    assert (reply.status, reply.body) == (
        200,
        json.dumps(
            {
                "newly_linked_assets": [{"asset_id": 1, "type": "audio"}],
                "already_linked_assets": [{"asset_id": 1, "type": "image"}],
                "invalid_assets": [{"asset_id": 20, "type": "other"}],
            },
            separators=(",", ":"),
        ).encode(),
    )
    assert linked(stage, 1) == [("audio", 1), ("image", 1)]


def test_the_nested_objects_are_whole(stage: Studio) -> None:
    stage.add(1, ("audio", 1), ("video", 1))
    project = stage.get(1)
    assert project["audio_assets"] == [stage.root.get("/api/audioassets/1/").json()]
    assert project["video_assets"] == [stage.root.get("/api/videoassets/1/").json()]
    assert project["image_assets"] == []
    assert stage.root.get(PROJECTS).json()[0]["video_assets"] == project["video_assets"]
    assert project["video_assets"][0]["projects"] == [1]


def test_a_missing_list_is_the_documents_400(stage: Studio) -> None:
    for body in ({}, {"asset_list": None}, {"silent_mode": True}):
        reply = stage.root.post(f"{PROJECTS}1/addasset/", json=body)
        expected = b'{"detail":"The field \'asset_list\' is required to add assets to a project."}'
        assert (reply.status, reply.body) == (400, expected)
    assert stage.root.post(f"{PROJECTS}1/addasset/").status == 400


def test_an_unknown_type_is_the_documents_422(stage: Studio) -> None:
    reply = stage.add(1, ("other", 20))
    expected = (
        b"{\"detail\":\"The provided asset type 'other' at asset list entry at index '0' is not supported. "
        b"Must be one of 'audio', 'image' or 'video'\"}"
    )
    assert (reply.status, reply.body) == (422, expected)
    assert "at index '2' is not supported" in flat(stage.add(1, ("audio", 1), ("image", 1), ("other", 20)), 422)
    assert linked(stage, 1) == []


BAD_LISTS: list[tuple[Any, str]] = [
    ("x", "The field 'asset_list' must be a list."),
    ({}, "The field 'asset_list' must be a list."),
    (5, "The field 'asset_list' must be a list."),
    ([{}] * 1001, "The field 'asset_list' must have at most 1000 entries."),
]

BAD_ENTRIES: list[tuple[Any, str]] = [
    (entry("audio", 99), "The provided audio asset '99' at asset list entry at index '1' does not exist."),
    (entry("audio", 0), "The provided audio asset '0' at asset list entry at index '1' does not exist."),
    (entry("audio", -5), "The provided audio asset '-5' at asset list entry at index '1' does not exist."),
    (entry("audio", 10**30), f"The provided audio asset '{10**30}' at asset list entry at index '1' does not exist."),
    (7, "The provided asset list entry at index '1' is invalid. It must be an object."),
    (None, "The provided asset list entry at index '1' is invalid. It must be an object."),
    ({"asset_id": 1}, "The provided asset list entry at index '1' is invalid. The field 'type' is required."),
    (
        {"type": "audio"},
        "The provided asset list entry at index '1' is invalid. The field 'asset_id' must be an integer.",
    ),
    (
        {"asset_id": True, "type": "audio"},
        "The provided asset list entry at index '1' is invalid. The field 'asset_id' must be an integer.",
    ),
    (
        {"asset_id": 1.5, "type": "audio"},
        "The provided asset list entry at index '1' is invalid. The field 'asset_id' must be an integer.",
    ),
]


def test_what_is_wrong_with_a_list(stage: Studio) -> None:
    for wrong, detail in BAD_LISTS:
        assert flat(stage.root.post(f"{PROJECTS}1/addasset/", json={"asset_list": wrong}), 400) == detail
    for wrong, detail in BAD_ENTRIES:
        body: dict[str, Any] = {"asset_list": [entry("image", 1), wrong, entry("other", 1)]}
        assert flat(stage.root.post(f"{PROJECTS}1/addasset/", json=body), 422) == detail
        for word in ({}, {"silent_mode": False}, {"silent_mode": "no"}, {"silent_mode": ""}):
            assert stage.root.post(f"{PROJECTS}1/addasset/", json={**body, **word}).status == 422
    assert linked(stage, 1) == []


def test_in_silent_mode_the_rest_is_linked_and_what_is_wrong_echoed(stage: Studio) -> None:
    wrong = [one for one, _ in BAD_ENTRIES]
    body = {"asset_list": [entry("image", 1), *wrong, entry("video", 1)], "silent_mode": "yes"}
    new, known, invalid = told(stage.root.post(f"{PROJECTS}1/addasset/", json=body))
    assert new == [entry("image", 1), entry("video", 1)]
    assert (known, invalid) == ([], wrong)
    assert linked(stage, 1) == [("image", 1), ("video", 1)]
    only_wrong = {"asset_list": wrong, "silent_mode": True}
    assert told(stage.root.post(f"{PROJECTS}1/addasset/", json=only_wrong)) == [[], [], wrong]


def test_words_for_silent_mode(stage: Studio) -> None:
    for yes in (True, "true", "yes", "1", 1, "YES"):
        assert stage.add(1, ("other", 1), silent_mode=yes).status == 200
    neither: list[Any] = ["perhaps", 2, [], {}, 1.5]
    for no in neither:
        assert flat(stage.add(1, silent_mode=no), 400) == "The field 'silent_mode' must be a boolean."


def test_an_empty_list_changes_nothing(stage: Studio) -> None:
    before = stage.get(1)
    assert told(stage.add(1)) == [[], [], []]
    assert stage.get(1) == before


def test_a_repeat_is_known_and_another_type_another_asset(stage: Studio) -> None:
    new, known, _ = told(stage.add(1, ("audio", 1), ("video", 1), ("audio", 1), ("audio", 1)))
    assert (new, known) == ([entry("audio", 1), entry("video", 1)], [entry("audio", 1)] * 2)
    again = told(stage.add(1, ("audio", 1)))
    assert again == [[], [entry("audio", 1)], []]


def test_only_a_new_link_changes_the_project(stage: Studio) -> None:
    before = stage.get(1)["date_mod"]
    stage.add(1, ("audio", 1))
    after = stage.get(1)["date_mod"]
    assert after > before
    stage.add(1, ("audio", 1))
    stage.add(1, ("audio", 99), silent_mode=True)
    assert stage.get(1)["date_mod"] == after


def test_an_asset_is_linked_by_many_projects(stage: Studio) -> None:
    stage.make("second")
    for project in (1, 2):
        assert told(stage.add(project, ("video", 1)))[0] == [entry("video", 1)]
    assert stage.root.get("/api/videoassets/1/").json()["projects"] == [1, 2]


def test_only_json_is_read(stage: Studio) -> None:
    path = f"{PROJECTS}1/addasset/"
    for reply in (stage.root.post(path, form={"asset_list": "[]"}), stage.root.post(path, form={"a": "b"}, files={})):
        assert error(reply, 415)[0] == "unsupported_media_type"
    text = json.dumps({"asset_list": [entry("audio", 1)]})
    assert stage.root.post(path, body=text).status == 200
    assert stage.root.post(path, body=text, headers={"Content-Type": "application/json; charset=UTF-8"}).status == 200
    broken = stage.root.post(path, body='{"asset_list": [', headers={"Content-Type": "application/json"})
    assert error(broken, 400)[0] == "parse_error"
    assert error(stage.root.post(path, json=[1]), 400)[0] == "invalid"


def test_who_may(stage: Studio) -> None:
    assert error(stage.add(1, ("audio", 1), by=stage.reader), 403)[0] == "permission_denied"
    assert error(stage.add(1, ("audio", 1), by=stage.outsider), 404)[0] == "not_found"
    assert error(stage.add(7, ("audio", 1)), 404) == ("not_found", "ProjectAsset object with pk=u'7' does not exist.")
    assert linked(stage, 1) == []


def test_an_asset_that_the_caller_may_not_read_is_none(stage: Studio) -> None:
    hidden = stage.media("video", "secret", production=stage.sport)["id"]
    detail = f"The provided video asset '{hidden}' at asset list entry at index '0' does not exist."
    assert flat(stage.add(1, ("video", hidden), by=stage.writer), 422) == detail
    assert told(stage.add(1, ("video", hidden), by=stage.writer, silent_mode=True))[2] == [entry("video", hidden)]


def test_a_link_to_an_unreadable_asset_shows_no_more_than_its_id(stage: Studio) -> None:
    hidden = stage.media("video", "secret", production=stage.sport)["id"]
    assert stage.add(1, ("video", hidden)).status == 200
    for reply in (stage.writer.get(f"{PROJECTS}1/"), stage.writer.get(PROJECTS)):
        assert '"video_assets":[{"id":2}]' in reply.text
        assert "secret" not in reply.text
    assert stage.get(1)["video_assets"][0]["name"] == "secret"


def test_a_deleted_asset_leaves_no_link_behind(stage: Studio) -> None:
    stage.add(1, ("audio", 1), ("video", 1))
    assert stage.root.delete("/api/audioassets/1/").status == 202
    assert linked(stage, 1) == [("video", 1)]
    assert [one["audio_assets"] for one in stage.root.get(PROJECTS).json()] == [[]]
    assert stage.add(1, ("audio", 1)).status == 422


def test_a_project_being_deleted_takes_no_more(stage: Studio) -> None:
    assert stage.root.delete(f"{PROJECTS}1/").status == 202
    assert error(stage.add(1, ("audio", 1)), 404)[0] == "not_found"


def test_long_lists_spill_to_pages(stage: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (links, adding):
        for name, size in (("LINKS_INLINE", 3), ("LINKS_A_PAGE", 4), ("_AT_ONCE", 5)):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, size)
    assets = stage.media_assets(17)
    first, second = assets[:8], assets
    assert [one["asset_id"] for one in told(stage.add(1, *first))[0]] == [number for _, number in first]
    new, known, _ = told(stage.add(1, *second))
    assert [one["asset_id"] for one in new] == [number for _, number in assets[8:]]
    assert [one["asset_id"] for one in known] == [number for _, number in first]
    assert linked(stage, 1) == assets
    assert [one["id"] for one in stage.root.get(PROJECTS).json()[0]["video_assets"]] == [number for _, number in assets]
    row = Project.find("project#1", "project")
    assert row is not None
    assert (len(row.links), row.link_count, row.link_pages) == (3, 17, 4)


def test_a_project_links_only_so_many(stage: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adding, "MOST_LINKS", 2)
    assert stage.add(1, ("audio", 1), ("image", 1)).status == 200
    assert flat(stage.add(1, ("video", 1)), 400) == "A project asset links at most 2 assets."
    assert stage.add(1, ("audio", 1)).status == 200


def test_concurrent_adds_are_all_there_and_each_is_new_once(stage: Studio) -> None:
    assets = stage.media_assets(12)
    replies: list[Reply] = []

    def act(start: int) -> None:
        replies.append(stage.add(1, *assets[start : start + 6], by=stage.root))

    threads = [threading.Thread(target=act, args=(start,)) for start in (0, 0, 0, 3, 3, 6, 6, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    new = [one["asset_id"] for reply in replies for one in told(reply)[0]]
    assert sorted(new) == sorted(number for _, number in assets)
    assert sorted(linked(stage, 1)) == sorted(assets)


def test_an_asset_deleted_in_the_middle_is_invalid(stage: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    original = adding._Linking.link
    doomed = iter([1, 2])

    def link(self: Any, *arguments: Any) -> None:
        stage.root.delete(f"/api/imageassets/{next(doomed)}/")
        original(self, *arguments)

    stage.media("image")
    monkeypatch.setattr(adding._Linking, "link", link)
    detail = "The provided image asset '1' at asset list entry at index '2' does not exist."
    assert flat(stage.add(1, ("audio", 1), ("audio", 1), ("image", 1)), 422) == detail
    assert linked(stage, 1) == []
    reply = stage.add(1, ("audio", 1), ("image", 2), silent_mode=True)
    assert told(reply) == [[entry("audio", 1)], [], [entry("image", 2)]]
    assert linked(stage, 1) == [("audio", 1)]
