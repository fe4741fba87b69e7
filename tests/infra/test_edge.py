"""The distributions of the template: which origin a request reaches, what the cache knows it by, what comes back.

Behaviours are evaluated here, and viewer functions run in Node.js; CloudFront itself is nowhere to be had.
"""

import functools
import re
from typing import Any

import pytest

from app import app
from chalicelib.console import pages
from chalicelib.reference import documents
from chalicelib.web import policies
from chalicelib.web.hosts import Host
from infra.template import Resolver, Template, document
from tests.support import javascript
from tests.support.client import Client
from tests.support.cloud import Cloud
from tests.support.edge import GIVEN, behaviour, code, distribution, headers_of, policy

PUBLISHED = ("/media/", "/government/uploads/", "/stores/")
PAGES = ("/console", "/reference")
ALL_METHODS = {"GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"}
DISTRIBUTIONS = ("PublicDistribution", "DraftDistribution", "ApiDistribution")


@pytest.fixture(scope="module")
def template() -> Template:
    return Template()


def asked(template: Template, *events: dict[str, Any], **given: str) -> list[dict[str, Any]]:
    """What becomes of requests for published files, hosts named as given."""
    return javascript.run(
        code(template, "viewer-request", behaviour(distribution(template, "PublicDistribution"), "/media/x"), **given),
        events,
    )


def paths() -> list[tuple[str, set[str]]]:
    """A path for each route of all APIs, with its methods."""
    return [(re.sub(r"\{(\w+)\+?\}", "x1", pattern), set(methods)) for pattern, methods in app.routes.items()]


def test_of_all_paths_only_published_files_may_come_from_the_bucket(template: Template) -> None:
    config = distribution(template, "PublicDistribution")
    for path, methods in paths():
        chosen = behaviour(config, path)
        assert not path.startswith("/library/"), "a path that the edge has for itself"
        if path.startswith(PUBLISHED):
            assert chosen["TargetOriginId"] == "media-then-app"
            assert methods <= set(chosen["AllowedMethods"])
        else:
            assert chosen["TargetOriginId"] == "app"
            assert set(chosen["AllowedMethods"]) == ALL_METHODS
    assert sum(path.startswith(PUBLISHED) for path, _ in paths()) >= 3


def test_the_app_is_asked_where_the_bucket_has_nothing(template: Template) -> None:
    [group] = distribution(template, "PublicDistribution")["OriginGroups"]["Items"]
    assert [member["OriginId"] for member in group["Members"]["Items"]] == ["media", "app"]
    assert group["FailoverCriteria"]["StatusCodes"]["Items"] == [403, 404]
    [reader] = statements_for_the_edge(template, "MediaBucketPolicy")
    assert reader["Action"] == "s3:GetObject"  # and no listing, so what is missing is a 403


def statements_for_the_edge(template: Template, bucket_policy: str) -> list[dict[str, Any]]:
    said = template.resources[bucket_policy].properties["PolicyDocument"]["Statement"]
    return [one["Fn::If"][1] for one in said if "Fn::If" in one]


def test_drafts_never_come_from_the_bucket_or_a_cache(template: Template) -> None:
    config = distribution(template, "DraftDistribution")
    assert [origin["Id"] for origin in config["Origins"]] == ["app"]
    for path, _ in paths():
        cache = policy(template, behaviour(config, path)["CachePolicyId"])
        assert cache["MaxTTL"] == 0


def test_buckets_are_origins_only_by_an_access_control_of_their_own(template: Template) -> None:
    buckets = {"media": ("MediaBucket", "MediaAccess"), "library": ("LibraryBucket", "LibraryAccess")}
    assert {one.name for one in template.of_type("AWS::CloudFront::Distribution")} == set(DISTRIBUTIONS)
    for name, expected in (("PublicDistribution", {"media", "library", "app"}), ("DraftDistribution", {"app"})):
        origins = distribution(template, name)["Origins"]
        assert {origin["Id"] for origin in origins} == expected
        for origin in origins:
            if origin["Id"] in buckets:
                bucket, access = buckets[origin["Id"]]
                assert origin["DomainName"] == {"Fn::GetAtt": [bucket, "RegionalDomainName"]}
                assert origin["OriginAccessControlId"] == {"Ref": access}
                control = template.resources[access].properties["OriginAccessControlConfig"]
                assert control["SigningBehavior"] == "always"  # in place of what a viewer sent, too
            else:
                [header] = origin["OriginCustomHeaders"]
                assert header == {"HeaderName": "X-Origin-Secret", "HeaderValue": {"Ref": "OriginSecret"}}
                assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"


def test_no_query_and_no_cookie_is_in_a_cache_key_and_no_origin_gets_the_viewers_host(template: Template) -> None:
    for cache in template.of_type("AWS::CloudFront::CachePolicy"):
        key = cache.properties["CachePolicyConfig"]["ParametersInCacheKeyAndForwardedToOrigin"]
        assert key["QueryStringsConfig"]["QueryStringBehavior"] == "none"
        assert key["CookiesConfig"]["CookieBehavior"] == "none"
        assert "Host" not in key["HeadersConfig"].get("Headers", [])
    for forwarded in template.of_type("AWS::CloudFront::OriginRequestPolicy"):
        headers = forwarded.properties["OriginRequestPolicyConfig"]["HeadersConfig"]
        assert (headers["HeaderBehavior"] == "allExcept") == ("Host" in headers.get("Headers", []))


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_an_error_is_remembered_no_longer_than_the_app_says(template: Template, name: str) -> None:
    """Unless told otherwise CloudFront repeats it for ten seconds, to whoever asks, whatever Cache-Control says."""
    remembered = distribution(template, name)["CustomErrorResponses"]
    assert {item["ErrorCode"] for item in remembered} >= {400, 403, 404, 405, 416, 500, 502, 503, 504}
    assert {item["ErrorCachingMinTTL"] for item in remembered} == {0}


@pytest.mark.parametrize(
    ("sent", "known_as"),
    [
        ("/media/1/a.txt", "/media/1/a.txt"),
        ("/media//1///a.txt", "/media/1/a.txt"),
        ("/media/1/a+b.txt", "/media/1/a%2Bb.txt"),
        ("/media/1/a%2bb.txt", "/media/1/a%2Bb.txt"),
        ("/media/1/%61.txt", "/media/1/a.txt"),
        ("/media/1/a%2Fb", "/media/1/a%2Fb"),
        ("/media/1/it's(*)!.txt", "/media/1/it%27s%28%2A%29%21.txt"),
        ("/media/1/%E2%82%AC", "/media/1/%E2%82%AC"),
        ("/media/1/%FF", "/media/1/%FF"),
        ("/media/1/%zz", "/media/1/%zz"),
    ],
)
def test_every_way_to_write_a_path_is_one_to_the_cache(template: Template, sent: str, known_as: str) -> None:
    [answer] = asked(template, javascript.request(sent))
    assert answer["result"]["uri"] == known_as
    assert answer["origin"] is None


def test_queries_are_dropped_so_that_none_turns_what_the_bucket_sends(template: Template) -> None:
    [answer] = asked(template, javascript.request("/media/1/a.svg", query="response-content-type=text/html&v=1"))
    assert answer["result"]["querystring"] == {}
    assert "x-uncached" not in answer["result"]["headers"]


@pytest.mark.parametrize(
    "token",
    [
        {"query": "token=abc&v=1"},
        {"query": "AUTH_TOKEN=abc"},
        {"Authorization": "Bearer abc"},
        {"Auth_Token": "abc"},
        {"Auth__Token": "abc"},
        {"Cookie": "a=b; AUTH_TOKEN=abc"},
    ],
)
def test_a_request_with_a_token_goes_to_the_app_and_past_the_cache(template: Template, token: dict[str, str]) -> None:
    path = "/stores/s/p/a/1/f"
    [answer] = asked(template, javascript.request(path, host="stores.test", **token))
    assert answer["origin"] == "app"
    assert answer["result"]["headers"]["x-uncached"]["value"] == f"id-of-{path}"  # another one each time
    assert set(answer["result"]["querystring"]) <= {"token", "AUTH_TOKEN"}
    chosen = behaviour(distribution(template, "PublicDistribution"), path)
    cache = policy(template, chosen["CachePolicyId"])["ParametersInCacheKeyAndForwardedToOrigin"]
    forwarded = policy(template, chosen["OriginRequestPolicyId"])
    assert "X-Uncached" in cache["HeadersConfig"]["Headers"]
    reaching = {name.lower() for name in cache["HeadersConfig"]["Headers"] + forwarded["HeadersConfig"]["Headers"]}
    carriers = set(answer["result"]["headers"]) - {"host", "auth_token"}
    assert carriers <= reaching
    assert set(answer["result"]["querystring"]) <= set(forwarded["QueryStringsConfig"]["QueryStrings"])
    assert set(forwarded["CookiesConfig"]["Cookies"]) == {"AUTH_TOKEN"}


def test_a_viewer_cannot_mark_a_request_itself_or_name_another_host(template: Template) -> None:
    lies = javascript.request("/media/1/a", X_Uncached="mine", X_Forwarded_Host="api.test")
    [answer] = asked(template, lies)
    assert "x-uncached" not in answer["result"]["headers"]
    assert answer["result"]["headers"]["x-forwarded-host"]["value"] == "assets.test"


@pytest.mark.parametrize(
    ("host", "path", "stores", "from_bucket"),
    [
        ("assets.test", "/media/1/a", "https://stores.test", True),
        ("assets.test", "/stores/s/p/a/1/f", "https://stores.test", False),
        ("stores.test", "/stores/s/p/a/1/f", "https://stores.test", True),
        ("stores.test", "/media/1/a", "https://stores.test", False),
        ("Stores.Test", "/stores/s/p/a/1/f", "https://stores.test", True),
        ("assets.test", "/stores/s/p/a/1/f", "", True),
        ("other.test", "/stores/s/p/a/1/f", "", False),
    ],
)
def test_each_host_serves_its_own_files_alone(
    template: Template, host: str, path: str, stores: str, from_bucket: bool
) -> None:
    [answer] = asked(template, javascript.request(path, host=host), StoresOrigin=stores)
    assert (answer["origin"] is None) is from_bucket


def test_whatever_goes_to_the_app_says_which_host_was_meant(template: Template) -> None:
    for name in ("PublicDistribution", "DraftDistribution"):
        chosen = behaviour(distribution(template, name), "/")
        text = code(template, "viewer-request", chosen)
        [answer] = javascript.run(text, [javascript.request("/", host="Draft.Test", X_Forwarded_Host="api.test")])
        assert answer["result"]["headers"]["x-forwarded-host"]["value"] == "draft.test"
        forwarded = policy(template, chosen["OriginRequestPolicyId"])
        assert forwarded["QueryStringsConfig"]["QueryStringBehavior"] == "all"
        assert forwarded["CookiesConfig"]["CookieBehavior"] == "all"


def test_whoever_is_refused_is_told_how_to_say_who_calls(template: Template) -> None:
    """API Gateway renames the challenge, and CloudFront runs no function on answers of 400 and more."""
    for name in DISTRIBUTIONS:
        config = distribution(template, name)
        for chosen in [*config["CacheBehaviors"], config["DefaultCacheBehavior"]]:
            assert {one["EventType"] for one in chosen.get("FunctionAssociations", [])} <= {"viewer-request"}
            if chosen["TargetOriginId"] == "library":
                continue  # a bucket knows no challenge
            sent = policy(template, chosen["ResponseHeadersPolicyId"])
            assert headers_of(sent)["WWW-Authenticate"] == ("Bearer", False)
            assert sent["RemoveHeadersConfig"]["Items"] == [{"Header": "x-amzn-Remapped-WWW-Authenticate"}]


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/media/1/a", policies.MEDIA), ("/government/uploads/a", policies.MEDIA), ("/stores/s/p/a/1/f", policies.STORES)],
)
def test_the_edge_sends_the_same_policies_as_the_app(template: Template, path: str, expected: dict[str, str]) -> None:
    chosen = behaviour(distribution(template, "PublicDistribution"), path)
    found = headers_of(policy(template, chosen["ResponseHeadersPolicyId"]))
    assert {name: value for name, (value, _) in found.items()} == expected | {"WWW-Authenticate": "Bearer"}
    assert {name for name, (_, beats_the_apps) in found.items() if beats_the_apps} == {"X-Content-Type-Options"}


# --- the API, the console and the API reference


def test_of_the_api_only_pages_for_people_are_cached_and_everything_comes_from_the_app(template: Template) -> None:
    config = distribution(template, "ApiDistribution")
    cached = set()
    for path, methods in paths():
        chosen = behaviour(config, path)
        assert chosen["TargetOriginId"] == "app"
        assert methods <= set(chosen["AllowedMethods"]) == ALL_METHODS, "what is no method there is the app's to say"
        assert set(chosen["CachedMethods"]) == {"GET", "HEAD"}
        if policy(template, chosen["CachePolicyId"])["MaxTTL"]:
            cached.add(path)
    assert cached == {path for path, _ in paths() if path.split("/")[1] in ("console", "reference")}
    assert cached >= set(PAGES)


def test_the_app_hears_all_that_a_caller_says_but_for_pages_the_path_alone(template: Template) -> None:
    config = distribution(template, "ApiDistribution")
    forwarded = policy(template, config["DefaultCacheBehavior"]["OriginRequestPolicyId"])
    assert forwarded["HeadersConfig"] == {"HeaderBehavior": "allExcept", "Headers": ["Host"]}
    assert forwarded["QueryStringsConfig"] == {"QueryStringBehavior": "all"}
    assert forwarded["CookiesConfig"] == {"CookieBehavior": "all"}
    for path in PAGES:
        chosen = behaviour(config, path)
        assert "OriginRequestPolicyId" not in chosen
        key = policy(template, chosen["CachePolicyId"])["ParametersInCacheKeyAndForwardedToOrigin"]
        for what in ("QueryString", "Cookie", "Header"):
            name = "Headers" if what == "Header" else f"{what}s"
            assert key[f"{name}Config"] == {f"{what}Behavior": "none"}


def test_no_name_that_a_viewer_gives_makes_the_apis_host_another(template: Template, cloud: Cloud) -> None:
    """Without the secret the app believes nobody about it, so this distribution has none."""
    [origin] = distribution(template, "ApiDistribution")["Origins"]
    assert "OriginCustomHeaders" not in origin
    assert (origin["Id"], origin["CustomOriginConfig"]["OriginProtocolPolicy"]) == ("app", "https-only")
    for host in ("assets.test", "draft-assets.test", "stores.test"):
        asked = Client(app, headers={"X-Forwarded-Host": host, "X-Forwarded-Proto": "http"})
        gateway = "https://abc.execute-api.us-east-1.amazonaws.com"
        assert asked.get(f"{gateway}/console").status == 200
        assert asked.get(f"{gateway}/stores/s/p/o.json").status == 404
        assert asked.get(f"{gateway}/media/0123456789abcdef01234567/a.txt").status == 401


def through(template: Template, path: str, **headers: str) -> dict[str, str]:
    """The headers that a viewer of the API's distribution gets, by lower-case names: the app's, then the edge's."""
    chosen = behaviour(distribution(template, "ApiDistribution"), path)
    sent = {name.lower(): value for name, value in Client(app).get(path, headers=headers).headers.items()}
    for name, (value, override) in headers_of(policy(template, chosen["ResponseHeadersPolicyId"])).items():
        if override or name.lower() not in sent:
            sent[name.lower()] = value
    return sent


def test_the_edge_keeps_files_of_pages_as_long_as_the_app_says_and_no_page(template: Template, cloud: Cloud) -> None:
    kept = policy(template, behaviour(distribution(template, "ApiDistribution"), "/console/x")["CachePolicyId"])
    assert (kept["MinTTL"], kept["DefaultTTL"]) == (0, 0), "what says nothing is not kept"
    file = next((pages.FOLDER / "files").glob("index-*.js"), None)
    if file is not None:  # the console was made
        said = through(template, f"/console/files/{file.name}")["cache-control"]
        assert said == f"max-age={kept['MaxTTL']}, public, immutable"
    assert "max-age=3600" in through(template, "/reference/page.css")["cache-control"]
    for path in ("/console", "/console/assets/0123", "/reference", "/reference/assets", "/reference/assets.json"):
        assert through(template, path)["cache-control"].startswith("no-cache"), path


def test_pages_keep_their_own_policy_and_nothing_else_on_the_apis_host_runs(template: Template, cloud: Cloud) -> None:
    for path in ("/console", "/console/jobs", "/reference", "/reference/stores"):
        policy_of_page = through(template, path)["content-security-policy"]
        assert "script-src 'self'" in policy_of_page
        assert "sandbox" not in policy_of_page
    for path in ("/assets", "/api/list", "/jobs", "/nothing", "/media/1/a", "/stores/s/p/o.json", "/tokens/self"):
        sent = through(template, path)
        assert sent["content-security-policy"] == policies.MEDIA["Content-Security-Policy"], path
        assert (sent["x-content-type-options"], sent["x-frame-options"]) == ("nosniff", "DENY"), path
        assert sent["cache-control"] == "private, no-store", path


def test_only_pages_are_compressed_since_that_changes_bytes_that_an_etag_is_of(template: Template) -> None:
    for name in DISTRIBUTIONS:
        config = distribution(template, name)
        for chosen in [*config["CacheBehaviors"], config["DefaultCacheBehavior"]]:
            key = policy(template, chosen["CachePolicyId"])["ParametersInCacheKeyAndForwardedToOrigin"]
            packs = {chosen["Compress"], key["EnableAcceptEncodingGzip"], key["EnableAcceptEncodingBrotli"]}
            assert packs == {chosen.get("PathPattern") in ("/console*", "/reference*")}


def test_pages_that_are_compressed_have_no_etag_and_no_ranges(template: Template, cloud: Cloud) -> None:
    for path in ("/console", "/reference", "/reference/assets.json", "/reference/page.css"):
        assert through(template, path).keys().isdisjoint({"etag", "accept-ranges", "content-range"}), path


def test_no_call_depends_on_what_cloudfront_refuses() -> None:
    """A GET with a body is a 403 of its own."""
    for api in documents.APIS:
        for path, operations in documents.document(api, app.routes, {host.value: "" for host in Host})["paths"].items():
            for method in operations.keys() & {"get", "head"}:
                assert "requestBody" not in operations[method], f"{method} {path}"


def test_a_token_is_never_asked_for_in_the_clear(template: Template) -> None:
    assert distribution(template, "ApiDistribution")["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "https-only"


@pytest.mark.parametrize(
    ("given", "exists", "console"),
    [
        ({}, True, "https://d1.cloudfront.test/console"),
        ({"ApiOrigin": "https://api.test"}, True, "https://api.test/console"),
        ({"ApiOrigin": "https://api.test", "ApiCertificate": "arn"}, False, "https://api.test/console"),
        ({"ApiOrigin": "https://api.test", "Edge": "none"}, False, "https://api.test/console"),
        ({"Edge": "none"}, False, None),
    ],
)
def test_the_console_has_an_address_unless_only_the_execute_api_address_is_left(
    template: Template, given: dict[str, str], exists: bool, console: str | None
) -> None:
    values = template.parameters(GIVEN | {"Scanner": "yara"} | given)
    assert template.holds(template.resources["ApiDistribution"].condition, values) is exists
    output = document()["Outputs"]["ConsoleAddress"]
    holds = functools.partial(template.holds, values=values)
    found = Resolver(values, lambda *_: "d1.cloudfront.test", holds).resolve(output["Value"])
    assert (found if holds(output["Condition"]) else None) == console


def test_functions_fit_what_cloudfront_takes(template: Template) -> None:
    for function in template.of_type("AWS::CloudFront::Function"):
        assert function.properties["FunctionConfig"]["Runtime"] == "cloudfront-js-2.0"
        text = function.properties["FunctionCode"]
        assert len((text if isinstance(text, str) else text["Fn::Sub"][0]).encode()) < 10_000
