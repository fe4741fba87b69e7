"""Who may do what with files of bundles and with the job of a project (docs/apis/projectassets.md, "Bundles")."""

import pytest

from tests.conformance.projectassets.studio import PROJECTS, Studio


@pytest.fixture
def file(studio: Studio) -> str:
    """The address of a clean file in a project of News."""
    url = f"{PROJECTS}{studio.make()['id']}/files/a.txt"
    assert studio.writer.put(url, body=b"hello").status == 201
    studio.deliver()
    return url


def test_a_member_reads_and_a_writer_changes(studio: Studio, file: str) -> None:
    assert studio.reader.get(file).body == b"hello"
    assert studio.reader.head(file).status == 200
    listed = studio.reader.get(file.rpartition("a.txt")[0])
    assert [entry["path"] for entry in listed.json()] == ["a.txt"]
    for method in ("PUT", "DELETE"):
        reply = studio.reader.request(method, file, body=b"x" if method == "PUT" else None)
        assert (reply.status, reply.json()["errors"][0]["code"]) == (403, "permission_denied")
    assert studio.writer.put(file, body=b"new").status == 200
    assert studio.writer.delete(file).status == 204


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_for_others_it_is_as_if_nothing_were_there(studio: Studio, file: str, method: str) -> None:
    nowhere = f"{PROJECTS}99/files/a.txt"
    hidden, absent = (studio.outsider.request(method, url, body=b"") for url in (file, nowhere))
    assert hidden.status == absent.status == 404
    number = file.removeprefix(PROJECTS).partition("/")[0]
    assert hidden.text.replace(f"u'{number}'", "u'99'") == absent.text
    refused = studio.stranger.request(method, file, body=b"")
    assert refused.status == 401
    assert studio.reader.get(file).body == b"hello"


def test_nobody_else_uses_an_upload(studio: Studio, file: str) -> None:
    upload = studio.outsider.get("/s3/params?filename=a.txt&type=text/plain").json()["fields"]["key"].partition("/")[2]
    reply = studio.writer.put(f"{file}?upload={upload}")
    assert reply.status == 400
    assert reply.json()["errors"][0]["source"] == {"parameter": "upload"}


def test_a_reader_sees_the_job_and_a_writer_cancels_it(studio: Studio, file: str) -> None:
    source = file.removeprefix(PROJECTS).partition("/")[0]
    body = {"name": "Copy", "bundle_root": "/mnt/edit/copy/", "production_id": studio.news, "copy_of": int(source)}
    copy = studio.writer.post(PROJECTS, json=body).json()["id"]
    job = f"{PROJECTS}{copy}/job/"
    assert studio.reader.get(job).json()["kind"] == "copy"
    assert studio.reader.delete(job).status == 403
    assert studio.outsider.get(job).status == studio.outsider.delete(job).status == 404
    assert studio.stranger.get(job).status == 401
    assert studio.writer.delete(job).status == 202
    studio.deliver()
    shown = studio.get(copy)
    assert (shown["status_asset"], shown["is_production"], shown["files"]) == (-1, False, {})
    assert studio.reader.get(job).status == 404
