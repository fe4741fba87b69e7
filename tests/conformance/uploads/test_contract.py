"""The answers, field by field as Uppy's plug-in reads them; who may ask; and what a client may say."""

import base64
import json
from typing import Any

import pytest

from app import app
from chalicelib.identity.models import Identity
from chalicelib.rows import update
from chalicelib.settings import BadSetting, read, settings
from tests.conformance.uploads.site import MIB, TEXT, Site, sha256
from tests.support.calls import counting
from tests.support.client import Client

PAGE = "https://editor.example"
UNKNOWN = {"title": "Not Found", "description": "there is no such upload"}


def policy(form: dict[str, Any]) -> Any:
    return json.loads(base64.b64decode(form["fields"]["policy"]))["conditions"]


def test_params_answer_what_a_form_needs(site: Site) -> None:
    form = site.form(sha256=sha256(TEXT))
    assert form.keys() == {"method", "url", "fields", "headers", "expires", "id"}
    assert (form["method"], form["headers"], form["expires"]) == ("POST", {}, 1800)
    assert form["fields"]["key"] == f"small/{form['id']}"
    assert form["fields"]["Content-Type"] == "text/plain"
    assert ["content-length-range", len(TEXT), len(TEXT)] in policy(form)
    assert {"x-amz-checksum-sha256": form["fields"]["x-amz-checksum-sha256"]} in policy(form)
    assert not {"acl", "tagging"} & {name.lower() for name in form["fields"]}


def test_a_head_begins_no_upload(site: Site) -> None:
    with counting() as calls:
        reply = site.owner.client.head("/s3/params?filename=a.txt&type=text/plain")
    assert (reply.status, reply.headers["Allow"]) == (405, "GET")
    assert set(calls.names()) <= {"dynamodb.BatchGetItem"}, "the caller is looked up, and no more"


def test_the_prefix_and_the_largest_size_follow_from_the_size_announced(site: Site) -> None:
    for size, prefix in ((64 * MIB, "small/"), (64 * MIB + 1, "large/"), (5 * 1024**3, "large/")):
        form = site.form(size=str(size))
        assert form["fields"]["key"].startswith(prefix)
        assert ["content-length-range", size, size] in policy(form)
    undeclared = site.form(size="")
    assert undeclared["fields"]["key"].startswith("large/")
    assert ["content-length-range", 0, 128 * MIB] in policy(undeclared)


def test_a_multipart_upload_answers_key_and_upload_id(site: Site) -> None:
    upload = site.begin(size=100 * MIB)
    assert upload.answer.keys() == {"key", "uploadId", "bucket", "id", "partSize"}
    assert upload.answer["key"] == f"large/{upload.id}"
    assert site.begin(size=100).answer["key"].startswith("small/")
    assert site.begin().answer["key"].startswith("large/")
    assert upload.answer["partSize"] == 8 * MIB


def test_parts_are_signed_one_by_one_and_in_batches(site: Site) -> None:
    upload = site.begin()
    signed = site.client.get(upload.path("/7")).json()
    assert signed.keys() == {"method", "url", "headers", "expires"}
    assert (signed["method"], signed["headers"], signed["expires"]) == ("PUT", {}, 1800)
    assert "partNumber=7" in signed["url"]
    batch = site.client.get(upload.path("/batch", partNumbers="1,2,10000")).json()
    assert batch["presignedUrls"].keys() == {"1", "2", "10000"}
    assert all(f"partNumber={number}&" in url for number, url in batch["presignedUrls"].items())


def test_listing_and_completing_answer_numbers_and_a_location(site: Site) -> None:
    upload = site.begin()
    assert site.client.get(upload.path()).json() == []
    [part] = site.put_all(upload, TEXT)
    [listed] = site.client.get(upload.path()).json()
    assert listed == {"PartNumber": 1, "Size": len(TEXT), "ETag": part["ETag"]}
    assert type(listed["PartNumber"]) is type(listed["Size"]) is int
    answer = site.complete(upload, [part]).json()
    assert answer == {
        "location": f"https://{settings().intake_bucket}.s3.amazonaws.com/{upload.answer['key']}",
        "key": upload.answer["key"],
        "bucket": settings().intake_bucket,
        "id": upload.id,
    }


def test_more_parts_than_s3_tells_at_once_are_listed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = site.begin()
    site.put_all(upload, b"a" * 5 * MIB, b"b" * 5 * MIB, b"c")
    from chalicelib import aws

    real = aws.s3().list_parts
    pages: list[Any] = []

    def one_at_a_time(**request: Any) -> Any:
        pages.append(request)
        return real(**{**request, "MaxParts": 1})

    monkeypatch.setattr(aws.s3(), "list_parts", one_at_a_time)
    assert [part["PartNumber"] for part in site.client.get(upload.path()).json()] == [1, 2, 3]
    assert len(pages) == 3


# --- who may ask


def test_nobody_else_can_do_anything_with_an_upload(site: Site) -> None:
    upload = site.begin()
    parts = site.put_all(upload, TEXT)
    other = site.other.client
    for reply in (
        other.get(upload.path()),
        other.get(upload.path("/1")),
        other.get(upload.path("/batch", partNumbers="1")),
        site.complete(upload, parts, by=other),
        other.delete(upload.path()),
    ):
        assert (reply.status, reply.json()) == (404, UNKNOWN)
    assert site.use(upload.id, by=other).status == 422
    assert site.complete(upload, parts).status == 200
    assert site.complete(upload, parts, by=other).json() == UNKNOWN
    assert site.use(upload.id, by=other).status == 422


@pytest.mark.parametrize("key", ["large/" + "0" * 32, "x", "large/../" + "0" * 32, "\0", "small/", "é"])
def test_a_key_that_is_not_the_uploads_is_unknown(site: Site, key: str) -> None:
    upload = site.begin()
    for reply in (site.client.get(upload.path(key=key)), site.client.get(upload.path("/1", key=key))):
        assert (reply.status, reply.json()) == (404, UNKNOWN)


def test_an_upload_id_that_is_not_the_uploads_is_unknown(site: Site) -> None:
    one, other = site.begin(), site.begin()
    other.answer["uploadId"] = one.answer["uploadId"]
    assert site.client.get(other.path("/1")).json() == UNKNOWN
    single = site.form()
    assert site.client.get(f"/s3/multipart/None/1?key={single['fields']['key']}").status == 404


def test_callers_must_be_signed_in(site: Site) -> None:
    nobody = Client(app)
    for method, path in (("GET", "/s3/params?filename=a"), ("POST", "/s3/multipart"), ("GET", "/s3/multipart/x?key=y")):
        reply = nobody.request(method, path)
        assert (reply.status, reply.json()["title"]) == (401, "Access token required")
    row = Identity.find(f"principal#{site.other.uid}", "principal")
    assert row is not None
    update(row, [Identity.permissions.set([])])
    assert site.other.client.get("/s3/params?filename=a").status == 403
    assert site.client.get("http://assets.test/s3/params?filename=a").status == 404


# --- what a client may say


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", "filename is missing"),
        ("filename=", "filename is missing"),
        ("filename=a&type=undefined", "type is not a content type"),
        ("filename=a&type=text/plain%0d%0aX:%20y", "type is not a content type"),
        ("filename=a&size=-1", "size must be a whole number of bytes"),
        ("filename=a&size=1e3", "size must be a whole number of bytes"),
        ("filename=a&size=5368709121", "size is at most 5368709120 bytes; send a larger file by /s3/multipart"),
        ("filename=a&sha256=abc", "sha256 must be 64 hexadecimal digits"),
        ("filename=a&metadata[a%20b]=1", "a metadata name holds a character that no header may"),
        (f"filename=a&metadata[a]={'x' * 2048}", "metadata has more than 2048 bytes"),
        ("filename=a&metadata[a]=1&metadata[A]=1", "a metadata name is given twice"),
    ],
)
def test_what_makes_no_sense_is_told(site: Site, query: str, told: str) -> None:
    reply = site.client.get(f"/s3/params?{query}")
    assert (reply.status, reply.json()) == (422, {"title": "validation failed", "description": told})
    assert site.counted() == (0, 0)


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"", 400, "the body must be a JSON object"),
        (b"[]", 400, "the body must be a JSON object"),
        (b"{", 400, "the body is not valid JSON"),
        (b"{}", 422, "filename is missing"),
        (b'{"filename": 1}', 422, "filename is missing"),
        (b'{"filename": "a", "size": true}', 422, "size must be a whole number of bytes"),
        (b'{"filename": "a", "size": 1.5}', 422, "size must be a whole number of bytes"),
        (b'{"filename": "a", "size": 5497558138881}', 422, "size is at most 5497558138880 bytes"),
        (b'{"filename": "a", "type": ["a/b"]}', 422, "type is not a content type"),
        (b'{"filename": "a", "metadata": {"a": {}}}', 422, "metadata must be an object of texts"),
    ],
)
def test_a_multipart_body_that_makes_no_sense_is_told(site: Site, body: bytes, status: int, told: str) -> None:
    reply = site.client.post("/s3/multipart", body=body, headers={"Content-Type": "application/json"})
    assert (reply.status, reply.json()["description"]) == (status, told)
    assert site.under_way() == []


def test_what_uppy_leaves_out_is_filled_in(site: Site) -> None:
    assert site.client.get("/s3/params?filename=a.txt").json()["fields"]["Content-Type"] == "application/octet-stream"
    body = {"filename": "a", "type": None, "metadata": {"name": "a", "relativePath": None, "n": 1, "b": True}}
    assert site.client.post("/s3/multipart", json=body).status == 200


@pytest.mark.parametrize("number", ["0", "10001", "-1", "1.0", "x", "99999999999999999999"])
def test_a_part_has_a_number_from_1_to_10000(site: Site, number: str) -> None:
    upload = site.begin()
    told = {"title": "validation failed", "description": "a part's number is from 1 to 10000"}
    assert site.client.get(upload.path(f"/{number}")).json() == told
    assert site.client.get(upload.path("/batch", partNumbers=f"1,{number}")).json() == told


def test_a_batch_has_a_largest_size_and_the_largest_fits_into_an_answer(site: Site) -> None:
    upload = site.begin()
    numbers = ",".join(str(number) for number in range(1, 1001))
    assert len(site.client.get(upload.path("/batch", partNumbers=numbers)).json()["presignedUrls"]) == 1000
    assert site.client.get(upload.path("/batch", partNumbers=f"{numbers},1001")).status == 422
    assert site.client.get(upload.path("/batch")).json()["description"] == "the query parameter partNumbers is missing"


def test_every_other_method_is_refused_in_the_same_shape(site: Site) -> None:
    reply = site.client.put("/s3/params")
    assert (reply.status, reply.headers["Allow"], sorted(reply.json())) == (
        405,
        "GET, HEAD, OPTIONS",
        ["description", "title"],
    )
    assert site.client.get("/s3/sts").status == 404


# --- pages of other origins


def test_pages_of_named_origins_may_read_answers_and_errors(site: Site) -> None:
    site.set(UPLOAD_ORIGINS=f"https://other.example, {PAGE}/")
    for path, status in (("/s3/params?filename=a", 200), ("/s3/params", 422), ("/s3/multipart/x?key=y", 404)):
        reply = site.client.get(path, headers={"Origin": PAGE})
        assert (reply.status, reply.headers["Access-Control-Allow-Origin"]) == (status, PAGE)
        assert reply.headers["Vary"] == "Origin"
        assert "Access-Control-Allow-Credentials" not in reply.headers
    refused = Client(app).get("/s3/params", headers={"Origin": PAGE})
    assert (refused.status, refused.headers["Access-Control-Allow-Origin"]) == (401, PAGE)
    assert Client(app).get("/s3/nothing", headers={"Origin": PAGE}).headers["Access-Control-Allow-Origin"] == PAGE


def test_a_preflight_needs_no_token_and_allows_what_the_route_has(site: Site) -> None:
    site.set(UPLOAD_ORIGINS=PAGE)
    asked = {
        "Origin": PAGE,
        "Access-Control-Request-Method": "DELETE",
        "Access-Control-Request-Headers": "authorization",
    }
    reply = Client(app).request("OPTIONS", "/s3/multipart/x?key=y", headers=asked)
    assert (reply.status, reply.body) == (204, b"")
    assert reply.headers["Access-Control-Allow-Methods"] == "DELETE, GET, HEAD, OPTIONS"
    assert "Authorization" in reply.headers["Access-Control-Allow-Headers"]
    assert "Content-Type" in reply.headers["Access-Control-Allow-Headers"]
    assert reply.headers["Access-Control-Max-Age"] == "7200"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://editor.example.evil", "null", "", "http://editor.example"]
)
def test_other_origins_get_no_headers(site: Site, origin: str) -> None:
    site.set(UPLOAD_ORIGINS=PAGE)
    for reply in (
        site.client.get("/s3/params?filename=a", headers={"Origin": origin}),
        Client(app).request("OPTIONS", "/s3/params", headers={"Origin": origin}),
    ):
        assert not [name for name in reply.headers if name.startswith("access-control")]


def test_by_default_no_origin_may_and_other_apis_never_share(site: Site) -> None:
    assert (
        "Access-Control-Allow-Origin" not in site.client.get("/s3/params?filename=a", headers={"Origin": PAGE}).headers
    )
    site.set(UPLOAD_ORIGINS="*")
    assert site.client.get("/s3/params", headers={"Origin": PAGE}).headers["Access-Control-Allow-Origin"] == "*"
    for path in ("/assets/x", "/healthcheck/live"):
        assert "Access-Control-Allow-Origin" not in site.client.get(path, headers={"Origin": PAGE}).headers


def test_any_origin_is_refused_on_a_stage(site: Site) -> None:
    import os

    assert read({**os.environ, "UPLOAD_ORIGINS": "*"}).upload_origins == "*"
    for more in ({"STAGE": "dev"}, {"AWS_LAMBDA_FUNCTION_NAME": "api"}):
        with pytest.raises(BadSetting, match="UPLOAD_ORIGINS"):
            read({**os.environ, "UPLOAD_ORIGINS": "*", **more})
