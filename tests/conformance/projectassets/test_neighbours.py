"""Productions, their members, and devices."""

from typing import Any

from tests.conformance.projectassets.studio import PROJECTS, ROOT, Studio, error, faults

# What the public Python client demands of a production: names and types.
CLIENT = {
    "id": int, "company": str, "can_write": bool, "can_delete_assets": bool, "name": str, "codename": str,
    "storage_root": str, "san_mount": str, "proxy_root": str, "proxy_url": str, "export_type": str,
    "default_approval_status": int, "direct_attached_site": int, "upload_device": int, "audioasset_device": int,
    "imageasset_device": int, "videoasset_device": int, "network_attached_site": list, "members": list,
    "member_groups": list,
}  # fmt: skip

DEVICE = {
    "id", "name", "display_name", "path", "is_internal", "is_archive", "autoshot_detection", "allow_direct_writing",
    "recieve_xml_meta", "protocol", "anonymous", "server", "username", "password", "transcoding_profile",
    "archive_connector", "passthrough_profiles", "write_permission_groups",
}  # fmt: skip


def test_a_production_is_what_the_public_client_demands(studio: Studio) -> None:
    body = {"name": "Docs", "codename": "docs", "company": "c", "storage_root": "/mnt/docs"}
    made = studio.made(studio.root.post("/api/productions/", json=body))
    assert (made["id"], made["name"], made["codename"], made["company"]) == (3, "Docs", "docs", "c")
    assert made["storage_root"] == "/mnt/docs/"
    for name, kind in CLIENT.items():
        assert type(made[name]) is kind, name
    assert made["projectasset_device"] is None
    assert studio.root.get("/api/productions/3/").json() == made
    assert studio.root.get("/api/productions/").json()[2] == made


def test_productions_are_listed_for_their_members(studio: Studio) -> None:
    studio.root.post("/api/productions/", json={"name": "Docs", "codename": "docs", "storage_root": "/mnt/docs/"})

    def listed(query: str = "", by: Any = None) -> tuple[list[int], str]:
        reply = (by or studio.root).get(f"/api/productions/{query}")
        return [one["id"] for one in reply.json()], reply.headers["X-Total-Count"]

    assert listed() == ([1, 2, 3], "3")
    assert listed("?limit=1&offset=1") == ([2], "3")
    assert listed("?storage_root=/mnt/docs/") == ([3], "1")
    assert listed("?storage_root=/mnt/docs") == ([], "0")
    assert listed(by=studio.writer) == ([1], "1")
    assert listed(by=studio.person("nobody").client) == ([], "0")
    assert 'rel="next"' in studio.root.get("/api/productions/?limit=1").headers["Link"]
    assert faults(studio.root.get("/api/productions/?limit=x")) == [("limit", "invalid")]


def test_what_the_caller_may_do_is_told(studio: Studio) -> None:
    for client, write, delete in (
        (studio.writer, True, True),
        (studio.reader, False, False),
        (studio.root, True, True),
    ):
        found = client.get("/api/productions/1/").json()
        assert (found["can_write"], found["can_delete_assets"]) == (write, delete)
    for raw_id in ("2", "9", "abc", "01"):
        reply = studio.writer.get(f"/api/productions/{raw_id}/")
        assert error(reply, 404) == ("not_found", f"Production object with pk=u'{raw_id}' does not exist.")


BAD_PRODUCTIONS: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({}, [("/codename", "required"), ("/name", "required")]),
    ({"name": "", "codename": " "}, [("/codename", "blank"), ("/name", "blank")]),
    ({"name": "x", "codename": "a b"}, [("/codename", "invalid")]),
    ({"name": "x", "codename": "c" * 51}, [("/codename", "max_length")]),
    ({"name": "News", "codename": "x"}, [("/name", "unique")]),
    ({"name": "x", "codename": "x", "default_approval_status": 4}, [("/default_approval_status", "invalid_choice")]),
    ({"name": "x", "codename": "x", "projectasset_device": 99}, [("/projectasset_device", "does_not_exist")]),
    ({"name": "x", "codename": "x", "storage_root": "relative"}, [("/storage_root", "invalid")]),
]


def test_bad_productions_are_not_made(studio: Studio) -> None:
    for body, told in BAD_PRODUCTIONS:
        assert faults(studio.root.post("/api/productions/", json=body)) == told
    assert len(studio.root.get("/api/productions/").json()) == 2


def test_only_superusers_make_productions_devices_and_members(studio: Studio) -> None:
    for path, body in (
        ("/api/productions/", {"name": "x", "codename": "x"}),
        ("/api/devices/", {"name": "x", "path": "/x/"}),
        ("/api/productions/1/members/", {"user": "me", "write": True}),
    ):
        assert error(studio.writer.post(path, json=body), 403)[0] == "permission_denied"
    assert error(studio.writer.delete("/api/productions/1/members/?user=x"), 403)[0] == "permission_denied"
    assert error(studio.outsider.post("/api/productions/1/members/", json={}), 404)[0] == "not_found"


def test_members_are_shown_to_superusers(studio: Studio) -> None:
    studio.enrol(studio.news, user="0123456789abcdef", write=True)
    studio.enrol(studio.news, group="editors", delete=True)
    found = studio.root.get("/api/productions/1/").json()["members"]
    assert found == [
        {"group": "editors", "write": False, "delete": True},
        {"user": "0123456789abcdef", "write": True, "delete": False},
    ]
    assert studio.reader.get("/api/productions/1/").json()["members"] == []
    studio.enrol(studio.news, group="editors", write=True)
    assert studio.root.delete("/api/productions/1/members/?user=0123456789abcdef").status == 204
    assert studio.root.delete("/api/productions/1/members/?user=0123456789abcdef").status == 204
    found = [one for one in studio.root.get("/api/productions/1/").json()["members"] if "group" in one]
    assert found == [{"group": "editors", "write": True, "delete": False}]


def test_bad_memberships_are_none(studio: Studio) -> None:
    for body, told in (
        ({}, [("/user", "required")]),
        ({"user": "a", "group": "b"}, [("/user", "required")]),
        ({"user": "a", "write": "perhaps"}, [("/write", "invalid")]),
        ({"group": "x" * 201}, [("/group", "invalid")]),
        ({"user": None}, [("/user", "null")]),
    ):
        assert faults(studio.root.post("/api/productions/1/members/", json=body)) == told
    assert studio.root.get("/api/productions/1/").json()["members"] == []


def test_memberships_add_up(studio: Studio) -> None:
    person = studio.member("anna", studio.news, delete=True, groups=["editors"])
    made = studio.make()
    assert error(person.client.patch(f"{PROJECTS}{made['id']}/", json={}), 403)
    studio.enrol(studio.news, group="editors", write=True)
    found = person.client.get("/api/productions/1/").json()
    assert (found["can_write"], found["can_delete_assets"]) == (True, True)
    assert person.client.patch(f"{PROJECTS}{made['id']}/", json={}).status == 200


def test_devices(studio: Studio) -> None:
    found = studio.reader.get("/api/devices/").json()
    assert [(one["id"], one["path"]) for one in found] == [(1, "/medialoopster/"), (2, ROOT)]
    assert found[1].keys() == DEVICE
    assert (found[1]["name"], found[1]["display_name"], found[1]["protocol"]) == ("Edit", "Edit", "copy")
    assert found[1]["password"] is None
    for number in (1, 2):
        assert studio.reader.get(f"/api/devices/{number}/").json() == found[number - 1]
    assert studio.reader.get(f"/api/devices/?path={ROOT}").json() == found[1:]
    assert studio.reader.get("/api/devices/?path=/x/").json() == []
    assert studio.reader.get("/api/devices/?limit=1&offset=1").json() == found[1:]
    for raw_id in ("9", "x", "02"):
        detail = f"Device object with pk=u'{raw_id}' does not exist."
        assert error(studio.root.get(f"/api/devices/{raw_id}/"), 404) == ("not_found", detail)


BAD_DEVICES: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({}, [("/name", "required"), ("/path", "required")]),
    ({"name": "x", "path": "relative"}, [("/path", "invalid")]),
    ({"name": "x", "path": "/a/../b"}, [("/path", "invalid")]),
    ({"name": "x", "path": ROOT}, [("/path", "unique")]),
    ({"name": "x", "path": ROOT.rstrip("/")}, [("/path", "unique")]),
    ({"name": "x", "path": "/medialoopster"}, [("/path", "unique")]),
    ({"name": "x", "path": "/x/", "bucket": "somebody-elses"}, [("/bucket", "invalid")]),
]


def test_bad_devices_are_not_made(studio: Studio) -> None:
    for body, told in BAD_DEVICES:
        assert faults(studio.root.post("/api/devices/", json=body)) == told
    assert len(studio.root.get("/api/devices/").json()) == 2


def test_without_any_device_a_project_has_none(studio: Studio) -> None:
    from chalicelib.apis.projectassets.models import Device
    from chalicelib.rows import delete

    delete(Device.at(studio.device))
    assert studio.make()["device"] is None
    assert studio.make(bundle_root="/medialoopster/x/")["device"] == 1
