"""Large restricted files by the edge: what the app signs, what the edge takes of it, and what a viewer gets then."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
import urllib3
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from chalicelib import clock
from chalicelib.files import library, objects
from chalicelib.settings import BadSetting
from chalicelib.web import delivery, policies
from infra.template import Resolver, Template
from tests.conformance.stores.gallery import Gallery
from tests.support import javascript
from tests.support.cloud import Cloud
from tests.support.edge import GIVEN, Answer, SignedEdge, behaviour, distribution, headers_of, policy

KEY = ec.generate_private_key(ec.SECP256R1())
NOBODYS = ec.generate_private_key(ec.SECP256R1())
NAME = "tower (1) é.html"


def pem(key: Any) -> str:
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


@pytest.fixture
def edge(cloud: Cloud) -> SignedEdge:
    """The edge, with a key group of one key, with which the app signs."""
    cloud.set(EDGE_KEY_ID="K1", EDGE_PRIVATE_KEY=pem(KEY))
    return SignedEdge({"K1": KEY.public_key()}, cloud.settings.library_bucket)


@pytest.fixture
def signed(edge: SignedEdge) -> Callable[..., str]:
    """Makes an address of a file in the library."""
    library.put("f1/0123", b"<p>clean", content_type="text/html")

    def make(**options: Any) -> str:
        return library.signed_url("f1/0123", name=NAME, content_type="text/html; charset=utf-8", **options)

    return make


def changed(url: str, **queries: str) -> str:
    address, _, query = url.partition("?")
    return f"{address}?{urlencode(dict(parse_qsl(query)) | queries)}"


@pytest.mark.parametrize(
    ("sites", "origin", "expected"),
    [(False, "http://assets.test", policies.MEDIA), (True, "http://stores.test", policies.STORES)],
)
def test_who_holds_an_address_gets_the_file_under_its_name_and_harmless(
    edge: SignedEdge, signed: Callable[..., str], sites: bool, origin: str, expected: dict[str, str]
) -> None:
    url = signed(sites=sites)
    assert url.startswith(f"{origin}/library/")
    answer = edge.get(url)
    assert (answer.status, answer.body) == (200, b"<p>clean")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "filename*=UTF-8''tower%20%281%29%20%C3%A9.html" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert expected.items() <= answer.headers.items()


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda url: url.partition("?")[0],
        lambda url: url.replace("f1/0123", "f1/4567"),
        lambda url: url.replace("/library/media/", "/library/stores/"),
        lambda url: url.replace("assets.test", "stores.test"),
        lambda url: url.replace("charset", "charsex"),
        lambda url: url + "&response-cache-control=public",
        lambda url: changed(url, Expires="99999999999"),
        lambda url: changed(url, **{"Key-Pair-Id": "K2"}),
        lambda url: url.replace("Signature=ME", "Signature=MF"),
    ],
)
def test_an_address_is_good_for_nothing_but_what_was_signed(
    edge: SignedEdge, signed: Callable[..., str], spoilt: Callable[[str], str]
) -> None:
    url = signed()
    assert edge.get(url).status == 200
    assert spoilt(url) != url
    assert edge.get(spoilt(url)) == Answer(403)


ODD_NAMES = (
    "the old tower.html",
    "a+b c%2Bd.html",
    "a//b/../c.html",
    "München – 塔.html",
    "tower \N{ROCKET}'(*)!~.html",
    'q"uo\\te&response-content-type=text/html#x?.html',
)
ODD_KEYS = ("f1/0123", "f1/a b", "f1/a+b", "f1//a//b", "f1/é塔", "f1/%2B", "f1/~'(*)!")


@pytest.mark.parametrize("name", ODD_NAMES)
@pytest.mark.parametrize("sites", [False, True])
def test_whatever_a_file_is_called_its_address_is_good_as_it_is_sent(edge: SignedEdge, name: str, sites: bool) -> None:
    library.put("f1/0123", b"<p>clean", content_type="text/html")
    url = library.signed_url("f1/0123", name=name, content_type="text/html; charset=utf-8", sites=sites)
    answer = edge.get(url)
    assert (answer.status, answer.body) == (200, b"<p>clean")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Disposition"] == objects.disposition(name)


@pytest.mark.parametrize("key", ODD_KEYS)
def test_whatever_the_key_its_address_is_good_and_the_bucket_is_asked_for_it(edge: SignedEdge, key: str) -> None:
    library.put(key, key.encode(), content_type="text/plain")
    answer = edge.get(library.signed_url(key, name=NAME, content_type="text/plain"))
    assert (answer.status, answer.body) == (200, key.encode())


def test_the_signature_is_of_the_address_as_it_is_sent_and_not_of_what_the_bucket_is_asked(
    edge: SignedEdge, signed: Callable[..., str]
) -> None:
    """CloudFront looks at it before the viewer function takes away what stands in front of the key."""
    url = signed()
    assert edge.get(url).status == 200
    assert (urlsplit(url).path, edge.asked) == ("/library/media/f1/0123", "/f1/0123")
    assert edge.is_signed(url)
    assert not edge.is_signed(url.replace(urlsplit(url).path, edge.asked))


def test_no_client_writes_an_address_otherwise_than_it_was_signed(edge: SignedEdge) -> None:
    """Browsers and libraries have ideas of their own about quoting; what they send is what has to be signed."""
    kind = "text/html; charset=utf-8"
    urls = [library.signed_url(key, name=name, content_type=kind) for key in ODD_KEYS for name in ODD_NAMES]
    assert javascript.hrefs(urls) == urls
    assert [str(httpx.URL(url)) for url in urls] == urls
    assert [urllib3.util.parse_url(url).url for url in urls] == urls


@pytest.mark.parametrize(
    "otherwise",
    [
        lambda url: url.replace("/media/f1/", "/media//f1/"),
        lambda url: url.replace("/f1/a", "/f1//a"),
        lambda url: url.replace("%20", "+"),
        lambda url: url.replace("%2B", "%2b"),
        lambda url: url.replace("%2B", "+"),
        lambda url: url.replace("/f1/", "/%66%31/"),
    ],
)
def test_an_address_that_is_written_otherwise_is_refused(edge: SignedEdge, otherwise: Callable[[str], str]) -> None:
    library.put("f1/a b+c", b"clean", content_type="text/plain")
    url = library.signed_url("f1/a b+c", name="a b+c", content_type="text/plain")
    assert edge.get(url).status == 200
    assert otherwise(url) != url
    assert edge.get(otherwise(url)) == Answer(403)


def test_what_somebody_else_signed_is_refused(cloud: Cloud, edge: SignedEdge, signed: Callable[..., str]) -> None:
    cloud.set(EDGE_PRIVATE_KEY=pem(NOBODYS))
    assert edge.get(signed()) == Answer(403)


def test_an_address_ends(edge: SignedEdge, signed: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    url, longer = signed(), signed(seconds=3600)
    at = clock.epoch()
    monkeypatch.setattr(clock, "epoch", lambda: at + 59)
    assert edge.get(url).status == 200
    monkeypatch.setattr(clock, "epoch", lambda: at + 61)
    assert (edge.get(url).status, edge.get(longer).status) == (403, 200)


def test_one_key_follows_the_other_without_a_gap(cloud: Cloud, signed: Callable[..., str]) -> None:
    both = SignedEdge({"K1": KEY.public_key(), "K2": NOBODYS.public_key()}, cloud.settings.library_bucket)
    before = signed()
    cloud.set(EDGE_KEY_ID="K2", EDGE_PRIVATE_KEY=pem(NOBODYS))
    assert (both.get(before).status, both.get(signed()).status) == (200, 200)


def test_without_a_key_or_a_host_and_from_a_device_files_go_by_s3(
    cloud: Cloud, edge: SignedEdge, signed: Callable[..., str]
) -> None:
    device = cloud.settings.device_buckets
    elsewhere = library.signed_url(library.placed(device, "f1/0123"), name=NAME, content_type="text/html")
    assert urlsplit(elsewhere).netloc.startswith(device)
    cloud.set(ASSETS_ORIGIN="")
    assert "X-Amz-Signature=" in signed()
    cloud.set(ASSETS_ORIGIN="https://assets.test", EDGE_KEY_ID="", EDGE_PRIVATE_KEY="")
    assert "X-Amz-Signature=" in signed()


def test_files_of_stores_are_on_the_assets_host_where_they_have_none(cloud: Cloud, signed: Callable[..., str]) -> None:
    cloud.set(STORES_ORIGIN="")
    assert signed(sites=True).startswith("http://assets.test/library/stores/")


@pytest.mark.parametrize(
    "given", ["nonsense", pem(rsa.generate_private_key(65537, 2048)), pem(ec.generate_private_key(ec.SECP384R1()))]
)
def test_a_key_that_the_edge_does_not_take_is_named(cloud: Cloud, signed: Callable[..., str], given: str) -> None:
    cloud.set(EDGE_PRIVATE_KEY=given)
    with pytest.raises(BadSetting, match="EDGE_PRIVATE_KEY"):
        signed()


def test_a_key_that_is_named_has_to_be_there(cloud: Cloud) -> None:
    cloud.set(EDGE_KEY_ID="K1")
    with pytest.raises(BadSetting, match="EDGE_PRIVATE_KEY"):
        _ = cloud.settings


def test_a_large_file_of_a_restricted_project_goes_by_the_edge(edge: SignedEdge, cloud: Cloud) -> None:
    gallery = Gallery(cloud)
    cloud.monkeypatch.setattr(delivery, "INLINE_LIMIT", 100)
    gallery.uploaded("map", "big.html", b"x" * 200)
    reply = gallery.stranger.get(gallery.meta("map")["index_file"])
    assert (reply.status, reply.headers["Cache-Control"]) == (302, "private, no-store")
    answer = edge.get(reply.headers["Location"])
    assert (answer.status, answer.body) == (200, b"x" * 200)
    assert answer.headers["Content-Disposition"] == 'inline; filename="big.html"'
    assert policies.STORES.items() <= answer.headers.items()


# --- the template


@pytest.fixture(scope="module")
def template() -> Template:
    return Template()


@pytest.mark.parametrize("kind", ["media", "stores"])
def test_the_edge_caches_nothing_that_was_signed_and_passes_on_only_what_was(template: Template, kind: str) -> None:
    chosen = behaviour(distribution(template, "PublicDistribution"), f"/library/{kind}/f1/0123")
    assert chosen["TrustedKeyGroups"] == [{"Ref": "EdgeKeyGroup"}]
    assert (chosen["ViewerProtocolPolicy"], chosen["AllowedMethods"]) == ("https-only", ["GET", "HEAD"])
    assert policy(template, chosen["CachePolicyId"])["MaxTTL"] == 0
    forwarded = policy(template, chosen["OriginRequestPolicyId"])
    queries = forwarded["QueryStringsConfig"]
    assert queries == {
        "QueryStringBehavior": "whitelist",
        "QueryStrings": ["response-content-disposition", "response-content-type"],
    }
    assert forwarded["CookiesConfig"] == {"CookieBehavior": "none"}
    assert headers_of(policy(template, chosen["ResponseHeadersPolicyId"]))["Cache-Control"] == (
        "private, no-store",
        True,
    )


def test_only_the_public_distribution_reads_the_library_and_does_not_list_it(template: Template) -> None:
    said = template.resources["LibraryBucketPolicy"].properties["PolicyDocument"]["Statement"]
    [(condition, reader, otherwise)] = [one["Fn::If"] for one in said if "Fn::If" in one]
    assert (condition, otherwise) == ("EdgeKeys", {"Ref": "AWS::NoValue"})
    assert (reader["Action"], reader["Principal"]) == ("s3:GetObject", {"Service": "cloudfront.amazonaws.com"})
    assert "${PublicDistribution}" in reader["Condition"]["StringEquals"]["AWS:SourceArn"]["Fn::Sub"]


PUBLIC = "-----BEGIN PUBLIC KEY-----\nMFkwA\nQ==\n-----END PUBLIC KEY-----\n"


@pytest.mark.parametrize(
    ("given", "group", "signs"),
    [
        ({}, None, ""),
        ({"EdgePublicKeyA": PUBLIC}, ["a"], "a"),
        ({"EdgePublicKeyA": PUBLIC, "EdgePublicKeyB": PUBLIC}, ["a", "b"], "a"),
        ({"EdgePublicKeyA": PUBLIC, "EdgePublicKeyB": PUBLIC, "EdgeSignsWith": "B"}, ["a", "b"], "b"),
        ({"EdgePublicKeyB": PUBLIC, "EdgeSignsWith": "B"}, ["b"], "b"),
        ({"EdgePublicKeyB": PUBLIC}, ["b"], ""),
        ({"EdgePublicKeyA": PUBLIC, "Edge": "none"}, None, ""),
    ],
)
def test_the_app_signs_with_the_key_it_is_told_if_the_edge_knows_it(
    template: Template, given: dict[str, str], group: list[str] | None, signs: str
) -> None:
    values = template.parameters(GIVEN | {"Scanner": "yara"} | given)
    refs = values | {"EdgeKeyA": "a", "EdgeKeyB": "b"}
    resolver = Resolver(refs, lambda *_: "", lambda condition: template.holds(condition, values))
    assert template.holds("EdgeKeys", values) is (group is not None)
    if group is not None:
        items = template.resources["EdgeKeyGroup"].properties["KeyGroupConfig"]["Items"]
        assert resolver.resolve(items) == group
    variables = template.resources["APIHandler"].properties["Environment"]["Variables"]
    assert resolver.resolve(variables)["EDGE_KEY_ID"] == signs
