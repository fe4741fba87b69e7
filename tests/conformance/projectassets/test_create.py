"""Creating project assets."""

import json
import re
from typing import Any

import pytest

from tests.conformance.projectassets.studio import PROJECTS, ROOT, Studio, error, errors, faults
from tests.support.client import Upload

FIELDS = {
    "id", "audio_assets", "image_assets", "video_assets", "name", "description", "date_crt", "date_add", "date_mod",
    "date_del", "meta_field_store", "status_asset", "status_asset_description", "status_editing", "status_approval",
    "path_file", "bundle_root", "type", "is_archive", "is_production", "files", "name_editor", "name_studio",
    "locked_by", "production", "device",
}  # fmt: skip
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"


def body(studio: Studio, **fields: Any) -> dict[str, Any]:
    return {"name": "P", "bundle_root": f"{ROOT}p/", "production_id": studio.news, **fields}


def test_the_answer_is_the_documents_sample(studio: Studio) -> None:
    reply = studio.root.post(
        PROJECTS,
        json={
            "name": "Project Asset Name",
            "bundle_root": "/mnt/edit/the/project/bundle/",
            "production_id": studio.news,
            "path_file": "/mnt/edit/the/project/bundle/project_file.prproj",
        },
    )
    assert reply.status == 201
    found = reply.json()
    assert reply.headers["Location"].endswith(f"/api/projectassets/{found['id']}/")
    date_add, date_mod = found.pop("date_add"), found.pop("date_mod")
    assert found == {
        "id": 1,
        "audio_assets": [],
        "image_assets": [],
        "video_assets": [],
        "name": "Project Asset Name",
        "description": "",
        "date_crt": None,
        "date_del": None,
        "meta_field_store": {},
        "status_asset": 6,
        "status_asset_description": "",
        "status_editing": 0,
        "status_approval": 1,
        "path_file": "/mnt/edit/the/project/bundle/project_file.prproj",
        "bundle_root": "/mnt/edit/the/project/bundle/",
        "type": "Adobe Premiere Pro",
        "is_archive": False,
        "is_production": True,
        "files": {},
        "name_editor": "",
        "name_studio": "",
        "locked_by": None,
        "production": studio.news,
        "device": studio.device,
    }
    assert date_add <= date_mod
    for moment in (date_add, date_mod):
        assert re.fullmatch(MOMENT, moment)
    assert studio.get(1) == reply.json()


def test_an_empty_body_gets_the_documents_two_errors(studio: Studio) -> None:
    for reply in (
        studio.root.post(PROJECTS, json={}),
        studio.root.post(PROJECTS),
        studio.root.post(PROJECTS, form={"x": "1"}),
    ):
        assert reply.status == 400
        assert (
            reply.body
            == json.dumps(
                {
                    "errors": [
                        {
                            "status": "400",
                            "source": {"pointer": "/bundle_root"},
                            "code": "required",
                            "detail": "This field is required.",
                            "title": "Validation Error",
                        },
                        {
                            "status": "400",
                            "source": {"pointer": "/name"},
                            "code": "required",
                            "detail": "This field is required.",
                            "title": "Validation Error",
                        },
                    ]
                },
                separators=(",", ":"),
            ).encode()
        )


def test_every_field_is_always_there(studio: Studio) -> None:
    made = studio.make()
    assert made.keys() == FIELDS
    assert studio.get(made["id"]).keys() == FIELDS
    assert studio.root.get(PROJECTS).json()[0].keys() == FIELDS


@pytest.mark.parametrize("as_form", ["urlencoded", "multipart", "json"])
def test_forms_and_json_say_the_same(studio: Studio, as_form: str) -> None:
    fields = body(
        studio, description="d", status_approval=0, name_editor="e", name_studio="s", date_crt="2020-01-02T03:04:05Z"
    )
    if as_form == "json":
        reply = studio.root.post(PROJECTS, json=fields)
    elif as_form == "multipart":
        reply = studio.root.post(PROJECTS, form=fields, files={})
    else:
        reply = studio.root.post(PROJECTS, form=fields)
    made = Studio.made(reply)
    assert (made["name"], made["description"], made["status_approval"]) == ("P", "d", 0)
    assert (made["name_editor"], made["name_studio"], made["date_crt"]) == ("e", "s", "2020-01-02T03:04:05.000000Z")
    assert made["production"] == studio.news


def test_a_charset_and_no_content_type_are_json(studio: Studio) -> None:
    text = json.dumps(body(studio))
    charset = {"Content-Type": "application/json; charset=utf-8"}
    assert studio.root.post(PROJECTS, body=text, headers=charset).status == 201
    assert studio.root.post(PROJECTS, body=text).status == 201


def test_empty_values_of_a_form_are_not_there(studio: Studio) -> None:
    form = body(studio, status_approval="", date_crt="", meta_field_store="", description="")
    made = Studio.made(studio.root.post(PROJECTS, form=form))
    assert (made["status_approval"], made["date_crt"], made["meta_field_store"]) == (1, None, {})
    assert faults(studio.root.post(PROJECTS, json=body(studio, status_approval=""))) == [
        ("/status_approval", "invalid_choice")
    ]


def test_the_last_of_a_repeated_key_counts(studio: Studio) -> None:
    pairs = [("name", "first"), ("name", "last"), ("bundle_root", f"{ROOT}p/"), ("production_id", str(studio.news))]
    assert Studio.made(studio.root.post(PROJECTS, form=pairs))["name"] == "last"


def test_a_file_where_a_text_belongs_is_told(studio: Studio) -> None:
    reply = studio.root.post(PROJECTS, form={"bundle_root": "/a/"}, files={"name": Upload(b"x", "a.txt")})
    assert faults(reply) == [("/name", "invalid")]


def test_what_cannot_be_written_is_ignored(studio: Studio) -> None:
    read_only: dict[str, Any] = {
        "id": 99,
        "status_asset": 0,
        "is_production": False,
        "device": 9,
        "audio_assets": [1],
        "date_add": "2000-01-01",
        "date_del": "2000-01-01",
        "nonsense": {},
    }
    made = studio.make(**read_only)
    assert (made["id"], made["status_asset"], made["is_production"], made["device"]) == (1, 6, True, studio.device)
    assert (made["audio_assets"], made["date_del"]) == ([], None)
    assert not made["date_add"].startswith("2000")


WRONG: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"name": None}, [("/name", "null")]),
    ({"name": ""}, [("/name", "blank")]),
    ({"name": "   "}, [("/name", "blank")]),
    ({"name": True}, [("/name", "invalid")]),
    ({"name": []}, [("/name", "invalid")]),
    ({"name": {}}, [("/name", "invalid")]),
    ({"name": "n" * 256}, [("/name", "max_length")]),
    ({"name": "a\x00b"}, [("/name", "null_characters_not_allowed")]),
    ({"bundle_root": None}, [("/bundle_root", "null")]),
    ({"bundle_root": ""}, [("/bundle_root", "blank")]),
    ({"bundle_root": "relative/"}, [("/bundle_root", "invalid")]),
    ({"bundle_root": "/a/../b/"}, [("/bundle_root", "invalid")]),
    ({"bundle_root": "/a/./b/"}, [("/bundle_root", "invalid")]),
    ({"bundle_root": "/a\\b/"}, [("/bundle_root", "invalid")]),
    ({"bundle_root": "/a\nb/"}, [("/bundle_root", "invalid")]),
    ({"bundle_root": "/" + "a" * 1000}, [("/bundle_root", "invalid")]),
    ({"production_id": 1.5}, [("/production_id", "invalid")]),
    ({"production_id": True}, [("/production_id", "invalid")]),
    ({"production_id": "abc"}, [("/production_id", "invalid")]),
    ({"production_id": ""}, [("/production_id", "invalid")]),
    ({"production_id": []}, [("/production_id", "invalid")]),
    ({"production_id": 99}, [("/production_id", "does_not_exist")]),
    ({"production_id": -1}, [("/production_id", "does_not_exist")]),
    ({"production_id": 10**39}, [("/production_id", "does_not_exist")]),
    ({"status_approval": 2}, [("/status_approval", "invalid_choice")]),
    ({"status_approval": None}, [("/status_approval", "null")]),
    ({"date_crt": "yesterday"}, [("/date_crt", "invalid")]),
    ({"date_crt": 5}, [("/date_crt", "invalid")]),
    ({"date_crt": "2020-13-01T00:00:00Z"}, [("/date_crt", "invalid")]),
    ({"date_crt": "0001-01-01T00:00:00+14:00"}, [("/date_crt", "invalid")]),
    ({"meta_field_store": []}, [("/meta_field_store", "not_a_dict")]),
    ({"meta_field_store": None}, [("/meta_field_store", "null")]),
    ({"meta_field_store": {"x": "y" * 200_001}}, [("/meta_field_store", "max_length")]),
    ({"meta_field_store": {"x": "ä" * 40_000}}, [("/meta_field_store", "max_length")]),
    ({"description": None}, [("/description", "null")]),
    ({"path_file": "/elsewhere/p.fcp"}, [("/path_file", "invalid")]),
    ({"path_file": f"{ROOT}p/"}, [("/path_file", "invalid")]),
    ({"path_file": f"{ROOT}p/../x"}, [("/path_file", "invalid")]),
    ({"bundle_root": "/nowhere/p/"}, [("/bundle_root", "invalid")]),
    ({"name": 7.5, "bundle_root": None, "date_crt": "x"}, [("/bundle_root", "null"), ("/date_crt", "invalid")]),
    ({"name": "", "bundle_root": "x", "production_id": 99}, [("/bundle_root", "invalid"), ("/name", "blank")]),
]  # fmt: skip


def test_bad_fields_are_told_all_at_once_and_make_nothing(studio: Studio) -> None:
    for wrong, told in WRONG:
        reply = studio.root.post(PROJECTS, json=body(studio, **wrong))
        assert faults(reply) == told, str(wrong)[:100]
        assert {one["title"] for one in errors(reply, 400)} == {"Validation Error"}
    assert studio.listed() == []


def test_json_that_is_no_object(studio: Studio) -> None:
    for text in ("[]", "3", "null", '"x"', "true"):
        reply = studio.root.post(PROJECTS, body=text, headers={"Content-Type": "application/json"})
        assert faults(reply) == [("/non_field_errors", "invalid")]
        assert error(reply, 400)[1].startswith("Invalid data. Expected a dictionary, but got ")


def test_the_documents_own_curl_body_lacks_a_comma(studio: Studio) -> None:
    text = '{"name": "Project Asset Name",\n"production_id": 1\n"path_file": "/a"}'
    reply = studio.root.post(PROJECTS, body=text, headers={"Content-Type": "application/json"})
    [told] = errors(reply, 400)
    assert (told["code"], told["title"]) == ("parse_error", "Bad Request")
    assert told["detail"].startswith("JSON parse error - ")
    assert "source" not in told


def test_other_content_types_are_not_read(studio: Studio) -> None:
    for kind in ("text/plain", "application/xml", "application/octet-stream"):
        reply = studio.root.post(PROJECTS, body="{}", headers={"Content-Type": kind})
        assert error(reply, 415) == ("unsupported_media_type", f'Unsupported media type "{kind}" in request.')
        assert reply.json()["errors"][0]["title"] == "Unsupported Media Type"


def test_a_body_too_large_names_the_upload_route(studio: Studio) -> None:
    reply = studio.root.post(PROJECTS, body=b"x" * (4 * 1024 * 1024 + 1), headers={"Content-Type": "application/json"})
    assert "/s3/params" in error(reply, 413)[1]


def test_what_no_row_could_hold_or_answer_tell_is_refused(studio: Studio) -> None:
    """JSON in a form is as strict as in a body."""
    for text in ("1e999", '{"a": 1e999}', '{"a": NaN}', "[" * 2000, '{"a":' * 60 + "1" + "}" * 60, '{"a": "\\ud800"}'):
        form = {"name": "P", "bundle_root": f"{ROOT}p/", "production_id": studio.news, "meta_field_store": text}
        assert faults(studio.root.post(PROJECTS, form=form)) == [("/meta_field_store", "invalid")], text[:20]
    assert studio.listed() == []


def test_the_largest_fields_fit_into_a_row(studio: Studio) -> None:
    made = studio.make(
        "ä" * 255,
        bundle_root=ROOT + "ü" * 400,
        description="漢" * 10_000,
        name_editor="漢" * 255,
        name_studio="漢" * 255,
        meta_field_store={"x": "漢" * 33_000},
    )
    assert studio.get(made["id"]) == made


# --- the production


def test_neither_production_is_told_in_the_second_phase(studio: Studio) -> None:
    fields = {"name": "P", "bundle_root": f"{ROOT}p/"}
    reply = studio.root.post(PROJECTS, json=fields)
    assert faults(reply) == [("/production_id", "required")]
    assert error(reply, 400)[1] == "Either production_id or production_name is required."
    assert faults(studio.root.post(PROJECTS, json={**fields, "production_id": None})) == [
        ("/production_id", "required")
    ]


def test_a_production_by_its_name(studio: Studio) -> None:
    fields = {"name": "P", "bundle_root": f"{ROOT}p/", "production_name": "Sport"}
    assert Studio.made(studio.root.post(PROJECTS, json=fields))["production"] == studio.sport
    assert Studio.made(studio.root.post(PROJECTS, json={**fields, "production_id": None}))["production"] == studio.sport
    unknown = studio.root.post(PROJECTS, json={**fields, "production_name": "Nope"})
    assert faults(unknown) == [("/production_name", "does_not_exist")]
    assert error(unknown, 400)[1] == "Object with name=Nope does not exist."


def test_the_id_of_a_production_comes_before_its_name(studio: Studio) -> None:
    for name in ("Sport", "Nope"):
        made = Studio.made(studio.root.post(PROJECTS, json=body(studio, production_name=name)))
        assert made["production"] == studio.news
    reply = studio.root.post(PROJECTS, json=body(studio, production_id=99, production_name="News"))
    assert error(reply, 400) == ("does_not_exist", 'Invalid pk "99" - object does not exist.')


def test_ids_in_digits_are_ids(studio: Studio) -> None:
    assert studio.make(production_id=str(studio.sport))["production"] == studio.sport


# --- paths


def test_a_bundle_root_is_normalised(studio: Studio) -> None:
    for given, kept in (
        ("/mnt/edit/a", "/mnt/edit/a/"),
        ("//mnt///edit//a//", "/mnt/edit/a/"),
        ("/mnt/edit/Ä b/", "/mnt/edit/Ä b/"),
    ):
        assert studio.make(bundle_root=given)["bundle_root"] == kept


def test_the_type_comes_from_the_ending(studio: Studio) -> None:
    for ending, told in (
        (".prproj", "Adobe Premiere Pro"),
        (".PRPROJ", "Adobe Premiere Pro"),
        (".fcp", ""),
        (".x", ""),
    ):
        assert studio.make("t", path_file=f"{ROOT}t/p{ending}")["type"] == told


def test_names_and_roots_may_be_given_twice(studio: Studio) -> None:
    assert [studio.make("same")["id"] for _ in range(3)] == [1, 2, 3]


def test_the_device_is_the_one_with_the_longest_path(studio: Studio) -> None:
    inner = Studio.made(studio.root.post("/api/devices/", json={"name": "Inner", "path": f"{ROOT}inner/"}))["id"]
    assert studio.make(bundle_root=f"{ROOT}inner/p/")["device"] == inner
    assert studio.make(bundle_root=f"{ROOT}inner2/p/")["device"] == studio.device
    assert studio.make(bundle_root="/medialoopster/p/")["device"] == 1


def test_off_every_device_the_productions_own_one_counts(studio: Studio) -> None:
    other = studio.make_production("Docs", "docs", projectasset_device=studio.device)
    assert studio.make(bundle_root="/nowhere/p/", production_id=other)["device"] == studio.device


def test_default_approval_is_the_productions(studio: Studio) -> None:
    strict = studio.make_production("Strict", "strict", default_approval_status=0)
    assert studio.make(production_id=strict)["status_approval"] == 0
    assert studio.make(production_id=strict, status_approval=1)["status_approval"] == 1


# --- who may


def test_only_who_writes_in_the_production_creates_there(studio: Studio) -> None:
    denied = ("permission_denied", "You do not have permission to perform this action.")
    for client in (studio.reader, studio.outsider, studio.person("nobody").client):
        reply = client.post(PROJECTS, json=body(studio))
        assert error(reply, 403) == denied
        assert reply.json()["errors"][0]["title"] == "Forbidden"
    assert studio.listed() == []
    assert studio.make(by=studio.writer)["id"]


def test_a_group_is_a_member_too(studio: Studio) -> None:
    studio.enrol(studio.news, group="editors", write=True)
    editor = studio.person("editor", groups=["editors"]).client
    made = studio.make(by=editor)
    assert studio.get(made["id"], by=editor) == made
    reply = studio.root.delete(f"/api/productions/{studio.news}/members/?group=editors")
    assert reply.status == 204
    assert editor.get(f"{PROJECTS}{made['id']}/").status == 404
