"""Changing project and media assets: the fields that the public client sets, and those beside them."""

from typing import Any

import pytest

from chalicelib.apis.projectassets.models import Media, Project
from tests.conformance.projectassets.studio import PROJECTS, Studio, error, faults

ITEMS = (f"{PROJECTS}1/", "/api/videoassets/1/")


@pytest.fixture
def stage(studio: Studio) -> Studio:
    """Project 1 and video asset 1 in News."""
    studio.make()
    studio.media()
    return studio


CHANGES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"status_approval": 0}, {"status_approval": 0}),
    ({"date_del": "2030-01-02T03:04:05Z"}, {"date_del": "2030-01-02T03:04:05.000000Z"}),
    ({"date_del": "2030-01-02"}, {"date_del": "2030-01-02T00:00:00.000000Z"}),
    ({"date_del": None}, {"date_del": None}),
    ({"date_add": "2001-02-03T04:05:06.7+02:00"}, {"date_add": "2001-02-03T02:05:06.700000Z"}),
    ({"date_crt": "1999-01-01 10:00"}, {"date_crt": "1999-01-01T10:00:00.000000Z"}),
    ({"date_crt": None}, {"date_crt": None}),
    ({"meta_field_store": {"x": {"y": [1.5, "z"]}}}, {"meta_field_store": {"x": {"y": [1.5, "z"]}}}),
    ({"meta_field_store": {}}, {"meta_field_store": {}}),
    ({"name": "New", "description": "", "name_editor": "e"}, {"name": "New", "description": "", "name_editor": "e"}),
    ({}, {}),
    ({"id": 9, "status_asset": 0, "production": 2, "bundle_root": "/x/", "path_file": "/x", "links": []}, {}),
]


def test_what_is_there_changes_and_the_rest_stays(stage: Studio) -> None:
    for path in ITEMS:
        for sent, changed in CHANGES:
            before = stage.root.get(path).json()
            reply = stage.writer.patch(path, json=sent)
            assert reply.status == 200, reply.text
            after = stage.root.get(path).json()
            assert reply.json() == after
            assert after["date_mod"] > before["date_mod"]
            if "display_name" in before and "name" in changed:
                changed = {**changed, "display_name": changed["name"]}
            assert after == {**before, **changed, "date_mod": after["date_mod"]}


BAD: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"status_approval": 5}, [("/status_approval", "invalid_choice")]),
    ({"date_add": None}, [("/date_add", "null")]),
    ({"date_del": "soon"}, [("/date_del", "invalid")]),
    ({"meta_field_store": "x"}, [("/meta_field_store", "not_a_dict")]),
    ({"name": ""}, [("/name", "blank")]),
    ({"name": None, "date_del": 5}, [("/date_del", "invalid"), ("/name", "null")]),
]


def test_bad_values_change_nothing(stage: Studio) -> None:
    for path in ITEMS:
        before = stage.root.get(path).json()
        for sent, told in BAD:
            assert faults(stage.root.patch(path, json={"description": "changed", **sent})) == told
        assert error(stage.root.patch(path, body="x", headers={"Content-Type": "text/plain"}), 415)
        assert stage.root.get(path).json() == before


def test_who_may_change(stage: Studio) -> None:
    for path in ITEMS:
        assert error(stage.reader.patch(path, json={"name": "x"}), 403)[0] == "permission_denied"
        assert error(stage.outsider.patch(path, json={"name": "x"}), 404)[0] == "not_found"
        assert stage.root.get(path).json()["name"] != "x"


def test_a_form_changes_too(stage: Studio) -> None:
    for path in ITEMS:
        form = {"status_approval": "0", "date_del": "", "meta_field_store": '{"a": 1}'}
        found = stage.root.patch(path, form=form).json()
        assert (found["status_approval"], found["date_del"], found["meta_field_store"]) == (0, None, {"a": 1})
        assert faults(stage.root.patch(path, form={"meta_field_store": "{"})) == [("/meta_field_store", "invalid")]


def test_a_scheduled_deletion_makes_the_row_due(stage: Studio) -> None:
    def due(path: str) -> tuple[Any, Any]:
        row = Project.find("project#1", "project") if "project" in path else Media.find("video#1", "media")
        assert row is not None
        return row.due_at, row.due_shard is not None

    for path in ITEMS:
        stage.root.patch(path, json={"date_del": "2030-01-01T00:00:00Z"})
        assert due(path) == (1893456000, True)
        stage.root.patch(path, json={"date_del": None})
        assert due(path) == (None, False)


def test_a_project_being_deleted_is_not_changed(stage: Studio) -> None:
    stage.root.delete(f"{PROJECTS}1/")
    assert error(stage.root.patch(f"{PROJECTS}1/", json={"name": "x"}), 404)[0] == "not_found"


def test_a_change_keeps_what_is_linked_at_the_same_time(stage: Studio) -> None:
    stage.add(1, ("video", 1))
    found = stage.root.patch(f"{PROJECTS}1/", json={"name": "x"}).json()
    assert [one["id"] for one in found["video_assets"]] == [1]
