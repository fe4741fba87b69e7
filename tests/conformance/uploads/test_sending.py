"""What S3 takes by our forms and parts, and what it refuses: in moto behind a strict door, and in ministack."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance.uploads.site import MIB, TEXT, Site, sha256
from tests.support.client import Reply
from tests.support.strict_s3 import Answer

Outcome = tuple[str, int, str | None]


def s3(answer: Answer) -> Outcome:
    return "S3", answer.status, answer.code


def api(reply: Reply) -> Outcome:
    body = reply.json()
    return "API", reply.status, body.get("description") or ", ".join(body["_response_info"]["status"])


def test_a_file_sent_by_its_form_becomes_an_asset(sites: Site) -> None:
    upload = sites.sent(TEXT, name="my report.txt", sha256=sha256(TEXT))
    reply = sites.use(upload)
    assert (reply.status, reply.json()["name"], reply.json()["size"]) == (201, "my_report.txt", len(TEXT))
    assert sites.verdict(upload) == ("clean", None)
    asset = reply.json()["id"].rpartition("/")[2]
    assert sites.client.get(f"/media/{asset}/my_report.txt").body == TEXT
    assert sites.counted() == (0, 0)


def test_a_form_without_a_size_takes_any_size_up_to_the_setting(sites: Site) -> None:
    sites.set(UPLOAD_UNDECLARED_BYTES="100")
    for size in (0, 100):
        assert sites.send(sites.form(size=""), bytes(size)).status == 201
    assert s3(sites.send(sites.form(size=""), bytes(101))) == ("S3", 400, "EntityTooLarge")


def test_an_empty_file_goes_by_form(sites: Site) -> None:
    upload = sites.sent(b"")
    assert sites.use(upload).json()["size"] == 0
    assert sites.verdict(upload)[0] == "clean"


def test_metadata_and_strange_types_are_part_of_what_is_signed(sites: Site) -> None:
    metadata: Any = {"metadata[name]": "Bericht – März.txt", "metadata[relativePath]": "null", "metadata[a]": 'b "c" %'}
    form = sites.form(type="text/plain;charset=utf-8", **metadata)
    assert form["fields"]["x-amz-meta-name"] == "Bericht %E2%80%93 M%C3%A4rz.txt"
    assert sites.send(form).status == 201


def test_parts_sent_by_signed_urls_become_an_asset(sites: Site) -> None:
    content = TEXT * 250_000
    first, last = content[: 5 * MIB], content[5 * MIB :]
    upload = sites.begin(size=len(content), sha256=sha256(content))
    parts = sites.put_all(upload, first, last)
    assert sites.client.get(upload.path()).json() == [
        {"PartNumber": 1, "Size": len(first), "ETag": parts[0]["ETag"]},
        {"PartNumber": 2, "Size": len(last), "ETag": parts[1]["ETag"]},
    ]
    reply = sites.complete(upload, parts)
    assert reply.status == 200, reply.text
    assert reply.json()["location"].endswith(upload.answer["key"])
    used = sites.use(upload.id)
    assert (used.status, used.json()["size"]) == (201, len(content))
    assert sites.verdict(upload.id) == ("clean", None)


def test_completing_again_is_harmless_at_every_stage(sites: Site) -> None:
    upload = sites.begin()
    parts = sites.put_all(upload, TEXT)
    first = sites.complete(upload, parts)
    assert first.status == 200
    again = [sites.complete(upload, parts)]
    listed = sites.client.get(upload.path()).json()
    assert [(part["PartNumber"], part["Size"]) for part in listed] == [(1, len(TEXT))]
    assert sites.use(upload.id).status == 201
    again.append(sites.complete(upload, parts))
    assert sites.verdict(upload.id)[0] == "clean"
    # A client that did not hear of it asks what has arrived, and completes with that.
    again.append(sites.complete(upload, sites.client.get(upload.path()).json()))
    assert [(reply.status, reply.body) for reply in again] == [(200, first.body)] * 3


def test_parts_are_signed_again_and_replaced_at_will(sites: Site) -> None:
    upload = sites.begin(size=3)
    sites.put(upload, 1, b"old, and longer")
    urls = sites.client.get(upload.path("/batch", partNumbers="1,2")).json()["presignedUrls"]
    answer = sites.s3.request("PUT", urls["1"], b"new")
    assert answer.status == 200
    assert sites.complete(upload, [{"PartNumber": 1, "ETag": answer.headers["etag"]}]).status == 200


def test_an_aborted_upload_is_gone_and_aborting_again_is_harmless(sites: Site) -> None:
    upload = sites.begin()
    url = sites.client.get(upload.path("/1")).json()["url"]
    sites.put(upload, 1, TEXT)
    for _ in range(2):
        reply = sites.client.delete(upload.path())
        assert (reply.status, reply.json()) == (200, {})
    assert upload.answer["key"] not in sites.under_way()
    assert s3(sites.s3.request("PUT", url, TEXT)) == ("S3", 404, "NoSuchUpload")
    assert sites.client.get(upload.path()).status == 404
    assert sites.counted() == (0, 0)


# --- The table of refused uploads in docs/uploads.md: what was tried, and what each of these gets.

OTHER_KEY = "small/" + "0" * 32


def expired(site: Site) -> dict[str, object]:
    site.expire_at_once()
    form = site.form()
    time.sleep(1.1)
    return form


def expired_part(site: Site) -> Answer:
    site.expire_at_once()
    url = site.client.get(site.begin().path("/1")).json()["url"]
    time.sleep(1.1)
    return site.s3.request("PUT", url, TEXT)


def part_url(site: Site) -> str:
    return str(site.client.get(site.begin().path("/1")).json()["url"])


def tampered(text: str) -> str:
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def tampered_form(site: Site) -> Answer:
    form = site.form()
    return site.send(form, x_amz_signature=tampered(form["fields"]["x-amz-signature"]))


def form_after_use(site: Site) -> Outcome:
    """The form of a used upload is good until it expires; what comes by it never counts."""
    form = site.form()
    site.send(form)
    site.use(form["id"])
    site.verdict(form["id"])
    assert site.send(form, TEXT).status == 201
    return api(site.use(form["id"]))


def wrong_digest(site: Site) -> Outcome:
    upload = site.begin(sha256=sha256(b"something else"))
    assert site.complete(upload, site.put_all(upload, TEXT)).status == 200
    asset = site.use(upload.id).json()
    verdict, reason = site.verdict(upload.id)
    assert site.client.get(asset["id"].partition(".test")[2]).json()["state"] != "clean"
    return "scan", 0, f"{verdict}: {reason}"


def too_large_to_scan(site: Site) -> Outcome:
    site.set(SCAN_MAX_BYTES="10")
    verdict, reason = site.verdict(site.sent(TEXT))
    return "scan", 0, f"{verdict}: {reason}"


def used_twice(site: Site) -> Outcome:
    upload = site.sent()
    assert site.use(upload).status == 201
    return api(site.use(upload))


def other_bytes(site: Site) -> Outcome:
    """S3 refuses them itself. ministack knows no checksum in a form; then the scan finds out."""
    form = site.form(sha256=sha256(TEXT))
    answer = site.send(form, TEXT.upper())
    if answer.status == 201:
        assert site.verdict(form["id"]) == ("unscannable", "digest_mismatch")
        return "S3", 400, "BadDigest"
    return s3(answer)


REFUSED: dict[str, tuple[Callable[[Site], Outcome], Outcome]] = {
    "form: a larger file than was announced": (
        lambda site: s3(site.send(site.form(), TEXT + b"x")),
        ("S3", 400, "EntityTooLarge"),
    ),
    "form: a smaller file than was announced": (
        lambda site: s3(site.send(site.form(), TEXT[1:])),
        ("S3", 400, "EntityTooSmall"),
    ),
    "form: another content type": (
        lambda site: s3(site.send(site.form(), Content_Type="text/html")),
        ("S3", 403, "AccessDenied"),
    ),
    "form: another key": (lambda site: s3(site.send(site.form(), key=OTHER_KEY)), ("S3", 403, "AccessDenied")),
    "form: a field that was not signed": (
        lambda site: s3(site.send(site.form(), tagging="<Tagging/>")),
        ("S3", 403, "AccessDenied"),
    ),
    "form: an ACL": (lambda site: s3(site.send(site.form(), acl="public-read")), ("S3", 403, "AccessDenied")),
    "form: expired": (lambda site: s3(site.send(expired(site))), ("S3", 403, "AccessDenied")),
    "form: tampered signature": (lambda site: s3(tampered_form(site)), ("S3", 403, "SignatureDoesNotMatch")),
    "form: other bytes than the declared SHA-256": (other_bytes, ("S3", 400, "BadDigest")),
    "part: expired": (lambda site: s3(expired_part(site)), ("S3", 403, "AccessDenied")),
    "part: tampered signature": (
        lambda site: s3(site.s3.request("PUT", tampered(part_url(site)), TEXT)),
        ("S3", 403, "SignatureDoesNotMatch"),
    ),
    "part: another part's URL": (
        lambda site: s3(site.s3.request("PUT", part_url(site).replace("partNumber=1", "partNumber=2"), TEXT)),
        ("S3", 403, "SignatureDoesNotMatch"),
    ),
    "part: another key's URL": (
        lambda site: s3(site.s3.request("PUT", part_url(site).replace("/large/", "/small/"), TEXT)),
        ("S3", 403, "SignatureDoesNotMatch"),
    ),
    "part: another method": (
        lambda site: s3(site.s3.request("DELETE", part_url(site))),
        ("S3", 403, "SignatureDoesNotMatch"),
    ),
    "part: signed by another principal": (
        lambda site: api(site.other.client.get(site.begin().path("/1"))),
        ("API", 404, "there is no such upload"),
    ),
    "used by another principal": (
        lambda site: api(site.use(site.sent(), by=site.other.client)),
        ("API", 422, "Upload not found"),
    ),
    "used before it has come": (lambda site: api(site.use(site.form()["id"])), ("API", 422, "Upload not found")),
    "used twice": (used_twice, ("API", 422, "Upload not found")),
    "used again after the form was sent again": (form_after_use, ("API", 422, "Upload not found")),
    "in parts: other bytes than the declared SHA-256": (wrong_digest, ("scan", 0, "unscannable: digest_mismatch")),
    "larger than the scanner's limit": (too_large_to_scan, ("scan", 0, "unscannable: larger_than_scanner_limit")),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_was_not_allowed_is_refused(sites: Site, case: str) -> None:
    act, expected = REFUSED[case]
    assert act(sites) == expected
