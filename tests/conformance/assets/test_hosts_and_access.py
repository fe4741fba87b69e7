"""The API, assets and draft hosts, and who may read what on them."""

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt

from app import app
from tests.conformance.assets.site import (
    API,
    ASSETS,
    DRAFT,
    FORBIDDEN,
    NOT_FOUND,
    PRIVATE,
    STORES,
    TEXT,
    Site,
    fields,
)
from tests.support.client import Client, basic
from tests.support.cloud import ORIGIN_SECRET

SECRET = "secret-of-the-bypass-tokens-of-the-tests"


def bypass(secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    """A bypass token."""
    return jwt.encode(claims, secret, algorithm=algorithm)


def forged(header: object, claims: object, key: bytes | None) -> str:
    """A token as no library would make it: any header, signed with an empty key or with none at all."""
    parts = [json.dumps(part).encode() if not isinstance(part, bytes) else part for part in (header, claims)]
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = hmac.new(key, signed, hashlib.sha256).digest() if key is not None else b""
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def test_calls_of_the_api_need_a_token(site: Site) -> None:
    made = site.create()
    calls = [
        ("POST", "/assets"),
        ("POST", "/whitehall_assets"),
        ("GET", made.url),
        ("PUT", made.url),
        ("DELETE", made.url),
        ("POST", made.url + "/restore"),
        ("GET", f"/assets/{'0' * 24}"),
    ]
    for method, url in calls:
        none = site.reader.request(method, url, form=fields({"draft": True}))
        assert (none.status, none.json()) == (401, {"message": "No bearer token was given"}), url
        assert none.headers["x-amzn-Remapped-WWW-Authenticate"] == 'Bearer error="invalid_request"'
        wrong = site.reader.request(method, url, headers={"Authorization": "Bearer wrong"})
        assert (wrong.status, wrong.json()) == (401, {"message": "Bearer token does not appear to be valid"}), url
        assert wrong.headers["x-amzn-Remapped-WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_a_token_may_come_in_several_headers_and_in_no_other_way(site: Site) -> None:
    made, token = site.create(), site.owner.token
    table = {
        ("Authorization", f"Bearer {token}"): 200,
        ("Authorization", f"bearer {token}"): 200,
        ("Authorization", f"Token {token}"): 200,
        ("Authorization", basic("anyone", token)): 200,
        ("AUTH-TOKEN", token): 200,
        ("Authorization", token): 401,
        ("Authorization", "Bearer"): 401,
        ("Cookie", f"token={token}; auth_bypass_token={token}"): 401,
        ("X-Token", token): 401,
    }
    assert {header: site.reader.get(made.url, headers=[header]).status for header in table} == table
    assert site.reader.get(f"{made.url}?token={token}&access_token={token}").status == 401


def test_callers_need_the_permission_to_sign_in(site: Site) -> None:
    made, draft = site.clean(), site.clean(draft=True)
    someone = site.caller(permissions=["Manage all Assets"])
    site.withdraw_permissions(someone)
    for url in (made.url, f"/assets/{'0' * 24}", f"{DRAFT}{draft.path}", f"{API}{draft.path}", f"{DRAFT}/media/x/y"):
        reply = someone.client.get(url)
        assert (reply.status, reply.json()) == (403, FORBIDDEN), url
    assert someone.client.get(f"{ASSETS}{made.path}").status == 200, "the public host asks nobody"


def test_the_api_is_on_its_own_host_alone(site: Site) -> None:
    made = site.create()
    for host in (ASSETS, DRAFT, STORES):
        for method, url in (("GET", made.url), ("PUT", made.url), ("DELETE", made.url), ("POST", "/assets")):
            reply = site.editor.request(method, f"{host}{url}", json={"asset": {"draft": True}})
            assert (reply.status, reply.json()) == (404, NOT_FOUND), (host, url)
    assert site.editor.get(f"http://unknown.test{made.url}").status == 200, "an unknown host is the API"


def test_a_forwarded_host_counts_beside_the_secret_alone(site: Site) -> None:
    made = site.clean(draft=True)
    forwarded = {"X-Forwarded-Host": "draft-assets.test"}
    assert site.read(made.path, headers=forwarded).status == 302, "no secret: it is the assets host"
    wrong = forwarded | {"X-Origin-Secret": "wrong"}
    assert site.read(made.path, headers=wrong).status == 302
    right = forwarded | {"X-Origin-Secret": ORIGIN_SECRET}
    assert site.read(made.path, headers=right).status == 401, "it is the draft host, which asks who calls"
    assert site.read(made.path, headers=right, by=site.editor).body == TEXT
    public = {"X-Forwarded-Host": "assets.test", "X-Origin-Secret": ORIGIN_SECRET}
    assert site.read(made.path, API, headers=public).headers["Location"].startswith(DRAFT)


def test_the_public_host_asks_nobody_and_the_others_everybody(site: Site) -> None:
    live = site.clean()
    anyone = site.caller().client
    assert site.read(live.path, ASSETS).body == TEXT
    for host in (DRAFT, API):
        anonymous = site.read(live.path, host)
        assert (anonymous.status, anonymous.json()) == (401, {"message": "No bearer token was given"})
        reply = site.read(live.path, host, by=anyone)
        assert (reply.status, reply.body, reply.headers["Cache-Control"]) == (200, TEXT, PRIVATE)
        for path in ("/media/" + "0" * 24 + "/x.txt", "/media/x/x.txt", "/government/uploads/x.txt"):
            assert site.read(path, host).status == 401, "before it is told that there is nothing"
            assert site.read(path, host, by=anyone).status == 404
            assert site.read(path, host, headers={"Authorization": "Bearer wrong"}).status == 401


def test_a_draft_may_be_limited_to_users_and_organisations(site: Site) -> None:
    user, member, neither = site.caller(), site.caller(organisation="org-1"), site.caller(organisation="org-2")
    bypasser = site.caller(permissions=["Bypass access-limiting"])
    manager = site.caller(permissions=["Manage all Assets"])
    callers = [user, member, neither, bypasser, manager]
    user_only = site.clean(draft=True, access_limited=[user.uid])
    org_only = site.clean(draft=True, access_limited_organisation_ids=["org-1"])
    both = site.clean(draft=True, access_limited=[user.uid], access_limited_organisation_ids=["org-1"])
    unlimited = site.clean(draft=True)
    live = site.clean(access_limited=["nobody"])
    table = {
        user_only.path: [200, 403, 403, 200, 403],
        org_only.path: [403, 200, 403, 200, 403],
        both.path: [200, 200, 403, 200, 403],
        unlimited.path: [200] * 5,
        live.path: [200] * 5,
    }
    for host in (DRAFT, API):
        found = {path: [site.read(path, host, by=caller.client).status for caller in callers] for path in table}
        assert found == table, host
    refused = site.read(both.path, DRAFT, by=neither.client)
    assert refused.json() == FORBIDDEN
    assert site.read(both.media("never.txt"), DRAFT, by=neither.client).status == 403, "before the name is looked at"
    assert site.read(live.path).body == TEXT, "limits hold for drafts alone"


def test_a_bypass_token_opens_what_it_names(site: Site) -> None:
    site.cloud.set(AUTH_BYPASS_SECRET=SECRET)
    named = site.clean(draft=True, access_limited=["somebody"], auth_bypass_ids=["key-1", "key-2"])
    token = bypass(sub="key-2")
    for host in (DRAFT, API):
        by_query = site.read(f"{named.path}?token={token}", host)
        assert (by_query.status, by_query.body, by_query.headers["Cache-Control"]) == (200, TEXT, PRIVATE)
        by_cookie = site.read(named.path, host, headers={"Cookie": f"a=b; auth_bypass_token={token}"})
        assert (by_cookie.status, by_cookie.body) == (200, TEXT)
    assert site.read(f"{named.path}?token={bypass(sub='key-3')}", DRAFT).status == 401
    both = {"Cookie": f"auth_bypass_token={token}"}
    assert site.read(f"{named.path}?token=bad", DRAFT, headers=both).status == 401, "the query comes first"
    assert site.reader.get(f"{named.url}?token={token}").status == 401, "the API asks for a principal"


def test_a_general_bypass_token_opens_what_is_not_limited(site: Site) -> None:
    site.cloud.set(AUTH_BYPASS_SECRET=SECRET)
    limited = site.clean(draft=True, access_limited=["somebody"])
    by_organisation = site.clean(draft=True, access_limited_organisation_ids=["org"])
    unlimited, live = site.clean(draft=True), site.clean()
    token = bypass(draft_asset_manager_access=True)
    table = {limited.path: 401, by_organisation.path: 401, unlimited.path: 200, live.path: 200}
    assert {path: site.read(f"{path}?token={token}", DRAFT).status for path in table} == table
    for claims in ({"draft_asset_manager_access": False}, {"draft_asset_manager_access": "true"}, {}):
        assert site.read(f"{unlimited.path}?token={bypass(**claims)}", DRAFT).status == 401, claims


def test_a_token_that_is_not_ours_is_none(site: Site) -> None:
    site.cloud.set(AUTH_BYPASS_SECRET=SECRET)
    made = site.clean(draft=True, auth_bypass_ids=["key"])
    good = bypass(sub="key")
    bad = {
        "another secret": bypass("another-secret-that-is-long-enough-for-hs256", sub="key"),
        "another algorithm": bypass(SECRET * 2, "HS512", sub="key"),
        "no algorithm": forged({"alg": "none"}, {"sub": "key"}, None),
        "unsigned": forged({"alg": "HS256"}, {"sub": "key"}, None),
        "an empty key": forged({"alg": "HS256"}, {"sub": "key"}, b""),
        "no claims": forged({"alg": "HS256"}, [], SECRET.encode()),
        "a number": forged({"alg": "HS256"}, {"sub": 0}, SECRET.encode()),
        "deep": forged(b"[" * 4000, {"sub": "key"}, SECRET.encode()),
        "expired": bypass(sub="key", exp=1),
        "cut off": good[:-2],
        "nonsense": "a.b.c",
        "empty": "",
    }
    assert site.read(f"{made.path}?token={good}", DRAFT).status == 200
    assert {
        name: site.read(f"{made.path}?token={token}", DRAFT).status for name, token in bad.items()
    } == dict.fromkeys(bad, 401)
    assert site.read(f"{made.path}?token=nonsense", DRAFT, by=site.editor).status == 200, "who is signed in needs none"


def test_without_a_secret_no_bypass_token_is_valid(site: Site) -> None:
    made = site.clean(draft=True, auth_bypass_ids=["key"])
    claims: dict[str, Any] = {"sub": "key", "draft_asset_manager_access": True}
    tokens = [bypass(**claims), forged({"alg": "HS256"}, claims, b""), forged({"alg": "none"}, claims, None)]
    assert [site.read(f"{made.path}?token={token}", DRAFT).status for token in tokens] == [401] * 3


def test_an_open_laptop_asks_nobody_but_refuses_a_wrong_token(site: Site) -> None:
    made = site.clean(draft=True, access_limited=["somebody"])
    site.cloud.set(AUTH="open")
    anyone = Client(app)
    assert anyone.get(made.url).status == 200
    assert site.read(made.path, DRAFT).body == TEXT
    assert site.read(made.path).status == 302, "drafts stay off the public host"
    assert anyone.get(made.url, headers={"Authorization": "Bearer wrong"}).status == 401
    assert anyone.get(made.url, headers={"Authorization": f"Bearer {site.caller().token}"}).status == 403
